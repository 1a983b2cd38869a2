"""The in-place methods: each chooses its op by what stands on the right, and looks for a short cut first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import copying
from tensorlab.ops.functions import clamp_bounds
from tensorlab.ops.in_place import IN_PLACE
from tensorlab.ops.operands import as_number, binary, unary
from tensorlab.ops.quick import quick_binary, quick_unary

_OPS = {op.name: op for op in IN_PLACE}
Method = Callable[..., Any]


def _of_one(op: Op) -> Method:
    @quick_unary(op)
    def method(self: Tensor) -> Tensor:
        return unary(op, self)

    return _named(method, op)


def _of_two(tensor_op: Op, number_op: Op) -> Method:
    @quick_binary(tensor_op, number_op)
    def method(self: Tensor, other: Any) -> Tensor:
        return binary(tensor_op, number_op, self, other)

    return _named(method, tensor_op)


def _with_alpha(tensor_op: Op, number_op: Op) -> Method:
    @quick_binary(tensor_op, number_op)
    def method(self: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
        return binary(tensor_op, number_op, self, other, alpha)

    return _named(method, tensor_op)


def _named(method: Method, op: Op) -> Method:
    name = op.schema.name
    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"`{name[:-1]}` written over this tensor; raises its version."
    return method


def clamp_(self: Tensor, min: float | None = None, max: float | None = None) -> Tensor:
    """`clamp` written over this tensor; raises its version."""
    return unary(_OPS["clamp_"], self, *clamp_bounds(min, max))


def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:  # noqa: FBT001 - torch's signature
    """Elements of ``src``, broadcast and converted, over this tensor's."""
    if not isinstance(src, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
        raise ArgumentError(f"copy_: argument 'src' takes a Tensor, got {type(src).__name__}")
    return copying.copy_.call((self, src, non_blocking))


def fill_(self: Tensor, value: float) -> Tensor:
    """One number over all elements."""
    return copying.fill_.call((self, as_number(value, op="fill_", name="value")))


def zero_(self: Tensor) -> Tensor:
    """Zero over all elements."""
    return copying.fill_.call((self, 0))


WRITTEN: dict[str, Method] = {
    "add_": _with_alpha(_OPS["add_.Tensor"], _OPS["add_.Scalar"]),
    "sub_": _with_alpha(_OPS["sub_.Tensor"], _OPS["sub_.Scalar"]),
    "mul_": _of_two(_OPS["mul_.Tensor"], _OPS["mul_.Scalar"]),
    "div_": _of_two(_OPS["div_.Tensor"], _OPS["div_.Scalar"]),
    "pow_": _of_two(_OPS["pow_.Tensor_Tensor"], _OPS["pow_.Tensor_Scalar"]),
    **{name: _of_one(_OPS[name]) for name in ("neg_", "abs_", "reciprocal_", "exp_", "log_", "sqrt_", "tanh_")},
    **{name: _of_one(_OPS[name]) for name in ("sigmoid_", "relu_")},
    "clamp_": clamp_,
    "copy_": copy_,
    "fill_": fill_,
    "zero_": zero_,
}

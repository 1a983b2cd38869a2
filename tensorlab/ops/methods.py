"""Operations as methods of Tensor: an explicit table, installed once when the ops are loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tensorlab.core.device import device
from tensorlab.core.dtype import BY_NAME, DType
from tensorlab.core.op import Op
from tensorlab.core.reading import read_out
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import api, arithmetic, comparison, copying, families, indexing, movement, reduce_functions
from tensorlab.ops.operands import as_int, as_ints, as_number, as_operand, is_operand
from tensorlab.ops.quick import quick_binary
from tensorlab.ops.written import WRITTEN

# Operators ------------------------------------------------------------------------------------------------------------


def _operator(tensor_op: Op, number_op: Op, function: Callable[[Any, Any], Tensor]) -> Callable[[Tensor, Any], Any]:
    """An operator leaves to Python what cannot stand beside a tensor: ``x == None`` is False."""

    def checked(self: Tensor, other: Any) -> Any:
        return function(self, other) if is_operand(other) else NotImplemented

    operator = quick_binary(tensor_op, number_op)(checked)
    operator.__name__ = operator.__qualname__ = f"Tensor.{tensor_op.schema.name}"
    return operator


def _reflected(function: Callable[[Any, Any], Tensor]) -> Callable[[Tensor, Any], Any]:
    """``other + self``, for an ``other`` that is no tensor."""

    def operator(self: Tensor, other: Any) -> Any:
        if not is_operand(other) or isinstance(other, np.ndarray):
            return NotImplemented
        return function(self, other)

    return operator


def _rsub(self: Tensor, other: Any) -> Tensor:
    return arithmetic.rsub_number.call((self, as_number(other, op="rsub"), 1))


def _rtruediv(self: Tensor, other: Any) -> Tensor:
    return api.mul(api.reciprocal(self), other)


def _rpow(self: Tensor, other: Any) -> Tensor:
    return api.pow(other, self)


def _matmul(self: Tensor, other: Any) -> Any:
    if not isinstance(other, (Tensor, np.ndarray)):
        return NotImplemented
    matrix: Any = other
    return api.matmul(self, matrix)


def _augmented(name: str) -> Callable[[Tensor, Any], Any]:
    method = WRITTEN[f"{name}_"]

    def operator(self: Tensor, other: Any) -> Any:
        return method(self, other) if is_operand(other) else NotImplemented

    return operator


# Methods --------------------------------------------------------------------------------------------------------------


def _sizes(size: tuple[Any, ...], op: str, name: str) -> tuple[int, ...]:
    """Sizes given one by one, or as one list."""
    listed = len(size) == 1 and isinstance(size[0], (tuple, list))
    return as_ints(size[0] if listed else size, op=op, name=name)


def view(self: Tensor, *shape: Any) -> Tensor:
    """The same elements in another shape, without a copy."""
    return movement.view.call((self, _sizes(shape, "view", "size")))


def reshape(self: Tensor, *shape: Any) -> Tensor:
    """Another shape: a view where strides allow one, else a copy."""
    return movement.reshape.call((self, _sizes(shape, "reshape", "shape")))


def permute(self: Tensor, *dims: Any) -> Tensor:
    """All dimensions in another order: a view."""
    return movement.permute.call((self, _sizes(dims, "permute", "dims")))


def expand(self: Tensor, *size: Any) -> Tensor:
    """Dimensions of size 1 repeated without a copy; -1 keeps a size."""
    return movement.expand.call((self, _sizes(size, "expand", "size"), False))


def squeeze(self: Tensor, dim: int | None = None) -> Tensor:
    """Dimensions of size 1 left out: all of them, or ``dim``."""
    if dim is None:
        return movement.squeeze_all.call((self,))
    return movement.squeeze.call((self, as_int(dim, op="squeeze", name="dim")))


def unsqueeze(self: Tensor, dim: int) -> Tensor:
    """A dimension of size 1 put in before ``dim``."""
    return movement.unsqueeze.call((self, as_int(dim, op="unsqueeze", name="dim")))


def flatten(self: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Adjacent dimensions as one; a copy only where they do not lie so."""
    first, last = as_ints((start_dim, end_dim), op="flatten", name="dim")
    return movement.flatten.call((self, first, last))


def select(self: Tensor, dim: int, index: int) -> Tensor:
    """One index along a dimension, which goes."""
    at, position = as_ints((dim, index), op="select", name="dim or index")
    return movement.select.call((self, at, position))


def contiguous(self: Tensor) -> Tensor:
    """The tensor itself if it is row-major, else a copy that is."""
    return copying.contiguous.call((self,))


def detach(self: Tensor) -> Tensor:
    """The same storage without history."""
    return movement.detach.call((self,))


def to(self: Tensor, target: Any, non_blocking: bool = False, copy: bool = False) -> Tensor:  # noqa: FBT001
    """The elements as a dtype, or as another tensor's; the tensor itself where nothing is to be done.

    A device is taken too, for programs that name one; there is only the CPU.

    Raises: `ArgumentError` for anything else, `RangeError` for another device.
    """
    if isinstance(target, (str, device)):
        device(str(target))
        target = self.dtype
    dtype = target.dtype if isinstance(target, Tensor) else target
    if not isinstance(dtype, DType):
        raise ArgumentError(f"to: takes a dtype, a Tensor or a device, got {target!r}")
    return copying.to.call((self, dtype, non_blocking, copy))


def _converter(dtype: DType) -> Callable[[Tensor], Tensor]:
    def method(self: Tensor) -> Tensor:
        return copying.to.call((self, dtype, False, False))

    method.__doc__ = f"The elements as {dtype.name}."
    return method


def _iter(self: Tensor) -> Iterator[Tensor]:
    if not self.layout.shape:
        raise ArgumentError("iter: iteration over a 0-d tensor")
    n = read_out(self, "iter", lambda: self.layout.shape[0])
    return iter([movement.select.call((self, 0, i)) for i in range(n)])


def _contains(self: Tensor, element: Any) -> bool:
    """Whether any element equals a number, or the tensor's one element."""
    return bool(reduce_functions.max(api.eq(self, as_operand(element, op="in")))) if self.layout.numel else False


_FUNCTIONS = (
    *("add", "sub", "mul", "div", "pow", "neg", "abs", "reciprocal", "exp", "log", "sqrt", "tanh", "sigmoid", "relu"),
    *("clamp", "eq", "ne", "lt", "le", "gt", "ge"),
    *("matmul", "clone", "t", "transpose"),
)
_CONVERTERS = {
    "float": "float32",
    "double": "float64",
    "int": "int32",
    "long": "int64",
    "bool": "bool",
    "byte": "uint8",
}

TABLE: dict[str, Any] = {
    **{name: getattr(api, name) for name in _FUNCTIONS},
    **WRITTEN,
    **{name: _converter(BY_NAME[dtype]) for name, dtype in _CONVERTERS.items()},
    "__add__": _operator(arithmetic.add, arithmetic.add_number, api.add),
    "__radd__": _reflected(api.add),
    "__iadd__": _augmented("add"),
    "__sub__": _operator(arithmetic.sub, arithmetic.sub_number, api.sub),
    "__rsub__": _reflected(_rsub),
    "__isub__": _augmented("sub"),
    "__mul__": _operator(arithmetic.mul, arithmetic.mul_number, api.mul),
    "__rmul__": _reflected(api.mul),
    "__imul__": _augmented("mul"),
    "__truediv__": _operator(arithmetic.div, arithmetic.div_number, api.div),
    "__rtruediv__": _reflected(_rtruediv),
    "__itruediv__": _augmented("div"),
    "__pow__": _operator(arithmetic.pow_tensor, arithmetic.pow_, api.pow),
    "__rpow__": _reflected(_rpow),
    "__ipow__": _augmented("pow"),
    "__eq__": _operator(comparison.eq, comparison.eq_number, api.eq),
    "__ne__": _operator(comparison.ne, comparison.ne_number, api.ne),
    "__lt__": _operator(comparison.lt, comparison.lt_number, api.lt),
    "__le__": _operator(comparison.le, comparison.le_number, api.le),
    "__gt__": _operator(comparison.gt, comparison.gt_number, api.gt),
    "__ge__": _operator(comparison.ge, comparison.ge_number, api.ge),
    "__matmul__": _matmul,
    "__neg__": api.neg,
    "__abs__": api.abs,
    "__getitem__": indexing.get,
    "__setitem__": indexing.put,
    "__iter__": _iter,
    "__contains__": _contains,
    "T": property(api.t),
    "view": view,
    "reshape": reshape,
    "permute": permute,
    "expand": expand,
    "squeeze": squeeze,
    "unsqueeze": unsqueeze,
    "flatten": flatten,
    "select": select,
    "contiguous": contiguous,
    "detach": detach,
    "to": to,
}

TABLE.update(families.table("METHODS"))

for _name, _method in TABLE.items():
    setattr(Tensor, _name, _method)

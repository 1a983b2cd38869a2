"""The in-place methods: each chooses its op by what stands on the right, and looks for a short cut first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.dtype import float64
from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, DTypeError
from tensorlab.ops import copying, create, elementary, interpolation, powers, rounding
from tensorlab.ops.arithmetic import pow_base
from tensorlab.ops.comparison_functions import replacements
from tensorlab.ops.division import of_mode
from tensorlab.ops.in_place import IN_PLACE
from tensorlab.ops.number_functions import clamp_bounds, lerp_arguments, of_three
from tensorlab.ops.operands import as_int, as_number, as_operand, as_tensor_argument, binary, of_tensors, unary
from tensorlab.ops.quick import quick_binary, quick_unary

_OPS = {op.name: op for op in IN_PLACE}
_SHIFTS = ("bitwise_left_shift_", "bitwise_right_shift_")
Method = Callable[..., Any]


def _of_one(op: Op) -> Method:
    @quick_unary(op)
    def method(self: Tensor) -> Tensor:
        return unary(op, self)

    return named(method, op)


def _of_two(tensor_op: Op, number_op: Op) -> Method:
    @quick_binary(tensor_op, number_op)
    def method(self: Tensor, other: Any) -> Tensor:
        return binary(tensor_op, number_op, self, other)

    return named(method, tensor_op)


def _with_alpha(tensor_op: Op, number_op: Op) -> Method:
    @quick_binary(tensor_op, number_op)
    def method(self: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
        return binary(tensor_op, number_op, self, other, alpha)

    return named(method, tensor_op)


def _of_tensors(op: Op) -> Method:
    @quick_binary(op, op)
    def method(self: Tensor, other: Tensor) -> Tensor:
        return of_tensors(op, self, other)

    return named(method, op)


def named(method: Method, op: Op) -> Method:
    """A method under the name of an op that writes in place, and with its text."""
    name = op.schema.name
    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"`{name[:-1]}` written over this tensor; raises its version."
    return method


@quick_binary(_OPS["div_.Tensor"], _OPS["div_.Scalar"])
def div_(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """`div` written over this tensor; raises its version."""
    return binary(*_BY_MODE[of_mode(rounding_mode)], self, other)


_BY_MODE = {
    of_mode(None): (_OPS["div_.Tensor"], _OPS["div_.Scalar"]),
    of_mode("floor"): (_OPS["floor_divide_"], _OPS["floor_divide_.Scalar"]),
    of_mode("trunc"): (_OPS["trunc_divide_.Tensor"], _OPS["trunc_divide_.Scalar"]),
}


def round_(self: Tensor, *, decimals: int = 0) -> Tensor:
    """`round` written over this tensor; raises its version."""
    if as_int(decimals, op="round_", name="decimals") == 0:
        return unary(_OPS["round_"], self)
    return copy_(self, rounding.round_decimals.call((self, decimals)))


def square_(self: Tensor) -> Tensor:
    """`square` written over this tensor; raises its version."""
    return unary(_OPS["pow_.Tensor_Scalar"], self, 2)


def float_power_(self: Tensor, exponent: Any) -> Tensor:
    """`float_power` written over this tensor, which has to be of float64; raises its version."""
    if self.dtype is not float64:
        raise DTypeError(
            f"float_power_: the base given has dtype {self.dtype.ir_name} but the operation's result requires dtype "
            "Double"
        )
    power = as_operand(exponent, op="float_power_", name="exponent")
    op = _OPS["pow_.Tensor_Tensor" if isinstance(power, Tensor) else "pow_.Tensor_Scalar"]
    return op.call((self, powers.doubled(power)))


def ldexp_(self: Tensor, other: Tensor) -> Tensor:
    """`ldexp` written over this tensor; raises its version."""
    return unary(_OPS["mul_.Tensor"], self, pow_base.call((2.0, as_tensor_argument(powers.ldexp, other))))


def clamp_(self: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """`clamp` written over this tensor; raises its version."""
    op, low, high = clamp_bounds(min, max)
    return unary(_OPS["clamp_" if op is elementary.clamp else "clamp_.Tensor"], self, low, high)


def clamp_min_(self: Tensor, min: Any) -> Tensor:
    """`clamp_min` written over this tensor; raises its version."""
    return binary(_OPS["clamp_min_.Tensor"], _OPS["clamp_min_"], self, min)


def clamp_max_(self: Tensor, max: Any) -> Tensor:
    """`clamp_max` written over this tensor; raises its version."""
    return binary(_OPS["clamp_max_.Tensor"], _OPS["clamp_max_"], self, max)


def nan_to_num_(
    self: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """`nan_to_num` written over this tensor; raises its version."""
    return unary(_OPS["nan_to_num_"], self, *replacements(self, nan, posinf, neginf))


def lerp_(self: Tensor, end: Tensor, weight: Any) -> Tensor:
    """`lerp` written over this tensor; raises its version."""
    op, *rest = lerp_arguments(end, weight)
    return unary(_OPS["lerp_.Tensor" if op is interpolation.lerp else "lerp_.Scalar"], self, *rest)


def addcmul_(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """`addcmul` written over this tensor; raises its version."""
    return of_three(_OPS["addcmul_"], self, tensor1, tensor2, value)


def addcdiv_(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """`addcdiv` written over this tensor; raises its version."""
    return of_three(_OPS["addcdiv_"], self, tensor1, tensor2, value)


def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:  # noqa: FBT001 - torch's signature
    """Elements of ``src``, broadcast and converted, over this tensor's; a number over all of them."""
    if isinstance(src, (bool, int, float)):
        src = create.full_op.call(((), src, float64 if isinstance(src, float) else None))
    if not isinstance(src, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
        raise ArgumentError(f"copy_: argument 'src' takes a Tensor, got {type(src).__name__}")
    return copying.copy_.call((self, src, non_blocking))


def fill_(self: Tensor, value: float) -> Tensor:
    """One number over all elements."""
    return copying.fill_.call((self, as_number(value, op="fill_", name="value")))


def zero_(self: Tensor) -> Tensor:
    """Zero over all elements."""
    return copying.fill_.call((self, 0))


_ONE = (
    *("neg_", "abs_", "reciprocal_", "exp_", "log_", "sqrt_", "tanh_", "sigmoid_", "relu_"),
    *("floor_", "ceil_", "trunc_", "frac_", "sign_", "sgn_", "logical_not_", "bitwise_not_"),
)
_TENSOR_OR_NUMBER = (
    *("mul_", "remainder_", "fmod_", "copysign_", "bitwise_and_", "bitwise_or_", "bitwise_xor_"),
    *("eq_", "ne_", "lt_", "le_", "gt_", "ge_"),
)
_TWO_TENSORS = (*("logical_and_", "logical_or_", "logical_xor_", "gcd_", "lcm_", "heaviside_", "hypot_"),)

_OWN: dict[str, Method] = {
    "add_": _with_alpha(_OPS["add_.Tensor"], _OPS["add_.Scalar"]),
    "sub_": _with_alpha(_OPS["sub_.Tensor"], _OPS["sub_.Scalar"]),
    "div_": div_,
    "floor_divide_": _of_two(_OPS["floor_divide_"], _OPS["floor_divide_.Scalar"]),
    "pow_": _of_two(_OPS["pow_.Tensor_Tensor"], _OPS["pow_.Tensor_Scalar"]),
    **{name: _of_one(_OPS[name]) for name in _ONE},
    **{name: _of_two(_OPS[f"{name}.Tensor"], _OPS[f"{name}.Scalar"]) for name in _TENSOR_OR_NUMBER},
    **{name: _of_tensors(_OPS[name]) for name in _TWO_TENSORS},
    **{name: _of_two(_OPS[f"{name}.Tensor"], _OPS[f"{name}.Tensor_Scalar"]) for name in _SHIFTS},
    "addcdiv_": addcdiv_,
    "addcmul_": addcmul_,
    "clamp_": clamp_,
    "clamp_max_": clamp_max_,
    "clamp_min_": clamp_min_,
    "copy_": copy_,
    "fill_": fill_,
    "float_power_": float_power_,
    "ldexp_": ldexp_,
    "lerp_": lerp_,
    "nan_to_num_": nan_to_num_,
    "round_": round_,
    "square_": square_,
    "zero_": zero_,
}

# torch's second names.
_ALIASES = {
    "absolute_": "abs_",
    "clip_": "clamp_",
    "divide_": "div_",
    "fix_": "trunc_",
    "greater_": "gt_",
    "greater_equal_": "ge_",
    "less_": "lt_",
    "less_equal_": "le_",
    "multiply_": "mul_",
    "negative_": "neg_",
    "not_equal_": "ne_",
    "subtract_": "sub_",
    "true_divide_": "div_",
}

WRITTEN: dict[str, Method] = {**_OWN, **{alias: _OWN[name] for alias, name in _ALIASES.items()}}

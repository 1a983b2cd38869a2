# ruff: noqa: A001 - torch's public names
"""The public functions of rounding, bounds, signs, bits and interpolation, under torch's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import bitwise, bounds, elementary, interpolation, rounding, signs
from tensorlab.ops.operands import Operand, as_int, as_number, as_operand, binary, of_tensors, unary
from tensorlab.ops.out import takes_pointwise_out
from tensorlab.ops.quick import quick_binary, quick_unary

# Rounding -------------------------------------------------------------------------------------------------------------


@quick_unary(rounding.floor)
@takes_pointwise_out
def floor(input: Tensor) -> Tensor:
    """The largest whole numbers not above."""
    return unary(rounding.floor, input)


@quick_unary(rounding.ceil)
@takes_pointwise_out
def ceil(input: Tensor) -> Tensor:
    """The smallest whole numbers not below."""
    return unary(rounding.ceil, input)


@quick_unary(rounding.trunc)
@takes_pointwise_out
def trunc(input: Tensor) -> Tensor:
    """The whole parts: rounded towards 0."""
    return unary(rounding.trunc, input)


@quick_unary(rounding.frac)
@takes_pointwise_out
def frac(input: Tensor) -> Tensor:
    """What `trunc` takes away."""
    return unary(rounding.frac, input)


@quick_unary(rounding.round_)
@takes_pointwise_out
def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest whole numbers, of two the even one; or the nearest numbers of so many ``decimals``."""
    places = as_int(decimals, op="round", name="decimals")
    return unary(rounding.round_decimals, input, places) if places else unary(rounding.round_, input)


# Bounds ---------------------------------------------------------------------------------------------------------------


@quick_binary(bounds.maximum, bounds.maximum)
@takes_pointwise_out
def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The larger of two elements; NaN if one of them is."""
    return of_tensors(bounds.maximum, input, other)


@quick_binary(bounds.minimum, bounds.minimum)
@takes_pointwise_out
def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of two elements; NaN if one of them is."""
    return of_tensors(bounds.minimum, input, other)


@quick_binary(bounds.fmax, bounds.fmax)
@takes_pointwise_out
def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The larger of two elements; NaN only if both are."""
    return of_tensors(bounds.fmax, input, other)


@quick_binary(bounds.fmin, bounds.fmin)
@takes_pointwise_out
def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of two elements; NaN only if both are."""
    return of_tensors(bounds.fmin, input, other)


@takes_pointwise_out
def clamp(input: Tensor, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """Values below ``min`` raised to it, above ``max`` lowered to it; NaN stays. Bounds are numbers, or tensors.

    Raises: `ArgumentError` where neither bound is given or one is a number and one a tensor, `RangeError` for a number
            outside an integer dtype.
    """
    op, low, high = clamp_bounds(min, max)
    return unary(op, input, low, high)


_BOUNDS = (int, float, type(None))


def clamp_bounds(min: object, max: object) -> tuple[Op, Operand | None, Operand | None]:
    """The op for bounds of this kind, and the bounds."""
    if type(min) in _BOUNDS and type(max) in _BOUNDS:
        return elementary.clamp, min, max  # pyright: ignore[reportReturnType] - of the types just named
    found = [None if b is None else as_operand(b, op="clamp", name=n) for n, b in (("min", min), ("max", max))]
    kinds = {isinstance(b, Tensor) for b in found if b is not None}
    if len(kinds) > 1:
        raise ArgumentError("clamp: arguments 'min' and 'max' take two numbers or two Tensors, got one of each")
    return (bounds.clamp_tensor if True in kinds else elementary.clamp), found[0], found[1]


@takes_pointwise_out
def clamp_min(input: Tensor, min: Operand) -> Tensor:
    """Values below ``min`` raised to it; NaN stays."""
    return _bounded(bounds.clamp_min_tensor, bounds.clamp_min, input, min, "min")


@takes_pointwise_out
def clamp_max(input: Tensor, max: Operand) -> Tensor:
    """Values above ``max`` lowered to it; NaN stays."""
    return _bounded(bounds.clamp_max_tensor, bounds.clamp_max, input, max, "max")


def _bounded(tensor_op: Op, number_op: Op, input: object, bound: object, name: str) -> Tensor:
    found = as_operand(bound, op=tensor_op.schema.name, name=name)
    return unary(tensor_op if isinstance(found, Tensor) else number_op, input, found)


# Signs ----------------------------------------------------------------------------------------------------------------


@quick_unary(signs.sign)
@takes_pointwise_out
def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1, as an element lies to 0."""
    return unary(signs.sign, input)


@quick_unary(signs.sgn)
@takes_pointwise_out
def sgn(input: Tensor) -> Tensor:
    """-1, 0 or 1, as an element lies to 0."""
    return unary(signs.sgn, input)


@quick_unary(signs.signbit)
@takes_pointwise_out
def signbit(input: Tensor) -> Tensor:
    """Whether the sign is set, as it is for -0.0."""
    return unary(signs.signbit, input)


@quick_binary(signs.copysign, signs.copysign_number)
@takes_pointwise_out
def copysign(input: Tensor, other: Operand) -> Tensor:
    """The size of ``input`` with the sign of ``other``; integers give the default float."""
    return binary(signs.copysign, signs.copysign_number, input, other)


@quick_binary(signs.heaviside, signs.heaviside)
@takes_pointwise_out
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 below 0, 1 above, and ``values`` at 0.

    Raises: `DTypeError` for two dtypes.
    """
    return of_tensors(signs.heaviside, input, values)


@quick_binary(signs.hypot, signs.hypot)
@takes_pointwise_out
def hypot(input: Tensor, other: Tensor) -> Tensor:
    """The hypotenuse of a right triangle with these legs."""
    return of_tensors(signs.hypot, input, other)


# Bits and integers ----------------------------------------------------------------------------------------------------


def _of_bits(ops: tuple[Op, Op, Op], a: object, b: object) -> Tensor:
    """An op with a number on the left, on the right, or on neither side."""
    tensor_op, number_op, reflected = ops
    if isinstance(b, Tensor) and not isinstance(a, Tensor):
        first = as_operand(a, op=tensor_op.schema.name, name="self")
        if not isinstance(first, Tensor):
            return reflected.call((first, b))
        a = first
    return binary(tensor_op, number_op, a, b)


@quick_binary(bitwise.bitwise_and, bitwise.bitwise_and_number)
@takes_pointwise_out
def bitwise_and(input: Operand, other: Operand) -> Tensor:
    """Bits that both have."""
    return _of_bits((bitwise.bitwise_and, bitwise.bitwise_and_number, bitwise.number_bitwise_and), input, other)


@quick_binary(bitwise.bitwise_or, bitwise.bitwise_or_number)
@takes_pointwise_out
def bitwise_or(input: Operand, other: Operand) -> Tensor:
    """Bits that one at least has."""
    return _of_bits((bitwise.bitwise_or, bitwise.bitwise_or_number, bitwise.number_bitwise_or), input, other)


@quick_binary(bitwise.bitwise_xor, bitwise.bitwise_xor_number)
@takes_pointwise_out
def bitwise_xor(input: Operand, other: Operand) -> Tensor:
    """Bits that exactly one has."""
    return _of_bits((bitwise.bitwise_xor, bitwise.bitwise_xor_number, bitwise.number_bitwise_xor), input, other)


@quick_binary(bitwise.left_shift, bitwise.left_shift_number)
@takes_pointwise_out
def bitwise_left_shift(input: Operand, other: Operand) -> Tensor:
    """Bits moved up by ``other``; 0 where none is left."""
    return _of_bits((bitwise.left_shift, bitwise.left_shift_number, bitwise.number_left_shift), input, other)


@quick_binary(bitwise.right_shift, bitwise.right_shift_number)
@takes_pointwise_out
def bitwise_right_shift(input: Operand, other: Operand) -> Tensor:
    """Bits moved down by ``other``; the sign is kept."""
    return _of_bits((bitwise.right_shift, bitwise.right_shift_number, bitwise.number_right_shift), input, other)


@quick_unary(bitwise.bitwise_not)
@takes_pointwise_out
def bitwise_not(input: Tensor) -> Tensor:
    """All bits turned round; for bools, not."""
    return unary(bitwise.bitwise_not, input)


@quick_binary(bitwise.gcd, bitwise.gcd)
@takes_pointwise_out
def gcd(input: Tensor, other: Tensor) -> Tensor:
    """Greatest common divisors of integers."""
    return of_tensors(bitwise.gcd, input, other)


@quick_binary(bitwise.lcm, bitwise.lcm)
@takes_pointwise_out
def lcm(input: Tensor, other: Tensor) -> Tensor:
    """Least common multiples of integers."""
    return of_tensors(bitwise.lcm, input, other)


# Interpolation --------------------------------------------------------------------------------------------------------


@takes_pointwise_out
def lerp(input: Tensor, end: Tensor, weight: Operand) -> Tensor:
    """``input + weight * (end - input)``; the weights 0 and 1 give the ends exactly.

    Raises: `DTypeError` for tensors of different dtypes, or of integers.
    """
    op, *rest = lerp_arguments(end, weight)
    return unary(op, input, *rest)


def lerp_arguments(end: object, weight: object) -> tuple[Op, Tensor, Operand]:
    """The op for a weight of this kind, the end and the weight."""
    to, share = as_operand(end, op="lerp", name="end"), as_operand(weight, op="lerp", name="weight")
    if not isinstance(to, Tensor):
        raise ArgumentError(f"lerp: argument 'end' takes a Tensor, got {type(end).__name__}")
    return (interpolation.lerp if isinstance(share, Tensor) else interpolation.lerp_number), to, share


@takes_pointwise_out
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """``input + value * tensor1 * tensor2``."""
    return of_three(interpolation.addcmul, input, tensor1, tensor2, value)


@takes_pointwise_out
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """``input + value * tensor1 / tensor2``; not for integers alone."""
    return of_three(interpolation.addcdiv, input, tensor1, tensor2, value)


def of_three(op: Op, input: object, first: object, second: object, value: object) -> Tensor:
    """An op on three tensors and a factor."""
    for name, given in (("tensor1", first), ("tensor2", second)):
        if not isinstance(given, Tensor):
            raise ArgumentError(f"{op.schema.name}: argument {name!r} takes a Tensor, got {type(given).__name__}")
    return unary(op, input, first, second, as_number(value, op=op.schema.name, name="value"))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "addcdiv": addcdiv,
    "addcmul": addcmul,
    "bitwise_and": bitwise_and,
    "bitwise_left_shift": bitwise_left_shift,
    "bitwise_not": bitwise_not,
    "bitwise_or": bitwise_or,
    "bitwise_right_shift": bitwise_right_shift,
    "bitwise_xor": bitwise_xor,
    "ceil": ceil,
    "clamp": clamp,
    "clamp_max": clamp_max,
    "clamp_min": clamp_min,
    "clip": clamp,
    "copysign": copysign,
    "fix": trunc,
    "floor": floor,
    "fmax": fmax,
    "fmin": fmin,
    "frac": frac,
    "gcd": gcd,
    "heaviside": heaviside,
    "hypot": hypot,
    "lcm": lcm,
    "lerp": lerp,
    "maximum": maximum,
    "minimum": minimum,
    "round": round,
    "sgn": sgn,
    "sign": sign,
    "signbit": signbit,
    "trunc": trunc,
}
METHODS = FUNCTIONS

# ruff: noqa: A001 - torch's public names
"""The public functions that work element by element, under torch's names.

Each is the way into one family of overloads, looked up by the kinds of the arguments: a tensor or a number on either
side.
"""

from __future__ import annotations

from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import arithmetic, comparison, elementary
from tensorlab.ops.operands import Operand, as_number, as_operand, binary, unary
from tensorlab.ops.quick import quick_binary, quick_unary

__all__ = [
    "abs",
    "add",
    "clamp",
    "div",
    "eq",
    "exp",
    "ge",
    "gt",
    "le",
    "log",
    "lt",
    "mul",
    "ne",
    "neg",
    "pow",
    "reciprocal",
    "relu",
    "sigmoid",
    "sqrt",
    "sub",
    "tanh",
    "where",
]

# Arithmetic -----------------------------------------------------------------------------------------------------------


@quick_binary(arithmetic.add, arithmetic.add_number)
def add(input: Tensor, other: Operand, *, alpha: float = 1) -> Tensor:
    """``input + alpha * other``."""
    return binary(arithmetic.add, arithmetic.add_number, input, other, alpha)


@quick_binary(arithmetic.sub, arithmetic.sub_number)
def sub(input: Tensor, other: Operand, *, alpha: float = 1) -> Tensor:
    """``input - alpha * other``."""
    return binary(arithmetic.sub, arithmetic.sub_number, input, other, alpha)


@quick_binary(arithmetic.mul, arithmetic.mul_number)
def mul(input: Tensor, other: Operand) -> Tensor:
    """``input * other``."""
    return binary(arithmetic.mul, arithmetic.mul_number, input, other)


@quick_binary(arithmetic.div, arithmetic.div_number)
def div(input: Tensor, other: Operand) -> Tensor:
    """``input / other``; integers give the default float."""
    return binary(arithmetic.div, arithmetic.div_number, input, other)


def pow(input: Operand, exponent: Operand) -> Tensor:
    """``input ** exponent``; at least one of them is a tensor."""
    if not isinstance(input, Tensor) and isinstance(exponent, Tensor):
        base = as_operand(input, op="pow")
        if not isinstance(base, Tensor):
            return arithmetic.pow_base.call((base, exponent))
        input = base
    return binary(arithmetic.pow_tensor, arithmetic.pow_, input, exponent)


@quick_unary(arithmetic.neg)
def neg(input: Tensor) -> Tensor:
    """``-input``."""
    return unary(arithmetic.neg, input)


@quick_unary(arithmetic.absolute)
def abs(input: Tensor) -> Tensor:
    """Absolute values."""
    return unary(arithmetic.absolute, input)


@quick_unary(arithmetic.reciprocal)
def reciprocal(input: Tensor) -> Tensor:
    """``1 / input``."""
    return unary(arithmetic.reciprocal, input)


# Functions ------------------------------------------------------------------------------------------------------------


@quick_unary(elementary.exp)
def exp(input: Tensor) -> Tensor:
    """``e ** input``. Error: see ``core.scalar_math.ULP``."""
    return unary(elementary.exp, input)


@quick_unary(elementary.log)
def log(input: Tensor) -> Tensor:
    """Natural logarithms. Error: see ``core.scalar_math.ULP``."""
    return unary(elementary.log, input)


@quick_unary(elementary.sqrt)
def sqrt(input: Tensor) -> Tensor:
    """Square roots, correctly rounded."""
    return unary(elementary.sqrt, input)


@quick_unary(elementary.tanh)
def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangents. Error: see ``core.scalar_math.ULP``."""
    return unary(elementary.tanh, input)


@quick_unary(elementary.sigmoid)
def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + e ** -input)``. Error: see ``core.scalar_math.ULP``."""
    return unary(elementary.sigmoid, input)


@quick_unary(elementary.relu)
def relu(input: Tensor) -> Tensor:
    """``max(input, 0)``; NaN stays."""
    return unary(elementary.relu, input)


def clamp(input: Tensor, min: float | None = None, max: float | None = None) -> Tensor:
    """Values below ``min`` raised to it, above ``max`` lowered to it; NaN stays.

    Raises: `ArgumentError` where neither bound is given, `RangeError` for a bound outside an integer dtype.
    """
    return unary(elementary.clamp, input, *clamp_bounds(min, max))


def clamp_bounds(min: object, max: object) -> tuple[bool | int | float | None, bool | int | float | None]:
    """Bounds as Python's own numbers."""
    low, high = ((None if b is None else as_number(b, op="clamp", name=n)) for n, b in (("min", min), ("max", max)))
    return low, high


# Comparisons and selection --------------------------------------------------------------------------------------------


@quick_binary(comparison.eq, comparison.eq_number)
def eq(input: Tensor, other: Operand) -> Tensor:
    """``input == other``, elementwise."""
    return binary(comparison.eq, comparison.eq_number, input, other)


@quick_binary(comparison.ne, comparison.ne_number)
def ne(input: Tensor, other: Operand) -> Tensor:
    """``input != other``, elementwise."""
    return binary(comparison.ne, comparison.ne_number, input, other)


@quick_binary(comparison.lt, comparison.lt_number)
def lt(input: Tensor, other: Operand) -> Tensor:
    """``input < other``, elementwise."""
    return binary(comparison.lt, comparison.lt_number, input, other)


@quick_binary(comparison.le, comparison.le_number)
def le(input: Tensor, other: Operand) -> Tensor:
    """``input <= other``, elementwise."""
    return binary(comparison.le, comparison.le_number, input, other)


@quick_binary(comparison.gt, comparison.gt_number)
def gt(input: Tensor, other: Operand) -> Tensor:
    """``input > other``, elementwise."""
    return binary(comparison.gt, comparison.gt_number, input, other)


@quick_binary(comparison.ge, comparison.ge_number)
def ge(input: Tensor, other: Operand) -> Tensor:
    """``input >= other``, elementwise."""
    return binary(comparison.ge, comparison.ge_number, input, other)


def where(condition: Tensor, input: Operand, other: Operand) -> Tensor:
    """``input`` where the condition holds, ``other`` elsewhere.

    Raises: `DTypeError` for a condition that is not bool, `ArgumentError` for one that is no tensor.
    """
    if not isinstance(condition, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
        raise ArgumentError(f"where: argument 'condition' takes a Tensor, got {type(condition).__name__}")
    a, b = as_operand(input, op="where", name="self"), as_operand(other, op="where")
    return _WHERE[isinstance(a, Tensor), isinstance(b, Tensor)].call((condition, a, b))


_WHERE = {
    (True, True): comparison.where,
    (False, True): comparison.where_self,
    (True, False): comparison.where_other,
    (False, False): comparison.where_numbers,
}

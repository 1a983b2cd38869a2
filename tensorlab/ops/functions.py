# ruff: noqa: A001 - torch's public names
"""The public functions of arithmetic, under torch's names, the commonest of one element, and the choice between two.

Each is the way into one family of overloads, looked up by the kinds of the arguments: a tensor or a number on either
side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import arithmetic, comparison, division, elementary, powers
from tensorlab.ops.called import called
from tensorlab.ops.operands import Operand, as_operand, binary, of_tensors, unary
from tensorlab.ops.out import takes_out, takes_pointwise_out
from tensorlab.ops.quick import quick_binary, quick_unary
from tensorlab.ops.wrapped import beside

# Sums and products ----------------------------------------------------------------------------------------------------


def _either(tensor_op: Op, number_op: Op, a: object, b: object, *rest: Any) -> Tensor:
    """As `binary`; a number may stand on the left too."""
    if isinstance(b, Tensor) and not isinstance(a, Tensor):
        first = as_operand(a, op=tensor_op.schema.name, name="self")
        a = first if isinstance(first, Tensor) else beside(first, b)
    return binary(tensor_op, number_op, a, b, *rest)


@quick_binary(arithmetic.add, arithmetic.add_number)
@takes_pointwise_out
def add(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """``input + alpha * other``."""
    return _either(arithmetic.add, arithmetic.add_number, input, other, alpha)


@quick_binary(arithmetic.sub, arithmetic.sub_number)
@takes_pointwise_out
def sub(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """``input - alpha * other``."""
    return _either(arithmetic.sub, arithmetic.sub_number, input, other, alpha)


@quick_binary(arithmetic.rsub, arithmetic.rsub_number)
def rsub(input: Tensor, other: Operand, *, alpha: float = 1) -> Tensor:
    """``other - alpha * input``."""
    return binary(arithmetic.rsub, arithmetic.rsub_number, input, other, alpha)


@quick_binary(arithmetic.mul, arithmetic.mul_number)
@takes_pointwise_out
def mul(input: Operand, other: Operand) -> Tensor:
    """``input * other``."""
    return _either(arithmetic.mul, arithmetic.mul_number, input, other)


@quick_unary(arithmetic.neg)
@takes_pointwise_out
def neg(input: Tensor) -> Tensor:
    """``-input``."""
    return unary(arithmetic.neg, input)


def positive(input: Tensor) -> Tensor:
    """The tensor as it is; bools are refused."""
    return unary(powers.positive, input)


@quick_unary(arithmetic.absolute)
@takes_pointwise_out
def abs(input: Tensor) -> Tensor:
    """Absolute values."""
    return unary(arithmetic.absolute, input)


# Division -------------------------------------------------------------------------------------------------------------


@quick_binary(arithmetic.div, arithmetic.div_number)
@takes_pointwise_out
def div(input: Operand, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """``input / other``; integers give the default float.

    With a ``rounding_mode`` integers give integers, rounded down (``"floor"``) or towards 0 (``"trunc"``).

    Raises: `ArgumentError` for another mode, `DivisionError` for integers divided by 0 with a mode.
    """
    if rounding_mode is None:
        return _either(arithmetic.div, arithmetic.div_number, input, other)
    division.of_mode(rounding_mode)
    return _either(division.div_mode, division.div_number_mode, input, other, rounding_mode)


@quick_binary(division.floor_divide, division.floor_divide_number)
@takes_pointwise_out
def floor_divide(input: Operand, other: Operand) -> Tensor:
    """``input // other``, rounded down.

    Raises: `DivisionError` for integers divided by 0.
    """
    return _either(division.floor_divide, division.floor_divide_number, input, other)


@quick_binary(division.remainder, division.remainder_number)
@takes_pointwise_out
def remainder(input: Operand, other: Operand) -> Tensor:
    """``input % other``: what `floor_divide` leaves, with the sign of ``other``.

    Raises: `DivisionError` for integers divided by 0.
    """
    if isinstance(other, Tensor) and not isinstance(input, Tensor):
        first = as_operand(input, op="remainder", name="self")
        if not isinstance(first, Tensor):
            return division.remainder_of_number.call((first, other))
        input = first
    return binary(division.remainder, division.remainder_number, input, other)


@quick_binary(division.fmod, division.fmod_number)
@takes_pointwise_out
def fmod(input: Tensor, other: Operand) -> Tensor:
    """What division rounded towards 0 leaves, with the sign of ``input``.

    Raises: `DivisionError` for integers divided by 0.
    """
    return binary(division.fmod, division.fmod_number, input, other)


@quick_unary(arithmetic.reciprocal)
@takes_pointwise_out
def reciprocal(input: Tensor) -> Tensor:
    """``1 / input``."""
    return unary(arithmetic.reciprocal, input)


# Powers ---------------------------------------------------------------------------------------------------------------


def _power(tensor_op: Op, number_op: Op, base_op: Op, input: object, exponent: object) -> Tensor:
    """The overload for a tensor on the left, on the right, or on both sides."""
    if not isinstance(input, Tensor) and isinstance(exponent, Tensor):
        base = as_operand(input, op=tensor_op.schema.name)
        if not isinstance(base, Tensor):
            return base_op.call((base, exponent))
        input = base
    return binary(tensor_op, number_op, input, exponent)


@takes_pointwise_out
def pow(input: Operand, exponent: Operand) -> Tensor:
    """``input ** exponent``; at least one of them is a tensor."""
    return _power(arithmetic.pow_tensor, arithmetic.pow_, arithmetic.pow_base, input, exponent)


@takes_out
def float_power(input: Operand, exponent: Operand) -> Tensor:
    """``input ** exponent`` in float64; at least one of them is a tensor."""
    return _power(powers.float_power, powers.float_power_number, powers.number_float_power, input, exponent)


@takes_out
def square(input: Tensor) -> Tensor:
    """``input ** 2``."""
    return unary(powers.square, input)


@called("LdexpBackward0")
@takes_out
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """``input * 2 ** other``."""
    return of_tensors(powers.ldexp, input, other)


# Functions ------------------------------------------------------------------------------------------------------------


@quick_unary(elementary.exp)
@takes_pointwise_out
def exp(input: Tensor) -> Tensor:
    """``e ** input``. Error: see ``core.scalar_math.ULP``."""
    return unary(elementary.exp, input)


@quick_unary(elementary.log)
@takes_pointwise_out
def log(input: Tensor) -> Tensor:
    """Natural logarithms. Error: see ``core.scalar_math.ULP``."""
    return unary(elementary.log, input)


@quick_unary(elementary.sqrt)
@takes_pointwise_out
def sqrt(input: Tensor) -> Tensor:
    """Square roots, correctly rounded."""
    return unary(elementary.sqrt, input)


@quick_unary(elementary.tanh)
@takes_pointwise_out
def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangents. Error: see ``core.scalar_math.ULP``."""
    return unary(elementary.tanh, input)


@quick_unary(elementary.sigmoid)
@takes_pointwise_out
def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + e ** -input)``. Error: see ``core.scalar_math.ULP``."""
    return unary(elementary.sigmoid, input)


@quick_unary(elementary.relu)
def relu(input: Tensor) -> Tensor:
    """``max(input, 0)``; NaN stays."""
    return unary(elementary.relu, input)


# Selection ------------------------------------------------------------------------------------------------------------


@takes_pointwise_out
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


def where_method(self: Tensor, condition: Tensor, other: Operand) -> Tensor:
    """This tensor's elements where the condition holds, ``other`` elsewhere."""
    return where(condition, self, other)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "absolute": abs,
    "add": add,
    "div": div,
    "divide": div,
    "exp": exp,
    "float_power": float_power,
    "floor_divide": floor_divide,
    "fmod": fmod,
    "ldexp": ldexp,
    "log": log,
    "mul": mul,
    "multiply": mul,
    "neg": neg,
    "negative": neg,
    "positive": positive,
    "pow": pow,
    "reciprocal": reciprocal,
    "relu": relu,
    "remainder": remainder,
    "rsub": rsub,
    "sigmoid": sigmoid,
    "sqrt": sqrt,
    "square": square,
    "sub": sub,
    "subtract": sub,
    "tanh": tanh,
    "true_divide": div,
    "where": where,
}

METHODS: dict[str, Callable[..., Any]] = {
    **{name: function for name, function in FUNCTIONS.items() if name not in ("rsub", "where")},
    "where": where_method,
}

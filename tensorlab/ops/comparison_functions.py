# ruff: noqa: FBT001 - torch's signatures
"""The public functions of comparison and truth, under torch's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import comparison, finite, logical
from tensorlab.ops.operands import Operand, as_number, as_operand, binary, of_tensors, unary
from tensorlab.ops.out import takes_out, takes_pointwise_out
from tensorlab.ops.quick import quick_binary, quick_unary

# Order ----------------------------------------------------------------------------------------------------------------


@quick_binary(comparison.eq, comparison.eq_number)
@takes_pointwise_out
def eq(input: Tensor, other: Operand) -> Tensor:
    """``input == other``, elementwise."""
    return binary(comparison.eq, comparison.eq_number, input, other)


@quick_binary(comparison.ne, comparison.ne_number)
@takes_pointwise_out
def ne(input: Tensor, other: Operand) -> Tensor:
    """``input != other``, elementwise."""
    return binary(comparison.ne, comparison.ne_number, input, other)


@quick_binary(comparison.lt, comparison.lt_number)
@takes_pointwise_out
def lt(input: Tensor, other: Operand) -> Tensor:
    """``input < other``, elementwise."""
    return binary(comparison.lt, comparison.lt_number, input, other)


@quick_binary(comparison.le, comparison.le_number)
@takes_pointwise_out
def le(input: Tensor, other: Operand) -> Tensor:
    """``input <= other``, elementwise."""
    return binary(comparison.le, comparison.le_number, input, other)


@quick_binary(comparison.gt, comparison.gt_number)
@takes_pointwise_out
def gt(input: Tensor, other: Operand) -> Tensor:
    """``input > other``, elementwise."""
    return binary(comparison.gt, comparison.gt_number, input, other)


@quick_binary(comparison.ge, comparison.ge_number)
@takes_pointwise_out
def ge(input: Tensor, other: Operand) -> Tensor:
    """``input >= other``, elementwise."""
    return binary(comparison.ge, comparison.ge_number, input, other)


# Truth ----------------------------------------------------------------------------------------------------------------


@quick_binary(logical.logical_and, logical.logical_and)
@takes_pointwise_out
def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """Whether both are other than 0."""
    return of_tensors(logical.logical_and, input, other)


@quick_binary(logical.logical_or, logical.logical_or)
@takes_pointwise_out
def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """Whether one at least is other than 0."""
    return of_tensors(logical.logical_or, input, other)


@quick_binary(logical.logical_xor, logical.logical_xor)
@takes_pointwise_out
def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """Whether exactly one is other than 0."""
    return of_tensors(logical.logical_xor, input, other)


@quick_unary(logical.logical_not)
@takes_pointwise_out
def logical_not(input: Tensor) -> Tensor:
    """Whether an element is 0."""
    return unary(logical.logical_not, input)


# Kinds of numbers -----------------------------------------------------------------------------------------------------


@quick_unary(finite.isnan)
def isnan(input: Tensor) -> Tensor:
    """Whether an element is no number."""
    return unary(finite.isnan, input)


@quick_unary(finite.isinf)
def isinf(input: Tensor) -> Tensor:
    """Whether an element is infinite."""
    return unary(finite.isinf, input)


@quick_unary(finite.isfinite)
def isfinite(input: Tensor) -> Tensor:
    """Whether an element is neither infinite nor NaN."""
    return unary(finite.isfinite, input)


@quick_unary(finite.isposinf)
@takes_pointwise_out
def isposinf(input: Tensor) -> Tensor:
    """Whether an element is infinity."""
    return unary(finite.isposinf, input)


@quick_unary(finite.isneginf)
@takes_pointwise_out
def isneginf(input: Tensor) -> Tensor:
    """Whether an element is minus infinity."""
    return unary(finite.isneginf, input)


@takes_out
def nan_to_num(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """NaN as 0, infinities as the largest and the lowest number of the dtype, or as the numbers given."""
    return unary(finite.nan_to_num, input, *replacements(input, nan, posinf, neginf))


def replacements(input: object, nan: object, posinf: object, neginf: object) -> tuple[float | None, ...]:
    """What `nan_to_num` puts in; loops over 16-bit floats do not know how large those may be."""
    named = (("nan", nan), ("posinf", posinf), ("neginf", neginf))
    found = [None if v is None else float(as_number(v, op="nan_to_num", name=name)) for name, v in named]
    if isinstance(input, Tensor) and input.dtype.is_half:
        largest = LARGEST_HALF[input.dtype.name]
        found[1:] = [default if v is None else v for v, default in zip(found[1:], (largest, -largest), strict=True)]
    return tuple(found)


LARGEST_HALF = {"float16": 65504.0, "bfloat16": 3.3895313892515355e38}

# Nearness -------------------------------------------------------------------------------------------------------------


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether elements are apart by no more than ``atol + rtol * abs(other)``.

    Raises: `DTypeError` for two dtypes, `RangeError` for a negative bound.
    """
    return _near(finite.isclose, input, other, rtol, atol, equal_nan)


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close; see `isclose`."""
    return _near(finite.allclose, input, other, rtol, atol, equal_nan)


def _near(op: Op, input: object, other: object, rtol: object, atol: object, equal_nan: object) -> Any:
    name = op.schema.name
    bounds = (float(as_number(rtol, op=name, name="rtol")), float(as_number(atol, op=name, name="atol")))
    second = as_operand(other, op=name)
    if not isinstance(second, Tensor):
        raise ArgumentError(f"{name}: argument 'other' takes a Tensor, got {type(other).__name__}")
    return unary(op, input, second, *bounds, bool(equal_nan))


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have one shape and equal elements."""
    return of_tensors(finite.equal, input, other)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "allclose": allclose,
    "eq": eq,
    "equal": equal,
    "ge": ge,
    "greater": gt,
    "greater_equal": ge,
    "gt": gt,
    "isclose": isclose,
    "isfinite": isfinite,
    "isinf": isinf,
    "isnan": isnan,
    "isneginf": isneginf,
    "isposinf": isposinf,
    "le": le,
    "less": lt,
    "less_equal": le,
    "logical_and": logical_and,
    "logical_not": logical_not,
    "logical_or": logical_or,
    "logical_xor": logical_xor,
    "lt": lt,
    "nan_to_num": nan_to_num,
    "ne": ne,
    "not_equal": ne,
}
METHODS = FUNCTIONS

"""Sums, products, extremes and other numbers that stand for many, along no, one or several axes; and differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.array_api.array import Array, as_index, converted, given, made
from tensorlab.array_api.axes import Axis, as_axis, gathered, with_ones
from tensorlab.array_api.dtypes import result_type
from tensorlab.core.dtype import Category, DType, int64
from tensorlab.core.tensor import Tensor
from tensorlab.errors import DimError, DTypeError
from tensorlab.ops import create, joining_functions, order_functions, reduce_functions, spread_functions


def _reduced(x: Array, axis: Axis, op: str, function: Callable[[Array], Tensor], *, keepdims: bool) -> Array:
    """A reduction of the last axis, as one of any axes."""
    result = made(function(gathered(x, axis, op)))
    return with_ones(result, x, axis, op) if keepdims else result


def _widened(x: Array, dtype: DType | None) -> Array:
    """An array in the dtype that it is added up in: integers in 64 bits, unless another is asked for."""
    return converted(x, dtype or (x.dtype if x.dtype.is_floating_point else int64))


def sum(x: Array, /, *, axis: Axis = None, dtype: DType | None = None, keepdims: bool = False) -> Array:  # noqa: A001 - the standard's names
    """Sums; of integers of fewer bits in int64."""
    array = _widened(given(x, "sum"), dtype)
    return _reduced(array, axis, "sum", lambda a: reduce_functions.sum(a, -1, dtype=array.dtype), keepdims=keepdims)


def prod(x: Array, /, *, axis: Axis = None, dtype: DType | None = None, keepdims: bool = False) -> Array:
    """Products; of integers of fewer bits in int64."""
    array = _widened(given(x, "prod"), dtype)
    return _reduced(array, axis, "prod", lambda a: reduce_functions.prod(a, -1, dtype=array.dtype), keepdims=keepdims)


def mean(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Arithmetic means."""
    return _reduced(given(x, "mean"), axis, "mean", lambda a: reduce_functions.mean(a, -1), keepdims=keepdims)


def max(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:  # noqa: A001
    """The greatest elements; NaN where there is one."""
    return _reduced(given(x, "max"), axis, "max", lambda a: reduce_functions.amax(a, -1), keepdims=keepdims)


def min(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:  # noqa: A001
    """The least elements; NaN where there is one."""
    return _reduced(given(x, "min"), axis, "min", lambda a: reduce_functions.amin(a, -1), keepdims=keepdims)


def std(x: Array, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Array:
    """Standard deviations: of a population, or with a correction of 1 of a sample."""

    def deviation(a: Array) -> Tensor:
        return spread_functions.std(a, -1, correction=correction)

    return _reduced(given(x, "std"), axis, "std", deviation, keepdims=keepdims)


def var(x: Array, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Array:
    """Variances: of a population, or with a correction of 1 of a sample."""

    def variance(a: Array) -> Tensor:
        return spread_functions.var(a, -1, correction=correction)

    return _reduced(given(x, "var"), axis, "var", variance, keepdims=keepdims)


def all(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:  # noqa: A001
    """Whether no element is zero."""
    return _reduced(given(x, "all"), axis, "all", lambda a: reduce_functions.all(_truths(a), -1), keepdims=keepdims)


def any(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:  # noqa: A001
    """Whether some element is not zero."""
    return _reduced(given(x, "any"), axis, "any", lambda a: reduce_functions.any(_truths(a), -1), keepdims=keepdims)


def _truths(x: Array) -> Any:
    """Torch gives uint8 for uint8; the standard's answer is a bool."""
    return x if x.dtype.category is Category.BOOL else x != 0


def cumulative_sum(
    x: Array, /, *, axis: int | None = None, dtype: DType | None = None, include_initial: bool = False
) -> Array:
    """Sums of the elements up to each one; with a 0 in front if ``include_initial`` is true."""
    return _scanned(x, axis, dtype, "cumulative_sum", include_initial=include_initial)


def cumulative_prod(
    x: Array, /, *, axis: int | None = None, dtype: DType | None = None, include_initial: bool = False
) -> Array:
    """Products of the elements up to each one; with a 1 in front if ``include_initial`` is true."""
    return _scanned(x, axis, dtype, "cumulative_prod", include_initial=include_initial)


def _scanned(x: Array, axis: int | None, dtype: DType | None, op: str, *, include_initial: bool) -> Array:
    array = _widened(given(x, op), dtype)
    if not array.ndim or (axis is None and array.ndim != 1):
        raise DimError(f"{op}: argument 'axis' is needed for an array that has not one axis, got {array.ndim} axes")
    along = as_axis(0 if axis is None else axis, array.ndim, op)
    adds = op == "cumulative_sum"
    scan = spread_functions.cumsum if adds else spread_functions.cumprod
    result = scan(array, along, dtype=array.dtype)
    if not include_initial:
        return made(result)
    shape = [1 if d == along else n for d, n in enumerate(array.shape)]
    initial = create.full_op.call((shape, 0 if adds else 1, array.dtype))
    return made(joining_functions.cat([initial, result], along))


def diff(
    x: Array, /, *, axis: int = -1, n: int = 1, prepend: Array | None = None, append: Array | None = None
) -> Array:
    """Differences of neighbours, ``n`` times over, with elements put in front and behind before.

    Raises: `DTypeError` for bools, which have no differences.
    """
    array = given(x, "diff")
    ends = [None if e is None else given(e, "diff") for e in (prepend, append)]
    dtype = result_type(array, *(e for e in ends if e is not None))
    if dtype.category is Category.BOOL:
        raise DTypeError("diff: takes a numeric dtype, got bool")
    before, behind = (None if e is None else converted(e, dtype) for e in ends)
    along, times = as_axis(axis, array.ndim, "diff"), as_index(n, "diff", "n")
    result = order_functions.diff(converted(array, dtype), times, along, before, behind)
    return made(result)

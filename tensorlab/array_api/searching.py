"""Functions that look for elements, choose some, order them, and say which there are."""

from __future__ import annotations

from typing import NamedTuple

from tensorlab.array_api.array import Array, converted, given, made, pair
from tensorlab.array_api.axes import Axis, as_axis, gathered, with_ones
from tensorlab.array_api.manipulation import reshape
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.dtype import int64
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, DimError, RangeError
from tensorlab.ops import comparison_functions as order
from tensorlab.ops import (
    create,
    data,
    factories,
    index_functions,
    joining_functions,
    order_functions,
    reduce_functions,
    scatter_functions,
    spread_functions,
)


class UniqueAll(NamedTuple):
    """What `unique_all` gives."""

    values: Array
    indices: Array
    inverse_indices: Array
    counts: Array


class UniqueCounts(NamedTuple):
    """What `unique_counts` gives."""

    values: Array
    counts: Array


class UniqueInverse(NamedTuple):
    """What `unique_inverse` gives."""

    values: Array
    inverse_indices: Array


# Searching ------------------------------------------------------------------------------------------------------------


def argmax(x: Array, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """Where the greatest element is, along an axis or as the array is flattened."""
    return _extreme(x, axis, "argmax", keepdims=keepdims)


def argmin(x: Array, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """Where the least element is, along an axis or as the array is flattened."""
    return _extreme(x, axis, "argmin", keepdims=keepdims)


def _extreme(x: Array, axis: int | None, op: str, *, keepdims: bool) -> Array:
    array = given(x, op)
    if axis is not None:
        as_axis(axis, array.ndim, op)
    search = reduce_functions.argmax if op == "argmax" else reduce_functions.argmin
    found = made(search(gathered(array, axis, op), -1))
    return with_ones(found, array, axis, op) if keepdims else found


def count_nonzero(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """How many elements are not zero."""
    array = given(x, "count_nonzero")
    count = made(reduce_functions.count_nonzero(gathered(array, axis, "count_nonzero"), -1))
    return with_ones(count, array, axis, "count_nonzero") if keepdims else count


def nonzero(x: Array, /) -> tuple[Array, ...]:
    """Where the elements are that are not zero: indices along each axis.

    Raises: `DimError` for an array without axes.
    """
    array = given(x, "nonzero")
    if not array.ndim:
        raise DimError("nonzero: takes an array of at least one axis")
    return tuple([made(along) for along in index_functions.nonzero(array, as_tuple=True)])


def searchsorted(x1: Array, x2: Array, /, *, side: str = "left", sorter: Array | None = None) -> Array:
    """Where in a sorted ``x1`` the elements of ``x2`` would go: before their equals, or behind them (``"right"``).

    Raises: `RangeError` for another side, `DimError` for an ``x1`` that has not one axis.
    """
    if side not in ("left", "right"):
        raise RangeError(f"searchsorted: argument 'side' takes 'left' or 'right', got {side!r}")
    first, second = pair(x1, x2, "searchsorted")
    if first.ndim != 1:
        raise DimError(f"searchsorted: takes a first array of one axis, got {first.ndim}")
    positions = None if sorter is None else converted(given(sorter, "searchsorted"), int64)
    return made(order_functions.searchsorted(first, second, side=side, sorter=positions))


def where(condition: Array, x1: Array | float, x2: Array | float, /) -> Array:
    """Elements of ``x1`` where the condition holds, of ``x2`` elsewhere."""
    mask = given(condition, "where")
    if not isinstance(x1, Tensor) and not isinstance(x2, Tensor):
        x1 = made(data.tensor(x1))
    return made(index_functions.where(converted(mask, bool_dtype), *pair(x1, x2, "where")))


# Indexing -------------------------------------------------------------------------------------------------------------


def take(x: Array, indices: Array, /, *, axis: int | None = None) -> Array:
    """Elements at positions along an axis, which may be left out for an array of one."""
    array, at = given(x, "take"), _positions(indices, "take")
    if axis is None:
        if array.ndim != 1:
            raise ArgumentError(f"take: argument 'axis' is needed for an array of {array.ndim} axes")
        axis = 0
    along = as_axis(axis, array.ndim, "take")
    at = where(at < 0, at + array.shape[along], at)
    chosen = made(index_functions.index_select(array, along, reshape(at, (-1,))))
    return reshape(chosen, (*array.shape[:along], *at.shape, *array.shape[along + 1 :]))


def take_along_axis(x: Array, indices: Array, /, *, axis: int = -1) -> Array:
    """Elements at positions along an axis that differ from place to place on the others."""
    array, at = given(x, "take_along_axis"), _positions(indices, "take_along_axis")
    return made(index_functions.take_along_dim(array, at, as_axis(axis, array.ndim, "take_along_axis")))


def _positions(indices: Array, op: str) -> Array:
    at = given(indices, op)
    if at.dtype.is_floating_point or at.dtype is bool_dtype:
        raise ArgumentError(f"{op}: takes indices of an integer dtype, got {at.dtype.name}")
    return converted(at, int64)


# Sorting --------------------------------------------------------------------------------------------------------------


def argsort(x: Array, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Array:
    """Where the elements are in sorted order."""
    array = given(x, "argsort")
    along = as_axis(axis, array.ndim, "argsort")
    return made(order_functions.argsort(array, along, bool(descending), stable=bool(stable)))


def sort(x: Array, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Array:
    """The elements in sorted order."""
    array = given(x, "sort")
    along = as_axis(axis, array.ndim, "sort")
    return made(order_functions.sort(array, along, bool(descending), stable=bool(stable)).values)


# Sets -----------------------------------------------------------------------------------------------------------------


def unique_all(x: Array, /) -> UniqueAll:
    """The elements that there are, sorted, where each comes first, which one each element is, and how often."""
    array = given(x, "unique_all")
    flat = reshape(array, (-1,))
    places = order_functions.argsort(flat, stable=True)
    ordered = index_functions.index_select(flat, 0, places)
    # NaN differs from itself, so that each is an element of its own, as the standard says.
    differs = order.ne(ordered[1:], ordered[:-1])
    starts = joining_functions.cat([create.ones_op.call(((min(flat.size, 1),), bool_dtype)), differs])
    first = index_functions.nonzero(starts, as_tuple=True)[0]
    ranks = spread_functions.cumsum(starts, 0) - 1
    inverse = scatter_functions.scatter(factories.empty_like(ranks), 0, places, ranks)
    ends = joining_functions.cat([first[1:], data.tensor([flat.size] if flat.size else [], int64)])
    return UniqueAll(
        made(index_functions.index_select(ordered, 0, first)),
        made(index_functions.index_select(places, 0, first)),
        reshape(made(inverse), tuple(array.shape)),
        made(ends - first),
    )


def unique_counts(x: Array, /) -> UniqueCounts:
    """The elements that there are, sorted, and how often each."""
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x: Array, /) -> UniqueInverse:
    """The elements that there are, sorted, and which one each element is."""
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)


def unique_values(x: Array, /) -> Array:
    """The elements that there are, sorted."""
    return unique_all(x).values

"""Shapes and orders, searching, sorting, sets and indexing."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import tensorlab as tl
import tensorlab.array_api as xp
from conformance.arrays import (
    ALL,
    FLOATS,
    INTEGERS,
    NUMERIC,
    Numpy,
    arrays,
    check,
    ours,
    properties,
    with_axes,
    with_axis,
)


@properties
@given(arrays(), st.data())
def test_broadcast_to(x: Numpy, data: st.DataObject) -> None:
    lead = data.draw(st.lists(st.integers(0, 3), max_size=2))
    shape = (*lead, *(data.draw(st.integers(0, 3)) if n == 1 else n for n in x.shape))
    check(xp.broadcast_to(ours(x), shape), np.broadcast_to(x, shape))


@properties
@given(hnp.mutually_broadcastable_shapes(num_shapes=3, min_side=0, max_side=3, max_dims=3))
def test_broadcast_arrays(found: Any) -> None:
    parts = [np.ones(s, np.int16) for s in found.input_shapes]
    for got, expected in zip(xp.broadcast_arrays(*map(ours, parts)), np.broadcast_arrays(*parts), strict=True):
        check(got, expected)


@properties
@given(with_axis(ALL), st.integers(1, 3))
def test_concat(chosen: tuple[Numpy, int], count: int) -> None:
    x, axis = chosen
    check(xp.concat([ours(x)] * count, axis=axis), np.concat([x] * count, axis=axis))
    check(xp.concat([ours(x)] * count, axis=None), np.concat([x] * count, axis=None))


def test_concat_promotes() -> None:
    parts = [xp.ones(2, dtype=xp.int8), xp.ones(1, dtype=xp.uint8), xp.ones(1, dtype=xp.int32)]
    assert xp.concat(parts).dtype is xp.int32 and xp.stack([parts[1], parts[2]]).dtype is xp.int32


@properties
@given(arrays(), st.data())
def test_expand_dims_and_squeeze(x: Numpy, data: st.DataObject) -> None:
    axis = data.draw(st.integers(-x.ndim - 1, x.ndim))
    wide = xp.expand_dims(ours(x), axis)
    check(wide, np.expand_dims(x, axis))
    check(xp.squeeze(wide, axis), x)


def test_squeeze_takes_axes_of_size_1() -> None:
    x = xp.ones((1, 2, 1))
    check(xp.squeeze(x, (0, -1)), np.ones(2, np.float32))
    with pytest.raises(ValueError, match="squeeze: takes axes of size 1, got axis 1 of shape"):
        xp.squeeze(x, 1)


@pytest.mark.parametrize("axis", [3, -4])
def test_expand_dims_out_of_range(axis: int) -> None:
    with pytest.raises(IndexError):
        xp.expand_dims(xp.ones((2, 2)), axis)


@properties
@given(with_axes(ALL))
def test_flip(chosen: tuple[Numpy, Any]) -> None:
    x, axis = chosen
    check(xp.flip(ours(x), axis=axis), np.flip(x, axis))


@properties
@given(with_axis(ALL), st.data())
def test_moveaxis(chosen: tuple[Numpy, int], data: st.DataObject) -> None:
    x, source = chosen
    destination = data.draw(st.integers(-x.ndim, x.ndim - 1))
    check(xp.moveaxis(ours(x), source, destination), np.moveaxis(x, source, destination))


@properties
@given(arrays(), st.data())
def test_permute_dims(x: Numpy, data: st.DataObject) -> None:
    axes = tuple(data.draw(st.permutations(range(x.ndim))))
    check(xp.permute_dims(ours(x), axes), np.permute_dims(x, axes))


@properties
@given(with_axis(ALL), st.data())
def test_repeat(chosen: tuple[Numpy, int], data: st.DataObject) -> None:
    x, axis = chosen
    times = data.draw(st.integers(0, 3))
    check(xp.repeat(ours(x), times, axis=axis), np.repeat(x, times, axis=axis))
    check(xp.repeat(ours(x), times), np.repeat(x, times))
    each = data.draw(hnp.arrays(np.int64, x.shape[axis], elements=st.integers(0, 3)))
    check(xp.repeat(ours(x), ours(each), axis=axis), np.repeat(x, each, axis=axis))


@properties
@given(arrays(), st.data())
def test_reshape(x: Numpy, data: st.DataObject) -> None:
    shape = tuple(data.draw(st.permutations(x.shape)))
    array = ours(x)
    check(xp.reshape(array, shape), x.reshape(shape))
    if x.size:
        check(xp.reshape(array, (-1,)), x.reshape(-1))
        assert xp.reshape(array, shape, copy=True).data_ptr() != array.data_ptr()
        assert xp.reshape(array, shape, copy=False).data_ptr() == array.data_ptr()


def test_reshape_that_has_to_copy_may_be_refused() -> None:
    x = xp.ones((2, 3)).T
    assert xp.reshape(x, (6,)).shape == (6,)
    with pytest.raises(ValueError, match=r"reshape: cannot give \(3, 2\) the shape \(6,\) without a copy"):
        xp.reshape(x, (6,), copy=False)


@properties
@given(with_axes(ALL), st.integers(-5, 5))
def test_roll(chosen: tuple[Numpy, Any], shift: int) -> None:
    x, axis = chosen
    if axis == ():
        axis = None
    check(xp.roll(ours(x), shift, axis=axis), np.roll(x, shift, axis=axis))


@properties
@given(arrays(), st.data())
def test_stack_and_unstack(x: Numpy, data: st.DataObject) -> None:
    axis = data.draw(st.integers(-x.ndim - 1, x.ndim))
    stacked = xp.stack([ours(x), ours(x)], axis=axis)
    check(stacked, np.stack([x, x], axis=axis))
    parts = xp.unstack(stacked, axis=axis)
    assert isinstance(parts, tuple) and len(parts) == 2
    for part in parts:
        check(part, x)


@properties
@given(arrays(), st.lists(st.integers(0, 3), max_size=4).map(tuple))
def test_tile(x: Numpy, repetitions: tuple[int, ...]) -> None:
    check(xp.tile(ours(x), repetitions), np.tile(x, repetitions))


# Searching, sorting, sets ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@properties
@given(data=st.data(), keepdims=st.booleans())
def test_where_extremes_are(name: str, data: st.DataObject, keepdims: bool) -> None:
    x, axis = data.draw(with_axis(NUMERIC, min_side=1))
    check(getattr(xp, name)(ours(x), axis=axis, keepdims=keepdims), getattr(np, name)(x, axis=axis, keepdims=keepdims))
    check(getattr(xp, name)(ours(x), keepdims=keepdims), np.asarray(getattr(np, name)(x, keepdims=keepdims)))


@properties
@given(arrays(min_dims=1, small=True))
def test_nonzero(x: Numpy) -> None:
    for got, expected in zip(xp.nonzero(ours(x)), np.nonzero(x), strict=True):
        check(got, expected)


def test_nonzero_needs_an_axis() -> None:
    with pytest.raises(IndexError, match="nonzero: takes an array of at least one axis"):
        xp.nonzero(xp.asarray(1))


@properties
@given(arrays(NUMERIC, hnp.array_shapes(max_dims=1), small=True), arrays(NUMERIC, small=True), st.booleans())
def test_searchsorted(x: Numpy, values: Numpy, right: bool) -> None:
    values = values.astype(x.dtype)
    side = "right" if right else "left"
    order = np.argsort(x, stable=True)
    expected = np.searchsorted(x[order], values, side=side)
    check(xp.searchsorted(ours(x[order]), ours(values), side=side), np.asarray(expected, np.int64))
    check(xp.searchsorted(ours(x), ours(values), side=side, sorter=ours(order)), np.asarray(expected, np.int64))


@properties
@given(arrays(("bool",)), st.data())
def test_where(mask: Numpy, data: st.DataObject) -> None:
    dtypes = (data.draw(st.sampled_from(NUMERIC)),)
    x, y = (data.draw(arrays(dtypes, st.just(mask.shape))) for _ in range(2))
    check(xp.where(ours(mask), ours(x), ours(y)), np.where(mask, x, y))
    check(xp.where(ours(mask), ours(x), 1), np.where(mask, x, x.dtype.type(1)))


@properties
@given(with_axis(ALL, small=True), st.booleans())
def test_sort(chosen: tuple[Numpy, int], descending: bool) -> None:
    x, axis = chosen
    ascending = np.sort(x, axis=axis, stable=True)
    check(xp.sort(ours(x), axis=axis, descending=descending), np.flip(ascending, axis) if descending else ascending)
    places = np.argsort(x, axis=axis, stable=True)
    if descending:  # equals stay in their order
        places = x.shape[axis] - 1 - np.flip(np.argsort(np.flip(x, axis), axis=axis, stable=True), axis)
    check(xp.argsort(ours(x), axis=axis, descending=descending), places)


@properties
@given(arrays(small=True) | arrays(FLOATS))
def test_sets(x: Numpy) -> None:
    expected = np.unique(x, return_index=True, return_inverse=True, return_counts=True, equal_nan=False)
    found = xp.unique_all(ours(x))
    assert found._fields == ("values", "indices", "inverse_indices", "counts")
    for got, wanted in zip(found, expected, strict=True):
        check(got, wanted.reshape(x.shape) if wanted is expected[2] else wanted, rtol=0)
    check(xp.unique_values(ours(x)), expected[0], rtol=0)
    assert [a.tolist() for a in xp.unique_counts(ours(x))[1:]] == [expected[3].tolist()]
    assert xp.unique_inverse(ours(x)).inverse_indices.tolist() == expected[2].reshape(x.shape).tolist()


# Indexing -------------------------------------------------------------------------------------------------------------


@properties
@given(with_axis(ALL, min_side=1), st.data())
def test_take(chosen: tuple[Numpy, int], data: st.DataObject) -> None:
    x, axis = chosen
    size = x.shape[axis]
    at = data.draw(
        hnp.arrays(np.int64, hnp.array_shapes(max_dims=2, min_side=0), elements=st.integers(-size, size - 1))
    )
    check(xp.take(ours(x), ours(at), axis=axis), np.take(x, at, axis=axis))


@properties
@given(with_axis(ALL, min_side=1), st.data())
def test_take_along_axis(chosen: tuple[Numpy, int], data: st.DataObject) -> None:
    x, axis = chosen
    shape = list(x.shape)
    shape[axis] = data.draw(st.integers(0, 3))
    at = data.draw(hnp.arrays(np.int32, tuple(shape), elements=st.integers(0, x.shape[axis] - 1)))
    check(xp.take_along_axis(ours(x), ours(at), axis=axis), np.take_along_axis(x, at.astype(np.int64), axis))


@properties
@given(arrays(), st.data())
def test_getitem(x: Numpy, data: st.DataObject) -> None:
    key = data.draw(hnp.basic_indices(x.shape, allow_newaxis=True))
    check(ours(x)[key], x[key])


@properties
@given(arrays(), st.data())
def test_setitem(x: Numpy, data: st.DataObject) -> None:
    key = data.draw(hnp.basic_indices(x.shape, allow_newaxis=True))
    expected, array = x.copy(), ours(x)
    value = data.draw(arrays((x.dtype.name,), st.just(np.shape(x[key]))))
    expected[key] = value
    array[key] = ours(value)
    check(array, expected)
    expected[key] = 1
    array[key] = 1
    check(array, expected)


@properties
@given(arrays(), st.data())
def test_masks(x: Numpy, data: st.DataObject) -> None:
    mask = data.draw(arrays(("bool",), st.just(x.shape[: data.draw(st.integers(0, x.ndim))])))
    check(ours(x)[ours(mask)], x[mask])
    expected, array = x.copy(), ours(x)
    expected[mask] = 0
    array[ours(mask)] = 0
    check(array, expected)


@properties
@given(arrays(min_dims=2, min_side=1), st.data())
def test_integer_arrays_as_indices(x: Numpy, data: st.DataObject) -> None:
    shape = data.draw(hnp.array_shapes(max_dims=2))
    at = [data.draw(hnp.arrays(np.int64, shape, elements=st.integers(0, n - 1))) for n in x.shape]
    dtype = data.draw(st.sampled_from(INTEGERS))
    check(ours(x)[tuple(ours(a.astype(dtype)) for a in at)], x[tuple(at)])
    check(ours(x)[ours(at[0].astype(dtype))], x[at[0]])


def test_a_mask_of_no_elements_chooses_none() -> None:
    x = xp.ones((3, 2), dtype=xp.int8)
    check(x[xp.zeros(0, dtype=xp.bool)], np.ones((0, 2), np.int8))
    with pytest.raises(IndexError):
        x[xp.zeros(2, dtype=xp.bool)]
    with pytest.raises(IndexError):
        x[xp.zeros((3, 2, 1), dtype=xp.bool)]


def test_an_index_out_of_range_is_refused() -> None:
    for key in (3, -4, (0, 2), (0, 0, 0)):
        with pytest.raises(IndexError):
            xp.ones((3, 2))[key]


def test_functions_leave_a_plain_tensor_what_it_was() -> None:
    x = tl.ones(2, 3)
    for result in (xp.positive(x), xp.reshape(x, (2, 3)), xp.asarray(x), xp.broadcast_to(x, (2, 3)), xp.conj(x)):
        assert isinstance(result, xp.Array)
    assert type(x) is tl.Tensor and x.size() == (2, 3)

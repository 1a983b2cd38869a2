"""Writes through tensors whose elements lie anywhere in one buffer: as if on copies, or an error, decided exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tensorlab as tl
from tensorlab.errors import AliasError, ResizeWarning

SIZE = 24
REPEATED = "unsupported operation: more than one element of the written-to tensor refers to a single memory location"


@st.composite
def layouts(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """An offset and strides, in elements: any sign, zero, interleaved, that keep a shape within the buffer."""
    strides = [draw(st.integers(-8, 8)) for _ in shape]
    while True:
        steps = [(n - 1) * s for n, s in zip(shape, strides, strict=True)]
        low, high = sum(s for s in steps if s < 0), sum(s for s in steps if s > 0)
        if high - low < SIZE:
            return draw(st.integers(-low, SIZE - 1 - high)), tuple(strides)
        strides = [s // 2 if s > 0 else -(-s // 2) for s in strides]


@st.composite
def cases(draw: st.DrawFn, count: int) -> tuple[tuple[int, ...], list[tuple[int, tuple[int, ...]]]]:
    """A shape, and layouts of as many tensors of it."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    return shape, [draw(layouts(shape)) for _ in range(count)]


def places(shape: tuple[int, ...], offset: int, strides: tuple[int, ...]) -> np.ndarray:
    """Where in the buffer each element is."""
    found = np.full(shape, offset)
    for axis, (n, s) in enumerate(zip(shape, strides, strict=True)):
        found += (np.arange(n) * s).reshape([-1 if a == axis else 1 for a in range(len(shape))])
    return found


def over(buffer: np.ndarray, shape: tuple[int, ...], offset: int, strides: tuple[int, ...]) -> Any:
    steps = tuple(s * buffer.itemsize for s in strides)
    return tl.from_numpy(np.ndarray(shape, buffer.dtype, buffer.data, offset * buffer.itemsize, steps))


Write = Callable[[Any, Any, Any], object]
WRITES: dict[str, tuple[Write, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]]] = {
    "copy_": (lambda x, y, z: x.copy_(y), lambda x, y, z: y),
    "x[...] = y": (lambda x, y, z: x.__setitem__(..., y), lambda x, y, z: y),
    "add_": (lambda x, y, z: x.add_(y), lambda x, y, z: x + y),
    "mul_ by itself": (lambda x, y, z: x.mul_(x), lambda x, y, z: x * x),
    "addcmul_": (lambda x, y, z: x.addcmul_(y, z), lambda x, y, z: x + y * z),
    "add_ of a number": (lambda x, y, z: x.add_(1), lambda x, y, z: x + 1),
    "neg_": (lambda x, y, z: x.neg_(), lambda x, y, z: -x),
    "fill_": (lambda x, y, z: x.fill_(3), lambda x, y, z: np.full_like(x, 3)),
    "zero_": (lambda x, y, z: x.zero_(), lambda x, y, z: np.zeros_like(x)),
    "add out=": (lambda x, y, z: tl.add(y, z, out=x), lambda x, y, z: y + z),
    "cumsum out=": (lambda x, y, z: tl.cumsum(y, 0, out=x), lambda x, y, z: y.cumsum(0)),
    "flip out=": (lambda x, y, z: x.copy_(y.flip(0)), lambda x, y, z: y[::-1]),
    "masked_fill_": (lambda x, y, z: x.masked_fill_(y > 11, 7), lambda x, y, z: np.where(y > 11, 7, x)),
    "where out=": (lambda x, y, z: tl.where(y > z, y, z, out=x), lambda x, y, z: np.maximum(y, z)),
    "cumsum_": (lambda x, y, z: x.cumsum_(0), lambda x, y, z: x.cumsum(0)),
}


@pytest.mark.parametrize("name", WRITES)
@given(case=cases(3))
@settings(max_examples=60, deadline=None)
def test_a_write_is_as_on_copies_or_an_error(name: str, case: tuple[Any, list[Any]]) -> None:
    shape, where = case
    buffer = np.arange(float(SIZE))
    x, y, z = (over(buffer, shape, *place) for place in where)
    target, *sources = (places(shape, *place) for place in where)
    write, model = WRITES[name]
    itself = name in ("copy_", "x[...] = y") and where[0] == where[1]  # as in torch, which looks no further either
    if np.unique(target).size < target.size and not itself:
        with pytest.raises(AliasError, match=REPEATED):
            write(x, y, z)
        assert buffer.tolist() == list(range(SIZE))
        assert x._version == 0
        return
    expected = buffer.copy()
    expected[target] = buffer[target] if itself else model(buffer[target], *(buffer[s] for s in sources))
    write(x, y, z)
    np.testing.assert_array_equal(buffer, expected)
    assert x._version == y._version == z._version == 1


@given(case=cases(2))
@settings(max_examples=100, deadline=None)
def test_where_torch_is_right_the_values_are_its(case: tuple[Any, list[Any]]) -> None:
    """It refuses some of what overlaps in part, and reads the rest of that while it is written."""
    torch = pytest.importorskip("torch")
    shape, where = case
    where = [(abs(offset), tuple(abs(s) for s in strides)) for offset, strides in where]
    tops = [o + sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) for o, strides in where]
    where = [(max(0, o - max(0, top - SIZE + 1)), strides) for (o, strides), top in zip(where, tops, strict=True)]
    theirs = torch.arange(float(SIZE), dtype=torch.float64)
    x, y = (theirs.as_strided(shape, strides, offset) for offset, strides in where)
    repeated = np.unique(places(shape, *where[0])).size < np.prod(shape)
    met = np.intersect1d(places(shape, *where[0]), places(shape, *where[1])).size
    ours = tl.arange(float(SIZE), dtype=tl.float64)
    a, b = (ours.as_strided(shape, strides, offset) for offset, strides in where)
    if repeated:
        with pytest.raises(AliasError, match=REPEATED):
            a.add_(b)
        return
    a.add_(b)
    try:
        x.add_(y)
    except RuntimeError:
        assert met
        return
    if not met or where[0] == where[1]:
        assert ours.tolist() == theirs.tolist()


def test_what_is_in_turns_and_yet_apart_is_written() -> None:
    """Strides that do not nest: 0 3 4 7 8 11."""
    t = tl.zeros(12)
    t.as_strided((3, 2), (4, 3)).add_(1)
    assert t.tolist() == [1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1]


def test_neighbours_are_shifted_as_if_they_were_copied_first() -> None:
    t = tl.arange(5)
    t[1:].copy_(t[:-1])
    assert t.tolist() == [0, 0, 1, 2, 3]
    t = tl.arange(5)
    t[:-1] += t[1:]
    assert t.tolist() == [1, 3, 5, 7, 4]


def test_results_that_overlap_each_other() -> None:
    t = tl.zeros(3, dtype=tl.float64)
    places_ = t.view(tl.int64)
    with pytest.raises(AliasError) as error:  # torch gives bits of places as values
        tl.sort(tl.tensor([3.0, 1.0, 2.0], dtype=tl.float64), out=(t, places_))
    assert str(error.value) == (
        "sort: unsupported operation: two of the tensors to write to share memory. Please clone() one of them first."
    )
    both = tl.zeros(2, 3, dtype=tl.float64)
    values, index = both[0], both.view(tl.int64)[1]
    tl.sort(tl.tensor([3.0, 1.0, 2.0], dtype=tl.float64), out=(values, index))
    assert (values.tolist(), index.tolist()) == ([1, 2, 3], [1, 2, 0])


def test_a_result_that_needs_more_room_than_imported_memory_has() -> None:
    array = np.zeros(3, np.float32)
    t = tl.from_numpy(array)
    with pytest.warns(ResizeWarning), pytest.raises(AliasError) as error:
        tl.add(tl.ones(4), 1, out=t)
    assert str(error.value) == (
        "out=: Trying to resize storage that is not resizable: its memory was imported from a ndarray"
    )
    assert (t.tolist(), t._version) == ([0, 0, 0], 0)
    with pytest.warns(ResizeWarning):
        tl.add(tl.ones(2), 1, out=t)
    assert array.tolist() == [2, 2, 0]


def test_a_result_that_needs_more_room_takes_the_views_along() -> None:
    whole = tl.zeros(4)
    part = whole[2:]
    with pytest.warns(ResizeWarning):
        tl.add(tl.ones(3), 1, out=part)
    assert (whole.tolist(), part.tolist()) == ([0, 0, 2, 2], [2, 2, 2])

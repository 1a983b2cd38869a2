"""Footprints against NumPy's own answers on real strided arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorlab.core.footprint import Footprint, Run, overlap, repeats

SIZE = 64


def of(array: np.ndarray, base: np.ndarray) -> Footprint:
    start = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    return Footprint.of(start, array.shape, array.strides, array.itemsize)


def bytes_reached(array: np.ndarray, base: np.ndarray) -> set[int]:
    start = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    reached: set[int] = set()
    for index in np.ndindex(array.shape):
        first = start + sum(i * s for i, s in zip(index, array.strides, strict=True))
        reached.update(range(first, first + array.itemsize))
    return reached


@st.composite
def windows(draw: st.DrawFn, base: np.ndarray) -> np.ndarray:
    """Strided windows of a small buffer: any sign, zero strides, size 0, interleaved and overlapping dimensions."""
    itemsize = draw(st.sampled_from([1, 2, 4]))
    shape = draw(st.lists(st.integers(0, 4), max_size=3))
    strides = [draw(st.integers(-12, 12)) for _ in shape]
    steps = [(n - 1) * s for n, s in zip(shape, strides, strict=True)] if 0 not in shape else []
    low, high = sum(s for s in steps if s < 0), sum(s for s in steps if s > 0) + itemsize
    if high - low > SIZE:
        shape, strides, low, high = [], [], 0, itemsize
    offset = draw(st.integers(-low, SIZE - high))
    return np.ndarray(shape, np.dtype(f"V{itemsize}"), base.data, offset, strides)


BASE = np.zeros(SIZE, np.uint8)


@given(windows(BASE))
def test_footprint_reaches_the_bytes_of_the_elements(array: np.ndarray) -> None:
    footprint = of(array, BASE)
    reached = bytes_reached(array, BASE)
    assert {b for start, stop in footprint.spans() for b in range(start, stop)} == reached
    ends = (min(reached), max(reached) + 1) if reached else (footprint.start, footprint.start)
    assert (footprint.start, footprint.stop) == ends
    assert footprint.nbytes == len(reached) if footprint.is_nested else footprint.nbytes >= len(reached)
    assert sum(1 for _ in footprint.spans()) == footprint.pieces


@given(windows(BASE), st.integers(0, SIZE), st.integers(0, SIZE))
def test_bytes_between_two_places_are_counted(array: np.ndarray, one: int, other: int) -> None:
    footprint, (low, high) = of(array, BASE), sorted((one, other))
    between = len([b for b in bytes_reached(array, BASE) if low <= b < high])
    counted = footprint.nbytes_between(low, high)
    if footprint.is_nested:
        assert counted == between
    else:
        assert 0 <= counted <= footprint.nbytes
        assert footprint.nbytes_between(0, SIZE) == footprint.nbytes


@given(windows(BASE), windows(BASE))
def test_overlap_is_numpys_exact_answer(a: np.ndarray, b: np.ndarray) -> None:
    expected = bool(bytes_reached(a, BASE) & bytes_reached(b, BASE))
    assert overlap(of(a, BASE), of(b, BASE)) is expected
    assert np.shares_memory(a, b) is expected or 0 in a.shape or 0 in b.shape


@given(windows(BASE))
def test_repeated_elements_are_found_exactly(array: np.ndarray) -> None:
    places = [sum(i * s for i, s in zip(index, array.strides, strict=True)) for index in np.ndindex(array.shape)]
    assert repeats(array.shape, array.strides) is (len(set(places)) < len(places))


@pytest.mark.parametrize(
    ("shape", "strides", "expected"),
    [
        ((3, 2), (1, 1), True),
        ((3, 2), (4, 3), False),  # 0 3 4 7 8 11: in turns, and yet apart
        ((4, 2), (4, 3), False),
        ((4, 5), (4, 3), True),  # 3 * 4 = 4 * 3
        ((2, 2, 2), (5, 3, 2), True),  # 5 = 3 + 2
        ((2, 2, 2), (7, 3, 2), False),
        ((1000, 1000), (1000, 1), False),
        ((1000, 1001), (1000, 1), True),
        ((5,), (0,), True),
        ((1,), (0,), False),
        ((0, 5), (0, 0), False),
        ((3, 2), (-4, 3), False),
    ],
)
def test_repeated_elements(shape: tuple[int, ...], strides: tuple[int, ...], expected: bool) -> None:
    assert repeats(shape, strides) is expected


def test_a_search_for_repeated_elements_that_runs_out_of_work_says_so() -> None:
    assert repeats((50, 50, 50, 50), (1009, 1013, 1019, 1021), work=3) is None


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        (lambda a: a, Footprint(0, (), 24)),
        (lambda a: a[1:], Footprint(8, (), 16)),
        (lambda a: a[:, ::2], Footprint(0, (Run(6, 4),), 2)),
        (lambda a: a[:, 1], Footprint(2, (Run(3, 8),), 2)),
        (lambda a: a[::-1, ::-1], Footprint(0, (), 24)),
        (lambda a: a.T, Footprint(0, (), 24)),
        (lambda a: a[:, 1:3], Footprint(2, (Run(3, 8),), 4)),
        (lambda a: np.broadcast_to(a[0, :1], (5, 5, 1)), Footprint(0, (), 2)),
        (lambda a: a[:0], Footprint(0, (), 0)),
        (lambda a: np.lib.stride_tricks.sliding_window_view(a.reshape(12), 4), Footprint(0, (), 24)),
    ],
)
def test_dimensions_fold_into_the_fewest_runs(take: object, expected: Footprint) -> None:
    base = np.zeros((3, 4), np.int16)
    assert of(take(base), base) == expected


def test_channels_of_an_image_share_no_byte() -> None:
    image = np.zeros((600, 512, 3), np.uint8)
    red, green = of(image[..., 0], image), of(image[..., 1], image)
    assert red == Footprint(0, (Run(600 * 512, 3),), 1)
    assert overlap(red, green) is False
    assert overlap(red, of(image, image)) is True


def test_a_search_that_runs_out_of_work_says_so() -> None:
    a = Footprint(0, (Run(50, 1009), Run(50, 1013), Run(50, 1019)), 1)
    b = Footprint(7, (Run(50, 1021), Run(50, 1031), Run(50, 1033)), 1)
    assert overlap(a, b, work=3) is None


def test_to_dict_is_plain_data() -> None:
    assert Footprint(2, (Run(3, 8),), 4).to_dict() == {"start": 2, "runs": [[3, 8]], "width": 4}
    assert Footprint(2, (Run(3, 8),), 4).shifted(8) == Footprint(10, (Run(3, 8),), 4)

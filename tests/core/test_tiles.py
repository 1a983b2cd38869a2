"""Copies between two orders of elements, against NumPy: every size of element, whole tiles, parts of tiles, none."""

from __future__ import annotations

import numpy as np
import pytest

import tensorlab as tl

EDGES = (4, 5, 16, 63, 64, 65, 131)


@pytest.mark.parametrize("dtype", ["u1", "i2", "f2", "i4", "f4", "i8", "f8"])
def test_a_transposed_copy_has_each_element_in_its_place(dtype: str) -> None:
    for rows in EDGES:
        for columns in (*EDGES, 1100):
            array = (np.arange(rows * columns) % 1009).astype(dtype).reshape(rows, columns)
            copy = tl.from_numpy(array).t().contiguous()
            assert copy.is_contiguous()
            np.testing.assert_array_equal(copy.numpy(), array.T, strict=True)


@pytest.mark.parametrize("order", [(0, 2, 1), (2, 0, 1), (2, 1, 0), (1, 2, 0)])
def test_a_permuted_batch_has_each_element_in_its_place(order: tuple[int, ...]) -> None:
    array = np.arange(3 * 70 * 90, dtype=np.float32).reshape(3, 70, 90)
    copy = tl.from_numpy(array).permute(*order).contiguous()
    np.testing.assert_array_equal(copy.numpy(), array.transpose(order), strict=True)


def test_what_lies_around_the_target_stays() -> None:
    source = np.arange(70 * 90, dtype=np.float32).reshape(70, 90)
    room = np.full((92, 74), -1.0, np.float32)
    tl.from_numpy(room)[1:-1, 2:-2].copy_(tl.from_numpy(source).t())
    np.testing.assert_array_equal(room[1:-1, 2:-2], source.T)
    room[1:-1, 2:-2] = -1
    assert (room == -1).all()


def test_an_element_read_backwards_is_copied_too() -> None:
    array = np.arange(100 * 80, dtype=np.int64).reshape(100, 80)
    copy = tl.from_numpy(array[::-1, ::-1]).t().contiguous()
    np.testing.assert_array_equal(copy.numpy(), array[::-1, ::-1].T)

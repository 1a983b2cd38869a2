"""topk by its loop and by NumPy's selection: the same answers."""

import math

import numpy as np
import pytest

import tensorlab as tl


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.uint8])
@pytest.mark.parametrize("k", [1, 3, 32, 33, 40])
def test_few_and_many(k, dtype, largest):
    array = (np.random.default_rng(k).permutation(120).reshape(3, 40)).astype(dtype)
    values, places = tl.from_numpy(array).topk(k, largest=largest)
    wanted = np.sort(array, axis=1)[:, ::-1][:, :k] if largest else np.sort(array, axis=1)[:, :k]
    np.testing.assert_array_equal(values.numpy(), wanted)
    np.testing.assert_array_equal(np.take_along_axis(array, places.numpy(), 1), wanted)


def test_nan_is_above_all():
    x = tl.tensor([1.0, math.nan, 3.0, math.nan, math.inf])
    values, places = x.topk(3)
    assert places.tolist() == [1, 3, 4]
    assert math.isnan(values[1].item())
    assert x.topk(3, largest=False).indices.tolist() == [0, 2, 4]


def test_of_equals_the_first_comes_first():
    assert tl.tensor([2, 1, 2, 2]).topk(3).indices.tolist() == [0, 2, 3]
    assert tl.tensor([2, 1, 1, 2]).topk(3, largest=False).indices.tolist() == [1, 2, 0]


def test_rows_that_do_not_lie_side_by_side():
    x = tl.arange(12).view(3, 4)
    assert x.t().topk(1).values.tolist() == [[8], [9], [10], [11]]
    assert x.topk(2, 0).indices.tolist() == [[2] * 4, [1] * 4]
    assert tl.tensor(5).topk(1).values.tolist() == 5

"""Masks of leading dimensions, read and filled: as NumPy does, on every way there is."""

import numpy as np
import pytest

import tensorlab as tl

FORMS = {
    "whole": lambda a: (a, (4, 6, 5)),
    "rows": lambda a: (a, (4, 6)),
    "first": lambda a: (a, (4,)),
    "permuted": lambda a: (a.transpose(1, 0, 2), (6, 4)),
    "sliced": lambda a: (a[:, ::2], (4, 3)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_reading(form, chance):
    draws = np.random.default_rng(1)
    a, shape = FORMS[form](draws.standard_normal((4, 6, 5)))
    for _ in range(2):  # how many are set differs from call to call
        mask = draws.random(shape) < chance
        np.testing.assert_array_equal(tl.from_numpy(a)[tl.from_numpy(mask)].numpy(), a[mask])


@pytest.mark.parametrize("form", FORMS)
def test_filling(form):
    draws = np.random.default_rng(2)
    a, shape = FORMS[form](draws.standard_normal((4, 6, 5)))
    x = tl.from_numpy(a.copy())
    for value in (0, 1.5):
        mask = draws.random(shape) < 0.5
        a[mask] = value
        x[tl.from_numpy(mask)] = value
    np.testing.assert_array_equal(x.numpy(), a)


@pytest.mark.parametrize("size", [1 << 16, (1 << 16) + 1])
def test_masks_of_many_elements(size):
    a = np.arange(size)
    mask = a % 3 == 0
    np.testing.assert_array_equal(tl.from_numpy(a)[tl.from_numpy(mask)].numpy(), a[mask])
    np.testing.assert_array_equal(tl.from_numpy(mask).nonzero().numpy(), np.argwhere(mask))


def test_a_mask_that_is_itself_filled():
    mask = tl.tensor([True, False, True])
    mask[mask] = False
    assert mask.tolist() == [False] * 3

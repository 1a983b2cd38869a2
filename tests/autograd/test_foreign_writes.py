"""Writes by NumPy to what was saved for backward: refused where they are looked for."""

from __future__ import annotations

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.autograd import detect_foreign_writes
from tensorlab.errors import GradError


def leaf(*values: float) -> tl.Tensor:
    return tl.tensor(values, dtype=tl.float64, requires_grad=True)


def test_a_write_through_the_array_is_refused_with_the_line_that_saved() -> None:
    (leaf(1.0, 2.0) * tl.ones(2, dtype=tl.float64)).sum()  # the second call of a kind goes by a short cut
    array, w = np.ones(2), leaf(1.0, 2.0)
    x = tl.from_numpy(array)
    with detect_foreign_writes():
        y = (x * w).sum()
        array += 1
        with pytest.raises(GradError) as error:
            y.backward()
    first, saved, source, hint = str(error.value).splitlines()
    assert first == (
        "backward: the bytes of a variable needed for gradient computation, [tensorlab.DoubleTensor [2]], have "
        "changed, and no operation of tensorlab changed them: NumPy, or who else shares the memory, wrote to it."
    )
    assert saved.startswith("  MulBackward0 saved it: ")
    assert source == "      y = (x * w).sum()"
    assert hint == "  hint: save a copy, as tensor(array) makes it, or write after backward"
    assert w.grad is None


def test_a_write_through_an_exported_array_is_refused() -> None:
    w = leaf(1.0, 2.0)
    with detect_foreign_writes():
        y = w.exp()
        y.detach().numpy()[0] = 7
        with pytest.raises(GradError, match="ExpBackward0 saved it"):
            y.sum().backward()


def test_without_a_write_nothing_is_refused() -> None:
    array, w = np.ones(2), leaf(1.0, 2.0)
    with detect_foreign_writes():
        y = (tl.from_numpy(array) * w.exp()).tanh().sum()
        y.backward(retain_graph=True)
        y.backward()
    plain = leaf(1.0, 2.0)
    (plain.exp().tanh().sum() * 2).backward()
    np.testing.assert_allclose(w.grad.numpy(), plain.grad.numpy())


def test_our_own_write_is_told_in_its_own_words() -> None:
    w = leaf(1.0, 2.0)
    with detect_foreign_writes():
        y = w.exp()
        y.add_(1)
        with pytest.raises(GradError, match="has been modified by an inplace operation"):
            y.sum().backward()


def test_it_ends_with_the_block() -> None:
    array, w = np.ones(2), leaf(1.0, 2.0)
    with detect_foreign_writes():
        y = (tl.from_numpy(array) * w).sum()
    array += 1
    y.backward()
    assert w.grad.tolist() == [2.0, 2.0]  # the new values: nobody looked


def test_what_was_saved_before_the_block_is_not_looked_at() -> None:
    array, w = np.ones(2), leaf(1.0, 2.0)
    y = (tl.from_numpy(array) * w).sum()
    array += 1
    with detect_foreign_writes():
        y.backward()
    assert w.grad.tolist() == [2.0, 2.0]

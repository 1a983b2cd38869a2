"""However the operands lie in memory, the answer is NumPy's, and the result lies as torch lays it."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from windows import pairs, positive, windows

import tensorlab as tl

quick = settings(deadline=None, max_examples=60, derandomize=True)


@quick
@given(pairs())
def test_two_operands(operands):
    a, b = operands
    result = tl.from_numpy(a) - tl.from_numpy(b)
    expected = a - b
    assert tuple(result.shape) == expected.shape
    np.testing.assert_array_equal(result.numpy(), expected)


@quick
@given(windows())
def test_one_operand(a):
    np.testing.assert_array_equal((-tl.from_numpy(a)).numpy(), -a)
    np.testing.assert_array_equal((tl.from_numpy(a) * 2.5).numpy(), a * np.float32(2.5))


@quick
@given(windows())
def test_copies(a):
    t = tl.from_numpy(a)
    for copy in (t.clone(), t.contiguous(), t.to(tl.float64)):
        np.testing.assert_array_equal(copy.numpy(), a)
    assert t.contiguous().is_contiguous()
    np.testing.assert_array_equal(tl.tensor(t).numpy(), a)


@quick
@given(pairs(steps=positive()))
def test_results_lie_as_in_torch(operands):
    torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of what is read-only: expanded arrays
        t, u = map(torch.from_numpy, operands)
    a, b = map(tl.from_numpy, operands)
    if not (a - b).numel() or not a.numel():
        return  # torch has strides of 0 there
    for ours, theirs in ((a - b, t - u), (-a, -t), (a.clone(), t.clone()), (a.to(tl.float64), t.to(torch.float64))):
        # Where a dimension has one index, its stride leads nowhere, and torch is of several minds about it.
        walked = [(n, s) for n, s in zip(ours.shape, ours.stride(), strict=True) if n != 1]
        assert walked == [(n, s) for n, s in zip(theirs.shape, theirs.stride(), strict=True) if n != 1]


@quick
@given(st.data())
def test_writing_over_a_window_touches_nothing_else(data):
    a = data.draw(windows(expanded=False))
    value = data.draw(windows(shape=a.shape))
    base = a
    while base.base is not None:
        base = base.base
    expected = base.copy()
    if a.size:
        start = a.__array_interface__["data"][0] - base.ctypes.data
        window = np.ndarray(a.shape, a.dtype, expected, start, a.strides)
        window += value
    target = tl.from_numpy(a)
    before = target._version
    target += tl.from_numpy(value)
    assert target._version == before + 1
    np.testing.assert_array_equal(base, expected)


@quick
@given(st.data())
def test_writing_reads_what_was_there_before(data):
    """A source that overlaps the target is read as if it had been copied first."""
    size = data.draw(st.integers(2, 6))
    cells = np.arange(2 * size, dtype=np.float32)
    windows_of_it = st.tuples(st.integers(0, size), st.sampled_from((1, -1)))
    (at, step), (other_at, other_step) = data.draw(windows_of_it), data.draw(windows_of_it)
    expected = cells.copy()
    expected[at : at + size][::step] -= cells[other_at : other_at + size][::other_step].copy()
    target, source = (
        tl.from_numpy(cells[start : start + size][::by]) for start, by in ((at, step), (other_at, other_step))
    )
    target.sub_(source)
    np.testing.assert_array_equal(cells, expected)

"""Calls that recur: the second of a form is answered by what the first worked out, and by nothing else."""

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import AliasError, RangeError
from tensorlab.ops import create


def test_numbers_are_looked_at_in_each_call():
    x = tl.tensor([-2.0, 0.5, 3.0])
    assert [x.clamp(-b, b).tolist() for b in (1.0, 2.0, 1.0)] == [[-1, 0.5, 1], [-2, 0.5, 2], [-1, 0.5, 1]]
    assert [tl.lerp(x, x * 0, w).tolist() for w in (0.0, 0.5)] == [[-2, 0.5, 3], [-1, 0.25, 1.5]]


def test_a_number_of_another_kind_is_another_call():
    chosen, x = tl.tensor([True, False]), tl.tensor([1, 2])
    for _ in range(2):
        assert tl.where(chosen, x, 5).dtype is tl.int64
        assert tl.where(chosen, x, 5.0).dtype is tl.float32
        assert tl.full((1,), 1).dtype is tl.int64
        assert tl.full((1,), 1.0).dtype is tl.float32
        assert tl.full((1,), True).dtype is tl.bool


def test_what_integers_cannot_hold_is_refused_each_time():
    x = tl.tensor([1, 2], tl.int8)
    for _ in range(2):
        assert x.clamp(0, 1).tolist() == [1, 1]
        with pytest.raises(RangeError):
            x.clamp(0, 300)
        with pytest.raises(RangeError):
            x**-1


def test_sizes_may_be_a_list():
    for _ in range(2):
        assert create.zeros_op.call(([2, 3], None)).shape == (2, 3)
        assert create.zeros_op.call(((2, 3), None)).shape == (2, 3)


def test_another_default_dtype_is_heard_of():
    assert tl.zeros(2).dtype is tl.float32
    tl.set_default_dtype(tl.float64)
    try:
        assert tl.zeros(2).dtype is tl.float64
        assert (tl.tensor([1]) / 2).dtype is tl.float64
    finally:
        tl.set_default_dtype(tl.float32)
    assert tl.zeros(2).dtype is tl.float32


def test_a_write_looks_at_its_operands_each_time():
    x = tl.arange(4.0).view(2, 2)
    x.add_(tl.ones(2, 2), alpha=2)
    assert x.tolist() == [[2, 3], [4, 5]]
    x.add_(x.t(), alpha=2)
    assert x.tolist() == [[6, 11], [10, 15]]


@pytest.mark.parametrize(
    "write",
    [
        lambda x: x.add_(x.detach().clone(), alpha=2),
        lambda x: x.copy_(tl.ones(2)),
        lambda x: x.fill_(1),
        lambda x: x.masked_fill_(tl.tensor([True, False]), 1),
        lambda x: x.index_add_(0, tl.tensor([0]), tl.ones(1)),
    ],
)
def test_read_only_memory_is_refused_where_the_call_was_met_before(write):
    write(tl.zeros(2))
    frozen = np.zeros(2, np.float32)
    frozen.flags.writeable = False
    with pytest.raises(AliasError):
        write(tl.from_numpy(frozen))
    assert frozen.tolist() == [0, 0]


def test_a_write_raises_the_version_each_time():
    x = tl.zeros(3)
    for _ in range(3):
        x.add_(1, alpha=2)
        x.copy_(tl.ones(3))
        x.fill_(2)
        x.masked_fill_(x > 1, 0)
    assert x._version == 12

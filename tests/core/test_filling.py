"""One value over a run of elements, and counting up."""

import math

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.core import filling

DTYPES = (tl.bool, tl.uint8, tl.int8, tl.int16, tl.int32, tl.int64, tl.float16, tl.bfloat16, tl.float32, tl.float64)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("value", [0, 1, 3])
def test_every_dtype_holds_small_numbers(dtype, value):
    held = min(value, 1) if dtype is tl.bool else value
    assert tl.full((5,), value, dtype=dtype).tolist() == [held] * 5
    assert filling.number(value, dtype).item() == held


@pytest.mark.parametrize("dtype", [tl.float16, tl.bfloat16, tl.float32, tl.float64], ids=str)
def test_floats_that_are_odd(dtype):
    assert math.isnan(filling.number(math.nan, dtype).item())
    assert filling.number(-math.inf, dtype).item() == -math.inf
    assert math.copysign(1, filling.number(-0.0, dtype).item()) == -1
    assert math.copysign(1, filling.number(0.0, dtype).item()) == 1


def test_a_float_beyond_the_dtype_is_infinite():
    assert filling.number(1e300, tl.float32).item() == math.inf
    assert filling.number(-1e6, tl.float16).item() == -math.inf


def test_a_half_is_rounded_once():
    # Halfway between two halves but for a bit that float32 has not.
    value = 1 + 2.0**-11 + 2.0**-40
    assert filling.number(value, tl.float16).item() == float(np.float16(value)) == 1 + 2.0**-10


def test_no_elements():
    assert tl.zeros(0).tolist() == []
    assert tl.arange(0).tolist() == []


@pytest.mark.parametrize(("start", "end", "step"), [(0, 5, 1), (5, 0, -2), (0.0, 1.0, 0.1), (2, 3.5, 0.25), (-3, 3, 2)])
def test_counting_as_numpy_counts(start, end, step):
    np.testing.assert_array_equal(tl.arange(start, end, step, dtype=tl.float64).numpy(), np.arange(start, end, step))


def test_counting_whole_numbers_of_64_bits():
    assert tl.arange(2**62, 2**62 + 3).tolist() == [2**62, 2**62 + 1, 2**62 + 2]
    assert tl.arange(0.5, 3, dtype=tl.int64).tolist() == [0, 1, 2]

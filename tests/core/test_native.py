"""The entry of a loop: what it takes apart, and what it says of what it cannot take."""

import numpy as np
import pytest

from tensorlab.core import native
from tensorlab.core.compile import compile_loop

SOURCE = '''"""One number each of two kinds, stored."""

from tensorlab.core.intrinsics import float64_at, int64_at


def loop(out_at, whole, number):
    out = int64_at(out_at)
    out[0] = whole
    more = float64_at(out_at + 8)
    more[0] = number
'''


@pytest.fixture(scope="module")
def entry():
    return compile_loop(SOURCE, "void(int64, int64, float64)", label="stored").entry


def stored(entry, whole, number):
    out = np.zeros(2, np.int64)
    assert entry(out.ctypes.data, whole, number) == 0
    return int(out[0]), float(out[1:].view(np.float64)[0])


@pytest.mark.parametrize("whole", [0, 1, -1, 2**63 - 1, -(2**63), True, np.int64(7)])
@pytest.mark.parametrize("number", [0.0, -1.0, 2.5, float("inf"), 3, np.float32(0.5)])
def test_numbers_arrive(entry, whole, number):
    assert stored(entry, whole, number) == (int(whole), float(number))


def test_nan_arrives(entry):
    assert np.isnan(stored(entry, 1, float("nan"))[1])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((2**63, 1.0), OverflowError, "int too big to convert"),
        ((1, 10**400), OverflowError, "int too large to convert to float"),
        ((1.5, 1.0), TypeError, "'float' object cannot be interpreted as an integer"),
        ((1, "a"), TypeError, "must be real number, not str"),
        ((1,), RuntimeError, "the loop failed."),
        ((1, 2.0, 3), RuntimeError, "the loop failed."),
    ],
)
def test_what_cannot_be_taken_is_an_error(entry, arguments, error, message):
    out = np.zeros(2, np.int64)
    with pytest.raises(error) as caught:
        entry(out.ctypes.data, *arguments)
    assert str(caught.value) == message
    assert out.tolist() == [0, 0]


def test_the_entry_lets_other_threads_run():
    text = native.entry_text("loop", "entry", ["int64", "float64"])
    saved, called, restored = (text.index(t) for t in ("PyEval_SaveThread", "@loop(", "PyEval_RestoreThread"))
    assert saved < called < restored


def test_the_host_is_named():
    assert native.host().startswith(("x86_64", "aarch64"))

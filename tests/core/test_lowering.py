"""What the door asks of Numba: the constants that a text spells out, and LLVM's text alone."""

import numpy as np
import pytest

from tensorlab.core.compile import compile_loop

TEXT = '''"""One number, written down."""

import numpy as np

from tensorlab.core.intrinsics import float64_at


def loop(n, out_at):
    out = float64_at(out_at)
    for i in range(n):
        out[i] = {number}
'''


def written(number):
    out = np.full(3, 7.0)
    loop = compile_loop(TEXT.format(number=number), "void(int64, int64)", label="number")
    loop.entry(3, out.ctypes.data)
    assert (out == out[0]).all()
    return out[0], loop


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("np.float32(0.1)", float(np.float32(0.1))),
        ("np.float32(-0.1)", -float(np.float32(0.1))),
        ("np.float64(0.1)", 0.1),
        ("np.float32(1e39)", np.inf),
        ("np.float32(16777217)", 16777216.0),
        ("np.int32(-5) // np.int32(2)", -3.0),
        ("np.uint8(200) + np.uint8(100)", 300.0),  # Numba adds small integers as large ones
        ("np.float64(np.float32(0.1))", float(np.float32(0.1))),
        ("np.float32(i + 0.1) - np.float32(i)", None),
    ],
)
def test_a_number_is_of_the_type_that_the_text_gives_it(number, value):
    if value is None:  # not a constant: converted in the loop
        assert "fptrunc" in compile_loop(TEXT.format(number=number), "void(int64, int64)", label="number").llvm()
        return
    assert written(number)[0] == value


def test_the_sign_of_zero_is_kept():
    assert np.signbit(written("np.float32(-0.0)")[0])
    assert not np.signbit(written("np.float32(0.0)")[0])


def test_lines_of_the_text_stay_where_they_are():
    _, loop = written("np.float32(2.5)")
    lines = loop.typed().splitlines()
    assert any("# --- LINE 11 ---" in line for line in lines)
    assert any("out[i] = np.float32(2.5)" in line for line in lines)

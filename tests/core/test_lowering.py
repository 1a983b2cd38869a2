"""What the door asks of Numba: the constants that a text spells out, and LLVM's text alone."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tensorlab.core.compile import compile_loop
from tensorlab.jit.hot_block import hot_block

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


BESIDE = '''
import sys
import numba
import tensorlab as tl
from tensorlab.core.compile import compile_loop

x = tl.ones(3)
assert (x + x).tolist() == [2.0, 2.0, 2.0]
print("numba.np.linalg" in sys.modules)  # what takes longest to load

@numba.njit
def user(n):
    return len([n, n]) + sum((n, n))

print(user(3))
loop = compile_loop("""
from tensorlab.core.intrinsics import int64_at


def loop(n, out_at):
    out = int64_at(out_at)
    out[0] = sum((1, 2, n))
""", "void(int64, int64)", label="summed")
out = tl.zeros(1, dtype=tl.int64)
loop.entry(12, out.data_ptr())
print(out.item())
'''


def test_numba_loads_what_loops_need_and_the_rest_for_those_who_use_it_beside_us(tmp_path):
    environment = {**os.environ, "TENSORLAB_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-W", "error", "-c", BESIDE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == (["False", "8", "15"], "")


MANY = '''"""Products, some side by side."""

from tensorlab.core.intrinsics import float32_at


def loop(n, out_at, a_at):
    out = float32_at(out_at)
    a = float32_at(a_at)
    for i in range(n):{comment}
        out[i] = a[i] * a[i]
'''


@pytest.mark.parametrize("count", [2, 8])
def test_a_comment_beside_a_loop_says_how_many_vectors_go_at_once(count):
    text = MANY.format(comment=f"  # {count} vectors a turn")
    loop = compile_loop(text, "void(int64, int64, int64)", label="many")
    hot = hot_block(loop.llvm(), "llvm")
    assert hot.lanes > 1
    assert sum(" store <" in line for line in hot.lines) == count
    a, out = np.arange(1003, dtype=np.float32), np.empty(1003, np.float32)
    loop.entry(1003, out.ctypes.data, a.ctypes.data)
    np.testing.assert_array_equal(out, a * a)


def test_registers_lie_within_a_line_of_memory_on_the_stack():
    """Forty sums are more than there are registers: some are put on the stack and taken back."""
    turns = "\n".join(f"        s{k} = s{k} * a[i + {k}] + a[i]" for k in range(40))
    starts = "\n".join(f"    s{k} = a[{k}]" for k in range(40))
    ends = "\n".join(f"    out[{k}] = s{k}" for k in range(40))
    head, _, _ = MANY.format(comment="").partition("    for i")
    loop = compile_loop(
        f"{head}{starts}\n    for i in range(n):\n{turns}\n{ends}\n", "void(int64, int64, int64)", label="sums"
    )
    asm = loop.asm()
    assert "andq\t$-32, %rsp" in asm


def test_a_choice_between_what_is_there_is_no_jump():
    """A bound from below is a maximum, and what is no number is left as it is."""
    text = MANY.format(comment="").partition("        out")[0].replace("for i", "b = a[0]\n    for i")
    text += "        x = a[i]\n        low = b if x < b else x\n        out[i] = low * low\n"
    loop = compile_loop(text, "void(int64, int64, int64)", label="bounded")
    assert " select " in loop.llvm() and "phi float" not in loop.llvm()
    a, out = np.array([0.5, -1.0, np.nan, 3.0], np.float32), np.empty(4, np.float32)
    loop.entry(4, out.ctypes.data, a.ctypes.data)
    np.testing.assert_array_equal(out, np.array([0.25, 0.25, np.nan, 9.0], np.float32))

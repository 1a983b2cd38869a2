"""Loops written without Numba: the machine code is Numba's, byte by byte, and what is left to Numba is so."""

import json
import re
import subprocess
import sys

import pytest

from tensorlab.core import native
from tensorlab.core.compile import compile_loop
from tensorlab.core.loop_code import LoopCode
from tensorlab.core.loop_text import folded, only_function
from tensorlab.core.loop_values import UnknownError
from tensorlab.core.loop_writing import write
from tensorlab.core.lowering import lower
from tensorlab.core.object_code import code_difference

HEAD = """import math

import numpy as np

from tensorlab.core.intrinsics import bool_at, float32_at, free_sum, int32_at, int64_at, maximum, minimum, uint8_at


def loop(n, out_at, in_at, p0):
    out = float32_at(out_at)
    a = float32_at(in_at)
"""
SIGNATURE = "void(int64, int64, int64, float64)"
TEXTS = {
    "branches": """
    last = np.float32(-np.inf)
    for i in range(0, n, 3):
        x = a[i]
        if x != x or x > np.float32(2):
            out[i + 1] = x
        elif x < np.float32(-3):
            out[i] = last
            break
        else:
            last = maximum(last, x)
        out[i] = np.float32(1) if x > last else np.float32(-1) if x < np.float32(0) else np.float32(p0)
""",
    "whole numbers": """
    b = int32_at(in_at)
    m = uint8_at(out_at)
    few = m[0]
    for i in range(min(n, 512), 0, -1):
        y = np.int32(b[i] >> 2) if b[i] < np.int32(5) else minimum(b[i], b[i + 1])
        few = np.uint8((few & m[i]) | np.uint8(y != 0))
        b[i] = np.int32(abs(y) * 3 - i)
    m[1] = few
""",
    "sums and bits": """
    f = np.float32
    total = np.float64(0)
    for start in range(0, n, 64):
        part = np.float32(0)
        for i in range(start, min(start + 64, n)):  # 2 vectors a turn
            part = free_sum(part, a[i] * f(1 / 3))
        total += np.float64(part)
    bits = np.float32(total / np.float64(n)).view(np.int32)
    out[0] = np.int32(bits ^ 1 << 31).view(np.float32) + math.sqrt(math.copysign(a[0], a[1]))
    if n == 0:
        return
    out[1] = np.floor(-a[2])
""",
}


def difference(source: str, signature: str, path: str) -> str:
    """What differs in the machine code that is made with Numba and without."""
    written = write(source, signature)
    assert written is not None
    arguments = re.findall("int64|float64", signature)
    both = (written, lower(source, path, signature, "compared"))
    return code_difference(*(native.emit_object(m.llvm(), m.function, "entry", arguments) for m in both))


@pytest.mark.parametrize("name", TEXTS)
def test_the_machine_code_of_a_text_is_numbas(name, tmp_path):
    source = HEAD + TEXTS[name].lstrip("\n")
    path = tmp_path / "loop.py"  # comments are read in the file
    path.write_text(source)
    assert difference(source, SIGNATURE, str(path)) == ""


OPERATIONS = """
import json
import tensorlab as tl
from tensorlab.core.compile import compiled_log

x, mask = tl.randn(6, 6), tl.tensor([True, False])[:, None, None]
tl.where(mask, x.t().sigmoid(), 2.5)
x.sum(1)
tl.jit.trace(lambda x: (x @ x - x.amax(1, True)).exp(), (x,), check_trace=False)(x)
print(json.dumps([[loop.name, loop.source, loop.signature, loop.path] for loop in compiled_log]))
"""


def test_the_machine_code_of_what_operations_use_is_numbas():
    """Loops over runs, by strides and along rows; of floats, integers and bools; that call the library for products.

    In a process of its own, which has made no loop before.
    """
    done = subprocess.run([sys.executable, "-c", OPERATIONS], capture_output=True, text=True, check=True)
    wanted = ("where", "sigmoid", "sum_rows", "gemm", "rows_")
    loops = {name: loop for name, *loop in json.loads(done.stdout) if name.startswith(wanted)}
    assert len(loops) >= len(wanted) - 1
    found = {name: difference(*loop) for name, loop in loops.items()}
    assert found == dict.fromkeys(loops, "")


def test_the_shown_text_makes_what_runs():
    loop = compile_loop(HEAD + TEXTS["branches"].lstrip("\n"), SIGNATURE, label="branches")
    assert "define" in loop.llvm()
    assert loop.llvm() is loop.llvm()
    assert ":: float32" in loop.typed()  # Numba's own, made for the reader
    (name,) = re.findall(r"define .*@(\S*loop\S*)\(", loop.llvm())
    assert "tensorlab_loops" in name  # Numba's text, since the machine code is the same


UNKNOWN = {
    "a loop on a condition": ("    while n > 3:\n        n = n - 1\n", "While"),
    "the next turn before the end of one": ("    for i in range(n):\n        continue\n", "Continue"),
    "a power": ("    out[0] = a[0] ** 2\n", "Pow of float32 and int64"),
    "two kinds under one name": ("    x = n\n    x = a[0]\n", "x as int64 and as float32"),
    "a condition of conditions": ("    if n or (n and n):\n        pass\n", "a condition of conditions"),
    "either of two kinds": ("    x = n if n > 1 else a[0]\n", "int64 or float32"),
    "unsigned beside signed": ("    u = np.uint64(n)\n    x = u + n\n", "uint64 and int64"),
    "an index that is a float": ("    x = a[p0]\n", "float64 as a whole number"),
    "a step of the call": (
        "    for i in range(0, 9, n):\n        pass\n",
        "a step that is not written out",
    ),
    "what is never reached": ("    return\n    out[0] = a[0]\n", "what is never reached"),
    "a name that is not there": ("    out[0] = other\n", "other"),
    "a function of Python's": ("    out[0] = math.log(a[0])\n", "math.log"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_only_numba_knows_is_left_to_it(name):
    body, reason = UNKNOWN[name]
    with pytest.raises(UnknownError) as caught:
        LoopCode(HEAD + body, SIGNATURE, "loop").text()
    assert str(caught.value) == reason
    assert write(HEAD + body, SIGNATURE) is None


def test_a_second_function_is_left_to_numba():
    assert write(HEAD + "    out[0] = half(a[0])\n\n\ndef half(x):\n    return x\n", SIGNATURE) is None


@pytest.mark.parametrize(
    ("text", "value"), [("-1 / 4", -0.25), ("2 * 3 + 1", 7), ("1 / 0", None), ("x + 1", None), ("2", None)]
)
def test_numbers_that_python_folds(text, value):
    (statement,) = only_function(f"def loop():\n    return {text}\n").body
    assert folded(statement.value) == value

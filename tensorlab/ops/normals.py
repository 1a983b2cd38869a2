"""Normal numbers in float32: NumPy's bits, made normal by a loop of our own.

Source: Box, Muller, "A note on the generation of random normal deviates", 1958.
"""

from __future__ import annotations

import math
from functools import lru_cache
from string import Template
from textwrap import indent
from typing import Any

import numpy as np

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.inline import Inliner
from tensorlab.core.interop import borrowed
from tensorlab.core.tensor import Tensor

_PIECE = 1 << 17  # numbers at a time, so that their bits stay in the cache


def fill_normal(draws: np.random.Generator, target: Tensor) -> None:
    """Fill a row-major float32 tensor with normal numbers of mean 0 and variance 1.

    Cost: 64 bits for each two numbers, a logarithm, a root, a sine and a cosine, side by side in the processor's lanes.
    """
    entry = _loop().entry
    n, address = target.numel(), target.address
    for start in range(0, n - 1, _PIECE):
        half = min(_PIECE, n - start) // 2
        bits = draws.bit_generator.random_raw(half)
        first = address + 4 * start
        entry(half, first, first + 4 * half, bits.ctypes.data)
    if n % 2:
        borrowed(target).reshape(-1)[-1] = draws.standard_normal(dtype=np.float32)


def radius(u: Any) -> Any:
    return math.sqrt(-2.0 * math.log(u))


@lru_cache(maxsize=1)
def _loop() -> Loop:
    inliner = Inliner()
    found = inliner.call(radius, ["u"], "float32")
    statements = indent("\n".join(inliner.statements), " " * 8).lstrip()
    names = ", ".join(sorted({"float32_at", "int32_at"} | inliner.primitives))
    source = _TEXT.substitute(statements=statements, radius=found, names=names)
    return compile_loop(source, "void(int64, int64, int64, int64)", label="normal")


_TEXT = Template('''"""Pairs of uniform numbers made normal: a point at a random angle and a random distance."""

import math

import numpy as np

from tensorlab.core.intrinsics import ${names}


def loop(n, one_at, other_at, bits_at):
    one = float32_at(one_at)
    other = float32_at(other_at)
    bits = int32_at(bits_at)
    f = np.float32
    for i in range(n):
        # 24 bits, so that the distance is finite: (0, 1].
        u = f(((bits[2 * i] >> 8) & 0xFFFFFF) + 1) * f(5.9604644775390625e-08)
        ${statements}
        r = f(${radius})
        # The angle in turns, folded to a quarter turn on either side of a whole or a half one.
        turns = f(bits[2 * i + 1]) * f(2.3283064365386963e-10)
        fold = np.floor(f(2) * turns + f(0.5))
        sign = f(1) - f(2) * abs(fold)
        x = (turns - f(0.5) * fold) * f(6.283185307179586)
        y = x * x
        sine = f(-1 / 39916800) + y * f(1 / 6227020800)
        sine = f(-1 / 5040) + y * (f(1 / 362880) + y * sine)
        sine = x + x * y * (f(-1 / 6) + y * (f(1 / 120) + y * sine))
        cosine = f(-1 / 3628800) + y * f(1 / 479001600)
        cosine = f(-1 / 720) + y * (f(1 / 40320) + y * cosine)
        cosine = f(1) + y * (f(-0.5) + y * (f(1 / 24) + y * cosine))
        one[i] = sign * r * cosine
        other[i] = sign * r * sine
''')

"""Primitives: their native forms give what their Python says."""

import numpy as np
import pytest

from tensorlab.core import primitives
from tensorlab.core.compile import compile_loop

SOURCE = '''"""{name} of two runs."""

from tensorlab.core.intrinsics import {type}_at, {name}


def loop(n, out_at, a_at, b_at):
    out = {type}_at(out_at)
    a = {type}_at(a_at)
    b = {type}_at(b_at)
    for i in range(n):
        out[i] = {name}(a[i], b[i])
'''
NUMBERS = [0.0, -0.0, 1.0, -1.0, 2.5, np.inf, -np.inf, np.nan, 1e30, -7.0]
WHOLE = [0, 1, -1, 2, -2, 3, 7, 40, -40, 63]


def native(name, dtype, a, b):
    loop = compile_loop(SOURCE.format(name=name, type=dtype), "void(int64, int64, int64, int64)", label=name)
    out = np.zeros_like(a)
    loop.entry(len(a), out.ctypes.data, a.ctypes.data, b.ctypes.data)
    return out


def every_pair(values, dtype):
    a, b = np.meshgrid(np.array(values).astype(dtype), np.array(values).astype(dtype))
    return a.ravel().copy(), b.ravel().copy()


@pytest.mark.parametrize("name", ["maximum", "minimum", "free_sum"])
@pytest.mark.parametrize("dtype", ["float32", "int64", "uint8"])
def test_pairs(name, dtype):
    values = NUMBERS if dtype == "float32" else np.array(WHOLE).astype(dtype)
    a, b = every_pair(values, dtype)
    python = getattr(primitives, name)
    with np.errstate(all="ignore"):
        expected = np.array([python(x, y) for x, y in zip(a, b, strict=True)], dtype)
    np.testing.assert_array_equal(native(name, dtype, a, b), expected)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float64"])
def test_powers(dtype):
    a, b = every_pair([2.0, 0.5, 3.0, 1.0] if dtype == "float64" else np.array(WHOLE).astype(dtype), dtype)
    expected = [primitives.power(x.item(), y.item()) for x, y in zip(a, b, strict=True)]
    if dtype != "float64":
        bits = 8 * a.itemsize
        wrapped = [e % 2**bits for e in expected]
        expected = [w - 2**bits if dtype == "int64" and w >= 2 ** (bits - 1) else w for w in wrapped]
    np.testing.assert_array_equal(native("power", dtype, a, b), np.array(expected, dtype))

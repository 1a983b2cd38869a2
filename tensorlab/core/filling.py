"""One value over a run of elements, without NumPy: what zeros, ones, fill_ and numbers as tensors are made by."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from tensorlab.core.compile import compile_loop
from tensorlab.core.dtype import Category, DType
from tensorlab.core.index_loops import WORDS
from tensorlab.core.layout import layout
from tensorlab.core.native import Entry
from tensorlab.core.tensor import Tensor, fresh

_TEXT = '''"""One value over n elements that lie side by side, $type."""

import numpy as np

from tensorlab.core.intrinsics import $type_at


def loop(n, out_at, value):
    out = $type_at(out_at)
    v = np.$type(value)
    for i in range(n):
        out[i] = v
'''

_COUNT = '''"""n numbers from start on, step apart, $type."""

import numpy as np

from tensorlab.core.intrinsics import $type_at


def loop(n, out_at, start, step):
    out = $type_at(out_at)
    for i in range(n):
        out[i] = np.$type(start + i * step)
'''

_entries: dict[DType, Entry] = {}
_counts: dict[DType, Entry] = {}


def fill(dtype: DType, address: int, count: int, value: float) -> None:
    """Write ``count`` elements of one value, which the dtype holds; a float too large is infinite."""
    entry = _entries.get(dtype)
    if entry is None:
        entry = _entries[dtype] = _entry(dtype)
    if not dtype.is_floating_point:
        value = int(value) if dtype.category is Category.INT else 1 if value else 0
    elif dtype.is_half:
        value = bits_of(dtype, value)
    entry(count, address, value)


def count(dtype: DType, address: int, n: int, start: float, step: float) -> None:
    """Write ``n`` numbers from ``start`` on; of float32, float64 or, for integers, int64."""
    entry = _counts.get(dtype)
    if entry is None:
        kind = "float64" if dtype.is_floating_point else "int64"
        signature = f"void(int64, int64, {kind}, {kind})"
        loop = compile_loop(_COUNT.replace("$type", dtype.name), signature, label=f"count_{dtype.name}")
        entry = _counts[dtype] = loop.entry
    entry(n, address, start, step)


def number(value: float, dtype: DType) -> Tensor:
    """A new tensor without dimensions, of a value that the dtype holds."""
    form = layout(dtype, ())
    result = fresh(form)
    fill(dtype, result.address, 1, value)
    return result


def _entry(dtype: DType) -> Entry:
    real = dtype.is_floating_point and not dtype.is_half
    name = dtype.name if real else WORDS[dtype.itemsize]
    signature = f"void(int64, int64, {'float64' if real else 'int64'})"
    return compile_loop(_TEXT.replace("$type", name), signature, label=f"fill_{name}").entry


def bits_of(dtype: DType, value: float) -> int:
    """A number as the bits of a float of 16 bits, as a signed integer."""
    return _bits(dtype, value, str(value))


@lru_cache(maxsize=256)
def _bits(dtype: DType, value: float, text: str) -> int:
    """A number as the bits of a half, rounded once."""
    with np.errstate(over="ignore"):
        rounded: Any = np.asarray(value, np.float64).astype(dtype.numpy)
    return int(rounded.view(np.int16))

"""Source text of the loops that move or fold elements to and from places that an index names.

Pure movement is compiled once for each size of an element, as words: bools, integers and halves come with it. What
folds (adds, multiplies, keeps the larger) is compiled for each dtype. Sizes, strides and tables of offsets come through
``meta`` (see `index_walk`), so that one text serves every layout.

``rows``: each index names a place, at which a block of elements lies. ``cells``: each element has an index of its own,
along one dimension. ``get`` reads at the indices, ``put`` writes there. The first ``count`` indices are looked at
before anything is written: one outside [low, size) makes the loop fail.
"""

from __future__ import annotations

from functools import lru_cache
from string import Template

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dtype import Category, DType

_FOUR = "void(int64, int64, int64, int64)"
WORDS = {1: "uint8", 2: "int16", 4: "int32", 8: "int64"}

# What happens to the element written to (``old``) for the one that comes in (``new``); a bool is a byte, 0 or 1.
FOLDS = {
    "set": "new",
    "add": "old + new",
    "multiply": "old * new",
    "amax": "maximum(old, new)",
    "amin": "minimum(old, new)",
}
_OF_BOOLS = {"add": "amax", "multiply": "amin"}


@lru_cache(maxsize=256)
def moving_loop(walk: str, fold: str, dtype: DType) -> Loop:
    """The loop ``(meta, out_at, in_at, index_at)`` of a walk: ``rows_get``, ``rows_put``, ``cells_get``, ``cells_put``.

    Raises: `CompileError` for a fold of halves, which are folded as float32.
    """
    name = WORDS[dtype.itemsize] if fold == "set" else dtype.name
    if dtype.category is Category.BOOL:
        name, fold = "uint8", _OF_BOOLS.get(fold, fold)
    head = (
        f'"""{walk}: {fold}, {name}."""\n\nimport numpy as np\n\n'
        f"from tensorlab.core.intrinsics import {', '.join(sorted({'int64_at', f'{name}_at', *_called(fold)}))}\n\n\n"
    )
    body = _WALKS[walk].substitute(type=name, **_statements(fold, name))
    return compile_loop(head + body, _FOUR, label=f"{walk}_{fold}")


def _called(fold: str) -> set[str]:
    return {"amax": {"maximum"}, "amin": {"minimum"}}.get(fold, set())


def _statements(fold: str, name: str) -> dict[str, str]:
    """How an element is stored; the type is said, because Numba widens what it adds."""
    folded = FOLDS[fold].replace("old", "out[d]").replace("new", "a[s]")
    return {"store": f"out[d] = {folded}" if fold == "set" else f"out[d] = np.{name}({folded})"}


_HEAD = """def loop(meta, out_at, in_at, index_at):
    m = int64_at(meta)
    outer, runs, n, blocks, inner = m[0], m[1], m[2], m[3], m[4]
    out_run, out_n, out_inner = m[5], m[6], m[7]
    in_run, in_n, in_inner = m[8], m[9], m[10]
    step, low, size, count = m[11], m[16], m[17], m[18]
    out_outer, out_block = int64_at(m[12]), int64_at(m[13])
    in_outer, in_block = int64_at(m[14]), int64_at(m[15])
    out = ${type}_at(out_at)
    a = ${type}_at(in_at)
    at = int64_at(index_at)
    bad = 0
    for i in range(count):
        bad |= (at[i] < low) | (at[i] >= size)
    if bad != 0:
        raise IndexError
"""

_ROWS = (
    _HEAD
    + """    for o in range(outer):
        for r in range(runs):
            to = out_outer[o] + r * out_run
            first = in_outer[o] + r * in_run
            if blocks * inner == 1:
                to += out_block[0]
                first += in_block[0]
                for i in range(n):
                    place = (at[i] + size if at[i] < 0 else at[i]) * step
                    d = to + OUT
                    s = first + IN
                    ${store}
            else:
                for i in range(n):
                    place = (at[i] + size if at[i] < 0 else at[i]) * step
                    for b in range(blocks):
                        d0 = to + OUT + out_block[b]
                        s0 = first + IN + in_block[b]
                        if out_inner == 1 and in_inner == 1:
                            for j in range(inner):
                                d = d0 + j
                                s = s0 + j
                                ${store}
                        else:
                            for j in range(inner):
                                d = d0 + j * out_inner
                                s = s0 + j * in_inner
                                ${store}
"""
)

_CELLS = (
    _HEAD
    + """    p = 0
    for o in range(outer):
        for r in range(runs):
            to = out_outer[o] + r * out_run
            first = in_outer[o] + r * in_run
            if blocks * inner == 1:
                to += out_block[0]
                first += in_block[0]
                for i in range(n):
                    d = to + i * out_n + OUT
                    s = first + i * in_n + IN
                    p += 1
                    ${store}
            else:
                for i in range(n):
                    for b in range(blocks):
                        d0 = to + i * out_n + out_block[b]
                        s0 = first + i * in_n + in_block[b]
                        for j in range(inner):
                            d = d0 + j * out_inner + OUT
                            s = s0 + j * in_inner + IN
                            p += 1
                            ${store}
"""
)

_WALKS = {
    "rows_get": Template(_ROWS.replace("OUT", "i * out_n").replace("IN", "place")),
    "rows_put": Template(_ROWS.replace("OUT", "place").replace("IN", "i * in_n")),
    "cells_get": Template(_CELLS.replace(" + OUT", "").replace("IN", "at[p] * step")),
    "cells_put": Template(_CELLS.replace("OUT", "at[p] * step").replace(" + IN", "")),
}

_CHECK = '''"""The first of n indices that is outside [low, high): its position, or -1."""

from tensorlab.core.intrinsics import int64_at


def loop(n, index_at, low, high, found_at):
    at = int64_at(index_at)
    found = int64_at(found_at)
    found[0] = -1
    for start in range(0, n, 4096):
        stop = min(start + 4096, n)
        bad = 0
        for i in range(start, stop):
            bad |= (at[i] < low) | (at[i] >= high)
        if bad != 0:
            for i in range(start, stop):
                if at[i] < low or at[i] >= high:
                    found[0] = i
                    return
'''

_OFFSETS = '''"""Indices, from the end where below 0, as offsets in elements; added to what is there unless first.

An index outside [low, size) makes the loop fail; then nothing is written.
"""

from tensorlab.core.intrinsics import int64_at


def loop(n, out_at, index_at, low, size, step, first):
    out = int64_at(out_at)
    at = int64_at(index_at)
    bad = 0
    for i in range(n):
        bad |= (at[i] < low) | (at[i] >= size)
    if bad != 0:
        raise IndexError
    if first != 0:
        for i in range(n):
            v = at[i]
            out[i] = (v + size if v < 0 else v) * step
    else:
        for i in range(n):
            v = at[i]
            out[i] += (v + size if v < 0 else v) * step
'''

_COUNT = '''"""How many of n bytes are not 0."""

from tensorlab.core.intrinsics import int64_at, uint8_at


def loop(n, mask_at, found_at):
    mask = uint8_at(mask_at)
    total = 0
    for i in range(n):
        total += mask[i] != 0
    int64_at(found_at)[0] = total
'''

_POSITIONS = '''"""Positions of the bytes that are not 0; there is room for one more than there are."""

from tensorlab.core.intrinsics import int64_at, uint8_at


def loop(n, mask_at, out_at):
    mask = uint8_at(mask_at)
    out = int64_at(out_at)
    k = 0
    for i in range(n):
        out[k] = i
        k += mask[i] != 0
'''

_FIND = '''"""Positions of the bytes that are not 0, and behind room for n + 1 of them how many there are."""

from tensorlab.core.intrinsics import int64_at, uint8_at


def loop(n, mask_at, out_at):
    mask = uint8_at(mask_at)
    out = int64_at(out_at)
    k = 0
    for i in range(n):
        out[k] = i
        k += mask[i] != 0
    out[n + 1] = k
'''

_COORDINATES = '''"""Row-major positions as coordinates: coordinate d of position k goes to k * row + d * column."""

from tensorlab.core.intrinsics import int64_at


def loop(n, ndim, shape_at, in_at, out_at, row, column):
    shape = int64_at(shape_at)
    a = int64_at(in_at)
    out = int64_at(out_at)
    for k in range(n):
        left = a[k]
        for e in range(ndim):
            d = ndim - 1 - e
            size = shape[d]
            whole = left // size
            out[k * row + d * column] = left - whole * size
            left = whole
'''

_SINGLE = {
    "check": (_CHECK, 5),
    "offsets": (_OFFSETS, 7),
    "count": (_COUNT, 3),
    "positions": (_POSITIONS, 3),
    "find": (_FIND, 3),
    "coordinates": (_COORDINATES, 7),
}


@lru_cache(maxsize=8)
def index_loop(name: str) -> Loop:
    """One of the loops over indices and masks alone: check, offsets, count, positions, find, coordinates."""
    source, arguments = _SINGLE[name]
    return compile_loop(source, f"void({', '.join(['int64'] * arguments)})", label=f"index_{name}")

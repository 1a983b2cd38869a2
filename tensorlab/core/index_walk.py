"""How the loops of `index_loops` walk: sizes, strides and offsets of the dimensions before, at and after the indices.

Dimensions on each side are joined where both operands allow it; what is left beyond one dimension becomes a table of
offsets, so that a loop of fixed depth walks tensors of any rank and any strides.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tensorlab.core.compile import Loop
from tensorlab.core.index_loops import index_loop, moving_loop
from tensorlab.core.native import Entry
from tensorlab.core.shape import Shape, coalesce
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor

_META = 19  # numbers before the tables; see the head of the loops
COUNT_AT = 2  # which of them says how many indices there are


@dataclass(frozen=True, slots=True)
class Span:
    """Some neighbouring dimensions: sizes, and the strides of the operand written to and of the one read."""

    shape: Shape
    out: Shape
    source: Shape


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """A loop, and the numbers that it reads: ``numbers`` owns what ``head`` points to."""

    entry: Entry
    numbers: Any
    head: int
    places: Places
    loop: Loop

    def run(self, out: int, source: int, index: int) -> None:
        """Walk from three addresses: of what is written to, of what is read, of the indices.

        Raises: `RuntimeError` for an index out of range, of a walk that checks them; then nothing is written.
        """
        self.entry(self.head, out, source, index)

    def head_numbers(self) -> array[int]:
        """A copy of the numbers before the tables, for a run over another count of indices: see `COUNT_AT`."""
        return array("q", self.numbers[:_META].tobytes())


@dataclass(frozen=True, slots=True)
class Places:
    """What indices name: places ``step`` elements apart, counted from the end (of ``size``) where below 0.

    ``count`` of them are checked to lie in [low, size). As it stands, an index is an offset in elements.
    """

    step: int = 1
    low: int = 0
    size: int = 0
    count: int = 0


OFFSETS = Places()


def walk(kind: str, fold: str, dtype: Any, before: Span, at: Span, after: Span, *, places: Places = OFFSETS) -> Walk:
    """The walk over dimensions before the indices, at the indices (one dimension), and after them."""
    outer, inner = _joined(before), _joined(after)
    ((n,), (out_n,), (in_n,)) = at.shape, at.out, at.source
    tables = [outer.out, inner.out, outer.source, inner.source]
    sizes = [len(outer.out), outer.n, n, len(inner.out), inner.n]
    numbers = np.empty(_META + sum(map(len, tables)), np.int64)
    numbers[:11] = [*sizes, outer.out_step, out_n, inner.out_step, outer.source_step, in_n, inner.source_step]
    numbers[11] = places.step
    numbers[16:19] = [places.low, places.size, places.count]
    start = _META
    for k, table in enumerate(tables):
        numbers[start : start + len(table)] = table
        numbers[12 + k] = numbers.ctypes.data + start * 8
        start += len(table)
    loop = moving_loop(kind, fold, dtype)
    return Walk(loop.entry, numbers, numbers.ctypes.data, places, loop)


@dataclass(frozen=True, slots=True, eq=False)
class _Joined:
    """Dimensions as tables of offsets, and the innermost as its size and strides."""

    out: Any
    source: Any
    n: int = 1
    out_step: int = 0
    source_step: int = 0


def _joined(span: Span) -> _Joined:
    shape, (out, source) = coalesce(span.shape, [span.out, span.source])
    if not shape:
        return _Joined(_table((), ()), _table((), ()))
    rest = shape[:-1]
    return _Joined(_table(rest, out[:-1]), _table(rest, source[:-1]), shape[-1], out[-1], source[-1])


def _table(shape: Sequence[int], strides: Sequence[int]) -> Any:
    """Offsets of all positions, row-major."""
    offsets = np.zeros(1, np.int64)
    for n, s in zip(shape, strides, strict=True):
        offsets = (offsets[:, None] + np.arange(n, dtype=np.int64) * s).reshape(-1)
    return offsets


def first_outside(index: Tensor, low: int, high: int) -> int | None:
    """The first index of a row-major int64 tensor that is not in [low, high), or None."""
    found = ctypes.c_int64()
    place = ctypes.addressof(found)
    index_loop("check").entry(index.layout.numel, index.address, low, high, place)
    return None if found.value < 0 else ctypes.c_int64.from_address(index.address + 8 * found.value).value


def resolve(room: Storage, index: Tensor, low: int, size: int, step: int, *, first: bool) -> int | None:
    """Row-major int64 indices as offsets in elements, written to ``room`` or added to what is there.

    Gives the first index outside [low, size), or None.
    """
    try:
        index_loop("offsets").entry(index.layout.numel, room.address, index.address, low, size, step, int(first))
    except RuntimeError:
        outside = first_outside(index, low, size)
        if outside is None:
            raise
        return outside
    return None


def count_set(mask: Tensor) -> int:
    """How many elements of a row-major tensor of bytes are not 0."""
    found = ctypes.c_int64()
    index_loop("count").entry(mask.layout.numel, mask.address, ctypes.addressof(found))
    return found.value

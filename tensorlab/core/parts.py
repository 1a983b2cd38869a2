"""Walks in parts: a loop over many elements, cut along one dimension, each part with a beginning of its own.

A loop takes its sizes and steps, the address of each operand, and numbers. A part is the same call with a smaller size
and addresses further on, so that elements are computed as they are in the whole, to the last bit.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tensorlab.core.compile import Loop
from tensorlab.core.loops import UNIT, Walk
from tensorlab.core.native import Entry
from tensorlab.core.stages import TILES
from tensorlab.core.threads import get_num_threads, run_parts

WORTH_SECONDS = 120e-6  # what a walk must take on one thread: several times what waking another one costs
_PARTS = 4  # a thread: where one is held up, others do its share
_RUN = 512  # elements along the innermost dimension are cut in runs of so many: whole vectors, whole lines of memory
_BLOCK = 64  # and along another in as many, where it is long enough: loops over tiles go in such steps
_SECONDS_A_LINE = 0.025e-9  # an element and a line of the loop's text, as vectors of float32
_SECONDS_A_BYTE = 0.015e-9  # an element's bytes read and written


@dataclass(frozen=True, slots=True)
class Extent:
    """What a loop walks over: sizes, and of each operand (outputs first) its steps in elements and an element's bytes.

    ``flat`` is a loop that takes the one size itself, instead of an address where sizes and steps are. The ``whole``
    last dimensions are never cut: those of a loop over rows that folds each row.
    """

    sizes: tuple[int, ...]
    steps: tuple[tuple[int, ...], ...]
    itemsizes: tuple[int, ...]
    flat: bool
    whole: int = 0

    @staticmethod
    def of(walk: Walk, meta: Sequence[int], itemsizes: Sequence[int]) -> Extent:
        """The extent of a walk by what its loop takes: a count, or sizes and then the steps of each operand."""
        if len(meta) == 1:
            steps = tuple((int(inner == UNIT),) for inner in walk.inner)
            return Extent((meta[0],), steps, tuple(itemsizes), flat=True)
        ndim = walk.ndim
        rows = [tuple(meta[at : at + ndim]) for at in range(0, len(meta), ndim)]
        return Extent(rows[0], tuple(rows[1:]), tuple(itemsizes), flat=False)

    @property
    def elements(self) -> int:
        return math.prod(self.sizes)


@dataclass(frozen=True, slots=True)
class Part:
    """One part: what the loop takes first, and how many bytes further on each operand begins."""

    head: int
    offsets: tuple[int, ...]
    meta: array[int] | None  # what ``head`` is the address of


def seconds_of(extent: Extent, source: str) -> float:
    """What a loop is expected to take on one thread, by its text: how many lines stand in its innermost loop.

    Source: measured on an AMD EPYC of 2024, chains of 2 to 12 operations in float32.
    """
    text = source.partition(TILES)[2] or source.rpartition(" in range(")[2]
    lines = text.count("\n") - 1
    wide = max(extent.itemsizes) / 4
    moved = sum(size for size, steps in zip(extent.itemsizes, extent.steps, strict=True) if steps[-1])
    return extent.elements * (lines * wide * _SECONDS_A_LINE + moved * _SECONDS_A_BYTE)


def cut(extent: Extent, count: int) -> tuple[Part, ...]:
    """At most so many parts of about the same size, along the outermost dimension that is long enough for it."""
    last = len(extent.sizes) - 1
    runs = [-(-n // _RUN) if d == last else n for d, n in enumerate(extent.sizes[: last + 1 - extent.whole])]
    chosen = next((d for d, n in enumerate(runs) if n >= count), runs.index(max(runs)))
    size = extent.sizes[chosen]
    unit = _RUN if chosen == last else _BLOCK if size >= count * _BLOCK else 1
    units = -(-size // unit)
    parts: list[Part] = []
    begin = 0
    for k in range(count):
        end = min(size, units * (k + 1) // count * unit)
        if end > begin:
            parts.append(_part(extent, chosen, begin, end))
        begin = end
    return tuple(parts)


def _part(extent: Extent, dim: int, begin: int, end: int) -> Part:
    offsets = tuple(begin * steps[dim] * size for steps, size in zip(extent.steps, extent.itemsizes, strict=True))
    if extent.flat:
        return Part(end - begin, offsets, None)
    sizes = (*extent.sizes[:dim], end - begin, *extent.sizes[dim + 1 :])
    meta = array("q", [*sizes, *(step for steps in extent.steps for step in steps)])
    return Part(meta.buffer_info()[0], offsets, meta)


def entry_of(loop: Loop, walk: Walk, meta: Sequence[int], itemsizes: Sequence[int]) -> Entry:
    """What to call for one walk of a loop: the loop itself, or a function of the same arguments that divides it."""
    extent = Extent.of(walk, meta, itemsizes)
    return in_parts(loop.entry, extent) if seconds_of(extent, loop.source) >= WORTH_SECONDS else loop.entry


def in_parts(entry: Entry, extent: Extent) -> Entry:
    """The same loop on as many threads as there may be at the time of the call; takes what ``entry`` takes."""
    known: dict[int, tuple[Part, ...]] = {}
    operands = len(extent.steps)

    def divided(head: int, *arguments: Any) -> int:
        threads = get_num_threads()
        if threads == 1:
            return entry(head, *arguments)
        parts = known.get(threads)
        if parts is None:
            parts = known[threads] = cut(extent, threads * _PARTS)
        places, numbers = arguments[:operands], arguments[operands:]
        run_parts(entry, [(p.head, *_moved(places, p.offsets), *numbers) for p in parts])
        return 0

    return divided


def _moved(places: Sequence[int], offsets: Sequence[int]) -> list[int]:
    return [place + offset for place, offset in zip(places, offsets, strict=True)]

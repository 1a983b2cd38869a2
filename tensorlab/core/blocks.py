"""Blocks and segments behind storages, as far as their allocators tell."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import chain

from tensorlab.memory.allocator import Allocator, DataPtr, layers
from tensorlab.memory.segments import Segment, Segmented


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """The segment that a block was cut from.

    Units: ``nbytes`` of the segment; ``block_at``: where the block begins in it, in bytes; ``blocks``: how many the
    segment is cut into.
    """

    nbytes: int
    pool: str
    blocks: int
    block_at: int

    def to_dict(self) -> dict[str, object]:
        return {"nbytes": self.nbytes, "pool": self.pool, "blocks": self.blocks, "block_at": self.block_at}


class Segments:
    """Finds the segment of a block; an allocator is asked once for what it holds."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[int, tuple[Segment, ...]] = {}

    def of(self, pointer: DataPtr) -> SegmentRecord | None:
        """The segment that holds a block, or None where its allocator does not tell."""
        giver = getattr(pointer.deleter, "__self__", None)
        if not isinstance(giver, Allocator) or not pointer.nbytes:
            return None
        segments = self._of_giver(giver)
        found = bisect_right(segments, pointer.address, key=lambda segment: segment.address) - 1
        if found < 0 or pointer.address >= segments[found].address + segments[found].nbytes:
            return None
        segment = segments[found]
        return SegmentRecord(segment.nbytes, segment.pool, len(segment.blocks), pointer.address - segment.address)

    def _of_giver(self, giver: Allocator) -> tuple[Segment, ...]:
        if id(giver) not in self._held:
            told = (layer.segments() for layer in layers(giver) if isinstance(layer, Segmented))
            self._held[id(giver)] = tuple(sorted(chain.from_iterable(told), key=lambda segment: segment.address))
        return self._held[id(giver)]

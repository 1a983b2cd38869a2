"""Blocks as a cache sees them: of few sizes, in use or waiting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from tensorlab.memory.allocator import DataPtr
from tensorlab.memory.host import HUGE_PAGE
from tensorlab.memory.segments import Block, Segment

_STEP = 64
_FINE = 4096


def class_nbytes(nbytes: int) -> int:
    """Size of the block that serves a request: one of few sizes, so that freed blocks fit later requests.

    Up to 4 KiB the multiples of 64; above, eight sizes for each doubling. What is lost is less than 64 bytes or less
    than an eighth of the request, whichever is more.

    >>> [class_nbytes(n) for n in (0, 1, 64, 4096, 4097, 1_000_000, 2**30)]
    [0, 64, 64, 4096, 4608, 1048576, 1073741824]
    """
    step = _STEP if nbytes <= _FINE else 1 << (nbytes - 1).bit_length() - 4
    return (nbytes + step - 1) & -step


@dataclass(frozen=True, slots=True)
class BlockInfo:
    """One block as its caching allocator sees it."""

    allocator: str
    device: str
    address: int
    nbytes: int
    in_use: bool  # False: it waits in the cache
    idle_blocks: int  # blocks of this size that wait in the cache

    def to_dict(self) -> dict[str, Any]:
        """The record as plain values."""
        return asdict(self)


class HeldBlock(NamedTuple):
    """A block got from below: its record, its size there, and what was asked for to get it."""

    data: DataPtr
    nbytes: int
    asked: int

    @property
    def requested_nbytes(self) -> int:
        """What its owner has asked for; 0 while it waits in the cache, where it has no deleter."""
        return 0 if self.data.deleter is None else self.data.requested

    def block(self, address: int) -> Block:
        """The block as a record."""
        state = "inactive" if self.data.deleter is None else "active_allocated"
        return Block(address, self.nbytes, self.requested_nbytes, state)

    def segment(self, address: int) -> Segment:
        """The block as a segment of its own."""
        pool = "large" if self.nbytes >= HUGE_PAGE else "small"  # as the host sees it: on huge pages, or not
        return Segment(self.data.device, address, self.nbytes, 0, pool, (self.block(address),))


def held_segments(cut: Iterable[Segment], held: Mapping[int, HeldBlock]) -> Iterator[Segment]:
    """The segments of the layer below with their blocks as the cache sees them: in use, or waiting in it."""
    for segment in cut:
        blocks = (
            held[block.address].block(block.address)
            if block.state == "active_allocated" and block.address in held
            else block
            for block in segment.blocks
        )
        yield replace(segment, blocks=tuple(blocks))


def beside_use(segments: Iterable[Segment]) -> tuple[int, int]:
    """How many free blocks, and bytes of them, lie beside blocks in use."""
    blocks = nbytes = 0
    for segment in segments:
        if segment.active_nbytes:
            free = [block.nbytes for block in segment.blocks if block.state == "inactive"]
            blocks, nbytes = blocks + len(free), nbytes + sum(free)
    return blocks, nbytes

"""What an allocator holds, as records: segments got from below, cut into blocks.

The records are what `tensorlab.memory.snapshot` writes and what views draw; they keep nothing alive.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

BlockState = Literal["active_allocated", "active_awaiting_free", "inactive"]
"""In use; given back but still needed by another stream; free. The words are those of PyTorch's snapshots."""


class Frame(NamedTuple):
    """One line of the program that a block was asked for by."""

    filename: str
    line: int
    name: str  # the function


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a segment.

    Units: ``nbytes`` as given, rounded; ``requested_nbytes`` as asked for, 0 where the block is free.
    """

    address: int
    nbytes: int
    requested_nbytes: int
    state: BlockState
    frames: tuple[Frame, ...] = ()  # innermost first; empty where nobody recorded them

    def to_dict(self) -> dict[str, Any]:
        """The record as plain values."""
        return asdict(self) | {"frames": [frame._asdict() for frame in self.frames]}


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes that an allocator has got from below in one piece, and the blocks that they are cut into, by address."""

    device: str
    address: int
    nbytes: int
    stream: int  # the stream whose requests it serves; 0 on the CPU
    pool: Literal["small", "large"]
    blocks: tuple[Block, ...]

    @property
    def allocated_nbytes(self) -> int:
        """Bytes of blocks in use."""
        return sum(block.nbytes for block in self.blocks if block.state == "active_allocated")

    @property
    def active_nbytes(self) -> int:
        """Bytes of blocks that cannot be given out: in use, or awaiting an event."""
        return sum(block.nbytes for block in self.blocks if block.state != "inactive")

    @property
    def requested_nbytes(self) -> int:
        """Bytes asked for by those who hold blocks."""
        return sum(block.requested_nbytes for block in self.blocks)

    def to_dict(self) -> dict[str, Any]:
        """The record as plain values."""
        return {
            "device": self.device,
            "address": self.address,
            "nbytes": self.nbytes,
            "stream": self.stream,
            "pool": self.pool,
            "blocks": [block.to_dict() for block in self.blocks],
        }


@runtime_checkable
class Segmented(Protocol):
    """An allocator that can tell what it holds."""

    def segments(self) -> tuple[Segment, ...]:
        """Every segment held now, by address. Cost: a walk over all blocks."""
        ...

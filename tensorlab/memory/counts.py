"""What allocators have counted, as records: by our names, and by those of PyTorch's ``memory_stats``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class MemoryStats(Mapping[str, int]):
    """Counts of the blocks that an allocator has given, at one moment.

    The attributes are our names. As a mapping it has PyTorch's: ``stats["allocated_bytes.all.peak"]``. Of those there
    are the ones that somebody has counted: main memory has no pools apart, and the peak of what was requested is not
    worth what it would cost each allocation.

    Units: bytes of blocks, rounded as they were given; ``total_requested_bytes`` alone counts what was asked for, so
    ``total_bytes - total_requested_bytes`` is what rounding has cost.
    """

    allocated_bytes: int  # of live blocks
    peak_bytes: int  # the most that was live at once
    total_bytes: int  # of all blocks given so far
    total_requested_bytes: int
    live_blocks: int
    total_blocks: int
    peak_blocks: int
    freed_bytes: int
    freed_blocks: int
    failed_requests: int  # for which there was no memory
    below: Mapping[str, int] = field(default_factory=dict[str, int], repr=False, compare=False)  # of layers below

    def __getitem__(self, name: str) -> int:
        return self._by_name()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name())

    def __len__(self) -> int:
        return len(self._by_name())

    def to_dict(self) -> dict[str, int]:
        """The record as plain values."""
        plain = asdict(self)
        del plain["below"]
        return plain

    def _by_name(self) -> dict[str, int]:
        blocks = (self.live_blocks, self.peak_blocks, self.total_blocks, self.freed_blocks)
        nbytes = (self.allocated_bytes, self.peak_bytes, self.total_bytes, self.freed_bytes)
        # Without streams what is allocated is what is active; without splitting there are no pieces, and where there is
        # any the layer that does it tells of them.
        quantities = () if "inactive_split.all.current" in self.below else ("inactive_split", "inactive_split_bytes")
        none: dict[str, int] = {}
        for quantity in quantities:
            none |= named(quantity, 0, 0, 0, 0)
        return {
            **named("allocation", *blocks),
            **named("allocated_bytes", *nbytes),
            **named("active", *blocks),
            **named("active_bytes", *nbytes),
            **none,
            "requested_bytes.all.allocated": self.total_requested_bytes,
            "num_alloc_retries": 0,
            "num_ooms": self.failed_requests,
            **self.below,
        }


def named(quantity: str, current: int, peak: int, allocated: int, freed: int) -> dict[str, int]:
    """A quantity under PyTorch's four names.

    >>> named("segment", 2, 5, 9, 7)
    {'segment.all.current': 2, 'segment.all.peak': 5, 'segment.all.allocated': 9, 'segment.all.freed': 7}
    """
    counts = {"current": current, "peak": peak, "allocated": allocated, "freed": freed}
    return {f"{quantity}.all.{count}": value for count, value in counts.items()}


@dataclass(frozen=True, slots=True)
class CacheStats:
    """Counts of a `CachingAllocator` at one moment; segments are what it holds in one piece each, blocks for the most.

    Units: bytes of segments, in use and cached; ``requested_bytes`` what was asked for by those who hold blocks.
    ``beside_use`` tells how many free blocks lie in segments that have others in use, and their bytes: looked at now,
    and not counted; None where each block is a segment.
    """

    reserved_bytes: int
    peak_bytes: int
    total_bytes: int
    segments: int
    peak_segments: int
    total_segments: int
    freed_bytes: int
    freed_segments: int
    requested_bytes: int
    retries: int  # of requests that had the cache emptied
    beside_use: tuple[int, int] | None = None

    def to_dict(self) -> dict[str, int]:
        """PyTorch's flat names."""
        beside: dict[str, int] = {}
        if self.beside_use is not None:
            names = ("inactive_split.all.current", "inactive_split_bytes.all.current")
            beside = dict(zip(names, self.beside_use, strict=True))
        return {
            **named("segment", self.segments, self.peak_segments, self.total_segments, self.freed_segments),
            **named("reserved_bytes", self.reserved_bytes, self.peak_bytes, self.total_bytes, self.freed_bytes),
            "requested_bytes.all.current": self.requested_bytes,
            "num_alloc_retries": self.retries,
            "num_device_alloc": self.total_segments,
            "num_device_free": self.freed_segments,
            **beside,
        }

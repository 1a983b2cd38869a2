"""The allocator in use at one moment, as one record: counts, segments, lines, and what happened until then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tensorlab.errors import RangeError
from tensorlab.memory.allocator import layers
from tensorlab.memory.default import current
from tensorlab.memory.recording import recorded
from tensorlab.memory.segments import Block, Frame, Segment
from tensorlab.memory.snapshot import held_segments
from tensorlab.memory.timeline import Timeline, timeline
from tensorlab.memory.usage import stats


@dataclass(frozen=True, slots=True)
class MemoryReport:
    """What an allocator holds.

    The bytes held (``reserved_nbytes``) come apart into what was asked for, ``rounding_nbytes`` lost in blocks in use,
    ``pending_nbytes`` of blocks given back that another stream still needs, ``fragmented_nbytes`` free beside blocks in
    use, and ``cached_nbytes`` of segments that are free whole.

    Units: bytes. ``history`` is None where nobody records.
    """

    allocator: str
    layers: tuple[str, ...]
    peak_nbytes: int
    blocks: int
    total_blocks: int
    retries: int
    failures: int
    segments: tuple[Segment, ...]
    history: Timeline | None

    @property
    def reserved_nbytes(self) -> int:
        """Bytes held from the system."""
        return sum(segment.nbytes for segment in self.segments)

    @property
    def allocated_nbytes(self) -> int:
        """Bytes of blocks in use."""
        return sum(segment.allocated_nbytes for segment in self.segments)

    @property
    def requested_nbytes(self) -> int:
        """Bytes asked for by those who hold blocks."""
        return sum(segment.requested_nbytes for segment in self.segments)

    @property
    def rounding_nbytes(self) -> int:
        """Bytes of blocks in use that nobody has asked for."""
        return self.allocated_nbytes - self.requested_nbytes

    @property
    def pending_nbytes(self) -> int:
        """Bytes given back whose events have not passed."""
        return sum(segment.active_nbytes - segment.allocated_nbytes for segment in self.segments)

    @property
    def fragmented_nbytes(self) -> int:
        """Free bytes of segments that hold blocks in use too."""
        return sum(s.nbytes - s.active_nbytes for s in self.segments if s.active_nbytes)

    @property
    def cached_nbytes(self) -> int:
        """Bytes of segments without a block in use."""
        return sum(s.nbytes for s in self.segments if not s.active_nbytes)

    def live_blocks(self) -> list[Block]:
        """The blocks in use, the largest first."""
        found = [b for s in self.segments for b in s.blocks if b.state == "active_allocated"]
        return sorted(found, key=lambda block: (-block.nbytes, block.address))

    def by_line(self) -> dict[Frame | None, tuple[int, int]]:
        """Live bytes and blocks by the line that asked for them; None where it was not recorded."""
        totals: dict[Frame | None, tuple[int, int]] = {}
        for block in self.live_blocks():
            frame = block.frames[0] if block.frames else None
            nbytes, blocks = totals.get(frame, (0, 0))
            totals[frame] = (nbytes + block.nbytes, blocks + 1)
        return dict(sorted(totals.items(), key=lambda item: (-item[1][0], item[0] or ("", 0, ""))))

    def to_dict(self, *, addresses: bool = False, times: bool = False) -> dict[str, Any]:
        """The record as plain values; blocks without their addresses unless asked for."""
        segments = [segment.to_dict() for segment in self.segments]
        if not addresses:
            for segment in segments:
                for part in (segment, *segment["blocks"]):
                    del part["address"]
        return {
            "allocator": self.allocator,
            "reserved_nbytes": self.reserved_nbytes,
            "allocated_nbytes": self.allocated_nbytes,
            "requested_nbytes": self.requested_nbytes,
            "rounding_nbytes": self.rounding_nbytes,
            "pending_nbytes": self.pending_nbytes,
            "fragmented_nbytes": self.fragmented_nbytes,
            "cached_nbytes": self.cached_nbytes,
            "peak_nbytes": self.peak_nbytes,
            "blocks": self.blocks,
            "total_blocks": self.total_blocks,
            "retries": self.retries,
            "failures": self.failures,
            "segments": segments,
            "history": None if self.history is None else self.history.to_dict(times=times),
        }


def report(*, first: int = 0, stop: int | None = None) -> MemoryReport:
    """Look at the allocator in use. ``first`` and ``stop`` choose the events of the history that are looked at.

    Raises: `RangeError` if no layer of the allocator counts, if none can tell what it holds, or for numbers of events
            below 0.
    """
    if first < 0 or (stop is not None and stop < 0):
        raise RangeError(f"memory.report: first and stop take numbers of events of at least 0, got {first} and {stop}")
    counts = stats()
    history = recorded()
    return MemoryReport(
        allocator=current.allocator.name,
        layers=tuple(type(layer).__name__ for layer in layers(current.allocator)),
        peak_nbytes=counts.peak_bytes,
        blocks=counts.live_blocks,
        total_blocks=counts.total_blocks,
        retries=counts.get("num_alloc_retries", 0),
        failures=counts.get("num_ooms", 0),
        segments=held_segments(),
        history=None
        if history is None
        else timeline(history.events(), counts.allocated_bytes, before=history.dropped, first=first, stop=stop),
    )


@dataclass(frozen=True, slots=True)
class LineChange:
    """What became of one line's live blocks between two reports."""

    frame: Frame | None
    nbytes_before: int
    nbytes_after: int
    blocks_before: int
    blocks_after: int

    @property
    def nbytes(self) -> int:
        """The change in bytes."""
        return self.nbytes_after - self.nbytes_before


@dataclass(frozen=True, slots=True)
class ReportChange:
    """Two reports side by side."""

    before: MemoryReport
    after: MemoryReport
    lines: tuple[LineChange, ...]  # those that changed, the largest change first

    def to_dict(self) -> dict[str, Any]:
        """The record as plain values."""
        return {
            "quantities": {name: list(pair) for name, pair in self.quantities().items()},
            "lines": [
                {
                    "frame": None if line.frame is None else line.frame._asdict(),
                    "nbytes": [line.nbytes_before, line.nbytes_after],
                    "blocks": [line.blocks_before, line.blocks_after],
                }
                for line in self.lines
            ],
        }

    def quantities(self) -> Mapping[str, tuple[int, int]]:
        """What each report says of the whole."""
        names = ("reserved", "allocated", "requested", "rounding", "pending", "fragmented", "cached")
        keys = [f"{name}_nbytes" for name in names]
        return {key: (getattr(self.before, key), getattr(self.after, key)) for key in keys}


def compare(before: MemoryReport, after: MemoryReport) -> ReportChange:
    """What changed from one report to another."""
    one, two = before.by_line(), after.by_line()
    changes = [LineChange(f, *_pair(one, two, f, 0), *_pair(one, two, f, 1)) for f in {**one, **two}]
    changed = [c for c in changes if c.nbytes or c.blocks_before != c.blocks_after]
    changed.sort(key=lambda change: (-abs(change.nbytes), change.frame or ("", 0, "")))
    return ReportChange(before, after, tuple(changed))


def _pair(
    one: Mapping[Frame | None, tuple[int, int]],
    two: Mapping[Frame | None, tuple[int, int]],
    frame: Frame | None,
    k: int,
) -> tuple[int, int]:
    return one.get(frame, (0, 0))[k], two.get(frame, (0, 0))[k]

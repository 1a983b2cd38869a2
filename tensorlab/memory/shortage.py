"""What an out-of-memory error tells beside its reason: where the bytes are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from tensorlab.memory.allocator import Allocator, layers
from tensorlab.memory.segments import Segment, Segmented

if TYPE_CHECKING:
    from tensorlab.memory.counts import MemoryStats
    from tensorlab.memory.tracking import LineUsage

LINES_TOLD = 5
"""Lines of the program that are named: those with the most live bytes."""


@runtime_checkable
class ByLine(Protocol):
    """A layer that knows which lines the live bytes were asked for by."""

    def by_line(self) -> tuple[LineUsage, ...]:
        """Most bytes first."""
        ...


@runtime_checkable
class Counted(Protocol):
    """A layer that counts the blocks in use."""

    def stats(self) -> MemoryStats:
        """The counts now."""
        ...


_REPORT = "\n  memory of "


def explain(error: MemoryError, allocator: Allocator) -> None:
    """Put beneath the error's reason what this allocator and the layers below it know.

    The layers that know something do so one after the other as the error passes through them, so that what stays is
    the outermost one's, who sees the whole stack. A reason of several lines has told of the bytes itself.
    """
    reason = str(error).split(_REPORT, 1)[0]
    stack = tuple(layers(allocator))
    lines = [*(() if "\n" in reason else bytes_lines(stack)), *held_by(stack)]
    error.args = ("".join([reason, _REPORT, allocator.name, *(f"\n  {line}" for line in lines)]),)


def bytes_lines(stack: tuple[Allocator, ...]) -> list[str]:
    """What the bytes are of the outermost layer that can tell, a fact a line."""
    for layer in stack:
        if isinstance(layer, Segmented):
            return [fact(*told) for told in _segment_facts(layer.segments())]
    for layer in stack:
        if isinstance(layer, Counted):
            counts = layer.stats()
            return [fact("allocated", counted(counts.allocated_bytes, counts.live_blocks))]
    return []


def held_by(stack: tuple[Allocator, ...]) -> list[str]:
    """Which lines of the program most of the bytes in use were asked for by."""
    tracking = next((layer for layer in stack if isinstance(layer, ByLine)), None)
    if tracking is None:
        return [fact("by line", "not recorded; tl.memory.record_history() begins to")]
    usages = tracking.by_line()
    if not usages:
        return [fact("by line", "nothing given since recording began is in use")]
    earlier = _earlier(stack, usages)
    lines = [f"  {line_text(usage)}" for usage in usages[:LINES_TOLD]]
    rest = usages[LINES_TOLD:]
    if rest:
        nbytes, blocks = sum(usage.nbytes for usage in rest), sum(usage.blocks for usage in rest)
        lines.append(f"  {counted(nbytes, blocks)}: {len(rest):,} other line{'' if len(rest) == 1 else 's'}")
    if earlier is not None:
        lines.append(f"  {counted(*earlier)}: given before recording began")
    return ["most bytes are held by", *lines]


def _earlier(stack: tuple[Allocator, ...], usages: tuple[LineUsage, ...]) -> tuple[int, int] | None:
    """Bytes and blocks that are counted and have no line, if there are any."""
    for layer in stack:
        if isinstance(layer, Counted) and not isinstance(layer, Segmented):
            counts = layer.stats()
            blocks = counts.live_blocks - sum(usage.blocks for usage in usages)
            nbytes = counts.allocated_bytes - sum(usage.nbytes for usage in usages)
            return (nbytes, blocks) if nbytes > 0 and blocks > 0 else None
    return None


def fact(name: str, text: str) -> str:
    """A name, and what is to be said of it."""
    return f"{name:<11} {text}"


def line_text(usage: LineUsage) -> str:
    """``1,024 bytes in 2 blocks: train.py:12 in forward``."""
    frame = usage.frame
    where = "no line of the program" if frame is None else f"{frame.filename}:{frame.line} in {frame.name}"
    return f"{counted(usage.nbytes, usage.blocks)}: {where}"


def counted(nbytes: int, blocks: int) -> str:
    """``1,024 bytes in 2 blocks``."""
    return f"{nbytes:,} byte{'' if nbytes == 1 else 's'} in {blocks:,} block{'' if blocks == 1 else 's'}"


def _segment_facts(segments: tuple[Segment, ...]) -> Iterator[tuple[str, str]]:
    """Allocated, rounding, awaiting, cached and fragmented, apart: each of them would need another remedy."""
    sums = {"allocated": (0, 0), "awaiting": (0, 0), "cached": (0, 0), "fragmented": (0, 0)}
    asked = 0
    for segment in segments:
        whole = segment.active_nbytes == 0
        for block in segment.blocks:
            match block.state:
                case "active_allocated":
                    kind = "allocated"
                    asked += block.requested_nbytes
                case "active_awaiting_free":
                    kind = "awaiting"
                case "inactive":
                    kind = "cached" if whole else "fragmented"
            nbytes, blocks = sums[kind]
            sums[kind] = (nbytes + block.nbytes, blocks + 1)
    nbytes, blocks = sums["allocated"]
    yield "allocated", f"{counted(nbytes, blocks)}; {asked:,} were asked for, {nbytes - asked:,} are rounding"
    if sums["awaiting"][1]:
        yield "awaiting", f"{counted(*sums['awaiting'])} given back, until other streams have used them"
    yield "cached", counted(*sums["cached"])
    if sums["fragmented"][1]:
        yield "fragmented", f"{counted(*sums['fragmented'])}: free beside blocks in use"

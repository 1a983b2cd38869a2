"""What a `MemoryReport` says, in words and rows: for both the HTML and the text of its views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tensorlab.core.place import source_name
from tensorlab.memory.report import MemoryReport
from tensorlab.memory.segments import Block, Frame, Segment
from tensorlab.memory.timeline import LineCurve, Timeline
from tensorlab.view.memory_svg import Fill
from tensorlab.view.text import counted, grouped, nbytes, shortened

_SPARKS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Part:
    """One share of the bytes held: how it is drawn, in a picture and in text, and what it is."""

    nbytes: int
    fill: Fill
    sign: str
    name: str
    why: str


def parts(report: MemoryReport) -> list[Part]:
    """What the bytes held come apart into, in the order of drawing."""
    return [
        Part(report.requested_nbytes, "full", "█", "asked for", "what those who hold blocks wanted"),
        Part(report.rounding_nbytes, "half", "▓", "rounding", "the rest of their blocks"),
        Part(report.pending_nbytes, "stripes", "▒", "pending frees", "given back, but another stream still needs them"),
        Part(report.fragmented_nbytes, "dots", "░", "fragmented", "free pieces beside blocks in use"),
        Part(report.cached_nbytes, "none", "·", "cached", "free whole, kept for the next request"),
    ]


def answer(report: MemoryReport) -> str:
    """The first line: how much is held, and how much of it is of use."""
    if not report.reserved_nbytes:
        return "Nothing is held: no block is in use, none is cached."
    used = f"{nbytes(report.allocated_nbytes)} in {counted(len(report.live_blocks()), 'block')} in use"
    return f"{nbytes(report.reserved_nbytes)} held: {used}, {nbytes(report.cached_nbytes)} cached."


def counts(report: MemoryReport) -> list[str]:
    """Further facts, each a few words."""
    facts = [
        f"peak {nbytes(report.peak_nbytes)}",
        f"{counted(report.total_blocks, 'block')} given so far",
        counted(len(report.segments), "segment"),
    ]
    if report.retries:
        facts.append(f"{counted(report.retries, 'request')} had the cache emptied")
    if report.failures:
        facts.append(f"{counted(report.failures, 'request')} found no memory")
    return facts


def happened(history: Timeline) -> str:
    """What the events are, and which of them."""
    shown = history.stop - history.first
    kinds = [counted(history.allocations, "allocation"), counted(history.frees, "free")]
    if history.segments:
        kinds.append(f"{counted(history.segments, 'segment')} got from the system")
    if history.segments_back:
        kinds.append(f"{counted(history.segments_back, 'segment')} given back to it")
    if history.failures:
        kinds.append(f"{counted(history.failures, 'request')} that found no memory")
    part = f"events {grouped(history.first)} to {grouped(history.stop)} of {grouped(history.total)}"
    which = counted(shown, "recorded event") if shown == history.total else part
    lost = f" History truncated: {counted(history.before, 'event')} before." if history.before else ""
    return f"{which[:1].upper()}{which[1:]}: {', '.join(kinds)}.{lost}"


def line_name(frame: Frame | None) -> str:
    """``cell:3`` or ``model.py:41``."""
    return "not recorded" if frame is None else f"{source_name(frame.filename)}:{frame.line}"


def curve_name(curve: LineCurve) -> str:
    """Whose curve it is."""
    if curve.others > 1:
        return f"{grouped(curve.others)} other lines"
    return "before, or no line" if curve.frame is None else line_name(curve.frame)


def curve_source(curve: LineCurve) -> str:
    """The line's text, cut short."""
    return shortened(curve.source, 48)


def spark(live: Sequence[int], most: int, columns: int) -> str:
    """A curve as blocks of text, each column its highest moment."""
    if not live or not most:
        return ""
    marks = ""
    for i in range(min(columns, len(live))):
        low, high = len(live) * i // min(columns, len(live)), len(live) * (i + 1) // min(columns, len(live))
        level = max(live[low:high])
        marks += _SPARKS[0 if level <= 0 else max(1, round(8 * level / most))]
    return marks


@dataclass(frozen=True, slots=True)
class Kin:
    """Segments that are drawn as one row: alone, or all of one size that hold a block each."""

    segments: tuple[Segment, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of all."""
        return sum(segment.nbytes for segment in self.segments)

    def name(self) -> str:
        """``20 MiB`` or ``64 B x 12``."""
        size = nbytes(self.segments[0].nbytes)
        return size if len(self.segments) == 1 else f"{size} x {grouped(len(self.segments))}"

    def holds(self) -> str:
        """What is in them."""
        blocks = [block for segment in self.segments for block in segment.blocks]
        used = sum(block.state == "active_allocated" for block in blocks)
        pending = sum(block.state == "active_awaiting_free" for block in blocks)
        free = len(blocks) - used - pending
        words = [f"{grouped(used)} in use"] if used else []
        words += [f"{grouped(pending)} pending"] if pending else []
        words += [f"{grouped(free)} {'cached' if not used + pending else 'free'}"] if free else []
        return ", ".join(words)

    def as_one(self) -> Segment:
        """One segment to draw, its parts side by side: those in use first where they are of one size."""
        if len(self.segments) == 1:
            return self.segments[0]
        blocks = sorted((b for s in self.segments for b in s.blocks), key=lambda block: block.state)
        first = self.segments[0]
        laid, at = [], 0
        for block in blocks:
            laid.append(Block(at, block.nbytes, block.requested_nbytes, block.state))
            at += block.nbytes
        return Segment(first.device, 0, at, first.stream, first.pool, tuple(laid))


def kin(segments: Sequence[Segment]) -> list[Kin]:
    """Rows of segments, those with the most bytes first."""
    alone = [Kin((s,)) for s in segments if len(s.blocks) != 1]
    alike: dict[int, list[Segment]] = {}
    for segment in segments:
        if len(segment.blocks) == 1:
            alike.setdefault(segment.nbytes, []).append(segment)
    rows = [*alone, *(Kin(tuple(group)) for group in alike.values())]
    return sorted(rows, key=lambda row: (-row.nbytes, row.segments[0].nbytes))

"""Live bytes over time, by the lines that asked for them: a history drawn in bounded size."""

from __future__ import annotations

import linecache
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tensorlab.memory.history import MemoryEvent
from tensorlab.memory.segments import Frame

STEPS = 120  # columns that a long history is drawn in
LINES = 5  # lines that are told apart


@dataclass(frozen=True, slots=True)
class LineCurve:
    """What one line's blocks came to in each step.

    ``frame`` is None for those that no line is known of: given before the history begins, or by no line of the user's.
    ``source`` is the line's text, empty where it is not known. ``others`` says how many lines are in this curve.

    Units: bytes. ``live`` at the fullest moment of each step; ``peak`` the line's own.
    """

    frame: Frame | None
    source: str
    live: tuple[int, ...]
    peak: int
    allocated: int  # bytes of all blocks that it asked for
    blocks: int
    last: int  # live at the end
    others: int = 1

    def to_dict(self) -> dict[str, Any]:
        """The record as plain values."""
        return {
            "frame": None if self.frame is None else self.frame._asdict(),
            "source": self.source,
            "lines": self.others,
            "peak": self.peak,
            "allocated": self.allocated,
            "blocks": self.blocks,
            "last": self.last,
            "live": list(self.live),
        }


@dataclass(frozen=True, slots=True)
class Timeline:
    """The events from ``first`` on, up to and without ``stop``, in at most `STEPS` steps.

    ``marks`` are the numbers of the events, and ``seconds`` the times since the first of them, at which each step is
    shown: its fullest moment. ``before`` counts events that the history has lost, ``total`` those that it holds.

    Units: bytes and seconds.
    """

    first: int
    stop: int
    total: int
    before: int
    marks: tuple[int, ...]
    seconds: tuple[float, ...]
    live: tuple[int, ...]
    curves: tuple[LineCurve, ...]  # the fullest first; then the rest together, then what was there before
    allocations: int
    frees: int
    failures: int  # requests that found no memory
    segments: int  # got from below
    segments_back: int

    @property
    def peak(self) -> int:
        """The most bytes that were live at once."""
        return max(self.live, default=0)

    def to_dict(self, *, times: bool = False) -> dict[str, Any]:
        """The record as plain values."""
        facts = {
            "first": self.first,
            "stop": self.stop,
            "total": self.total,
            "before": self.before,
            "allocations": self.allocations,
            "frees": self.frees,
            "failures": self.failures,
            "segments": self.segments,
            "segments_back": self.segments_back,
            "marks": list(self.marks),
            "live": list(self.live),
            "curves": [curve.to_dict() for curve in self.curves],
        }
        return facts | {"seconds": list(self.seconds)} if times else facts


_Line = tuple[str, int] | None


class _Totals:
    """What is live while events go by, whole and line by line."""

    def __init__(self, base: int) -> None:
        self.live = base
        self.by_line: dict[_Line, int] = {None: base}
        self.peak: dict[_Line, int] = {None: base}
        self.allocated: dict[_Line, int] = {}
        self.blocks: dict[_Line, int] = {}
        self.frames: dict[_Line, Frame] = {}
        self._blocks: dict[int, tuple[_Line, int]] = {}

    def take(self, event: MemoryEvent) -> None:
        if event.action == "alloc":
            line: _Line = event.frames[0][:2] if event.frames else None
            if line is not None:
                self.frames.setdefault(line, event.frames[0])
            self._blocks[event.address] = (line, event.nbytes)
            self.allocated[line] = self.allocated.get(line, 0) + event.nbytes
            self.blocks[line] = self.blocks.get(line, 0) + 1
            self._add(line, event.nbytes)
        elif event.action == "free_completed":
            line, nbytes = self._blocks.pop(event.address, (None, event.nbytes))
            self._add(line, -nbytes)

    def _add(self, line: _Line, nbytes: int) -> None:
        self.live += nbytes
        now = self.by_line.get(line, 0) + nbytes
        self.by_line[line] = now
        if now > self.peak.get(line, 0):
            self.peak[line] = now


def timeline(
    events: Sequence[MemoryEvent], live_now: int, *, before: int = 0, first: int = 0, stop: int | None = None
) -> Timeline:
    """The curve of live bytes from a history's events; ``live_now`` is what is live after the last of them.

    Cost: three passes over the events; the result's size does not depend on how many they are.
    """
    stop = len(events) if stop is None else min(stop, len(events))
    first = min(first, stop)
    base = live_now - sum(map(_change, events))
    totals = _Totals(base)
    for event in events[:first]:
        totals.take(event)
    # What was there when the part begins stays with its lines; their peaks begin again.
    totals.peak, totals.allocated, totals.blocks = dict(totals.by_line), {}, {}
    marks = _fullest(events, first, stop, totals.live)
    live: list[int] = []
    shots: list[dict[_Line, int]] = []
    for i, event in enumerate(events[first:stop], first):
        totals.take(event)
        if len(live) < len(marks) and marks[len(live)] == i:
            live.append(totals.live)
            shots.append(dict(totals.by_line))
    lines = sorted(
        (line for line, peak in totals.peak.items() if line is not None and peak > 0),
        key=lambda line: (-totals.peak[line], line or ("", 0)),
    )
    groups: list[list[_Line]] = [[line] for line in lines[:LINES]]
    if lines[LINES:]:
        groups.append(list(lines[LINES:]))
    if totals.peak[None] > 0:
        groups.append([None])
    kinds = Counter(event.action for event in events[first:stop])
    return Timeline(
        first,
        stop,
        len(events),
        before,
        tuple(marks),
        tuple(events[i].seconds - events[first].seconds for i in marks),
        tuple(live),
        tuple(_curve(group, totals, shots) for group in groups),
        kinds["alloc"],
        kinds["free_completed"],
        kinds["oom"],
        kinds["segment_alloc"],
        kinds["segment_free"],
    )


def _change(event: MemoryEvent) -> int:
    if event.action == "alloc":
        return event.nbytes
    return -event.nbytes if event.action == "free_completed" else 0


def _fullest(events: Sequence[MemoryEvent], first: int, stop: int, live: int) -> list[int]:
    """The number of the event after which most is live, of each of at most `STEPS` steps."""
    count = min(STEPS, stop - first)
    edges = [first + (stop - first) * i // count for i in range(count + 1)] if count else []
    found: list[int] = []
    for start, end in pairwise(edges):
        most, at = -1, start
        for i in range(start, end):
            live += _change(events[i])
            if live > most:
                most, at = live, i
        found.append(at)
    return found


def _curve(group: Sequence[_Line], totals: _Totals, shots: Sequence[dict[_Line, int]]) -> LineCurve:
    one = group[0] if len(group) == 1 else None
    frame = totals.frames.get(one)
    live = tuple(sum(shot.get(line, 0) for line in group) for shot in shots)
    return LineCurve(
        frame,
        "" if frame is None else linecache.getline(frame.filename, frame.line).strip(),
        live,
        totals.peak[one] if len(group) == 1 else max(live, default=0),
        sum(totals.allocated.get(line, 0) for line in group),
        sum(totals.blocks.get(line, 0) for line in group),
        sum(totals.by_line.get(line, 0) for line in group),
        len(group),
    )

"""Live bytes over time: sums against a recount, parts of a history, bounded size."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tensorlab.memory.history import MemoryEvent
from tensorlab.memory.segments import Frame
from tensorlab.memory.timeline import LINES, STEPS, Timeline, timeline

A, B = (Frame("a.py", 1, "f"),), (Frame("b.py", 2, "g"),)


def alloc(address: int, nbytes: int, frames: tuple[Frame, ...] = A, at: float = 0.0) -> MemoryEvent:
    return MemoryEvent("alloc", address, nbytes, 0, at, frames)


def free(address: int, nbytes: int, at: float = 0.0) -> MemoryEvent:
    return MemoryEvent("free_completed", address, nbytes, 0, at, B)


def curve(found: Timeline, frame: Frame | None) -> tuple[int, ...]:
    return next(c.live for c in found.curves if c.frame == frame)


def test_a_block_counts_for_the_line_that_asked_for_it() -> None:
    found = timeline([alloc(1, 100), alloc(2, 50, B), free(1, 100)], 50)
    assert found.live == (100, 150, 50)
    assert curve(found, A[0]) == (100, 100, 0)
    assert curve(found, B[0]) == (0, 50, 50)
    assert [(c.peak, c.last, c.allocated, c.blocks) for c in found.curves] == [(100, 0, 100, 1), (50, 50, 50, 1)]
    assert (found.peak, found.allocations, found.frees) == (150, 2, 1)


def test_what_was_there_before_has_a_curve_of_its_own() -> None:
    found = timeline([free(9, 30), alloc(1, 10)], 15)
    assert found.live == (5, 15)
    assert curve(found, None) == (5, 5)


def test_a_part_begins_with_what_is_live_there() -> None:
    events = [alloc(1, 100), alloc(2, 10, B), free(1, 100), alloc(3, 1, B)]
    found = timeline(events, 11, first=2)
    assert (found.first, found.stop, found.total) == (2, 4, 4)
    assert found.live == (10, 11)
    assert curve(found, B[0]) == (10, 11)
    assert curve(found, A[0]) == (0, 0)
    assert timeline(events, 11, first=1, stop=2).live == (110,)
    assert timeline(events, 11, first=9).live == ()


def test_many_lines_are_told_apart_up_to_a_number() -> None:
    events = [alloc(i, 1000 - i, (Frame("a.py", i, "f"),)) for i in range(1, 20)]
    found = timeline(events, sum(e.nbytes for e in events))
    *first, rest = found.curves
    assert [c.frame and c.frame.line for c in first] == list(range(1, LINES + 1))
    assert (rest.frame, rest.others) == (None, 19 - LINES)
    assert rest.last == sum(e.nbytes for e in events[LINES:])


def test_other_kinds_of_events_are_counted() -> None:
    kinds = ("segment_alloc", "segment_alloc", "segment_free", "oom", "free_requested")
    found = timeline([MemoryEvent(kind, 1, 64, 0, 0.0) for kind in kinds], 0)
    assert (found.segments, found.segments_back, found.failures) == (2, 1, 1)
    assert set(found.live) == {0}


@st.composite
def histories(draw: st.DrawFn) -> list[MemoryEvent]:
    live: dict[int, int] = {}
    events: list[MemoryEvent] = []
    for i in range(draw(st.integers(1, 400))):
        if live and draw(st.booleans()):
            address = draw(st.sampled_from(sorted(live)))
            events.append(free(address, live.pop(address), i / 8))
        else:
            live[i] = draw(st.integers(1, 1000))
            events.append(alloc(i, live[i], draw(st.sampled_from([A, B, ()])), i / 8))
    return events


@given(histories(), st.integers(0, 50))
@settings(max_examples=40, deadline=None)
def test_each_step_is_its_fullest_moment_and_the_lines_add_up(events: list[MemoryEvent], base: int) -> None:
    live = [base]
    for event in events:
        live.append(live[-1] + (event.nbytes if event.action == "alloc" else -event.nbytes))
    found = timeline(events, live[-1])
    assert len(found.live) == min(len(events), STEPS)
    assert found.peak == max(live[1:])
    assert list(found.live) == [live[mark + 1] for mark in found.marks]
    assert [sum(c.live[i] for c in found.curves) for i in range(len(found.live))] == list(found.live)
    assert found.seconds == tuple(events[mark].seconds for mark in found.marks)

"""Memory against torch and NumPy: blocks from the cache, a first touch, recording who asked, a snapshot of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from readme_table import NOT_INSTALLED, Kind, Limit, Ratio, Row
from side_by_side import Laps, Statement, race

import tensorlab as tl
from tensorlab import memory
from tensorlab.memory import (
    CachingAllocator,
    History,
    HostAllocator,
    StatisticsAllocator,
    TrackingAllocator,
    use_allocator,
)

SIZES = {"64 B": 64, "4 KB": 4 << 10, "1 MB": 1 << 20, "64 MB": 64 << 20}
EVENTS = 100_000


def _against_torch(what: str, own: Laps, times: dict[str, Laps], goal: float) -> Row:
    other = times.get("torch")
    return Row(what, own, other or NOT_INSTALLED, times["NumPy"], Ratio("torch", other, Kind.TIME, goal))


@pytest.mark.parametrize("size", SIZES)
def bench_from_the_cache(size: str, torch: Any, record: Any) -> None:
    """An uninitialised tensor that dies at once; and the allocator's part of it, by itself."""
    count = SIZES[size] // 4
    allocator = memory.default_allocator()
    own = Statement("empty(count)", {"empty": tl.empty, "count": count})
    raw = {"allocate": allocator.allocate, "deallocate": allocator.deallocate, "nbytes": SIZES[size]}
    entrants = {
        "tensorlab": own,
        "allocator": Statement("deallocate(allocate(nbytes))", raw),
        "NumPy": Statement("empty(count, float32)", {"empty": np.empty, "count": count, "float32": np.float32}),
    }
    if torch is not None:
        entrants["torch"] = Statement("empty(count)", {"empty": torch.empty, "count": count})
    times = race(entrants, rounds=301)
    record(
        own,
        _against_torch(f"`empty`, {size}, and its end", times["tensorlab"], times, 0.4),
        _against_torch(f"the allocator alone, {size}, and its end", times["allocator"], times, 0.4),
    )


def bench_first_touch(torch: Any, record: Any) -> None:
    """64 MB that the system gives anew each time, written once."""
    code = "x = empty(count); x.fill_(1.0); x = None; empty_cache()"
    count = (64 << 20) // 4
    own = Statement(code, {"empty": tl.empty, "count": count, "empty_cache": memory.empty_cache})
    names = {"empty": np.empty, "count": count, "float32": np.float32}
    entrants = {"tensorlab": own, "NumPy": Statement("x = empty(count, float32); x.fill(1.0); x = None", names)}
    if torch is not None:
        entrants["torch"] = Statement(
            "x = empty(count); x.fill_(1.0); x = None", {"empty": torch.empty, "count": count}
        )
    times = race(entrants, rounds=15)
    record(own, _against_torch("first touch of 64 MB", times["tensorlab"], times, 0.3))


def bench_tracking(record: Any) -> None:
    """What it costs to note down the line of an allocation and of its end: two events."""

    def pair(allocator: Any) -> Statement:
        names = {"allocate": allocator.allocate, "deallocate": allocator.deallocate}
        return Statement("deallocate(allocate(1000))", names)

    def stack() -> StatisticsAllocator:
        return StatisticsAllocator(CachingAllocator(HostAllocator()))

    own = pair(TrackingAllocator(stack(), history=History(EVENTS)))
    times = race({"tensorlab": own, "untracked": pair(stack())}, rounds=301)
    verdict = Ratio("an allocator without", times["untracked"], Kind.MORE, 2 * 2e-6)
    record(own, Row("tracking with lines, two events", times["tensorlab"], verdict=verdict))


@pytest.fixture
def recorded() -> Iterator[None]:
    """An allocator with as many events in its history, of 1,000 live blocks and others."""
    with use_allocator(StatisticsAllocator(CachingAllocator(HostAllocator()))):
        memory.record_history(max_entries=EVENTS)
        kept = [tl.empty(100 + index % 500) for index in range(1000)]
        for index in range(EVENTS // 2):
            tl.empty(index % 1000)
        yield
        kept.clear()


@pytest.mark.usefixtures("recorded")
def bench_snapshot(record: Any) -> None:
    """Segments, blocks and events in torch's format."""
    own = Statement("snapshot()", {"snapshot": memory.snapshot})
    times = race({"tensorlab": own}, rounds=5)
    record(own, Row(f"`memory.snapshot()`, {EVENTS:,} events", times["tensorlab"], verdict=Limit(1.0)))

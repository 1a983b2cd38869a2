"""Threads and collections in the middle of an allocation: the counts must come out exact, without a lock."""

from __future__ import annotations

import dis
import gc
import random
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FunctionType

import pytest
from fake_allocator import FakeAllocator, free

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory import (
    Allocator,
    BySizeAllocator,
    CachingAllocator,
    DataPtr,
    History,
    HostAllocator,
    LimitAllocator,
    StatisticsAllocator,
    TrackingAllocator,
)
from tensorlab.memory.cached_blocks import class_nbytes
from tensorlab.memory.reserve import Reserve


@pytest.fixture
def quick_switching() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def run_together(work: Callable[[int], None], count: int = 4) -> None:
    start = threading.Barrier(count)

    def run(index: int) -> None:
        start.wait()
        work(index)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(run, range(count)))


@pytest.mark.usefixtures("quick_switching")
def test_statistics_are_exact() -> None:
    below = StatisticsAllocator(HostAllocator())
    caching = CachingAllocator(below, limit=20_000)
    counted = StatisticsAllocator(caching)
    requested, blocks, kept = [0] * 4, [0] * 4, [0] * 4

    def work(index: int) -> None:
        choose = random.Random(index)
        live: list[DataPtr] = []
        for _ in range(1500):
            if live and choose.random() < 0.5:
                free(live.pop(choose.randrange(len(live))))
                continue
            nbytes = choose.choice((0, 1, 64, 1000, 5000))
            live.append(counted.allocate(nbytes))
            requested[index] += nbytes
            blocks[index] += 1
        for data in live[2:]:
            free(data)
        kept[index] = sum(data.nbytes for data in live[:2])

    run_together(work)
    stats = counted.stats()
    assert stats.total_requested_bytes == sum(requested)
    assert stats.total_blocks == sum(blocks)
    assert stats.live_blocks == 8
    assert stats.allocated_bytes == sum(kept)
    assert below.stats().allocated_bytes == sum(kept) + caching.cached_nbytes
    assert caching.cached_nbytes <= 20_000
    caching.empty_cache()
    assert caching.cached_nbytes == 0
    assert below.stats().allocated_bytes == sum(kept)


LAYERS = {"one by one": (FakeAllocator, 1), "cut from segments": (lambda: BySizeAllocator(FakeAllocator()), 1 << 14)}
"""What a cache stands on, and a factor that makes small sizes large enough for it."""


@pytest.mark.usefixtures("quick_switching")
@pytest.mark.parametrize("limit", [1 << 40, 0], ids=["cached", "handed down"])
@pytest.mark.parametrize(("below", "scale"), LAYERS.values(), ids=LAYERS)
def test_no_block_has_two_owners(below: Callable[[], Allocator], scale: int, limit: int) -> None:
    caching = CachingAllocator(below(), limit=limit)
    stack = StatisticsAllocator(caching)
    in_use: dict[int, int] = {}

    def work(index: int) -> None:
        for step in range(1500):
            data = stack.allocate((64 + step % 3 * 64) * scale)
            assert in_use.setdefault(data.address, index) == index
            assert in_use.pop(data.address) == index
            free(data)

    run_together(work)
    assert stack.stats().live_blocks == 0
    assert sum(segment.nbytes for segment in caching.segments()) == caching.reserved_nbytes
    assert caching.empty_cache() >= 0
    assert (caching.segments(), caching.reserved_nbytes) == ((), 0)


@pytest.mark.usefixtures("quick_switching")
def test_a_limit_is_never_passed() -> None:
    counted = StatisticsAllocator(CachingAllocator(FakeAllocator()))
    limit = LimitAllocator(counted, 640)
    refused = [0] * 4

    def work(index: int) -> None:
        live: list[DataPtr] = []
        for _ in range(800):
            try:
                live.append(limit.allocate(64))
            except OutOfMemoryError:
                refused[index] += 1
                while live:
                    free(live.pop())
        while live:
            free(live.pop())

    run_together(work)
    assert limit.live_nbytes == 0
    assert sum(refused) > 0
    # Each thread may have one block in hand that is about to be refused.
    assert counted.stats().peak_bytes <= 640 + 4 * 64


@pytest.mark.usefixtures("quick_switching")
@pytest.mark.parametrize("scale", [1, 1 << 14], ids=LAYERS)
def test_a_limit_of_what_is_held_is_never_passed(scale: int) -> None:
    fake = FakeAllocator()
    caching = CachingAllocator(fake if scale == 1 else BySizeAllocator(fake))
    limit = caching.limit_nbytes = 1000 * scale
    refused = [0] * 4

    def work(index: int) -> None:
        live: list[DataPtr] = []
        for step in range(500):
            try:
                live.append(caching.allocate(64 * scale * (1 + (step + index) % 4)))
            except OutOfMemoryError:
                refused[index] += 1
                while live:
                    free(live.pop())
            assert caching.reserved_nbytes <= limit
        while live:
            free(live.pop())

    run_together(work)
    assert sum(refused) > 0
    assert caching.stats().peak_bytes <= limit
    assert caching.reserved_nbytes == fake.live_nbytes >= caching.cached_nbytes
    assert sum(segment.nbytes for segment in caching.segments()) == fake.live_nbytes


@pytest.mark.usefixtures("small_heap")
@pytest.mark.parametrize("limit", [1 << 30, 0], ids=["cached", "handed down"])
@pytest.mark.parametrize("scale", [1, 2000], ids=LAYERS)
def test_a_collection_in_the_middle_of_an_allocation_may_free(scale: int, limit: int) -> None:
    caching = CachingAllocator(HostAllocator() if scale == 1 else BySizeAllocator(), limit=limit)
    stack = StatisticsAllocator(caching)

    class Owner:
        def __init__(self) -> None:
            self.data = stack.allocate(1000 * scale)
            self.cycle = self

        def __del__(self) -> None:
            free(self.data)

    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(300):
            Owner()
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    stats = stack.stats()
    assert (stats.live_blocks, stats.total_blocks) == (0, 300)
    assert stats.total_bytes == 300 * class_nbytes(1000 * scale)
    caching.empty_cache()
    assert caching.reserved_nbytes == 0


# What the exactness rests on, read from the bytecode of the interpreter that runs the tests: the slots that a method
# touches between two instructions at which another thread could come in. But for the two that follow, all at once.
_GIVEN = {"_requested", "_blocks", "_bytes", "room"}
_LIVE = {"_live", "_live_blocks"}
PIECES = [
    (
        StatisticsAllocator.allocate,
        [{"_waiting", *_GIVEN}, _LIVE, {*_GIVEN, *_LIVE, "_peak", "_peak_blocks"}],  # waiting; put away; from the list
    ),
    (StatisticsAllocator.deallocate, [{"room", "_waiting", *_LIVE}, _LIVE]),  # room; no room
]
STRAIGHT = [
    (StatisticsAllocator._hand_in, {"_waiting", *_LIVE}),
    (StatisticsAllocator.reset_peak, {*_LIVE, "_waiting", "_peak", "_peak_blocks"}),
    (StatisticsAllocator.reset_accumulated, {*_LIVE, "_waiting", "_bytes", "_blocks", "_requested", "_failed"}),
    (
        StatisticsAllocator.stats,
        {*_LIVE, "_waiting", "_peak", "_peak_blocks", "_bytes", "_blocks", "_requested", "_failed", "_base"},
    ),
    (LimitAllocator.deallocate, {"_live"}),
    (CachingAllocator.allocate, {"room"}),
    (CachingAllocator.deallocate, {"room"}),
    (CachingAllocator._release, {"room"}),
    (CachingAllocator._miss, {"room"}),
    (CachingAllocator._refuse, {"room"}),
    (Reserve.allocate, {"_total", "_total_segments", "_peak", "_peak_segments", "_segments"}),
    (Reserve.deallocate, {"_reserved", "_segments"}),
    (History.note, {"count"}),
    (TrackingAllocator.allocate, {"count"}),
    (TrackingAllocator.deallocate, {"count"}),
    (
        Reserve.counts,
        {"_reserved", "_segments", "_peak", "_peak_segments", "_total", "_total_segments", "_base"},
    ),
    (Reserve.reset_peak, {"_reserved", "_segments", "_peak", "_peak_segments"}),
    (Reserve.reset_accumulated, {"_reserved", "_segments", "_total", "_total_segments"}),
]


@pytest.mark.parametrize(
    ("method", "pieces"),
    [*PIECES, *((method, [slots]) for method, slots in STRAIGHT)],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_counters_change_in_straight_line_code(method: FunctionType, pieces: list[set[str]]) -> None:
    slots = set[str]().union(*pieces)
    found: list[set[str]] = [set()]
    for step in dis.get_instructions(method):
        if any(word in step.opname for word in ("CALL", "BACKWARD", "RETURN")):
            found.append(set())
        elif step.opname in ("LOAD_ATTR", "STORE_ATTR") and step.argval in slots:
            found[-1].add(step.argval)
    assert [piece for piece in found if piece] == pieces

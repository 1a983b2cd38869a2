from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from fake_allocator import FakeAllocator, free

from tensorlab.errors import OutOfMemoryError, RangeError
from tensorlab.memory import (
    Allocator,
    CachingAllocator,
    DataPtr,
    LimitAllocator,
    MemoryStats,
    StatisticsAllocator,
    TrackingAllocator,
    adaptors,
    layers,
)


def test_statistics() -> None:
    counted = StatisticsAllocator(CachingAllocator(FakeAllocator()))
    one, other = counted.allocate(100), counted.allocate(1000)
    free(one)
    assert counted.stats() == MemoryStats(
        allocated_bytes=1024,
        peak_bytes=1152,
        total_bytes=1152,
        total_requested_bytes=1100,
        live_blocks=1,
        total_blocks=2,
    )
    free(other)
    assert counted.stats().to_dict() == {
        "allocated_bytes": 0,
        "peak_bytes": 1152,
        "total_bytes": 1152,
        "total_requested_bytes": 1100,
        "live_blocks": 0,
        "total_blocks": 2,
    }


def test_reset_peak_begins_from_what_is_live() -> None:
    counted = StatisticsAllocator(FakeAllocator())
    kept = counted.allocate(10)
    free(counted.allocate(100))
    counted.reset_peak()
    assert counted.stats().peak_bytes == 10
    free(counted.allocate(5))
    assert counted.stats().peak_bytes == 15
    free(kept)


@pytest.mark.parametrize("nbytes", [-1, 1.5])
def test_what_fails_is_not_counted(nbytes: object) -> None:
    counted = StatisticsAllocator(CachingAllocator(FakeAllocator(capacity=100)))
    with pytest.raises(RangeError):
        counted.allocate(nbytes)  # type: ignore[arg-type]
    with pytest.raises(OutOfMemoryError):
        counted.allocate(200)
    assert counted.stats() == MemoryStats(0, 0, 0, 0, 0, 0)


def test_limit() -> None:
    limit = LimitAllocator(CachingAllocator(FakeAllocator()), 2000)
    data = limit.allocate(1000)
    assert (limit.nbytes, limit.live_nbytes) == (2000, 1024)
    with pytest.raises(OutOfMemoryError) as error:
        limit.allocate(1500)
    assert str(error.value) == (
        "LimitAllocator.allocate: 1,500 bytes more would pass the limit: 1,024 of 2,000 bytes are in use"
    )
    free(data)
    assert limit.live_nbytes == 0
    free(limit.allocate(1500))


def test_limit_counts_whole_blocks() -> None:
    fake = FakeAllocator()
    limit = LimitAllocator(CachingAllocator(fake), 100)
    with pytest.raises(OutOfMemoryError) as error:
        limit.allocate(90)
    assert str(error.value) == (
        "LimitAllocator.allocate: 128 bytes more would pass the limit: 0 of 100 bytes are in use"
    )
    assert limit.live_nbytes == 0
    assert fake.live_nbytes == 128  # it is in the cache, not lost


def test_limit_can_be_met_exactly() -> None:
    limit = LimitAllocator(FakeAllocator(), 128)
    data = limit.allocate(128)
    nothing = limit.allocate(0)
    free(data)
    free(nothing)


def test_limit_refuses_what_is_not_a_count_of_bytes() -> None:
    with pytest.raises(RangeError) as error:
        LimitAllocator(FakeAllocator(), -1)
    assert str(error.value) == "LimitAllocator: takes bytes as an int of at least 0, got -1"
    with pytest.raises(RangeError) as error:
        LimitAllocator(FakeAllocator(), 100).allocate("7")  # type: ignore[arg-type]
    assert str(error.value) == "LimitAllocator.allocate: takes bytes as an int of at least 0, got '7'"


def test_tracking_names_the_line_outside_the_package() -> None:
    tracking = TrackingAllocator(StatisticsAllocator(CachingAllocator(FakeAllocator())))
    data = tracking.allocate(100)
    line = sys._getframe().f_lineno - 1
    free(data)
    alloc, freed = tracking.events()
    assert (alloc.kind, alloc.address, alloc.nbytes) == ("alloc", data.address, 128)
    assert (alloc.filename, alloc.line) == (__file__, line)
    assert (freed.kind, freed.address, freed.nbytes) == ("free", data.address, 128)
    assert freed.filename.endswith("fake_allocator.py")
    assert alloc.seconds <= freed.seconds
    assert alloc.to_dict() == {
        "kind": "alloc",
        "address": data.address,
        "nbytes": 128,
        "seconds": alloc.seconds,
        "filename": __file__,
        "line": line,
    }


def test_tracking_looks_through_frames_of_the_package() -> None:
    inner = TrackingAllocator(FakeAllocator())
    outer = StatisticsAllocator(CachingAllocator(StatisticsAllocator(inner)))
    outer.allocate(64)
    assert [(event.filename, event.line) for event in inner.events()] == [(__file__, sys._getframe().f_lineno - 1)]


def test_a_program_within_the_package_is_named_by_its_outermost_line() -> None:
    def frame(filename: str, line: int, back: object) -> SimpleNamespace:
        return SimpleNamespace(f_code=SimpleNamespace(co_filename=filename), f_lineno=line, f_back=back)

    inside = adaptors.__file__
    assert adaptors._user_line(frame(inside, 3, frame(inside, 7, None))) == (inside, 7)  # type: ignore[arg-type]
    beside = inside.replace("tensorlab", "tensorlab_lessons")
    assert adaptors._user_line(frame(inside, 3, frame(beside, 9, None))) == (beside, 9)  # type: ignore[arg-type]


def test_tracking_keeps_the_latest_events() -> None:
    tracking = TrackingAllocator(FakeAllocator(), capacity=3)
    blocks = [tracking.allocate(n) for n in (1, 2, 3)]
    assert not tracking.truncated
    free(blocks[0])
    assert tracking.truncated
    assert [(event.kind, event.nbytes) for event in tracking.events()] == [("alloc", 2), ("alloc", 3), ("free", 1)]


def test_tracking_refuses_to_keep_nothing() -> None:
    with pytest.raises(RangeError) as error:
        TrackingAllocator(FakeAllocator(), capacity=0)
    assert str(error.value) == "TrackingAllocator: takes a capacity of at least 1 event, got 0"


def test_a_block_is_freed_through_every_layer_that_gave_it() -> None:
    fake = FakeAllocator()
    tracking = TrackingAllocator(fake)
    limit = LimitAllocator(tracking, 1000)
    counted = StatisticsAllocator(limit)
    data = counted.allocate(100)
    assert data.deleter == counted.deallocate
    free(data)
    assert (counted.stats().live_blocks, limit.live_nbytes, len(tracking.events()), fake.live) == (0, 0, 2, {})
    assert data.deleter is None


def test_layers_share_an_allocator_below_them() -> None:
    # The block remembers who gave it, although its record was another's before.
    caching = CachingAllocator(FakeAllocator())
    one, other = StatisticsAllocator(caching), StatisticsAllocator(caching)
    data = one.allocate(10)
    free(data)
    assert other.allocate(10) is data
    free(data)
    assert caching.allocate(10) is data
    free(data)
    assert (one.stats().total_blocks, other.stats().total_blocks) == (1, 1)
    assert one.stats().live_blocks == other.stats().live_blocks == 0


def test_names_and_layers() -> None:
    fake = FakeAllocator()
    stack = TrackingAllocator(LimitAllocator(StatisticsAllocator(CachingAllocator(fake)), 10))
    assert stack.name == "tracking(limit(statistics(caching(fake))))"
    assert [type(layer) for layer in layers(stack)] == [
        TrackingAllocator,
        LimitAllocator,
        StatisticsAllocator,
        CachingAllocator,
        FakeAllocator,
    ]
    assert all(isinstance(layer, Allocator) for layer in layers(stack))


def test_a_record_shows_no_contents() -> None:
    data = DataPtr(64, 128, context=[0] * 1000, deleter=None)
    assert repr(data) == "DataPtr(address=64, nbytes=128, device='cpu')"

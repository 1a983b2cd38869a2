from __future__ import annotations

import pytest
from fake_allocator import FakeAllocator, free

from tensorlab.errors import OutOfMemoryError, RangeError
from tensorlab.memory import (
    Allocator,
    CachingAllocator,
    DataPtr,
    History,
    LimitAllocator,
    MemoryStats,
    StatisticsAllocator,
    TrackingAllocator,
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
        peak_blocks=2,
        freed_bytes=128,
        freed_blocks=1,
        failed_requests=0,
    )
    free(other)
    assert counted.stats().to_dict() == {
        "allocated_bytes": 0,
        "peak_bytes": 1152,
        "total_bytes": 1152,
        "total_requested_bytes": 1100,
        "live_blocks": 0,
        "total_blocks": 2,
        "peak_blocks": 2,
        "freed_bytes": 1152,
        "freed_blocks": 2,
        "failed_requests": 0,
    }


def test_reset_peak_begins_from_what_is_live() -> None:
    counted = StatisticsAllocator(FakeAllocator())
    kept = counted.allocate(10)
    free(counted.allocate(100))
    counted.reset_peak()
    assert (counted.stats().peak_bytes, counted.stats().peak_blocks) == (10, 1)
    free(counted.allocate(5))
    assert (counted.stats().peak_bytes, counted.stats().peak_blocks) == (15, 2)
    free(kept)


def test_sums_begin_anew() -> None:
    counted = StatisticsAllocator(FakeAllocator(1000))
    kept, gone = counted.allocate(100), counted.allocate(10)
    free(gone)
    with pytest.raises(OutOfMemoryError):
        counted.allocate(2000)
    counted.reset_accumulated()
    stats = counted.stats()
    assert (stats.allocated_bytes, stats.peak_bytes, stats.live_blocks) == (100, 110, 1)
    assert (stats.total_bytes, stats.total_requested_bytes, stats.total_blocks) == (0, 0, 0)
    assert (stats.freed_bytes, stats.freed_blocks, stats.failed_requests) == (0, 0, 0)
    free(kept)
    free(counted.allocate(7))
    stats = counted.stats()
    assert (stats.total_bytes, stats.freed_bytes, stats.freed_blocks) == (7, 107, 2)


def test_statistics_by_the_names_of_torch() -> None:
    counted = StatisticsAllocator(FakeAllocator(1000))
    kept = [counted.allocate(100), counted.allocate(10)]
    free(kept.pop())
    with pytest.raises(OutOfMemoryError):
        counted.allocate(2000)
    stats = counted.stats()
    assert [stats[f"allocated_bytes.all.{count}"] for count in ("current", "peak", "allocated", "freed")] == [
        *(100, 110, 110, 10)
    ]
    assert [stats[f"allocation.all.{count}"] for count in ("current", "peak", "allocated", "freed")] == [1, 2, 2, 1]
    assert (stats["active_bytes.all.current"], stats["inactive_split.all.current"], stats["num_ooms"]) == (100, 0, 1)
    assert "allocated_bytes.small_pool.current" not in stats
    assert len(dict(stats)) == len(stats)


def test_names_of_torch_are_those_that_torch_has() -> None:
    from tensorlab.memory import DeviceCachingAllocator, HostDevice

    # The device's allocator has them all, checked against PyTorch's in its own tests.
    known = set(DeviceCachingAllocator(HostDevice()).stats().to_dict())
    stats = StatisticsAllocator(FakeAllocator()).stats()
    assert set(stats) <= known
    assert set(CachingAllocator(FakeAllocator()).stats().to_dict()) <= known


@pytest.mark.parametrize("nbytes", [-1, 1.5])
def test_what_fails_is_not_counted(nbytes: object) -> None:
    counted = StatisticsAllocator(CachingAllocator(FakeAllocator(capacity=100)))
    with pytest.raises(RangeError):
        counted.allocate(nbytes)  # type: ignore[arg-type]
    with pytest.raises(OutOfMemoryError):
        counted.allocate(200)
    assert set(counted.stats().to_dict().items()) == {
        *((name, 0) for name in counted.stats().to_dict() if name != "failed_requests"),
        ("failed_requests", 1),
    }


def test_limit() -> None:
    limit = LimitAllocator(CachingAllocator(FakeAllocator()), 2000)
    data = limit.allocate(1000)
    assert (limit.nbytes, limit.live_nbytes) == (2000, 1024)
    with pytest.raises(OutOfMemoryError) as error:
        limit.allocate(1500)
    assert str(error.value) == (
        "LimitAllocator.allocate: 1,500 bytes more would pass the limit: 1,024 of 2,000 bytes are in use\n"
        "  memory of limit(caching(fake))\n"
        "  allocated   1,024 bytes in 1 block; 1,000 were asked for, 24 are rounding\n"
        "  cached      0 bytes in 0 blocks\n"
        "  by line     not recorded; tl.memory.record_history() begins to"
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
        "LimitAllocator.allocate: 128 bytes more would pass the limit: 0 of 100 bytes are in use\n"
        "  memory of limit(caching(fake))\n"
        "  allocated   128 bytes in 1 block; 90 were asked for, 38 are rounding\n"
        "  cached      0 bytes in 0 blocks\n"
        "  by line     not recorded; tl.memory.record_history() begins to"
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


def test_a_block_is_freed_through_every_layer_that_gave_it() -> None:
    fake = FakeAllocator()
    tracking = TrackingAllocator(fake, history=History())
    limit = LimitAllocator(tracking, 1000)
    counted = StatisticsAllocator(limit)
    data = counted.allocate(100)
    assert data.deleter == counted.deallocate
    assert tracking.history is not None
    free(data)
    assert (counted.stats().live_blocks, limit.live_nbytes, len(tracking.history), fake.live) == (0, 0, 2, {})
    assert data.deleter is None


def test_the_block_freed_last_is_given_again_at_once() -> None:
    caching = CachingAllocator(FakeAllocator(), limit=100)
    counted = StatisticsAllocator(caching)
    data = counted.allocate(10)
    free(data)
    assert data.deleter is None
    assert (counted.stats().live_blocks, counted.stats().freed_bytes, caching.cached_nbytes) == (0, 64, 64)
    assert counted.allocate(10) is data
    assert caching.cached_nbytes == 0
    free(data)
    counted.reset_peak()
    assert counted.allocate(10) is data
    assert (counted.stats().peak_bytes, counted.stats().total_bytes, caching.cached_nbytes) == (64, 192, 0)
    other = counted.allocate(60)
    free(data)
    free(other)  # there is no room for a second one
    assert counted.stats().live_blocks == 0
    assert counted.allocate(60) is data
    free(data)
    assert caching.describe(data).idle_blocks == 1
    free(counted.allocate(60))
    assert caching.empty_cache() == 64


def test_the_block_freed_last_is_handed_in_before_the_layers_change() -> None:
    caching = CachingAllocator(FakeAllocator())
    counted = StatisticsAllocator(caching)
    data = counted.allocate(10)
    free(data)
    counted.inner = FakeAllocator()
    assert caching.allocate(10) is data
    assert (counted.stats().live_blocks, caching.late) == (0, [])


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

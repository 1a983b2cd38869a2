"""Statistics, limits and peaks of the allocator in use, by the names of torch."""

from __future__ import annotations

import pytest
from fake_allocator import FakeAllocator, free
from fake_device import MIB, FakeDevice

from tensorlab import memory
from tensorlab.errors import OutOfMemoryError, RangeError
from tensorlab.memory import (
    CachingAllocator,
    DeviceCachingAllocator,
    StatisticsAllocator,
    current,
    use_allocator,
)


def test_statistics_are_found_inside_a_stack() -> None:
    counted = StatisticsAllocator(FakeAllocator())
    with use_allocator(CachingAllocator(counted)):
        free(current.allocate(100))
        assert memory.stats() == counted.stats()
        assert memory.stats().allocated_bytes == 128  # cached blocks are live for the layer below the cache


def test_statistics_of_a_stack_without_any() -> None:
    with use_allocator(CachingAllocator(FakeAllocator())), pytest.raises(RangeError) as error:
        memory.stats()
    assert str(error.value) == (
        "memory.stats: takes an allocator in use that has a StatisticsAllocator, got caching(fake)"
    )


def test_names_of_torch() -> None:
    fake = FakeAllocator(5000)
    with use_allocator(StatisticsAllocator(CachingAllocator(fake))):
        kept, gone = current.allocate(1000), current.allocate(3000)
        free(gone)
        with pytest.raises(OutOfMemoryError):
            current.allocate(6000)
        stats = memory.stats()
        assert (stats.allocated_bytes, stats["allocated_bytes.all.current"]) == (1024, 1024)
        assert stats["allocated_bytes.all.peak"] == 1024 + 3008
        assert stats["requested_bytes.all.current"] == 1000
        assert stats["requested_bytes.all.allocated"] == 4000
        assert (stats["segment.all.current"], stats["segment.all.freed"]) == (1, 1)
        assert (stats["reserved_bytes.all.current"], stats["reserved_bytes.all.peak"]) == (1024, 4032)
        assert (stats["num_alloc_retries"], stats["num_ooms"]) == (1, 1)
        assert (stats["num_device_alloc"], stats["num_device_free"]) == (2, 1)
        free(kept)


def test_a_devices_counts_are_told_too() -> None:
    with use_allocator(StatisticsAllocator(DeviceCachingAllocator(FakeDevice()))):
        data = current.allocate(1000)
        stats = memory.stats()
        assert stats.allocated_bytes == stats["allocated_bytes.small_pool.current"] == 1024
        assert (memory.memory_reserved(), stats["requested_bytes.all.peak"]) == (2 * MIB, 1000)
        free(data)


def test_how_much() -> None:
    with use_allocator(StatisticsAllocator(CachingAllocator(FakeAllocator()))):
        kept, gone = current.allocate(1000), current.allocate(100)
        free(gone)
        assert (memory.memory_allocated(), memory.max_memory_allocated()) == (1024, 1152)
        assert (memory.memory_reserved(), memory.max_memory_reserved()) == (1152, 1152)
        memory.empty_cache()
        memory.reset_peak_memory_stats()
        assert (memory.max_memory_allocated(), memory.max_memory_reserved()) == (1024, 1024)
        memory.reset_accumulated_memory_stats()
        stats = memory.stats()
        assert (stats["allocation.all.allocated"], stats["segment.all.freed"], stats.total_requested_bytes) == (0, 0, 0)
        free(kept)
        assert memory.stats()["allocation.all.freed"] == 1


def test_without_a_cache_nothing_more_is_held_than_is_in_use() -> None:
    with use_allocator(StatisticsAllocator(FakeAllocator())):
        kept, gone = current.allocate(100), current.allocate(50)
        free(gone)
        assert (memory.memory_reserved(), memory.max_memory_reserved()) == (100, 150)
        free(kept)


@pytest.mark.parametrize("reset", ["reset_peak_memory_stats", "reset_accumulated_memory_stats"])
def test_there_must_be_something_to_reset(reset: str) -> None:
    with use_allocator(FakeAllocator()), pytest.raises(RangeError) as error:
        getattr(memory, reset)()
    assert str(error.value) == "memory.stats: takes an allocator in use that has a StatisticsAllocator, got fake"


def test_a_limit() -> None:
    with use_allocator(StatisticsAllocator(CachingAllocator(FakeAllocator()))):
        assert memory.get_limit() is None
        assert memory.set_limit(4096) is None
        kept = current.allocate(3000)
        with pytest.raises(OutOfMemoryError) as error:
            current.allocate(2000)
        assert str(error.value) == (
            "CachingAllocator.allocate: 2,048 bytes more would pass the limit: 3,008 of 4,096 bytes are held\n"
            "  memory of statistics(caching(fake))\n"
            "  allocated   3,008 bytes in 1 block; 3,000 were asked for, 8 are rounding\n"
            "  cached      0 bytes in 0 blocks\n"
            "  by line     not recorded; tl.memory.record_history() begins to"
        )
        assert memory.set_limit(None) == 4096
        free(current.allocate(2000))
        assert memory.set_limit(3500) is None  # below what is held: the cache goes at once
        assert memory.memory_reserved() == 3008
        free(kept)
        assert memory.get_limit() == 3500


def test_a_limit_below_what_is_in_use_stops_what_comes_next() -> None:
    with use_allocator(CachingAllocator(FakeAllocator())):
        kept = current.allocate(3000)
        memory.set_limit(100)
        with pytest.raises(OutOfMemoryError):
            current.allocate(1)
        free(kept)
        free(current.allocate(1))


def test_what_is_no_limit_is_refused() -> None:
    with use_allocator(CachingAllocator(FakeAllocator())):
        with pytest.raises(RangeError) as error:
            memory.set_limit(-1)
        assert str(error.value) == "memory.set_limit: takes bytes as an int of at least 0, got -1"
        assert memory.get_limit() is None
    with use_allocator(FakeAllocator()), pytest.raises(RangeError) as error:
        memory.set_limit(1)
    assert str(error.value) == "memory.set_limit: takes an allocator in use that has a cache, got fake"


def test_a_limit_for_a_device() -> None:
    with use_allocator(StatisticsAllocator(DeviceCachingAllocator(FakeDevice()))):
        free(current.allocate(100))
        assert memory.set_limit(MIB) is None
        assert (memory.get_limit(), memory.memory_reserved()) == (MIB, 0)
        with pytest.raises(OutOfMemoryError):
            current.allocate(100)


def test_the_cache_of_a_device_is_emptied_too() -> None:
    device = FakeDevice()
    with use_allocator(DeviceCachingAllocator(device)):
        free(current.allocate(100))
        assert memory.empty_cache() == 2 * MIB
    assert device.live == {}

"""Small blocks one by one, large ones cut from segments, and a cache over both that tells the truth of all."""

from __future__ import annotations

import sys

import pytest
from fake_allocator import FakeAllocator, free

from tensorlab import memory
from tensorlab.core.blocks import SegmentRecord, Segments
from tensorlab.errors import OutOfMemoryError, RangeError
from tensorlab.memory import (
    Block,
    BySizeAllocator,
    CachingAllocator,
    DeviceCachingAllocator,
    History,
    HostAllocator,
    Segment,
    StatisticsAllocator,
    current,
    layers,
    use_allocator,
)
from tensorlab.memory.allocator import layers_behind
from tensorlab.memory.report import report

MIB = 1 << 20


def over(fake: FakeAllocator, limit: int = 32 * MIB) -> CachingAllocator:
    return CachingAllocator(BySizeAllocator(fake), limit=limit)


def test_small_blocks_come_one_by_one_and_large_ones_from_segments() -> None:
    fake = FakeAllocator()
    by_size = BySizeAllocator(fake)
    sizes = [100, MIB, MIB + 128, 3 * MIB, 25 * MIB]
    blocks = [by_size.allocate(nbytes) for nbytes in sizes]
    assert [data.nbytes for data in blocks] == [100, MIB, MIB + 512, 3 * MIB, 25 * MIB]
    assert fake.asked == [100, MIB, 20 * MIB, 26 * MIB]
    assert all(data.deleter == by_size.deallocate for data in blocks)
    for data in blocks:
        free(data)
    assert fake.returned == [100, MIB]
    assert by_size.empty_cache() == 46 * MIB
    assert (fake.live, by_size.reserve.nbytes) == ({}, 0)


def test_no_bytes_are_nobodys() -> None:
    by_size = BySizeAllocator(HostAllocator())
    data = by_size.allocate(0)
    assert (data.address, data.nbytes) == (0, 0)
    free(data)
    assert by_size.reserve.counts() == (0, 0, 0, 0, 0, 0, 0, 0)


def test_what_is_not_a_count_of_bytes_is_refused() -> None:
    with pytest.raises(RangeError) as error:
        BySizeAllocator(FakeAllocator()).allocate(-1)
    assert str(error.value) == "BySizeAllocator.allocate: takes bytes as an int of at least 0, got -1"


def test_its_name_and_layers() -> None:
    caching = over(FakeAllocator())
    assert caching.name == "caching(by_size(device_caching(host), fake))"
    assert [type(layer) for layer in layers(caching)] == [
        CachingAllocator,
        BySizeAllocator,
        DeviceCachingAllocator,
        FakeAllocator,
    ]


def test_the_layers_behind_a_block_are_those_that_it_went_through() -> None:
    fake = FakeAllocator()
    caching = over(fake)
    small, large = caching.allocate(100), caching.allocate(2 * MIB)
    by_size = caching.inner
    assert isinstance(by_size, BySizeAllocator)
    assert list(layers_behind(small)) == [caching, by_size, fake]
    assert list(layers_behind(large)) == [caching, by_size, by_size.heap, fake]
    free(small)
    free(large)


def test_a_large_block_for_which_there_is_no_segment_comes_alone() -> None:
    fake = FakeAllocator(capacity=5 * MIB)
    by_size = BySizeAllocator(fake)
    one, other = by_size.allocate(2 * MIB), by_size.allocate(3 * MIB)
    assert sorted(data.nbytes for data in fake.live.values()) == [2 * MIB, 3 * MIB]
    assert not by_size.is_cut(one.address, one.nbytes)
    free(one)
    assert fake.returned == [2 * MIB]
    fake.capacity = 50 * MIB
    cut = by_size.allocate(2 * MIB)
    assert by_size.is_cut(cut.address, cut.nbytes)
    free(cut)
    free(other)
    assert by_size.empty_cache() == 20 * MIB
    assert fake.live == {}


def test_segments_tell_what_waits_in_the_cache() -> None:
    caching = over(FakeAllocator())
    small, kept, gone = caching.allocate(1000), caching.allocate(3 * MIB - 5), caching.allocate(3 * MIB)
    free(gone)
    assert caching.cached_nbytes == 3 * MIB
    at = kept.address
    assert caching.segments() == (
        Segment("cpu", small.address, 1024, 0, "small", (Block(small.address, 1024, 1000, "active_allocated"),)),
        Segment(
            "cpu",
            at,
            20 * MIB,
            0,
            "large",
            (
                Block(at, 3 * MIB, 3 * MIB - 5, "active_allocated"),
                Block(at + 3 * MIB, 3 * MIB, 0, "inactive"),
                Block(at + 6 * MIB, 14 * MIB, 0, "inactive"),
            ),
        ),
    )
    free(small)
    free(kept)
    assert caching.empty_cache() == 1024 + 20 * MIB
    assert caching.segments() == ()


def test_a_block_that_comes_alone_is_a_segment() -> None:
    caching = over(FakeAllocator(capacity=5 * MIB))
    data = caching.allocate(3 * MIB)
    (segment,) = caching.segments()
    assert (segment.address, segment.nbytes, len(segment.blocks)) == (data.address, 3 * MIB, 1)
    free(data)
    assert caching.empty_cache() == 3 * MIB


def test_counts_are_those_of_the_system() -> None:
    with use_allocator(StatisticsAllocator(over(FakeAllocator()))):
        small, kept, gone = current.allocate(1000), current.allocate(3 * MIB - 5), current.allocate(3 * MIB)
        free(gone)
        stats = memory.stats()
        assert stats.allocated_bytes == 1024 + 3 * MIB
        assert memory.memory_reserved() == memory.max_memory_reserved() == 1024 + 20 * MIB
        assert (stats["segment.all.current"], stats["num_device_alloc"]) == (2, 2)
        assert stats["requested_bytes.all.current"] == 1000 + 3 * MIB - 5
        assert (stats["inactive_split.all.current"], stats["inactive_split_bytes.all.current"]) == (2, 17 * MIB)
        assert "inactive_split_bytes.all.peak" not in stats  # nobody counts it
        found = report()
        assert (found.reserved_nbytes, found.fragmented_nbytes) == (1024 + 20 * MIB, 17 * MIB)
        assert (found.allocated_nbytes, found.rounding_nbytes, found.cached_nbytes) == (1024 + 3 * MIB, 24 + 5, 0)
        free(kept)
        assert memory.stats()["inactive_split.all.current"] == 0
        assert report().cached_nbytes == 20 * MIB
        assert memory.empty_cache() == 20 * MIB
        memory.reset_peak_memory_stats()
        memory.reset_accumulated_memory_stats()
        assert memory.max_memory_reserved() == 1024
        assert memory.stats()["segment.all.freed"] == 0
        free(small)


def test_a_summary_leaves_out_what_nobody_counts() -> None:
    with use_allocator(StatisticsAllocator(over(FakeAllocator()))):
        data = current.allocate(3 * MIB)
        lines = memory.summary().splitlines()
        assert "bytes free beside blocks in use       17,825,792" in lines
        assert (
            "bytes held, in use and cached         20,971,520       20,971,520       20,971,520                0"
            in lines
        )
        assert "fragmented  17,825,792 bytes in 1 block: free beside blocks in use" in lines
        free(data)


def test_a_limit_bounds_what_is_held_of_the_system() -> None:
    fake = FakeAllocator()
    with use_allocator(StatisticsAllocator(over(fake))):
        assert memory.set_limit(30 * MIB) is None
        kept, gone = current.allocate(2 * MIB), current.allocate(5 * MIB)
        free(gone)
        free(current.allocate(12 * MIB))  # 20 MiB are held for the two: this one is cut from them
        assert fake.live_nbytes == 20 * MIB
        with pytest.raises(OutOfMemoryError) as error:
            current.allocate(20 * MIB)
        assert str(error.value) == (
            "BySizeAllocator.allocate: 20,971,520 bytes more would pass the limit: 20,971,520 of 31,457,280 bytes are "
            "held\n"
            "  memory of statistics(caching(by_size(device_caching(host), fake)))\n"
            "  allocated   2,097,152 bytes in 1 block; 2,097,152 were asked for, 0 are rounding\n"
            "  cached      0 bytes in 0 blocks\n"
            "  fragmented  18,874,368 bytes in 1 block: free beside blocks in use\n"
            "  by line     not recorded; tl.memory.record_history() begins to"
        )
        assert error.value.__context__ is None
        assert memory.get_limit() == 30 * MIB
        free(kept)
        free(current.allocate(30 * MIB))  # now the segment can go
        assert fake.live_nbytes == 30 * MIB
        memory.set_limit(10 * MIB)
        assert memory.memory_reserved() == 0


def test_the_systems_own_reason_is_told() -> None:
    caching = over(FakeAllocator(capacity=MIB))
    with pytest.raises(OutOfMemoryError) as error:
        caching.allocate(2 * MIB)
    assert str(error.value).splitlines()[0] == "FakeAllocator: no room for 2097152 bytes"
    assert error.value.__context__ is None
    assert caching.stats().retries == 0


def test_blocks_that_wait_make_room_inside_their_segments() -> None:
    fake = FakeAllocator(capacity=20 * MIB)
    caching = over(fake)
    kept, *gone = [caching.allocate(4 * MIB) for _ in range(5)]
    for data in gone:
        free(data)
    free(caching.allocate(16 * MIB))  # no bytes went back for it, and yet there was room
    assert (caching.stats().retries, fake.live_nbytes) == (1, 20 * MIB)
    free(kept)


def test_a_block_too_large_for_the_cache_drives_nothing_out() -> None:
    caching = over(FakeAllocator(), limit=4 * MIB)
    data = caching.allocate(1000)
    free(data)
    for _ in range(5):
        free(caching.allocate(5 * MIB))
    assert caching.cached_nbytes == 1024
    assert caching.allocate(1000) is data
    free(data)


def test_large_blocks_make_way_for_small_ones() -> None:
    fake = FakeAllocator()
    caching = over(fake, limit=16 * MIB)
    waiting = [caching.allocate(nbytes * MIB) for nbytes in (2, 2, 4, 8)]
    for data in waiting:
        free(data)
    assert caching.cached_nbytes == 16 * MIB
    small = caching.allocate(1000)
    free(small)
    assert caching.cached_nbytes == 8 * MIB + 1024
    assert caching.allocate(1000) is small
    assert caching.allocate(4 * MIB) is waiting[2]  # only the largest have gone
    assert fake.returned == []
    free(small)


def test_a_cache_full_of_small_blocks_hands_them_down() -> None:
    fake = FakeAllocator()
    caching = over(fake, limit=4096)
    for data in [caching.allocate(nbytes) for nbytes in (2 * MIB, 4096, 64)]:
        free(data)
    assert (caching.cached_nbytes, fake.returned) == (4096, [64])


def test_segments_are_recorded_and_what_the_heap_does_is_not() -> None:
    stack = StatisticsAllocator(over(FakeAllocator()))
    with use_allocator(stack):
        history = memory.record_history()
        assert isinstance(history, History)
        data = current.allocate(3 * MIB)
        line = sys._getframe().f_lineno - 1
        free(data)
        free(current.allocate(3 * MIB))
        memory.empty_cache()
        assert [(event.action, event.nbytes) for event in history.events()] == [
            ("segment_alloc", 20 * MIB),
            *[("alloc", 3 * MIB), ("free_completed", 3 * MIB)] * 2,
            ("segment_free", 20 * MIB),
        ]
        assert [(frame.filename, frame.line) for frame in history.events()[0].frames] == [(__file__, line)]
        assert memory.snapshot()["device_traces"][0][0]["size"] == 20 * MIB
        assert memory.record_history(None) is history
        free(current.allocate(3 * MIB))
        assert len(history) == 6


def test_a_block_and_its_segment_are_found() -> None:
    with use_allocator(StatisticsAllocator(over(FakeAllocator()))):
        one, other = current.allocate(2 * MIB), current.allocate(3 * MIB)
        free(current.allocate(4 * MIB))
        info = memory.describe(other)
        assert info is not None
        assert (info.nbytes, info.in_use, info.idle_blocks) == (3 * MIB, True, 0)
        assert Segments().of(other) == SegmentRecord(20 * MIB, "large", 4, 2 * MIB)
        free(one)
        free(other)


def test_what_it_stands_on_stays() -> None:
    caching = over(FakeAllocator())
    with pytest.raises(AttributeError, match="cannot be changed"):
        caching.inner = FakeAllocator()
    assert isinstance(caching.inner, BySizeAllocator)

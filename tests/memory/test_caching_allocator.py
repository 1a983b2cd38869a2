from __future__ import annotations

import sys

import pytest
from fake_allocator import FakeAllocator, free
from hypothesis import given
from hypothesis import strategies as st

from tensorlab.errors import OutOfMemoryError, RangeError
from tensorlab.memory import (
    Block,
    BlockInfo,
    CacheStats,
    CachingAllocator,
    History,
    HostAllocator,
    LimitAllocator,
    Segment,
)
from tensorlab.memory.cached_blocks import class_nbytes
from tensorlab.memory.host import memory_nbytes


@given(st.integers(1, 4096) | st.integers(1, 1 << 50))
def test_waste_is_bounded(nbytes: int) -> None:
    block = class_nbytes(nbytes)
    assert nbytes <= block
    assert block % 64 == 0
    assert block - nbytes < max(64, nbytes / 8)


@given(st.integers(1, 1 << 50))
def test_sizes_of_blocks_are_requests_for_themselves(nbytes: int) -> None:
    assert class_nbytes(class_nbytes(nbytes)) == class_nbytes(nbytes)


@given(st.integers(0, 1 << 40), st.integers(0, 1 << 40))
def test_a_larger_request_never_gets_a_smaller_block(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert class_nbytes(low) <= class_nbytes(high)


def test_sizes_are_few() -> None:
    doublings = range(12, 40)
    sizes = {class_nbytes((1 << k) * sixteenth // 16 + 1) for k in doublings for sixteenth in range(16, 32)}
    assert len(sizes) == 8 * len(doublings)


def test_a_freed_block_is_given_again_with_its_record() -> None:
    caching = CachingAllocator(HostAllocator())
    data = caching.allocate(1000)
    address = data.address
    free(data)
    again = caching.allocate(990)
    assert again is data
    assert (again.address, again.nbytes) == (address, 1024)
    free(again)


def test_the_last_freed_block_comes_first() -> None:
    caching = CachingAllocator(FakeAllocator())
    one, other = caching.allocate(100), caching.allocate(100)
    free(one)
    free(other)
    assert caching.allocate(100) is other
    assert caching.allocate(100) is one


def test_a_hit_asks_the_inner_allocator_for_nothing() -> None:
    fake = FakeAllocator()
    caching = CachingAllocator(fake)
    for nbytes in (5000, 4700, 5001, 5120):
        free(caching.allocate(nbytes))
    assert fake.asked == [5120]


def test_blocks_of_another_size_are_not_taken() -> None:
    fake = FakeAllocator()
    caching = CachingAllocator(fake)
    free(caching.allocate(64))
    free(caching.allocate(65))
    assert fake.asked == [64, 128]


def test_cached_bytes() -> None:
    caching = CachingAllocator(FakeAllocator())
    small, large = caching.allocate(1), caching.allocate(10_000)
    assert caching.cached_nbytes == 0
    free(small)
    assert caching.cached_nbytes == 64
    free(large)
    assert caching.cached_nbytes == 64 + 10_240
    caching.allocate(2)
    assert caching.cached_nbytes == 10_240
    assert caching.empty_cache() == 10_240
    assert caching.cached_nbytes == 0
    assert caching.empty_cache() == 0


def test_after_emptying_the_cache_blocks_are_cached_again() -> None:
    fake = FakeAllocator()
    caching = CachingAllocator(fake)
    free(caching.allocate(100))
    caching.empty_cache()
    assert fake.live == {}
    data = caching.allocate(100)
    free(data)
    assert caching.allocate(100) is data
    assert fake.asked == [128, 128]


def test_beyond_its_limit_the_cache_hands_blocks_down() -> None:
    fake = FakeAllocator()
    caching = CachingAllocator(fake, limit=300)
    blocks = [caching.allocate(128) for _ in range(3)]
    for data in blocks:
        free(data)
    assert caching.cached_nbytes == 256
    assert fake.returned == [128]


def test_a_limit_of_nothing_caches_nothing() -> None:
    fake = FakeAllocator()
    caching = CachingAllocator(fake, limit=0)
    free(caching.allocate(1))
    assert (caching.cached_nbytes, fake.live) == (0, {})


def test_a_full_cache_lets_go_of_sizes_no_longer_asked_for() -> None:
    fake = FakeAllocator()
    caching = CachingAllocator(fake, limit=4096)
    free(caching.allocate(4096))  # fills the cache, and is never asked for again
    for _ in range(8):  # 1024 bytes refused each: a sweep after four and one after eight
        free(caching.allocate(1024))
    assert 4096 in fake.returned
    asked = len(fake.asked)
    free(caching.allocate(1024))
    free(caching.allocate(1024))
    assert len(fake.asked) == asked + 1  # from here on it is cached


def test_a_full_cache_keeps_the_sizes_in_demand() -> None:
    fake = FakeAllocator()
    caching = CachingAllocator(fake, limit=4096)
    for _ in range(40):  # together more than the limit
        blocks = [caching.allocate(4096), caching.allocate(1024)]
        for data in blocks:
            free(data)
    assert fake.asked.count(4096) == 1
    assert fake.asked.count(1024) == 40


def test_the_default_limit_is_a_quarter_of_memory() -> None:
    assert CachingAllocator(FakeAllocator()).limit == memory_nbytes() // 4


def test_out_of_memory_empties_the_cache_and_tries_again() -> None:
    fake = FakeAllocator(capacity=10_000)
    caching = CachingAllocator(fake)
    free(caching.allocate(8192))
    data = caching.allocate(4096)
    assert fake.asked == [8192, 4096, 4096]
    assert list(fake.live.values()) == [data]
    assert caching.cached_nbytes == 0


def test_out_of_memory_with_an_empty_cache_is_not_tried_again() -> None:
    fake = FakeAllocator(capacity=1000)
    caching = CachingAllocator(fake)
    with pytest.raises(OutOfMemoryError) as error:
        caching.allocate(2000)
    assert str(error.value) == (
        "FakeAllocator: no room for 2048 bytes\n"
        "  memory of caching(fake)\n"
        "  allocated   0 bytes in 0 blocks; 0 were asked for, 0 are rounding\n"
        "  cached      0 bytes in 0 blocks\n"
        "  by line     not recorded; tl.memory.record_history() begins to"
    )
    assert error.value.__context__ is None
    assert fake.asked == [2048]


def test_out_of_memory_although_the_cache_was_emptied() -> None:
    fake = FakeAllocator(capacity=1000)
    caching = CachingAllocator(fake)
    free(caching.allocate(64))
    with pytest.raises(OutOfMemoryError) as error:
        caching.allocate(2000)
    assert str(error.value).splitlines()[0] == "FakeAllocator: no room for 2048 bytes"
    assert caching.stats().retries == 1
    assert fake.asked == [64, 2048, 2048]
    free(caching.allocate(64))  # still good


def test_the_cache_gives_way_to_a_limit_below_it() -> None:
    caching = CachingAllocator(LimitAllocator(FakeAllocator(), 10_000))
    free(caching.allocate(8192))
    free(caching.allocate(9216))
    assert caching.cached_nbytes == 9216


def test_blocks_of_an_inner_allocator_that_rounds_up_are_found_again() -> None:
    fake = FakeAllocator(granularity=512)
    caching = CachingAllocator(fake)
    data = caching.allocate(100)
    assert data.nbytes == 512
    free(data)
    assert caching.allocate(100) is data
    assert caching.cached_nbytes == 0


def test_no_bytes() -> None:
    caching = CachingAllocator(HostAllocator())
    one, other = caching.allocate(0), caching.allocate(0)
    assert (one.address, one.nbytes) == (other.address, other.nbytes) == (0, 0)
    free(one)
    assert caching.allocate(0) is one
    free(one)
    free(other)
    assert caching.empty_cache() == 0


@pytest.mark.parametrize("nbytes", [-1, 64.0, "64", None, True])
def test_what_is_not_a_count_of_bytes_is_refused(nbytes: object) -> None:
    caching = CachingAllocator(FakeAllocator())
    for known in (64, 1):  # equal to some of these, and in the cache: 64 == 64.0, 1 == True
        free(caching.allocate(known))
    with pytest.raises(RangeError) as error:
        caching.allocate(nbytes)  # type: ignore[arg-type]
    assert str(error.value) == f"CachingAllocator.allocate: takes bytes as an int of at least 0, got {nbytes!r}"
    assert error.value.__context__ is None


def test_a_limit_that_is_none_is_refused() -> None:
    with pytest.raises(RangeError) as error:
        CachingAllocator(FakeAllocator(), limit=-5)
    assert str(error.value) == "CachingAllocator limit: takes bytes as an int of at least 0, got -5"


def test_ever_new_sizes_do_not_fill_memory() -> None:
    fake = FakeAllocator()
    caching = CachingAllocator(fake)
    for nbytes in range(10_000):
        free(caching.allocate(nbytes))
    assert len(caching.lists) <= 4096
    assert len(fake.asked) == len({class_nbytes(n) for n in range(10_000)})


def test_segments() -> None:
    caching = CachingAllocator(FakeAllocator())
    kept, gone, large = caching.allocate(100), caching.allocate(1000), caching.allocate(3 << 20)
    nothing = caching.allocate(0)
    free(gone)
    assert caching.segments() == (
        Segment("cpu", kept.address, 128, 0, "small", (Block(kept.address, 128, 100, "active_allocated"),)),
        Segment("cpu", gone.address, 1024, 0, "small", (Block(gone.address, 1024, 0, "inactive"),)),
        Segment(
            "cpu", large.address, 3 << 20, 0, "large", (Block(large.address, 3 << 20, 3 << 20, "active_allocated"),)
        ),
    )
    caching.allocate(1010)
    assert caching.segments()[1].blocks[0].requested_nbytes == 1010
    free(nothing)


def test_counts_of_segments() -> None:
    caching = CachingAllocator(FakeAllocator())
    blocks = [caching.allocate(100) for _ in range(3)]
    for data in blocks[1:]:
        free(data)
    assert caching.empty_cache() == 256
    assert caching.stats() == CacheStats(
        reserved_bytes=128,
        peak_bytes=384,
        total_bytes=384,
        segments=1,
        peak_segments=3,
        total_segments=3,
        freed_bytes=256,
        freed_segments=2,
        requested_bytes=100,
        retries=0,
    )
    caching.reset_peak()
    caching.reset_accumulated()
    assert caching.stats().to_dict() == {
        "segment.all.current": 1,
        "segment.all.peak": 1,
        "segment.all.allocated": 0,
        "segment.all.freed": 0,
        "reserved_bytes.all.current": 128,
        "reserved_bytes.all.peak": 128,
        "reserved_bytes.all.allocated": 0,
        "reserved_bytes.all.freed": 0,
        "requested_bytes.all.current": 100,
        "num_alloc_retries": 0,
        "num_device_alloc": 0,
        "num_device_free": 0,
    }


def test_a_limit_of_what_is_held() -> None:
    fake = FakeAllocator()
    caching = CachingAllocator(fake)
    caching.limit_nbytes = 2000
    kept, gone = caching.allocate(1000), caching.allocate(900)
    free(gone)
    data = caching.allocate(500)  # in the place of the cached 960 bytes, which have to go
    assert (fake.live_nbytes, caching.reserved_nbytes) == (1024 + 512, 1024 + 512)
    with pytest.raises(OutOfMemoryError) as error:
        caching.allocate(600)
    assert str(error.value) == (
        "CachingAllocator.allocate: 640 bytes more would pass the limit: 1,536 of 2,000 bytes are held\n"
        "  memory of caching(fake)\n"
        "  allocated   1,536 bytes in 2 blocks; 1,500 were asked for, 36 are rounding\n"
        "  cached      0 bytes in 0 blocks\n"
        "  by line     not recorded; tl.memory.record_history() begins to"
    )
    free(data)
    free(kept)


def test_a_limit_counts_what_the_layer_below_makes_of_a_request() -> None:
    fake = FakeAllocator(granularity=512)
    caching = CachingAllocator(fake)
    caching.limit_nbytes = 500
    with pytest.raises(OutOfMemoryError) as error:
        caching.allocate(100)
    assert str(error.value).splitlines()[0] == (
        "CachingAllocator.allocate: 512 bytes more would pass the limit: 0 of 500 bytes are held"
    )
    assert (fake.live, caching.segments()) == ({}, ())


def test_what_is_asked_of_the_layer_below_comes_back_with_the_block() -> None:
    below = CachingAllocator(FakeAllocator())
    caching = CachingAllocator(below)
    data = caching.allocate(100)
    assert (data.requested, below.segments()[0].requested_nbytes) == (100, 100)
    free(data)
    caching.empty_cache()
    assert data.requested == 128


def test_a_history_of_what_is_got_and_given_back() -> None:
    caching = CachingAllocator(FakeAllocator())
    caching.history = History()
    data = caching.allocate(100)
    line = sys._getframe().f_lineno - 1
    free(data)
    free(caching.allocate(100))
    caching.empty_cache()
    events = caching.history.events()
    assert [(event.action, event.nbytes, event.address) for event in events] == [
        ("segment_alloc", 128, data.address),
        ("segment_free", 128, data.address),
    ]
    assert [(frame.filename, frame.line) for frame in events[0].frames] == [(__file__, line)]


def test_describe() -> None:
    caching = CachingAllocator(FakeAllocator())
    data, other = caching.allocate(1000), caching.allocate(1000)
    free(other)
    assert caching.describe(data) == BlockInfo(
        allocator="caching(fake)", device="cpu", address=data.address, nbytes=1024, in_use=True, idle_blocks=1
    )
    free(data)
    assert caching.describe(data).to_dict() == {
        "allocator": "caching(fake)",
        "device": "cpu",
        "address": data.address,
        "nbytes": 1024,
        "in_use": False,
        "idle_blocks": 2,
    }

"""Pools, splitting, merging, streams and events, one rule at a time."""

from __future__ import annotations

import gc

import pytest
from fake_allocator import free
from fake_device import BASE, MIB, FakeDevice

from tensorlab.errors import OutOfMemoryError, RangeError
from tensorlab.memory import (
    Allocator,
    DataPtr,
    DeviceCachingAllocator,
    LimitAllocator,
    StatisticsAllocator,
)
from tensorlab.memory.device_stats import Counts, PoolCounts
from tensorlab.memory.segments import Block, Segmented


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


@pytest.fixture
def caching(device: FakeDevice) -> DeviceCachingAllocator:
    return DeviceCachingAllocator(device)


def sizes(caching: DeviceCachingAllocator) -> list[list[tuple[int, str]]]:
    return [[(block.nbytes, block.state) for block in one.blocks] for one in caching.segments()]


def test_is_an_allocator_that_tells_its_segments(caching: DeviceCachingAllocator) -> None:
    assert isinstance(caching, Allocator)
    assert isinstance(caching, Segmented)
    assert (caching.name, caching.device) == ("device_caching(fake)", "fake:0")


def test_no_bytes_take_no_block(caching: DeviceCachingAllocator, device: FakeDevice) -> None:
    data = caching.allocate(0)
    assert (data.address, data.nbytes, data.device) == (0, 0, "fake:0")
    caching.record_stream(data, 3)
    free(data)
    assert data.deleter is None
    assert device.allocs == 0


@pytest.mark.parametrize(
    ("nbytes", "block", "segment", "pool"),
    [
        (1, 512, 2 * MIB, "small"),
        (513, 1024, 2 * MIB, "small"),
        (MIB, MIB, 2 * MIB, "small"),
        (MIB + 1, MIB + 512, 20 * MIB, "large"),
        (10 * MIB - 512, 10 * MIB - 512, 20 * MIB, "large"),
        (10 * MIB, 10 * MIB, 10 * MIB, "large"),
        (10 * MIB + 1, 10 * MIB + 512, 12 * MIB, "large"),
        (11 * MIB, 12 * MIB, 12 * MIB, "large"),  # one MiB is too little for a block of its own
    ],
)
def test_sizes_are_those_of_pytorch(
    caching: DeviceCachingAllocator, nbytes: int, block: int, segment: int, pool: str
) -> None:
    data = caching.allocate(nbytes)
    (held,) = caching.segments()
    assert (data.nbytes, held.nbytes, held.pool, held.requested_nbytes) == (block, segment, pool, nbytes)
    assert (data.address, data.context, data.device) == (BASE, BASE, "fake:0")


def test_the_best_fitting_block_is_taken_and_split(caching: DeviceCachingAllocator) -> None:
    kept = [caching.allocate(nbytes * MIB) for nbytes in (4, 3, 2, 4, 2)]
    free(kept[0])
    free(kept[2])
    again = caching.allocate(2 * MIB)
    assert again.address == kept[2].address
    third = caching.allocate(2 * MIB)  # half of the block of 4 MiB
    assert third.address == kept[0].address
    states = [(block.nbytes // MIB, block.state) for block in caching.segments()[0].blocks]
    assert states == [
        (2, "active_allocated"),
        (2, "inactive"),
        (3, "active_allocated"),
        (2, "active_allocated"),
        (4, "active_allocated"),
        (2, "active_allocated"),
        (5, "inactive"),
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)], ids=str)
def test_free_neighbours_become_one(caching: DeviceCachingAllocator, order: tuple[int, ...]) -> None:
    data = [caching.allocate(512) for _ in range(3)]
    for index in order:
        free(data[index])
    assert sizes(caching) == [[(2 * MIB, "inactive")]]
    assert caching.stats().inactive_split.all.current == 0


def test_segments_side_by_side_stay_apart(caching: DeviceCachingAllocator, device: FakeDevice) -> None:
    for data in [caching.allocate(10 * MIB), caching.allocate(10 * MIB)]:
        free(data)
    assert sorted(device.live) == [BASE, BASE + 10 * MIB]
    assert sizes(caching) == [[(10 * MIB, "inactive")], [(10 * MIB, "inactive")]]


def test_streams_have_blocks_of_their_own(caching: DeviceCachingAllocator) -> None:
    first = caching.allocate_on(1000, 1)
    address = first.address
    free(first)
    assert caching.allocate_on(1000, 2).address != address
    assert caching.allocate_on(1000, 1).address == address
    assert [one.stream for one in caching.segments()] == [1, 2]


def test_a_block_waits_for_the_streams_that_used_it(caching: DeviceCachingAllocator, device: FakeDevice) -> None:
    data = caching.allocate(1000)
    address = data.address
    for stream in (2, 1, 2, 0):  # 0 is its own
        caching.record_stream(data, stream)
    free(data)
    assert [device.pending(stream) for stream in (0, 1, 2)] == [0, 1, 1]
    assert caching.segments()[0].blocks[0] == Block(address, 1024, 1000, "active_awaiting_free")
    device.pass_events(1)
    assert caching.allocate(1000).address != address
    device.pass_events(2)
    assert caching.allocate(1000).address == address


def test_two_uses_of_a_block_wait_for_their_own_events(caching: DeviceCachingAllocator, device: FakeDevice) -> None:
    for _ in range(2):
        data = caching.allocate(1000)
        caching.record_stream(data, 1)
        free(data)
        device.pass_events(1)
    data = caching.allocate(1000)
    assert data.address == BASE
    free(data)  # used by nobody else this time
    assert caching.stats().active.all.current == 0


def test_waiting_frees_a_block_that_fits(device: FakeDevice) -> None:
    """PyTorch waits here too, and refuses then: it looks only for whole segments to give back."""
    device.capacity = 30 * MIB
    caching = DeviceCachingAllocator(device)
    free(caching.allocate_on(10 * MIB, 5))  # is not given back: waiting is enough
    kept, awaited = caching.allocate(4 * MIB), caching.allocate(16 * MIB)
    address = awaited.address
    caching.record_stream(awaited, 1)
    free(awaited)
    assert caching.allocate(15 * MIB).address == address
    assert (device.allocs, device.frees) == (2, 0)
    stats = caching.stats()
    assert (stats.num_sync_all_streams, stats.num_alloc_retries, stats.num_ooms) == (1, 0, 0)
    assert kept.deleter is not None


def test_cached_segments_are_given_back_before_a_request_is_refused(device: FakeDevice) -> None:
    device.capacity = 24 * MIB
    caching = DeviceCachingAllocator(device)
    kept = caching.allocate(512)
    for data in [caching.allocate_on(10 * MIB, 1), caching.allocate_on(10 * MIB, 2)]:
        free(data)
    assert caching.allocate(20 * MIB).nbytes == 20 * MIB
    assert device.live == {BASE: 2 * MIB, BASE + 2 * MIB: 20 * MIB}
    assert (caching.stats().num_alloc_retries, caching.stats().num_ooms) == (1, 0)
    free(kept)


def test_a_failed_request_changes_nothing(device: FakeDevice) -> None:
    device.capacity = 24 * MIB
    caching = DeviceCachingAllocator(device)
    kept = [caching.allocate(5 * MIB), caching.allocate(512)]
    before = caching.segments()
    with pytest.raises(OutOfMemoryError):
        caching.allocate(40 * MIB)
    assert caching.segments() == before
    assert caching.stats().num_ooms == 1
    for data in kept:
        free(data)
    assert caching.empty_cache() == 22 * MIB
    assert device.live == {}


def test_the_cache_is_emptied_of_whole_segments_alone(caching: DeviceCachingAllocator, device: FakeDevice) -> None:
    kept, gone, awaited = caching.allocate(512), caching.allocate(12 * MIB), caching.allocate_on(14 * MIB, 1)
    caching.record_stream(awaited, 2)
    free(gone)
    free(awaited)
    assert caching.empty_cache() == 26 * MIB  # it has waited for the second
    assert sizes(caching) == [[(512, "active_allocated"), (2 * MIB - 512, "inactive")]]
    assert device.pending(2) == 0
    free(kept)
    assert caching.empty_cache() == 2 * MIB
    assert caching.empty_cache() == 0


def test_callbacks_may_give_blocks_back(caching: DeviceCachingAllocator, device: FakeDevice) -> None:
    held = [caching.allocate(10 * MIB)]
    address = held[0].address
    caching.add_free_callback(lambda: free(held.pop()) if held else None)
    assert caching.allocate(10 * MIB).address == address
    assert device.allocs == 1


def test_statistics_have_the_names_of_pytorch(caching: DeviceCachingAllocator) -> None:
    small, large = caching.allocate(1000), caching.allocate(5 * MIB)
    free(small)
    stats = caching.stats()
    assert stats.allocated_bytes == PoolCounts(
        all=Counts(5 * MIB, 5 * MIB + 1024, 5 * MIB + 1024, 1024),
        large_pool=Counts(5 * MIB, 5 * MIB, 5 * MIB, 0),
        small_pool=Counts(0, 1024, 1024, 1024),
    )
    assert stats.requested_bytes.all == Counts(5 * MIB, 5 * MIB + 1000, 5 * MIB + 1000, 1000)
    assert stats.inactive_split_bytes.all.current == 15 * MIB
    assert stats.reserved_bytes.all.current == 22 * MIB
    flat = stats.to_dict()
    assert flat["allocated_bytes.all.peak"] == 5 * MIB + 1024
    assert flat["segment.large_pool.allocated"] == 1
    caching.reset_peak()
    assert caching.stats().allocated_bytes.all == Counts(5 * MIB, 5 * MIB, 5 * MIB + 1024, 1024)
    free(large)


def test_every_statistic_of_pytorch_that_is_not_about_cuda_alone(caching: DeviceCachingAllocator) -> None:
    pools = [f"{pool}_pool" for pool in ("small", "large")]
    quantities = [
        "allocation",
        "allocated_bytes",
        "segment",
        "reserved_bytes",
        "active",
        "active_bytes",
        "inactive_split",
    ]
    quantities += ["inactive_split_bytes", "requested_bytes"]
    names = {
        f"{quantity}.{pool}.{count}"
        for quantity in quantities
        for pool in ["all", *pools]
        for count in ("current", "peak", "allocated", "freed")
    }
    names |= {"num_alloc_retries", "num_ooms", "num_sync_all_streams", "num_device_alloc", "num_device_free"}
    flat = caching.stats().to_dict()
    assert set(flat) == names
    assert set(flat.values()) == {0}


def test_a_block_is_given_back_once(caching: DeviceCachingAllocator) -> None:
    data = caching.allocate(1)
    copy = DataPtr(data.address, data.nbytes, data.context, data.deleter)
    free(data)
    assert data.deleter is None
    with pytest.raises(RangeError) as error:
        free(copy)
    assert str(error.value) == (
        "DeviceCachingAllocator.deallocate: no block at 0x200000 is in use: "
        "it was given back before, or comes from another allocator"
    )
    with pytest.raises(RangeError) as error:
        caching.record_stream(data, 1)
    assert str(error.value) == "DeviceCachingAllocator.record_stream: no block at 0x200000 is in use"


def test_layers_stand_on_it(device: FakeDevice) -> None:
    stack = LimitAllocator(StatisticsAllocator(DeviceCachingAllocator(device)), 5000)
    data = stack.allocate(4000)
    with pytest.raises(OutOfMemoryError):
        stack.allocate(2000)
    assert data.nbytes == 4096
    free(data)
    assert stack.live_nbytes == 0


def test_what_is_cached_goes_back_when_the_allocator_is_gone(device: FakeDevice) -> None:
    caching = DeviceCachingAllocator(device)
    data = caching.allocate(100)
    free(caching.allocate(10 * MIB))
    del caching
    gc.collect()
    assert len(device.live) == 2  # a block is out: its deleter keeps the allocator
    free(data)
    del data
    gc.collect()
    assert device.live == {}


def test_other_failures_of_the_device_leave_the_pools_whole(
    caching: DeviceCachingAllocator, device: FakeDevice
) -> None:
    def fail() -> None:
        raise KeyboardInterrupt

    kept = caching.allocate(512)
    before = caching.segments()
    device.on_alloc = device.on_event = fail
    with pytest.raises(KeyboardInterrupt):
        caching.allocate(10 * MIB)
    caching.record_stream(kept, 1)
    with pytest.raises(KeyboardInterrupt):
        free(kept)
    assert caching.segments() == (
        type(before[0])("fake:0", BASE, 2 * MIB, 0, "small", (
            Block(BASE, 512, 512, "active_awaiting_free"), before[0].blocks[1],
        )),
    )  # fmt: skip
    device.on_alloc = device.on_event = lambda: None
    assert caching.allocate(512).address == BASE + 512  # the block whose event is not known is never given again

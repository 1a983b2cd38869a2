"""Threads, finalisers in the middle of a change, and forks."""

from __future__ import annotations

import gc
import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fake_allocator import free
from fake_device import BASE, MIB, FakeDevice

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory import DataPtr, DeviceCachingAllocator, HostDevice
from tensorlab.memory.history import History


class Owner:
    """Holds a block in a cycle, so that only a collection frees it."""

    def __init__(self, data: DataPtr, at_end: Callable[[], None] = lambda: None) -> None:
        self.data = data
        self.at_end = at_end
        self.cycle = self

    def __del__(self) -> None:
        free(self.data)
        self.at_end()


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


@pytest.fixture
def quick_switching() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def check(caching: DeviceCachingAllocator, live: list[DataPtr]) -> None:
    """Chains are whole, and what is in use is what has owners."""
    blocks = [block for one in caching.segments() for block in one.blocks]
    for one in caching.segments():
        ends = [block.address + block.nbytes for block in one.blocks]
        assert [one.address, *ends] == [*(block.address for block in one.blocks), one.address + one.nbytes]
        assert all(
            not left.state == right.state == "inactive" for left, right in zip(one.blocks, one.blocks[1:], strict=False)
        )
    in_use = {block.address: block.nbytes for block in blocks if block.state == "active_allocated"}
    assert in_use == {data.address: data.nbytes for data in live}
    stats = caching.stats()
    assert stats.allocated_bytes.all.current == sum(in_use.values())
    assert stats.active.all.current == stats.allocation.all.current == len(in_use)
    assert stats.reserved_bytes.all.current == sum(block.nbytes for block in blocks)


def test_a_collection_inside_the_device_may_free(device: FakeDevice) -> None:
    caching = DeviceCachingAllocator(device)
    Owner(caching.allocate(1000))
    device.on_alloc = gc.collect
    data = caching.allocate(10 * MIB)
    check(caching, [data])
    assert caching.stats().allocation.all.freed == 1


def test_what_a_collection_frees_inside_a_refusal_is_found(device: FakeDevice) -> None:
    device.capacity = 20 * MIB
    caching = DeviceCachingAllocator(device)
    kept = caching.allocate(4 * MIB)
    Owner(caching.allocate(16 * MIB))
    device.on_alloc = gc.collect
    data = caching.allocate(15 * MIB)
    assert data.address == BASE + 4 * MIB
    check(caching, [kept, data])


def test_a_finaliser_may_allocate(device: FakeDevice) -> None:
    """It gets bytes that the interrupted allocation does not see, and they merge like others later."""
    caching = DeviceCachingAllocator(device)
    got: list[DataPtr] = []
    Owner(caching.allocate(1000), lambda: got.append(caching.allocate_on(2000, 1)))

    def collect_once() -> None:
        device.on_alloc = lambda: None
        gc.collect()

    device.on_alloc = collect_once
    data = caching.allocate(10 * MIB)
    assert got[0].address not in (data.address, BASE)
    check(caching, [data, *got])
    free(got.pop())
    assert caching.allocate_on(512, 1).nbytes == 512
    assert device.allocs == 3  # the block that the finaliser had is used again


def test_a_finaliser_may_allocate_while_events_are_waited_for(device: FakeDevice) -> None:
    device.capacity = 24 * MIB
    caching = DeviceCachingAllocator(device)
    got: list[DataPtr] = []
    Owner(caching.allocate(1000), lambda: got.append(caching.allocate(2000)))
    kept, awaited = caching.allocate(4 * MIB), caching.allocate(16 * MIB)
    caching.record_stream(awaited, 1)
    free(awaited)
    device.on_event = gc.collect
    data = caching.allocate(15 * MIB)
    assert data.address == kept.address + 4 * MIB
    assert len(got) == 1
    check(caching, [kept, data, *got])


def test_a_finaliser_may_ask_for_everything(device: FakeDevice) -> None:
    caching = DeviceCachingAllocator(device)
    kept = caching.allocate(1000)
    told: list[object] = []

    def ask() -> None:
        told.append(caching.empty_cache())
        told.append([one.nbytes for one in caching.segments()])
        caching.reset_peak()
        caching.record_stream(kept, 1)
        told.append(caching.stats().allocation.all.current)

    Owner(caching.allocate(512), ask)
    device.on_alloc = gc.collect
    data = caching.allocate(10 * MIB)
    assert told == [0, [2 * MIB], 2]
    check(caching, [kept, data])


def test_a_finaliser_may_be_refused(device: FakeDevice) -> None:
    device.capacity = 12 * MIB
    caching = DeviceCachingAllocator(device)
    refused: list[str] = []

    def ask() -> None:
        try:
            caching.allocate(40 * MIB)
        except OutOfMemoryError as error:
            refused.append(str(error).splitlines()[0])

    def collect_once() -> None:
        device.on_alloc = lambda: None
        gc.collect()

    Owner(caching.allocate(512), ask)
    device.on_alloc = collect_once
    data = caching.allocate(10 * MIB)
    assert refused == [
        "DeviceCachingAllocator.allocate: out of memory on fake:0: 41,943,040 bytes were asked for, "
        "which takes a segment of 41,943,040"
    ]
    check(caching, [data])
    assert caching.stats().num_ooms == 1


@pytest.mark.usefixtures("small_heap")
def test_collections_anywhere(device: FakeDevice) -> None:
    """Each container that is made starts a collection, in the middle of splits and merges too."""
    history = History()
    caching = DeviceCachingAllocator(device, history=history, frames=lambda: ())
    choose = random.Random(3)
    live: list[DataPtr] = []
    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(400):
            Owner(caching.allocate(choose.choice((100, 5000, 2 * MIB))))
            if choose.random() < 0.5:
                live.append(caching.allocate(choose.choice((700, 3000, 3 * MIB))))
            if live and choose.random() < 0.4:
                free(live.pop(choose.randrange(len(live))))
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    check(caching, live)
    freed = sum(event.action == "free_requested" for event in history.events())
    assert caching.stats().allocation.all.freed == freed > 400


@pytest.mark.usefixtures("quick_switching")
def test_no_block_has_two_owners_in_threads(device: FakeDevice) -> None:
    caching = DeviceCachingAllocator(device)
    in_use: dict[int, int] = {}
    kept: list[DataPtr] = []

    def work(index: int) -> None:
        choose = random.Random(index)
        mine: list[DataPtr] = []
        for _ in range(400):
            data = caching.allocate_on(choose.choice((1, 600, 3000, 2 * MIB)), choose.randrange(2))
            assert in_use.setdefault(data.address, index) == index
            mine.append(data)
            if choose.random() < 0.6:
                data = mine.pop(choose.randrange(len(mine)))
                assert in_use.pop(data.address) == index
                free(data)
            if choose.random() < 0.02:
                caching.empty_cache()
                caching.stats()
        kept.extend(mine)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    check(caching, kept)
    for data in kept:
        free(data)
    caching.empty_cache()
    assert device.live == {}


def test_a_free_does_not_wait_for_an_allocation(device: FakeDevice) -> None:
    caching = DeviceCachingAllocator(device)
    data = caching.allocate(1000)
    inside, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        inside.set()
        assert go_on.wait(10)

    device.on_alloc = wait
    with ThreadPoolExecutor(1) as pool:
        large = pool.submit(caching.allocate, 10 * MIB)
        assert inside.wait(10)
        free(data)  # would wait for ever if it waited
        go_on.set()
        got = large.result()
    check(caching, [got])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_may_free_and_allocate() -> None:
    caching = DeviceCachingAllocator(HostDevice())
    kept = caching.allocate(1000)
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            free(caching.allocate(5000))

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work)
        codes = [in_child(caching, kept) for _ in range(10)]
        stop.set()
    assert codes == [0] * 10
    check(caching, [kept])


def in_child(caching: DeviceCachingAllocator, kept: DataPtr) -> int:
    """The exit status of a child that frees a block of its parent's and takes another."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    signal.alarm(60)  # a child that waits for a lock for ever is ended by this
    try:
        free(kept)
        data = caching.allocate(1000)
        free(data)
        caching.empty_cache()
        caching.stats()
        status = 0
    finally:
        os._exit(status)

"""Main memory as a device, and tensors over the devices' allocator: real bytes."""

from __future__ import annotations

import ctypes
import gc

import pytest

import tensorlab as tl
from tensorlab.errors import OutOfMemoryError, RangeError
from tensorlab.memory import DeviceAPI, DeviceCachingAllocator, HostDevice, use_allocator
from tensorlab.memory.place import user_frames

MIB = 1 << 20


def test_main_memory_is_a_device() -> None:
    host: DeviceAPI = HostDevice()
    assert (host.name, host.device) == ("host", "cpu")
    source, target = host.raw_alloc(100), host.raw_alloc(3 * MIB)
    assert (source % 64, target % (2 * MIB)) == (0, 0)
    ctypes.memset(source, 7, 100)
    host.memcpy_async(target, source, 100, stream=1)
    assert ctypes.string_at(target, 100) == b"\7" * 100
    event = host.event_record(1)
    assert host.event_query(event)
    host.event_sync(event)
    host.raw_free(source)
    host.raw_free(target)
    with pytest.raises(RangeError) as error:
        host.raw_free(4096)
    assert str(error.value) == "HostDevice.raw_free: no block begins at 0x1000"


def test_main_memory_runs_out() -> None:
    host = HostDevice()
    free, total = host.mem_info()
    assert 0 < free <= total
    with pytest.raises(OutOfMemoryError):
        host.raw_alloc(1 << 62)


def test_tensors_live_on_it() -> None:
    caching = DeviceCachingAllocator(HostDevice(), surplus=0.1)
    with use_allocator(caching):
        a = tl.arange(100_000, dtype=tl.float64)
        b = (a * 2 + 1 - a).sum()
        views = [a[start : start + 10] for start in range(0, 1000, 100)]
    assert b.item() == sum(range(100_000)) + 100_000
    assert caching.stats().requested_bytes.all.current == 800_000 + 8
    assert [view[0].item() for view in views] == list(range(0, 1000, 100))
    del a, b, views
    gc.collect()
    stats = caching.stats()
    assert (stats.allocation.all.current, stats.active_bytes.all.current) == (0, 0)
    assert caching.empty_cache() == stats.reserved_bytes.all.current


def test_results_are_those_of_the_default_allocator() -> None:
    def steps() -> list[float]:
        x = tl.arange(3000, dtype=tl.float64).reshape(50, 60) / 1000
        totals = []
        for _ in range(5):
            x = tl.tanh(x @ x.t() @ x) + x
            totals.append(x.sum().item())
        return totals

    expected = steps()
    with use_allocator(DeviceCachingAllocator(HostDevice())):
        assert steps() == expected


def test_blocks_know_the_line_that_asked_for_them() -> None:
    caching = DeviceCachingAllocator(HostDevice(), frames=user_frames)
    with use_allocator(caching):
        kept = tl.zeros(1000)
    (frame,) = caching.segments()[0].blocks[0].frames
    assert (frame.filename, frame.name) == (__file__, "test_blocks_know_the_line_that_asked_for_them")
    with use_allocator(caching), pytest.raises(OutOfMemoryError) as error:
        caching.limit_nbytes = 2 * MIB
        tl.zeros(10 * MIB)
    assert f"    4,096 bytes in 1 block: {__file__}:{frame.line} in {frame.name}" in str(error.value).splitlines()
    assert kept.sum().item() == 0

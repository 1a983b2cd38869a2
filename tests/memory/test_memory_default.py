from __future__ import annotations

import gc
import subprocess
import sys

import pytest
from fake_allocator import FakeAllocator, free

from tensorlab import memory
from tensorlab.errors import ArgumentError
from tensorlab.memory import (
    BySizeAllocator,
    CachingAllocator,
    DataPtr,
    DeviceCachingAllocator,
    HostAllocator,
    StatisticsAllocator,
    current,
    default_allocator,
    layers,
    set_allocator,
    use_allocator,
)


def test_the_default_stack() -> None:
    assert default_allocator().name == "statistics(caching(by_size(device_caching(host), host)))"
    assert [type(layer) for layer in layers(default_allocator())] == [
        StatisticsAllocator,
        CachingAllocator,
        BySizeAllocator,
        DeviceCachingAllocator,
        HostAllocator,
    ]
    assert current.allocator is default_allocator()


def test_allocating_counts() -> None:
    gc.collect()  # what other tests left is not freed meanwhile
    before = memory.stats()
    data = current.allocate(1000)
    during = memory.stats()
    free(data)
    assert during.allocated_bytes - before.allocated_bytes == 1024
    assert during.total_requested_bytes - before.total_requested_bytes == 1000
    assert memory.stats().live_blocks == before.live_blocks


def test_use_allocator_swaps_and_restores() -> None:
    fake = FakeAllocator()
    with use_allocator(fake) as used:
        assert used is fake
        assert current.allocator is fake
        data = current.allocate(10)
    assert current.allocator is default_allocator()
    assert current.allocate == default_allocator().allocate
    assert fake.asked == [10]
    free(data)  # goes to who gave it
    assert fake.returned == [10]


def test_use_allocator_restores_after_an_error() -> None:
    with pytest.raises(KeyError), use_allocator(FakeAllocator()):
        raise KeyError("inside")
    assert current.allocator is default_allocator()


def test_use_allocator_nests() -> None:
    outer, inner = FakeAllocator(), FakeAllocator()
    with use_allocator(outer):
        with use_allocator(inner):
            assert current.allocator is inner
        assert current.allocator is outer


def test_set_allocator_gives_the_previous_one() -> None:
    fake = FakeAllocator()
    previous = set_allocator(fake)
    assert previous is default_allocator()
    assert set_allocator(previous) is fake
    assert current.allocator is default_allocator()


def test_what_is_no_allocator_is_refused() -> None:
    with pytest.raises(ArgumentError) as error:
        set_allocator(42)  # type: ignore[arg-type]
    assert str(error.value) == "memory.set_allocator: takes an object with name, allocate and deallocate, got 42"
    assert isinstance(error.value, TypeError)
    assert current.allocator is default_allocator()


def test_empty_cache() -> None:
    fake = FakeAllocator()
    with use_allocator(StatisticsAllocator(CachingAllocator(fake))):
        free(current.allocate(100))
        assert memory.empty_cache() == 128
        assert fake.live == {}
        assert memory.empty_cache() == 0
    with use_allocator(fake):
        assert memory.empty_cache() == 0


def test_describe_asks_the_allocator_that_gave_the_block() -> None:
    with use_allocator(StatisticsAllocator(CachingAllocator(FakeAllocator()))):
        data = current.allocate(100)
    info = memory.describe(data)
    assert info is not None
    assert (info.allocator, info.nbytes, info.in_use, info.idle_blocks) == ("caching(fake)", 128, True, 0)
    free(data)
    assert memory.describe(data) is None


def test_describe_of_bytes_outside_every_cache() -> None:
    assert memory.describe(DataPtr(64, 10, context=bytearray(10), deleter=None)) is None
    assert memory.describe(DataPtr(64, 10, context=None, deleter=lambda data: None)) is None
    assert memory.describe(DataPtr(64, 10, context=None, deleter=[].append)) is None
    data = HostAllocator().allocate(10)
    assert memory.describe(data) is None
    free(data)


def test_memory_stands_on_the_standard_library_alone() -> None:
    code = "import sys, tensorlab.memory; print(sorted({'numpy', 'numba', 'IPython', 'matplotlib'} & set(sys.modules)))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert output.stdout == "[]\n"

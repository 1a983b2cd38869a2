"""What options of the devices' allocator do: limits, splitting, and what goes back to the device early."""

from __future__ import annotations

import pytest
from fake_allocator import free
from fake_device import MIB, FakeDevice

from tensorlab.errors import OutOfMemoryError, RangeError
from tensorlab.memory import DeviceCachingAllocator


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


@pytest.fixture
def caching(device: FakeDevice) -> DeviceCachingAllocator:
    return DeviceCachingAllocator(device)


def test_blocks_above_the_split_limit_stay_in_one_piece(device: FakeDevice) -> None:
    caching = DeviceCachingAllocator(device, max_split_nbytes=30 * MIB)
    large = caching.allocate(60 * MIB)
    address = large.address
    free(large)
    small = caching.allocate(12 * MIB)  # a block that may not be split is not for it
    assert small.address != address
    assert caching.allocate(35 * MIB).address != address  # it would leave 25 MiB unused
    again = caching.allocate(45 * MIB)  # and this one 15
    assert (again.address, again.nbytes) == (address, 60 * MIB)


def test_unsplit_blocks_are_given_back_for_one_that_does_not_fit_them(device: FakeDevice) -> None:
    device.capacity = 170 * MIB
    caching = DeviceCachingAllocator(device, max_split_nbytes=30 * MIB)
    data = [caching.allocate(nbytes * MIB) for nbytes in (40, 50, 60)]
    for block in data:
        free(block)
    caching.allocate(100 * MIB)  # the two largest are enough
    assert sorted(device.live.values()) == [40 * MIB, 100 * MIB]
    assert caching.stats().num_alloc_retries == 0
    caching.allocate(66 * MIB)
    assert sorted(device.live.values()) == [66 * MIB, 100 * MIB]


def test_segments_unused_for_long_go_first(device: FakeDevice) -> None:
    caching = DeviceCachingAllocator(device, limit_nbytes=100 * MIB, garbage_collection_threshold=0.5)
    data = [caching.allocate(nbytes * MIB) for nbytes in (16, 14, 12, 10)]
    for index in (1, 0, 2):
        free(data[index])
        free(caching.allocate(512))  # time passes
    caching.allocate(18 * MIB)  # 54 MiB are held: 4 too many
    assert sorted(nbytes // MIB for nbytes in device.live.values()) == [2, 10, 12, 16, 18]


def test_the_threshold_counts_from_the_device_where_there_is_no_limit(device: FakeDevice) -> None:
    device.capacity = 100 * MIB
    caching = DeviceCachingAllocator(device, garbage_collection_threshold=0.1)
    free(caching.allocate(16 * MIB))
    caching.allocate(18 * MIB)
    assert list(device.live.values()) == [18 * MIB]


def test_a_surplus_over_what_was_in_use_lately_is_given_back(device: FakeDevice) -> None:
    caching = DeviceCachingAllocator(device, surplus=0.5)
    for nbytes in (10, 20, 40):
        free(caching.allocate(nbytes * MIB))
    assert sorted(nbytes // MIB for nbytes in device.live.values()) == [20, 40]  # 60 may be held


def test_the_most_in_use_is_forgotten_as_bytes_are_given(device: FakeDevice) -> None:
    caching = DeviceCachingAllocator(device, surplus=0.0)
    for data in [caching.allocate(10 * MIB) for _ in range(50)]:
        free(data)
    assert device.live_nbytes == 500 * MIB
    held = []
    for _ in range(800):  # sixteen times what was the most in use
        free(caching.allocate(10 * MIB))
        held.append(device.live_nbytes // MIB)
    assert held == sorted(held, reverse=True)
    assert held[400] in range(240, 280)
    assert held[-1] in range(10, 40)
    assert device.allocs == 50


def test_work_that_repeats_itself_keeps_its_segments(device: FakeDevice) -> None:
    caching = DeviceCachingAllocator(device, surplus=0.1)
    for _ in range(50):
        for data in [caching.allocate(nbytes * MIB) for nbytes in (10, 20, 30, 40)]:
            free(data)
    assert device.allocs == 4


@pytest.mark.parametrize(("exact", "size"), [(False, 20 * MIB), (True, 19 * MIB + 512)], ids=["as torch", "exact"])
def test_a_little_more_than_asked_for(device: FakeDevice, exact: bool, size: int) -> None:
    caching = DeviceCachingAllocator(device, exact=exact)
    data = caching.allocate(19 * MIB + 1)
    assert (data.nbytes, caching.stats().reserved_bytes.all.current) == (size, 20 * MIB)
    assert caching.stats().inactive_split_bytes.all.current == 20 * MIB - size
    free(data)
    assert caching.empty_cache() == 20 * MIB


def test_a_limit_holds_for_the_cache_too(device: FakeDevice) -> None:
    caching = DeviceCachingAllocator(device, limit_nbytes=22 * MIB)
    data = caching.allocate(20 * MIB)
    with pytest.raises(OutOfMemoryError):
        caching.allocate(2 * MIB)
    free(data)
    assert caching.allocate(22 * MIB).nbytes == 22 * MIB
    caching.limit_nbytes = None
    assert caching.allocate(22 * MIB).nbytes == 22 * MIB


def test_a_limit_as_a_fraction_of_the_device() -> None:
    caching = DeviceCachingAllocator(FakeDevice(1000 * MIB))
    assert caching.memory_fraction == 1.0
    caching.memory_fraction = 0.25
    assert (caching.limit_nbytes, caching.memory_fraction) == (250 * MIB, 0.25)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"max_split_nbytes": 20 * MIB},
            "DeviceCachingAllocator: takes max_split_nbytes above 20,971,520, a large segment's size, got 20,971,520",
        ),
        (
            {"max_split_nbytes": -1},
            "DeviceCachingAllocator max_split_nbytes: takes bytes as an int of at least 0, got -1",
        ),
        (
            {"garbage_collection_threshold": 1.0},
            "DeviceCachingAllocator: takes garbage_collection_threshold from 0 (never) to below 1, got 1.0",
        ),
        ({"surplus": -0.5}, "DeviceCachingAllocator: takes a surplus of at least 0, or None, got -0.5"),
        ({"limit_nbytes": 1.5}, "DeviceCachingAllocator limit_nbytes: takes bytes as an int of at least 0, got 1.5"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_options_out_of_range(device: FakeDevice, options: dict[str, float], message: str) -> None:
    with pytest.raises(RangeError) as error:
        DeviceCachingAllocator(device, **options)  # type: ignore[arg-type]
    assert str(error.value) == message


def test_requests_and_limits_out_of_range(caching: DeviceCachingAllocator) -> None:
    with pytest.raises(RangeError) as error:
        caching.allocate(-1)
    assert str(error.value) == "DeviceCachingAllocator.allocate: takes bytes as an int of at least 0, got -1"
    with pytest.raises(RangeError) as error:
        caching.limit_nbytes = -1
    assert str(error.value) == "DeviceCachingAllocator.limit_nbytes: takes bytes as an int of at least 0, got -1"
    with pytest.raises(RangeError) as error:
        caching.memory_fraction = 1.5
    assert str(error.value) == "DeviceCachingAllocator.memory_fraction: takes a number from 0 to 1, got 1.5"

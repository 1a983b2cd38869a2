"""Poisoned bytes, guard bytes, and lines of text for each event."""

from __future__ import annotations

import ctypes
import logging
import struct
import sys

import pytest
from fake_allocator import FakeAllocator, free

from tensorlab.errors import AliasError, ArgumentError, OutOfMemoryError, RangeError
from tensorlab.memory import (
    CachingAllocator,
    DataPtr,
    HostAllocator,
    LogAllocator,
    PoisonAllocator,
    StatisticsAllocator,
)


def bytes_of(data: DataPtr, nbytes: int, at: int = 0) -> bytes:
    return ctypes.string_at(data.address + at, nbytes)


def test_fresh_bytes_are_nan() -> None:
    poison = PoisonAllocator(CachingAllocator(HostAllocator()))
    data = poison.allocate(100)
    assert bytes_of(data, 100) == b"\xff" * 100
    (value,) = struct.unpack("f", bytes_of(data, 4))
    assert value != value
    assert (data.nbytes, data.requested) == (100, 164)
    free(data)


def test_freed_bytes_are_filled() -> None:
    caching = CachingAllocator(HostAllocator())
    poison = PoisonAllocator(caching)
    data = poison.allocate(100)
    ctypes.memset(data.address, 7, 100)
    free(data)
    assert (data.nbytes, caching.cached_nbytes) == (192, 192)  # its size below again
    again = caching.allocate(180)
    assert again is data
    assert bytes_of(again, 100) == b"\xdd" * 100
    free(again)


def test_other_patterns() -> None:
    poison = PoisonAllocator(CachingAllocator(HostAllocator()), fresh=1, freed=2)
    data = poison.allocate(3)
    assert bytes_of(data, 3) == b"\1\1\1"
    address = data.address
    free(data)
    assert ctypes.string_at(address, 3) == b"\2\2\2"  # the cache has it still


@pytest.mark.parametrize(("name", "value"), [("fresh", 256), ("freed", -1), ("fresh", 1.0)])
def test_a_pattern_is_a_byte(name: str, value: object) -> None:
    with pytest.raises(RangeError) as error:
        PoisonAllocator(HostAllocator(), **{name: value})  # type: ignore[arg-type]
    assert str(error.value) == f"PoisonAllocator: {name} takes a byte from 0 to 255, got {value!r}"


@pytest.mark.parametrize(
    ("first", "last", "span"), [(0, 0, "byte 1"), (3, 9, "bytes 4 to 10"), (63, 63, "byte 64")], ids=str
)
def test_an_overrun_names_the_line(first: int, last: int, span: str) -> None:
    caching = CachingAllocator(HostAllocator())
    poison = PoisonAllocator(caching)
    data, line = poison.allocate(1000), sys._getframe().f_lineno
    for at in (first, last):
        ctypes.memset(data.address + 1000 + at, 0, 1)
    with pytest.raises(AliasError) as error:
        poison.check()
    with pytest.raises(AliasError) as freed:
        free(data)
    assert (
        str(error.value)
        == str(freed.value)
        == (
            f"PoisonAllocator: {span} behind a block of 1,000 bytes, which {__file__}:{line} in "
            "test_an_overrun_names_the_line asked for, changed while it was in use: something wrote past its end"
        )
    )
    assert data.deleter is None
    assert caching.cached_nbytes == caching.reserved_nbytes  # it was handed down all the same
    poison.check()


def test_a_tensor_that_is_filled_to_its_end_is_no_overrun() -> None:
    import tensorlab as tl
    from tensorlab.memory import use_allocator

    poison = PoisonAllocator(CachingAllocator(HostAllocator()))
    with use_allocator(poison):
        tensor = tl.full((37,), 3.0)
        assert bool(tl.isnan(tl.empty(5)).all())
    poison.check()
    assert tensor.sum().item() == 111.0


def test_no_bytes_have_no_guard() -> None:
    poison = PoisonAllocator(HostAllocator())
    data = poison.allocate(0)
    assert (data.address, data.deleter) == (0, poison.deallocate)
    free(data)


def test_poison_counts_what_is_asked_for() -> None:
    counted = StatisticsAllocator(PoisonAllocator(HostAllocator()))
    data = counted.allocate(10)
    assert counted.stats().allocated_bytes == 10
    free(data)
    assert counted.stats().allocated_bytes == 0


@pytest.mark.parametrize("nbytes", [-1, 1.5])
def test_poison_refuses_what_is_not_a_count_of_bytes(nbytes: object) -> None:
    with pytest.raises(RangeError) as error:
        PoisonAllocator(FakeAllocator()).allocate(nbytes)  # type: ignore[arg-type]
    assert str(error.value) == f"PoisonAllocator.allocate: takes bytes as an int of at least 0, got {nbytes!r}"


def test_a_log_goes_where_it_is_sent() -> None:
    lines: list[str] = []
    log = LogAllocator(CachingAllocator(FakeAllocator(200)), write=lines.append)
    data, line = log.allocate(100), sys._getframe().f_lineno
    at = f"{data.address:#x}"
    log.deallocate(data)
    freed = sys._getframe().f_lineno - 1
    with pytest.raises(OutOfMemoryError):
        log.allocate(1000)
    refused = sys._getframe().f_lineno - 1
    where = f"{__file__}:{{}} in test_a_log_goes_where_it_is_sent"
    assert lines == [
        f"alloc 100 bytes, a block of 128 at {at} by {where.format(line)}",
        f"free a block of 128 bytes at {at} by {where.format(freed)}",
        f"no memory for 1,000 bytes by {where.format(refused)}",
    ]
    assert log.name == "log(caching(fake))"


def test_a_log_goes_to_logging(caplog: pytest.LogCaptureFixture) -> None:
    log = LogAllocator(FakeAllocator())
    free(log.allocate(100))
    assert caplog.records == []
    with caplog.at_level(logging.DEBUG, "tensorlab.memory"):
        free(log.allocate(100))
    assert [(record.name, record.levelname) for record in caplog.records] == [("tensorlab.memory", "DEBUG")] * 2
    assert caplog.messages[0].startswith("alloc 100 bytes, a block of 100 at ")


def test_a_log_that_fails_loses_no_block() -> None:
    def full(text: str) -> None:
        raise OSError("no space left")

    fake = FakeAllocator()
    log = LogAllocator(fake, write=lambda text: None)
    data = log.allocate(10)
    log.write = full
    with pytest.raises(OSError, match="no space left"):
        free(data)
    with pytest.raises(OSError, match="no space left"):
        log.allocate(10)
    assert fake.live == {}


def test_a_log_takes_what_can_be_called() -> None:
    with pytest.raises(ArgumentError) as error:
        LogAllocator(FakeAllocator(), write="file.txt")  # type: ignore[arg-type]
    assert str(error.value) == "LogAllocator: write takes a callable of one line of text, got 'file.txt'"

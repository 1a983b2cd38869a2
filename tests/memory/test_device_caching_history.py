"""What the device's caching allocator tells: events in order, and where the bytes are when there are none left."""

from __future__ import annotations

import pytest
from fake_allocator import free
from fake_device import BASE, MIB, FakeDevice

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory import DeviceCachingAllocator
from tensorlab.memory.history import History
from tensorlab.memory.segments import Frame


class Program:
    """Frames as a program would have them at its current line."""

    def __init__(self) -> None:
        self.line = 1
        self.name = "forward"

    def frames(self) -> tuple[Frame, ...]:
        return (Frame("model.py", self.line, self.name), Frame("train.py", 9, "<module>"))


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice(40 * MIB)


@pytest.fixture
def history() -> History:
    return History()


def told(history: History) -> list[tuple[str, int, int, int]]:
    return [(event.action, event.address - BASE, event.nbytes, event.stream) for event in history.events()]


def test_events_come_in_order(device: FakeDevice, history: History) -> None:
    caching = DeviceCachingAllocator(device, history=history)
    first, second = caching.allocate_on(1000, 3), caching.allocate_on(512, 3)
    free(first)
    caching.record_stream(second, 1)
    free(second)
    caching.empty_cache()
    assert told(history) == [
        ("segment_alloc", 0, 2 * MIB, 3),
        ("alloc", 0, 1024, 3),
        ("alloc", 1024, 512, 3),
        ("free_requested", 0, 1024, 3),
        ("free_completed", 0, 1024, 3),
        ("free_requested", 1024, 512, 3),
        ("free_completed", 1024, 512, 3),  # by the wait for stream 1
        ("segment_free", 0, 2 * MIB, 3),
    ]
    seconds = [event.seconds for event in history.events()]
    assert seconds == sorted(seconds)


def test_a_free_is_complete_when_the_events_have_passed(device: FakeDevice, history: History) -> None:
    caching = DeviceCachingAllocator(device, history=history)
    data = caching.allocate(1000)
    caching.record_stream(data, 1)
    free(data)
    assert [action for action, *_ in told(history)] == ["segment_alloc", "alloc", "free_requested"]
    device.pass_events(1)
    caching.allocate(5000)
    assert [action for action, *_ in told(history)][3:] == ["free_completed", "alloc"]


def test_events_know_the_lines(device: FakeDevice, history: History) -> None:
    program = Program()
    caching = DeviceCachingAllocator(device, history=history, frames=program.frames)
    data = caching.allocate(1000)
    program.line = 2
    assert caching.segments()[0].blocks[0].frames[0] == ("model.py", 1, "forward")
    assert caching.segments()[0].blocks[1].frames == ()
    free(data)
    assert caching.segments()[0].blocks[0].frames == ()
    with pytest.raises(OutOfMemoryError):
        caching.allocate(50 * MIB)
    lines = [(event.action, event.frames[0].line if event.frames else None) for event in history.events()]
    assert lines == [
        ("segment_alloc", 1),
        ("alloc", 1),
        ("free_requested", 2),
        ("free_completed", None),
        ("segment_free", None),
        ("oom", 2),
    ]


def test_a_history_may_begin_and_end_at_any_time(device: FakeDevice, history: History) -> None:
    caching = DeviceCachingAllocator(device)
    data = caching.allocate(1000)
    assert caching.history is None
    caching.history = history
    free(data)
    caching.history = None
    caching.allocate(1000)
    assert [action for action, *_ in told(history)] == ["free_requested", "free_completed"]


def test_out_of_memory_says_where_the_bytes_are(device: FakeDevice, history: History) -> None:
    program = Program()
    caching = DeviceCachingAllocator(device, history=history, frames=program.frames, limit_nbytes=36 * MIB)
    kept = []
    for program.line, nbytes in ((10, 5 * MIB), (11, 3 * MIB), (10, 4 * MIB), (12, 1000), (13, 2 * MIB - 1)):
        kept.append(caching.allocate(nbytes))
    free(kept.pop(1))
    awaited = caching.allocate_on(600, 1)
    caching.record_stream(awaited, 2)
    free(awaited)
    free(caching.allocate(12 * MIB))
    with pytest.raises(OutOfMemoryError) as error:
        caching.allocate(15 * MIB)
    assert (
        str(error.value)
        == """\
DeviceCachingAllocator.allocate: out of memory on fake:0: 15,728,640 bytes were asked for, which takes a segment of \
16,777,216
  limit         37,748,736 bytes
  device        18,874,368 of 41,943,040 bytes are free
  reserved      23,068,672 bytes in 2 segments, of which
    allocated   11,535,360 bytes in 4 blocks; 11,535,335 were asked for
    awaiting    0 bytes in 0 blocks given back, until other streams have used them
    cached      0 bytes in 0 blocks: whole free segments
    fragmented  11,533,312 bytes in 3 blocks: free between blocks in use, the largest 6,291,456
  tried         waited for 1,024 bytes, gave 14,680,064 back to the device
  most bytes are held by
    9,437,184 bytes in 2 blocks: model.py:10 in forward
    2,097,152 bytes in 1 block: model.py:13 in forward
    1,024 bytes in 1 block: model.py:12 in forward"""
    )
    event = history.events()[-1]
    assert (event.action, event.nbytes, event.frames[0].line) == ("oom", 15 * MIB, 13)
    assert event.address == 18 * MIB  # free on the device


def test_out_of_memory_names_five_lines_at_most(device: FakeDevice) -> None:
    program = Program()
    caching = DeviceCachingAllocator(device, frames=program.frames)
    kept = []
    for program.line in range(1, 9):
        kept.append(caching.allocate(program.line * 1024))
    with pytest.raises(OutOfMemoryError) as error:
        caching.allocate(41 * MIB)
    assert str(error.value).splitlines()[1] == "  limit         none beside the device's own"
    assert str(error.value).splitlines()[-6:] == [
        "    8,192 bytes in 1 block: model.py:8 in forward",
        "    7,168 bytes in 1 block: model.py:7 in forward",
        "    6,144 bytes in 1 block: model.py:6 in forward",
        "    5,120 bytes in 1 block: model.py:5 in forward",
        "    4,096 bytes in 1 block: model.py:4 in forward",
        "    6,144 bytes by 3 other lines",
    ]
    assert len(kept) == 8


def test_out_of_memory_without_lines(device: FakeDevice) -> None:
    caching = DeviceCachingAllocator(device)
    with pytest.raises(OutOfMemoryError) as error:
        caching.allocate(41 * MIB)
    assert str(error.value).splitlines()[-1] == "  tried         waited for 0 bytes, gave 0 back to the device"

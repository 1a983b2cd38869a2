"""The lines that asked for memory: tracking, its history, and what an error tells of them."""

from __future__ import annotations

import sys
from types import CodeType

import pytest
from fake_allocator import FakeAllocator, free
from fake_device import MIB, FakeDevice

from tensorlab.errors import OutOfMemoryError, RangeError
from tensorlab.memory import (
    CachingAllocator,
    DataPtr,
    DeviceCachingAllocator,
    Frame,
    History,
    HostAllocator,
    LimitAllocator,
    LineUsage,
    MemoryEvent,
    StatisticsAllocator,
    TrackingAllocator,
    place,
)


def here(back: int = 0) -> Frame:
    """The line that asks, or one further up."""
    frame = sys._getframe(1 + back)
    return Frame(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)


def tracked(capacity: int = 100) -> tuple[TrackingAllocator, History]:
    history = History(capacity)
    return TrackingAllocator(StatisticsAllocator(CachingAllocator(FakeAllocator())), history=history), history


def test_tracking_names_the_line_outside_the_package() -> None:
    tracking, history = tracked()
    data, line = tracking.allocate(100), here()
    free(data)
    alloc, freed = history.events()
    assert (alloc.action, alloc.address, alloc.nbytes, alloc.frames) == ("alloc", data.address, 128, (line,))
    assert (freed.action, freed.address, freed.nbytes) == ("free_completed", data.address, 128)
    assert freed.frames[0].filename.endswith("fake_allocator.py")
    assert alloc.seconds <= freed.seconds
    assert alloc.to_dict() == {
        "action": "alloc",
        "address": data.address,
        "nbytes": 128,
        "stream": 0,
        "seconds": alloc.seconds,
        "frames": [{"filename": __file__, "line": line.line, "name": line.name}],
    }


def test_tracking_looks_through_frames_of_the_package() -> None:
    history = History()
    inner = TrackingAllocator(FakeAllocator(), history=history)
    outer = StatisticsAllocator(CachingAllocator(StatisticsAllocator(inner)))
    line = (outer.allocate(64), here())[1]
    assert [event.frames for event in history.events()] == [(line,)]


def test_several_lines() -> None:
    history = History()
    tracking = TrackingAllocator(FakeAllocator(), history=history, depth=2)

    def layer() -> tuple[DataPtr, Frame, Frame]:
        return tracking.allocate(1), here(), here(1)

    def model() -> tuple[DataPtr, Frame, Frame]:
        return layer()

    _, inner, outer = model()
    assert [frame.name for frame in (inner, outer)] == ["layer", "model"]
    assert history.events()[0].frames == (inner, outer)


def test_equal_functions_of_two_files_are_told_apart() -> None:
    history = History()
    tracking = TrackingAllocator(FakeAllocator(), history=history)
    for name in ("<cell 1>", "<cell 2>"):
        exec(compile("def ask(allocate):\n    allocate(1)\n", name, "exec"), namespace := {})
        namespace["ask"](tracking.allocate)
        del namespace
    assert [event.frames for event in history.events()] == [
        (Frame("<cell 1>", 2, "ask"),),
        (Frame("<cell 2>", 2, "ask"),),
    ]


def test_what_is_remembered_of_lines_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[int, tuple[tuple[Frame], CodeType]] = {}
    ask = eval(compile("lambda: user_frames()", place.__file__, "eval"), {"user_frames": place.user_frames})
    monkeypatch.setattr(place, "_frames", known)
    monkeypatch.setattr(place, "_KNOWN", 3)
    for number in range(5):
        found = eval(compile("ask()", f"<cell {number}>", "eval"), {"ask": ask})
        assert found == (Frame(f"<cell {number}>", 1, "<module>"),)
        assert len(known) <= 3


def test_frames_of_the_package_are_passed_over() -> None:
    inside = place.__file__
    code = "from tensorlab.memory.place import user_frames; found.append(user_frames(100))"
    found: list[tuple[Frame, ...]] = []
    exec(compile(code, inside, "exec"), {"found": found})
    assert all(frame.filename != inside for frame in found[0])
    assert found[0][0].name == "test_frames_of_the_package_are_passed_over"


def test_live_blocks_by_line() -> None:
    tracking, _ = tracked()
    small = [tracking.allocate(64) for _ in range(3)]
    large, line = tracking.allocate(1000), here()
    first, second = tracking.by_line()
    assert first == LineUsage(line, 1024, 1)
    assert (second.nbytes, second.blocks) == (192, 3)
    assert first.to_dict() == {"frame": line._asdict(), "nbytes": 1024, "blocks": 1}
    assert tracking.live()[large.address].requested_nbytes == 1000
    free(large)
    for data in small:
        free(data)
    assert (tracking.by_line(), tracking.live()) == ((), {})


def test_blocks_without_bytes_are_no_live_blocks() -> None:
    tracking = TrackingAllocator(HostAllocator())
    nothing = [tracking.allocate(0), tracking.allocate(0)]
    assert tracking.live() == {}
    for data in nothing:
        free(data)


def test_without_a_history_the_lines_of_live_blocks_are_known() -> None:
    tracking = TrackingAllocator(FakeAllocator())
    data, line = tracking.allocate(10), here()
    assert (tracking.history, tracking.by_line()) == (None, (LineUsage(line, 10, 1),))
    free(data)


def test_a_depth_of_nothing_is_refused() -> None:
    with pytest.raises(RangeError) as error:
        TrackingAllocator(FakeAllocator(), depth=0)
    assert str(error.value) == "TrackingAllocator: takes a depth of at least 1 frame, got 0"


def test_the_history_keeps_the_latest_events() -> None:
    tracking, history = tracked(3)
    blocks = [tracking.allocate(n) for n in (1, 70, 140)]
    assert (history.dropped, history.notice) == (0, "")
    free(blocks[0])
    assert (history.dropped, history.notice) == (1, "history truncated: 1 event before")
    assert [(event.action, event.nbytes) for event in history.events()] == [
        ("alloc", 128),
        ("alloc", 192),
        ("free_completed", 64),
    ]
    free(blocks[1])
    assert (len(history), history.notice) == (3, "history truncated: 2 events before")


def test_a_history_takes_records_and_their_parts() -> None:
    history = History()
    event = MemoryEvent("alloc", 64, 128, 0, 1.5, (Frame("a.py", 1, "f"),))
    history.append(event)
    history.note("alloc", 64, 128, 0, 1.5, (Frame("a.py", 1, "f"),))
    assert history.events() == (event, event)


@pytest.mark.parametrize("capacity", [0, -1, 1.5, True])
def test_a_history_of_nothing_is_refused(capacity: object) -> None:
    with pytest.raises(RangeError) as error:
        History(capacity)  # type: ignore[arg-type]
    assert str(error.value) == f"History: takes a capacity of at least 1 event, got {capacity!r}"


def test_out_of_memory_names_five_lines() -> None:
    history = History()
    counted = StatisticsAllocator(CachingAllocator(FakeAllocator(20_000)))
    tracking = TrackingAllocator(counted, history=history)
    code = "def keep(allocate, kept):\n" + "".join(f"    kept.append(allocate({500 * n}))\n" for n in range(1, 8))
    exec(compile(code, "train.py", "exec"), namespace := {})
    kept: list[DataPtr] = []
    namespace["keep"](tracking.allocate, kept)
    free(kept.pop(0))
    with pytest.raises(OutOfMemoryError) as error:
        tracking.allocate(10_000)
    assert str(error.value) == (
        "FakeAllocator: no room for 10240 bytes\n"
        "  memory of tracking(statistics(caching(fake)))\n"
        "  allocated   13,696 bytes in 6 blocks; 13,500 were asked for, 196 are rounding\n"
        "  cached      0 bytes in 0 blocks\n"
        "  most bytes are held by\n"
        "    3,520 bytes in 1 block: train.py:8 in keep\n"
        "    3,008 bytes in 1 block: train.py:7 in keep\n"
        "    2,560 bytes in 1 block: train.py:6 in keep\n"
        "    2,048 bytes in 1 block: train.py:5 in keep\n"
        "    1,536 bytes in 1 block: train.py:4 in keep\n"
        "    1,024 bytes in 1 block: 1 other line"
    )
    last = history.events()[-1]
    assert (last.action, last.nbytes, last.frames[0].filename) == ("oom", 10_000, __file__)
    assert last.address > 0  # bytes that the machine had free
    for data in kept:
        free(data)


def test_out_of_memory_of_the_system() -> None:
    counted = StatisticsAllocator(CachingAllocator(HostAllocator()))
    kept, gone = counted.allocate(5000), counted.allocate(300)
    free(gone)
    with pytest.raises(OutOfMemoryError) as error:
        counted.allocate(1 << 60)
    assert str(error.value) == (
        "HostAllocator.allocate: the system gives no block of 1,152,921,504,606,846,976 bytes: Cannot allocate memory\n"
        "  memory of statistics(caching(host))\n"
        "  allocated   5,120 bytes in 1 block; 5,000 were asked for, 120 are rounding\n"
        "  cached      0 bytes in 0 blocks\n"
        "  by line     not recorded; tl.memory.record_history() begins to"
    )
    free(kept)


def test_out_of_memory_with_nothing_live() -> None:
    tracking = TrackingAllocator(LimitAllocator(FakeAllocator(), 10))
    with pytest.raises(OutOfMemoryError) as error:
        tracking.allocate(11)
    assert str(error.value) == (
        "LimitAllocator.allocate: 11 bytes more would pass the limit: 0 of 10 bytes are in use\n"
        "  memory of tracking(limit(fake))\n"
        "  by line     nothing given since recording began is in use"
    )


def test_out_of_memory_of_what_only_counts() -> None:
    counted = StatisticsAllocator(FakeAllocator(100))
    data = counted.allocate(60)
    with pytest.raises(OutOfMemoryError) as error:
        counted.allocate(50)
    assert str(error.value) == (
        "FakeAllocator: no room for 50 bytes\n"
        "  memory of statistics(fake)\n"
        "  allocated   60 bytes in 1 block\n"
        "  by line     not recorded; tl.memory.record_history() begins to"
    )
    free(data)


def test_out_of_memory_of_a_device_keeps_its_own_story() -> None:
    tracking = TrackingAllocator(StatisticsAllocator(DeviceCachingAllocator(FakeDevice(10 * MIB))))
    data, line = tracking.allocate(1000), here()
    with pytest.raises(OutOfMemoryError) as error:
        tracking.allocate(20 * MIB)
    lines = str(error.value).splitlines()
    assert lines[0].startswith("DeviceCachingAllocator.allocate: out of memory")
    assert sum(text.split()[0] == "allocated" for text in lines) == 1
    assert lines[-3:] == [
        "  memory of tracking(statistics(device_caching(fake)))",
        "  most bytes are held by",
        f"    1,024 bytes in 1 block: {line.filename}:{line.line} in {line.name}",
    ]
    free(data)


def test_fragments_and_pending_blocks_are_told_apart() -> None:
    caching = DeviceCachingAllocator(FakeDevice())
    limit = LimitAllocator(caching, 10_000)
    data, other = limit.allocate(1000), caching.allocate_on(500, 1)
    caching.record_stream(other, 2)
    free(other)
    with pytest.raises(OutOfMemoryError) as error:
        limit.allocate(20_000)
    assert str(error.value) == (
        "LimitAllocator.allocate: 20,000 bytes more would pass the limit: 1,024 of 10,000 bytes are in use\n"
        "  memory of limit(device_caching(fake))\n"
        "  allocated   1,024 bytes in 1 block; 1,000 were asked for, 24 are rounding\n"
        "  awaiting    512 bytes in 1 block given back, until other streams have used them\n"
        "  cached      0 bytes in 0 blocks\n"
        "  fragmented  4,192,768 bytes in 2 blocks: free beside blocks in use\n"
        "  by line     not recorded; tl.memory.record_history() begins to"
    )
    free(data)

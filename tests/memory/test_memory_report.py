"""The allocator in use as a record: its bytes add up, its lines are known, two of them can be compared."""

from __future__ import annotations

import json

import pytest

from tensorlab import memory
from tensorlab.errors import RangeError
from tensorlab.memory import CachingAllocator, HostAllocator, StatisticsAllocator, use_allocator
from tensorlab.memory.report import MemoryReport, compare, report
from tensorlab.memory.segments import Block, Segment


def own_stack() -> StatisticsAllocator:
    return StatisticsAllocator(CachingAllocator(HostAllocator()))


def test_the_bytes_held_add_up() -> None:
    with use_allocator(own_stack()):
        kept = [memory.current.allocate(n) for n in (100, 5000, 70_000)]
        gone = memory.current.allocate(3000)
        gone.deleter(gone)
        found = report()
        assert found.requested_nbytes == 75_100
        assert found.allocated_nbytes == memory.stats().allocated_bytes == 128 + 5120 + 73_728
        assert found.rounding_nbytes == found.allocated_nbytes - 75_100
        assert found.cached_nbytes == 3008
        assert (found.pending_nbytes, found.fragmented_nbytes) == (0, 0)
        assert found.reserved_nbytes == found.allocated_nbytes + found.cached_nbytes
        assert [b.nbytes for b in found.live_blocks()] == [73_728, 5120, 128]
        assert found.layers == ("StatisticsAllocator", "CachingAllocator", "HostAllocator")
        for data in kept:
            data.deleter(data)


def test_a_devices_segments_tell_pending_from_fragmented() -> None:
    blocks = (
        Block(0, 512, 500, "active_allocated"),
        Block(512, 1024, 0, "inactive"),
        Block(1536, 512, 0, "active_awaiting_free"),
    )
    whole = Segment("cuda:0", 4096, 2048, 0, "small", (Block(4096, 2048, 0, "inactive"),))
    segments = (Segment("cuda:0", 0, 2048, 0, "small", blocks), whole)
    found = MemoryReport("device", (), 0, 1, 1, 0, 0, segments, None)
    assert (found.allocated_nbytes, found.rounding_nbytes) == (512, 12)
    assert (found.pending_nbytes, found.fragmented_nbytes, found.cached_nbytes) == (512, 1024, 2048)


def test_lines_and_the_curve_need_a_recording() -> None:
    with use_allocator(own_stack()):
        assert report().history is None
        memory.record_history()
        data = memory.current.allocate(1000)
        found = report()
        memory.record_history(None)
        assert found.history is not None
        assert found.history.live[-1] == 1024
        (frame,) = [curve.frame for curve in found.history.curves]
        assert frame is not None
        assert frame.filename == __file__
        assert frame in found.by_line()
        data.deleter(data)


def test_a_part_of_the_history() -> None:
    with use_allocator(own_stack()):
        memory.record_history()
        kept = [memory.current.allocate(64) for _ in range(10)]
        total = report().history.total
        assert report(first=4, stop=6).history.live == report().history.live[4:6]
        assert report(first=total).history.live == ()
        memory.record_history(None)
        for data in kept:
            data.deleter(data)
        with pytest.raises(RangeError) as error:
            report(first=-1)
        assert str(error.value) == (
            "memory.report: first and stop take numbers of events of at least 0, got -1 and None"
        )


def test_two_reports_differ_by_what_happened_between() -> None:
    with use_allocator(own_stack()):
        memory.record_history()
        first = memory.current.allocate(100)
        before = report()
        second = memory.current.allocate(1000)
        first.deleter(first)
        change = compare(before, report())
        memory.record_history(None)
        second.deleter(second)
    assert [(c.nbytes_before, c.nbytes_after) for c in change.lines] == [(0, 1024), (128, 0)]
    assert change.quantities()["allocated_nbytes"] == (128, 1024)
    assert change.quantities()["cached_nbytes"] == (0, 128)
    assert compare(before, before).lines == ()
    assert json.loads(json.dumps(change.to_dict()))["quantities"]["reserved_nbytes"] == [128, 1152]


def test_plain_values_without_addresses_unless_asked() -> None:
    found = report()
    assert "address" not in json.dumps(found.to_dict())
    assert len(json.dumps(found.to_dict(addresses=True))) >= len(json.dumps(found.to_dict()))

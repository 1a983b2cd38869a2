"""Recording who asks for memory, and snapshots of it that torch's own viewers take."""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_allocator import FakeAllocator, free
from fake_device import FakeDevice

from tensorlab import memory
from tensorlab.errors import ArgumentError, OutOfMemoryError, RangeError, StateError
from tensorlab.memory import (
    CachingAllocator,
    DeviceCachingAllocator,
    Frame,
    HostAllocator,
    LimitAllocator,
    PoisonAllocator,
    StatisticsAllocator,
    TrackingAllocator,
    current,
    record_history,
    use_allocator,
)


@pytest.fixture
def stack() -> Iterator[StatisticsAllocator]:
    with use_allocator(StatisticsAllocator(CachingAllocator(FakeAllocator(1 << 20)))) as counted:
        yield counted


def actions(snapshot: dict[str, Any]) -> list[str]:
    return [entry["action"] for entry in snapshot["device_traces"][0]]


def test_recording_stands_below_the_counts(stack: StatisticsAllocator) -> None:
    history = record_history()
    assert current.allocator is stack
    assert stack.name == "statistics(tracking(caching(fake)))"
    assert history is not None
    data = current.allocate(100)
    assert [event.action for event in history.events()] == ["segment_alloc", "alloc"]
    assert record_history(None) is history
    assert stack.name == "statistics(caching(fake))"
    free(data)  # goes through the layers that are there now
    assert len(history) == 2
    free(current.allocate(500))
    assert len(history) == 2
    assert record_history(None) is None


def test_blocks_from_before_are_seen_when_they_are_freed(stack: StatisticsAllocator) -> None:
    data = current.allocate(100)
    history = record_history(True)
    assert history is not None
    free(data)
    assert [(event.action, event.address) for event in history.events()] == [("free_completed", data.address)]
    assert record_history(False) is history


def test_what_nobody_counts_is_recorded_from_outside() -> None:
    fake = FakeAllocator()
    with use_allocator(CachingAllocator(fake)) as caching:
        history = record_history()
        assert current.allocator.name == "tracking(caching(fake))"
        free(current.allocate(10))
        assert history is not None
        assert [event.action for event in history.events()] == ["segment_alloc", "alloc", "free_completed"]
        record_history(None)
        assert current.allocator is caching


def test_recording_anew_forgets(stack: StatisticsAllocator) -> None:
    first = record_history()
    free(current.allocate(10))
    second = record_history(max_entries=1)
    assert stack.name == "statistics(tracking(caching(fake)))"
    assert first is not second
    assert second is not None
    assert (len(second), second.capacity) == (0, 1)


def test_state_alone_keeps_no_events(stack: StatisticsAllocator) -> None:
    assert record_history("state") is None
    data, line = current.allocate(10), sys._getframe().f_lineno
    taken = memory.snapshot()
    assert taken["device_traces"] == [[]]
    assert [frame["line"] for frame in taken["segments"][0]["blocks"][0]["frames"]] == [line]
    free(data)


def test_the_users_own_tracking_stays() -> None:
    tracking = TrackingAllocator(FakeAllocator())
    with use_allocator(tracking):
        record_history()
        record_history(None)
        assert current.allocator is tracking


def test_layers_put_over_it_do_not_keep_it() -> None:
    with use_allocator(CachingAllocator(FakeAllocator())) as caching:
        record_history()
        limit = LimitAllocator(current.allocator, 1000)
        with use_allocator(limit):
            record_history(None)
            assert limit.inner is caching


def test_a_layer_that_cannot_be_changed_is_named() -> None:
    class Sealed:
        name = "sealed"

        def __init__(self, inner: Any) -> None:
            self._inner = inner
            self.allocate, self.deallocate = inner.allocate, inner.deallocate

        @property
        def inner(self) -> Any:
            return self._inner

    with use_allocator(FakeAllocator()):
        record_history()
        with use_allocator(Sealed(current.allocator)), pytest.raises(StateError) as error:
            record_history(None)
    assert str(error.value) == (
        "memory.record_history: cannot take its layer out from below sealed, whose inner cannot be assigned"
    )


def test_a_devices_allocator_records_by_itself() -> None:
    with use_allocator(StatisticsAllocator(DeviceCachingAllocator(FakeDevice()))):
        history = record_history(depth=2)
        data = current.allocate(100)
        free(data)
        assert history is not None
        assert [event.action for event in history.events()] == [
            "segment_alloc",
            "alloc",
            "free_requested",
            "free_completed",
        ]
        assert history.events()[1].frames[0].filename == __file__
        assert len(history.events()[1].frames) == 2
        assert actions(memory.snapshot()) == ["segment_alloc", "alloc", "free_requested", "free_completed"]
        assert record_history(None) is history
        free(current.allocate(100))
        assert len(history) == 4


def test_what_cannot_be_recorded_is_refused(stack: StatisticsAllocator) -> None:
    with pytest.raises(ArgumentError) as error:
        record_history("python")  # type: ignore[arg-type]
    assert str(error.value) == "memory.record_history: enabled takes 'all', 'state' or None, got 'python'"
    with pytest.raises(RangeError) as refused:
        record_history(max_entries=0)
    assert str(refused.value) == "memory.record_history: max_entries takes an int of at least 1, got 0"
    with pytest.raises(RangeError) as refused:
        record_history(depth=0)
    assert str(refused.value) == "memory.record_history: depth takes an int of at least 1, got 0"
    assert stack.name == "statistics(caching(fake))"


def test_a_snapshot(stack: StatisticsAllocator) -> None:
    record_history()
    before = time.time()
    kept, line = current.allocate(1000), sys._getframe().f_lineno
    free(current.allocate(3 << 18))
    with pytest.raises(OutOfMemoryError):
        current.allocate(2 << 20)
    taken = memory.snapshot()
    frame = {"filename": __file__, "line": line, "name": "test_a_snapshot"}
    small = {
        "device": 0,
        "address": kept.address,
        "total_size": 1024,
        "stream": 0,
        "segment_type": "small",
        "segment_pool_id": (0, 0),
        "is_expandable": False,
        "allocated_size": 1024,
        "active_size": 1024,
        "requested_size": 1000,
        "frames": [],
        "blocks": [
            {
                "address": kept.address,
                "size": 1024,
                "requested_size": 1000,
                "state": "active_allocated",
                "frames": [frame],
            }
        ],
    }
    assert taken["segments"] == [small]
    assert actions(taken) == [
        *("segment_alloc", "alloc", "segment_alloc", "alloc", "free_requested", "free_completed"),
        *("segment_free", "oom"),
    ]
    trace = taken["device_traces"][0]
    assert {**trace[1], "time_us": 0} == {
        "action": "alloc",
        "addr": kept.address,
        "size": 1024,
        "stream": 0,
        "time_us": 0,
        "frames": [frame],
    }
    assert before - 1 < trace[1]["time_us"] / 1e6 < time.time() + 1
    assert (trace[-1]["size"], trace[-1]["device_free"] > 0) == (2 << 20, True)
    assert taken["tensorlab"] == {
        "allocator": "statistics(tracking(caching(fake)))",
        "events_before": 0,
        "notice": "",
    }
    free(kept)


def test_a_snapshot_says_what_it_does_not_have(stack: StatisticsAllocator) -> None:
    record_history(max_entries=3)
    for _ in range(3):
        free(current.allocate(100))
    taken = memory.snapshot()
    assert actions(taken) == ["free_requested", "free_completed", "alloc", "free_requested", "free_completed"]
    assert taken["tensorlab"]["events_before"] == 4
    assert taken["tensorlab"]["notice"] == "history truncated: 4 events before"


def test_a_snapshot_of_what_cannot_tell() -> None:
    with use_allocator(FakeAllocator()), pytest.raises(RangeError) as error:
        memory.snapshot()
    assert str(error.value) == ("memory.held_segments: takes an allocator in use that has a CachingAllocator, got fake")


def test_a_failed_dump_leaves_no_file(tmp_path: Path) -> None:
    with use_allocator(FakeAllocator()), pytest.raises(RangeError):
        memory.dump_snapshot(tmp_path / "nothing.pickle")
    assert list(tmp_path.iterdir()) == []


def test_lines_of_segments(stack: StatisticsAllocator) -> None:
    early = current.allocate(10)
    record_history()
    kept, line = current.allocate(100), sys._getframe().f_lineno
    frames = {segment.address: segment.blocks[0].frames for segment in memory.held_segments()}
    assert frames == {
        early.address: (),
        kept.address: (Frame(__file__, line, "test_lines_of_segments"),),
    }
    free(early)
    free(kept)


@pytest.mark.torch
def test_torchs_viewers_take_a_snapshot(tmp_path: Path) -> None:
    viewer = pytest.importorskip("torch.cuda._memory_viz")
    with use_allocator(StatisticsAllocator(CachingAllocator(HostAllocator()))):
        record_history(depth=3)
        kept = [current.allocate(nbytes) for nbytes in (100, 3 << 20, 21 << 20)]
        free(kept.pop(1))
        with pytest.raises(OutOfMemoryError):
            current.allocate(1 << 50)
        path = tmp_path / "snapshot.pickle"
        memory.dump_snapshot(path)
        record_history(None)
        for data in kept:
            free(data)
    taken = pickle.loads(path.read_bytes())
    segments = viewer.segsum(taken)
    assert "total_allocated: 21.0MiB" in segments
    told = viewer.trace(taken)
    assert told.count("= cudaMalloc") == 3
    assert told.count("cudaFree") == 1  # the cache was emptied for the request that failed
    assert told.count("raise OutOfMemoryError") == 1
    assert "Device 0" in told
    for plot in (viewer.segment_plot, viewer.trace_plot):
        assert "<html>" in plot(taken)
    assert "<html>" in viewer.trace_plot(taken, filter_freed=True)
    flames: list[str] = []
    viewer.memory(taken, format_flamegraph=flames.append)
    assert "test_torchs_viewers_take_a_snapshot" in flames[0]


def test_a_summary(stack: StatisticsAllocator) -> None:
    kept = current.allocate(1000)
    free(current.allocate(100))
    assert memory.summary() == "\n".join(
        [
            "memory of statistics(caching(fake))",
            "",
            "                                             now             peak     given so far     freed so far",
            "bytes in use                               1,024            1,152            1,152              128",
            "bytes asked for                            1,000                             1,100",
            "bytes held, in use and cached              1,152            1,152            1,152                0",
            "bytes free beside blocks in use                0                0                0                0",
            "blocks in use                                  1                2                2                1",
            "segments held                                  2                2                2                0",
            "",
            "allocated   1,024 bytes in 1 block; 1,000 were asked for, 24 are rounding",
            "cached      128 bytes in 1 block",
            "shortage    0 requests had the cache emptied, 0 found no memory",
            "by line     not recorded; tl.memory.record_history() begins to",
        ]
    )
    free(kept)


def test_a_summary_of_what_was_recorded(stack: StatisticsAllocator) -> None:
    record_history(max_entries=2)
    kept, line = current.allocate(1000), sys._getframe().f_lineno
    assert memory.summary().splitlines()[-3:] == [
        "most bytes are held by",
        f"  1,024 bytes in 1 block: {__file__}:{line} in test_a_summary_of_what_was_recorded",
        "history     2 events kept",
    ]
    free(kept)
    assert memory.summary().splitlines()[-2:] == [
        "by line     nothing given since recording began is in use",
        "history     2 events kept; history truncated: 1 event before",
    ]


def test_a_summary_tells_what_was_there_before(stack: StatisticsAllocator) -> None:
    early = current.allocate(100)
    record_history("state")
    kept, line = current.allocate(1000), sys._getframe().f_lineno
    assert memory.summary().splitlines()[-3:] == [
        "most bytes are held by",
        f"  1,024 bytes in 1 block: {__file__}:{line} in test_a_summary_tells_what_was_there_before",
        "  128 bytes in 1 block: given before recording began",
    ]
    free(early)
    assert "before recording" not in memory.summary()
    free(kept)


def test_a_summary_of_what_holds_no_segments() -> None:
    with use_allocator(StatisticsAllocator(PoisonAllocator(HostAllocator()))):
        data = current.allocate(100)
        lines = memory.summary().splitlines()
        assert lines[0] == "memory of statistics(poison(host))"
        assert "segments" not in memory.summary()
        assert "allocated   100 bytes in 1 block" in lines
        free(data)

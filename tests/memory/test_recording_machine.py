"""Any sequence of requests and of recordings: what is recorded is what happened."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack
from typing import Any

from fake_allocator import free
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tensorlab import memory
from tensorlab.errors import OutOfMemoryError
from tensorlab.memory import (
    Allocator,
    BySizeAllocator,
    CachingAllocator,
    DataPtr,
    HostAllocator,
    PoisonAllocator,
    StatisticsAllocator,
    current,
    use_allocator,
)
from tensorlab.memory.cached_blocks import class_nbytes
from tensorlab.memory.poison import GUARD_NBYTES
from tensorlab.memory.recording import recorded, recorder


class Recording(RuleBasedStateMachine):
    scale = 1  # of sizes

    def below(self) -> Allocator:
        return HostAllocator()

    def __init__(self) -> None:
        super().__init__()
        self.caching = CachingAllocator(self.below(), limit=20_000 * self.scale)
        self.poison = PoisonAllocator(self.caching)
        self.scope = ExitStack()
        self.scope.enter_context(use_allocator(StatisticsAllocator(self.poison)))
        self.live: list[DataPtr] = []
        self.since: set[int] = set()  # addresses given since the recording began and not freed

    def teardown(self) -> None:
        for data in self.live:
            free(data)
        held = self.caching.reserved_nbytes
        assert self.caching.empty_cache() == held
        assert self.caching.segments() == ()
        self.scope.close()

    @rule(nbytes=st.integers(0, 200) | st.integers(1, 9000))
    def allocate(self, nbytes: int) -> None:
        nbytes *= self.scale
        try:
            data = current.allocate(nbytes)
        except OutOfMemoryError as error:
            limit = memory.get_limit()
            assert limit is not None
            assert memory.memory_reserved() + class_nbytes(nbytes + GUARD_NBYTES) > limit
            assert self.caching.cached_nbytes == 0
            assert "\n  memory of statistics(" in str(error)
            return
        ctypes.memset(data.address, 1, nbytes)
        self.live.append(data)
        if recorder() is not None and nbytes:
            self.since.add(data.address)

    @precondition(lambda self: self.live)
    @rule(choice=st.randoms(use_true_random=False))
    def free(self, choice: Any) -> None:
        data = self.live.pop(choice.randrange(len(self.live)))
        self.since.discard(data.address)
        free(data)

    @rule(enabled=st.sampled_from(["all", "state", None]), entries=st.integers(1, 50), depth=st.integers(1, 3))
    def record(self, enabled: Any, entries: int, depth: int) -> None:
        memory.record_history(enabled, max_entries=entries, depth=depth)
        self.since.clear()

    @rule(nbytes=st.none() | st.integers(0, 30_000))
    def limit(self, nbytes: int | None) -> None:
        memory.set_limit(None if nbytes is None else nbytes * self.scale)

    @rule()
    def empty_cache(self) -> None:
        memory.empty_cache()
        assert memory.memory_reserved() == sum(segment.nbytes for segment in memory.held_segments())
        assert all(segment.active_nbytes for segment in memory.held_segments())

    @invariant()
    def live_blocks_are_known(self) -> None:
        tracking = recorder()
        known = {} if tracking is None else tracking.live()
        assert set(known) == self.since
        blocks = {data.address: data.nbytes for data in self.live if data.nbytes}
        assert all(blocks[address] == block.nbytes for address, block in known.items())
        assert memory.stats().allocated_bytes == sum(blocks.values())

    @invariant()
    def a_snapshot_adds_up(self) -> None:
        taken = memory.snapshot()
        assert sum(segment["total_size"] for segment in taken["segments"]) == memory.memory_reserved()
        in_use = [block for segment in taken["segments"] for block in segment["blocks"] if block["state"] != "inactive"]
        assert {block["address"] for block in in_use} == {data.address for data in self.live if data.nbytes}
        assert {block["address"] for block in in_use if block["frames"]} == self.since
        history = recorded()
        assert taken["tensorlab"]["events_before"] == (0 if history is None else history.dropped)

    @invariant()
    def events_lead_to_what_is_live(self) -> None:
        history = recorded()
        if history is None or history.dropped:
            return
        live: set[int] = set()
        for event in history.events():
            if event.action == "alloc" and event.address:
                assert event.address not in live
                live.add(event.address)
            elif event.action == "free_completed":
                live.discard(event.address)  # one from before the recording is not there
        assert live == self.since

    @invariant()
    def nothing_wrote_too_far(self) -> None:
        self.poison.check()


Recording.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestRecording = Recording.TestCase


class RecordingBySize(Recording):
    """The same with blocks of up to 3.6 MB, some of which are cut from segments."""

    scale = 400

    def below(self) -> Allocator:
        return BySizeAllocator()


RecordingBySize.TestCase.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
TestRecordingBySize = RecordingBySize.TestCase

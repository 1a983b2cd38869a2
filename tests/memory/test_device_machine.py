"""Any sequence of requests, streams and events against a plain account of who may touch which bytes."""

from __future__ import annotations

from itertools import pairwise

from fake_allocator import free
from fake_device import MIB, FakeDevice
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory import DataPtr, DeviceCachingAllocator
from tensorlab.memory.block_pool import SMALL, piece_nbytes, segment_nbytes
from tensorlab.memory.device_stats import Counts
from tensorlab.memory.history import History

CAPACITY = 90 * MIB
STREAMS = st.integers(0, 2)
SIZES = st.integers(0, 2000) | st.integers(1, 2 * MIB) | st.integers(MIB, 45 * MIB)
CHOICE = st.randoms(use_true_random=False)


class Held:
    """A block as its owner knows it: where, for which stream, and which other streams were told of it."""

    def __init__(self, data: DataPtr, requested: int, stream: int) -> None:
        self.data = data
        self.begin, self.end = data.address, data.address + data.nbytes
        self.requested = requested
        self.stream = stream
        self.used_by: set[int] = set()
        self.waits: dict[int, int] = {}  # by stream: the number of the event on it that must have passed


class DeviceMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.device = FakeDevice(CAPACITY)
        self.live: list[Held] = []
        self.awaiting: list[Held] = []  # given back; other streams still work on the bytes
        self.recorded = [0, 0, 0]  # events of each stream
        self.peak = 0
        self.ooms = 0

    @initialize(
        max_split=st.none() | st.just(24 * MIB),
        threshold=st.sampled_from([0.0, 0.3]),
        surplus=st.sampled_from([None, 0.0, 0.5]),
        exact=st.booleans(),
        limit=st.sampled_from([None, 60]),
    )
    def begin(
        self, max_split: int | None, threshold: float, surplus: float | None, exact: bool, limit: int | None
    ) -> None:
        self.splits_end = max_split is not None
        self.limit = CAPACITY if limit is None else limit * MIB
        self.history = History()
        self.caching = DeviceCachingAllocator(
            self.device,
            max_split_nbytes=max_split,
            garbage_collection_threshold=threshold,
            surplus=surplus,
            exact=exact,
            limit_nbytes=None if limit is None else self.limit,
            history=self.history,
        )

    def passed(self, stream: int) -> int:
        return self.recorded[stream] - self.device.pending(stream)

    def forget_passed(self) -> None:
        """Other streams are done with what they have passed the events of."""
        self.awaiting = [
            held for held in self.awaiting if any(self.passed(stream) < event for stream, event in held.waits.items())
        ]

    def allocate(self, nbytes: int, stream: int) -> None:
        refused = self.device.refuse > 0
        try:
            data = self.caching.allocate_on(nbytes, stream)
        except OutOfMemoryError:
            self.ooms += 1
            self.forget_passed()
            assert not self.awaiting, "refused without having waited"
            size = segment_nbytes(piece_nbytes(nbytes))
            in_use = sum(self.device.live.values())
            assert refused or in_use + size > self.limit, "refused although there was room"
            whole = [one for one in self.caching.segments() if [b.state for b in one.blocks] == ["inactive"]]
            assert not whole, "refused without having given back what is free"
            fits = [
                block
                for one in self.caching.segments()
                for block in one.blocks
                if block.state == "inactive" and one.stream == stream and block.nbytes >= piece_nbytes(nbytes)
                if (one.pool == "small") == (piece_nbytes(nbytes) <= SMALL)
            ]
            assert not fits, "refused although a free block fits"
            return
        finally:
            self.forget_passed()
        assert data.nbytes >= nbytes
        if nbytes == 0:
            assert data.address == 0
            return
        held = Held(data, nbytes, stream)
        for other in self.awaiting:
            assert held.end <= other.begin or other.end <= held.begin, "another stream still works on these bytes"
        self.live.append(held)
        self.peak = max(self.peak, sum(held.data.nbytes for held in self.live))

    @rule(nbytes=SIZES)
    def allocate_plainly(self, nbytes: int) -> None:
        self.allocate(nbytes, 0)

    @rule(nbytes=SIZES, stream=STREAMS)
    def allocate_on(self, nbytes: int, stream: int) -> None:
        self.allocate(nbytes, stream)

    @rule(nbytes=SIZES, stream=STREAMS, refusals=st.integers(1, 3))
    def allocate_from_a_device_that_refuses(self, nbytes: int, stream: int, refusals: int) -> None:
        self.device.refuse = refusals
        self.allocate(nbytes, stream)
        self.device.refuse = 0

    @precondition(lambda self: self.awaiting and not self.splits_end)
    @rule(choice=CHOICE)
    def ask_until_what_is_awaited_is_used(self, choice) -> None:
        """The first refusal may only come when no bytes of that stream would do, awaited ones included."""
        held = choice.choice(self.awaiting)
        self.device.refuse = 100
        before = self.ooms
        self.allocate(held.requested, held.stream)
        assert self.ooms == before, "refused although awaited bytes would have been enough"
        for _ in range(10):
            if self.ooms == before:
                self.allocate(held.requested, held.stream)
        self.device.refuse = 0

    @precondition(lambda self: self.live)
    @rule(choice=CHOICE, stream=STREAMS)
    def record_stream(self, choice, stream: int) -> None:
        held = choice.choice(self.live)
        self.caching.record_stream(held.data, stream)
        if stream != held.stream:
            held.used_by.add(stream)

    @precondition(lambda self: self.live)
    @rule(choice=CHOICE)
    def free(self, choice) -> None:
        self.give_back(self.live.pop(choice.randrange(len(self.live))))

    def give_back(self, held: Held) -> None:
        free(held.data)
        for stream in held.used_by:
            self.recorded[stream] += 1
            held.waits[stream] = self.recorded[stream]
        if held.waits:
            self.awaiting.append(held)

    @precondition(lambda self: self.live)
    @rule(choice=CHOICE, streams=st.sets(STREAMS, min_size=1))
    def free_while_others_use_it(self, choice, streams: set[int]) -> None:
        held = choice.choice(self.live)
        for stream in streams:
            self.caching.record_stream(held.data, stream)
        held.used_by |= streams - {held.stream}
        self.live.remove(held)
        self.give_back(held)

    @rule(stream=STREAMS, count=st.integers(1, 3))
    def events_pass(self, stream: int, count: int) -> None:
        self.device.pass_events(stream, count)
        self.forget_passed()

    @rule()
    def empty_cache(self) -> None:
        before = self.device.live_nbytes
        assert self.caching.empty_cache() == before - self.device.live_nbytes
        self.forget_passed()
        assert self.awaiting == []
        assert all(any(b.state != "inactive" for b in one.blocks) for one in self.caching.segments())

    @invariant()
    def segments_are_what_the_device_gave(self) -> None:
        segments = self.caching.segments()
        assert {one.address: one.nbytes for one in segments} == self.device.live
        assert self.device.live_nbytes <= self.limit

    @invariant()
    def blocks_are_what_their_owners_hold(self) -> None:
        blocks = {block.address: (one, block) for one in self.caching.segments() for block in one.blocks}
        for held in self.live:
            one, block = blocks[held.begin]
            assert (block.state, block.nbytes) == ("active_allocated", held.data.nbytes)
            assert (block.requested_nbytes, one.stream) == (held.requested, held.stream)
        allocated = [block for _, block in blocks.values() if block.state == "active_allocated"]
        assert len(allocated) == len(self.live)
        for held in self.awaiting:
            assert blocks[held.begin][1].state == "active_awaiting_free"
        unused = [block for _, block in blocks.values() if block.state == "inactive"]
        assert not any(block.requested_nbytes or block.frames for block in unused)

    @invariant()
    def each_use_is_waited_for_once(self) -> None:
        assert self.device.events == sum(self.recorded)

    @invariant()
    def nothing_overlaps(self) -> None:
        held = sorted((held.begin, held.end) for held in self.live + self.awaiting)
        assert all(end <= begin for (_, end), (begin, _) in pairwise(held))
        for one in self.caching.segments():
            ends = [block.address + block.nbytes for block in one.blocks]
            assert [one.address, *ends] == [*(block.address for block in one.blocks), one.address + one.nbytes]

    @invariant()
    def free_neighbours_are_merged(self) -> None:
        for one in self.caching.segments():
            for left, right in pairwise(one.blocks):
                assert not left.state == right.state == "inactive"

    @invariant()
    def statistics_are_a_recount(self) -> None:
        stats = self.caching.stats()
        for pool in ("all", "small_pool", "large_pool"):
            segments = [one for one in self.caching.segments() if pool in ("all", f"{one.pool}_pool")]
            blocks = [block for one in segments for block in one.blocks]
            allocated = [block for block in blocks if block.state == "active_allocated"]
            active = [block for block in blocks if block.state != "inactive"]
            split = [b for one in segments for b in one.blocks if b.state == "inactive" and len(one.blocks) > 1]
            recount = {
                "allocation": len(allocated),
                "allocated_bytes": sum(block.nbytes for block in allocated),
                "segment": len(segments),
                "reserved_bytes": sum(one.nbytes for one in segments),
                "active": len(active),
                "active_bytes": sum(block.nbytes for block in active),
                "inactive_split": len(split),
                "inactive_split_bytes": sum(block.nbytes for block in split),
                "requested_bytes": sum(block.requested_nbytes for block in active),
            }
            for name, value in recount.items():
                counts: Counts = getattr(getattr(stats, name), pool)
                assert counts.current == value, (name, pool)
                assert counts.allocated - counts.freed == value, (name, pool)
                assert counts.peak >= value, (name, pool)
        assert stats.allocated_bytes.all.peak == self.peak
        assert stats.reserved_bytes.all.peak == self.device.peak_nbytes
        assert (stats.num_device_alloc, stats.num_device_free) == (self.device.allocs, self.device.frees)
        assert stats.num_ooms == self.ooms

    @invariant()
    def history_adds_up(self) -> None:
        nbytes = dict.fromkeys(("alloc", "free_requested", "free_completed", "segment_alloc", "segment_free", "oom"), 0)
        for event in self.history.events():
            nbytes[event.action] += event.nbytes
        stats = self.caching.stats()
        assert nbytes["alloc"] - nbytes["free_requested"] == stats.allocated_bytes.all.current
        assert nbytes["alloc"] - nbytes["free_completed"] == stats.active_bytes.all.current
        assert nbytes["segment_alloc"] - nbytes["segment_free"] == stats.reserved_bytes.all.current

    def teardown(self) -> None:
        if not hasattr(self, "caching"):
            return
        for held in self.live:
            free(held.data)
        self.caching.empty_cache()
        assert self.device.live == {}, "bytes were lost"


DeviceMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestDeviceMachine = DeviceMachine.TestCase

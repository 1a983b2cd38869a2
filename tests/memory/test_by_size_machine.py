"""Any sequence of requests to the cache over both kinds of block: what it tells is a recount."""

from __future__ import annotations

from itertools import pairwise

from fake_allocator import FakeAllocator, free
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory import BySizeAllocator, CachingAllocator, DataPtr, History, StatisticsAllocator
from tensorlab.memory.cached_blocks import class_nbytes

MIB = 1 << 20
CAPACITY = 90 * MIB
CACHE = 9 * MIB

SIZES = st.integers(0, 300) | st.integers(MIB - 5, MIB + 5) | st.integers(MIB, 30 * MIB)


class Account(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.fake = FakeAllocator(CAPACITY)
        self.caching = CachingAllocator(BySizeAllocator(self.fake), limit=CACHE)
        self.history = self.caching.history = History()
        self.stack = StatisticsAllocator(self.caching)
        self.live: list[tuple[DataPtr, int]] = []

    @rule(nbytes=SIZES)
    def allocate(self, nbytes: int) -> None:
        block = class_nbytes(nbytes)
        try:
            data = self.stack.allocate(nbytes)
        except OutOfMemoryError:
            limit = CAPACITY if self.caching.limit_nbytes is None else min(CAPACITY, self.caching.limit_nbytes)
            assert self.fake.live_nbytes + block > limit, "refused although the system had room"
            assert self.caching.cached_nbytes == 0, "refused although blocks wait"
            free_blocks = [b for s in self.caching.segments() for b in s.blocks if b.state == "inactive"]
            assert block <= MIB or all(b.nbytes < block for b in free_blocks), "refused although a free block fits"
            assert all(segment.active_nbytes for segment in self.caching.segments()), "refused although one is free"
            return
        assert data.nbytes == block
        assert data.deleter == self.stack.deallocate
        self.live.append((data, nbytes))

    @precondition(lambda self: self.live)
    @rule(choice=st.randoms(use_true_random=False))
    def free(self, choice) -> None:
        data, _ = self.live.pop(choice.randrange(len(self.live)))
        free(data)

    @rule()
    def empty_cache(self) -> None:
        before = self.fake.live_nbytes
        assert self.caching.empty_cache() == before - self.fake.live_nbytes
        assert self.caching.cached_nbytes == 0
        assert all(segment.active_nbytes for segment in self.caching.segments())

    @rule(nbytes=st.none() | st.integers(0, CAPACITY))
    def limit(self, nbytes: int | None) -> None:
        self.caching.limit_nbytes = nbytes

    @invariant()
    def segments_are_what_the_system_has_given(self) -> None:
        segments = self.caching.segments()
        given = {address: data.nbytes for address, data in self.fake.live.items() if data.nbytes}
        assert {segment.address: segment.nbytes for segment in segments} == given
        assert [segment.address for segment in segments] == sorted(given)
        for segment in segments:
            assert segment.blocks[0].address == segment.address
            assert sum(block.nbytes for block in segment.blocks) == segment.nbytes
            for block, following in pairwise(segment.blocks):
                assert block.address + block.nbytes == following.address

    @invariant()
    def blocks_in_use_are_those_that_were_given(self) -> None:
        in_use = sorted((data.address, data.nbytes, nbytes) for data, nbytes in self.live if data.nbytes)
        blocks = [block for segment in self.caching.segments() for block in segment.blocks]
        told = [(b.address, b.nbytes, b.requested_nbytes) for b in blocks if b.state == "active_allocated"]
        assert told == in_use
        assert {block.state for block in blocks} <= {"active_allocated", "inactive"}
        assert all(block.requested_nbytes == 0 for block in blocks if block.state == "inactive")

    @invariant()
    def counts_are_a_recount(self) -> None:
        counts = self.caching.stats()
        segments = self.caching.segments()
        assert counts.reserved_bytes == self.caching.reserved_nbytes == self.fake.live_nbytes <= counts.peak_bytes
        assert counts.segments == len(segments)
        assert counts.requested_bytes == sum(nbytes for _, nbytes in self.live)
        assert counts.total_bytes - counts.freed_bytes == counts.reserved_bytes
        assert self.stack.stats().allocated_bytes == sum(data.nbytes for data, _ in self.live)
        beside = [b.nbytes for s in segments if s.active_nbytes for b in s.blocks if b.state == "inactive"]
        assert counts.beside_use == (len(beside), sum(beside))
        assert self.caching.cached_nbytes <= CACHE

    @invariant()
    def events_lead_to_what_is_held(self) -> None:
        held: dict[int, int] = {}
        for event in self.history.events():
            if event.action == "segment_alloc":
                held[event.address] = event.nbytes
            else:
                assert held.pop(event.address) == event.nbytes
        assert held == {address: data.nbytes for address, data in self.fake.live.items() if data.nbytes}


Account.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestBySizeAccount = Account.TestCase

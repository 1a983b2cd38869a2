"""Any sequence of requests against a plain account of what must be live."""

from __future__ import annotations

from itertools import pairwise

from fake_allocator import FakeAllocator, free
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory import CachingAllocator, DataPtr, MemoryStats, StatisticsAllocator
from tensorlab.memory.cached_blocks import class_nbytes

CAPACITY = 40_000
CACHE = 9_000


class Account(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.fake = FakeAllocator(CAPACITY)
        self.caching = CachingAllocator(self.fake, limit=CACHE)
        self.stack = StatisticsAllocator(self.caching)
        self.live: list[tuple[DataPtr, int]] = []
        self.requested = self.total = self.blocks = self.peak = self.peak_blocks = self.failed = 0

    def live_nbytes(self) -> int:
        return sum(class_nbytes(nbytes) for _, nbytes in self.live)

    @rule(nbytes=st.integers(0, 300) | st.integers(0, 20_000))
    def allocate(self, nbytes: int) -> None:
        block = class_nbytes(nbytes)
        fits = self.live_nbytes() + block <= CAPACITY
        try:
            data = self.stack.allocate(nbytes)
        except OutOfMemoryError:
            assert not fits, "refused although the bytes in the cache would have been enough"
            self.failed += 1
            return
        assert fits
        assert data.nbytes == block
        assert data.deleter == self.stack.deallocate
        self.live.append((data, nbytes))
        self.requested += nbytes
        self.total += block
        self.blocks += 1
        self.peak = max(self.peak, self.live_nbytes())
        self.peak_blocks = max(self.peak_blocks, len(self.live))

    @precondition(lambda self: self.live)
    @rule(choice=st.randoms(use_true_random=False))
    def free(self, choice) -> None:
        data, _ = self.live.pop(choice.randrange(len(self.live)))
        free(data)

    @precondition(lambda self: self.live)
    @rule(choice=st.randoms(use_true_random=False))
    def free_and_ask_for_as_much(self, choice) -> None:
        """What the layer that counts keeps a block for."""
        data, nbytes = self.live.pop(choice.randrange(len(self.live)))
        free(data)
        self.allocate(nbytes)

    @rule()
    def empty_cache(self) -> None:
        cached = self.caching.cached_nbytes
        assert self.caching.empty_cache() == cached
        assert self.caching.cached_nbytes == 0

    @rule()
    def reset_peak(self) -> None:
        self.stack.reset_peak()
        self.peak = self.live_nbytes()
        self.peak_blocks = len(self.live)

    @invariant()
    def blocks_do_not_overlap(self) -> None:
        spans = sorted((data.address, data.address + data.nbytes) for data, _ in self.live)
        assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))

    @invariant()
    def statistics_are_a_recount(self) -> None:
        assert self.stack.stats() == MemoryStats(
            allocated_bytes=self.live_nbytes(),
            peak_bytes=self.peak,
            total_bytes=self.total,
            total_requested_bytes=self.requested,
            live_blocks=len(self.live),
            total_blocks=self.blocks,
            peak_blocks=self.peak_blocks,
            freed_bytes=self.total - self.live_nbytes(),
            freed_blocks=self.blocks - len(self.live),
            failed_requests=self.failed,
        )

    @invariant()
    def segments_are_what_the_layer_below_has_given(self) -> None:
        segments = self.caching.segments()
        given = {address: data.nbytes for address, data in self.fake.live.items() if data.nbytes}
        assert {segment.address: segment.nbytes for segment in segments} == given
        assert [segment.address for segment in segments] == sorted(given)
        in_use = sorted((data.address, nbytes) for data, nbytes in self.live if data.nbytes)
        blocks = [block for segment in segments for block in segment.blocks if block.state == "active_allocated"]
        assert [(block.address, block.requested_nbytes) for block in blocks] == in_use
        counts = self.caching.stats()
        assert counts.reserved_bytes == self.caching.reserved_nbytes == sum(given.values())
        assert counts.segments == len(segments)
        assert counts.requested_bytes == sum(nbytes for _, nbytes in self.live)
        assert counts.total_bytes - counts.freed_bytes == counts.reserved_bytes

    @invariant()
    def every_byte_is_live_or_cached(self) -> None:
        assert self.fake.live_nbytes == self.live_nbytes() + self.caching.cached_nbytes
        assert self.caching.cached_nbytes <= CACHE


Account.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestAccount = Account.TestCase

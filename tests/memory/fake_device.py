"""A device over no memory at all: an address space that is checked, events that pass when the test says so."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from itertools import pairwise

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory.device_api import MemoryInfo

BASE = 1 << 21
MIB = 1 << 20


class FakeDevice:
    """Segments lie wall to wall, at the lowest address that has room: what merges two of them is found out.

    An event is forgotten when the allocator has been told that it passed; asking again is an error.
    """

    name = "fake"
    device = "fake:0"

    def __init__(self, capacity: int = 1 << 40) -> None:
        self.capacity = capacity
        self.live: dict[int, int] = {}  # sizes of segments, by address
        self.live_nbytes = 0
        self.allocs = self.frees = 0
        self.peak_nbytes = 0
        self.refuse = 0  # how many of the next requests are refused
        self.on_alloc: Callable[[], object] = lambda: None
        self.on_event: Callable[[], object] = lambda: None
        self.copies: list[tuple[int, int, int, int]] = []
        self._spans: list[tuple[int, int]] = [(0, BASE)]
        self.events = 0  # recorded so far; the handle of the last one
        self._pending: dict[int, list[int]] = {}  # by stream, in order
        self._passed: set[int] = set()

    def raw_alloc(self, nbytes: int) -> int:
        self.on_alloc()
        if self.refuse or self.live_nbytes + nbytes > self.capacity:
            self.refuse -= self.refuse > 0
            raise OutOfMemoryError(f"FakeDevice: no room for {nbytes} bytes")
        gaps = (end for (_, end), (begin, _) in pairwise(self._spans) if begin - end >= nbytes)
        address = next(gaps, self._spans[-1][1])
        insort(self._spans, (address, address + nbytes))
        self.live[address] = nbytes
        self.live_nbytes += nbytes
        self.peak_nbytes = max(self.peak_nbytes, self.live_nbytes)
        self.allocs += 1
        return address

    def raw_free(self, address: int) -> None:
        assert address in self.live, "a segment came back twice, or was never given"
        nbytes = self.live.pop(address)
        self._spans.remove((address, address + nbytes))
        self.live_nbytes -= nbytes
        self.frees += 1

    def memcpy_async(self, target: int, source: int, nbytes: int, stream: int) -> None:
        self.copies.append((target, source, nbytes, stream))

    def event_record(self, stream: int) -> int:
        self.on_event()
        self.events += 1
        self._pending.setdefault(stream, []).append(self.events)
        return self.events

    def event_query(self, event: int) -> bool:
        passed = event in self._passed
        assert passed or any(event in events for events in self._pending.values()), "asked about a forgotten event"
        self._passed.discard(event)
        return passed

    def event_sync(self, event: int) -> None:
        for stream, events in self._pending.items():
            if event in events:
                self.pass_events(stream, events.index(event) + 1)
        assert event in self._passed, "waited for a forgotten event"
        self.on_event()
        self._passed.discard(event)

    def mem_info(self) -> MemoryInfo:
        return MemoryInfo(self.capacity - self.live_nbytes, self.capacity)

    def pending(self, stream: int) -> int:
        return len(self._pending.get(stream, ()))

    def pass_events(self, stream: int, count: int = 1 << 30) -> None:
        """Let a stream get on past its next ``count`` events."""
        events = self._pending.get(stream, [])
        self._passed.update(events[:count])
        del events[:count]

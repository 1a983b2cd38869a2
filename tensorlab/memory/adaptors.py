"""Layers to put around an allocator: count its bytes, bound them, note down each event."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass
from types import FrameType
from typing import Any, Literal

from tensorlab.errors import OutOfMemoryError, RangeError
from tensorlab.memory.allocator import Allocator, DataPtr, check_nbytes


@dataclass(frozen=True, slots=True)
class MemoryStats:
    """Counts of a `StatisticsAllocator` at one moment.

    Units: bytes of blocks, rounded as they were given; ``total_requested_bytes`` alone counts what was asked for, so
    ``total_bytes - total_requested_bytes`` is what rounding has cost.
    """

    allocated_bytes: int  # of live blocks
    peak_bytes: int  # the most that was live at once
    total_bytes: int  # of all blocks given so far
    total_requested_bytes: int
    live_blocks: int
    total_blocks: int

    def to_dict(self) -> dict[str, int]:
        """The record as plain values."""
        return asdict(self)


class StatisticsAllocator:
    """Counts what goes through it.

    Exact with any number of threads, without a lock: a block is counted after it was got and discounted before it is
    given back, each in straight-line code (see `tensorlab.memory.allocator`).

    Cost: 0.25 us for an allocation and its free.

    >>> from tensorlab.memory.host import HostAllocator
    >>> counted = StatisticsAllocator(HostAllocator())
    >>> data = counted.allocate(100)
    >>> data.deleter(data)
    >>> counted.stats()
    MemoryStats(allocated_bytes=0, peak_bytes=128, total_bytes=128, total_requested_bytes=100, live_blocks=0, \
total_blocks=1)
    """

    __slots__ = (
        "_blocks",
        "_bytes",
        "_deleter",
        "_freed_blocks",
        "_freed_bytes",
        "_peak",
        "_requested",
        "inner",
        "name",
    )

    def __init__(self, inner: Allocator) -> None:
        self.inner = inner
        self.name = f"statistics({inner.name})"
        self._deleter = self.deallocate
        self._blocks = 0
        self._bytes = 0
        self._freed_blocks = 0
        self._freed_bytes = 0
        self._peak = 0
        self._requested = 0

    def allocate(self, nbytes: int) -> DataPtr:
        """Give the inner allocator's block and count it."""
        data = self.inner.allocate(nbytes)
        data.deleter = self._deleter
        self._requested += nbytes
        self._blocks += 1
        self._bytes += data.nbytes
        if self._bytes - self._freed_bytes > self._peak:
            self._peak = self._bytes - self._freed_bytes
        return data

    def deallocate(self, data: DataPtr) -> None:
        """Discount the block and hand it down."""
        self._freed_bytes += data.nbytes
        self._freed_blocks += 1
        self.inner.deallocate(data)

    def stats(self) -> MemoryStats:
        """The counts now: all of one moment, since they are read before anything is called."""
        return MemoryStats(
            self._bytes - self._freed_bytes,
            self._peak,
            self._bytes,
            self._requested,
            self._blocks - self._freed_blocks,
            self._blocks,
        )

    def reset_peak(self) -> None:
        """Let the peak begin again from what is live now."""
        self._peak = self._bytes - self._freed_bytes


class LimitAllocator:
    """Lets at most ``nbytes`` bytes be live.

    Around a caching allocator it bounds what tensors hold; inside one it bounds what the cache and the tensors hold
    together, and the cache gives way when the bound is met.
    """

    __slots__ = ("_deleter", "_live", "_nbytes", "inner", "name")

    def __init__(self, inner: Allocator, nbytes: int) -> None:
        check_nbytes("LimitAllocator", nbytes)
        self.inner = inner
        self.name = f"limit({inner.name})"
        self._deleter = self.deallocate
        self._nbytes = nbytes
        self._live = 0

    @property
    def nbytes(self) -> int:
        """Bytes that may be live at once."""
        return self._nbytes

    @property
    def live_nbytes(self) -> int:
        """Bytes of the blocks that are live."""
        return self._live

    def allocate(self, nbytes: int) -> DataPtr:
        """Give the inner allocator's block if it fits under the limit.

        Raises: `OutOfMemoryError` if the live blocks and this one would be more than the limit.
        """
        check_nbytes("LimitAllocator.allocate", nbytes)
        if self._live + nbytes > self._nbytes:  # before the inner allocator is made to find the bytes
            raise self._over(nbytes)
        data = self.inner.allocate(nbytes)
        if self._live + data.nbytes > self._nbytes:  # only now is the block's size known
            over = self._over(data.nbytes)
            self.inner.deallocate(data)
            raise over
        self._live += data.nbytes  # with the test above in one step: threads together cannot pass the limit
        data.deleter = self._deleter
        return data

    def deallocate(self, data: DataPtr) -> None:
        """Hand the block down; its bytes are free for others."""
        self._live -= data.nbytes
        self.inner.deallocate(data)

    def _over(self, nbytes: int) -> OutOfMemoryError:
        return OutOfMemoryError(
            f"LimitAllocator.allocate: {nbytes:,} bytes more would pass the limit: "
            f"{self._live:,} of {self._nbytes:,} bytes are in use"
        )


@dataclass(frozen=True, slots=True)
class AllocEvent:
    """A block that was given or taken back, and the line of the program that had it done."""

    kind: Literal["alloc", "free"]
    address: int
    nbytes: int
    seconds: float  # on the clock of `time.perf_counter`, to line up with other records
    filename: str
    line: int

    def to_dict(self) -> dict[str, Any]:
        """The record as plain values."""
        return asdict(self)


class TrackingAllocator:
    """Notes down each block given and taken back, with the line that asked for it.

    The line is that of the innermost frame outside the package: the user's. A block freed by a garbage collection
    has the line at which the collection happened to run.

    The latest ``capacity`` events are kept; `truncated` says whether there were more.

    Cost: 2 us an event.
    """

    __slots__ = ("_count", "_deleter", "_events", "inner", "name")

    def __init__(self, inner: Allocator, *, capacity: int = 100_000) -> None:
        if capacity < 1:
            raise RangeError(f"TrackingAllocator: takes a capacity of at least 1 event, got {capacity!r}")
        self.inner = inner
        self.name = f"tracking({inner.name})"
        self._deleter = self.deallocate
        self._events: deque[AllocEvent] = deque(maxlen=capacity)
        self._count = 0

    @property
    def truncated(self) -> bool:
        """Whether events were dropped because there were more than ``capacity``."""
        return self._count > len(self._events)

    def allocate(self, nbytes: int) -> DataPtr:
        """Give the inner allocator's block and note it down."""
        data = self.inner.allocate(nbytes)
        data.deleter = self._deleter
        self._note("alloc", data)
        return data

    def deallocate(self, data: DataPtr) -> None:
        """Note the block down and hand it down: in this order an address is freed before it is given again."""
        self._note("free", data)
        self.inner.deallocate(data)

    def events(self) -> tuple[AllocEvent, ...]:
        """The events so far, oldest first."""
        return tuple(self._events.copy())  # a copy is one C call: no event of another thread can come in between

    def _note(self, kind: Literal["alloc", "free"], data: DataPtr) -> None:
        filename, line = _user_line(sys._getframe(2))  # pyright: ignore[reportPrivateUsage]
        self._events.append(AllocEvent(kind, data.address, data.nbytes, time.perf_counter(), filename, line))
        self._count += 1


_PACKAGE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")


def _user_line(frame: FrameType) -> tuple[str, int]:
    """File and line of the first frame outside the package, or of the outermost one if there is none."""
    while frame.f_code.co_filename.startswith(_PACKAGE) and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno

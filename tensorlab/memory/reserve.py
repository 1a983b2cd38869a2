"""What is held of the memory below: counted, bounded, and noted down."""

from __future__ import annotations

from time import perf_counter
from typing import NamedTuple

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory.allocator import Allocator, DataPtr
from tensorlab.memory.history import Action, History
from tensorlab.memory.place import user_frames


class ReserveCounts(NamedTuple):
    """Counts at one moment. Units: bytes; segments are what was got in one piece."""

    reserved_bytes: int
    peak_bytes: int
    total_bytes: int
    segments: int
    peak_segments: int
    total_segments: int
    freed_bytes: int
    freed_segments: int


class Reserve:
    """The place that everything passes which a cache gets from below and gives back to it.

    Exact with any number of threads, without a lock: see `tensorlab.memory.allocator`. ``limit_nbytes`` may be set at
    any time, as may ``history``: what is held stays held.

    >>> from tensorlab.memory.host import HostAllocator
    >>> reserve = Reserve(HostAllocator(), where="here")
    >>> data = reserve.allocate(100)
    >>> reserve.nbytes
    128
    >>> reserve.limit_nbytes = 200
    >>> reserve.allocate(100)
    Traceback (most recent call last):
    tensorlab.errors.OutOfMemoryError: here: 100 bytes more would pass the limit: 128 of 200 bytes are held
    >>> reserve.deallocate(data)
    >>> reserve.freed_nbytes
    128
    """

    __slots__ = (
        "_base",
        "_deleter",
        "_peak",
        "_peak_segments",
        "_reserved",
        "_segments",
        "_total",
        "_total_segments",
        "_where",
        "history",
        "inner",
        "limit_nbytes",
    )

    def __init__(self, inner: Allocator, *, where: str) -> None:
        self.inner = inner
        self.history: History | None = None
        self.limit_nbytes: int | None = None
        self._deleter = self.deallocate
        self._where = where  # who says so when the limit would be passed
        self._reserved = 0  # bytes
        self._segments = 0
        self._peak = 0
        self._peak_segments = 0
        self._total = 0
        self._total_segments = 0
        self._base = (0, 0, 0, 0)  # sums when they began: bytes, segments, bytes and segments given back

    @property
    def name(self) -> str:
        """What it stands on, in ``reserve(...)``."""
        return f"reserve({self.inner.name})"

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._reserved

    @property
    def freed_nbytes(self) -> int:
        """Bytes given back so far."""
        return self._total - self._reserved

    def allocate(self, nbytes: int) -> DataPtr:
        """Get bytes from below and count them.

        Raises: `OutOfMemoryError` if the limit would be passed, or there are none left below.
        """
        limit = self.limit_nbytes
        if limit is not None and self._reserved + nbytes > limit:  # before the system is made to find the bytes
            raise self._over(nbytes, limit)
        data = self.inner.allocate(nbytes)
        block = data.nbytes
        if not block:  # the blocks of no bytes all have one address
            return data
        if limit is not None and self._reserved + block > limit:  # another thread was quicker, or it was rounded up
            over = self._over(block, limit)
            self.inner.deallocate(data)
            raise over
        self._total += block  # with the test above in one step: threads together cannot pass the limit
        self._total_segments += 1
        live = self._reserved = self._reserved + block
        if live > self._peak:
            self._peak = live
        live = self._segments = self._segments + 1
        if live > self._peak_segments:
            self._peak_segments = live
        data.deleter = self._deleter
        self._note("segment_alloc", data)
        return data

    def deallocate(self, data: DataPtr) -> None:
        """Strike bytes out and hand them down."""
        nbytes = data.nbytes
        if nbytes:
            self._reserved -= nbytes
            self._segments -= 1
            self._note("segment_free", data)
        self.inner.deallocate(data)

    def counts(self) -> ReserveCounts:
        """The counts now: all of one moment, since they are read before anything is called."""
        reserved, segments, peak, peak_segments = self._reserved, self._segments, self._peak, self._peak_segments
        total, total_segments, base = self._total, self._total_segments, self._base
        return ReserveCounts(
            reserved_bytes=reserved,
            peak_bytes=peak,
            total_bytes=total - base[0],
            segments=segments,
            peak_segments=peak_segments,
            total_segments=total_segments - base[1],
            freed_bytes=total - reserved - base[2],
            freed_segments=total_segments - segments - base[3],
        )

    def reset_peak(self) -> None:
        """Let the peaks begin again from what is held now."""
        self._peak = self._reserved
        self._peak_segments = self._segments

    def reset_accumulated(self) -> None:
        """Let the sums of what was got and given back begin again from nothing."""
        total, segments, reserved, held = self._total, self._total_segments, self._reserved, self._segments
        self._base = (total, segments, total - reserved, segments - held)

    def _over(self, nbytes: int, limit: int) -> OutOfMemoryError:
        return OutOfMemoryError(
            f"{self._where}: {nbytes:,} bytes more would pass the limit: {self._reserved:,} of {limit:,} bytes are held"
        )

    def _note(self, action: Action, data: DataPtr) -> None:
        history = self.history
        if history is not None:
            history.note(action, data.address, data.nbytes, 0, perf_counter(), user_frames())

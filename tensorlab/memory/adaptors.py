"""Layers to put around an allocator: count its bytes, bound them."""

from __future__ import annotations

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory.allocator import Allocator, DataPtr, check_nbytes
from tensorlab.memory.caching import CachingAllocator
from tensorlab.memory.counts import MemoryStats
from tensorlab.memory.shortage import explain


class StatisticsAllocator:
    """Counts what goes through it.

    Exact with any number of threads, without a lock: a block is counted after it was got and discounted before it is
    given back, each in straight-line code (see `tensorlab.memory.allocator`).

    A cache right below is reached without a call: its hit and its free are written out here once more. And the block
    freed last waits here, for a request of the same bytes: a program that goes round and round allocates what it has
    just freed. The cache takes it for one that waits in its lists; among the counts here it stays live until another
    takes its place or is asked for, and whoever reads them sees it discounted.

    Cost: 0.35 us for an allocation of what was freed last and its free, 0.6 us for others, the cache's part included.
    Without the waiting block both would be 0.54 us.

    >>> from tensorlab.memory.host import HostAllocator
    >>> counted = StatisticsAllocator(HostAllocator())
    >>> data = counted.allocate(100)
    >>> data.deleter(data)
    >>> stats = counted.stats()
    >>> stats.allocated_bytes, stats.peak_bytes, stats["allocation.all.allocated"]
    (0, 128, 1)
    """

    __slots__ = (
        "_base",
        "_blocks",
        "_bytes",
        "_cache",
        "_deleter",
        "_failed",
        "_inner",
        "_live",
        "_live_blocks",
        "_peak",
        "_peak_blocks",
        "_requested",
        "_waiting",
    )

    def __init__(self, inner: Allocator) -> None:
        self._waiting: DataPtr | None = None  # changed by exchanges on one line, so that no two take the same block
        self._cache: CachingAllocator | None = None
        self.inner = inner
        self._deleter = self.deallocate
        self._live = 0  # bytes
        self._live_blocks = 0
        self._peak = 0
        self._peak_blocks = 0
        self._bytes = 0  # of all blocks so far
        self._blocks = 0
        self._requested = 0
        self._failed = 0
        self._base = (0, 0, 0, 0, 0, 0)  # sums of given, freed, requested, failed when they began

    @property
    def name(self) -> str:
        """What it stands on, in ``statistics(...)``."""
        return f"statistics({self.inner.name})"

    @property
    def inner(self) -> Allocator:
        """The allocator below."""
        return self._inner

    @inner.setter
    def inner(self, inner: Allocator) -> None:
        if self._cache is not None:
            self._hand_in()
            self._cache.late.remove(self._hand_in)
        self._inner = inner
        self._cache = inner if type(inner) is CachingAllocator else None
        if self._cache is not None:
            self._cache.late.append(self._hand_in)

    def allocate(self, nbytes: int) -> DataPtr:
        """Give the inner allocator's block and count it."""
        cache = self._cache
        data = None
        if cache is not None and type(nbytes) is int:
            data, self._waiting = self._waiting, None
            if data is not None:
                if data.requested == nbytes:  # as if it had not been freed: what is live stays the same
                    data.deleter = self._deleter
                    block = data.nbytes
                    cache.room += block
                    self._requested += nbytes
                    self._bytes += block
                    self._blocks += 1
                    return data
                block = data.nbytes
                self._live -= block
                self._live_blocks -= 1
                cache.free[block].append(data)
            try:
                free = cache.lists[nbytes]
                data = free.pop()
                free.used = True
            except (KeyError, IndexError):
                data = None
        if data is None or cache is None:
            data = self._from_inner(nbytes)
            block = data.nbytes
        else:  # as the cache's own `allocate`
            block = data.nbytes
            cache.room += block
            data.requested = nbytes
        data.deleter = self._deleter
        self._requested += nbytes
        self._bytes += block
        self._blocks += 1
        live = self._live = self._live + block
        if live > self._peak:
            self._peak = live
        live = self._live_blocks = self._live_blocks + 1
        if live > self._peak_blocks:
            self._peak_blocks = live
        return data

    def deallocate(self, data: DataPtr) -> None:
        """Discount the block and hand it down; where the cache has room for it, when another one is freed or given."""
        nbytes = data.nbytes
        cache = self._cache
        if cache is not None and nbytes <= cache.room:
            cache.room -= nbytes  # as the cache's own `deallocate`
            data.deleter = None
            last, self._waiting = self._waiting, data
            if last is not None:
                nbytes = last.nbytes
                self._live -= nbytes
                self._live_blocks -= 1
                cache.free[nbytes].append(last)
        else:
            self._live -= nbytes
            self._live_blocks -= 1
            self._inner.deallocate(data)

    def _hand_in(self) -> None:
        """Put the block that waits here into the cache's lists."""
        last, self._waiting = self._waiting, None
        if last is not None and self._cache is not None:
            nbytes = last.nbytes
            self._live -= nbytes
            self._live_blocks -= 1
            self._cache.free[nbytes].append(last)

    def _from_inner(self, nbytes: int) -> DataPtr:
        try:
            return self._inner.allocate(nbytes)
        except OutOfMemoryError as error:
            self._failed += 1
            explain(error, self)
            raise

    def stats(self) -> MemoryStats:
        """The counts now: all of one moment, since they are read before anything is called."""
        live, peak, live_blocks, peak_blocks = self._live, self._peak, self._live_blocks, self._peak_blocks
        nbytes, blocks, requested, failed = self._bytes, self._blocks, self._requested, self._failed
        base, waiting = self._base, self._waiting
        if waiting is not None:
            live, live_blocks = live - waiting.nbytes, live_blocks - 1
        return MemoryStats(
            allocated_bytes=live,
            peak_bytes=peak,
            total_bytes=nbytes - base[0],
            total_requested_bytes=requested - base[4],
            live_blocks=live_blocks,
            total_blocks=blocks - base[1],
            peak_blocks=peak_blocks,
            freed_bytes=nbytes - live - base[2],
            freed_blocks=blocks - live_blocks - base[3],
            failed_requests=failed - base[5],
        )

    def reset_peak(self) -> None:
        """Let the peaks begin again from what is live now."""
        last, self._waiting = self._waiting, None  # given again, it would not be looked at whether it is a new peak
        if last is not None:
            self._live -= last.nbytes
            self._live_blocks -= 1
        self._peak = self._live
        self._peak_blocks = self._live_blocks
        if last is not None and self._cache is not None:
            self._cache.free[last.nbytes].append(last)

    def reset_accumulated(self) -> None:
        """Let the sums of what was given, freed, asked for and refused begin again from nothing."""
        live, live_blocks, waiting = self._live, self._live_blocks, self._waiting
        nbytes, blocks, requested, failed = self._bytes, self._blocks, self._requested, self._failed
        if waiting is not None:
            live, live_blocks = live - waiting.nbytes, live_blocks - 1
        self._base = (nbytes, blocks, nbytes - live, blocks - live_blocks, requested, failed)


class LimitAllocator:
    """Lets at most ``nbytes`` bytes be live.

    Around a caching allocator it bounds what tensors hold; inside one it bounds what the cache and the tensors hold
    together, and the cache gives way when the bound is met.
    """

    __slots__ = ("_deleter", "_live", "_nbytes", "inner")

    def __init__(self, inner: Allocator, nbytes: int, *, live_nbytes: int = 0) -> None:
        check_nbytes("LimitAllocator", nbytes)
        check_nbytes("LimitAllocator", live_nbytes)
        self.inner = inner
        self._deleter = self.deallocate
        self._nbytes = nbytes
        self._live = live_nbytes  # of blocks that were given before and will come back through here

    @property
    def name(self) -> str:
        """What it stands on, in ``limit(...)``."""
        return f"limit({self.inner.name})"

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
        error = OutOfMemoryError(
            f"LimitAllocator.allocate: {nbytes:,} bytes more would pass the limit: "
            f"{self._live:,} of {self._nbytes:,} bytes are in use"
        )
        explain(error, self)
        return error

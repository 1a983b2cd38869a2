"""Keeping freed blocks for the next tensor of about the same size."""

from __future__ import annotations

from time import perf_counter

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory.allocator import Allocator, DataPtr, check_nbytes
from tensorlab.memory.cached_blocks import BlockInfo, HeldBlock, class_nbytes
from tensorlab.memory.counts import CacheStats
from tensorlab.memory.history import Action, History
from tensorlab.memory.host import memory_nbytes
from tensorlab.memory.place import user_frames
from tensorlab.memory.segments import Segment
from tensorlab.memory.shortage import explain

_KNOWN_SIZES = 4096


class FreeList(list[DataPtr]):
    """The freed blocks of one size, and whether any was asked for since the last sweep."""

    __slots__ = ("used",)

    def __init__(self) -> None:
        self.used = True


class CachingAllocator:
    """Gives freed blocks out again; policy only, the bytes are the inner allocator's.

    Blocks keep to the sizes of `class_nbytes`, and each size has its list of freed ones, the last freed on top: it is
    the likeliest to be in the processor's cache still. The `DataPtr` goes through the list with its block, so a hit
    makes no object.

    The cache holds at most ``limit`` bytes; when it is full, a freed block goes back to the inner allocator. So that
    a full cache does not go on holding sizes that nobody asks for any more, each time that ``limit`` bytes have gone
    back in this way the sizes that had no request since the last time are released: at most as much again.

    The default limit is a quarter of main memory. What a chain of operations frees is at most what it had live, so
    a quarter for the cache and a quarter for live tensors leave half to NumPy, to files and to the rest of the machine.

    Cost: 0.3 us for a hit and its free, at any size, against a page fault for each page of a new large block.

    >>> from tensorlab.memory.host import HostAllocator
    >>> caching = CachingAllocator(HostAllocator())
    >>> data = caching.allocate(1000)
    >>> address = data.address
    >>> caching.deallocate(data)
    >>> caching.cached_nbytes
    1024
    >>> caching.allocate(970).address == address
    True
    """

    __slots__ = (
        "_base",
        "_deleter",
        "_held",
        "_limit",
        "_peak",
        "_peak_blocks",
        "_refused",
        "_reserved",
        "_reserved_blocks",
        "_retries",
        "_total",
        "_total_blocks",
        "free",
        "history",
        "inner",
        "limit_nbytes",
        "lists",
        "room",
    )

    def __init__(self, inner: Allocator, *, limit: int | None = None) -> None:
        if limit is None:
            limit = memory_nbytes() // 4
        check_nbytes("CachingAllocator limit", limit)
        self.inner = inner
        self.history: History | None = None  # where blocks got from below and given back to it are noted, if anywhere
        self.limit_nbytes: int | None = None  # bytes that it may hold, in use and cached
        self._deleter = self.deallocate
        self._limit = limit
        self.room = limit  # bytes that the cache may still take in
        self._refused = 0  # bytes that it had no room for since the last sweep
        self.free: dict[int, FreeList] = {}  # by size of block; a list once made stays, `lists` points to it
        self.lists: dict[int, FreeList] = {}  # by request: spares the hot path the arithmetic of sizes
        # What it holds, in use or not, and counts of it: touched only when a block is got from below or given back.
        self._held: dict[int, HeldBlock] = {}  # by address
        self._reserved = 0  # bytes
        self._reserved_blocks = 0
        self._peak = 0
        self._peak_blocks = 0
        self._total = 0
        self._total_blocks = 0
        self._retries = 0
        self._base = (0, 0, 0, 0, 0)  # sums when they began: bytes, blocks, bytes and blocks given back, retries

    @property
    def name(self) -> str:
        """What it stands on, in ``caching(...)``."""
        return f"caching({self.inner.name})"

    @property
    def limit(self) -> int:
        """Bytes that the cache holds at most."""
        return self._limit

    @property
    def cached_nbytes(self) -> int:
        """Bytes of freed blocks that wait here."""
        return self._limit - self.room

    @property
    def reserved_nbytes(self) -> int:
        """Bytes got from below, in use and cached."""
        return self._reserved

    def allocate(self, nbytes: int) -> DataPtr:
        """Give a block of `class_nbytes` bytes, from the cache if it has one.

        Raises: `RangeError` if ``nbytes`` is not an int of at least 0; `OutOfMemoryError` if the inner allocator has
        no bytes left although the cache has been emptied.
        """
        if type(nbytes) is not int:  # 64.0 and numpy.int64(64) would find the list of 64
            check_nbytes("CachingAllocator.allocate", nbytes)
        try:
            free = self.lists[nbytes]
            data = free.pop()
            free.used = True
        except (KeyError, IndexError):
            data = None
        if data is None:  # outside the handler, so that an error from below does not come with a KeyError
            return self._miss(nbytes)
        self.room += data.nbytes
        data.deleter = self._deleter
        data.requested = nbytes
        return data

    def deallocate(self, data: DataPtr) -> None:
        """Keep the block for the next request of its size, or hand it down if the cache is full."""
        data.deleter = None
        nbytes = data.nbytes
        if nbytes <= self.room:
            self.room -= nbytes  # with the test in one step: threads together cannot pass the limit
            self.free[nbytes].append(data)
        else:
            self._refuse(data)

    def empty_cache(self) -> int:
        """Hand every block that waits here to the inner allocator; say how many bytes that were."""
        return sum(self._release(free) for free in self.free.copy().values())

    def describe(self, data: DataPtr) -> BlockInfo:
        """What this allocator knows of a block that it gave."""
        idle = len(self.free.get(data.nbytes, ()))
        return BlockInfo(self.name, data.device, data.address, data.nbytes, data.deleter is not None, idle)

    def segments(self) -> tuple[Segment, ...]:
        """Every block that is held, in use or cached, as a segment of that one block, by address.

        Cost: 2 us a block.
        """
        held = self._held.copy()  # one C call: blocks of other threads cannot come and go in between
        return tuple(held[address].segment(address) for address in sorted(held))

    def stats(self) -> CacheStats:
        """The counts now, and what is asked for, which is counted by walking over all blocks."""
        reserved, blocks, peak, peak_blocks = self._reserved, self._reserved_blocks, self._peak, self._peak_blocks
        total, total_blocks, retries, base = self._total, self._total_blocks, self._retries, self._base
        return CacheStats(
            reserved_bytes=reserved,
            peak_bytes=peak,
            total_bytes=total - base[0],
            segments=blocks,
            peak_segments=peak_blocks,
            total_segments=total_blocks - base[1],
            freed_bytes=total - reserved - base[2],
            freed_segments=total_blocks - blocks - base[3],
            requested_bytes=sum(held.requested_nbytes for held in self._held.copy().values()),
            retries=retries - base[4],
        )

    def reset_peak(self) -> None:
        """Let the peaks begin again from what is held now."""
        self._peak = self._reserved
        self._peak_blocks = self._reserved_blocks

    def reset_accumulated(self) -> None:
        """Let the sums of what was got, given back and tried again begin again from nothing."""
        total, blocks, reserved, held = self._total, self._total_blocks, self._reserved, self._reserved_blocks
        self._base = (total, blocks, total - reserved, blocks - held, self._retries)

    def _miss(self, nbytes: int) -> DataPtr:
        check_nbytes("CachingAllocator.allocate", nbytes)
        block = class_nbytes(nbytes)
        # setdefault is one C call for int keys: threads agree on one list.
        free = self.free.setdefault(block, FreeList())
        free.used = True
        try:
            data = free.pop()
        except IndexError:
            data = None
        if data is None:
            data = self._from_inner(block)
            if data.nbytes != block:  # an inner allocator that rounds up: its blocks come back under their own size
                free = self.free.setdefault(data.nbytes, FreeList())
        else:
            self.room += data.nbytes
        if len(self.lists) >= _KNOWN_SIZES:  # a program of ever new sizes must not fill memory with them
            self.lists.clear()
        self.lists[nbytes] = free
        data.deleter = self._deleter
        data.requested = nbytes
        return data

    def _from_inner(self, nbytes: int) -> DataPtr:
        try:
            return self._reserve(nbytes)
        except OutOfMemoryError as error:
            if not self.empty_cache():
                explain(error, self)
                raise
        self._retries += 1
        try:
            return self._reserve(nbytes)
        except OutOfMemoryError as error:
            explain(error, self)
            raise

    def _reserve(self, nbytes: int) -> DataPtr:
        """Get a block from below and enter it."""
        limit = self.limit_nbytes
        if limit is not None and self._reserved + nbytes > limit:  # before the system is made to find the bytes
            raise self._over(nbytes, limit)
        data = self.inner.allocate(nbytes)
        if not data.nbytes:  # the blocks of no bytes all have one address
            return data
        block = data.nbytes
        held = HeldBlock(data, block, nbytes)
        if limit is not None and self._reserved + block > limit:  # another thread was quicker, or it was rounded up
            over = self._over(block, limit)
            self.inner.deallocate(data)
            raise over
        self._total += block  # with the test above in one step: threads together cannot pass the limit
        self._total_blocks += 1
        live = self._reserved = self._reserved + block
        if live > self._peak:
            self._peak = live
        live = self._reserved_blocks = self._reserved_blocks + 1
        if live > self._peak_blocks:
            self._peak_blocks = live
        self._held[data.address] = held
        if self.history is not None:
            self._note("segment_alloc", data)
        return data

    def _over(self, nbytes: int, limit: int) -> OutOfMemoryError:
        return OutOfMemoryError(
            f"CachingAllocator.allocate: {nbytes:,} bytes more would pass the limit: "
            f"{self._reserved:,} of {limit:,} bytes are held"
        )

    def _give_back(self, data: DataPtr) -> None:
        """Strike a block out and hand it down, asking for what was asked of the layer below."""
        held = self._held.pop(data.address, None)
        if held is not None:
            data.requested = held.asked
            self._reserved -= held.nbytes
            self._reserved_blocks -= 1
            if self.history is not None:
                self._note("segment_free", data)
        self.inner.deallocate(data)

    def _note(self, action: Action, data: DataPtr) -> None:
        history = self.history
        if history is not None:  # it may have been taken away by another thread
            history.note(action, data.address, data.nbytes, 0, perf_counter(), user_frames())

    def _refuse(self, data: DataPtr) -> None:
        """Hand a block down for which there is no room; now and then make room for later ones."""
        self._refused += data.nbytes
        if self._refused >= self._limit:
            self._refused = 0
            self._sweep()
        self._give_back(data)

    def _sweep(self) -> None:
        for free in self.free.copy().values():
            if not free.used:
                self._release(free)
            free.used = False

    def _release(self, free: FreeList) -> int:
        released = 0
        for _ in range(len(free)):
            try:
                data = free.pop()
            except IndexError:  # another thread was quicker
                break
            nbytes = data.nbytes
            self.room += nbytes
            released += nbytes
            self._give_back(data)
        return released

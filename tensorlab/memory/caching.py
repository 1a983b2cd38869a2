"""Keeping freed blocks for the next tensor of about the same size."""

from __future__ import annotations

from collections.abc import Callable

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory.allocator import Allocator, DataPtr, check_nbytes
from tensorlab.memory.block_pool import SMALL
from tensorlab.memory.by_size import BySizeAllocator
from tensorlab.memory.cached_blocks import BlockInfo, HeldBlock, beside_use, class_nbytes, held_segments
from tensorlab.memory.counts import CacheStats
from tensorlab.memory.history import History
from tensorlab.memory.host import memory_nbytes
from tensorlab.memory.reserve import Reserve
from tensorlab.memory.segments import Segment
from tensorlab.memory.shortage import explain

_KNOWN_SIZES = 4096
_ROOM = 8  # small blocks that find the cache full get an eighth of it, where large ones are in the way


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
    Over an allocator that keeps freed blocks too, less will do.

    Over a `BySizeAllocator` what counts as held is what that has of the system: whole segments, in which blocks that
    wait here are free ones. There large blocks wait as well as here, so they make way for small ones.

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
        "_base_retries",
        "_below",
        "_by_size",
        "_deleter",
        "_held",
        "_large",
        "_limit",
        "_refused",
        "_reserve",
        "_retries",
        "free",
        "late",
        "lists",
        "room",
    )

    def __init__(self, inner: Allocator, *, limit: int | None = None) -> None:
        if limit is None:
            limit = memory_nbytes() // 4
        check_nbytes("CachingAllocator limit", limit)
        # What is held is counted here, or below where blocks are cut from what is held.
        by_size = inner if isinstance(inner, BySizeAllocator) else None
        self._by_size = by_size
        self._reserve = Reserve(inner, where="CachingAllocator.allocate") if by_size is None else by_size.reserve
        self._below: Allocator = self._reserve if by_size is None else by_size
        self._deleter = self.deallocate
        self._limit = limit
        self.room = limit  # bytes that the cache may still take in
        self._refused = 0  # bytes that it had no room for since the last sweep
        self.free: dict[int, FreeList] = {}  # by size of block; a list once made stays, `lists` points to it
        self.lists: dict[int, FreeList] = {}  # by request: spares the hot path the arithmetic of sizes
        # A layer above that keeps blocks by itself for a while, counted as waiting here: these calls hand them in.
        self.late: list[Callable[[], None]] = []
        self._large: dict[int, FreeList] = {}  # of `free` those whose blocks would not be lost below
        # What it has of the layer below, in use or not: touched only when a block is got from there or given back.
        self._held: dict[int, HeldBlock] = {}  # by address
        self._retries = 0
        self._base_retries = 0  # when the sum began

    @property
    def name(self) -> str:
        """What it stands on, in ``caching(...)``."""
        return f"caching({self.inner.name})"

    @property
    def inner(self) -> Allocator:
        """The allocator below."""
        return self._reserve.inner if self._by_size is None else self._by_size

    @inner.setter
    def inner(self, inner: Allocator) -> None:
        if self._by_size is not None:
            raise AttributeError("CachingAllocator.inner: what is held is counted below, so that it cannot be changed")
        self._reserve.inner = inner

    @property
    def history(self) -> History | None:
        """Where what is got from below and given back is noted, if anywhere."""
        return self._reserve.history

    @history.setter
    def history(self, history: History | None) -> None:
        self._reserve.history = history

    @property
    def limit_nbytes(self) -> int | None:
        """Bytes that may be held, in use and cached; None for all that there are."""
        return self._reserve.limit_nbytes

    @limit_nbytes.setter
    def limit_nbytes(self, nbytes: int | None) -> None:
        self._reserve.limit_nbytes = nbytes

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
        """Bytes held, in use and cached."""
        return self._reserve.nbytes

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
        """Hand every block that waits here down, and what is free there then; say how many bytes are held less."""
        before = self._reserve.freed_nbytes
        self._gather()
        for free in self.free.copy().values():
            self._release(free)
        if self._by_size is not None:
            self._by_size.empty_cache()
        return self._reserve.freed_nbytes - before

    def describe(self, data: DataPtr) -> BlockInfo:
        """What this allocator knows of a block that it gave."""
        self._gather()
        idle = len(self.free.get(data.nbytes, ()))
        return BlockInfo(self.name, data.device, data.address, data.nbytes, data.deleter is not None, idle)

    def segments(self) -> tuple[Segment, ...]:
        """Everything that is held, by address: a segment for each block, or those that large blocks are cut from.

        A block that waits here is inactive, whatever the layer below takes it for.

        Cost: 2 us a block.
        """
        cut = self._cut()
        held = self._held.copy()  # one C call: blocks of other threads cannot come and go in between
        by_size = self._by_size
        whole = {
            address: block
            for address, block in held.items()
            if by_size is None or not by_size.is_cut(address, block.nbytes)
        }
        found = [*held_segments(cut, held), *(block.segment(address) for address, block in whole.items())]
        return tuple(sorted(found, key=lambda segment: segment.address))

    def stats(self) -> CacheStats:
        """The counts now, and what is asked for, which is counted by walking over all blocks."""
        retries = self._retries - self._base_retries
        held = self._held.copy()
        requested = sum(block.requested_nbytes for block in held.values())
        beside = None if self._by_size is None else beside_use(held_segments(self._cut(), held))
        return CacheStats(*self._reserve.counts(), requested_bytes=requested, retries=retries, beside_use=beside)

    def reset_peak(self) -> None:
        """Let the peaks begin again from what is held now."""
        self._reserve.reset_peak()

    def reset_accumulated(self) -> None:
        """Let the sums of what was got, given back and tried again begin again from nothing."""
        self._reserve.reset_accumulated()
        self._base_retries = self._retries

    def _gather(self) -> None:
        for hand_in in self.late:
            hand_in()

    def _cut(self) -> tuple[Segment, ...]:
        """The segments that large blocks are cut from, as the layer below sees them."""
        return () if self._by_size is None else self._by_size.heap.segments()

    def _miss(self, nbytes: int) -> DataPtr:
        check_nbytes("CachingAllocator.allocate", nbytes)
        self._gather()  # it may be what is asked for
        block = class_nbytes(nbytes)
        # setdefault is one C call for int keys: threads agree on one list.
        free = self.free.setdefault(block, FreeList())
        free.used = True
        if block > SMALL and self._by_size is not None:
            self._large[block] = free
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
            return self._get(nbytes)
        except OutOfMemoryError as error:
            waiting = self.cached_nbytes
            if not self.empty_cache() and not waiting:
                explain(error, self)
                raise
        self._retries += 1
        try:
            return self._get(nbytes)
        except OutOfMemoryError as error:
            explain(error, self)
            raise

    def _get(self, nbytes: int) -> DataPtr:
        """Get a block from below and enter it."""
        data = self._below.allocate(nbytes)
        if data.nbytes:  # the blocks of no bytes all have one address
            self._held[data.address] = HeldBlock(data, data.nbytes, nbytes)
        return data

    def _give_back(self, data: DataPtr) -> None:
        """Strike a block out and hand it down, asking for what was asked of the layer below."""
        held = self._held.pop(data.address, None)
        if held is not None:
            data.requested = held.asked
        self._below.deallocate(data)

    def _refuse(self, data: DataPtr) -> None:
        """Hand a block down for which there is no room; now and then make room for later ones."""
        if self._large and data.nbytes <= SMALL:
            self._make_room()
            if data.nbytes <= self.room:
                self.room -= data.nbytes
                self.free[data.nbytes].append(data)
                return
        if data.nbytes <= self._limit:  # else the others need not make way for it
            self._refused += data.nbytes
            if self._refused >= self._limit:
                self._refused = 0
                self._sweep()
        self._give_back(data)

    def _make_room(self) -> None:
        """Hand the largest blocks down until a part of the cache is free again."""
        waiting = sorted((nbytes, free) for nbytes, free in self._large.copy().items() if free)
        while waiting and self.room < self._limit // _ROOM:
            self._release(waiting.pop()[1])

    def _sweep(self) -> None:
        for free in self.free.copy().values():
            if not free.used:
                self._release(free)
            free.used = False

    def _release(self, free: FreeList) -> None:
        for _ in range(len(free)):
            try:
                data = free.pop()
            except IndexError:  # another thread was quicker
                break
            self.room += data.nbytes
            self._give_back(data)

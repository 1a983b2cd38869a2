"""The caching allocator for devices: freed blocks are given out again, by stream, after the events they await."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager

from tensorlab.errors import RangeError
from tensorlab.memory.allocator import DataPtr, check_nbytes
from tensorlab.memory.block_pool import LARGE_SEGMENT, Piece
from tensorlab.memory.device_api import DeviceAPI
from tensorlab.memory.device_heap import DeviceHeap
from tensorlab.memory.device_stats import DeviceStats
from tensorlab.memory.history import History
from tensorlab.memory.segments import Frame, Segment


class DeviceCachingAllocator:
    """Gives blocks of a device's memory, and freed ones again to the stream that they were made for.

    Without options the cache only grows, as PyTorch's does: it is given back when the device or ``limit_nbytes`` has no
    room, or by `empty_cache`. Two options give segments back earlier, the longest unused first: beyond
    ``garbage_collection_threshold`` of the room, when a new one is needed; and beyond ``surplus`` times the most that
    was lately in use at once, on top of that most. Blocks from ``max_split_nbytes`` on are kept in one piece. What is
    left over, up to 1 MiB, stays with a large block; with ``exact`` it is a piece of its own, and all blocks for one
    request have one size.

    Threads: requests wait for each other. A block that is given back is only queued, and taken in by whoever holds the
    allocator, or has just left it. So a free never waits, and one that comes out of a collection in the middle of this
    very thread's allocation does not meet a pool half-way through a change. An allocation that comes so, from a
    finaliser, gets a segment of its own.

    Cost: 12 us for a hit and its free, most of it counting.

    >>> from tensorlab.memory.device_api import HostDevice
    >>> caching = DeviceCachingAllocator(HostDevice())
    >>> data = caching.allocate(1000)
    >>> data.nbytes, caching.stats().reserved_bytes.all.current
    (1024, 2097152)
    >>> data.deleter(data)
    >>> caching.empty_cache()
    2097152
    """

    __slots__ = ("__weakref__", "_busy", "_deleter", "_device", "_heap", "_in_use", "_lock", "frames", "name")

    def __init__(
        self,
        device_api: DeviceAPI,
        *,
        max_split_nbytes: int | None = None,
        garbage_collection_threshold: float = 0.0,
        limit_nbytes: int | None = None,
        surplus: float | None = None,
        exact: bool = False,
        history: History | None = None,
        frames: Callable[[], tuple[Frame, ...]] | None = None,
    ) -> None:
        if max_split_nbytes is not None:
            check_nbytes("DeviceCachingAllocator max_split_nbytes", max_split_nbytes)
            if max_split_nbytes <= LARGE_SEGMENT:
                raise RangeError(
                    f"DeviceCachingAllocator: takes max_split_nbytes above {LARGE_SEGMENT:,}, a large segment's size, "
                    f"got {max_split_nbytes:,}"
                )
        if not 0 <= garbage_collection_threshold < 1:
            raise RangeError(
                "DeviceCachingAllocator: takes garbage_collection_threshold from 0 (never) to below 1, "
                f"got {garbage_collection_threshold!r}"
            )
        if limit_nbytes is not None:
            check_nbytes("DeviceCachingAllocator limit_nbytes", limit_nbytes)
        if surplus is not None and not surplus >= 0:
            raise RangeError(f"DeviceCachingAllocator: takes a surplus of at least 0, or None, got {surplus!r}")
        self.name = f"device_caching({device_api.name})"
        self.frames = frames  # may be set and taken away at any time, like `history`
        self._device = device_api
        self._deleter = self.deallocate
        self._heap = DeviceHeap(
            device_api,
            max_split_nbytes=max_split_nbytes,
            garbage_collection_threshold=garbage_collection_threshold,
            limit_nbytes=limit_nbytes,
            surplus=surplus,
            exact=exact,
            history=history,
        )
        self._in_use: dict[int, Piece] = {}
        self._lock = threading.RLock()
        self._busy = False  # whether the thread that holds the lock is in the middle of a change
        # While a block is out its deleter keeps the allocator alive, so what is left at its end is nobody's.
        weakref.finalize(self, _give_all_back, device_api, self._heap.heads).atexit = False
        _living.add(self)

    @property
    def device(self) -> str:
        """The device that its bytes are on."""
        return self._device.device

    @property
    def history(self) -> History | None:
        """Who keeps its events."""
        return self._heap.history

    @history.setter
    def history(self, history: History | None) -> None:
        self._heap.history = history

    @property
    def limit_nbytes(self) -> int | None:
        """Bytes that it may hold of the device, in use and cached together; None for all that there are."""
        return self._heap.limit_nbytes

    @limit_nbytes.setter
    def limit_nbytes(self, nbytes: int | None) -> None:
        if nbytes is not None:
            check_nbytes("DeviceCachingAllocator.limit_nbytes", nbytes)
        self._heap.limit_nbytes = nbytes

    @property
    def memory_fraction(self) -> float:
        """The part of the device's memory that it may hold."""
        limit = self._heap.limit_nbytes
        return 1.0 if limit is None else limit / self._device.mem_info().total_nbytes

    @memory_fraction.setter
    def memory_fraction(self, fraction: float) -> None:
        if not 0 <= fraction <= 1:
            raise RangeError(f"DeviceCachingAllocator.memory_fraction: takes a number from 0 to 1, got {fraction!r}")
        self._heap.limit_nbytes = int(self._device.mem_info().total_nbytes * fraction)

    def allocate(self, nbytes: int) -> DataPtr:
        """Give a block for work on the device's own stream."""
        return self.allocate_on(nbytes, 0)

    def allocate_on(self, nbytes: int, stream: int) -> DataPtr:
        """Give a block of ``nbytes`` rounded up to 512 for work on ``stream``.

        Raises: `RangeError` if ``nbytes`` is not an int of at least 0; `OutOfMemoryError` if there is no room even
        after all awaited events have passed and all cached segments went back to the device.
        """
        check_nbytes("DeviceCachingAllocator.allocate", nbytes)
        if nbytes == 0:
            return DataPtr(0, 0, 0, self._deleter, self._device.device)
        frames = () if self.frames is None else self.frames()
        try:
            piece = self._take(nbytes, stream, frames)
        finally:
            self._take_in()
        return DataPtr(piece.address, piece.nbytes, piece.address, self._deleter, self._device.device)

    def _take(self, nbytes: int, stream: int, frames: tuple[Frame, ...]) -> Piece:
        with self._lock:
            if self._busy:  # a finaliser in the middle of this thread's own allocation
                piece = self._heap.take_apart(nbytes, stream, frames)
            else:
                self._busy = True
                try:
                    piece = self._heap.take(nbytes, stream, frames)
                finally:
                    self._busy = False
            self._in_use[piece.address] = piece
            return piece

    def deallocate(self, data: DataPtr) -> None:
        """Take a block back; it can be given out again once the other streams that used it have done so.

        Raises: `RangeError` if the block is not in use.
        """
        if data.address == 0:
            data.deleter = None
            return
        piece = self._in_use.pop(data.address, None)  # one C call: of two who free a block one is told
        if piece is None:
            raise RangeError(
                f"DeviceCachingAllocator.deallocate: no block at {data.address:#x} is in use: "
                "it was given back before, or comes from another allocator"
            )
        data.deleter = None
        if self._heap.history is not None:
            self._heap.note("free_requested", piece, () if self.frames is None else self.frames())
        self._heap.returned.append(piece)
        self._take_in()

    def record_stream(self, data: DataPtr, stream: int) -> None:
        """Say that work on another stream uses the block: once it is given back, that work is waited for.

        Raises: `RangeError` if the block is not in use.
        """
        if data.address == 0:
            return
        piece = self._in_use.get(data.address)
        if piece is None:
            raise RangeError(f"DeviceCachingAllocator.record_stream: no block at {data.address:#x} is in use")
        if stream != piece.stream:  # its own stream's work runs in order anyway
            piece.used_by.add(stream)

    def add_free_callback(self, callback: Callable[[], object]) -> None:
        """Have ``callback()`` called when no free block fits: it may give blocks back, before the device is asked."""
        self._heap.callbacks.append(callback)

    def empty_cache(self) -> int:
        """Wait for awaited events, then give every segment without a block in use to the device; say how many bytes.

        Asked for in the middle of this thread's own allocation, by a finaliser, it gives nothing.
        """
        with self._alone():
            if self._busy:
                return 0
            self._busy = True
            try:
                self._heap.free_returned()
                self._heap.wait_for_events()
                return self._heap.release_whole()
            finally:
                self._busy = False

    def segments(self) -> tuple[Segment, ...]:
        """Every segment held now, by address."""
        with self._alone():
            return self._heap.segments()

    def stats(self) -> DeviceStats:
        """The counts now."""
        with self._alone():
            return self._heap.tally.stats()

    def reset_peak(self) -> None:
        """Let the peaks begin again from what is now."""
        with self._alone():
            self._heap.tally.reset_peak()

    @contextmanager
    def _alone(self) -> Generator[None, None, None]:
        """Keep other threads out, and take in afterwards what they have given back meanwhile."""
        try:
            with self._lock:
                yield
        finally:
            self._take_in()

    def _take_in(self) -> None:
        """Free what is queued, unless somebody is at work, who does so when done."""
        returned = self._heap.returned
        while returned and self._lock.acquire(blocking=False):
            try:
                if self._busy:
                    return
                self._busy = True
                try:
                    self._heap.free_returned()
                finally:
                    self._busy = False
            finally:
                self._lock.release()


def _give_all_back(device: DeviceAPI, heads: dict[int, Piece]) -> None:
    for address in heads:
        device.raw_free(address)


# A child gets the pools as they are: nobody may be in the middle of changing them while it is forked.
_living: weakref.WeakSet[DeviceCachingAllocator] = weakref.WeakSet()
_forking = threading.RLock()
_held: list[threading.RLock] = []


def _before_fork() -> None:
    _forking.acquire()
    for allocator in tuple(_living):
        lock = allocator._lock  # pyright: ignore[reportPrivateUsage]
        lock.acquire()
        _held.append(lock)


def _after_fork() -> None:
    while _held:
        _held.pop().release()
    _forking.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)

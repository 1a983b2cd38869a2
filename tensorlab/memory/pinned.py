"""Main memory that stays where it is: pages locked, so that a device copies from and to them on its own."""

from __future__ import annotations

import ctypes
import os
import resource
from functools import cache
from typing import Any, Protocol

from tensorlab.errors import OutOfMemoryError, StateError
from tensorlab.memory.allocator import DataPtr, check_nbytes, layers_behind
from tensorlab.memory.caching import CachingAllocator
from tensorlab.memory.host import HUGE_PAGE, aligned_block, free_block

PAGE = os.sysconf("SC_PAGE_SIZE")
"""Bytes. Locks are of whole pages and do not count: a page that two blocks shared would be unlocked by the first."""


class PageLock(Protocol):
    """Keeps pages where they are."""

    @property
    def name(self) -> str:
        """What stands in the names of allocators over it, such as ``cuda``."""
        ...

    def lock(self, address: int, nbytes: int) -> None:
        """Lock whole pages.

        Raises: `OutOfMemoryError` if they cannot be locked.
        """
        ...

    def unlock(self, address: int, nbytes: int) -> None:
        """Let them go. In a forked child, which never had them locked, this does nothing."""
        ...


class SystemLock:
    """The system's own lock: the pages are not swapped out. A device's driver does not know of it."""

    __slots__ = ("_libc", "_pid")

    name = "mlock"

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        for function in (self._libc.mlock, self._libc.munlock):
            function.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
            function.restype = ctypes.c_int
        self._pid = os.getpid()

    def lock(self, address: int, nbytes: int) -> None:
        """Lock whole pages.

        Raises: `OutOfMemoryError` if the process has locked as many as it may, with that limit.
        """
        if self._libc.mlock(address, nbytes):
            reason = os.strerror(ctypes.get_errno())
            allowed = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
            limit = "no limit" if allowed == resource.RLIM_INFINITY else f"{allowed:,} bytes"
            raise OutOfMemoryError(
                f"SystemLock.lock: the system locks no {nbytes:,} bytes: {reason}; "
                f"the process may lock {limit} in all (RLIMIT_MEMLOCK, `ulimit -l`)"
            )

    def unlock(self, address: int, nbytes: int) -> None:
        """Let the pages go; locks are not inherited by a forked child."""
        if os.getpid() == self._pid:
            self._libc.munlock(address, nbytes)


class CudaLock:
    """CUDA's lock: the driver knows the pages, and its copies from and to them run beside the program.

    Needs the driver's library and a device; keeps the device's primary context, the one that all libraries share.
    """

    __slots__ = ("_context", "_device", "_driver", "_pid", "device")

    name = "cuda"

    def __init__(self, *, device: int = 0, driver: Any = None) -> None:
        self.device = device
        self._driver = ctypes.CDLL("libcuda.so.1") if driver is None else driver
        self._pid = os.getpid()
        self._call("cuInit", ctypes.c_uint(0))
        handle, context = ctypes.c_int(), ctypes.c_void_p()
        self._call("cuDeviceGet", ctypes.byref(handle), ctypes.c_int(device))
        self._call("cuDevicePrimaryCtxRetain", ctypes.byref(context), handle)
        self._device, self._context = handle, context

    def lock(self, address: int, nbytes: int) -> None:
        """Register whole pages with the driver, for all contexts.

        Raises: `OutOfMemoryError` if it does not take them; `StateError` in a forked child, where CUDA does not work.
        """
        if os.getpid() != self._pid:
            raise StateError("CudaLock.lock: CUDA does not work in a forked child; start children with spawn")
        self._call("cuCtxPushCurrent_v2", self._context)
        try:
            code = self._driver.cuMemHostRegister_v2(
                ctypes.c_void_p(address), ctypes.c_size_t(nbytes), ctypes.c_uint(_PORTABLE)
            )
        finally:
            self._call("cuCtxPopCurrent_v2", ctypes.byref(ctypes.c_void_p()))
        if code:
            raise OutOfMemoryError(f"CudaLock.lock: the driver locks no {nbytes:,} bytes: {self._words(code)}")

    def unlock(self, address: int, nbytes: int) -> None:
        """Take the pages from the driver again. It may be gone already at the end of the process, with all locks."""
        if os.getpid() != self._pid:
            return
        if self._driver.cuCtxPushCurrent_v2(self._context) == 0:
            self._driver.cuMemHostUnregister(ctypes.c_void_p(address))
            self._driver.cuCtxPopCurrent_v2(ctypes.byref(ctypes.c_void_p()))

    def _call(self, function: str, *arguments: object) -> None:
        code = getattr(self._driver, function)(*arguments)
        if code:
            raise StateError(f"CudaLock: {function} failed: {self._words(code)}")

    def _words(self, code: int) -> str:
        text = ctypes.c_char_p()
        self._driver.cuGetErrorString(ctypes.c_int(code), ctypes.byref(text))
        return f"error {code}" if text.value is None else f"{text.value.decode()} (error {code})"


_PORTABLE = 1  # CU_MEMHOSTREGISTER_PORTABLE


def page_lock() -> PageLock:
    """CUDA's lock where there are its driver and a device, else the system's."""
    try:
        return CudaLock()
    except (OSError, StateError):
        return SystemLock()


class PinnedAllocator:
    """Main memory whose pages are locked: through CUDA if it is there, else by the system.

    Blocks are whole pages. Locking costs far more than allocating, so put a `CachingAllocator` over it.

    Cost: 100 us for 1 MB with the system's lock, most of it first touches.
    """

    __slots__ = ("_deleter", "_lock")

    def __init__(self, lock: PageLock | None = None) -> None:
        self._lock = page_lock() if lock is None else lock
        self._deleter = self.deallocate

    @property
    def name(self) -> str:
        """How it locks, in ``pinned(...)``."""
        return f"pinned({self._lock.name})"

    def allocate(self, nbytes: int) -> DataPtr:
        """Give a block of ``nbytes`` rounded up to pages, locked.

        Raises: `RangeError` if ``nbytes`` is not an int of at least 0; `OutOfMemoryError` if the system has no room, or
        does not let so much be locked.
        """
        check_nbytes("PinnedAllocator.allocate", nbytes)
        if nbytes == 0:
            return DataPtr(0, 0, 0, self._deleter)
        block = (nbytes + PAGE - 1) & -PAGE
        address = aligned_block("PinnedAllocator.allocate", block, HUGE_PAGE if block >= HUGE_PAGE else PAGE)
        try:
            self._lock.lock(address, block)
        except BaseException:
            free_block(address)
            raise
        return DataPtr(address, block, address, self._deleter)

    def deallocate(self, data: DataPtr) -> None:
        """Unlock the block and give it back to the system."""
        address, data.address, data.deleter = data.address, 0, None
        if address:
            self._lock.unlock(address, data.nbytes)
            free_block(address)


@cache
def pinned_allocator() -> CachingAllocator:
    """The process's pinned memory, cached; made when it is asked for first."""
    return CachingAllocator(PinnedAllocator())


def is_pinned(data: DataPtr) -> bool:
    """Whether a block's pages are locked: whether a `PinnedAllocator` gave it."""
    return any(isinstance(layer, PinnedAllocator) for layer in layers_behind(data))

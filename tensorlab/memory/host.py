"""Bytes from the system: aligned blocks of the C library, with huge pages for large ones."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory.allocator import DataPtr, check_nbytes

ALIGNMENT = 64
"""Bytes. A cache line and an AVX-512 register; consumers of DLPack that want 64 take such memory without a copy."""

HUGE_PAGE = 2 << 20
"""Bytes of a huge page on x86-64. One page fault a huge page instead of 512: most of the cost of a first touch."""

_libc = ctypes.CDLL(None)
_posix_memalign = _libc.posix_memalign
_posix_memalign.argtypes = (ctypes.POINTER(ctypes.c_void_p), ctypes.c_size_t, ctypes.c_size_t)
_posix_memalign.restype = ctypes.c_int
_free = _libc.free
_free.argtypes = (ctypes.c_void_p,)
_free.restype = None

# Linux alone has the hint. It is 14 there; the constant is missing from Pythons built elsewhere.
_MADV_HUGEPAGE: int | None = getattr(mmap, "MADV_HUGEPAGE", None)
if _MADV_HUGEPAGE is not None:
    _madvise = _libc.madvise
    _madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    _madvise.restype = ctypes.c_int


class HostAllocator:
    """Main memory, aligned to 64 bytes, and to a huge page from 2 MiB on.

    The bytes are not cleared. A forked child has its own copy of each block and frees it for itself.

    Cost: 2 us for a small block and its free; a large one also pays a page fault for each page at its first touch.

    >>> host = HostAllocator()
    >>> data = host.allocate(100)
    >>> data.nbytes, data.address % 64
    (128, 0)
    >>> host.deallocate(data)
    """

    __slots__ = ("_deleter",)

    name = "host"

    def __init__(self) -> None:
        self._deleter = self.deallocate

    def allocate(self, nbytes: int) -> DataPtr:
        """Give a block of ``nbytes`` rounded up to 64.

        Raises: `RangeError` if ``nbytes`` is not an int of at least 0; `OutOfMemoryError` if the system has no room.
        """
        check_nbytes("HostAllocator.allocate", nbytes)
        if nbytes == 0:
            return DataPtr(0, 0, 0, self._deleter)
        # Whole cache lines, so that a vector load at the end of the data stays inside the block.
        block = (nbytes + ALIGNMENT - 1) & -ALIGNMENT
        large = block >= HUGE_PAGE
        address = aligned_block("HostAllocator.allocate", block, HUGE_PAGE if large else ALIGNMENT)
        if large:
            _advise_huge_pages(address, block)
        return DataPtr(address, block, address, self._deleter)

    def deallocate(self, data: DataPtr) -> None:
        """Give a block back to the system."""
        address, data.address, data.deleter = data.address, 0, None
        _free(address)  # free(NULL) does nothing


def aligned_block(where: str, nbytes: int, alignment: int) -> int:
    """The address of new bytes of the C library; ``where`` is who says so if there are none.

    Raises: `OutOfMemoryError` if the system has no room.
    """
    reason = "more than an address can tell"
    if nbytes <= sys.maxsize:  # beyond this ctypes would drop the upper bits without a word
        pointer = ctypes.c_void_p()
        failure: int = _posix_memalign(ctypes.byref(pointer), alignment, nbytes)
        if not failure:
            return pointer.value or 0
        reason = os.strerror(failure)
    raise OutOfMemoryError(f"{where}: the system gives no block of {nbytes:,} bytes: {reason}")


def free_block(address: int) -> None:
    """Give the bytes of `aligned_block` back to the C library."""
    _free(address)


def _advise_huge_pages(address: int, nbytes: int) -> None:
    """Ask for huge pages where the block covers whole ones; a hint, so whether it was taken is not looked at."""
    if _MADV_HUGEPAGE is not None:
        _madvise(address, nbytes & -HUGE_PAGE, _MADV_HUGEPAGE)


# What a container may use: control groups version 2, then version 1, as seen from inside.
_CONTAINER_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def memory_nbytes() -> int:
    """Bytes of main memory that this process can hope for: the machine's, or less inside a container."""
    nbytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in _CONTAINER_LIMITS:
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read().strip()
        except OSError:
            continue
        if text.isdigit():  # version 2 says "max" where there is no limit
            nbytes = min(nbytes, int(text))
    return nbytes


def free_nbytes() -> int:
    """Bytes of main memory in pages that nobody uses, not even for files: what the system could give at once."""
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")

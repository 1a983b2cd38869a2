"""Bytes that several processes can have: memory without a name, which the kernel frees with its last user.

A block is an open file descriptor and a mapping of it. Another process gets the descriptor and maps it too. There is no
entry in a file system, so that nothing is left behind by a process that ends in the middle, however it ends.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import tempfile

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory.allocator import DataPtr, check_nbytes

_libc = ctypes.CDLL(None, use_errno=True)
_mmap = _libc.mmap
_mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
_mmap.restype = ctypes.c_void_p
_munmap = _libc.munmap
_munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
_munmap.restype = ctypes.c_int
_FAILED = ctypes.c_void_p(-1).value
# From here on the size is fixed: a process that cut the memory under another one would kill it with SIGBUS.
_SEALS: int = sum(getattr(fcntl, name, 0) for name in ("F_SEAL_SHRINK", "F_SEAL_GROW", "F_SEAL_SEAL"))


class SharedBlock:
    """Shared memory of ``nbytes`` bytes, unmapped and closed when the last reference dies.

    ``key`` tells the memory in all processes of a machine, whatever the descriptor's number and the address there.
    """

    __slots__ = ("address", "fd", "key", "nbytes")

    def __init__(self, fd: int, nbytes: int) -> None:
        """Map an open descriptor, which belongs to the block from here on.

        Raises: `OutOfMemoryError` if the system does not map it; the descriptor is closed then.
        """
        self.fd = fd
        self.nbytes = nbytes
        self.address = 0
        facts = os.fstat(fd)
        self.key = (facts.st_dev, facts.st_ino)
        address = _mmap(None, max(nbytes, 1), mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED, fd, 0)
        if address is None or address == _FAILED:
            raise _out_of_memory(nbytes, os.strerror(ctypes.get_errno()))
        self.address = address

    @classmethod
    def new(cls, nbytes: int) -> SharedBlock:
        """A block of zeros.

        Raises: `OutOfMemoryError` if the system has no room, or no descriptor left.
        """
        try:
            fd = _descriptor()
        except OSError as error:
            raise _out_of_memory(nbytes, os.strerror(error.errno or 0)) from error
        try:
            os.ftruncate(fd, max(nbytes, 1))
            if _SEALS and hasattr(os, "memfd_create"):
                fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
        except OSError as error:
            os.close(fd)
            raise _out_of_memory(nbytes, os.strerror(error.errno or 0)) from error
        return cls(fd, nbytes)

    def __del__(self) -> None:
        try:
            address, fd = self.address, self.fd
        except AttributeError:  # making it did not come so far
            return
        if address:
            _munmap(address, max(self.nbytes, 1))
        _close(fd)


_close = os.close  # kept: at the interpreter's end the module may be gone before the last block


def _descriptor() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("tensorlab", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with tempfile.TemporaryFile() as file:  # elsewhere than on Linux; it has lost its name already
        return os.dup(file.fileno())


def _out_of_memory(nbytes: int, reason: str) -> OutOfMemoryError:
    return OutOfMemoryError(
        f"SharedAllocator.allocate: the system gives no shared memory of {nbytes:,} bytes: {reason}"
    )


class SharedAllocator:
    """Gives shared memory; a tensor made with it can be sent to other processes without a copy.

    The bytes are zeros. A block is a whole number of pages and costs a file descriptor and a system call or four: some
    10 us, and a page fault for each page at its first touch.

    >>> shared = SharedAllocator()
    >>> data = shared.allocate(100)
    >>> data.address % 4096
    0
    >>> shared.deallocate(data)
    """

    __slots__ = ()

    name = "shared"

    def allocate(self, nbytes: int) -> DataPtr:
        """Give a block.

        Raises: `RangeError` if ``nbytes`` is not an int of at least 0; `OutOfMemoryError` if there are none left.
        """
        check_nbytes("SharedAllocator.allocate", nbytes)
        if nbytes == 0:
            return DataPtr(0, 0, 0, self.deallocate)
        return self.pointer_to(SharedBlock.new(nbytes))

    def pointer_to(self, block: SharedBlock) -> DataPtr:
        """A block as a storage holds it."""
        return DataPtr(block.address, block.nbytes, block, self.deallocate)

    def deallocate(self, data: DataPtr) -> None:
        """Let a block go: it is unmapped with its last holder here, and freed with its last one anywhere."""
        data.context, data.address, data.deleter = None, 0, None


SHARED = SharedAllocator()

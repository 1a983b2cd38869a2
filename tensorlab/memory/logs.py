"""A line of text for each block given and taken back, as it happens."""

from __future__ import annotations

from collections.abc import Callable

from tensorlab.errors import ArgumentError, OutOfMemoryError
from tensorlab.memory.allocator import Allocator, DataPtr
from tensorlab.memory.place import user_frames


class LogAllocator:
    """Writes a line for each event: to the logger ``tensorlab.memory``, or to a callable such as ``print``.

    The logger gets them at the level ``DEBUG``: a small program writes thousands.

    If ``write`` raises, a block is not given, respectively is given back all the same. What it does itself may
    allocate too, and is logged then.

    >>> from tensorlab.memory.host import HostAllocator
    >>> lines = []
    >>> log = LogAllocator(HostAllocator(), write=lines.append)
    >>> data = log.allocate(100)
    >>> log.deallocate(data)
    >>> [line.split(" at ")[0] for line in lines]
    ['alloc 100 bytes, a block of 128', 'free a block of 128 bytes']
    """

    __slots__ = ("_deleter", "inner", "write")

    def __init__(self, inner: Allocator, *, write: Callable[[str], object] | None = None) -> None:
        if write is not None and not callable(write):
            raise ArgumentError(f"LogAllocator: write takes a callable of one line of text, got {write!r}")
        self.inner = inner
        self.write = _logger() if write is None else write
        self._deleter = self.deallocate

    @property
    def name(self) -> str:
        """What it stands on, in ``log(...)``."""
        return f"log({self.inner.name})"

    def allocate(self, nbytes: int) -> DataPtr:
        """Give the inner allocator's block and write about it."""
        try:
            data = self.inner.allocate(nbytes)
        except OutOfMemoryError:
            self.write(f"no memory for {nbytes:,} bytes{_place()}")
            raise
        try:
            self.write(f"alloc {nbytes:,} bytes, a block of {data.nbytes:,} at {data.address:#x}{_place()}")
        except BaseException:
            self.inner.deallocate(data)
            raise
        data.deleter = self._deleter
        return data

    def deallocate(self, data: DataPtr) -> None:
        """Write about the block and hand it down."""
        try:
            self.write(f"free a block of {data.nbytes:,} bytes at {data.address:#x}{_place()}")
        finally:
            self.inner.deallocate(data)


def _logger() -> Callable[[str], object]:
    import logging  # nothing else of the package needs it

    return logging.getLogger("tensorlab.memory").debug


def _place() -> str:
    """`` by train.py:12 in forward``; nothing where no line of the program is running."""
    frames = user_frames()
    return f" by {frames[0].filename}:{frames[0].line} in {frames[0].name}" if frames else ""

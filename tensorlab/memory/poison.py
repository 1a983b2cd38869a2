"""Finding reads of bytes that nobody wrote, reads of freed bytes, and writes behind a block's end."""

from __future__ import annotations

import ctypes
from typing import NamedTuple

from tensorlab.errors import AliasError, RangeError
from tensorlab.memory.allocator import Allocator, DataPtr, check_nbytes
from tensorlab.memory.place import user_frames
from tensorlab.memory.segments import Frame

FRESH = 0xFF
"""What new bytes are filled with: as floats they are NaN, as signed integers -1, and both are seen."""

FREED = 0xDD
"""What freed bytes are filled with: as float32 -2.0e18."""

GUARD = 0xFD
"""What stands behind a block."""

GUARD_NBYTES = 64
"""Bytes behind a block that are checked: the width of the widest vector that may be stored too far."""


class _Guarded(NamedTuple):
    """A block in use: its size below, what was asked for, and by which line."""

    data: DataPtr
    inner_nbytes: int
    nbytes: int
    frames: tuple[Frame, ...]


class PoisonAllocator:
    """Fills fresh and freed bytes with patterns, and checks guard bytes behind each block when it is freed.

    A block ends exactly where what was asked for ends, so that a write one byte too far is found. It is an error that
    names the line that asked for the block. Where an owner's finaliser frees the block, Python prints such an error
    instead of raising it; `check` looks at all live blocks and raises. For main memory alone.

    Cost: a pass over each block when it is given and another when it is freed.

    >>> from tensorlab.memory.host import HostAllocator
    >>> data = PoisonAllocator(HostAllocator()).allocate(3)
    >>> data.nbytes, ctypes.string_at(data.address, 5).hex(" ")
    (3, 'ff ff ff fd fd')
    >>> data.deleter(data)
    """

    __slots__ = ("_deleter", "_live", "freed", "fresh", "inner")

    def __init__(self, inner: Allocator, *, fresh: int = FRESH, freed: int = FREED) -> None:
        for name, value in (("fresh", fresh), ("freed", freed)):
            if type(value) is not int or not 0 <= value <= 255:
                raise RangeError(f"PoisonAllocator: {name} takes a byte from 0 to 255, got {value!r}")
        self.inner = inner
        self.fresh = fresh
        self.freed = freed
        self._deleter = self.deallocate
        self._live: dict[int, _Guarded] = {}  # by address; each change is one C call

    @property
    def name(self) -> str:
        """What it stands on, in ``poison(...)``."""
        return f"poison({self.inner.name})"

    def allocate(self, nbytes: int) -> DataPtr:
        """Give a block of exactly ``nbytes`` bytes, filled, with guard bytes behind it."""
        check_nbytes("PoisonAllocator.allocate", nbytes)
        if nbytes == 0:
            data = self.inner.allocate(0)
            data.deleter = self._deleter
            return data
        data = self.inner.allocate(nbytes + GUARD_NBYTES)
        ctypes.memset(data.address, self.fresh, nbytes)
        ctypes.memset(data.address + nbytes, GUARD, GUARD_NBYTES)
        self._live[data.address] = _Guarded(data, data.nbytes, nbytes, user_frames())
        data.nbytes = nbytes
        data.deleter = self._deleter
        return data

    def deallocate(self, data: DataPtr) -> None:
        """Fill the block and hand it down.

        Raises: `AliasError` if something was written behind its end. The block is handed down all the same.
        """
        guarded = self._live.pop(data.address, None)
        if guarded is None:  # no bytes
            self.inner.deallocate(data)
            return
        overrun = _overrun(data.address, guarded)
        ctypes.memset(data.address, self.freed, guarded.nbytes)
        data.nbytes = guarded.inner_nbytes
        self.inner.deallocate(data)
        if overrun is not None:
            raise overrun

    def check(self) -> None:
        """Look at the guard bytes of every live block.

        Raises: `AliasError` for the first block behind whose end something was written.
        """
        for address, guarded in self._live.copy().items():
            overrun = _overrun(address, guarded)
            if overrun is not None:
                raise overrun


def _overrun(address: int, guarded: _Guarded) -> AliasError | None:
    """What to say if the bytes behind a block are not what they were."""
    guard = ctypes.string_at(address + guarded.nbytes, GUARD_NBYTES)
    changed = [offset for offset, byte in enumerate(guard) if byte != GUARD] if guard.strip(_GUARD_BYTE) else []
    if not changed:
        return None
    frame = guarded.frames[0] if guarded.frames else None
    where = "" if frame is None else f", which {frame.filename}:{frame.line} in {frame.name} asked for"
    first, last = changed[0], changed[-1]
    span = f"{first + 1:,}" if first == last else f"{first + 1:,} to {last + 1:,}"
    which = f"byte{'' if first == last else 's'} {span}"
    return AliasError(
        f"PoisonAllocator: {which} behind a block of {guarded.nbytes:,} bytes{where}, "
        "changed while it was in use: something wrote past its end"
    )


_GUARD_BYTE = bytes([GUARD])

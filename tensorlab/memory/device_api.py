"""What a caching allocator needs of a device, and main memory as one."""

from __future__ import annotations

import ctypes
import os
from typing import NamedTuple, Protocol

from tensorlab.errors import RangeError
from tensorlab.memory.allocator import Allocator, DataPtr
from tensorlab.memory.host import HostAllocator, memory_nbytes


class MemoryInfo(NamedTuple):
    """Bytes of a device: how many nobody has taken, and how many there are."""

    free_nbytes: int
    total_nbytes: int


class DeviceAPI(Protocol):
    """Bytes, copies and events of one device.

    A stream is a queue of work, named by an int, 0 for the device's own; what is queued on one stream runs in order,
    and nothing is said of the order between two. An event is a handle for the place at the end of a stream's queue at
    which it was recorded. Whoever recorded it asks until it has passed, or waits, and forgets it then: the device may
    use the handle anew.
    """

    @property
    def name(self) -> str:
        """What stands in the names of allocators over it, such as ``host``."""
        ...

    @property
    def device(self) -> str:
        """The device that its bytes are on, such as ``cpu`` or ``cuda:0``."""
        ...

    def raw_alloc(self, nbytes: int) -> int:
        """The address of new bytes, aligned to 64 at least. May wait for the whole device.

        Raises: `OutOfMemoryError` if there are none left.
        """
        ...

    def raw_free(self, address: int) -> None:
        """Take back what `raw_alloc` gave. May wait for the whole device."""
        ...

    def memcpy_async(self, target: int, source: int, nbytes: int, stream: int) -> None:
        """Queue a copy between two addresses, on the device or in main memory."""
        ...

    def event_record(self, stream: int) -> int:
        """An event that passes when all that is queued on the stream by now is done."""
        ...

    def event_query(self, event: int) -> bool:
        """Whether an event has passed; does not wait."""
        ...

    def event_sync(self, event: int) -> None:
        """Wait until an event has passed."""
        ...

    def mem_info(self) -> MemoryInfo:
        """What is free and what there is."""
        ...


class HostDevice:
    """Main memory as a device: its streams do their work at once, so that each event has passed when it is recorded.

    >>> host = HostDevice()
    >>> address = host.raw_alloc(100)
    >>> host.event_query(host.event_record(stream=1))
    True
    >>> host.raw_free(address)
    """

    __slots__ = ("_blocks", "_host")

    name = "host"
    device = "cpu"

    def __init__(self, host: Allocator | None = None) -> None:
        self._host: Allocator = HostAllocator() if host is None else host  # who gives the bytes
        self._blocks: dict[int, DataPtr] = {}

    def raw_alloc(self, nbytes: int) -> int:
        """Aligned bytes of the C library, on huge pages where there is room for them."""
        data = self._host.allocate(nbytes)
        self._blocks[data.address] = data
        return data.address

    def raw_free(self, address: int) -> None:
        """Give a block back to the C library.

        Raises: `RangeError` if no block begins at the address.
        """
        data = self._blocks.pop(address, None)
        if data is None:
            raise RangeError(f"HostDevice.raw_free: no block begins at {address:#x}")
        self._host.deallocate(data)

    def memcpy_async(self, target: int, source: int, nbytes: int, stream: int) -> None:
        """Copy now; the two may overlap."""
        ctypes.memmove(target, source, nbytes)

    def event_record(self, stream: int) -> int:
        """Whatever was asked of a stream is done already, so one event serves for all."""
        return 0

    def event_query(self, event: int) -> bool:
        """It has passed."""
        return True

    def event_sync(self, event: int) -> None:
        """There is nothing to wait for."""

    def mem_info(self) -> MemoryInfo:
        """Pages that the system could hand out at once, and what this process can hope for."""
        total = memory_nbytes()
        available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return MemoryInfo(min(available, total), total)

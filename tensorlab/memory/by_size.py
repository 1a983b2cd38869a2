"""Small blocks from main memory itself, large ones cut from segments of it."""

from __future__ import annotations

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory.allocator import Allocator, DataPtr, check_nbytes
from tensorlab.memory.block_pool import SMALL
from tensorlab.memory.device_api import HostDevice
from tensorlab.memory.device_caching import DeviceCachingAllocator
from tensorlab.memory.host import HostAllocator
from tensorlab.memory.reserve import Reserve

_SURPLUS = 0.1


class BySizeAllocator:
    """Main memory by size of block: up to 1 MiB from the system one by one, beyond from a heap of large segments.

    The C library gives small blocks in 2 us, of any size, where the heap takes 12 and would give 512 bytes for 16. Of
    large ones it makes each anew, page by page; the heap cuts them out of segments that it keeps, makes free neighbours
    one, and gives segments back beyond a tenth more than was lately in use at once. A large block that no segment can
    be had for comes from the system by itself, as long as that has so much.

    ``reserve`` counts what both hold of the system.

    >>> by_size = BySizeAllocator(HostAllocator())
    >>> small, large = by_size.allocate(1000), by_size.allocate(3 << 20)
    >>> small.nbytes, large.nbytes, by_size.reserve.nbytes
    (1024, 3145728, 20972544)
    >>> small.deleter(small); large.deleter(large)
    >>> by_size.empty_cache(), by_size.reserve.nbytes
    (20971520, 0)
    """

    __slots__ = ("_apart", "_deleter", "heap", "reserve")

    def __init__(self, system: Allocator | None = None) -> None:
        self.reserve = Reserve(HostAllocator() if system is None else system, where="BySizeAllocator.allocate")
        self.heap = DeviceCachingAllocator(HostDevice(self.reserve), surplus=_SURPLUS, exact=True)
        self._apart: dict[int, None] = {}  # addresses of large blocks that are not the heap's
        self._deleter = self.deallocate

    @property
    def name(self) -> str:
        """The two that it stands on, in ``by_size(...)``."""
        return f"by_size({self.heap.name}, {self.reserve.inner.name})"

    def inners(self, data: DataPtr | None = None) -> tuple[Allocator, ...]:
        """The allocator of large blocks, and the one of small blocks and of segments."""
        system = self.reserve.inner
        return (self.heap, system) if data is None or self.is_cut(data.address, data.nbytes) else (system,)

    def allocate(self, nbytes: int) -> DataPtr:
        """Give a block: of ``nbytes`` rounded up as the one who gives it does.

        Raises: `RangeError` if ``nbytes`` is not an int of at least 0; `OutOfMemoryError` if the system has no room.
        """
        check_nbytes("BySizeAllocator.allocate", nbytes)
        data = self.reserve.allocate(nbytes) if nbytes <= SMALL else self._large(nbytes)
        data.deleter = self._deleter
        return data

    def deallocate(self, data: DataPtr) -> None:
        """Take a block back to where it came from."""
        if self.is_cut(data.address, data.nbytes):
            self.heap.deallocate(data)
        else:
            self._apart.pop(data.address, None)
            self.reserve.deallocate(data)

    def is_cut(self, address: int, nbytes: int) -> bool:
        """Whether a block was cut from a segment of the heap's."""
        return nbytes > SMALL and address not in self._apart

    def empty_cache(self) -> int:
        """Give every segment without a block in use to the system; say how many bytes that were."""
        return self.heap.empty_cache()

    def _large(self, nbytes: int) -> DataPtr:
        try:
            return self.heap.allocate(nbytes)
        except OutOfMemoryError:
            pass  # outside the handler, so that the reason why the system has none stands alone
        data = self.reserve.allocate(nbytes)
        self._apart[data.address] = None
        return data

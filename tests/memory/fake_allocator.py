"""An allocator over no memory at all: made-up addresses, an exact account, and a capacity that runs out."""

from __future__ import annotations

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory import DataPtr


class FakeAllocator:
    name = "fake"

    def __init__(self, capacity: int = 1 << 60, *, granularity: int = 1) -> None:
        self.capacity = capacity
        self.granularity = granularity
        self.live: dict[int, DataPtr] = {}
        self.asked: list[int] = []  # what was asked for, refusals included
        self.returned: list[int] = []  # sizes that came back
        self.live_nbytes = 0
        self._next = 1 << 20

    def allocate(self, nbytes: int) -> DataPtr:
        self.asked.append(nbytes)
        block = -(-nbytes // self.granularity) * self.granularity
        if self.live_nbytes + block > self.capacity:
            raise OutOfMemoryError(f"FakeAllocator: no room for {block} bytes")
        self.live_nbytes += block
        address = self._next
        self._next += block + 64
        data = DataPtr(address, block, address, self.deallocate)
        self.live[address] = data
        return data

    def deallocate(self, data: DataPtr) -> None:
        assert self.live.pop(data.address) is data, "a block came back twice, or was never given"
        self.live_nbytes -= data.nbytes
        self.returned.append(data.nbytes)
        data.deleter = None


def free(data: DataPtr) -> None:
    """What the owner of a block does when it dies."""
    assert data.deleter is not None
    data.deleter(data)

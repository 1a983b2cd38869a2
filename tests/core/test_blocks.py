"""The segment behind a block, where the allocator tells what it holds."""

from __future__ import annotations

from tensorlab.core import dtype
from tensorlab.core.blocks import SegmentRecord, Segments
from tensorlab.core.sharing import describe
from tensorlab.core.tensor import empty
from tensorlab.memory import HostAllocator, use_allocator
from tensorlab.memory.allocator import DataPtr
from tensorlab.memory.segments import Block, Segment
from tensorlab.view.storage_words import facts


class Arena:
    """Cuts one segment of 4 KiB into blocks of 1 KiB."""

    name = "arena"

    def __init__(self) -> None:
        self.whole = HostAllocator().allocate(4096)
        self.used = 0
        self.asked = 0

    def allocate(self, nbytes: int) -> DataPtr:
        address = self.whole.address + self.used
        self.used += 1024
        return DataPtr(address, 1024, address, self.deallocate)

    def deallocate(self, data: DataPtr) -> None:
        data.deleter = None

    def segments(self) -> tuple[Segment, ...]:
        self.asked += 1
        at = self.whole.address
        blocks = tuple(Block(at + i, 1024, 1000, "active_allocated") for i in range(0, 4096, 1024))
        return (Segment("cpu", at, 4096, 0, "small", blocks),)


def test_a_block_has_its_place_in_the_segment() -> None:
    arena = Arena()
    with use_allocator(arena):
        first, second = empty(dtype.uint8, (1000,)), empty(dtype.uint8, (1000,))
    report = describe({"first": first, "second": second})
    assert [s.segment for s in report.storages] == [
        SegmentRecord(4096, "small", 4, 0),
        SegmentRecord(4096, "small", 4, 1024),
    ]
    assert arena.asked == 1
    assert facts(report.storages[1]) == (
        "1,000 B · from the allocator arena: a block of 1 KiB, one of 4 in a small segment of 4 KiB · "
        "kept alive by second"
    )


def test_bytes_of_nobody_have_no_segment() -> None:
    data = HostAllocator().allocate(10)
    assert Segments().of(DataPtr(data.address, data.nbytes, None, None)) is None
    assert Segments().of(DataPtr(0, 0, None, None)) is None

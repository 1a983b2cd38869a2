"""What to say when a device has no room: where its bytes are, and which lines of the program hold them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tensorlab.memory.device_api import MemoryInfo
from tensorlab.memory.segments import Block, Frame, Segment

_LINES = 5


class GivenUp(NamedTuple):
    """What was tried for a request before it was refused."""

    awaited_nbytes: int = 0  # waited for
    released_nbytes: int = 0  # given back to the device


def out_of_memory_text(
    requested: int,
    segment: int,
    device: str,
    info: MemoryInfo,
    limit: int | None,
    segments: Sequence[Segment],
    given_up: GivenUp,
) -> str:
    """The whole story, a fact a line, with the lines of code that hold the most bytes where they were recorded."""
    blocks = [block for whole in segments for block in whole.blocks]
    live = [block for block in blocks if block.state == "active_allocated"]
    awaiting = [block for block in blocks if block.state == "active_awaiting_free"]
    whole = [one.blocks[0] for one in segments if len(one.blocks) == 1 and one.blocks[0].state == "inactive"]
    split = [block for one in segments if len(one.blocks) > 1 for block in one.blocks if block.state == "inactive"]
    reserved = sum(one.nbytes for one in segments)
    asked = sum(block.requested_nbytes for block in live)
    largest = max((block.nbytes for block in split), default=0)
    bound = "none beside the device's own" if limit is None else f"{limit:,} bytes"
    facts = [
        ("limit", bound),
        ("device", f"{info.free_nbytes:,} of {info.total_nbytes:,} bytes are free"),
        ("reserved", f"{reserved:,} bytes in {_count(len(segments), 'segment')}, of which"),
        ("  allocated", f"{_sum(live)}; {asked:,} were asked for"),
        ("  awaiting", f"{_sum(awaiting)} given back, until other streams have used them"),
        ("  cached", f"{_sum(whole)}: whole free segments"),
        ("  fragmented", f"{_sum(split)}: free between blocks in use, the largest {largest:,}"),
        (
            "tried",
            f"waited for {given_up.awaited_nbytes:,} bytes, gave {given_up.released_nbytes:,} back to the device",
        ),
    ]
    head = (
        f"DeviceCachingAllocator.allocate: out of memory on {device}: "
        f"{requested:,} bytes were asked for, which takes a segment of {segment:,}"
    )
    lines = [head, *(f"  {name:<13} {text}" for name, text in facts), *_by_line(live)]
    return "\n".join(lines)


def _by_line(live: Sequence[Block]) -> list[str]:
    nbytes: Counter[Frame] = Counter()
    blocks: Counter[Frame] = Counter()
    for block in live:
        if block.frames:
            nbytes[block.frames[0]] += block.nbytes
            blocks[block.frames[0]] += 1
    if not nbytes:
        return []
    ranked = sorted(nbytes, key=lambda frame: (-nbytes[frame], frame))
    lines = [
        f"    {nbytes[frame]:,} bytes in {_count(blocks[frame], 'block')}: "
        f"{frame.filename}:{frame.line} in {frame.name}"
        for frame in ranked[:_LINES]
    ]
    rest = ranked[_LINES:]
    if rest:
        lines.append(f"    {sum(nbytes[frame] for frame in rest):,} bytes by {_count(len(rest), 'other line')}")
    return ["  most bytes are held by", *lines]


def _sum(blocks: Sequence[Block]) -> str:
    return f"{sum(block.nbytes for block in blocks):,} bytes in {_count(len(blocks), 'block')}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

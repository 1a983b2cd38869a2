"""What the allocator in use holds and what happened to it, in the format of PyTorch's memory snapshots."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from tensorlab.errors import RangeError
from tensorlab.memory.allocator import layers
from tensorlab.memory.default import current
from tensorlab.memory.history import EventFields, History
from tensorlab.memory.recording import recorded, recorder
from tensorlab.memory.segments import Block, Frame, Segment, Segmented

_Frames = list[dict[str, Any]]


def held_segments() -> tuple[Segment, ...]:
    """Every segment that the allocator in use holds, with the lines of its blocks where they are recorded.

    Raises: `RangeError` if none of its layers can tell.
    """
    holder = next((layer for layer in layers(current.allocator) if isinstance(layer, Segmented)), None)
    if holder is None:
        raise RangeError(
            f"memory.held_segments: takes an allocator in use that has a CachingAllocator, got {current.allocator.name}"
        )
    found = holder.segments()
    tracking = recorder()
    if tracking is None:
        return found
    live = tracking.live()

    def with_lines(block: Block) -> Block:
        known = live.get(block.address)
        if known is None or block.frames or block.state == "inactive":
            return block
        return replace(block, frames=known.frames)

    return tuple(replace(segment, blocks=tuple(map(with_lines, segment.blocks))) for segment in found)


def snapshot() -> dict[str, Any]:
    """Segments, blocks and events as ``torch.cuda.memory._snapshot()`` gives them; PyTorch's viewers take it.

    There are events only while `record_history` is on. Under ``"tensorlab"`` stands what that format has no word for:
    the allocator's name, and how many events came before the first one that is kept.

    Cost: 5 us a block and an event.
    Raises: `RangeError` if no layer of the allocator in use can tell what it holds.
    """
    return as_torch(held_segments(), recorded(), allocator=current.allocator.name)


def dump_snapshot(path: str | os.PathLike[str] = "dump_snapshot.pickle") -> None:
    """Write `snapshot` to a file, as ``torch.cuda.memory._dump_snapshot`` does: for PyTorch's viewers to read.

    The format is a pickle. It is written only: reading one runs whatever its writer put in.
    """
    written = snapshot()  # before the file is made, so that a failure leaves none
    with open(path, "wb") as file:
        pickle.dump(written, file)


def as_torch(held: tuple[Segment, ...], history: History | None, *, allocator: str) -> dict[str, Any]:
    """Records in PyTorch's format."""
    known: dict[tuple[Frame, ...], _Frames] = {}  # one list for all that came from the same lines

    def frames(of: tuple[Frame, ...]) -> _Frames:
        found = known.get(of)
        if found is None:
            found = known[of] = [frame._asdict() for frame in of]
        return found

    index = _device_index(held[0].device) if held else 0
    traces: list[list[dict[str, Any]]] = [[] for _ in range(index + 1)]
    notice, dropped = "", 0
    if history is not None:
        notice, dropped = history.notice, history.dropped
        traces[index] = _trace(history.fields(), frames)
    return {
        "segments": [_segment(segment, frames) for segment in held],
        "device_traces": traces,
        "allocator_settings": {},
        "external_annotations": [],
        "tensorlab": {"allocator": allocator, "events_before": dropped, "notice": notice},
    }


def _trace(events: Iterable[EventFields], frames: Callable[[tuple[Frame, ...]], _Frames]) -> list[dict[str, Any]]:
    """Events with PyTorch's two for each free: a free of which only the end was noted was asked for at that moment."""
    # The record's clock begins anywhere; PyTorch's is that of the calendar.
    offset = time.time() - time.perf_counter()
    asked: set[int] = set()
    trace: list[dict[str, Any]] = []
    for action, address, nbytes, stream, seconds, lines in events:
        entry: dict[str, Any] = {
            "action": action,
            "device_free" if action == "oom" else "addr": address,
            "size": nbytes,
            "stream": stream,
            "time_us": int((seconds + offset) * 1e6),
            "frames": frames(lines),
        }
        if action == "free_requested":
            asked.add(address)
        elif action == "free_completed":
            if address not in asked:
                trace.append(entry | {"action": "free_requested"})
            asked.discard(address)
        trace.append(entry)
    return trace


def _segment(segment: Segment, frames: Callable[[tuple[Frame, ...]], _Frames]) -> dict[str, Any]:
    return {
        "device": _device_index(segment.device),
        "address": segment.address,
        "total_size": segment.nbytes,
        "stream": segment.stream,
        "segment_type": segment.pool,
        "segment_pool_id": (0, 0),
        "is_expandable": False,
        "allocated_size": segment.allocated_nbytes,
        "active_size": segment.active_nbytes,
        "requested_size": segment.requested_nbytes,
        "frames": [],
        "blocks": [
            {
                "address": block.address,
                "size": block.nbytes,
                "requested_size": block.requested_nbytes,
                "state": block.state,
                "frames": frames(block.frames),
            }
            for block in segment.blocks
        ],
    }


def _device_index(device: str) -> int:
    """The number in ``cuda:1``; 0 where there is none."""
    number = device.partition(":")[2]
    return int(number) if number else 0

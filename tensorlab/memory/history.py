"""What happened to memory, event by event, with the lines that did it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Literal

from tensorlab.errors import RangeError
from tensorlab.memory.segments import Frame

Action = Literal["alloc", "free_requested", "free_completed", "segment_alloc", "segment_free", "oom", "snapshot"]
"""The words of PyTorch's traces. Without streams a free is requested and completed at once."""


@dataclass(frozen=True, slots=True)
class MemoryEvent:
    """One thing that happened to a block or a segment.

    Units: ``nbytes`` as given; ``seconds`` on the clock of `time.perf_counter`, to line up with other records.
    """

    action: Action
    address: int
    nbytes: int
    stream: int
    seconds: float
    frames: tuple[Frame, ...] = ()  # innermost first

    def to_dict(self) -> dict[str, Any]:
        """The record as plain values."""
        return {
            "action": self.action,
            "address": self.address,
            "nbytes": self.nbytes,
            "stream": self.stream,
            "seconds": self.seconds,
            "frames": [frame._asdict() for frame in self.frames],
        }


class History:
    """The latest ``capacity`` events, oldest first, and how many came before them.

    Threads: `append` is one C call after one addition, so that events of several threads are all kept.
    """

    __slots__ = ("_count", "_events", "capacity")

    def __init__(self, capacity: int = 100_000) -> None:
        if type(capacity) is not int or capacity < 1:
            raise RangeError(f"History: takes a capacity of at least 1 event, got {capacity!r}")
        self.capacity = capacity
        self._events: deque[MemoryEvent] = deque(maxlen=capacity)
        self._count = 0

    def append(self, event: MemoryEvent) -> None:
        """Keep an event; the oldest goes where there is no room."""
        self._count += 1
        self._events.append(event)

    def events(self) -> tuple[MemoryEvent, ...]:
        """The events kept, oldest first."""
        return tuple(self._events.copy())  # a copy is one C call: no event of another thread can come in between

    @property
    def dropped(self) -> int:
        """How many events came before those that are kept."""
        return max(self._count - self.capacity, 0)

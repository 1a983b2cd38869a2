"""What happened to memory, event by event, with the lines that did it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Literal

from tensorlab.errors import RangeError
from tensorlab.memory.segments import Frame

Action = Literal["alloc", "free_requested", "free_completed", "segment_alloc", "segment_free", "oom", "snapshot"]
"""PyTorch's words. Without streams a free is requested and completed at once: ``free_completed`` alone is noted."""


@dataclass(frozen=True, slots=True)
class MemoryEvent:
    """One thing that happened to a block or a segment.

    An ``oom`` has no address: as in PyTorch's record, in its place stands how many bytes the device had free.

    Units: ``nbytes`` as given, of an ``oom`` as asked for; ``seconds`` on the clock of `time.perf_counter`, to line up
    with other records.
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


EventParts = tuple[Action, int, int, int, float, tuple[Frame, ...]]


def _parts(event: MemoryEvent) -> EventParts:
    return event.action, event.address, event.nbytes, event.stream, event.seconds, event.frames


class History:
    """The latest ``capacity`` events, oldest first, and how many came before them.

    Threads: `append` and `note` are one C call after one addition, so that events of several threads are all kept.
    """

    __slots__ = ("_count", "_events", "capacity")

    def __init__(self, capacity: int = 100_000) -> None:
        if type(capacity) is not int or capacity < 1:
            raise RangeError(f"History: takes a capacity of at least 1 event, got {capacity!r}")
        self.capacity = capacity
        self._events: deque[MemoryEvent | EventParts] = deque(maxlen=capacity)
        self._count = 0

    def __len__(self) -> int:
        return len(self._events)

    def append(self, event: MemoryEvent) -> None:
        """Keep an event; the oldest goes where there is no room."""
        self._count += 1
        self._events.append(event)

    def note(
        self, action: Action, address: int, nbytes: int, stream: int, seconds: float, frames: tuple[Frame, ...]
    ) -> None:
        """As `append`, of the event's parts: a frozen record costs 0.7 us, so it is made when somebody looks."""
        self._count += 1
        self._events.append((action, address, nbytes, stream, seconds, frames))

    def events(self) -> tuple[MemoryEvent, ...]:
        """The events kept, oldest first."""
        noted = self._events.copy()  # one C call: no event of another thread can come in between
        return tuple(event if isinstance(event, MemoryEvent) else MemoryEvent(*event) for event in noted)

    def parts(self) -> list[EventParts]:
        """As `events`, each as the tuple of its fields: for who goes through all of them at once."""
        return [_parts(event) if isinstance(event, MemoryEvent) else event for event in self._events.copy()]

    @property
    def dropped(self) -> int:
        """How many events came before those that are kept."""
        return max(self._count - self.capacity, 0)

    @property
    def notice(self) -> str:
        """What is to be said wherever the events are shown; empty if all are kept."""
        dropped = self.dropped
        if not dropped:
            return ""
        return f"history truncated: {dropped:,} event{'s' if dropped > 1 else ''} before"

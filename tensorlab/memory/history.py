"""What happened to memory, event by event, with the lines that did it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
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


EventFields = tuple[Action, int, int, int, float, tuple[Frame, ...]]
"""Of a `MemoryEvent`, in order."""

_FIELDS = 6


class History:
    """The latest ``capacity`` events, oldest first, and how many came before them.

    The fields of all events lie in one queue, one after the other: an object for each would be one more for every
    garbage collection to visit, and make those of a program with many objects more frequent too.

    Threads: `append` and `note` are one C call after one addition, so that events of several threads are all kept.
    Who must be quick writes the two out, ``history.count += 1`` and ``history.extend(fields)``.
    """

    __slots__ = ("_fields", "capacity", "count", "extend")

    def __init__(self, capacity: int = 100_000) -> None:
        if type(capacity) is not int or capacity < 1:
            raise RangeError(f"History: takes a capacity of at least 1 event, got {capacity!r}")
        self.capacity = capacity
        self._fields: deque[Any] = deque(maxlen=capacity * _FIELDS)
        self.count = 0  # of all events so far
        self.extend: Callable[[EventFields], None] = self._fields.extend

    def __len__(self) -> int:
        return len(self._fields) // _FIELDS

    def append(self, event: MemoryEvent) -> None:
        """Keep an event; the oldest goes where there is no room."""
        self.note(event.action, event.address, event.nbytes, event.stream, event.seconds, event.frames)

    def note(
        self, action: Action, address: int, nbytes: int, stream: int, seconds: float, frames: tuple[Frame, ...]
    ) -> None:
        """As `append`, of the event's fields: a frozen record costs 0.7 us, so it is made when somebody looks."""
        self.count += 1
        self.extend((action, address, nbytes, stream, seconds, frames))

    def events(self) -> tuple[MemoryEvent, ...]:
        """The events kept, oldest first."""
        return tuple(MemoryEvent(*fields) for fields in self.fields())

    def fields(self) -> Iterator[EventFields]:
        """As `events`, each as the tuple of its fields: for who goes through all of them at once."""
        following = iter(self._fields.copy())  # one C call: no event of another thread can come in between
        return zip(*[following] * _FIELDS, strict=True)

    @property
    def dropped(self) -> int:
        """How many events came before those that are kept."""
        return max(self.count - self.capacity, 0)

    @property
    def notice(self) -> str:
        """What is to be said wherever the events are shown; empty if all are kept."""
        dropped = self.dropped
        if not dropped:
            return ""
        return f"history truncated: {dropped:,} event{'s' if dropped > 1 else ''} before"

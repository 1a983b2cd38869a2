"""Watching a piece of program: what it allocated and freed, whose version rose, whose values changed.

Nothing that is watched is held meanwhile, so that what the program frees is freed: things are known by weak references
and their values by digests of their bytes.
"""

from __future__ import annotations

import ctypes
import hashlib
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from tensorlab.core.holding import Holding, reach
from tensorlab.core.sharing import report
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.memory import TrackingAllocator, current, set_allocator
from tensorlab.memory.history import History

MOST_BYTES = 128 << 20  # that are read before and after: 0.3 s together
_CHUNK = 1 << 20
Change = Literal["changed", "rewritten", "same", "new", "rebound", "deleted", "unread"]


@dataclass(frozen=True, slots=True)
class WatchedName:
    """What became of one name.

    ``change``: its values ``changed``, were ``rewritten`` as they were (the version rose), stayed the ``same``; the
    name is ``new``, was ``rebound`` to another thing, ``deleted``; or its values were ``unread`` for want of room.
    ``named``: whether the program's own text has the name. ``through``: names in the text with a byte in common.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    change: Change
    named: bool
    version_before: int | None = None
    version_after: int | None = None
    through: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "kind": self.kind,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "nbytes": self.nbytes,
            "change": self.change,
            "named": self.named,
            "version_before": self.version_before,
            "version_after": self.version_after,
            "through": list(self.through),
        }


@dataclass(frozen=True, slots=True)
class WatchRecord:
    """What a piece of program did to memory and to values.

    Units: bytes of the allocator's blocks. ``allocated`` and ``freed`` count what the program asked for itself;
    ``released`` are bytes of earlier storages that died meanwhile. ``peak_nbytes``: the most of its own at once.
    ``dropped``: events beyond the room for them. ``error``: what ended it early.
    """

    names: tuple[WatchedName, ...]
    allocated: int
    allocated_nbytes: int
    freed: int
    freed_nbytes: int
    peak_nbytes: int
    released: int
    released_nbytes: int
    dropped: int = 0
    error: str = ""

    @property
    def changed(self) -> tuple[WatchedName, ...]:
        """Names whose values are others than before, though they are bound to the same thing."""
        return tuple(name for name in self.names if name.change == "changed")

    def to_dict(self) -> dict[str, object]:
        return {
            "names": [name.to_dict() for name in self.names],
            "allocated": self.allocated,
            "allocated_nbytes": self.allocated_nbytes,
            "freed": self.freed,
            "freed_nbytes": self.freed_nbytes,
            "peak_nbytes": self.peak_nbytes,
            "released": self.released,
            "released_nbytes": self.released_nbytes,
            "dropped": self.dropped,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class _Before:
    """A name as it was. ``thing`` is weak, or the id of what knows no weak references."""

    name: str
    kind: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    thing: weakref.ref[Any] | int
    window: tuple[object, ...]
    version: int | None
    digest: bytes | None

    def is_same(self, holding: Holding) -> bool:
        """Whether a name is still bound to the same thing, which lies where it lay."""
        # not by ==, which an array answers element by element
        known = self.thing == id(holding.thing) if isinstance(self.thing, int) else self.thing() is holding.thing
        return (known or holding.part != "") and self.window == _window(holding)


class Watch:
    """Looks at names before a piece of program runs and after, and counts its allocations in between.

    A context manager around the piece; `record` then says what happened.
    """

    __slots__ = ("_before", "_history", "_overlaps", "_previous", "_room", "_storages", "_tracker")

    def __init__(self, entries: Sequence[tuple[str, Holding]]) -> None:
        self._room = MOST_BYTES
        digests: dict[tuple[object, ...], bytes | None] = {}
        self._before = {name: self._look(name, holding, digests) for name, holding in entries}
        self._overlaps = {name.name: name.overlaps for name in report(entries).names}
        found = {id(s): s for _, holding in entries if (s := _storage(holding)) is not None}
        self._storages = [(weakref.ref(storage), storage.nbytes) for storage in found.values()]
        self._history = History(1_000_000)
        self._tracker = TrackingAllocator(current.allocator, history=self._history)
        self._previous = current.allocator

    def __enter__(self) -> Watch:
        self._tracker.inner = self._previous = current.allocator
        set_allocator(self._tracker)
        return self

    def __exit__(self, *_: object) -> None:
        if current.allocator is self._tracker:  # else the program has set one, which stays
            set_allocator(self._previous)
        self._tracker.history = None  # blocks that live on are freed through it: there is nobody to tell

    def _look(self, name: str, holding: Holding, digests: dict[tuple[object, ...], bytes | None]) -> _Before:
        window = _window(holding)
        if window not in digests:
            size = _nbytes(holding)
            self._room -= size
            digests[window] = _digest(holding) if self._room >= 0 and holding.root.place == "cpu" else None
            if self._room < 0:
                self._room += size
        return _Before(
            name,
            holding.kind,
            holding.shape,
            holding.dtype,
            _nbytes(holding),
            _weak(holding.thing),
            window,
            holding.version,
            digests[window],
        )

    def record(self, entries: Sequence[tuple[str, Holding]], named: Iterable[str], error: str = "") -> WatchRecord:
        """What happened; ``entries`` are the names as they are now, ``named`` the roots that the program's text has."""
        text = set(named)
        after = dict(entries)
        digests: dict[tuple[object, ...], bytes] = {}
        found: list[WatchedName] = []
        for name, before in self._before.items():
            if name not in after:
                found.append(_watched(before, "deleted", text))
                continue
            holding = after[name]
            if not before.is_same(holding):
                found.append(_fresh(name, holding, "rebound", text))
                continue
            found.append(_compared(before, holding, digests, text))
        found += [_fresh(name, h, "new", text) for name, h in entries if name not in self._before]
        written = {watched.name for watched in found if watched.change in ("changed", "rewritten") and watched.named}
        through = {w.name: tuple(n for n in self._overlaps.get(w.name, ()) if n in written) for w in found}
        names = tuple(_with(w, through[w.name]) if not w.named else w for w in found)
        dead = [size for ref, size in self._storages if ref() is None]
        return WatchRecord(names, *self._counts(), len(dead), sum(dead), self._history.dropped, error)

    def _counts(self) -> tuple[int, int, int, int, int]:
        """Blocks and bytes allocated, blocks and bytes freed, the most bytes at once."""
        live: dict[int, int] = {}
        allocated = given = freed = taken = now = peak = 0
        for event in self._history.events():
            if event.action == "alloc":
                allocated, given, now = allocated + 1, given + event.nbytes, now + event.nbytes
                live[event.address] = event.nbytes
                peak = max(peak, now)
            elif event.action == "free_completed" and live.pop(event.address, None) is not None:
                freed, taken, now = freed + 1, taken + event.nbytes, now - event.nbytes
        return allocated, given, freed, taken, peak


def _storage(holding: Holding) -> Storage | None:
    thing = holding.thing
    return thing.storage() if isinstance(thing, Tensor) else thing if isinstance(thing, Storage) else None


def _weak(thing: object) -> weakref.ref[Any] | int:
    try:
        return weakref.ref(thing)
    except TypeError:
        return id(thing)


def _window(holding: Holding) -> tuple[object, ...]:
    return (holding.root.place, holding.address, holding.shape, holding.steps, holding.itemsize)


def _nbytes(holding: Holding) -> int:
    count = holding.itemsize
    for size in holding.shape:
        count *= size
    return count


def _digest(holding: Holding) -> bytes:
    """A digest of the elements in their order, read in pieces of a mebibyte where they are not in one."""
    size = hashlib.blake2b(digest_size=16)
    low, high = reach(holding.address, holding.shape, holding.steps, holding.itemsize)
    if high > low:
        whole = (ctypes.c_char * (high - low)).from_address(low)
        form: Any = np.dtype(f"V{holding.itemsize}")
        elements = np.ndarray(holding.shape, form, memoryview(whole), holding.address - low, holding.steps)
        for piece in _pieces(elements):
            size.update(memoryview(piece).cast("B") if piece.flags.c_contiguous else piece.tobytes())
    return size.digest()


def _pieces(elements: Any) -> Iterable[Any]:
    if elements.flags.c_contiguous or elements.nbytes <= _CHUNK:
        yield elements.reshape(-1).view(np.uint8) if elements.flags.c_contiguous else np.ascontiguousarray(elements)
        return
    for row in elements:
        yield from _pieces(row)


def _compared(
    before: _Before, holding: Holding, digests: dict[tuple[object, ...], bytes], text: set[str]
) -> WatchedName:
    rose = before.version != holding.version
    if before.digest is None:
        change: Change = "unread"
    else:
        if before.window not in digests:
            digests[before.window] = _digest(holding)
        same = digests[before.window] == before.digest
        change = "changed" if not same else "rewritten" if rose else "same"
    return _watched(before, change, text, holding.version)


def _watched(before: _Before, change: Change, text: set[str], version: int | None = None) -> WatchedName:
    return WatchedName(
        before.name,
        before.kind,
        before.shape,
        before.dtype,
        before.nbytes,
        change,
        _root(before.name) in text,
        before.version,
        version,
    )


def _fresh(name: str, holding: Holding, change: Change, text: set[str]) -> WatchedName:
    form = (holding.kind, holding.shape, holding.dtype, _nbytes(holding))
    return WatchedName(name, *form, change, _root(name) in text, None, holding.version)


def _with(watched: WatchedName, through: tuple[str, ...]) -> WatchedName:
    return replace(watched, through=through)


def _root(name: str) -> str:
    return name.partition(".")[0].partition("[")[0]

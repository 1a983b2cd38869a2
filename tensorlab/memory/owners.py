"""Who owns the bytes of an imported buffer: found by where they are, whatever protocol they came by."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar
from weakref import ref

OwnerT = TypeVar("OwnerT")


class _Entry(ref[OwnerT]):
    """A weak reference to an owner, with the interval that it owns."""

    __slots__ = ("start", "stop")

    start: int
    stop: int


_Region = tuple[int, int, tuple[_Entry[Any], ...]]
"""Bytes from a start to a stop without a gap, and the owners of parts of them. No two regions meet."""


class OwnerRegistry(Generic[OwnerT]):
    """The living owners of imported buffers, by address intervals.

    Two imports of one buffer must share one version counter: with two, a write through the one would not be seen by
    what autograd saved of the other. What is one buffer cannot be told from where an import begins, since a protocol
    may show a part of a buffer alone; so owners are found by the bytes that they have in common.

    Owners are held weakly. An owner keeps its buffer alive, so while it lives its addresses are no one else's; once it
    is dead they may come back with other bytes, and then there is no owner to be found. Owners need ``__weakref__``.

    Threads, and a garbage collection in the middle: a change is worked out first and then made at once, if nothing has
    moved since; else it is worked out anew. So there is no lock to wait for.

    Cost: a search in a sorted list for a query; as much again and a move of the list's end for a new owner.
    """

    __slots__ = ("_dead", "_moves", "_note", "changes", "regions")

    def __init__(self) -> None:
        self.regions: list[_Region] = []  # in order; empty where nobody owns anything
        self._dead: list[_Entry[OwnerT]] = []
        self._note = self._dead.append  # a C function: an owner's death runs no Python
        self._moves = 0  # counts what was added and removed
        self.changes = 0  # counts what was added

    def __len__(self) -> int:
        """How many owners live."""
        return sum(1 for _, _, entries in self.regions for entry in entries if entry() is not None)

    def meeting(self, start: int, stop: int) -> tuple[OwnerT, ...]:
        """The living owners that own a byte from ``start`` up to, not with, ``stop``."""
        if self._dead:
            self._bury()
        regions = self.regions
        i = bisect_left(regions, (stop,))
        if start >= stop or not i or regions[i - 1][1] <= start:
            return ()
        return tuple(_living(self._touched(i, start), start, stop))

    def add(self, start: int, stop: int, owner: OwnerT, changes: int | None = None) -> bool:
        """Make an owner known; with ``changes``, only if nothing has changed since that was read.

        Says whether it was done. An owner of no bytes is not noted: it shares nothing.
        """
        if start >= stop:
            return True
        if self._dead:
            self._bury()
        entry: _Entry[OwnerT] = _Entry(owner, self._note)
        entry.start, entry.stop = start, stop
        regions = self.regions
        while True:
            moves = self._moves
            i = j = bisect_left(regions, (stop,))
            region: _Region = (start, stop, (entry,))
            if i and regions[i - 1][1] > start:
                met = self._touched(i, start)
                j = i - len(met)
                others = tuple(e for _, _, entries in met for e in entries)
                region = min(start, met[0][0]), max(stop, met[-1][1]), (*others, entry)
            # From the question to the change there is no call, so no other thread and no collection either.
            if changes is not None and changes != self.changes:
                return False
            if moves == self._moves:
                regions[j:i] = (region,)
                self._moves += 1
                self.changes += 1
                return True

    def _touched(self, i: int, start: int) -> list[_Region]:
        """The regions before place ``i`` that reach beyond ``start``."""
        j = i
        while j and self.regions[j - 1][1] > start:
            j -= 1
        return self.regions[j:i]

    def _bury(self) -> None:
        """Forget owners that have died; what is left of a region falls apart where nobody joins it."""
        dead = self._dead
        while dead:
            entry = dead.pop()
            while not self._without(entry):
                pass

    def _without(self, gone: _Entry[OwnerT]) -> bool:
        moves, regions = self._moves, self.regions
        i = bisect_left(regions, (gone.stop,)) - 1
        if i < 0 or regions[i][0] > gone.start:
            return True
        entries = regions[i][2]
        parts = _joined(tuple(e for e in entries if e is not gone)) if len(entries) > 1 else ()
        if moves != self._moves:
            return False
        regions[i : i + 1] = parts
        self._moves += 1
        return True

    def get_or_create(self, start: int, stop: int, factory: Callable[[tuple[OwnerT, ...]], OwnerT]) -> OwnerT:
        """What ``factory`` gives for the owners that have a byte in common with an interval, made known if it is new.

        It may be called again where another thread was quicker.
        """
        while True:
            changes = self.changes
            met = self.meeting(start, stop)
            owner = factory(met)
            if any(owner is known for known in met) or self.add(start, stop, owner, changes):
                return owner


def _living(regions: list[_Region], start: int, stop: int) -> Iterator[Any]:
    for _, _, entries in regions:
        for entry in entries:
            if entry.start < stop and start < entry.stop:
                owner = entry()
                if owner is not None:
                    yield owner


def _joined(entries: tuple[_Entry[Any], ...]) -> list[_Region]:
    """Regions of owners in any order: those whose intervals hang together make one."""
    regions: list[_Region] = []
    for entry in sorted(entries, key=lambda e: e.start):
        last = regions[-1] if regions else None
        if last is not None and entry.start < last[1]:
            regions[-1] = last[0], max(last[1], entry.stop), (*last[2], entry)
        else:
            regions.append((entry.start, entry.stop, (entry,)))
    return regions

"""The end of a native function: tensors into storages that the caller allocates, numbers into cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tensorlab.jit.native_text import Writer
from tensorlab.jit.native_values import Absent, Fixed, Number, Place, RefusedError, Room, Several, Thing


@dataclass(frozen=True, slots=True, eq=False)
class NativeStorage:
    """A storage that the caller allocates for results: the argument with its address, and its size."""

    name: str
    nbytes: int


def write_results(w: Writer, results: Sequence[Thing]) -> tuple[list[NativeStorage], list[str], list[Thing]]:
    """Write the end; gives the storages, the kinds of the cells, and the results as the caller finds them.

    Raises: `RefusedError` where two results may share memory in a way that only the run decides.
    """
    end = _Results(w)
    shown = [end.one(r) for r in results]
    return end.storages, end.cells, shown


class _Results:
    """What the end is made of."""

    def __init__(self, w: Writer) -> None:
        self.w = w
        self.storages: list[NativeStorage] = []
        self.cells: list[str] = []
        self.met: dict[tuple[Room, str, int], Thing] = {}
        self.roots: set[Room] = set()

    def one(self, thing: Thing) -> Thing:
        match thing:
            case Several():
                return thing.with_parts([self.one(p) for p in thing.parts])
            case Number() if thing.value is None:
                self.cells.append(thing.kind)
                at = len(self.cells)
                where = "numbers" if thing.kind == "float" else "cells"
                text = f"1 if {thing.text} else 0" if thing.kind == "bool" else thing.text
                self.w.line(f"{where}[{at}] = {text}")
                return Number(f"cell{at}", thing.kind)
            case Place():
                key = (thing.room, thing.at, id(thing.form))
                if key not in self.met:
                    self.met[key] = self._place(thing)
                return self.met[key]
            case Absent():
                return Fixed(None)
            case _:
                return thing

    def _place(self, place: Place) -> Place:
        """A result where it is, if it may be there; else a copy of it.

        A result that turns out to be an argument itself is the program's to give: it is no copy.
        """
        w, room = self.w, place.room
        w.touch(room)
        if place.offset is not None and room.outside:
            return place
        if place.offset is not None and not room.pointer and not room.loops:
            if room.output is None:
                if room in self.roots:
                    raise RefusedError("results that may share memory")
                self._storage(room)
            return place
        roots = room.roots()
        if roots & self.roots:
            raise RefusedError("results that may share memory")
        self.roots |= roots
        for root in sorted((r for r in roots if r.outside), key=lambda r: r.name):
            if root.nbytes:
                first = f"{root.name} - {root.low}" if root.low else root.name
                w.leave(f"{first} <= {place.at} < {first} + {root.nbytes}", None, "a result is an argument")
        if any(not r.outside and not r.pointer and r.output is not None for r in roots):
            raise RefusedError("results that may share memory")
        target = w.fresh(place.form)
        low, _ = place.form.span
        w.line(f"move_bytes({target.room.name}, {place.at} - {-low}, {target.room.nbytes})")
        self._storage(target.room)
        return target

    def _storage(self, room: Room) -> None:
        self.roots.add(room)
        room.output = len(self.storages)
        self.storages.append(NativeStorage(self.w.name(f"out{room.output}"), room.nbytes))

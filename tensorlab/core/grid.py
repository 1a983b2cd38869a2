"""A tensor's grid over its bytes: where in its storage each element lies, and what is there."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from tensorlab.core.footprint import Footprint
from tensorlab.core.holding import Holding

MOST_CELLS = 48
MOST_SLOTS = 48
MOST_SLICES = 4
_EDGE = 3  # of a long dimension the first three are shown and the last one

Index = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GridCell:
    """An element: its ``index``, the ``slot`` of the storage that it lies in, and its value as text.

    Units: ``slot`` in elements from the start of the storage, in bytes where elements lie at no whole number of them.
    """

    index: Index
    slot: int
    value: str

    def to_dict(self) -> dict[str, object]:
        return {"index": list(self.index), "slot": self.slot, "value": self.value}


@dataclass(frozen=True, slots=True)
class Slot:
    """A place of the storage, its value as text, and the indices of the elements that lie there."""

    position: int
    value: str
    holds: tuple[Index, ...]

    def to_dict(self) -> dict[str, object]:
        return {"position": self.position, "value": self.value, "holds": [list(index) for index in self.holds]}


@dataclass(frozen=True, slots=True)
class GridRecord:
    """A strided layout, element by element where it is small.

    ``shown``: the indices drawn along each dimension; ``cells`` has their elements. ``slots`` are the places from the
    first to the last one reached, empty where they are too many: then ``footprint`` says what is reached.
    Units: ``strides`` and ``offset`` in elements, or in bytes (``in_bytes``).
    """

    name: str
    kind: str
    dtype: str
    itemsize: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    in_bytes: bool
    storage_nbytes: int
    footprint: Footprint
    shown: tuple[tuple[int, ...], ...]
    cells: tuple[GridCell, ...]
    slots: tuple[Slot, ...]
    address: int

    @property
    def is_whole(self) -> bool:
        """Whether every element is among the cells."""
        return len(self.cells) == math.prod(self.shape)

    @property
    def step(self) -> int:
        """Bytes of one step of a stride of 1."""
        return 1 if self.in_bytes else self.itemsize

    def to_dict(self, *, addresses: bool = False) -> dict[str, object]:
        facts: dict[str, object] = {
            "name": self.name,
            "kind": self.kind,
            "dtype": self.dtype,
            "itemsize": self.itemsize,
            "shape": list(self.shape),
            "strides": list(self.strides),
            "offset": self.offset,
            "unit": "byte" if self.in_bytes else "element",
            "storage_nbytes": self.storage_nbytes,
            "footprint": self.footprint.to_dict(),
            "cells": [cell.to_dict() for cell in self.cells],
            "slots": [slot.to_dict() for slot in self.slots],
        }
        return facts | {"address": self.address} if addresses else facts


def grid(name: str, holding: Holding) -> GridRecord:
    """The grid of one holding; values are read from its bytes, where NumPy has a word for their type.

    Cost: bounded: at most 48 elements and 48 places are read.
    """
    size = max(holding.itemsize, 1)
    start = holding.address - holding.root.address
    in_bytes = any(s % size for s in (*holding.steps, start))
    unit = 1 if in_bytes else size
    strides = tuple(s // unit for s in holding.steps)
    offset = start // unit
    footprint = Footprint.of(start, holding.shape, holding.steps, holding.itemsize)
    shown = _shown(holding.shape)
    read = _Reader(holding)

    def slot_of(index: Index) -> int:
        return offset + sum(i * s for i, s in zip(index, strides, strict=True))

    cells = tuple(GridCell(index, slot_of(index), read(slot_of(index) * unit)) for index in product(*shown))
    return GridRecord(
        name=name,
        kind=holding.kind,
        dtype=holding.dtype,
        itemsize=holding.itemsize,
        shape=holding.shape,
        strides=strides,
        offset=offset,
        in_bytes=in_bytes,
        storage_nbytes=holding.root.nbytes,
        footprint=footprint,
        shown=shown,
        cells=cells,
        slots=_slots(cells, footprint, unit, read) if len(cells) == math.prod(holding.shape) else (),
        address=holding.address,
    )


def _shown(shape: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Indices along each dimension: all of a small tensor, else the first few and the last of the two inner ones."""
    if math.prod(shape) <= MOST_CELLS:
        return tuple(tuple(range(count)) for count in shape)
    inner = [tuple(range(n)) if n <= _EDGE + 2 else (*range(_EDGE), n - 1) for n in shape[-2:]]
    outer: list[tuple[int, ...]] = []
    room = max(MOST_CELLS // max(math.prod(map(len, inner)), 1), 1)
    for count in reversed(shape[:-2]):
        fits = min(count, room, MOST_SLICES)
        outer.insert(0, tuple(range(fits)))
        room //= max(fits, 1)
    return (*outer, *inner)


def _slots(cells: Sequence[GridCell], footprint: Footprint, unit: int, read: _Reader) -> tuple[Slot, ...]:
    """Every place between the first and the last that is reached, with a few around them."""
    low, high = footprint.start // unit, -(-footprint.stop // unit)
    if not cells or high - low > MOST_SLOTS or unit != read.itemsize:
        return ()
    last = read.nbytes // unit
    room = (MOST_SLOTS - (high - low)) // 2
    low, high = max(low - min(room, 4), 0), min(high + min(room, 4), last)
    holds: dict[int, list[Index]] = {}
    for cell in cells:
        holds.setdefault(cell.slot, []).append(cell.index)
    return tuple(Slot(at, read(at * unit), tuple(holds.get(at, ()))) for at in range(low, high))


class _Reader:
    """Reads single elements of a holding's buffer as text; it does not outlive the call that made it."""

    __slots__ = ("_bytes", "_dtype", "_holding", "itemsize", "nbytes")

    def __init__(self, holding: Holding) -> None:
        self._holding = holding  # keeps the bytes alive
        root = holding.root
        self.itemsize = holding.itemsize
        self.nbytes = root.nbytes
        self._dtype = np.dtype(holding.typestr) if holding.typestr else None
        readable = self._dtype is not None and root.place == "cpu" and root.address and root.nbytes
        self._bytes: Any = (ctypes.c_char * root.nbytes).from_address(root.address) if readable else None

    def __call__(self, at: int) -> str:
        if self._bytes is None or self._dtype is None or at + self.itemsize > self.nbytes:
            return "?"
        return _text(np.ndarray((), self._dtype, self._bytes, at)[()])


def _text(value: Any) -> str:
    kind = value.dtype.kind
    if kind in "biu":
        return str(value)
    if kind == "c":
        return f"{complex(value):.3g}"
    if kind == "f" or kind == "V":
        return f"{float(value):.4g}"
    text = str(value)
    return text if len(text) <= 8 else f"{text[:7]}…"

"""Sharing: which names reach the same bytes, tensors and NumPy arrays alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, cast

import numpy as np
from numpy.lib.array_utils import byte_bounds

from tensorlab.core.footprint import Footprint, overlap
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.memory import describe as describe_block

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class NameRecord:
    """One name and what it reaches.

    Units: ``strides`` and ``offset`` in elements, or in bytes where an array's are no whole number of elements
    (``in_bytes``); the footprint in bytes from the start of the group's storage.
    ``overlaps`` names those with a byte in common, ``undecided`` those where the search gave up, ``same_as`` the
    first name of the same object.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    dtype: str
    itemsize: int
    footprint: Footprint
    address: int
    version: int | None = None
    in_bytes: bool = False
    readonly: bool = False
    same_as: str | None = None
    overlaps: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        """Size of the elements, were they copied out."""
        return math.prod(self.shape) * self.itemsize

    def to_dict(self, *, addresses: bool = False) -> dict[str, object]:
        facts: dict[str, object] = {
            "name": self.name,
            "kind": self.kind,
            "shape": list(self.shape),
            "strides": list(self.strides),
            "offset": self.offset,
            "unit": "byte" if self.in_bytes else "element",
            "dtype": self.dtype,
            "version": self.version,
            "readonly": self.readonly,
            "same_as": self.same_as,
            "footprint": self.footprint.to_dict(),
            "overlaps": list(self.overlaps),
            "undecided": list(self.undecided),
        }
        return facts | {"address": self.address} if addresses else facts


@dataclass(frozen=True, slots=True)
class StorageRecord:
    """Bytes that several names may reach: a letter, a size, where the bytes come from, the names in order.

    ``block_nbytes`` is the size of the allocator's block, which may be more than was asked for; `None` if the bytes
    are not an allocator's.
    """

    letter: str
    nbytes: int
    origin: str
    block_nbytes: int | None
    names: tuple[NameRecord, ...]
    address: int

    def to_dict(self, *, addresses: bool = False) -> dict[str, object]:
        facts: dict[str, object] = {
            "letter": self.letter,
            "nbytes": self.nbytes,
            "origin": self.origin,
            "block_nbytes": self.block_nbytes,
            "names": [name.to_dict(addresses=addresses) for name in self.names],
        }
        return facts | {"address": self.address} if addresses else facts


@dataclass(frozen=True, slots=True)
class SharingReport:
    """Storages in order of their first name."""

    storages: tuple[StorageRecord, ...]

    @property
    def names(self) -> tuple[NameRecord, ...]:
        """Every name, storage by storage."""
        return tuple(name for storage in self.storages for name in storage.names)

    def to_dict(self, *, addresses: bool = False) -> dict[str, object]:
        return {"storages": [storage.to_dict(addresses=addresses) for storage in self.storages]}


@dataclass(frozen=True, slots=True)
class _Root:
    """The whole buffer that an object's bytes lie in. ``owner`` tells buffers apart that have no bytes."""

    owner: object
    address: int
    nbytes: int
    origin: str
    block_nbytes: int | None = None


def describe(names: Mapping[str, object]) -> SharingReport:
    """Group names by the bytes that they can reach, and say what each reaches.

    Two names are together when the buffers behind them have a byte in common, found from address intervals of the
    whole buffers: equal data pointers would miss a view that starts further on, and a tensor over half an array.
    Within a group, ``overlaps`` is exact element by element (`footprint.overlap`), so two channels of one image
    share a storage and yet do not overlap.

    Raises: `ArgumentError` for a value that is no tensor and no array.
    """
    roots = [_root(name, value) for name, value in names.items()]
    groups = _groups(roots)
    first_names: dict[int, str] = {}
    same_as = [_first_name(first_names, name, value) for name, value in names.items()]
    items = list(names.items())
    storages: list[StorageRecord] = []
    for group in groups:
        start = min(roots[i].address for i in group)
        stop = max(roots[i].address + roots[i].nbytes for i in group)
        records = [replace(_record(*items[i], start), same_as=same_as[i]) for i in group]
        # The widest buffer is the one that all others are part of; its owner is where the bytes come from.
        widest = max((roots[i] for i in group), key=lambda root: root.nbytes)
        storages.append(
            StorageRecord(
                letter=_letter(len(storages)),
                nbytes=stop - start,
                origin=widest.origin,
                block_nbytes=widest.block_nbytes,
                names=_with_overlaps(records),
                address=start,
            )
        )
    return SharingReport(tuple(storages))


def _first_name(seen: dict[int, str], name: str, value: object) -> str | None:
    first = seen.setdefault(id(value), name)
    return None if first == name else first


def _letter(index: int) -> str:
    """A, B, ... Z, AA, AB, ... as columns of a spreadsheet are named."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _groups(roots: Sequence[_Root]) -> list[list[int]]:
    """Indices of roots that share an owner or a byte, each group and the groups themselves in order of first index."""
    leader = list(range(len(roots)))

    def find(i: int) -> int:
        while leader[i] != i:
            i = leader[i]
        return i

    def join(i: int, j: int) -> None:
        a, b = sorted((find(i), find(j)))
        leader[b] = a

    owners: dict[int, int] = {}
    for i, root in enumerate(roots):
        join(i, owners.setdefault(id(root.owner), i))
    order = sorted((i for i, root in enumerate(roots) if root.nbytes), key=lambda i: roots[i].address)
    reach, last = 0, -1
    for i in order:
        if last >= 0 and roots[i].address < reach:
            join(i, last)
        if roots[i].address + roots[i].nbytes > reach:
            reach, last = roots[i].address + roots[i].nbytes, i
    groups: dict[int, list[int]] = {}
    for i in range(len(roots)):
        groups.setdefault(find(i), []).append(i)
    return list(groups.values())


def _with_overlaps(records: Sequence[NameRecord]) -> tuple[NameRecord, ...]:
    overlaps: dict[str, list[str]] = {record.name: [] for record in records}
    undecided: dict[str, list[str]] = {record.name: [] for record in records}
    for a, b in combinations(records, 2):
        answer = overlap(a.footprint, b.footprint)
        if answer is False:
            continue
        table = overlaps if answer else undecided
        table[a.name].append(b.name)
        table[b.name].append(a.name)
    return tuple(
        replace(record, overlaps=tuple(overlaps[record.name]), undecided=tuple(undecided[record.name]))
        for record in records
    )


def _record(name: str, value: Any, start: int) -> NameRecord:
    if isinstance(value, Tensor):
        itemsize = value.dtype.itemsize
        steps = tuple(s * itemsize for s in value.strides)
        return NameRecord(
            name=name,
            kind="Tensor",
            shape=tuple(value.shape),
            strides=tuple(value.strides),
            offset=value.offset,
            dtype=value.dtype.name,
            itemsize=itemsize,
            footprint=Footprint.of(value.address - start, value.shape, steps, itemsize),
            address=value.address,
            version=value.storage().version,
            readonly=value.storage().readonly,
        )
    return _array_record(name, value, start)


def _array_record(name: str, array: Array, start: int) -> NameRecord:
    itemsize = max(array.itemsize, 1)
    address = _address(array)
    offset = address - _array_root(array).address
    in_bytes = any(s % itemsize for s in (*array.strides, offset))
    unit = 1 if in_bytes else itemsize
    return NameRecord(
        name=name,
        kind="ndarray",
        shape=array.shape,
        strides=tuple(s // unit for s in array.strides),
        offset=offset // unit,
        dtype=str(array.dtype),
        itemsize=array.itemsize,
        footprint=Footprint.of(address - start, array.shape, array.strides, array.itemsize),
        address=address,
        in_bytes=in_bytes,
        readonly=not array.flags.writeable,
    )


def _root(name: str, value: object) -> _Root:
    if isinstance(value, Tensor):
        return _storage_root(value.storage())
    if isinstance(value, np.ndarray):
        return _array_root(cast(Array, value))
    raise ArgumentError(f"storage: {name} is a {type(value).__name__}; takes names of tensors and NumPy arrays")


def _storage_root(storage: Storage) -> _Root:
    """A tensor's storage, or the array behind it: the tensor may have been made from a part of that array."""
    storage = storage.owner
    pointer = storage.pointer
    if isinstance(pointer.context, np.ndarray):
        return _array_root(cast(Array, pointer.context))
    block = describe_block(pointer)
    if block is not None:
        return _Root(storage, storage.address, storage.nbytes, "caching allocator", block.nbytes)
    if storage.allocator is not None:
        return _Root(storage, storage.address, storage.nbytes, f"allocator {storage.allocator.name}", pointer.nbytes)
    return _Root(storage, storage.address, storage.nbytes, _buffer_of(pointer.context))


def _array_root(array: Array) -> _Root:
    """The buffer at the end of an array's chain of bases."""
    base = array
    while isinstance(base.base, np.ndarray):
        base = cast(Array, base.base)
    owner: Any = base.base
    while isinstance(owner, memoryview):
        owner = owner.obj
    if owner is None:
        return _Root(base, _address(base), base.nbytes, "NumPy array")
    storage = getattr(owner, "storage", None)
    if isinstance(storage, Storage):  # what `Tensor.numpy` gave
        return _storage_root(storage)
    low, high = byte_bounds(base)
    try:
        whole: Array = np.frombuffer(owner, np.uint8)
    except (BufferError, TypeError, ValueError):  # no buffer, an empty one, or one that is not contiguous
        return _Root(owner, low, high - low if base.size else 0, _buffer_of(owner))
    return _Root(owner, _address(whole), whole.nbytes, _buffer_of(owner))


def _buffer_of(owner: object) -> str:
    return f"buffer of a {type(owner).__name__}"


def _address(array: Array) -> int:
    return array.__array_interface__["data"][0]

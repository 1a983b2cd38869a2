"""Sharing: which names reach the same bytes, of tensors, arrays, columns and buffers alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from tensorlab.core.blocks import SegmentRecord, Segments
from tensorlab.core.contents import contents
from tensorlab.core.footprint import DEFAULT_WORK, Footprint, overlap
from tensorlab.core.holding import Holding, Root
from tensorlab.core.keepers import keepers
from tensorlab.errors import ArgumentError

_ALL_PAIRS = 64  # of so many names every pair is compared; a view draws fewer
_MOST_PAIRS = 10_000  # of what a storage has more, so many pairs
_MOST_WORK = 1_000_000  # steps for all pairs of a storage together


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
    are not an allocator's. ``segment`` is what the block was cut from, where the allocator tells. ``place`` is the
    memory that the bytes are in. ``uncompared`` counts pairs of names that were too many to compare byte by byte.
    ``kept_by`` names holders that have no name in the notebook.
    """

    letter: str
    nbytes: int
    origin: str
    block_nbytes: int | None
    names: tuple[NameRecord, ...]
    address: int
    segment: SegmentRecord | None = None
    place: str = "cpu"
    uncompared: int = 0
    kept_by: tuple[str, ...] = ()

    def to_dict(self, *, addresses: bool = False) -> dict[str, object]:
        facts: dict[str, object] = {
            "letter": self.letter,
            "nbytes": self.nbytes,
            "origin": self.origin,
            "block_nbytes": self.block_nbytes,
            "segment": None if self.segment is None else self.segment.to_dict(),
            "place": self.place,
            "uncompared": self.uncompared,
            "kept_by": list(self.kept_by),
            "names": [name.to_dict(addresses=addresses) for name in self.names],
        }
        return facts | {"address": self.address} if addresses else facts


@dataclass(frozen=True, slots=True)
class UnseenRecord:
    """A name whose bytes cannot be pointed at, and why."""

    name: str
    kind: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        return {"name": self.name, "kind": self.kind, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class SharingReport:
    """Storages in order of their first name; what has no bytes to show; how many items were not looked at."""

    storages: tuple[StorageRecord, ...]
    unseen: tuple[UnseenRecord, ...] = ()
    left_out: int = 0

    @property
    def names(self) -> tuple[NameRecord, ...]:
        """Every name, storage by storage."""
        return tuple(name for storage in self.storages for name in storage.names)

    def to_dict(self, *, addresses: bool = False) -> dict[str, object]:
        return {
            "storages": [storage.to_dict(addresses=addresses) for storage in self.storages],
            "unseen": [record.to_dict() for record in self.unseen],
            "left_out": self.left_out,
        }


def describe(names: Mapping[str, object]) -> SharingReport:
    """Group names by the bytes that they can reach, and say what each reaches.

    Two names are together when the buffers behind them have a byte in common, found from address intervals of the
    whole buffers: equal data pointers would miss a view that starts further on, and a tensor over half an array.
    Within a group, ``overlaps`` is exact element by element (`footprint.overlap`), so two channels of one image
    share a storage and yet do not overlap.

    Cost: some 30 us a name, and 1 us a pair of names that reach the same part of one storage.
    Raises: `ArgumentError` for a value that has no bytes and holds nothing that has.
    """
    found = contents(names)
    if len(found.holdings) + len(found.unseen) < len(names):
        _check(names)
    return report(found.holdings, [UnseenRecord(n, u.kind, u.reason) for n, u in found.unseen], left_out=found.left_out)


def report(
    holdings: Sequence[tuple[str, Holding]], unseen: Sequence[UnseenRecord] = (), *, left_out: int = 0
) -> SharingReport:
    """As `describe`, for what was found already."""
    roots = [holding.root for _, holding in holdings]
    kept = keepers([holding for _, holding in holdings])
    segments = Segments()
    first_names: dict[tuple[int, str], str] = {}
    same_as = [_first_name(first_names, name, holding) for name, holding in holdings]
    storages: list[StorageRecord] = []
    for group in _groups(roots):
        start = min(roots[i].address for i in group)
        stop = max(roots[i].address + roots[i].nbytes for i in group)
        records, uncompared = _with_overlaps([_record(*holdings[i], start, same_as[i]) for i in group])
        # The widest buffer is the one that all others are part of; its owner is where the bytes come from.
        widest = max((roots[i] for i in group), key=lambda root: root.nbytes)
        storages.append(
            StorageRecord(
                letter=letter(len(storages)),
                nbytes=stop - start,
                origin=widest.origin,
                block_nbytes=widest.block_nbytes,
                names=records,
                address=start,
                segment=None if widest.pointer is None else segments.of(widest.pointer),
                place=widest.place,
                uncompared=uncompared,
                kept_by=kept.get(widest.address, ()),
            )
        )
    return SharingReport(tuple(storages), tuple(unseen), left_out)


def _check(names: Mapping[str, object]) -> None:
    for name, value in names.items():
        alone = contents({name: value})
        if not alone.holdings and not alone.unseen:
            raise ArgumentError(
                f"storage: {name} is a {type(value).__name__}; takes tensors, arrays, columns and buffers, and lists, "
                "tuples, dicts, dataclasses and modules of them"
            )


def _first_name(seen: dict[tuple[int, str], str], name: str, holding: Holding) -> str | None:
    first = seen.setdefault((id(holding.thing), holding.part), name)
    return None if first == name else first


def letter(index: int) -> str:
    """A, B, ... Z, AA, AB, ... as columns of a spreadsheet are named."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _groups(roots: Sequence[Root]) -> list[list[int]]:
    """Indices of roots that share an owner or a byte, each group and the groups themselves in order of first index."""
    leader = list(range(len(roots)))

    def find(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    def join(i: int, j: int) -> None:
        a, b = sorted((find(i), find(j)))
        leader[b] = a

    owners: dict[int, int] = {}
    for i, root in enumerate(roots):
        join(i, owners.setdefault(id(root.owner), i))
    order = sorted((i for i, root in enumerate(roots) if root.nbytes), key=lambda i: (roots[i].place, roots[i].address))
    reach, last = 0, -1
    for i in order:
        if last >= 0 and roots[i].place == roots[last].place and roots[i].address < reach:
            join(i, last)
            reach, last = max((reach, last), (roots[i].address + roots[i].nbytes, i))
        else:
            reach, last = roots[i].address + roots[i].nbytes, i
    groups: dict[int, list[int]] = {}
    for i in range(len(roots)):
        groups.setdefault(find(i), []).append(i)
    return list(groups.values())


def _with_overlaps(records: Sequence[NameRecord]) -> tuple[tuple[NameRecord, ...], int]:
    """Records with whom each overlaps, and how many pairs were left out."""
    overlaps: dict[int, list[int]] = {}
    undecided: dict[int, list[int]] = {}
    pairs, uncompared = _pairs(records)
    work = min(DEFAULT_WORK, _MOST_WORK // max(len(pairs), 1))
    known: dict[tuple[object, ...], bool | None] = {}  # many names are many windows of one form
    for a, b in pairs:
        one, two = records[a].footprint, records[b].footprint
        if not one.runs and not two.runs and one.width and two.width:
            answer: bool | None = True
        else:
            form = (one.start - two.start, one.runs, one.width, two.runs, two.width)
            answer = known[form] if form in known else known.setdefault(form, overlap(one, two, work=work))
        if answer is not False:
            table = overlaps if answer else undecided
            table.setdefault(a, []).append(b)
            table.setdefault(b, []).append(a)

    def named(table: dict[int, list[int]], i: int) -> tuple[str, ...]:
        return tuple(records[k].name for k in sorted(table.get(i, ())))

    touched = overlaps.keys() | undecided.keys()
    return tuple(
        replace(record, overlaps=named(overlaps, i), undecided=named(undecided, i)) if i in touched else record
        for i, record in enumerate(records)
    ), uncompared


def _pairs(records: Sequence[NameRecord]) -> tuple[list[tuple[int, int]], int]:
    """Pairs of records whose intervals meet: all of the first ones, then the others' as far as there is room."""
    spans = [(record.footprint.start, record.footprint.stop) for record in records]
    pairs = [
        (a, b)
        for a, b in combinations(range(min(len(records), _ALL_PAIRS)), 2)
        if spans[a][0] < spans[b][1] and spans[b][0] < spans[a][1]
    ]
    if len(records) <= _ALL_PAIRS:
        return pairs, 0
    uncompared, active = 0, list[int]()
    for i in sorted(range(len(records)), key=spans.__getitem__):
        start, stop = spans[i]
        active = [k for k in active if spans[k][1] > start]
        later = active if i >= _ALL_PAIRS else [k for k in active if k >= _ALL_PAIRS]
        room = _MOST_PAIRS - len(pairs)
        if room > 0:
            pairs += [(k, i) for k in later[:room]]
        uncompared += len(later) - max(min(len(later), room), 0)
        if start < stop:
            active.append(i)
    return pairs, uncompared


def _record(name: str, holding: Holding, start: int, same_as: str | None) -> NameRecord:
    unit = max(holding.itemsize, 1)
    offset = holding.address - holding.base
    in_bytes = any(s % unit for s in (*holding.steps, offset))
    unit = 1 if in_bytes else unit
    return NameRecord(
        name=name,
        kind=holding.kind,
        shape=holding.shape,
        strides=tuple(s // unit for s in holding.steps),
        offset=offset // unit,
        dtype=holding.dtype,
        itemsize=holding.itemsize,
        footprint=Footprint.of(holding.address - start, holding.shape, holding.steps, holding.itemsize),
        address=holding.address,
        version=holding.version,
        in_bytes=in_bytes,
        readonly=holding.readonly,
        same_as=same_as,
    )

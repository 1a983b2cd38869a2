"""Records of a graph of the tape: nodes, what they save, storages, leaves. Plain data, that keeps nothing alive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PlaceRecord:
    """A line of the user's: ``file`` is ``cell`` or the last part of a file's name, ``line`` counts from 1."""

    file: str
    line: int
    text: str

    def to_dict(self) -> dict[str, object]:
        return {"file": self.file, "line": self.line, "text": self.text}


@dataclass(frozen=True, slots=True)
class SavedRecord:
    """A tensor that a node keeps for backward: ``name`` is what the node's formula calls it.

    ``version`` is its storage's when it was saved, ``now`` that of this moment; ``written`` is the line of the first
    write in between, where it is known. ``names`` are the notebook's for that very tensor.
    """

    name: str
    letter: str
    shape: Shape
    dtype: str
    nbytes: int
    version: int
    now: int
    names: tuple[str, ...] = ()
    written: PlaceRecord | None = None

    @property
    def moved(self) -> bool:
        """Whether its bytes were written over since, so that backward will refuse it."""
        return self.now != self.version

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "storage": self.letter,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "nbytes": self.nbytes,
            "version": self.version,
            "now": self.now,
            "names": list(self.names),
            "written": None if self.written is None else self.written.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """An operation: ``next`` are the numbers of the nodes that its gradients go on to, ``leaves`` those of leaves.

    ``inputs`` says which of its inputs each of these is, those of ``next`` first, then those of ``leaves``.
    ``shapes`` are those of its results, ``names`` what the notebook calls them. ``released``: a backward pass has let
    go what was saved.
    """

    number: int
    name: str
    names: tuple[str, ...]
    shapes: tuple[Shape, ...]
    place: PlaceRecord | None
    saved: tuple[SavedRecord, ...]
    released: bool
    next: tuple[int, ...]
    leaves: tuple[int, ...]
    inputs: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """One node."""
        return 1

    @property
    def moved(self) -> bool:
        """Whether backward would stop here."""
        return any(s.moved for s in self.saved)

    def to_dict(self) -> dict[str, object]:
        return {
            "number": self.number,
            "name": self.name,
            "names": list(self.names),
            "shapes": [list(shape) for shape in self.shapes],
            "place": None if self.place is None else self.place.to_dict(),
            "saved": [s.to_dict() for s in self.saved],
            "released": self.released,
            "next": list(self.next),
            "leaves": list(self.leaves),
            "inputs": list(self.inputs),
        }


def ways_out(nodes: Sequence[NodeRecord]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The numbers of other nodes, and of leaves, that gradients go on to from nodes that follow each other."""
    last = nodes[-1].number
    following = {number: None for node in nodes for number in node.next if number > last}
    return tuple(sorted(following)), tuple(dict.fromkeys(leaf for node in nodes for leaf in node.leaves))


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The same ``nodes`` time after time: the first ones, and how often they come.

    ``next`` and ``leaves`` are where gradients leave all of them together.
    """

    nodes: tuple[NodeRecord, ...]
    repeats: int
    saved_nbytes: int
    next: tuple[int, ...] = ()
    leaves: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """How many nodes it stands for."""
        return len(self.nodes) * self.repeats

    def to_dict(self) -> dict[str, object]:
        return {
            "repeats": self.repeats,
            "count": self.count,
            "saved_nbytes": self.saved_nbytes,
            "next": list(self.next),
            "leaves": list(self.leaves),
            "nodes": [node.to_dict() for node in self.nodes],
        }


@dataclass(frozen=True, slots=True)
class LineRecord:
    """Nodes that one line of the user's made, as a module does: told by their names and how often each comes.

    ``next`` and ``leaves`` are where gradients leave all of them together.
    """

    first: int
    place: PlaceRecord | None
    names: tuple[tuple[str, int], ...]
    saved_nbytes: int
    next: tuple[int, ...] = ()
    leaves: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """How many nodes it stands for."""
        return sum(count for _, count in self.names)

    @classmethod
    def of(cls, nodes: list[NodeRecord]) -> LineRecord:
        """The record of nodes that stand together."""
        names = tuple(Counter(node.name for node in nodes).most_common())
        return cls(
            nodes[0].number, nodes[0].place, names, sum(s.nbytes for n in nodes for s in n.saved), *ways_out(nodes)
        )

    def to_dict(self) -> dict[str, object]:
        return {
            "first": self.first,
            "count": self.count,
            "place": None if self.place is None else self.place.to_dict(),
            "names": dict(self.names),
            "saved_nbytes": self.saved_nbytes,
            "next": list(self.next),
            "leaves": list(self.leaves),
        }


@dataclass(frozen=True, slots=True)
class LeafRecord:
    """A tensor that gradients are added to. Units: ``grad_nbytes`` of the gradient that is there already."""

    names: tuple[str, ...]
    shape: Shape
    dtype: str
    nbytes: int
    grad_nbytes: int

    def to_dict(self) -> dict[str, object]:
        return {
            "names": list(self.names),
            "shape": list(self.shape),
            "dtype": self.dtype,
            "nbytes": self.nbytes,
            "grad_nbytes": self.grad_nbytes,
        }


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A storage that saved tensors keep: whether backward would free it, and else the names that keep it too.

    Units: ``nbytes`` as asked for, ``block_nbytes`` of the allocator's block, 0 where the bytes are not an allocator's.
    """

    letter: str
    nbytes: int
    block_nbytes: int
    freed: bool
    kept_by: tuple[str, ...]
    address: int

    def to_dict(self, *, addresses: bool = False) -> dict[str, object]:
        facts: dict[str, object] = {
            "letter": self.letter,
            "nbytes": self.nbytes,
            "block_nbytes": self.block_nbytes,
            "freed": self.freed,
            "kept_by": list(self.kept_by),
        }
        return facts | {"address": self.address} if addresses else facts


Row = NodeRecord | RunRecord | LineRecord


@dataclass(frozen=True, slots=True)
class GraphReport:
    """The graph behind a tensor: ``count`` nodes, the youngest first, in ``rows`` that may stand for many.

    ``moved`` are the numbers of the nodes that backward would stop at, ``released`` counts those whose saved tensors
    are gone.
    """

    name: str
    shape: Shape
    dtype: str
    requires_grad: bool
    count: int
    rows: tuple[Row, ...]
    leaves: tuple[LeafRecord, ...]
    storages: tuple[HeldRecord, ...]
    saved_count: int
    moved: tuple[int, ...]
    released: int

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor has no history."""
        return self.count == 0

    @property
    def saved_nbytes(self) -> int:
        """Bytes of the storages that are kept for backward, each counted once."""
        return sum(s.nbytes for s in self.storages)

    @property
    def freed_nbytes(self) -> int:
        """Bytes that a backward pass would give back, as they were asked for."""
        return sum(s.nbytes for s in self.storages if s.freed and s.block_nbytes)

    @property
    def freed_block_nbytes(self) -> int:
        """The same in bytes of blocks, as the memory's statistics count them."""
        return sum(s.block_nbytes for s in self.storages if s.freed)

    def to_dict(self, *, addresses: bool = False) -> dict[str, object]:
        return {
            "name": self.name,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "requires_grad": self.requires_grad,
            "count": self.count,
            "saved_count": self.saved_count,
            "saved_nbytes": self.saved_nbytes,
            "freed_nbytes": self.freed_nbytes,
            "freed_block_nbytes": self.freed_block_nbytes,
            "moved": list(self.moved),
            "released": self.released,
            "rows": [row.to_dict() for row in self.rows],
            "leaves": [leaf.to_dict() for leaf in self.leaves],
            "storages": [s.to_dict(addresses=addresses) for s in self.storages],
        }

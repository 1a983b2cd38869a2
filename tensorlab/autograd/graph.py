"""Looking at the tape: the nodes behind a tensor, what they keep and what backward would free, as a record."""

from __future__ import annotations

import linecache
from bisect import bisect_right
from collections.abc import Callable, Mapping

from tensorlab.autograd.graph_folding import folded
from tensorlab.autograd.graph_records import GraphReport, HeldRecord, LeafRecord, NodeRecord, PlaceRecord, SavedRecord
from tensorlab.autograd.node import AccumulateGrad as AccumulateGrad
from tensorlab.autograd.node import Node as Node
from tensorlab.autograd.node import OpNode as OpNode
from tensorlab.autograd.saved_report import given_back, storages_of
from tensorlab.autograd.tape import Saved, Tape
from tensorlab.autograd.views import refreshed
from tensorlab.core.place import CodePlace, source_name
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor

_LONGEST = 120  # characters of a line of source


def nodes(tensor: Tensor) -> list[Node]:
    """Every node behind a tensor, the youngest first; empty for one without history."""
    if not isinstance(tensor.tape, Tape):
        return []
    first = refreshed(tensor).node
    found: dict[int, Node] = {}
    stack = [] if first is None else [first]
    while stack:
        node = stack.pop()
        if id(node) not in found:
            found[id(node)] = node
            stack += [e.node for e in node.edges if e is not None]
    return sorted(found.values(), key=lambda n: -n.serial)


def describe(
    tensor: Tensor,
    name: str = "",
    *,
    names: Mapping[str, Tensor] | None = None,
    letters: Mapping[str, range] | None = None,
) -> GraphReport:
    """The graph behind a tensor, what it has saved, and what a backward pass would free.

    ``names`` are tensors that have one, for leaves, results and saved tensors to be called by. ``letters`` are those of
    storages that are known by one, by the addresses of their bytes; other storages get those that are left.

    Nothing is computed and nothing changes. What is freed is exact where every node on the way gets a gradient, as it
    does unless a formula of the user's own gives None.
    Cost: some 40 us a node.

    >>> import tensorlab as tl
    >>> x = tl.ones(2, 3, requires_grad=True)
    >>> describe(x.exp().sum(), "y").freed_nbytes
    24
    """
    return _Describing(tensor, names or {}, letters or {}).report(name)


class _Describing:
    """One look at a graph."""

    def __init__(self, tensor: Tensor, names: Mapping[str, Tensor], letters: Mapping[str, range]) -> None:
        self.tensor = tensor
        every = nodes(tensor)
        self.nodes = [n for n in every if not isinstance(n, AccumulateGrad)]
        self.variables = [n for n in every if isinstance(n, AccumulateGrad)]
        self.numbers = {id(n): i + 1 for i, n in enumerate(self.nodes)}
        self.leaf_numbers = {id(n): i for i, n in enumerate(self.variables)}
        self.held = [n.held() for n in self.nodes]
        self.saved = [saved for held in self.held for _, saved in held or ()]
        self.names = names
        self.result_names: dict[tuple[int, int], list[str]] = {}
        self.tensor_names: dict[int, list[str]] = {}
        for key, value in names.items():
            self.tensor_names.setdefault(id(value), []).append(key)
            if isinstance(value.tape, Tape) and value.tape.node is not None:
                self.result_names.setdefault((id(value.tape.node), value.tape.index), []).append(key)
        self.letters = _Letters(letters)
        self.places: dict[CodePlace, PlaceRecord] = {}

    def report(self, name: str) -> GraphReport:
        """The record."""
        rows = [self._node(i) for i in range(len(self.nodes))]
        tensor = self.tensor
        return GraphReport(
            name=name,
            shape=tuple(tensor.shape),
            dtype=tensor.dtype.name,
            requires_grad=tensor.requires_grad,
            count=len(rows),
            rows=folded(rows),
            leaves=tuple(self._leaf(n) for n in self.variables),
            storages=self._storages(),
            saved_count=len(self.saved),
            moved=tuple(row.number for row in rows if row.moved),
            released=self.held.count(None),
        )

    def _node(self, i: int) -> NodeRecord:
        node, held = self.nodes[i], self.held[i]
        every = [(name, e) for name, e in zip(_inputs(node), node.edges, strict=True) if e is not None]
        further = [(name, self.numbers[id(e.node)]) for name, e in every if id(e.node) in self.numbers]
        leaves = [(name, self.leaf_numbers[id(e.node)]) for name, e in every if id(e.node) in self.leaf_numbers]
        results = [n for k in range(len(node.outputs)) for n in self.result_names.get((id(node), k), ())]
        return NodeRecord(
            number=i + 1,
            name=node.name,
            names=tuple(results),
            shapes=tuple(t.sizes for t in node.outputs if t is not None),
            place=self._place(node.place),
            saved=tuple(self._saved(name, s) for name, s in held or ()),
            released=held is None,
            next=tuple(number for _, number in further),
            leaves=tuple(number for _, number in leaves),
            inputs=tuple(name for name, _ in (*further, *leaves)),
        )

    def _saved(self, name: str, saved: Saved) -> SavedRecord:
        tensor, storage = saved.tensor, saved.storage
        first = next((place for version, place in storage.writes or () if version == saved.version + 1), None)
        return SavedRecord(
            name=name,
            letter=self.letters.of(storage.owner),
            shape=tuple(tensor.shape),
            dtype=tensor.dtype.name,
            nbytes=tensor.nbytes,
            version=saved.version,
            now=storage.version,
            names=tuple(self.tensor_names.get(id(tensor), ())),
            written=None if storage.version == saved.version else self._place(first),
        )

    def _leaf(self, node: AccumulateGrad) -> LeafRecord:
        leaf = node.variable
        grad = leaf.tape.grad if isinstance(leaf.tape, Tape) else None
        names = tuple(self.tensor_names.get(id(leaf), ()))
        return LeafRecord(names, tuple(leaf.shape), leaf.dtype.name, leaf.nbytes, 0 if grad is None else grad.nbytes)

    def _storages(self) -> tuple[HeldRecord, ...]:
        freed = given_back(self.saved)
        keepers: dict[int, list[str]] = {}
        for name, value in self.names.items():
            keepers.setdefault(id(value.storage().owner), []).append(name)
        return tuple(
            HeldRecord(
                letter=self.letters.of(s),
                nbytes=s.nbytes,
                block_nbytes=0 if s.allocator is None else s.pointer.nbytes,
                freed=id(s) in freed,
                kept_by=() if id(s) in freed else tuple(keepers.get(id(s), ())),
                address=s.address,
            )
            for s in storages_of(self.saved)
        )

    def _place(self, place: CodePlace | None) -> PlaceRecord | None:
        if place is None:
            return None
        found = self.places.get(place)
        if found is None:
            filename, line = place.code.co_filename, place.line
            text = linecache.getline(filename, line).strip()[:_LONGEST]
            found = self.places[place] = PlaceRecord(source_name(filename), line, text)
        return found


class _Letters:
    """Letters of storages: those that are known, then those that are left, as they are asked for."""

    def __init__(self, known: Mapping[str, range]) -> None:
        from tensorlab.core.sharing import letter

        self._letter: Callable[[int], str] = letter
        self._known = sorted((held.start, held.stop, name) for name, held in known.items() if held)
        self._taken = set(known)
        self._given: dict[int, str] = {}
        self._next = 0

    def of(self, storage: Storage) -> str:
        """The letter of a storage."""
        found = self._given.get(id(storage))
        if found is None:
            found = self._given[id(storage)] = self._by_place(storage) or self._fresh()
        return found

    def _by_place(self, storage: Storage) -> str | None:
        i = bisect_right(self._known, storage.address, key=lambda entry: entry[0]) - 1
        return self._known[i][2] if storage.nbytes and i >= 0 and storage.address < self._known[i][1] else None

    def _fresh(self) -> str:
        while (name := self._letter(self._next)) in self._taken:
            self._next += 1
        self._taken.add(name)
        return name


def _inputs(node: Node) -> list[str]:
    """What each edge's input is called: by the schema's name, or by its number where the node has no schema."""
    names = [f"input {i}" for i in range(len(node.edges))]
    if isinstance(node, OpNode):
        for name, at in (node.places or node.recipe.places or {}).items():
            if isinstance(at, int):
                names[at] = name
            else:
                names[slice(*at)] = [f"{name}[{i}]" for i in range(at[1] - at[0])]
    return names

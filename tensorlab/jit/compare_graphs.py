"""Two graphs side by side: which nodes of them are the same ones, whatever they print as and wherever they stand.

Nodes are the same by identity where both graphs come from one (their serials), else by what they compute: kind,
attributes, and inputs that are the same; what is left is paired by its kind, in order. Renumbering and reordering are
no difference. Nodes in fusion groups keep their identity and are compared as any others; in which loop a node stands
does count.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from tensorlab.jit.diff import DiffLine, Mark, Role
from tensorlab.jit.ir import CONSTANT, FUSION_GROUP, Block, Graph, Node, Value
from tensorlab.jit.records import PassRecord
from tensorlab.jit.text import Names, format_constant, format_node, format_results, name_graph
from tensorlab.jit.uncollected import uncollected

_MOST_PAIRS = 40_000  # of nodes that are looked at with one another, which takes time with their square
_SHORT = 24  # characters of a constant that is written where it is used


@dataclass(frozen=True, slots=True)
class GraphComparison:
    """The nodes of two graphs as lines: in both ``=``, in the first ``-``, in the second ``+``, in both but with other
    inputs, types or attributes, or in another loop ``~``. They stand in the order of the second; what only the first
    has, where it was. Constants have no lines: they belong to what takes them.
    """

    lines: tuple[DiffLine, ...]
    _marks: Counter[tuple[Mark, Role]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_marks", Counter((line.mark, line.role) for line in self.lines))

    @property
    def same(self) -> bool:
        """Whether nothing is in one graph alone or differs."""
        return all(mark == "=" for mark, _ in self._marks)

    def count(self, mark: Mark) -> int:
        """How many nodes have the mark."""
        return self._marks[mark, "node"]

    def to_dict(self) -> dict[str, object]:
        return {"same": self.same, "lines": [line.to_dict() for line in self.lines]}


@uncollected()
def compare_graphs(a: Graph, b: Graph, names: Names | None = None, *, texts: bool = True) -> GraphComparison:
    """Align two graphs and tell what differs; see `GraphComparison`.

    ``names`` are those that values have already, as of `names_in`. Without ``texts`` lines have marks alone, which
    takes half the time.

    Cost: linear in the nodes, but for those that only their order tells apart.
    """
    left, right = _Side(a), _Side(b)
    shared = left.serials & right.serials
    left.number(shared, forms := {})
    right.number(shared, forms)
    return _Comparison(left, right, names or Names(), texts=texts).told()


def names_in(records: Sequence[PassRecord]) -> Names:
    """The names that values have where the passes are shown, so that they have them in a comparison too."""
    names = Names()
    states = {id(graph): graph for record in records for graph in (record.before, record.after)}
    for graph in states.values():
        name_graph(graph, names, skip=lambda node: _is_short(node, names))
    return names


def _is_short(node: Node, names: Names) -> bool:
    """Whether a node is a constant that is written where it is used; its text is its name then."""
    if node.kind != CONSTANT:
        return False
    text = format_constant(node.attributes["value"], node.output.type)
    if len(text) > _SHORT:
        return False
    names.same(node.output, text)
    return True


@dataclass(frozen=True, slots=True)
class _Place:
    """A node that does something, the group it is in, and how many blocks it is in."""

    node: Node
    group: Node | None
    depth: int


def _places(block: Block, group: Node | None = None, depth: int = 0) -> Iterator[_Place]:
    for node in block.nodes:
        subgraph = node.attributes.get("subgraph")
        if node.kind == FUSION_GROUP and isinstance(subgraph, Graph):
            yield from _places(subgraph.block, node, depth)
        elif node.kind != CONSTANT:
            yield _Place(node, group, depth)
            for inner in node.blocks:
                yield from _places(inner, group, depth + 1)


class _Side:
    """One of the graphs: its nodes in order, and a key for every value that equal values of both sides share."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.places = list(_places(graph.block))
        self.serials = {place.node.serial for place in self.places}
        self.groups = {p.group.serial: p.group for p in self.places if p.group is not None}
        self.outer: dict[int, Value] = {}  # what a group's own parameters and results are outside it
        self.keys: dict[int, object] = {}
        self.forms: list[object] = []  # of each place
        for group in self.groups.values():
            inner: Graph = group.attributes["subgraph"]
            pairs = zip((*inner.outputs, *inner.inputs), (*group.outputs, *group.inputs), strict=True)
            for own, outside in pairs:
                self.outer.setdefault(own.serial, outside)

    def number(self, shared: set[int], forms: dict[object, int]) -> None:
        """Give every value its key: producers come before what takes them."""
        for index, value in enumerate(self.graph.inputs):
            self.keys[value.serial] = ("input", index)
        for place in self.places:
            node = place.node
            inputs = tuple(self.key(v) for v in node.inputs)
            form = forms.setdefault((node.kind, id(node.op), _attributes(node), inputs), len(forms))
            known: object = ("node", node.serial) if node.serial in shared else ("form", form)
            self.forms.append(known)
            for index, value in enumerate(node.outputs):
                self.keys[self.outside(value).serial] = (known, index)
            for number, block in enumerate(node.blocks):
                for index, value in enumerate(block.params):
                    self.keys[value.serial] = (known, number, index)

    def outside(self, value: Value) -> Value:
        return self.outer.get(value.serial, value)

    def key(self, value: Value) -> object:
        """What a value is, whichever side it is on."""
        value = self.outside(value)
        if value.is_constant:
            constant = value.constant
            return ("constant", str(value.type), id(constant) if hasattr(constant, "layout") else repr(constant))
        return self.keys.get(value.serial, ("value", value.serial))


class _Comparison:
    def __init__(self, left: _Side, right: _Side, names: Names, *, texts: bool) -> None:
        self.left, self.right, self.names, self.texts = left, right, names, texts
        self.mates: dict[int, int] = {}  # places on the right to places on the left
        self._pair_forms()
        self._pair_kinds()
        if texts:
            self._name()
        votes: defaultdict[int, Counter[int]] = defaultdict(Counter)
        for j, i in self.mates.items():
            ours, theirs = left.places[i].group, right.places[j].group
            if ours is not None and theirs is not None:
                votes[ours.serial][theirs.serial] += 1
        self.loops = {serial: count.most_common(1)[0][0] for serial, count in votes.items()}

    def told(self) -> GraphComparison:
        lines = [*self._inputs(), *self._nodes()]
        a, b = self.left.graph, self.right.graph
        note = self._exchanged(a.outputs, b.outputs)
        results = format_results(b.block, self.names) if self.texts else ""
        return GraphComparison((*lines, DiffLine("~" if note else "=", "results", 0, results, note)))

    # -- pairs

    def _pair_forms(self) -> None:
        waiting: defaultdict[object, deque[int]] = defaultdict(deque)
        for i, form in enumerate(self.left.forms):
            waiting[form].append(i)
        for j, form in enumerate(self.right.forms):
            if waiting[form]:
                self.mates[j] = waiting[form].popleft()

    def _pair_kinds(self) -> None:
        taken = set(self.mates.values())
        left = [i for i in range(len(self.left.places)) if i not in taken]
        right = [j for j in range(len(self.right.places)) if j not in self.mates]
        kinds = [self.left.places[i].node.kind for i in left], [self.right.places[j].node.kind for j in right]
        for a, b in _by_kind(*kinds):
            self.mates[right[b]] = left[a]
            ours, theirs = self.left.places[left[a]].node, self.right.places[right[b]].node
            for x, y in zip(ours.outputs, theirs.outputs, strict=False):
                self._join(x, y)

    def _join(self, x: Value, y: Value) -> None:
        """From now on, two values count as one."""
        x, y = self.left.outside(x), self.right.outside(y)
        self.left.keys[x.serial] = self.right.keys[y.serial] = ("pair", x.serial)

    def _name(self) -> None:
        """Equal values print alike; short constants as themselves."""
        for side in (self.left, self.right):
            graphs = [side.graph, *(g.attributes["subgraph"] for g in side.groups.values())]
            for node in (n for graph in graphs for n in graph.nodes()):
                _is_short(node, self.names)
        name_graph(self.left.graph, self.names)
        pairs = list(zip(self.left.graph.inputs, self.right.graph.inputs, strict=False))
        for j, i in self.mates.items():
            ours, theirs = self.left.places[i].node, self.right.places[j].node
            pairs += zip(ours.outputs, theirs.outputs, strict=False)
            for one, other in zip(ours.blocks, theirs.blocks, strict=False):
                pairs += zip(one.params, other.params, strict=False)
        for x, y in pairs:
            self.names.same(self.right.outside(y), self.names.of(self.left.outside(x)))
        name_graph(self.right.graph, self.names)

    # -- lines

    def _inputs(self) -> Iterator[DiffLine]:
        a, b = self.left.graph.inputs, self.right.graph.inputs
        for x, y in zip(a, b, strict=False):
            same = x.type == y.type
            text = f"{self.names.of(y)} : {y.type}"
            yield DiffLine("=" if same else "~", "input", 0, text, "" if same else f"was {x.type}")
        yield from (DiffLine("-", "input", 0, f"{self.names.of(v)} : {v.type}") for v in a[len(b) :])
        yield from (DiffLine("+", "input", 0, f"{self.names.of(v)} : {v.type}") for v in b[len(a) :])

    def _nodes(self) -> Iterator[DiffLine]:
        gone: defaultdict[int, list[_Place]] = defaultdict(list)
        paired = {i: j for j, i in self.mates.items()}
        anchor = -1
        for i, place in enumerate(self.left.places):
            anchor = paired.get(i, anchor)
            if i not in paired:
                gone[anchor].append(place)
        yield from self._alone("-", gone[-1])
        loop: Node | None = None
        numbers = {serial: number for number, serial in enumerate(self.right.groups)}
        for j, place in enumerate(self.right.places):
            if place.group is not None and place.group is not loop:
                number = numbers[place.group.serial]
                yield DiffLine("=", "block", place.depth, f"loop {number}:", node=place.group.serial)
            loop = place.group
            i = self.mates.get(j)
            if i is None:
                yield from self._alone("+", [place])
            else:
                yield self._both(self.left.places[i], place)
            yield from self._alone("-", gone[j])

    def _alone(self, mark: Mark, places: list[_Place]) -> Iterator[DiffLine]:
        for place in places:
            note = "in a loop" if place.group is not None and mark == "-" else ""
            yield self._line(mark, place, note)

    def _both(self, ours: _Place, theirs: _Place) -> DiffLine:
        notes: list[str] = []
        if (ours.group is None) != (theirs.group is None):
            notes.append("was in a loop" if theirs.group is None else "was no part of a loop")
        elif ours.group is not None and theirs.group is not None and self._moved(ours.group, theirs.group):
            notes.append("was in another loop")
        a, b = ours.node, theirs.node
        outputs = zip(a.outputs, b.outputs, strict=False)
        notes += [f"{self.names.of(y)} was {x.type}" for x, y in outputs if x.type != y.type]
        if _attributes(a) != _attributes(b) or a.op is not b.op or len(a.outputs) != len(b.outputs):
            notes.append(f"was {format_node(a, self.names)}")
        exchanged = self._exchanged(a.inputs, b.inputs)
        notes += [exchanged] if exchanged else []
        for one, other in zip(a.blocks, b.blocks, strict=False):
            exchanged = self._exchanged(one.results, other.results)
            notes += [f"gives: {exchanged}"] if exchanged else []
        return self._line("~" if notes else "=", theirs, ", ".join(notes))

    def _moved(self, ours: Node, theirs: Node) -> bool:
        return self.loops[ours.serial] != theirs.serial

    def _line(self, mark: Mark, place: _Place, note: str) -> DiffLine:
        node = place.node
        depth = place.depth + (place.group is not None and mark != "-")
        text = format_node(node, self.names) if self.texts else ""
        return DiffLine(mark, "node", depth, text, note, span=node.span, node=node.serial)

    def _exchanged(self, a: list[Value], b: list[Value]) -> str:
        if len(a) != len(b):
            return f"takes {len(b)} values, not {len(a)}"
        left, right, of = self.left, self.right, self.names.of
        pairs = [(left.outside(x), right.outside(y)) for x, y in zip(a, b, strict=True)]
        return ", ".join(f"{of(y)} was {of(x)}" for x, y in pairs if left.key(x) != right.key(y))


def _by_kind(a: list[str], b: list[str]) -> Iterator[tuple[int, int]]:
    """Places of the same kind in two lists: long runs of the same kinds, or one after the other in long lists."""
    if len(a) * len(b) <= _MOST_PAIRS:
        for block in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks():
            yield from ((block.a + k, block.b + k) for k in range(block.size))
        return
    waiting: defaultdict[str, deque[int]] = defaultdict(deque)
    for place, kind in enumerate(a):
        waiting[kind].append(place)
    for place, kind in enumerate(b):
        if waiting[kind]:
            yield waiting[kind].popleft(), place


def _attributes(node: Node) -> tuple[tuple[str, str], ...]:
    """What a node holds, as text: subgraphs and functions by their identity."""
    return tuple((key, str(id(value)) if callable(value) else str(value)) for key, value in node.attributes.items())

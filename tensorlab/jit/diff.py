"""What a pass changed, line by line, by identity: a node is the same one if its serial is, whatever it prints as.

So other names and another order are no difference: a node has moved where a rewrite says so, or where it stands in
another block than before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tensorlab.jit.ir import CONSTANT, Block, Graph, Node, Span, Value, walk
from tensorlab.jit.records import Decision
from tensorlab.jit.text import Names, format_block, format_node, format_results, name_graph

Mark = Literal["=", "-", "+", ">", "~", "↕"]
Role = Literal["input", "node", "block", "results"]

_MOST_COPIES = 4  # of a node, that are named


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line: kept ``=``, removed ``-``, added ``+``, replaced ``>``, of another type or form ``~``, moved ``↕``.

    ``note`` says what became of it (``→ %x``, ``%4 is now %x``; where n nodes became m others, ``→ %x, 3:6``),
    ``reason`` why, ``rule`` and ``location`` which rule.
    """

    mark: Mark
    role: Role
    depth: int
    text: str
    note: str = ""
    reason: str = ""
    rule: str = ""
    location: str = ""
    span: Span | None = None
    node: int | None = None

    def to_dict(self) -> dict[str, object]:
        return {
            "mark": self.mark,
            "role": self.role,
            "depth": self.depth,
            "text": self.text,
            "note": self.note,
            "reason": self.reason,
            "rule": self.rule,
            "location": self.location,
            "span": None if self.span is None else self.span.to_dict(),
            "node": self.node,
        }


def diff(before: Graph, after: Graph, decisions: Sequence[Decision], names: Names | None = None) -> list[DiffLine]:
    """The lines of both graphs in the order of ``after``; what went stands where it was.

    Share ``names`` between calls, and a value keeps its name through all passes.
    """
    return _Diff(before, after, decisions, names or Names()).lines()


class _Diff:
    def __init__(self, before: Graph, after: Graph, decisions: Sequence[Decision], names: Names) -> None:
        self.before = before
        self.after = after
        self.names = names
        for graph in (before, after):
            name_graph(graph, names)
        self.old_nodes = {n.serial: n for n in before.nodes()}
        self.new_nodes = {n.serial: n for n in after.nodes()}
        self.old_values = {v.serial: v for v in _values(before.block)}
        self.new_values = {v.serial: v for v in _values(after.block)}
        self.fate: dict[int, Decision] = {}
        self.origin: dict[int, Decision] = {}
        self.touched: dict[int, list[Decision]] = {}
        self.became: dict[int, int] = {}
        self.copies: dict[int, list[int]] = {}
        for decision in decisions:
            if not decision.refused:
                self.read(decision)
        self.originals = {copy.serial: n for n in self.old_nodes.values() for copy in self.copies_of(n.serial)}

    def read(self, decision: Decision) -> None:
        self.became.update((old, new) for old, new in decision.values if old != new)
        for original, copy in decision.copies:
            self.copies.setdefault(original, []).append(copy)
        for serial in decision.nodes_in:
            if serial in decision.nodes_out:
                self.touched.setdefault(serial, []).append(decision)
            else:
                self.fate[serial] = decision
        for serial in decision.nodes_out:
            if serial not in decision.nodes_in:
                self.origin.setdefault(serial, decision)

    def lines(self) -> list[DiffLine]:
        return [
            *(self.input(v) for v in self.after.inputs),
            *self.block(self.before.block, self.after.block, 0),
            self.results(self.before.block, self.after.block, 0),
        ]

    # -- blocks

    def block(self, old: Block | None, new: Block, depth: int) -> Iterator[DiffLine]:
        here = {n.serial for n in new.nodes}
        gone: dict[int | None, list[Node]] = {}
        anchor: int | None = None
        for node in old.nodes if old is not None else ():
            if node.serial in here:
                anchor = node.serial
            elif node.serial not in self.new_nodes:
                gone.setdefault(anchor, []).append(node)
        for node in gone.get(None, ()):
            yield from self.gone(node, depth)
        for node in new.nodes:
            yield from self.present(node, depth)
            for removed in gone.get(node.serial, ()):
                yield from self.gone(removed, depth)

    def present(self, node: Node, depth: int) -> Iterator[DiffLine]:
        """A node of the graph after, and what is inside it."""
        old = self.old_nodes.get(node.serial)
        yield self.added(node, depth) if old is None else self.kept(old, node, depth)
        for index, block in enumerate(node.blocks):
            before = old.blocks[index] if old is not None and index < len(old.blocks) else None
            same = before is None or _forms(before.params) == _forms(block.params)
            mark = "+" if old is None else "=" if same else "~"
            yield DiffLine(mark, "block", depth + 1, format_block(block, index, self.names), node=node.serial)
            yield from self.block(before, block, depth + 2)
            yield self.results(before, block, depth + 2)

    def gone(self, node: Node, depth: int) -> Iterator[DiffLine]:
        """A node that only the graph before has, with those inside it that are gone too."""
        decision = self.fate.get(node.serial)
        note = self.successors(node, decision)
        yield self.line(">" if note else "-", node, depth, note, decision)
        for index, block in enumerate(node.blocks):
            yield DiffLine("-", "block", depth + 1, format_block(block, index, self.names), node=node.serial)
            for inner in block.nodes:
                if inner.serial not in self.new_nodes:
                    yield from self.gone(inner, depth + 2)

    # -- lines

    def input(self, value: Value) -> DiffLine:
        old = self.old_values.get(value.serial)
        text = f"{self.names.of(value)} : {value.type}"
        if old is None or old.type == value.type:
            return DiffLine("=", "input", 0, text)
        return DiffLine("~", "input", 0, text, note=f"was {old.type}")

    def results(self, old: Block | None, new: Block, depth: int) -> DiffLine:
        note = "" if old is None else self.exchanged(old.results, new.results)
        return DiffLine("=", "results", depth, format_results(new, self.names), note=note)

    def added(self, node: Node, depth: int) -> DiffLine:
        original = self.originals.get(node.serial)
        note = "" if original is None else f"copy of {self.named(original)}"
        return self.line("+", node, depth, note, self.origin.get(node.serial))

    def kept(self, old: Node, new: Node, depth: int) -> DiffLine:
        notes = [f"{self.names.of(b)} was {a.type}" for a, b in _retyped(old.outputs, new.outputs)]
        left = {v.serial for v in new.outputs}
        notes += [f"{self.names.of(v)} is gone" for v in old.outputs if v.serial not in left]
        decisions = self.touched.get(new.serial, [])
        moved = self.moved(old, new, decisions)
        mark: Mark = "~" if notes else "↕" if moved else "="
        exchanged = self.exchanged(old.inputs, new.inputs)
        notes += [part for part in (exchanged, moved) if part]
        last = decisions[-1] if decisions else self.origin.get(new.serial) if moved else None
        return self.line(mark, new, depth, ", ".join(notes), last)

    def moved(self, old: Node, new: Node, decisions: Sequence[Decision]) -> str:
        """Where a node came from, if it moved."""
        was, now = _around(old), _around(new)
        if (was and was.serial) == (now and now.serial):
            return "moved" if any(d.kind == "move" for d in decisions) else ""
        if was is not None and (now is None or any(n.serial == now.serial for n in _outside(was))):
            return f"moved out of {was.kind}"
        return f"moved into {now.kind}" if now is not None else "moved"

    def line(self, mark: Mark, node: Node, depth: int, note: str, decision: Decision | None) -> DiffLine:
        text = format_node(node, self.names)
        why = ("", "", "") if decision is None else (decision.reason, decision.rule, decision.location)
        return DiffLine(mark, "node", depth, text, note, *why, span=node.span, node=node.serial)

    # -- what became what

    def exchanged(self, old: Sequence[Value], new: Sequence[Value]) -> str:
        """``%4 is now %x``, for every place that takes another value."""
        if len(old) != len(new):
            return f"takes {len(new)} values, took {len(old)}"
        pairs = [(self.names.of(a), self.names.of(b)) for a, b in zip(old, new, strict=True) if a.serial != b.serial]
        return ", ".join(f"{a} is now {b}" for a, b in dict.fromkeys(pairs))

    def successors(self, node: Node, decision: Decision | None) -> str:
        """``→ %x``: what stands for a node that is gone."""
        values = [self.successor(v) for v in node.outputs]
        found = [f"{self.names.of(v)}" for v in values if v is not None]
        if found:
            return ", ".join([f"→ {', '.join(found)}", *self.ratio(decision)])
        copies = list(self.copies_of(node.serial))
        if copies:
            named = [self.named(copy) for copy in copies[:_MOST_COPIES]]
            more = [f"and {len(copies) - _MOST_COPIES} more"] if len(copies) > _MOST_COPIES else []
            return f"→ {', '.join([*named, *more])}"
        for serial in () if decision is None else decision.nodes_out:
            node_after = self.new_nodes.get(serial)
            if node_after is not None and isinstance(node_after.attributes.get("subgraph"), Graph):
                return f"→ in {node_after.kind}_{self.names.group(node_after)}"
        return ""

    def named(self, node: Node) -> str:
        """What a node gives, by name; its kind where it gives nothing."""
        return ", ".join(map(self.names.of, node.outputs)) or node.kind

    def ratio(self, decision: Decision | None) -> list[str]:
        """``3:6`` where other than one node became one other; constants are not counted."""
        if decision is None:
            return []
        gone = [self.old_nodes[s] for s in decision.nodes_in if s in self.old_nodes and s not in self.new_nodes]
        made = [self.new_nodes[s] for s in decision.nodes_out if s in self.new_nodes and s not in self.old_nodes]
        n, m = (sum(node.kind != CONSTANT for node in nodes) for nodes in (gone, made))
        return [f"{n}:{m}"] if m and (n, m) != (1, 1) else []

    def copies_of(self, serial: int) -> Iterator[Node]:
        """The copies of a node that are left, those of copies that went again among them."""
        for copy in self.copies.get(serial, ()):
            if copy in self.new_nodes:
                yield self.new_nodes[copy]
            else:
                yield from self.copies_of(copy)

    def successor(self, value: Value) -> Value | None:
        serial = value.serial
        while serial not in self.new_values and serial in self.became:
            serial = self.became[serial]
        return self.new_values.get(serial) if serial != value.serial else None


def _values(block: Block) -> Iterator[Value]:
    yield from block.params
    for node in walk(block):
        yield from node.outputs
        for inner in node.blocks:
            yield from inner.params


def _around(node: Node) -> Node | None:
    """The node that a node stands in a block of."""
    return None if node.owner is None else node.owner.owner


def _outside(node: Node) -> Iterator[Node]:
    """The nodes around a node, from the innermost on."""
    around = _around(node)
    while around is not None:
        yield around
        around = _around(around)


def _forms(values: Sequence[Value]) -> list[tuple[int, str]]:
    return [(v.serial, str(v.type)) for v in values]


def _retyped(old: Sequence[Value], new: Sequence[Value]) -> list[tuple[Value, Value]]:
    before = {v.serial: v for v in old}
    return [(before[v.serial], v) for v in new if v.serial in before and before[v.serial].type != v.type]

"""Changing a graph, with a record of each change: what became what, by which rule, and why.

A pass is a function over a `Rewriter`. Nodes that it makes with `builder_before` are the outcome of the next rewrite
that it reports, so a rewrite may take n nodes to m. After ``limit`` rewrites the next one does not happen: the nodes
made for it are taken back and `OutOfRewrites` ends the pass, with a whole graph in hand.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tensorlab.autograd.graph import source_name
from tensorlab.core.types import TensorType, TupleType, Type
from tensorlab.errors import GraphError
from tensorlab.jit import edit
from tensorlab.jit.build import Builder
from tensorlab.jit.ir import FUSION_GROUP, LOOP, TUPLE_CONSTRUCT, TUPLE_UNPACK, Block, Graph, Node, Use, Value, walk
from tensorlab.jit.records import Decision, DecisionKind


class OutOfRewrites(Exception):  # noqa: N818 - no error: it ends a pass
    """Ends a pass that may not rewrite any more; the pipeline catches it."""


@dataclass(frozen=True, slots=True)
class Pass:
    """A named transformation: ``run(rewriter, **options)``.

    ``tolerance`` is how far results may move where it computes the same in another way, relative to values above 1.
    """

    name: str
    run: Callable[..., None]
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tolerance: float = 0.0

    @property
    def about(self) -> str:
        """The first line of the function's docstring."""
        return (self.run.__doc__ or "").strip().split("\n")[0]

    def __str__(self) -> str:
        return self.name


def location_of(rule: Callable[..., Any]) -> str:
    """Where a rule is written, ``peephole.py:41``, or ``cell:3`` in a notebook."""
    code = rule.__code__
    return f"{source_name(code.co_filename)}:{code.co_firstlineno}"


def _caller() -> str:
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return f"{source_name(frame.f_code.co_filename)}:{frame.f_lineno}"


def inner_serials(node: Node) -> tuple[int, ...]:
    """A node's serial, and those of all nodes inside it."""
    return (node.serial, *(n.serial for block in node.blocks for n in walk(block)))


class Rewriter:
    """The only way in which passes change ``graph``; ``decisions`` is what they did, in order, ``count`` how many
    rewrites that were: one may have several decisions.
    """

    def __init__(self, graph: Graph, *, limit: int | None = None) -> None:
        self.graph = graph
        self.decisions: list[Decision] = []
        self.left = limit
        self.count = 0
        self._made: list[Node] = []
        self._copies: list[tuple[int, int]] = []
        self._refused: set[tuple[str, int, int | None]] = set()

    # -- making

    def builder_before(self, node: Node) -> Builder:
        """A builder whose nodes belong to the next rewrite; they get the source place of ``node``."""
        block = edit.home(node)
        made, copied = self._made.append, self._copies.append
        return Builder(block, edit.position(node), span=node.span, made=made, copied=copied)

    # -- rewriting

    def replace(
        self,
        old: Sequence[Node],
        new: Mapping[Value, Value],
        *,
        rule: str,
        reason: str,
        location: str = "",
        uses: Sequence[tuple[Use, Value]] = (),
    ) -> None:
        """Let each old output be its new value everywhere, and remove the old nodes (given in order of text).

        ``uses`` are single places that take another value besides.

        Raises: `GraphError` where an output without a new value is used.
        """
        self._begin()
        made = {n.serial for n in self._made}
        serials = [s for node in old for s in inner_serials(node)]
        for use, value in uses:
            edit.set_use(use, value)
        for before, after in new.items():
            if after.producer is not None and after.producer.serial in made and not after.name:
                after.name = before.name
            edit.replace_uses(before, after)
        for node in reversed(old):
            edit.erase(node)
        producers = [v.producer.serial for v in new.values() if v.producer is not None]
        pairs = tuple((a.serial, b.serial) for a, b in new.items())
        self._note("replace", rule, reason, location, serials, producers, pairs)

    def replace_value(self, old: Value, new: Value, *, rule: str, reason: str, location: str = "") -> None:
        """Let everything that takes ``old`` take ``new``; what gives ``old`` stays."""
        self._begin()
        edit.replace_uses(old, new)
        serials = [] if old.producer is None else [old.producer.serial]
        producers = [] if new.producer is None else [new.producer.serial]
        self._note("replace", rule, reason, location, serials, serials + producers, ((old.serial, new.serial),))

    def remove(self, node: Node, *, rule: str, reason: str, location: str = "") -> None:
        """Remove a node that nothing uses.

        Raises: `GraphError` if something does.
        """
        self._begin()
        serials = inner_serials(node)
        edit.erase(node)
        self._note("remove", rule, reason, location, serials)

    def drop_output(self, node: Node, index: int, *, rule: str, reason: str, location: str = "") -> None:
        """Take an unused output of an if away, or an unused carried value of a loop, whose body may still compute it.

        Raises: `GraphError` if the output is used.
        """
        self._begin()
        edit.remove_output(node, index)
        carried = int(node.kind == LOOP)
        for block in node.blocks:
            edit.remove_result(block, index + carried)
            if carried:
                # What still reads it inside only fed the value that is going.
                edit.replace_uses(block.params[index + 1], node.inputs[index + 2])
                edit.remove_param(block, index + 1)
        if carried:
            edit.remove_input(node, index + 2)
        self._note("remove", rule, reason, location, [node.serial], [node.serial])

    def split_output(self, node: Node, index: int, *, rule: str, reason: str, location: str = "") -> None:
        """Let an if give the elements of a tuple instead of it, or a loop carry them; after it they are put together.

        What the blocks give and take is a tuple, or was put together by a ``prim::TupleConstruct`` already.
        """
        self._begin()
        old = node.outputs[index]
        carried = int(node.kind == LOOP)
        if not isinstance(old.type, TupleType):
            raise GraphError(f"output {index} of {edit.describe(node)} is no tuple: {old.type}")
        if carried:
            init = self._elements(node.inputs[index + 2], edit.home(node), node)
            for value in init:
                edit.insert_input(node, len(node.inputs), value)
        for block in node.blocks:
            for value in self._elements(block.results[index + carried], block, None):
                edit.insert_result(block, len(block.results), value)
            if carried:
                param = block.params[index + 1]
                params = [edit.add_param(block, t) for t in old.type.elements]
                self._tuple(param, params, block, block.nodes[0] if block.nodes else None)
        outputs = [edit.add_output(node, t) for t in old.type.elements]
        home = edit.home(node)
        following = home.nodes[edit.position(node) + 1 :]
        made = self._tuple(old, outputs, home, following[0] if following else None)
        edit.remove_output(node, index)
        for block in node.blocks:
            edit.remove_result(block, index + carried)
            if carried:
                edit.remove_param(block, index + 1)
        if carried:
            edit.remove_input(node, index + 2)
        self._note("replace", rule, reason, location, [node.serial], [node.serial], ((old.serial, made.serial),))

    def _elements(self, value: Value, block: Block, before: Node | None) -> list[Value]:
        """The elements of a tuple, as far as they are not known taken out of it in a block, before a node."""
        if value.producer is not None and value.producer.kind == TUPLE_CONSTRUCT:
            return value.producer.inputs
        types = value.type.elements if isinstance(value.type, TupleType) else ()
        builder = Builder(block, None if before is None else edit.position(before), made=self._made.append)
        return builder.node(TUPLE_UNPACK, [value], types).outputs

    def _tuple(self, old: Value, elements: Sequence[Value], block: Block, before: Node | None) -> Value:
        """Put elements together in a block, before a node, for whoever took ``old``."""
        builder = Builder(block, None if before is None else edit.position(before), made=self._made.append)
        made = builder.node(TUPLE_CONSTRUCT, elements, [old.type], names=[old.name] if old.name else ()).output
        edit.replace_uses(old, made)
        return made

    def splice(
        self, node: Node, block: Block, arguments: Sequence[Value], *, rule: str, reason: str, location: str = ""
    ) -> None:
        """Run one block of a node in its place: its nodes move before the node, its results become the outputs.

        A loop's block gives its condition first, which goes.
        """
        self._begin()
        serials = [s for s in inner_serials(node) if s not in {n.serial for n in walk(block)}]
        moved = [n.serial for n in block.nodes]
        for param, argument in zip(block.params, arguments, strict=True):
            edit.replace_uses(param, argument)
        for inner in list(block.nodes):
            edit.detach(inner)
            edit.place(inner, edit.home(node), before=node)
        results = block.results[1:] if node.kind == LOOP else block.results
        pairs = tuple((a.serial, b.serial) for a, b in zip(node.outputs, results, strict=True))
        for output, result in zip(node.outputs, list(results), strict=True):
            edit.replace_uses(output, result)
        edit.erase(node)
        self._note("replace", rule, reason, location, serials, moved, pairs)

    def enclose(self, nodes: Sequence[Node], *, rule: str, reason: str, kind: str = FUSION_GROUP) -> Node:
        """Put nodes of one block (in order of text) into a subgraph; a group stands where the last one stood.

        Nodes keep their identity inside. Values that others take stay the same values, given by the group; what is
        constant and no tensor is copied in; all else becomes an input.

        Raises: `GraphError` for a node with blocks.
        """
        for node in nodes:
            if node.blocks:
                raise GraphError(f"{edit.describe(node)} has blocks and cannot stand in a group")
        self._begin()
        group = self.builder_before(nodes[-1]).node(kind, attributes={"subgraph": Graph(kind.partition("::")[2])})
        self._made.clear()
        serials = [s for node in nodes for s in inner_serials(node)]
        self._copies += _fill(group, nodes)
        self._note("replace", rule, reason, "", serials, [group.serial])
        return group

    def retype(self, types: Mapping[Value, Type], *, rule: str, reason: str = "", location: str = "") -> None:
        """Give values other types: one rewrite, since types hang together, with a decision for each value."""
        self._begin()
        for value, type_ in types.items():
            why = reason or f"was {value.type}, is {type_}"
            value.type = type_
            serials = [] if value.producer is None else [value.producer.serial]
            self._note("retype", rule, why, location, serials, serials, ((value.serial, value.serial),))

    def move(self, node: Node, before: Node | None, *, rule: str, reason: str, location: str = "") -> None:
        """Put a node before another, of this or an outer block, or at its own block's end."""
        self._begin()
        block = edit.home(node if before is None else before)
        edit.detach(node)
        edit.place(node, block, before)
        self._note("move", rule, reason, location, [node.serial], [node.serial])

    # -- not rewriting

    def refuse(
        self, node: Node, *, rule: str, reason: str, blocker: Node | Value | None = None, location: str = ""
    ) -> None:
        """Record that a rule left ``node`` as it was, and what stood in its way; once for each of these."""
        what = None if blocker is None else blocker.serial
        key = (rule, node.serial, what)
        if key in self._refused:
            return
        self._refused.add(key)
        self.decisions.append(
            Decision(rule, location or _caller(), "refuse", reason, nodes_in=(node.serial,), blocker=what)
        )

    # -- bookkeeping

    def _begin(self) -> None:
        if self.left is not None:
            if self.left <= 0:
                self._take_back()
                raise OutOfRewrites
            self.left -= 1
        self.count += 1

    def _take_back(self) -> None:
        made = set(map(id, self._made))
        for node in reversed(self._made):
            owner = edit.home(node).owner
            if owner is None or id(owner) not in made:  # what is inside another one goes with it
                edit.erase(node)
        self._made.clear()
        self._copies.clear()

    def _note(
        self,
        kind: DecisionKind,
        rule: str,
        reason: str,
        location: str,
        nodes_in: Sequence[int] = (),
        nodes_out: Sequence[int] = (),
        values: tuple[tuple[int, int], ...] = (),
    ) -> None:
        out = tuple(dict.fromkeys([*(n.serial for n in self._made), *nodes_out]))
        copies = tuple(self._copies)
        self._made.clear()
        self._copies.clear()
        where = location or _caller()
        self.decisions.append(Decision(rule, where, kind, reason, tuple(nodes_in), out, values, copies=copies))


def _fill(group: Node, nodes: Sequence[Node]) -> list[tuple[int, int]]:
    """Move ``nodes`` into the subgraph of ``group``, which has no inputs and outputs yet.

    Returns the serials of the constants that were copied into it, each with its copy's.
    """
    subgraph: Graph = group.attributes["subgraph"]
    members = set(map(id, nodes))
    inside: dict[Value, Value] = {}
    for node in nodes:
        edit.detach(node)
        edit.place(node, subgraph.block)
    for node in nodes:
        for index, value in enumerate(node.inputs):
            if value.producer is None or id(value.producer) not in members:
                edit.set_input(node, index, _enter(group, value, inside))
        for index, value in enumerate(node.outputs):
            outer = [u for u in value.uses if id(u.user) not in members]
            if outer:
                node.outputs[index] = _leave(group, value, node)
    pairs = [(outer.producer, inner.producer) for outer, inner in inside.items()]
    return [(a.serial, b.serial) for a, b in pairs if a is not None and b is not None]


def _enter(group: Node, value: Value, inside: dict[Value, Value]) -> Value:
    """What stands for an outer value in the subgraph."""
    if value not in inside:
        subgraph: Graph = group.attributes["subgraph"]
        if value.is_constant and not isinstance(value.type, TensorType):
            builder = Builder(subgraph.block, 0, span=value.producer.span if value.producer else None)
            inside[value] = builder.constant(value.constant, type_=value.type, name=value.name)
        else:
            inside[value] = edit.add_param(subgraph.block, value.type, value.name)
            edit.insert_input(group, len(group.inputs), value)
    return inside[value]


def _leave(group: Node, value: Value, node: Node) -> Value:
    """Make ``value``, given by a node in the subgraph, an output of the group; returns the node's new output."""
    subgraph: Graph = group.attributes["subgraph"]
    inner = Value(value.type, value.name, producer=node)
    for use in list(value.uses):
        if isinstance(use.user, Node) and use.user.owner is subgraph.block:
            edit.set_input(use.user, use.index, inner)
    edit.insert_result(subgraph.block, len(subgraph.block.results), inner)
    value.producer = group
    group.outputs.append(value)
    return inner

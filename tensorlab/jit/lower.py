"""Lowering: an optimised graph becomes the text of a Python function over compiled loops.

Fusion groups and single pointwise ops are calls of loops, other ops are calls of their evaluators, ifs and loops are
Python's own. Results of loops that no one outside can see lie in an arena, planned ahead where the shapes are known;
a name is deleted at its last use, so that everything else goes back to the allocator there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tensorlab.core.pointwise import EagerPointwise, is_literal
from tensorlab.core.region import Ref, Region, Source, Step
from tensorlab.core.types import TensorType
from tensorlab.errors import GraphError
from tensorlab.jit import ir
from tensorlab.jit.arena import Arena, plan_arena
from tensorlab.jit.ir import CONSTANT, Block, Graph, Node, Value
from tensorlab.jit.program import FusedLoop, raise_script


@dataclass(slots=True)
class Lowered:
    """The text of a program, the names that it uses, its loops in order, and its arena."""

    text: str
    names: dict[str, Any]
    loops: tuple[FusedLoop, ...]
    arena: Arena


def lower(graph: Graph) -> Lowered:
    """Turn a graph into the text of a function ``program``.

    Raises: `GraphError` for a node that nothing can run.
    """
    emitter = _Emitter(plan_arena(graph))
    emitter.function(graph)
    return Lowered("\n".join(emitter.lines) + "\n", emitter.names, tuple(emitter.loops), emitter.arena)


def region_of(subgraph: Graph) -> tuple[Region, tuple[int, ...], tuple[int, ...]]:
    """A fusion group's subgraph as a region, with the positions of its tensor inputs and of its number inputs.

    Raises: `GraphError` for a node that is not pointwise.
    """
    refs: dict[int, Ref] = {}
    tensors: list[int] = []
    numbers: list[int] = []
    for position, value in enumerate(subgraph.inputs):
        kind, places = (Source.INPUT, tensors) if isinstance(value.type, TensorType) else (Source.PARAM, numbers)
        refs[value.serial] = Ref(kind, len(places))
        places.append(position)
    steps: list[Step] = []
    for node in subgraph.block.nodes:
        if node.kind == CONSTANT:
            refs[node.output.serial] = Ref(Source.LITERAL, literal=node.attributes["value"])
            continue
        if node.op is None or "scalar" not in node.op.rules:
            raise GraphError(f"fusion group: {node.kind} is not pointwise")
        steps.append(Step(node.op, tuple(refs[v.serial] for v in node.inputs)))
        refs[node.output.serial] = Ref(Source.STEP, len(steps) - 1)
    outputs = tuple(refs[v.serial].index for v in subgraph.outputs)
    return Region(len(tensors), len(numbers), tuple(steps), outputs), tuple(tensors), tuple(numbers)


@dataclass(slots=True)
class _Emitter:
    arena: Arena
    lines: list[str] = field(default_factory=list[str])
    names: dict[str, Any] = field(default_factory=dict[str, Any])
    loops: list[FusedLoop] = field(default_factory=list[FusedLoop])
    indent: str = ""
    _texts: dict[int, str] = field(default_factory=dict[int, str])
    _runs: dict[str, str] = field(default_factory=dict[str, str])  # op name -> name of its evaluator
    _taken: set[str] = field(default_factory=lambda: {"program", "arena", "storage", "raise_script", "print"})
    _last: dict[int, int] = field(default_factory=dict[int, int])  # value serial -> serial of the node of its last use
    _home: dict[int, Block | None] = field(default_factory=dict[int, "Block | None"])

    def function(self, graph: Graph) -> None:
        inputs = [self._name(v) for v in graph.inputs]
        self.lines.append(f"def program({', '.join(inputs)}):")
        self.indent = "    "
        if self.arena.nbytes:
            self.names["arena"] = self.arena
            self._line(
                "storage = arena.storage()", f"{self.arena.nbytes} bytes for {len(self.arena.places)} temporaries"
            )
        self._find_last_uses(graph.block)
        self._block(graph.block)
        self._line(f"return {self._tuple(graph.outputs)}")

    # Names and values

    def _line(self, text: str, comment: str = "") -> None:
        self.lines.append(f"{self.indent}{text}{f'  # {comment}' if comment else ''}")

    def _name(self, value: Value) -> str:
        base = value.name.replace(".", "_") if value.name.replace(".", "_").isidentifier() else f"v{value.serial}"
        name, count = base, 1
        while name in self._taken or name in self.names:
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name)
        self._texts[value.serial] = name
        return name

    def _text(self, value: Value) -> str:
        return self._texts[value.serial]

    def _tuple(self, values: Sequence[Value]) -> str:
        texts = [self._text(v) for v in values]
        return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"

    def _bind(self, base: str, value: object) -> str:
        """A name of the function's globals for an object."""
        name, count = base, 1
        while name in self._taken or (name in self.names and self.names[name] is not value):
            count += 1
            name = f"{base}_{count}"
        self.names[name] = value
        return name

    # Last uses

    def _find_last_uses(self, block: Block) -> None:
        for node in block.nodes:
            for value in self._read_by(node):
                self._last[value.serial] = node.serial
            for value in node.outputs:
                self._home[value.serial] = block
            for inner in node.blocks:
                for value in inner.params:
                    self._home[value.serial] = inner
                self._find_last_uses(inner)
        for value in block.results:
            self._last[value.serial] = -1

    def _read_by(self, node: Node) -> Iterator[Value]:
        yield from node.inputs
        for block in node.blocks:
            for inner in block.nodes:
                yield from self._read_by(inner)
            yield from block.results

    def _delete_dead(self, node: Node, block: Block) -> None:
        """Names of tensors read here for the last time, if they were made in this block."""
        read = {v.serial: v for v in self._read_by(node)}
        dead = [
            self._text(v)
            for v in read.values()
            if self._last.get(v.serial) == node.serial
            and self._home.get(v.serial) is block
            and isinstance(v.type, TensorType)
            and not v.is_constant
        ]
        unused = [self._text(v) for v in node.outputs if not v.uses and isinstance(v.type, TensorType)]
        if node.kind != CONSTANT and (dead or unused):
            self._line(f"del {', '.join(dict.fromkeys([*dead, *unused]))}")

    # Nodes

    def _block(self, block: Block) -> None:
        for node in block.nodes:
            self._node(node)
            self._delete_dead(node, block)

    def _node(self, node: Node) -> None:
        match node.kind:
            case ir.CONSTANT:
                self._constant(node)
            case ir.FUSION_GROUP:
                self._loop_call(node, *region_of(node.attributes["subgraph"]), node.inputs)
            case ir.IF:
                self._if(node)
            case ir.LOOP:
                self._loop(node)
            case ir.TUPLE_CONSTRUCT:
                self._line(f"{self._name(node.output)} = {self._tuple(node.inputs)}")
            case ir.LIST_CONSTRUCT:
                texts = ", ".join(self._text(v) for v in node.inputs)
                self._line(f"{self._name(node.output)} = [{texts}]")
            case ir.TUPLE_UNPACK:
                names = [self._name(v) for v in node.outputs]
                self._line(f"{', '.join(names)}, = {self._text(node.inputs[0])}")
            case ir.PRINT:
                self._line(f"print({', '.join(self._text(v) for v in node.inputs)})", self._place(node))
            case ir.RAISE:
                self.names["raise_script"] = raise_script
                texts = "".join(f", {self._text(v)}" for v in node.inputs)
                self._line(f"raise_script({self._place(node)!r}{texts})")
            case _:
                self._op(node)

    def _constant(self, node: Node) -> None:
        value = node.attributes.get("value")
        if value is None or type(value) in (bool, int, str) or (type(value) is float and math.isfinite(value)):
            self._texts[node.output.serial] = repr(value)
        else:
            self._texts[node.output.serial] = self._bind(f"c{node.output.serial}", value)

    def _op(self, node: Node) -> None:
        op = node.op
        if op is None or op.evaluate is None:
            raise GraphError(f"{node.kind} cannot be lowered: no op is declared for it")
        if isinstance(op.evaluate, EagerPointwise):
            self._pointwise(node)
            return
        run = self._runs.get(op.name)
        if run is None:
            run = self._runs[op.name] = self._bind(op.name.replace(".", "_"), op.run)
        call = f"{run}({self._tuple(node.inputs)})"
        names = [self._name(v) for v in node.outputs]
        target = f"{names[0]} = " if len(names) == 1 else f"{', '.join(names)} = " if names else ""
        self._line(f"{target}{call}", self._place(node))

    def _pointwise(self, node: Node) -> None:
        """A pointwise op that was not fused is a region of one step."""
        refs: list[Ref] = []
        tensors: list[int] = []
        numbers: list[int] = []
        assert node.op is not None
        for position, (param, value) in enumerate(zip(node.op.schema.params, node.inputs, strict=True)):
            if value.is_constant and not isinstance(value.type, TensorType):
                literal = is_literal(node.op, param.name, param.default, value.constant)
                if literal:
                    refs.append(Ref(Source.LITERAL, literal=value.constant))
                    continue
            kind, places = (Source.INPUT, tensors) if isinstance(value.type, TensorType) else (Source.PARAM, numbers)
            refs.append(Ref(kind, len(places)))
            places.append(position)
        region = Region(len(tensors), len(numbers), (Step(node.op, tuple(refs)),), (0,))
        self._loop_call(node, region, tuple(tensors), tuple(numbers), node.inputs)

    def _loop_call(
        self, node: Node, region: Region, tensors: tuple[int, ...], numbers: tuple[int, ...], inputs: Sequence[Value]
    ) -> None:
        names = [s.op.schema.name for s in region.steps]
        loop = FusedLoop(f"loop{len(self.loops)}_{'_'.join(names)}"[:48].rstrip("_"), region)
        self.loops.append(loop)
        name = self._bind(loop.name, loop)
        arguments = [self._text(inputs[i]) for i in (*tensors, *numbers)]
        places = [self.arena.places.get(v.serial) for v in node.outputs]
        results = [self._name(v) for v in node.outputs]
        target = f"{results[0]} = " if len(results) == 1 else f"{', '.join(results)} = "
        if all(p is not None for p in places):
            offsets = ", ".join(str(p.offset) for p in places if p is not None)
            into = self._bind(f"{loop.name}_into", loop.into)
            self._line(f"{target}{into}(storage, ({offsets},), {', '.join(arguments)})", self._place(node))
        else:
            self._line(f"{target}{name}({', '.join(arguments)})", self._place(node))

    def _place(self, node: Node) -> str:
        return "" if node.span is None else f"line {node.span.line}"

    # Control flow

    def _if(self, node: Node) -> None:
        names = [self._name(v) for v in node.outputs]
        for head, block in zip((f"if {self._text(node.inputs[0])}:", "else:"), node.blocks, strict=True):
            self._line(head)
            self._inside(block, names)

    def _inside(self, block: Block, names: Sequence[str]) -> None:
        outer, self.indent = self.indent, self.indent + "    "
        before = len(self.lines)
        self._block(block)
        results = [self._text(v) for v in block.results]
        if names:
            self._line(f"{', '.join(names)} = {', '.join(results)}")
        if len(self.lines) == before:
            self._line("pass")
        self.indent = outer

    def _loop(self, node: Node) -> None:
        (body,) = node.blocks
        trip, condition, *carried = [self._text(v) for v in node.inputs]
        turn, *params = [self._name(v) for v in body.params]
        names = [self._name(v) for v in node.outputs]
        go = self._bind_local("go")
        if carried:
            self._line(f"{', '.join(params)} = {', '.join(carried)}")
        self._line(f"{turn}, {go} = 0, {condition}")
        self._line(f"while {go} and {turn} < {trip}:")
        outer, self.indent = self.indent, self.indent + "    "
        self._block(body)
        keep, *results = [self._text(v) for v in body.results]
        targets = [go, *params]
        self._line(f"{', '.join(targets)} = {', '.join([keep, *results])}")
        self._line(f"{turn} += 1")
        self.indent = outer
        if names:
            self._line(f"{', '.join(names)} = {', '.join(params)}")

    def _bind_local(self, base: str) -> str:
        name, count = base, 1
        while name in self._taken:
            count += 1
            name = f"{base}{count}"
        self._taken.add(name)
        return name

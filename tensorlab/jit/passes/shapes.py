"""Shapes and dtypes, carried forward from the inputs through every op's type rule.

Only the inputs' types (and constants) are believed: what a trace noted about its example is found again if it follows
from them, and forgotten if it does not. So one graph serves any inputs: give them their types and run this first.
"""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.core.op import infer
from tensorlab.core.types import NONE, TENSOR, ListType, OptionalType, TensorType, TupleType, Type, unify
from tensorlab.errors import GraphError, TensorlabError
from tensorlab.jit.alias import is_opaque
from tensorlab.jit.build import is_fixed, known
from tensorlab.jit.ir import (
    FUSION_GROUP,
    IF,
    LIST_CONSTRUCT,
    LOOP,
    TUPLE_CONSTRUCT,
    TUPLE_UNPACK,
    Block,
    Graph,
    Node,
    Value,
)
from tensorlab.jit.rewrite import Pass, Rewriter
from tensorlab.ops.composed_types import element_types


def run(rewriter: Rewriter, *, inputs: Sequence[Type] | None = None) -> None:
    """Find out shapes and dtypes from those of the inputs.

    Raises: `GraphError` if the number of types is not that of the inputs.
    """
    graph = rewriter.graph
    if inputs is not None and len(inputs) != len(graph.inputs):
        raise GraphError(f"shapes: got {len(inputs)} types for {len(graph.inputs)} inputs")
    found = _Types(rewriter)
    for value, type_ in zip(graph.inputs, inputs or (), strict=False):
        found.note(value, type_)
    found.block(graph.block)
    found.apply(graph)


shapes = Pass("shapes", run)


def specialised(inputs: Sequence[Type]) -> Pass:
    """The pass for inputs of these types."""
    return Pass("shapes", run, {"inputs": tuple(inputs)})


class _Types:
    """The types found so far, by value; written into the graph at the end, when loops have settled."""

    def __init__(self, rewriter: Rewriter) -> None:
        self.rewriter = rewriter
        self.found: dict[int, Type] = {}
        self.elements: dict[int, tuple[Type, ...]] = {}  # by a list of tensors that an op gave: what is in it
        self.failed: list[tuple[Node, str]] = []

    def of(self, value: Value) -> Type:
        return self.found.get(value.serial, value.type)

    def note(self, value: Value, type_: Type) -> None:
        self.found[value.serial] = type_

    def block(self, block: Block) -> None:
        for node in block.nodes:
            self.node(node)

    def node(self, node: Node) -> None:
        if node.op is not None:
            self.op(node)
        elif node.kind == TUPLE_CONSTRUCT:
            made = node.output.type
            named = (made.names, made.python) if isinstance(made, TupleType) else ()
            self.note(node.output, TupleType(tuple(map(self.of, node.inputs)), *named))
        else:
            rules = {IF: self.if_, LOOP: self.loop, LIST_CONSTRUCT: self.list, TUPLE_UNPACK: self.unpack}
            rule = rules.get(node.kind, self.group if node.kind == FUSION_GROUP else None)
            if rule is not None:
                rule(node)
            elif is_opaque(node):
                self.opaque(node)

    def op(self, node: Node) -> None:
        if node.op is None:
            return
        if node.kind == "aten::__getitem__" and node.inputs[0].serial in self.elements and is_fixed(node.inputs[0]):
            self.element(node)
            return
        arguments = [self.argument(v) for v in node.inputs]
        try:
            types = infer(node.op, arguments)
            if types and types[0] == ListType(TENSOR):
                self.elements[node.output.serial] = element_types(node.op, arguments)
        except TensorlabError as error:
            # It would raise when it runs, which it may never do; only then is it an error.
            self.failed.append((node, str(error)))
            types = tuple(r.type for r in node.op.schema.results)
        for value, type_ in zip(node.outputs, types, strict=True):
            self.note(value, type_ if isinstance(type_, TensorType) else value.type)

    def element(self, node: Node) -> None:
        """One tensor of a list whose elements' types are known."""
        elements, index = self.elements[node.inputs[0].serial], known(node.inputs[1])
        inside = isinstance(index, int) and -len(elements) <= index < len(elements)
        self.note(node.output, elements[index] if inside else TENSOR)

    def argument(self, value: Value) -> object:
        """As `build.known`, by the types found here."""
        node = value.producer
        parts = node.inputs if node is not None and node.kind == LIST_CONSTRUCT else []
        if parts and is_fixed(value) and all(isinstance(v.type, TensorType) or v.type == NONE for v in parts):
            return tuple(None if v.type == NONE else self.of(v) for v in parts)
        given = known(value)
        return self.of(value) if given is value.type else given

    def list(self, node: Node) -> None:
        """A list forgets its elements' shapes, as in torch; what takes it looks at the elements."""
        if any(isinstance(v.type, TensorType) for v in node.inputs):
            optional = any(v.type == NONE for v in node.inputs)
            self.note(node.output, ListType(OptionalType(TENSOR) if optional else TENSOR))

    def unpack(self, node: Node) -> None:
        type_ = self.of(node.inputs[0])
        if isinstance(type_, TupleType) and len(type_.elements) == len(node.outputs):
            for value, element in zip(node.outputs, type_.elements, strict=True):
                self.note(value, element)

    def opaque(self, node: Node) -> None:
        """Nothing is known of what such a node gives for other inputs."""
        for value in node.outputs:
            if isinstance(value.type, TensorType):
                self.note(value, TENSOR)

    def if_(self, node: Node) -> None:
        for block in node.blocks:
            self.block(block)
        then, otherwise = node.blocks
        for output, a, b in zip(node.outputs, then.results, otherwise.results, strict=True):
            joined = unify(self.of(a), self.of(b))
            if joined is not None:
                self.note(output, joined)

    def loop(self, node: Node) -> None:
        (block,) = node.blocks
        carried = block.params[1:]
        types = [self.of(v) for v in node.inputs[2:]]
        while True:
            for value, type_ in zip(carried, types, strict=True):
                self.found[value.serial] = type_
            failed = len(self.failed)
            self.block(block)
            joined = [unify(t, self.of(r)) or v.type for t, r, v in zip(types, block.results[1:], carried, strict=True)]
            if joined == types:
                break
            del self.failed[failed:]
            types = joined  # each round says less, so that there is a last one
        for output, type_ in zip(node.outputs, types, strict=True):
            self.note(output, type_)

    def group(self, node: Node) -> None:
        subgraph: Graph = node.attributes["subgraph"]
        for outer, inner in zip(node.inputs, subgraph.inputs, strict=True):
            self.note(inner, self.of(outer))
        self.block(subgraph.block)
        for outer, inner in zip(node.outputs, subgraph.outputs, strict=True):
            self.note(outer, self.of(inner))

    def apply(self, graph: Graph) -> None:
        """Write what was found into the graph, in the order of its text."""
        for node, why in self.failed:
            self.rewriter.refuse(node, rule="type_rule", reason=f"raises when it runs: {why}")
        changed = {v: self.of(v) for v in _values(graph.block) if self.of(v) != v.type}
        if changed:
            self.rewriter.retype(changed, rule="type_rule")


def _values(block: Block) -> list[Value]:
    values = list(block.params)
    for node in block.nodes:
        values += node.outputs
        for inner in node.blocks:
            values += _values(inner)
        if node.kind == FUSION_GROUP:
            values += _values(node.attributes["subgraph"].block)
    return values

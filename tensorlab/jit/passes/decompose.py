"""Decomposition: an op that is written in other operations gives way to them.

The body is the op's own ``composite`` rule, run once on tensors without contents while a mode writes down what it
calls: so the nodes are those that run in eager mode. It must not look at values, and what it decides by (shapes,
dtypes, numbers) must be known. Bodies of bodies are decomposed too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from tensorlab.core.dispatch import pushed
from tensorlab.core.op import Op, infer
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import INT, NONE, TENSOR, ListType, OptionalType, TensorType, Type
from tensorlab.core.value_types import value_type
from tensorlab.errors import TensorlabError
from tensorlab.jit.build import Builder
from tensorlab.jit.ir import LIST_CONSTRUCT, Block, Graph, Node, Value, walk
from tensorlab.jit.rewrite import Pass, Rewriter
from tensorlab.ops.composed_types import element_types

# Their bodies look at strides, which types do not tell.
BY_LAYOUT = frozenset({"aten::as_strided"})


def run(rewriter: Rewriter) -> None:
    """Replace ops that are made of other operations by those."""
    _block(rewriter, rewriter.graph.block)


decompose = Pass("decompose", run)


class LooksAtValuesError(Exception):
    """A body asks for something that is not known before the graph runs."""


def _block(rewriter: Rewriter, block: Block) -> None:
    index = 0
    while index < len(block.nodes):
        node = block.nodes[index]
        for inner in node.blocks:
            _block(rewriter, inner)
        if not is_composite(node) or not _replaced(rewriter, node):
            index += 1  # else the first node of its body stands here: it may be composite too


def is_composite(node: Node) -> bool:
    """Whether a node's op is written in other operations, and has no body of its own beside."""
    return node.op is not None and "composite" in node.op.rules and "call" not in node.op.rules


def _replaced(rewriter: Rewriter, node: Node) -> bool:
    obstacle = _unknown(node)
    body = None
    if obstacle is None:
        try:
            body = record_body(node)
        except LooksAtValuesError as error:
            obstacle = str(error), None
        except TensorlabError as error:
            obstacle = f"raises when it runs: {error}", None
    if body is None:
        reason, blocker = obstacle or ("", None)
        rewriter.refuse(node, rule="composite", reason=reason, blocker=blocker)
        return False
    found = [v.type for v in body.outputs]
    if found != [v.type for v in node.outputs]:
        reason = f"its body gives {', '.join(map(str, found))}, the node {', '.join(str(v.type) for v in node.outputs)}"
        rewriter.refuse(node, rule="composite", reason=reason)
        return False
    for inner in walk(body.block):
        inner.span = node.span
    kinds = ", ".join(dict.fromkeys(n.kind for n in body.block.nodes if n.op is not None)) or "what it takes"
    results = rewriter.builder_before(node).inline(body.block, node.inputs)
    pairs = dict(zip(node.outputs, results, strict=True))
    rewriter.replace([node], pairs, rule="composite", reason=f"{node.kind} is made of {kinds}")
    return True


def _unknown(node: Node) -> tuple[str, Value | None] | None:
    """What a body would decide by, and is not known."""
    if node.kind in BY_LAYOUT:
        return "its body looks at strides, which types do not tell", None
    for value in node.inputs:
        if isinstance(value.type, TensorType):
            if not value.type.is_complete:
                return "its body may decide by a shape or dtype that is not known", value
        elif not value.is_constant:
            parts = (
                value.producer.inputs if value.producer is not None and value.producer.kind == LIST_CONSTRUCT else []
            )
            if not parts or not all(_is_settled(p) for p in parts):
                return "its body may decide by a value that is not known", value
    return None


def _is_settled(value: Value) -> bool:
    return value.is_constant or (isinstance(value.type, TensorType) and value.type.is_complete)


def record_body(node: Node) -> Graph:
    """The body of a composite node as a graph with an input for each of the node's.

    Raises: `LooksAtValuesError` for a body that reads elements; whatever the body raises for such arguments.
    """
    if node.op is None:
        raise LooksAtValuesError(f"{node.kind} has no body")
    mode = _Recorder(node.op.name)
    args = tuple(mode.argument(v) for v in node.inputs)
    with pushed(mode):
        result = node.op.rules["composite"](*args)
    results: Sequence[Any] = (result,) if len(node.outputs) == 1 else result
    mode.builder.results(*(mode.value(r) for r in results))
    return mode.graph


class _Recorder:
    """The mode that a body runs under: operations are written down and not run."""

    def __init__(self, name: str) -> None:
        self.graph = Graph(name)
        self.builder = Builder(self.graph.block)
        self._values: dict[int, Value] = {}
        self._kept: list[Any] = []

    def argument(self, value: Value) -> Any:
        """What the body gets for a value of the graph: tensors without contents, everything else as it is."""
        param = self.builder.param(value.type, value.name)
        if isinstance(value.type, TensorType):
            return self._blank(value.type, param)
        if value.is_constant:
            return value.constant
        parts: list[Any] = []
        for index, part in enumerate(value.producer.inputs if value.producer is not None else ()):
            if isinstance(part.type, TensorType):
                place = self.builder.constant(index)
                element = self.builder.value("aten::__getitem__", [param, place])
                element.type = part.type
                parts.append(self._blank(part.type, element))
            else:
                parts.append(part.constant)
        return parts

    def call(self, op: Op, args: tuple[Any, ...]) -> Any:
        """Write a call down, and give tensors of the types that it will give."""
        params = [p.type for p in op.schema.params]
        inputs = [self.value(a, t) for a, t in zip(args, params, strict=True)]
        arguments = [_typed(a) for a in args]
        types = infer(op, arguments)
        node = self.builder.node(op.kind, inputs, types, op=op)
        if op.schema.writes:
            written = args[op.schema.writes[0]]
            if inputs[op.schema.writes[0]].is_constant:
                raise LooksAtValuesError(f"its body writes to a tensor of data by {op.kind}")
            self._values[id(written)] = node.outputs[0]
            return written
        results = [self._result(op, t, v, arguments) for t, v in zip(types, node.outputs, strict=True)]
        return results[0] if len(results) == 1 else tuple(results)

    def escaped(self, tensor: Tensor, what: str) -> None:
        """The body reads elements, which are not there."""
        raise LooksAtValuesError(f"its body looks at values of a tensor ({what})")

    def value(self, given: Any, wanted: Type = TENSOR) -> Value:
        """The graph's value for what a body passes on."""
        if isinstance(given, Tensor):
            found = self._values.get(id(given))
            if found is None:  # made of data by the body
                found = self._values[id(given)] = self.builder.constant(given)
                self._kept.append(given)
            return found
        if isinstance(given, (list, tuple)) and any(isinstance(g, Tensor) for g in cast("Sequence[Any]", given)):
            parts = [self.value(g) for g in cast("Sequence[Any]", given)]
            element = OptionalType(TENSOR) if any(p.type == NONE for p in parts) else TENSOR
            return self.builder.node(LIST_CONSTRUCT, parts, [ListType(element)]).output
        listed = wanted.element if isinstance(wanted, OptionalType) else wanted
        empty_list = isinstance(given, (list, tuple)) and not given and isinstance(listed, ListType)
        return self.builder.constant(given, type_=listed if empty_list else None)

    def _blank(self, type_: TensorType, value: Value) -> Tensor:
        if type_.dtype is None or type_.shape is None or not type_.is_complete:
            raise LooksAtValuesError(f"the type of what {value.name or 'an operation in its body'} gives is not known")
        made = empty(type_.dtype, tuple(n for n in type_.shape if n is not None))
        self._values[id(made)] = value
        self._kept.append(made)
        return made

    def _result(self, op: Op, type_: Type, value: Value, arguments: Sequence[Any]) -> Any:
        if isinstance(type_, TensorType):
            return self._blank(type_, value)
        if type_ != ListType(TENSOR):
            raise LooksAtValuesError(f"its body asks {op.kind} for a value that is known when it runs")
        parts: list[Tensor] = []
        for index, part in enumerate(element_types(op, arguments)):
            if not isinstance(part, TensorType):
                raise LooksAtValuesError(f"its body asks {op.kind} for a value that is known when it runs")
            element = self.builder.value("aten::__getitem__", [value, self.builder.constant(index, type_=INT)])
            element.type = part
            parts.append(self._blank(part, element))
        return parts


def _typed(argument: Any) -> Any:
    """An argument as type rules take it."""
    if isinstance(argument, Tensor):
        return value_type(argument)
    if isinstance(argument, (list, tuple)):
        return tuple(_typed(a) for a in cast("Sequence[Any]", argument))
    return argument

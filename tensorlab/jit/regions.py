"""From nodes to regions: what of a graph becomes one loop, and what the loop is called with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tensorlab.core.op import Op
from tensorlab.core.pointwise import EagerPointwise, is_literal
from tensorlab.core.region import Ref, Region, Source, Step
from tensorlab.core.types import TensorType
from tensorlab.errors import GraphError
from tensorlab.jit.build import known
from tensorlab.jit.ir import CONSTANT, FUSION_GROUP, Graph, Node, Span, Value


@dataclass(frozen=True, slots=True)
class LoopCall:
    """A region, the values that it is called with (tensors first), and the place of each of its steps."""

    region: Region
    arguments: tuple[Value, ...]
    spans: tuple[Span | None, ...]


def loop_call(node: Node) -> LoopCall | None:
    """The call of a loop that a node becomes, or `None` for a node that is none.

    Raises: `GraphError` for a fusion group with a node that is not pointwise.
    """
    if not is_loop(node):
        return None
    return _group(node) if node.op is None else _single(node, node.op)


def is_loop(node: Node) -> bool:
    """Whether a node becomes one call of a loop: what looks at elements before it computes does not."""
    if node.kind == FUSION_GROUP:
        subgraph: Graph = node.attributes["subgraph"]
        return not any(map(looks_at_values, subgraph.block.nodes))
    return node.op is not None and isinstance(node.op.evaluate, EagerPointwise) and not looks_at_values(node)


def looks_at_values(node: Node) -> bool:
    """Whether a pointwise node refuses some elements of its tensors: integers to divide by 0."""
    evaluator = node.op.evaluate if node.op is not None else None
    return isinstance(evaluator, EagerPointwise) and evaluator.looks_at_values([known(v) for v in node.inputs])


class _Arguments:
    """The arguments of a region, sorted into tensors and numbers."""

    def __init__(self) -> None:
        self.tensors: list[Value] = []
        self.numbers: list[Value] = []

    def ref(self, value: Value, *, tensor: bool) -> Ref:
        kind, places = (Source.INPUT, self.tensors) if tensor else (Source.PARAM, self.numbers)
        places.append(value)
        return Ref(kind, len(places) - 1)

    def call(self, steps: Sequence[Step], outputs: tuple[int, ...], spans: Sequence[Span | None]) -> LoopCall:
        region = Region(len(self.tensors), len(self.numbers), tuple(steps), outputs)
        return LoopCall(region, (*self.tensors, *self.numbers), tuple(spans))


def _group(node: Node) -> LoopCall:
    subgraph: Graph = node.attributes["subgraph"]
    arguments = _Arguments()
    refs: dict[int, Ref] = {}
    for outer, inner in zip(node.inputs, subgraph.inputs, strict=True):
        refs[inner.serial] = arguments.ref(outer, tensor=isinstance(inner.type, TensorType))
    steps: list[Step] = []
    spans: list[Span | None] = []
    for inner in subgraph.block.nodes:
        if inner.kind == CONSTANT:
            refs[inner.output.serial] = Ref(Source.LITERAL, literal=inner.attributes["value"])
            continue
        if inner.op is None or "scalar" not in inner.op.rules:
            raise GraphError(f"fusion group: {inner.kind} is not pointwise")
        steps.append(Step(inner.op, tuple(refs[v.serial] for v in inner.inputs)))
        spans.append(inner.span)
        refs[inner.output.serial] = Ref(Source.STEP, len(steps) - 1)
    return arguments.call(steps, tuple(refs[v.serial].index for v in subgraph.outputs), spans)


def _single(node: Node, op: Op) -> LoopCall:
    """A pointwise op that was not fused is a region of one step."""
    arguments = _Arguments()
    refs: list[Ref] = []
    for param, value in zip(op.schema.params, node.inputs, strict=True):
        tensor = isinstance(value.type, TensorType)
        if value.is_constant and not tensor and is_literal(op, param.name, param.default, value.constant):
            refs.append(Ref(Source.LITERAL, literal=value.constant))
        else:
            refs.append(arguments.ref(value, tensor=tensor))
    return arguments.call([Step(op, tuple(refs))], (0,), [node.span])

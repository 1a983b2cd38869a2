"""From nodes to regions: what of a graph becomes one loop, and what the loop is called with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tensorlab.core.op import Op
from tensorlab.core.pointwise import EagerPointwise, is_literal
from tensorlab.core.reduction_loops import Fold
from tensorlab.core.region import Reduce, Ref, Region, Source, Step, TypedStep, category, step_arguments, type_region
from tensorlab.core.row_form import row_form
from tensorlab.core.row_schedule import SPREADS
from tensorlab.core.types import ScalarType, TensorType
from tensorlab.errors import GraphError, TensorlabError
from tensorlab.jit.build import known
from tensorlab.jit.ir import CONSTANT, FUSION_GROUP, Graph, Node, Span, Value


@dataclass(frozen=True, slots=True)
class LoopCall:
    """A region, the values that it is called with (tensors first), and the place of each of its steps."""

    region: Region
    arguments: tuple[Value, ...]
    spans: tuple[Span | None, ...]


def loop_call(node: Node) -> LoopCall | None:
    """The call of a loop that a node becomes, or `None` for a node that is none: one over rows is `rows_call`'s.

    Raises: `GraphError` for a fusion group with a node that is neither pointwise nor a reduction.
    """
    if not is_loop(node):
        return None
    return _group(node) if node.op is None else _single(node, node.op)


# Ops whose result is new memory, which a loop may write its own result to when nobody else reads it.
PRODUCTS = ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm", "aten::matmul", "aten::linear")


def product_under(node: Node) -> Value | None:
    """The product that a fusion group is the epilogue of: the group alone takes it, and gives one of its type."""
    if node.kind != FUSION_GROUP or not is_loop(node) or len(node.outputs) != 1:
        return None
    for value in node.inputs:
        if is_product(value, node) and len(value.uses) == 1 and value.type == node.output.type:
            return value
    return None


def is_product(value: Value, node: Node) -> bool:
    """Whether a product gives a value in the block of a node."""
    return value.producer is not None and value.producer.kind in PRODUCTS and value.producer.owner is node.owner


def rows_call(node: Node) -> LoopCall | None:
    """The call of a loop over rows that a fusion group with reductions becomes, or `None` for any other node."""
    return _group(node) if is_rows(node) else None


def is_rows(node: Node) -> bool:
    """Whether a node is a group with reductions that becomes one loop over rows."""
    if node.kind != FUSION_GROUP:
        return False
    nodes = node.attributes["subgraph"].block.nodes
    return any(map(is_reduction, nodes)) and not any(map(looks_at_values, nodes))


def is_reduction(node: Node) -> bool:
    """Whether a node is a reduction that a loop over rows has a form for, whichever dimensions it folds."""
    if node.op is None or len(node.outputs) != 1:
        return False
    if node.op.schema.name in SPREADS:
        return True
    fold: Fold | None = node.op.rules["reduce"]() if "reduce" in node.op.rules else None
    return fold is not None and fold.beats is None and fold.name in _FOLDS


_FOLDS = ("sum", "nansum", "mean", "prod", "max", "min")


def why_no_rows(nodes: Sequence[Node]) -> str:
    """Why some nodes make no loop over rows, as far as their types are known; empty if nothing speaks against it."""
    arguments, refs, steps = _Arguments(), dict[int, Ref](), list[Step]()
    for node in nodes:
        for value in node.inputs:
            if value.serial in refs:
                continue
            tensor = isinstance(value.type, TensorType)
            given = value.is_constant and not tensor
            refs[value.serial] = (
                Ref(Source.LITERAL, literal=value.constant) if given else arguments.ref(value, tensor=tensor)
            )
        _add_step(node, refs, steps)
    types = [v.type for v in arguments.tensors]
    complete = [t for t in types if isinstance(t, TensorType) and t.is_complete]
    numbers = [category(v.type) for v in arguments.numbers if isinstance(v.type, ScalarType)]
    if len(complete) < len(types) or len(numbers) < len(arguments.numbers):
        return ""
    region = Region(len(types), len(numbers), tuple(steps), (len(steps) - 1,))
    try:
        form = row_form(region, complete, type_region(region, complete, numbers))
    except TensorlabError as error:
        return str(error)
    return "" if form is not None else "not all of it goes along the same rows"


def is_loop(node: Node) -> bool:
    """Whether a node becomes one call of a loop: what looks at elements before it computes does not."""
    if node.kind == FUSION_GROUP:
        subgraph: Graph = node.attributes["subgraph"]
        return not any(is_reduction(n) or looks_at_values(n) for n in subgraph.block.nodes)
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
        _add_step(inner, refs, steps)
        spans.append(inner.span)
    return arguments.call(steps, tuple(refs[v.serial].index for v in subgraph.outputs), spans)


def _add_step(node: Node, refs: dict[int, Ref], steps: list[Step]) -> None:
    """Add the step that a node is; ``refs`` says where values come from.

    Raises: `GraphError` for a node that is neither pointwise nor a reduction.
    """
    taken = tuple(refs[v.serial] for v in node.inputs)
    if is_reduction(node) and node.op is not None:
        steps.append(Reduce(node.op, taken[:1], tuple(v.constant for v in node.inputs[1:])))
    elif node.op is not None and "scalar" in node.op.rules:
        steps.append(Step(node.op, taken))
    else:
        raise GraphError(f"fusion group: {node.kind} is not pointwise")
    refs[node.output.serial] = Ref(Source.STEP, len(steps) - 1)


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


def guarded_steps(
    region: Region, types: Sequence[object], typed: Sequence[TypedStep], numbers: Sequence[object]
) -> Iterator[tuple[int, Step, list[object]]]:
    """The steps that look at their numbers: place, step and arguments, which are types of tensors and numbers."""
    for index, step in enumerate(region.steps):
        if "guard" in step.op.rules:
            yield index, step, step_arguments(step, types, typed, numbers)

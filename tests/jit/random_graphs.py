"""Random graphs that run: pointwise ops, views, writes, reductions, ifs and loops over a few small tensors."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import strategies as st

import tensorlab as tl
from tensorlab.core.types import BOOL, INT, ListType, TensorType, TupleType
from tensorlab.jit.build import Builder
from tensorlab.jit.ir import IF, LIST_CONSTRUCT, LOOP, TUPLE_CONSTRUCT, TUPLE_UNPACK, Graph, Value
from tensorlab.jit.text import format_graph

SHAPE = (2, 3)
UNARY = ("tanh", "neg", "relu", "abs", "clone", "detach", "contiguous", "t_t", "same_view")
BINARY = ("add", "sub", "mul")
NUMBERS = (0, 1, 1.0, 0.5, True)


@dataclass
class Scope:
    """What may be taken at a point: tensors of `SHAPE` or one that broadcasts to it, and a condition."""

    builder: Builder
    tensors: list[Value]
    conditions: list[Value]
    counts: list[Value]
    type: TensorType
    depth: int = 0
    writable: list[Value] = field(default_factory=list)
    small: list[Value] = field(default_factory=list)


class Sample:
    """A random graph that shows itself as its text where a test fails."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.text = format_graph(graph)

    def __repr__(self) -> str:
        return f"parse_graph('''\n{self.text}''')"


@st.composite
def graphs(draw: st.DrawFn) -> Sample:
    """A graph of three tensors, a bool and an int; shapes and dtypes are known in some, and not in others."""
    graph = Graph()
    builder = Builder(graph.block)
    tensor = draw(st.sampled_from((TensorType(tl.float32, SHAPE), TensorType(tl.float32), TensorType())))
    inputs = [builder.param(tensor, name) for name in "abc"]
    flag, count = builder.param(BOOL, "flag"), builder.param(INT, "count")
    scope = Scope(builder, inputs, [flag], [count], tensor, writable=list(inputs))
    _fill(draw, scope, draw(st.integers(2, 12)))
    # The latest values, so that little is dead, and one more, so that some are given twice or are inputs.
    results = [*scope.tensors[-draw(st.integers(1, 5)) :], draw(st.sampled_from(scope.tensors))]
    builder.end(graph.block).results(*results)
    return Sample(graph)


def _fill(draw: st.DrawFn, scope: Scope, steps: int) -> None:
    kinds = ["unary", "binary", "binary", "number", "constant", "sum", "again"]
    kinds += ["list", "tuple"]
    kinds += ["write"] if scope.writable else []
    kinds += ["if", "loop"] if scope.depth < 2 else []
    for _ in range(steps):
        _STEPS[draw(st.sampled_from(kinds))](draw, scope)


def _add(scope: Scope, value: Value) -> None:
    scope.tensors.append(value)
    if scope.writable:
        scope.writable.append(value)


def _unary(draw: st.DrawFn, scope: Scope) -> None:
    builder, x = scope.builder, draw(st.sampled_from(scope.tensors))
    kind = draw(st.sampled_from(UNARY))
    if kind == "t_t":
        _add(scope, builder.value("aten::t", [builder.value("aten::t", [x])]))
    elif kind == "same_view":
        _add(scope, builder.value("aten::reshape", [x, builder.constant(SHAPE)]))
    else:
        _add(scope, builder.value(f"aten::{kind}", [x]))


def _binary(draw: st.DrawFn, scope: Scope) -> None:
    x, y = draw(st.sampled_from(scope.tensors)), draw(st.sampled_from(scope.tensors))
    _add(scope, scope.builder.value(f"aten::{draw(st.sampled_from(BINARY))}", [x, y]))


def _number(draw: st.DrawFn, scope: Scope) -> None:
    x, n = draw(st.sampled_from(scope.tensors)), draw(st.sampled_from(NUMBERS))
    kind = draw(st.sampled_from(BINARY if n is not True else ("mul",)))
    _add(scope, scope.builder.value(f"aten::{kind}", [x, scope.builder.constant(n)]))


def _constant(draw: st.DrawFn, scope: Scope) -> None:
    """A tensor that the graph holds, of one element or all; only read, since every run has the same one."""
    builder, x = scope.builder, draw(st.sampled_from(scope.tensors))
    values = draw(st.sampled_from(([1.0], [0.0], [[1.0, 2.0, 3.0], [0.0, -1.0, 0.5]])))
    held = builder.constant(tl.tensor(values))
    if draw(st.booleans()):
        held = builder.value("aten::tanh", [held])
    _add(scope, builder.value(f"aten::{draw(st.sampled_from(BINARY))}", [x, held]))


def _sum(draw: st.DrawFn, scope: Scope) -> None:
    """A smaller tensor, and perhaps something pointwise of it, broadcast again."""
    builder = scope.builder
    total = builder.value("aten::sum", [draw(st.sampled_from([*scope.tensors, *scope.small]))])
    for kind in draw(st.lists(st.sampled_from(("tanh", "neg")), max_size=2)):
        total = builder.value(f"aten::{kind}", [total])
        scope.small.append(total)
    _add(scope, builder.value("aten::mul", draw(st.permutations([draw(st.sampled_from(scope.tensors)), total]))))


def _again(draw: st.DrawFn, scope: Scope) -> None:
    """What an earlier node of this block computes."""
    nodes = [v.producer for v in scope.tensors if v.producer is not None and v.producer.op is not None]
    if nodes:
        node = draw(st.sampled_from(nodes))
        if node.op is not None and not node.op.schema.writes:
            _add(scope, scope.builder.value(node.kind, node.inputs))


def _write(draw: st.DrawFn, scope: Scope) -> None:
    x, y = draw(st.sampled_from(scope.writable)), draw(st.sampled_from(scope.tensors))
    _add(scope, scope.builder.value(f"aten::{draw(st.sampled_from(('add_', 'mul_')))}", [x, y]))


def _list(draw: st.DrawFn, scope: Scope) -> None:
    """A list of tensors that grows and changes, perhaps in a branch, and an element of it."""
    builder, pick = scope.builder, st.sampled_from(scope.tensors)
    made = builder.node(LIST_CONSTRUCT, [draw(pick)], [ListType(TensorType())]).output
    for kind in draw(st.lists(st.sampled_from(("append", "insert", "_set_item", "in_branch")), max_size=3)):
        if kind == "append":
            builder.op("aten::append", [made, draw(pick)])
        elif kind == "in_branch":
            node = builder.node(IF, [draw(st.sampled_from(scope.conditions))])
            for _ in range(2):
                with builder.inside(builder.block(node)):
                    builder.op("aten::append", [made, draw(pick)])
        else:
            builder.op(f"aten::{kind}", [made, builder.constant(0), draw(pick)])
    element = builder.value("aten::__getitem__", [made, builder.constant(draw(st.sampled_from((0, -1))))])
    _add(scope, element)


def _tuple(draw: st.DrawFn, scope: Scope) -> None:
    """A pair that goes through an if, a loop or neither, and is taken apart."""
    builder, pick = scope.builder, st.sampled_from(scope.tensors)

    def pair() -> Value:
        parts = [draw(pick), draw(pick)]
        return builder.node(TUPLE_CONSTRUCT, parts, [TupleType((TensorType(), TensorType()))]).output

    value = pair()
    way = draw(st.sampled_from(("plain", "if", "loop")))
    if way == "if":
        node = builder.node(IF, [draw(st.sampled_from(scope.conditions))])
        for kept in (True, False):
            with builder.inside(builder.block(node)):
                builder.results(value if kept else pair())
        value = builder.output(node, value.type)
    elif way == "loop":
        true = builder.constant(True)
        node = builder.node(LOOP, [draw(st.sampled_from(scope.counts)), true, value], [value.type])
        with builder.inside(builder.block(node)):
            builder.param(INT)
            first, second = builder.node(TUPLE_UNPACK, [builder.param(value.type)], [TensorType()] * 2).outputs
            swapped = builder.node(TUPLE_CONSTRUCT, [second, builder.value("aten::tanh", [first])], [value.type])
            builder.results(true, swapped.output)
        value = node.output
    for part in builder.node(TUPLE_UNPACK, [value], [TensorType()] * 2).outputs:
        _add(scope, part)


def _if(draw: st.DrawFn, scope: Scope) -> None:
    builder = scope.builder
    condition = draw(st.sampled_from([*scope.conditions, None]))
    node = builder.node(IF, [condition or builder.constant(draw(st.booleans()))])
    outputs = draw(st.integers(0, 2))
    for _ in range(2):
        with builder.inside(builder.block(node)):
            inner = _inner(scope)
            _fill(draw, inner, draw(st.integers(0, 3)))
            builder.results(*(draw(st.sampled_from(inner.tensors)) for _ in range(outputs)))
    for _ in range(outputs):
        _add(scope, builder.output(node, scope.type))


def _loop(draw: st.DrawFn, scope: Scope) -> None:
    builder = scope.builder
    trips = draw(st.sampled_from([*scope.counts, -1, 0, 1, 2]))
    trips = builder.constant(trips) if isinstance(trips, int) else trips
    carried = draw(st.lists(st.sampled_from(scope.tensors), max_size=2))
    true = builder.constant(True)
    node = builder.node(LOOP, [trips, true, *carried], [scope.type] * len(carried))
    with builder.inside(builder.block(node)):
        builder.param(INT)
        inner = _inner(scope)
        for _ in carried:
            _add(inner, builder.param(scope.type))
        _fill(draw, inner, draw(st.integers(0, 3)))
        builder.results(true, *(draw(st.sampled_from(inner.tensors)) for _ in carried))
    for output in node.outputs:
        _add(scope, output)


def _inner(scope: Scope) -> Scope:
    return replace(
        scope,
        tensors=list(scope.tensors),
        writable=list(scope.writable),
        small=list(scope.small),
        depth=scope.depth + 1,
    )


_STEPS = {
    "unary": _unary,
    "binary": _binary,
    "number": _number,
    "constant": _constant,
    "sum": _sum,
    "again": _again,
    "write": _write,
    "list": _list,
    "tuple": _tuple,
    "if": _if,
    "loop": _loop,
}


@st.composite
def arguments(draw: st.DrawFn) -> tuple[list[int], bool, int]:
    """Which of three buffers each tensor argument is (they may be one and the same), the condition and the count."""
    which = draw(st.sampled_from(([0, 1, 2], [0, 0, 1], [0, 1, 0])))
    return which, draw(st.booleans()), draw(st.sampled_from((-2, -1, 0, 1, 2, 9)))


def tensors(which: list[int]) -> list[tl.Tensor]:
    """Fresh tensors with fixed contents, for one run."""
    buffers = [tl.tensor(np.linspace(-1 - i, 1, 6, dtype=np.float32).reshape(SHAPE)) for i in range(3)]
    return [buffers[i] for i in which]

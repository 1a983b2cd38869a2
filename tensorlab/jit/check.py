"""Checking a trace: the function runs once more, and its graph and results are compared with the first."""

from __future__ import annotations

import linecache
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np

from tensorlab.core.tensor import Tensor
from tensorlab.errors import TracerWarning, TracingCheckError
from tensorlab.jit import interpret
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.ir import CONSTANT, Block, Graph, Node, Value
from tensorlab.jit.scripting.source import Source
from tensorlab.jit.structure import tensors
from tensorlab.jit.subject import Call, Subject
from tensorlab.jit.text import Names, format_constant, format_graph, format_node, format_results


def check_trace(subject: Subject, call: Call, traced: ScriptFunction, *, tolerance: float) -> None:
    """Trace again, and compare graphs, results, and what was written to the inputs; buffers stay as they are.

    Raises: `TracingCheckError` naming the first operation that differs, with both lines. Random operations, and results
            that differ, are `TracerWarning`s.
    """
    mine = call.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TracerWarning)  # the first run has said it already
        again = subject.record(call, undo=True)
    alike = [v.type for v in again.graph.inputs] == [v.type for v in traced.graph.inputs]
    comparison = _Comparison(traced.graph, again.graph, types=alike)
    difference = comparison.difference()
    given = tensors((call.args, dict(call.kwargs)))
    if difference is not None:
        difference += comparison.lines()
        on = "the same inputs" if alike else f"inputs of other types ({', '.join(str(t.type) for t in given)})"
        raise TracingCheckError(f"trace: {traced.name} did something else when it ran again on {on}", difference)
    _warn_of_chance(traced)
    ours = tensors((mine.args, dict(mine.kwargs)))
    state = subject.state()
    try:
        results = tensors(interpret.run(traced.graph, ours))
    finally:
        if state is not None:
            state.restore()
    pairs = [(f"result {i}", *pair) for i, pair in enumerate(zip(results, tensors(again.result), strict=True))]
    pairs += [(f"input {i} afterwards", *pair) for i, pair in enumerate(zip(ours, given, strict=True))]
    for what, got, want in pairs:
        distance = distance_of(got, want)
        if distance > tolerance:
            message = f"{what} of the trace differs from the function's by {distance:.3g} (tolerance {tolerance:g})"
            warnings.warn(TracerWarning(f"{traced.name}: {message}"), stacklevel=3)


def _warn_of_chance(traced: ScriptFunction) -> None:
    names = Names()
    format_graph(traced.graph, names=names)
    random = [f"  {_line(n, names)}" for n in traced.graph.nodes() if n.op is not None and n.op.random]
    if not random:
        return
    nodes = "\n".join(random)
    message = f"{traced.name}: the trace has nondeterministic nodes. Did you forget to call .eval() on your model?"
    without = "Results differ from run to run, and so may the check's; check_trace=False leaves it out"
    warnings.warn(TracerWarning(f"{message}\n{nodes}\n{without}"), stacklevel=4)


def first_difference(a: Graph, b: Graph, *, types: bool = True) -> str | None:
    """The first operation at which two graphs part, with both lines; `None` where they are the same.

    Constants belong to the operations that take them. ``types`` says whether result types count.
    """
    return _Comparison(a, b, types=types).difference()


class _Comparison:
    """Two graphs side by side: what stands at the same place of the walk has the same number."""

    def __init__(self, a: Graph, b: Graph, *, types: bool) -> None:
        self.graphs = (a, b)
        self.types = types
        self.parted: tuple[Node | Block | None, Node | Block | None] = (None, None)
        self.numbers: tuple[dict[int, int], dict[int, int]] = ({}, {})

    def difference(self) -> str | None:
        left, right = (list(_steps(g.block)) for g in self.graphs)
        self._number(*(g.inputs for g in self.graphs))
        for i in range(max(len(left), len(right))):
            x, y = (side[i] if i < len(side) else None for side in (left, right))
            if x is None or y is None or not self._same(x, y):
                self.parted = (x, y)
                return self._shown(x, y)
        return None

    def lines(self) -> str:
        """The user's lines behind the two operations that differ, with carets; one where it is the same piece."""
        spans = dict.fromkeys(s.span for s in self.parted if isinstance(s, Node) and s.span is not None)
        sources = [(span, Source(span.filename, tuple(linecache.getlines(span.filename)))) for span in spans]
        return "".join(f"\n{source.place(span)}" for span, source in sources if source.line(span.line))

    def _number(self, *sides: Sequence[Value]) -> None:
        for values, known in zip(sides, self.numbers, strict=True):
            known.update({v.serial: len(known) + i for i, v in enumerate(values)})

    def _same(self, x: Node | Block, y: Node | Block) -> bool:
        if isinstance(x, Block) and isinstance(y, Block):
            return self._same_values(x.results, y.results)
        if isinstance(x, Block) or isinstance(y, Block):
            return False
        if x.kind != y.kind or x.op is not y.op or not self._same_values(x.inputs, y.inputs):
            return False
        if self.types and [v.type for v in x.outputs] != [v.type for v in y.outputs]:
            return False
        self._number(x.outputs, y.outputs)
        for inner in zip(x.blocks, y.blocks, strict=True):
            self._number(*(block.params for block in inner))
        return len(x.outputs) == len(y.outputs)

    def _same_values(self, left: Sequence[Value], right: Sequence[Value]) -> bool:
        return len(left) == len(right) and all(map(self._same_value, left, right))

    def _same_value(self, x: Value, y: Value) -> bool:
        if x.is_constant or y.is_constant:
            return x.is_constant and y.is_constant and _same_constant(x.constant, y.constant)
        return self.numbers[0].get(x.serial, -1) == self.numbers[1].get(y.serial, -2)

    def _shown(self, x: Node | Block | None, y: Node | Block | None) -> str:
        heads = ("first time: ", "second time:")
        lines: list[str] = []
        for head, graph, step in zip(heads, self.graphs, (x, y), strict=True):
            names = Names()
            format_graph(graph, names=names)
            lines.append(f"  {head} {_line(step, names)}")
        return "\n".join(lines)


def _steps(block: Block) -> Iterator[Node | Block]:
    """The operations of a block in order of text, each block closed by itself: there its results are compared."""
    for node in block.nodes:
        if node.kind != CONSTANT:
            yield node
            for inner in node.blocks:
                yield from _steps(inner)
    yield block


def _line(step: Node | Block | None, names: Names) -> str:
    if step is None:
        return "nothing more"
    taken = step.inputs if isinstance(step, Node) else step.results
    constants = {names.of(v): f"{names.of(v)} = {format_constant(v.constant, v.type)}" for v in taken if v.is_constant}
    where = f", where {', '.join(constants.values())}" if constants else ""
    if isinstance(step, Block):
        return f"{format_results(step, names)}{where}"
    place = f"  # {step.span}" if step.span is not None else ""
    return f"{format_node(step, names)}{where}{place}"


def _same_constant(a: object, b: object) -> bool:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.layout is b.layout and bool(
            np.array_equal(a.detached_numpy(), b.detached_numpy(), equal_nan=a.dtype.is_floating_point)
        )
    if isinstance(a, tuple) and isinstance(b, tuple):
        left, right = cast("tuple[Any, ...]", a), cast("tuple[Any, ...]", b)
        return len(left) == len(right) and all(map(_same_constant, left, right))
    # NaN is NaN, and True is not 1.
    return repr(a) == repr(b)  # pyright: ignore[reportUnknownArgumentType]


def distance_of(a: Tensor, b: Tensor) -> float:
    """Largest relative difference; infinite where shapes or NaNs differ."""
    x, y = (t.detached_numpy().astype(np.float64) for t in (a, b))
    if x.shape != y.shape or not np.array_equal(np.isnan(x), np.isnan(y)):
        return float("inf")
    if not x.size:
        return 0.0
    with np.errstate(invalid="ignore"):
        gap = np.abs(x - y) / np.maximum(1.0, np.abs(y))
    return float(np.max(np.where((x == y) | np.isnan(y), 0.0, gap)))

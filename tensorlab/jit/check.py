"""Checking a trace: the function runs once more, and its graph and results are compared with the first."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tensorlab.core.tensor import Tensor
from tensorlab.errors import TraceError, TracerWarning
from tensorlab.jit import interpret
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.ir import Graph, Node
from tensorlab.jit.tracing import record


def check_trace(
    func: Callable[..., Any],
    inputs: Sequence[Tensor],
    names: Sequence[str],
    traced: ScriptFunction,
    *,
    tolerance: float,
) -> None:
    """Trace again on copies of the inputs and compare.

    Raises: `TraceError` naming the first operation that differs, with both lines. Results that differ, as dropout's do,
    are a `TracerWarning`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TracerWarning)  # the first run has said it already
        again = record(func, [t.clone() for t in inputs], names, traced.name)
    difference = first_difference(traced.graph, again.graph)
    if difference is not None:
        raise TraceError(f"trace: {traced.name} did something else when it ran again on the same inputs\n{difference}")
    results = interpret.run(traced.graph, [t.clone() for t in inputs])
    expected = _tensors(again.result)
    for i, (got, want) in enumerate(zip(_tensors(results), expected, strict=True)):
        distance = _distance(got, want)
        if distance > tolerance:
            random = [n.kind for n in traced.graph.nodes() if n.op is not None and n.op.random]
            why = f"; the graph has random operations: {', '.join(random)}" if random else ""
            warnings.warn(
                TracerWarning(
                    f"{traced.name}: result {i} of the trace differs from the function's by {distance:.3g} "
                    f"(tolerance {tolerance:g}){why}"
                ),
                stacklevel=3,
            )


def first_difference(a: Graph, b: Graph) -> str | None:
    """The first node at which two graphs part, with both lines; `None` where they are the same."""
    left, right = list(a.nodes()), list(b.nodes())
    numbers: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for graph, known in zip((a, b), numbers, strict=True):
        for i, value in enumerate(graph.inputs):
            known[value.serial] = i
    for i in range(max(len(left), len(right))):
        x = left[i] if i < len(left) else None
        y = right[i] if i < len(right) else None
        if x is None or y is None or not _same(x, y, numbers):
            return f"  first time:  {_shown(x)}\n  second time: {_shown(y)}"
    return None


def _same(x: Node, y: Node, numbers: tuple[dict[int, int], dict[int, int]]) -> bool:
    for node, known in zip((x, y), numbers, strict=True):
        for value in node.outputs:
            known[value.serial] = len(known)
    if x.kind != y.kind or len(x.inputs) != len(y.inputs):
        return False
    if [v.type for v in x.outputs] != [v.type for v in y.outputs]:
        return False
    inputs = zip(x.inputs, y.inputs, strict=True)
    if any(numbers[0][v.serial] != numbers[1][w.serial] for v, w in inputs):
        return False
    return _constants_equal(x.attributes.get("value"), y.attributes.get("value"))


def _constants_equal(a: Any, b: Any) -> bool:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.layout is b.layout and bool(
            np.array_equal(a.detached_numpy(), b.detached_numpy(), equal_nan=a.dtype.is_floating_point)
        )
    return type(a) is type(b) and bool(a == b or a != a)  # noqa: PLR0124 - NaN is the same constant


def _shown(node: Node | None) -> str:
    if node is None:
        return "nothing more"
    from tensorlab.jit.text import format_node

    return f"{format_node(node)}  # {node.span}" if node.span is not None else format_node(node)


def _tensors(result: Any) -> list[Tensor]:
    if isinstance(result, Tensor):
        return [result]
    return [t for part in result for t in _tensors(part)]


def _distance(a: Tensor, b: Tensor) -> float:
    """Largest relative difference; infinite where shapes or NaNs differ."""
    x, y = (t.detached_numpy().astype(np.float64) for t in (a, b))
    if x.shape != y.shape or not np.array_equal(np.isnan(x), np.isnan(y)):
        return float("inf")
    if not x.size:
        return 0.0
    with np.errstate(invalid="ignore"):
        gap = np.abs(x - y) / np.maximum(1.0, np.abs(y))
    return float(np.nanmax(np.where(x == y, 0.0, gap)))

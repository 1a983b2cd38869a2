"""A small graph on which a pass still goes wrong: what is not needed to see it is taken away, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, GraphError
from tensorlab.jit import edit
from tensorlab.jit.build import snapshot
from tensorlab.jit.edge_inputs import edge_inputs
from tensorlab.jit.equivalence import difference, outcomes
from tensorlab.jit.ir import CONSTANT, Graph, Value
from tensorlab.jit.rewrite import Pass, Rewriter
from tensorlab.jit.sample_inputs import sample_of
from tensorlab.jit.text import format_graph
from tensorlab.jit.verify import verify

_TRIES = 150
_ELEMENTS = 24  # tensors with more are written by their shape alone


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A graph, and inputs for it, for which a pass goes wrong; ``python`` is a program that shows it.

    ``own`` is the pass's name where it is none of tensorlab's: the program takes it from a variable of that name.
    """

    graph: Graph = field(repr=False)
    inputs: tuple[Any, ...] = field(repr=False)
    line: str
    own: str = ""

    @property
    def text(self) -> str:
        """The graph, as `parse_ir` reads it."""
        return format_graph(self.graph, spans=False, elide=False)

    @property
    def python(self) -> str:
        """A program that ends in an `EquivalenceError`, given the pass."""
        inputs = ", ".join(_literal(value) for value in self.inputs)
        passes = f', passes={{"{self.own}": {self.own}}}' if self.own else ""
        run = f'tl.jit.Pipeline.parse("{self.line}"{passes}).run(graph, check=[{inputs}])'
        return f'import tensorlab as tl\n\ngraph = tl.jit.parse_ir("""\\\n{self.text}""")\n{run}\n'

    def to_dict(self) -> dict[str, object]:
        return {"graph": self.text, "line": self.line, "python": self.python}


def reduced(pass_: Pass, graph: Graph, inputs: Sequence[Any], line: str, *, own: str = "") -> Reproduction:
    """Make a graph that a pass breaks as small as it goes: an early value is the result, and values that it is made of
    are inputs. ``line`` and ``own`` are as in a `Reproduction`.

    Cost: at most 150 runs of the pass and of two small graphs on each of their edge inputs.
    """
    best, given = graph, {v.serial: value for v, value in zip(graph.inputs, inputs, strict=True)}
    tries = 0
    going = True
    while going:
        going = False
        for change in _changes(best):
            tries += 1
            if tries > _TRIES:
                break
            candidate = _changed(best, change)
            values = None if candidate is None else _inputs(candidate, given)
            if candidate is not None and values is not None and _goes_wrong(pass_, candidate, values):
                given.update((v.serial, x) for v, x in zip(candidate.inputs, values, strict=True))
                best, going = candidate, True
                break
    values = tuple(given[v.serial] for v in best.inputs)
    return Reproduction(best, values, line, own)


Change = Callable[[Graph], None]


def _changes(graph: Graph) -> Iterator[Change]:
    """Ways to make a graph smaller, the best first: they work on a copy, whose values keep their serials."""
    values = [v for node in graph.block.nodes if node.kind != CONSTANT for v in node.outputs]
    last = graph.outputs[0].serial if len(graph.outputs) == 1 else None
    for value in values:
        if value.serial == last:
            break
        yield lambda copy, serial=value.serial: _give(copy, serial)
    for index in range(len(graph.outputs)) if len(graph.outputs) > 1 else ():
        yield lambda copy, index=index: edit.remove_result(copy.block, index)
    for node in reversed(graph.block.nodes):
        if node.kind != CONSTANT:
            yield lambda copy, serial=node.serial: _take(copy, serial)


def _give(graph: Graph, serial: int) -> None:
    """Let one value be the only result."""
    (value,) = [v for n in graph.block.nodes for v in n.outputs if v.serial == serial]
    for index in reversed(range(len(graph.outputs))):
        edit.remove_result(graph.block, index)
    edit.insert_result(graph.block, 0, value)


def _take(graph: Graph, serial: int) -> None:
    """Let what one node gives be inputs."""
    (node,) = [n for n in graph.block.nodes if n.serial == serial]
    for value in node.outputs:
        if value.uses:
            edit.replace_uses(value, edit.add_param(graph.block, value.type, value.name))
    edit.erase(node)


def _changed(graph: Graph, change: Change) -> Graph | None:
    """A copy after a change, without what nobody takes; None where it is no graph any more, or as large as it was."""
    copy = snapshot(graph)
    try:
        change(copy)
        for node in reversed(list(copy.block.nodes)):
            if not any(v.uses for v in node.outputs):
                edit.erase(node)
        for index in reversed(range(len(copy.inputs))):
            if not copy.inputs[index].uses:
                edit.remove_param(copy.block, index)
        verify(copy)
    except GraphError:
        return None
    return copy if _size(copy) < _size(graph) else None


def _size(graph: Graph) -> tuple[int, int]:
    return sum(1 for _ in graph.nodes()), len(graph.outputs)


def _inputs(graph: Graph, given: Mapping[int, Any]) -> list[Any] | None:
    """What to run a graph on; None where its inputs are of types of which there are no samples."""
    rng = np.random.default_rng(0)
    try:
        return [given[v.serial] if v.serial in given else _sample(v, rng) for v in graph.inputs]
    except ArgumentError:
        return None


def _sample(value: Value, rng: np.random.Generator) -> Any:
    return sample_of(value.type, rng)


def _goes_wrong(pass_: Pass, graph: Graph, inputs: Sequence[Any]) -> bool:
    """Whether a graph does something else after a pass."""
    after = snapshot(graph)
    cases = edge_inputs(graph, inputs)
    try:
        pass_.run(Rewriter(after), **pass_.options)
        verify(after)
    except GraphError:
        return False
    found = difference(outcomes(graph, cases), outcomes(after, cases), cases, tolerance=pass_.tolerance)
    return found is not None


def _literal(value: Any) -> str:
    if not isinstance(value, Tensor):
        return repr(value)
    if value.numel() > _ELEMENTS:
        return f"tl.ones({', '.join(map(str, value.shape))}, dtype=tl.{value.dtype.name})"
    return f"tl.tensor({value.tolist()!r}, dtype=tl.{value.dtype.name})"

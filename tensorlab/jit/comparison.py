"""Two functions, or one with two kinds of inputs, side by side: pass by pass, where their graphs part and meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from tensorlab.jit.closeness import Closeness, closeness
from tensorlab.jit.compare_graphs import GraphComparison, compare_graphs, names_in
from tensorlab.jit.edge_inputs import Case
from tensorlab.jit.equivalence import outcomes, protected
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.ir import Graph
from tensorlab.jit.records import PassRecord
from tensorlab.jit.reruns import run_as_called
from tensorlab.jit.sample_inputs import SampleInputs, sample_inputs

RECORDED = "(as recorded)"


@dataclass(frozen=True, slots=True)
class StagePair:
    """The two graphs after a pass that both have; ``changed`` says in which of them the pass changed something."""

    name: str
    changed: tuple[bool, bool]
    graphs: GraphComparison = field(repr=False)

    def to_dict(self) -> dict[str, object]:
        marks = {mark: self.graphs.count(mark) for mark in ("=", "-", "+", "~")}
        return {"name": self.name, "changed": list(self.changed), "same": self.graphs.same, "nodes": marks}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two compilations: as recorded, and after each pass that both went through. ``last`` compares the last graphs.

    ``results`` compares what the recorded graphs give on the first one's inputs, None where the second does not take
    them.
    """

    names: tuple[str, str]
    types: tuple[tuple[str, ...], tuple[str, ...]]
    stages: tuple[StagePair, ...]
    last: GraphComparison
    results: Closeness | None

    @property
    def turns(self) -> tuple[tuple[str, str], ...]:
        """Each stage at which the graphs part or meet, and which of the two: ``("cse", "meet")``."""
        found: list[tuple[str, str]] = []
        before = True
        for stage in self.stages:
            if stage.graphs.same != before:
                found.append((stage.name, "meet" if stage.graphs.same else "part"))
            before = stage.graphs.same
        return tuple(found)

    def to_dict(self) -> dict[str, object]:
        return {
            "names": list(self.names),
            "types": [list(types) for types in self.types],
            "turns": [list(turn) for turn in self.turns],
            "stages": [stage.to_dict() for stage in self.stages],
            "last": self.last.to_dict(),
            "results": None if self.results is None else self.results.to_dict(),
        }


def compare_functions(
    a: ScriptFunction,
    b: ScriptFunction,
    *,
    inputs: Sequence[Any] | None = None,
    other_inputs: Sequence[Any] | None = None,
) -> Comparison:
    """Compile the graphs of two functions for their inputs, and compare them after each pass.

    ``a`` and ``b`` may be a traced and a scripted function, or one function with ``other_inputs`` of another dtype or
    other sizes. Nodes are the same by identity or by what they compute (`compare_graphs`). ``inputs`` are as in
    `what_if`; a second function that has not been called gets the first one's, where it takes as many.

    Raises: `ArgumentError` where there is nothing to compile for.
    """
    first = sample_inputs(a, inputs)
    if other_inputs is None and b.latest is None and b.origin is None and len(b.graph.inputs) == len(first.values):
        other_inputs = first.values
    second = sample_inputs(b, other_inputs)
    graphs = [protected(sample.graph(f))[0] for f, sample in ((a, first), (b, second))]
    results = _results(graphs[0], graphs[1], first, second)
    runs = [run_as_called(f, sample) for f, sample in ((a, first), (b, second))]
    last = compare_graphs(runs[0].graph, runs[1].graph, names_in(runs[0].records))
    stages = [StagePair(RECORDED, (False, False), compare_graphs(runs[0].begin, runs[1].begin, texts=False))]
    for x, y in _common(runs[0].records, runs[1].records):
        if not x.changed and not y.changed:
            compared = stages[-1].graphs  # they are as alike as they were
        elif x.after is runs[0].records[-1].after and y.after is runs[1].records[-1].after:
            compared = last
        else:
            compared = compare_graphs(x.after, y.after, texts=False)
        stages.append(StagePair(x.name, (x.changed, y.changed), compared))
    names = a.name, b.name
    types = tuple(map(str, first.types)), tuple(map(str, second.types))
    return Comparison(names, types, tuple(stages), last, results)


def _common(a: Sequence[PassRecord], b: Sequence[PassRecord]) -> Iterator[tuple[PassRecord, PassRecord]]:
    """The passes that both went through, in order."""
    names = [r.name for r in a], [r.name for r in b]
    for block in SequenceMatcher(None, *names, autojunk=False).get_matching_blocks():
        yield from zip(a[block.a : block.a + block.size], b[block.b : block.b + block.size], strict=True)


def _results(a: Graph, b: Graph, first: SampleInputs, second: SampleInputs) -> Closeness | None:
    if len(a.inputs) != len(b.inputs) or first.types != second.types:
        return None
    case = [Case("the inputs", first.values)]
    return closeness(outcomes(a, case), outcomes(b, case), case, tolerance=1e-5)

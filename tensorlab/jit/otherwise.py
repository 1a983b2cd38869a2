"""What another pipeline would make of a function: pass by pass, in the last graph, in the results, and in time.

>>> import tensorlab as tl
>>> from tensorlab.jit.otherwise import what_if
>>> f = tl.jit.trace(lambda x: (x * 1).exp(), (tl.ones(3),))
>>> found = what_if(f, pipeline=f.pipeline.without("peephole"))
>>> "peephole" in found.other
False
>>> found.results.verdict
'equal'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import partial
from typing import Any

from tensorlab.autograd.modes import no_grad
from tensorlab.core.tensor import Tensor
from tensorlab.errors import CompileError, GraphError, RangeError, RunError
from tensorlab.jit.build import snapshot
from tensorlab.jit.closeness import Closeness, closeness
from tensorlab.jit.compare_graphs import GraphComparison, compare_graphs, names_in
from tensorlab.jit.edge_inputs import Case
from tensorlab.jit.equivalence import Outcome, outcome_of, protected
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.ir import Graph
from tensorlab.jit.lower import lower
from tensorlab.jit.pipeline import Pipeline
from tensorlab.jit.program import Program, with_native
from tensorlab.jit.records import PassRecord
from tensorlab.jit.reruns import Run, rerun, run_as_called
from tensorlab.jit.sample_inputs import SampleInputs, sample_inputs
from tensorlab.jit.timing import Timing, measure
from tensorlab.jit.uncollected import uncollected

_TOLERANCE = 1e-5  # results farther apart, relative to values above 1, are different


@dataclass(frozen=True, slots=True)
class PassPair:
    """A pass in both pipelines, or in one of them: what it did in each. ``usual`` or ``other`` is None where it is not.

    ``alike``: whether it did the same in both, which may be nothing.
    """

    name: str
    usual: PassRecord | None = field(repr=False)
    other: PassRecord | None = field(repr=False)

    @property
    def alike(self) -> bool:
        return _did(self.usual) == _did(self.other)

    def to_dict(self) -> dict[str, object]:
        return {"name": self.name, "alike": self.alike, "usual": _deed(self.usual), "other": _deed(self.other)}


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A function compiled by its own pipeline (``usual``) and by another one (``other``), both as lines that
    `Pipeline.parse` reads.

    ``graphs`` compares the last graphs, ``results`` what the two programs gave on ``inputs``; ``times`` are those of
    the two programs, where they were asked for.
    """

    name: str
    usual: str
    other: str
    passes: tuple[PassPair, ...]
    graphs: GraphComparison
    results: Closeness
    inputs: SampleInputs
    times: tuple[Timing, Timing] | None
    last: tuple[Graph, Graph] = field(repr=False)

    @property
    def parted(self) -> PassPair | None:
        """The first pass that did not do the same."""
        return next((pair for pair in self.passes if not pair.alike), None)

    def to_dict(self) -> dict[str, object]:
        times = None if self.times is None else [t.to_dict() for t in self.times]
        return {
            "name": self.name,
            "usual": self.usual,
            "other": self.other,
            "parted": None if self.parted is None else self.parted.name,
            "passes": [pair.to_dict() for pair in self.passes],
            "graphs": self.graphs.to_dict(),
            "results": self.results.to_dict(),
            "inputs": self.inputs.to_dict(),
            "times": times,
        }


def what_if(
    function: ScriptFunction,
    *,
    pipeline: Pipeline,
    inputs: Sequence[Any] | None = None,
    times: bool = False,
    runs: int = 15,
    graph: Graph | None = None,
    skip: int = 0,
) -> WhatIf:
    """Compile a function once more by its own pipeline and by another one, run both, and compare.

    The function itself stays as it is. ``inputs`` are those to run on, else see `sample_inputs`. With ``times``, both
    are called until they run as later calls do (see `native_tier`), then measured in turns.

    With ``graph``, the other compilation starts from that graph: one that somebody edited, which stood after the first
    ``skip`` passes. It takes inputs of the same types as the function's own.

    Cost: a compilation, less the passes that did the same before, and two runs; another compilation where the latest
          call was not for inputs of these types.
    Raises: `ArgumentError` where there is nothing to run on; `RangeError` for a pipeline after which no program can be
            made, or a graph with another number of inputs.
    """
    sample = sample_inputs(function, inputs)
    takes = len(function.graph.inputs)
    if graph is not None and len(graph.inputs) != takes:
        raise RangeError(f"what_if: got a graph of {len(graph.inputs)} inputs; {function.name} has {takes}")
    with uncollected():
        usual = run_as_called(function, sample)
        own, held = protected(usual.begin)
        if held:
            usual = _run(function.pipeline, own, sample)
        programs = [usual.program or lower(usual.graph)]
        known = () if held or function.pipeline.limit is not None else usual.records
        try:
            other = rerun(pipeline, known, usual.begin) if graph is None else _run(pipeline, graph, sample)
            if not usual.ended_as(other):
                programs.append(lower(other.graph))
        except (CompileError, GraphError) as error:
            raise RangeError(f"what_if: nothing can run after {pipeline.line or 'no passes'}: {error}") from error
        case = Case("the inputs", sample.values)
        found = [_outcome(p, r.graph, case, held) for p, r in zip(programs, (usual, other), strict=False)]
        results = closeness(found[:1], found[-1:], [case], tolerance=_TOLERANCE)
    timed = None
    if times and not any(outcome.error for outcome in found):
        calls = [_later(programs[0], usual.graph, sample), _later(programs[-1], other.graph, sample)]
        first, second = measure(calls, runs=runs)
        timed = first, second
    pairs = paired(usual.records[skip:], other.records)
    with uncollected():
        graphs = compare_graphs(usual.graph, other.graph, names_in(usual.records))
    last = usual.graph, other.graph
    lines = function.pipeline.line, pipeline.line
    return WhatIf(function.name, *lines, pairs, graphs, results, sample, timed, last)


def _run(pipeline: Pipeline, graph: Graph, sample: SampleInputs) -> Run:
    """The passes over a copy of a graph, for inputs of the sample's types."""
    with uncollected():
        own = snapshot(graph)
        for value, type_ in zip(own.inputs, sample.types, strict=True):
            value.type = type_
        records = pipeline.run(own)
    return Run(records[0].before if records else own, own, records)


def _later(program: Program, graph: Graph, sample: SampleInputs) -> Callable[[], Any]:
    """What later calls of a program run; see `native_tier`."""
    forms = [v.layout if isinstance(v, Tensor) else None for v in sample.values]
    return partial(_call, with_native(program, graph, forms), sample.fresh())


def _outcome(program: Program, graph: Graph, case: Case, held: Sequence[tuple[Tensor, Tensor]]) -> Outcome:
    """What a program does, with copies of the tensors that it holds as they are now."""

    def run(*inputs: Any) -> Any:
        try:
            return program.run(*inputs)
        except Exception as error:
            raise RunError(program.told(error)[0]) from error

    for theirs, mine in held:
        mine.detached_numpy()[...] = theirs.detached_numpy()
    return outcome_of(run, graph, case, held)


def _call(program: Program, inputs: Sequence[Any]) -> Any:
    with no_grad():
        return program.run(*inputs)


def paired(usual: Sequence[PassRecord], other: Sequence[PassRecord]) -> tuple[PassPair, ...]:
    """The passes of both, in order: those of one name at one place side by side."""
    a, b = [r.name for r in usual], [r.name for r in other]
    pairs: list[PassPair] = []
    for tag, i, i_end, j, j_end in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs += [PassPair(x.name, x, y) for x, y in zip(usual[i:i_end], other[j:j_end], strict=True)]
            continue
        pairs += [PassPair(x.name, x, None) for x in usual[i:i_end]]
        pairs += [PassPair(y.name, None, y) for y in other[j:j_end]]
    return tuple(pairs)


def _did(record: PassRecord | None) -> list[tuple[str, str]]:
    """What a pass did, but for the identity of nodes that passes before it made."""
    return [] if record is None else sorted((d.rule, d.kind) for d in record.rewrites)


def _deed(record: PassRecord | None) -> dict[str, object] | None:
    if record is None:
        return None
    return {
        "rewrites": record.count,
        "refusals": len(record.refusals),
        "nodes_before": record.nodes_before,
        "nodes_after": record.nodes_after,
        "skipped": record.skipped,
    }

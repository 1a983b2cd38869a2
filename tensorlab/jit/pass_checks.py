"""A light for each pass: whether the graph after it does what the graph before it did, on inputs of the function's last
call and at the edges of their types; where it does not, the rewrite that broke it and a small program that shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tensorlab.errors import GraphError
from tensorlab.jit.closeness import Closeness, closeness
from tensorlab.jit.edge_inputs import Case, edge_inputs
from tensorlab.jit.equivalence import Culprit, Difference, Outcome, culprit, outcomes
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.ir import Graph
from tensorlab.jit.pipeline import NAMES, Pipeline
from tensorlab.jit.records import PassRecord
from tensorlab.jit.reducing import Reproduction, reduced
from tensorlab.jit.reruns import rerun, run_as_called
from tensorlab.jit.rewrite import Pass
from tensorlab.jit.sample_inputs import SampleInputs, sample_inputs
from tensorlab.jit.uncollected import uncollected
from tensorlab.jit.verify import verify

_MOST_RUNS = 20_000  # of the nodes of one graph, in all cases: the interpreter takes about 10 us for each
_TELLING = ("sample", "special", "strided", "one tensor", "zeros", "negative")  # cases that a long graph has first

Light = Literal["equal", "ulp", "different", "unchanged", "skipped"]


@dataclass(frozen=True, slots=True)
class PassCheck:
    """One pass and its light. ``closeness`` is there if it changed the graph, ``culprit`` and ``program`` if the graph
    does something else now.
    """

    name: str
    light: Light
    rewrites: int
    closeness: Closeness | None = None
    culprit: Culprit | None = None
    program: Reproduction | None = None

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "light": self.light,
            "rewrites": self.rewrites,
            "closeness": None if self.closeness is None else self.closeness.to_dict(),
            "culprit": None if self.culprit is None else self.culprit.to_dict(),
            "program": None if self.program is None else self.program.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class PassChecks:
    """The passes of a function with their lights; ``cases`` are what the graphs ran on, ``inputs`` where the first of
    them comes from. ``whole`` compares the last graph with the first. ``left_out`` are the cases that a long graph
    did not run on.
    """

    name: str
    line: str
    passes: tuple[PassCheck, ...]
    whole: Closeness
    cases: tuple[str, ...]
    inputs: SampleInputs
    left_out: tuple[str, ...] = ()

    @property
    def wrong(self) -> tuple[PassCheck, ...]:
        """The passes after which the graph did something else."""
        return tuple(p for p in self.passes if p.light == "different")

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "line": self.line,
            "passes": [p.to_dict() for p in self.passes],
            "whole": self.whole.to_dict(),
            "cases": list(self.cases),
            "inputs": self.inputs.to_dict(),
            "left_out": list(self.left_out),
        }


def check_passes(
    function: ScriptFunction, *, pipeline: Pipeline | None = None, inputs: Sequence[Any] | None = None
) -> PassChecks:
    """What the passes of a function did for its latest call, or do to a copy of its graph where that was for inputs of
    other types; and the graph after each of them on every input.

    Graphs run by the interpreter, the reference for programs. Each pass is judged against the graph that it was given;
    it may be apart from it by as much as it declares (`Pass.tolerance`), which most do not. ``inputs`` are as in
    `what_if`.

    Cost: a run of the graph on about twelve inputs for each pass that changed it, on fewer (`PassChecks.left_out`) from
          1,700 nodes on; more where one is wrong.
    Raises: `ArgumentError` where there is nothing to run on.
    """
    sample = sample_inputs(function, inputs)
    usual = run_as_called(function, sample)
    known = () if function.pipeline.limit is not None else usual.records
    run = usual if pipeline is None else rerun(pipeline, known, usual.begin)
    pipeline, records = pipeline or function.pipeline, run.records
    every = edge_inputs(run.begin, sample.values)
    cases = _affordable(every, run.begin)
    checks: list[PassCheck] = []
    with uncollected():
        first = expected = outcomes(run.begin, cases)
        for pass_, record in zip(pipeline.passes, records, strict=True):
            check, expected = _checked(pass_, record, expected, cases, sample)
            checks.append(check)
    tolerance = max((p.tolerance for p in pipeline.passes), default=0.0)
    whole = closeness(first, expected, cases, tolerance=tolerance)
    names = tuple(case.name for case in cases)
    left_out = tuple(case.name for case in every if case.name not in names)
    return PassChecks(function.name, pipeline.line, tuple(checks), whole, names, sample, left_out)


def _affordable(cases: Sequence[Case], graph: Graph) -> Sequence[Case]:
    """All cases, or those that tell most where a graph is so long that all would take many seconds; in their order."""
    most = max(3, _MOST_RUNS // max(1, sum(1 for _ in graph.nodes())))
    if most >= len(cases):
        return cases
    told = {name: place for place, name in enumerate(_TELLING)}
    chosen = {case.name for case in sorted(cases, key=lambda case: told.get(case.name, len(told)))[:most]}
    return [case for case in cases if case.name in chosen]


def _checked(
    pass_: Pass, record: PassRecord, expected: Sequence[Outcome], cases: Sequence[Case], sample: SampleInputs
) -> tuple[PassCheck, Sequence[Outcome]]:
    """The light of one pass, and what the graph does after it."""
    if not record.changed:
        return PassCheck(record.name, "skipped" if record.skipped else "unchanged", 0), expected
    rewrites = record.count
    try:
        verify(record.after, after=pass_.name)
    except GraphError as error:
        wrong = Difference("the graph", cases[0].name, f"is no graph any more: {error}")
        return PassCheck(record.name, "different", rewrites, Closeness("different", 0, "", 0, wrong)), expected
    found = outcomes(record.after, cases)
    apart = closeness(expected, found, cases, tolerance=pass_.tolerance)
    if apart.verdict != "different":
        return PassCheck(record.name, apart.verdict, rewrites, apart), found
    blamed = culprit(pass_, record.before, cases)
    line = f"{pass_.name} first {blamed.number}" if blamed is not None else pass_.name
    own = "" if pass_.name in NAMES else pass_.name
    program = reduced(pass_, record.before, sample.values, line, own=own)
    return PassCheck(record.name, "different", rewrites, apart, blamed, program), found

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
from tensorlab.jit.pipeline import NAMES, Pipeline
from tensorlab.jit.records import PassRecord
from tensorlab.jit.reducing import Reproduction, reduced
from tensorlab.jit.reruns import rerun, run_as_called
from tensorlab.jit.rewrite import Pass
from tensorlab.jit.sample_inputs import SampleInputs, sample_inputs
from tensorlab.jit.verify import verify

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
    them comes from. ``whole`` compares the last graph with the first.
    """

    name: str
    line: str
    passes: tuple[PassCheck, ...]
    whole: Closeness
    cases: tuple[str, ...]
    inputs: SampleInputs

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
        }


def check_passes(
    function: ScriptFunction, *, pipeline: Pipeline | None = None, inputs: Sequence[Any] | None = None
) -> PassChecks:
    """Run the passes of a function over a copy of its graph, and the graph after each of them on every input.

    Graphs run by the interpreter, the reference for programs. Each pass is judged against the graph that it was given;
    it may be apart from it by as much as it declares (`Pass.tolerance`), which most do not. ``inputs`` are as in
    `what_if`.

    Cost: a run of the graph on about twelve inputs for each pass that changed it; more where one is wrong.
    Raises: `ArgumentError` where there is nothing to run on.
    """
    sample = sample_inputs(function, inputs)
    usual = run_as_called(function, sample)
    known = () if function.pipeline.limit is not None else usual.records
    run = usual if pipeline is None else rerun(pipeline, known, usual.begin)
    pipeline, records = pipeline or function.pipeline, run.records
    cases = edge_inputs(run.begin, sample.values)
    first = expected = outcomes(run.begin, cases)
    checks: list[PassCheck] = []
    for pass_, record in zip(pipeline.passes, records, strict=True):
        check, expected = _checked(pass_, record, expected, cases, sample)
        checks.append(check)
    tolerance = max((p.tolerance for p in pipeline.passes), default=0.0)
    whole = closeness(first, expected, cases, tolerance=tolerance)
    names = tuple(case.name for case in cases)
    return PassChecks(function.name, pipeline.line, tuple(checks), whole, names, sample)


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

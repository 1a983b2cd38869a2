"""A bounded search for an input on which a trace does something else than its function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tensorlab.errors import ArgumentError, RangeError
from tensorlab.jit.candidates import Arrays, candidates, simpler, weight
from tensorlab.jit.explain_marks import Mark
from tensorlab.jit.explanation import Explanation, explain, explanation, origin_of, retraced
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.ir import Graph
from tensorlab.jit.side_by_side import Comparison, Kind, tensor_text, where_first
from tensorlab.jit.structure import tensors
from tensorlab.jit.subject import Call, Origin, Subject
from tensorlab.jit.tracing import Trace
from tensorlab.jit.watch import Watch
from tensorlab.ops.generator import get_rng_state, set_rng_state

_SIMPLIFICATIONS: int = 120  # runs spent on making a find easier to read

_COMPARISONS = frozenset(f"aten::{name}" for name in ("lt", "le", "gt", "ge", "eq", "ne"))


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An input on which trace and function part, made as simple as it was to be had.

    ``kind`` is what differs: a ``value``, a ``type`` (dtype or shape), the ``structure``, that one of them fails
    (``error``), or what is written to an ``input``. ``responsible`` is the mark of the branch, loop or value that the
    trace has baked in and that comes out as ``instead`` on this input; `None` where none does. ``where`` is the first
    element that differs.
    """

    kind: Kind
    how: str
    inputs: tuple[tuple[str, str], ...]
    function: str
    trace: str
    where: str
    responsible: Mark | None
    instead: tuple[str, ...]
    call: Call = field(repr=False, compare=False)

    def to_dict(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "how": self.how,
            "inputs": [list(pair) for pair in self.inputs],
            "function": self.function,
            "trace": self.trace,
            "where": self.where,
            "responsible": None if self.responsible is None else self.responsible.to_dict(),
            "instead": list(self.instead),
        }

    def __str__(self) -> str:
        lines = [f"  {name} = {value}" for name, value in self.inputs]
        lines += [f"  the function gives  {self.function}", f"  the trace gives     {self.trace}"]
        if self.where:
            lines.append(f"  they differ first at {self.where}")
        mark = self.responsible
        if mark is not None:
            then, now = " and ".join(mark.values), " and ".join(self.instead)
            took = ("took", "takes") if mark.kind == "loop" else ("was", "is")
            turns = " turns" if mark.kind == "loop" else ""
            lines.append(f"  because of line {mark.span.line}: {mark.source}")
            lines.append(f"  which {took[0]} {then}{turns} when it was traced, and {took[1]} {now}{turns} here")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Search:
    """What a search tried, and what it found."""

    name: str
    budget: int
    seed: int
    tried: int
    found: Disagreement | None

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "budget": self.budget,
            "seed": self.seed,
            "tried": self.tried,
            "found": None if self.found is None else self.found.to_dict(),
        }

    def __str__(self) -> str:
        inputs = f"{self.tried} input{'' if self.tried == 1 else 's'}"
        if self.found is None:
            return f"{self.name}: trace and function agree on the {inputs} that were tried (which proves nothing)"
        return f"{self.name}: trace and function disagree ({self.found.how}; {inputs} tried)\n{self.found}"


def find_disagreement(
    traced: ScriptFunction,
    func: Callable[..., Any] | None = None,
    *,
    budget: int = 200,
    seed: int = 0,
    tolerance: float = 1e-5,
) -> Search:
    """Try up to ``budget`` inputs made from the examples, and tell of the first on which trace and function disagree.

    Other signs, scales and sizes, zeros and NaN come first, then random ones; the same ``seed`` tries the same. The
    graph is interpreted, as it was recorded. Buffers of a module are brought back after each run; other things that
    ``func`` does outside of its arguments happen. ``func`` is what was traced, if it is left out.

    Raises: `ArgumentError` for what no trace gave, `RangeError` for a budget below 1.
    """
    if budget < 1:
        raise RangeError(f"search: budget: got {budget}; takes at least 1")
    origin = origin_of(traced, "search")
    if func is not None and not callable(func):
        raise ArgumentError(f"search: func takes a function, got {type(func).__name__}")
    comparison = Comparison(traced, origin, func or origin.subject.func, seed, tolerance)
    chance = get_rng_state()
    try:
        return _search(comparison, budget)
    finally:
        set_rng_state(chance)


def _search(comparison: Comparison, budget: int) -> Search:
    name, seed, tried = comparison.traced.name, comparison.seed, 0
    for how, arrays in candidates(comparison.examples, seed, _bounds(comparison.traced.graph)):
        if tried == budget:
            break
        tried += 1
        kind = comparison.differs(arrays)
        if kind is not None:
            arrays = _shrunk(comparison, arrays, kind)
            return Search(name, budget, seed, tried, _told(comparison, kind, how, arrays))
    return Search(name, budget, seed, tried, None)


def _bounds(graph: Graph) -> list[float]:
    """The numbers that a graph compares tensors with."""
    compared = (v for n in graph.nodes() if n.kind in _COMPARISONS for v in n.inputs)
    found = (v.constant for v in compared if v.is_constant and type(v.constant) in (int, float))
    return list(dict.fromkeys(number for number in found if np.isfinite(number)))


def _shrunk(comparison: Comparison, arrays: Arrays, kind: Kind) -> Arrays:
    """The simplest arguments on the way down from these on which the two still differ in the same way."""
    best, spent, better = arrays, 0, True
    while better:
        better = False
        for tried in simpler(best, comparison.examples):
            if weight(tried, comparison.examples) >= weight(best, comparison.examples):
                continue
            if spent == _SIMPLIFICATIONS:
                return best
            spent += 1
            if comparison.differs(tried) == kind:
                best, better = tried, True
                break
    return best


def _told(comparison: Comparison, kind: Kind, how: str, arrays: Arrays) -> Disagreement:
    """The record of a find."""
    want, got = comparison.outcomes(arrays)
    call = comparison.call(arrays)
    leaves = zip(comparison.traced.graph.inputs, tensors((call.args, dict(call.kwargs))), strict=True)
    inputs = tuple((v.name, tensor_text(t)) for v, t in leaves)
    responsible, instead = _responsible(comparison, call)
    where = where_first(want, got, comparison.tolerance) if kind == "value" else ""
    return Disagreement(kind, how, inputs, str(want), str(got), where, responsible, instead, call)


def _responsible(comparison: Comparison, call: Call) -> tuple[Mark | None, tuple[str, ...]]:
    """The first branch that went another way than in the trace, else loop, else baked value, and what it was."""
    watch = Watch()
    subject = Subject(comparison.func, comparison.origin.subject.name, strict=comparison.origin.subject.strict)
    origin = Origin(subject, call, comparison.origin.trace, None)
    try:
        trace = retraced(origin, watch)
    except Exception:  # noqa: BLE001 - the function fails on these arguments: what ran until then is known
        trace = Trace(Graph(comparison.traced.name), None, ())
    traced = explain(comparison.traced)
    mark, instead = first_change(traced, explanation(trace, trace.graph, watch))
    if mark is None:
        failed = set(watch.failed())
        mark = next((m for m in (*traced.of("branch"), *traced.of("baked")) if m.span in failed), None)
        instead = ("an error",) if mark is not None else ()
    return mark, instead


def first_change(traced: Explanation, other: Explanation) -> tuple[Mark | None, tuple[str, ...]]:
    """Where another run first went another way than the traced one: the traced one's mark, and the other's values."""
    theirs = {(m.kind, m.span, m.what): m for m in other.marks}
    for kind in ("branch", "loop", "baked"):
        for mark in _in_doubt(traced.of(kind)):
            found = theirs.get((mark.kind, mark.span, mark.what))
            if found is not None and found.values != mark.values:
                return mark, found.values
    return None, ()


def _in_doubt(marks: Sequence[Mark]) -> Iterator[Mark]:
    """What hangs on tensors and sizes before what hangs on Python alone."""
    yield from (m for m in marks if m.decided != "python")
    yield from (m for m in marks if m.decided == "python")

"""Whether two graphs do the same: both run by the interpreter on the same inputs, and everything that a caller can see
is compared. A pass that changed that is caught, down to the one rewrite, by bisecting the limit of rewrites.

Compared are results (values, dtypes, shapes), what was written to the arguments and to tensors that the graph holds,
which results share memory (they may share less), and what was printed. An input that the first graph refuses says
nothing. Random numbers are drawn from the same seed; where a pass dropped a draw, only dtypes and shapes are compared.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from itertools import combinations
from typing import Any, cast

import numpy as np

from tensorlab.autograd.modes import no_grad
from tensorlab.core.tensor import Tensor
from tensorlab.errors import GraphError, RangeError, RunError
from tensorlab.jit import interpret
from tensorlab.jit.alias import OUTSIDE, AliasInfo
from tensorlab.jit.build import snapshot
from tensorlab.jit.edge_inputs import Case, edge_inputs
from tensorlab.jit.ir import CONSTANT, Graph
from tensorlab.jit.records import Decision, PassRecord
from tensorlab.jit.rewrite import OutOfRewrites, Pass, Rewriter
from tensorlab.jit.text import Names, format_graph, format_node
from tensorlab.ops.generator import get_rng_state, manual_seed, set_rng_state

SEED = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that differs: ``result 0``, on which inputs, and how."""

    what: str
    case: str
    how: str

    def __str__(self) -> str:
        return f"{self.what} on {self.case}: {self.how}"

    def to_dict(self) -> dict[str, object]:
        return {"what": self.what, "case": self.case, "how": self.how}


@dataclass(frozen=True, slots=True)
class Culprit:
    """The rewrite with which a pass broke a graph: the ``number``-th, its decision, and what it did to what."""

    pass_name: str
    number: int
    decision: Decision | None
    nodes: tuple[str, ...]
    difference: Difference

    def to_dict(self) -> dict[str, object]:
        return {
            "pass": self.pass_name,
            "number": self.number,
            "decision": None if self.decision is None else self.decision.to_dict(),
            "nodes": list(self.nodes),
            "difference": self.difference.to_dict(),
        }

    def __str__(self) -> str:
        lines = [f"after {self.pass_name}: {self.difference}"]
        if self.decision is not None:
            rule = f"{self.decision.rule} ({self.decision.location}): {self.decision.reason}"
            lines.append(f"  since rewrite {self.number}, by {rule}")
        return "\n".join([*lines, *(f"    {node}" for node in self.nodes)])


class EquivalenceError(GraphError):
    """A pass changed what a graph does; ``culprit`` is the rewrite."""

    def __init__(self, culprit: Culprit) -> None:
        super().__init__(str(culprit))
        self.culprit = culprit


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a caller sees of a run: values with their names, what shares memory, what was printed; or an error.

    ``written`` are the tensors that the graph holds and wrote to, by the identity of the original.
    """

    arrays: tuple[tuple[str, Any], ...] = ()
    written: tuple[tuple[int, Any], ...] = ()
    shared: frozenset[tuple[str, str]] = frozenset()
    printed: str = ""
    draws: tuple[str, ...] = ()
    error: str = ""


def outcomes(graph: Graph, cases: Iterable[Case]) -> tuple[Outcome, ...]:
    """What a graph does on each case."""
    own, held = protected(graph)
    kept = [mine.detached_numpy().copy() for _, mine in held]
    try:
        code = interpret.translate(own)
    except GraphError as error:
        return tuple(Outcome(error=str(error)) for _ in cases)
    found: list[Outcome] = []
    for case in cases:
        for (_, mine), array in zip(held, kept, strict=True):
            mine.detached_numpy()[...] = array
        found.append(outcome_of(lambda *given: interpret.run(code, list(given)), graph, case, held))
    return tuple(found)


def difference(
    before: Sequence[Outcome], after: Sequence[Outcome], cases: Sequence[Case], *, tolerance: float = 0.0
) -> Difference | None:
    """The first difference that a caller could see; ``tolerance`` is relative to values above 1."""
    for case, a, b in zip(cases, before, after, strict=True):
        if a.error:
            continue
        found = _compared(a, b, tolerance)
        if found is not None:
            return Difference(found[0], case.name, found[1])
    return None


def culprit(pass_: Pass, before: Graph, cases: Sequence[Case]) -> Culprit | None:
    """Bisect a pass: the first rewrite after which the graph does something else, or `None` if none does.

    Cost: as many runs of pass and graph as the number of rewrites has binary digits.
    """
    expected = outcomes(before, cases)
    _, _, total = _limited(pass_, before, None)
    found = _differs(pass_, before, total, expected, cases)
    if found is None:
        return None
    good, bad = 0, total
    while bad - good > 1:
        middle = (good + bad) // 2
        wrong = _differs(pass_, before, middle, expected, cases)
        if wrong is None:
            good = middle
        else:
            bad, found = middle, wrong
    earlier, done, _ = _limited(pass_, before, bad - 1)
    _, decisions, _ = _limited(pass_, before, bad)
    made = [d for d in decisions[len(done) :] if not d.refused] or [d for d in decisions if not d.refused][-1:]
    decision = made[0] if made else None
    return Culprit(pass_.name, bad, decision, _texts(earlier, decision), found)


def _differs(
    pass_: Pass, before: Graph, limit: int, expected: Sequence[Outcome], cases: Sequence[Case]
) -> Difference | None:
    graph, _, _ = _limited(pass_, before, limit)
    return difference(expected, outcomes(graph, cases), cases, tolerance=pass_.tolerance)


def _limited(pass_: Pass, before: Graph, limit: int | None) -> tuple[Graph, list[Decision], int]:
    """A graph after so many rewrites of a pass, its decisions, and how many there were."""
    graph = snapshot(before)
    most = 1 << 62 if limit is None else limit
    rewriter = Rewriter(graph, limit=most)
    try:
        pass_.run(rewriter, **pass_.options)
    except OutOfRewrites:
        rewriter.left = 0
    return graph, rewriter.decisions, most - (rewriter.left or 0)


def _texts(graph: Graph, decision: Decision | None) -> tuple[str, ...]:
    names = Names()
    format_graph(graph, names=names)
    serials = () if decision is None else decision.nodes_in
    return tuple(format_node(n, names) for n in graph.nodes() if n.serial in serials)


class Watch:
    """Passes as they run one after the other over one graph: each is checked against the graph that it was given."""

    def __init__(self, graph: Graph, sample: Sequence[Any]) -> None:
        if len(sample) != len(graph.inputs):
            raise RangeError(f"check: got {len(sample)} inputs; {graph.name} takes {len(graph.inputs)}")
        self.cases = edge_inputs(graph, sample)
        self.expected = outcomes(graph, self.cases)

    def check(self, pass_: Pass, record: PassRecord) -> None:
        """Compare what the graph does after a pass with what it did before.

        Raises: `EquivalenceError` where it does something else.
        """
        found = outcomes(record.after, self.cases)
        wrong = difference(self.expected, found, self.cases, tolerance=pass_.tolerance)
        if wrong is not None:
            blamed = culprit(pass_, record.before, self.cases)
            raise EquivalenceError(blamed or Culprit(pass_.name, 0, None, (), wrong))
        self.expected = found


# -- running


def outcome_of(
    run: Callable[..., Any], graph: Graph, case: Case, held: Sequence[tuple[Tensor, Tensor]] = ()
) -> Outcome:
    """What a caller sees of a run of a graph, or of a program made of it, on copies of the inputs.

    ``held`` are the tensors that the graph holds, each with the copy that was used in its place; see `protected`.
    """
    given = case.fresh()
    printed = io.StringIO()
    state = get_rng_state()
    manual_seed(SEED)
    try:
        with no_grad(), redirect_stdout(printed):
            results = run(*given)
    except (RunError, GraphError) as error:  # a call of what is not known has no instruction
        return Outcome(error=str(error))
    finally:
        set_rng_state(state)
    named = [*_tensors(results, "result"), *_tensors(given, "argument")]
    owners = [(name, t.storage().data_ptr()) for name, t in named if isinstance(t, Tensor) and t.numel()]
    shared = frozenset((a, b) for (a, p), (b, q) in combinations(owners, 2) if p == q)
    arrays = tuple((n, t.detached_numpy().copy() if isinstance(t, Tensor) else t) for n, t in named)
    pairs = [(t.detached_numpy(), mine.detached_numpy().copy()) for t, mine in held]
    written = tuple((id(t), b) for (t, _), (a, b) in zip(held, pairs, strict=True) if not _close(a, b, 0.0))
    return Outcome(arrays, written, shared, printed.getvalue(), _draws(graph))


def protected(graph: Graph) -> tuple[Graph, list[tuple[Tensor, Tensor]]]:
    """The graph, with copies of the tensors that it holds where it may write to them; both, original first."""
    alias = AliasInfo(graph)
    if not any(OUTSIDE in alias.writes(node) for node in graph.block.nodes):
        return graph, []
    own = snapshot(graph)
    made: dict[int, tuple[Tensor, Tensor]] = {}
    for node in own.nodes():
        held = node.attributes.get("value") if node.kind == CONSTANT else None
        if isinstance(held, Tensor):
            if id(held) not in made:
                made[id(held)] = held, held.detach().clone()
            node.attributes["value"] = made[id(held)][1]
    return own, list(made.values())


def _draws(graph: Graph) -> tuple[str, ...]:
    return tuple(n.kind for n in graph.nodes() if n.op is not None and n.op.random)


def _tensors(value: Any, name: str) -> list[tuple[str, Any]]:
    """Everything in a value, each with a name."""
    if isinstance(value, (list, tuple)):
        parts = cast("Sequence[Any]", value)
        return [pair for i, part in enumerate(parts) for pair in _tensors(part, f"{name} {i}")]
    return [(name, value)]


# -- comparing


def _compared(a: Outcome, b: Outcome, tolerance: float) -> tuple[str, str] | None:
    if b.error:
        return "the run", f"raises {b.error.splitlines()[0]}"
    if a.printed != b.printed:
        return "what is printed", f"{b.printed!r} instead of {a.printed!r}"
    results = {name for name, _ in b.arrays}
    values = a.draws == b.draws
    for name, x in a.arrays:
        if name not in results:
            return name, "is missing"
        how = _unlike(x, dict(b.arrays)[name], tolerance, values=values)
        if how:
            return name, how
    written = dict(b.written)
    if {key for key, _ in a.written} != set(written):
        return "a tensor that the graph holds", "is written to by one of the two graphs alone"
    for key, x in a.written:
        how = _unlike(x, written[key], tolerance, values=values)
        if how:
            return "a tensor that the graph holds", how
    more = b.shared - a.shared
    if more:
        one, other = min(more)
        return one, f"shares memory with {other}"
    return None


def _unlike(x: Any, y: Any, tolerance: float, *, values: bool) -> str:
    if not _is_array(x) or not _is_array(y):
        # By its text a NaN is a NaN, and 1 is neither 1.0 nor True.
        return "" if repr(x) == repr(y) or not values else f"{y!r} instead of {x!r}"
    if x.dtype != y.dtype or x.shape != y.shape:
        return f"{y.dtype}{list(y.shape)} instead of {x.dtype}{list(x.shape)}"
    if not values or _close(x, y, tolerance):
        return ""
    place = int(np.argmax(~_close_each(x, y, tolerance).ravel()))
    return f"element {place} is {y.ravel()[place]} instead of {x.ravel()[place]}"


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)


def _close(x: Any, y: Any, tolerance: float) -> bool:
    return bool(np.all(_close_each(x, y, tolerance)))


def _close_each(x: Any, y: Any, tolerance: float) -> Any:
    if not tolerance or x.dtype.kind in "biu":
        return (x == y) | (np.isnan(x) & np.isnan(y)) if x.dtype.kind not in "biu" else x == y
    return np.isclose(x, y, rtol=tolerance, atol=tolerance, equal_nan=True)

"""What each pass cost and what it brought: nodes, operations, bytes, memory, and the measured time of the graph as it
stood after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tensorlab.autograd.modes import no_grad
from tensorlab.core.tensor import Tensor
from tensorlab.errors import CompileError, GraphError
from tensorlab.jit.costs import GraphCost, graph_cost
from tensorlab.jit.equivalence import protected
from tensorlab.jit.executions import executions
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.ir import IF, LOOP, Graph
from tensorlab.jit.lower import lower
from tensorlab.jit.native_tier import LARGE, WAIT_LONG, NativeTier
from tensorlab.jit.program import Program
from tensorlab.jit.reruns import run_as_called
from tensorlab.jit.sample_inputs import SampleInputs, sample_inputs
from tensorlab.jit.specialisations import CompileSeconds
from tensorlab.jit.timing import Timing, measure
from tensorlab.jit.uncollected import uncollected
from tensorlab.jit.work import work_of

BEFORE = "(as recorded)"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """The graph as it stood after a pass that changed it; the first row is the graph before any.

    ``seconds`` is what the pass took. ``kinds`` counts the nodes, those in blocks and groups included. ``time`` is that
    of the graph's program, None where there is none, or where it fails on the inputs.
    """

    name: str
    seconds: float
    kinds: Mapping[str, int]
    cost: GraphCost = field(repr=False)
    time: Timing | None

    @property
    def nodes(self) -> int:
        return sum(self.kinds.values())

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "seconds": self.seconds,
            "nodes": self.nodes,
            "kinds": dict(self.kinds),
            "cost": self.cost.to_dict(),
            "time": None if self.time is None else self.time.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Ledger:
    """The rows of a function, in the order of its passes; ``idle`` are the passes that changed nothing, with their
    seconds. ``compiling`` is what the compilation for the latest call took, None before any call.

    ``native`` is the time of the last graph as one native function, which later calls run in place of the program;
    where it is None, ``no_native`` says why. ``runs`` is how many measurements were asked for: the `Timing` of long
    calls has fewer.
    """

    name: str
    rows: tuple[LedgerRow, ...]
    idle: tuple[tuple[str, float], ...]
    compiling: CompileSeconds | None
    inputs: SampleInputs
    native: Timing | None = None
    no_native: str = ""
    runs: int = 15

    @property
    def pass_seconds(self) -> float:
        """What all passes took, in the run of them that the rows tell of."""
        return sum(row.seconds for row in self.rows) + sum(seconds for _, seconds in self.idle)

    def saved(self, index: int) -> float | None:
        """By how many seconds a call got shorter with a row's pass: negative if longer; None where that is not known,
        or where it may be chance, as the middle halves of the measurements overlap.
        """
        before, after = self.rows[index - 1].time if index else None, self.rows[index].time
        if before is None or after is None or not before.apart(after):
            return None
        return before.median - after.median

    def to_dict(self) -> dict[str, object]:
        rows = [{**row.to_dict(), "saved": self.saved(i)} for i, row in enumerate(self.rows)]
        return {
            "name": self.name,
            "rows": rows,
            "idle": [{"name": name, "seconds": seconds} for name, seconds in self.idle],
            "compiling": None if self.compiling is None else self.compiling.to_dict(),
            "pass_seconds": self.pass_seconds,
            "inputs": self.inputs.to_dict(),
            "native": None if self.native is None else self.native.to_dict(),
            "no_native": self.no_native,
            "runs": self.runs,
        }


def ledger(function: ScriptFunction, *, inputs: Sequence[Any] | None = None, runs: int = 15) -> Ledger:
    """What the passes of a function did for its latest call, or do to a copy of its graph where that was for inputs of
    other types; lower and measure the graph after each pass that changed it.

    Measured are programs that call loops, one after the other in turns, and with them the native function of the last
    graph, where it has one. ``inputs`` are as in `what_if`.

    Cost: a program, with its loops, and ``runs`` measurements for each pass that changed the graph; a native function
    of at most 100 operations.
    Raises: `ArgumentError` where there is nothing to run on.
    """
    sample = sample_inputs(function, inputs)
    run = run_as_called(function, sample)
    own, held = protected(run.begin)
    records = function.pipeline.run(own) if held else run.records
    begin = records[0].before if records else own
    states: list[tuple[str, float, Graph]] = [(BEFORE, 0.0, begin)]
    states += [(r.name, r.seconds, r.after) for r in records if r.changed]
    with uncollected():
        programs = [_program(state, sample) for _, _, state in states[:-1]]
        programs.append(_program(states[-1][2], sample, None if held else run.program))
    runnable = [partial(_call, p, sample.fresh()) for p in programs if p is not None]
    native, why = _native(states[-1][2], programs[-1], sample)
    if native is not None:
        runnable.append(partial(_timed, native, sample.fresh()))
    measured = list(measure(runnable, runs=runs))
    native_time = None if native is None else measured.pop()
    times = iter(measured)
    with uncollected():
        costs = [_cost(state, sample) for _, _, state in states]
    rows = tuple(
        LedgerRow(name, seconds, Counter(_kinds(state)), cost, None if program is None else next(times))
        for (name, seconds, state), program, cost in zip(states, programs, costs, strict=True)
    )
    idle = tuple((r.name, r.seconds) for r in records if not r.changed)
    compiling = None if function.latest is None else function.latest.seconds
    return Ledger(function.name, rows, idle, compiling, sample, native_time, why, runs)


def _native(graph: Graph, program: Program | None, sample: SampleInputs) -> tuple[Callable[..., Any] | None, str]:
    """The native function of a graph for inputs that lie as these do, or why there is none."""
    if program is None:
        return None, "there is no program that it could stand for"
    if work_of(graph) > LARGE:
        return None, f"a graph of more than {LARGE} operations runs as its program for the first {WAIT_LONG} calls"
    inputs = sample.fresh()
    tier = NativeTier(graph, program.run, [v.layout if isinstance(v, Tensor) else None for v in inputs])
    run = tier.compiled()
    if tier.function is None:
        return None, str(tier.refusal)
    try:
        _timed(run, inputs)
    except Exception as error:  # noqa: BLE001 - whatever an operation raises, there is no time to tell
        return None, f"it fails on these inputs: {error}"
    return run, ""


def _cost(graph: Graph, sample: SampleInputs) -> GraphCost:
    """What a graph costs: where it has ifs or loops, for these inputs, on which it is run once to count."""
    if any(node.kind in (IF, LOOP) for node in graph.block.nodes):
        return graph_cost(graph, executions(graph, sample.fresh()))
    return graph_cost(graph)


def _program(graph: Graph, sample: SampleInputs, made: Program | None = None) -> Program | None:
    """A graph's program, the one that was ``made`` of it or a new one, if there is one and the inputs suit it."""
    try:
        program = made or lower(graph)
    except (GraphError, CompileError):
        return None
    try:
        _call(program, sample.fresh())
    except Exception:  # noqa: BLE001 - whatever an operation raises, there is no time to tell
        return None
    return program


def _call(program: Program, inputs: Sequence[Any]) -> Any:
    return _timed(program.run, inputs)


def _timed(run: Callable[..., Any], inputs: Sequence[Any]) -> Any:
    with no_grad():
        return run(*inputs)


def _kinds(graph: Graph) -> list[str]:
    kinds: list[str] = []
    for node in graph.nodes():
        kinds.append(node.kind)
        subgraph = node.attributes.get("subgraph")
        if isinstance(subgraph, Graph):
            kinds += _kinds(subgraph)
    return kinds

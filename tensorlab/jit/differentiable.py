"""Programs for gradients: of a function called with tensors that require gradients, one forwards and one backwards.

Both are made by the function's pipeline, fusion included. Forwards gives what backwards takes besides the results;
backwards is made again where only some of the results got a gradient. What cannot be done so has a reason, and is run
by the interpreter on the tape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tensorlab.autograd.modes import no_grad
from tensorlab.autograd.tape import alias
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType, Type
from tensorlab.errors import TensorlabError
from tensorlab.jit import edit
from tensorlab.jit.backward_graph import INPUT, BackwardTrace, ForwardTrace, Key, NotFusedError, constants_of, is_known
from tensorlab.jit.build import Builder, snapshot
from tensorlab.jit.ir import Graph, Node
from tensorlab.jit.lower import lower
from tensorlab.jit.passes.mutation import functional
from tensorlab.jit.passes.shapes import shapes
from tensorlab.jit.pipeline import Pipeline
from tensorlab.jit.program import Program, with_native_later
from tensorlab.jit.records import PassRecord
from tensorlab.jit.replay import replay
from tensorlab.jit.structure import Structure, structure_of, tensors

Mask = tuple[bool, ...]  # which of the results got a gradient
MASKS = 16  # programs backwards kept a function and kind of call, besides that for all results; the oldest goes first


@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """One of the two programs: the graph as it was derived, what each pass did, what it became."""

    derived: Graph
    records: tuple[PassRecord, ...]
    graph: Graph
    program: Program

    def to_dict(self) -> dict[str, object]:
        return {
            "derived": str(self.derived),
            "records": [r.to_dict() for r in self.records],
            "graph": str(self.graph),
            "program": self.program.text,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Backward:
    """The program for one choice of results that got a gradient.

    It takes those gradients, then ``takes``: inputs of the function by their number, and what was kept (numbered from
    the end of the inputs on). ``gives`` says of each input which result is its gradient.
    """

    direction: Direction
    takes: tuple[int, ...]
    gives: tuple[int | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class GradientProgram:
    """How a function is run, and differentiated, for inputs of these types of which these require gradients.

    ``inputs`` are the function's own and then the tensors that it holds, where they require a gradient. ``reference``
    is the graph that is run, on the tape, where gradients are differentiated again. ``refused`` says why there are no
    two programs; then ``forward`` and ``backward`` are None.
    """

    types: tuple[Type, ...]
    needs: tuple[bool, ...]
    reference: Graph
    refused: str = ""
    records: tuple[PassRecord, ...] = ()  # before it was differentiated
    forward: Direction | None = None
    backwards: dict[Mask, Backward | str] = field(default_factory=dict[Mask, "Backward | str"])
    flows: tuple[bool, ...] = ()  # of each result, whether gradients flow back through it
    keeps: tuple[Key, ...] = ()  # what forwards gives after the results, and backwards takes
    kept_results: tuple[int, ...] = ()  # of each of ``keeps``, which result it is, or -1
    structure: Structure | None = None  # of the function's result

    @property
    def backward(self) -> Direction | None:
        """The program backwards where every result got a gradient."""
        found = self.backwards.get((True,) * sum(self.flows))
        return found.direction if isinstance(found, Backward) else None

    @property
    def saved_nbytes(self) -> int:
        """Bytes that forwards keeps for backwards, besides inputs and results."""
        if self.forward is None:
            return 0
        extra = [v.type for v in self.forward.graph.outputs[len(self.flows) :]]
        known = [t for t in extra if isinstance(t, TensorType) and t.dtype is not None]
        return sum((t.numel or 0) * t.dtype.itemsize for t in known if t.dtype is not None)

    def to_dict(self) -> dict[str, object]:
        return {
            "types": [str(t) for t in self.types],
            "needs": list(self.needs),
            "refused": self.refused,
            "reference": str(self.reference),
            "records": [r.to_dict() for r in self.records],
            "forward": None if self.forward is None else self.forward.to_dict(),
            "backward": None if self.backward is None else self.backward.to_dict(),
            "saved_nbytes": self.saved_nbytes,
        }


def differentiated(
    graph: Graph, types: Sequence[Type], held: Sequence[tuple[Node, Tensor]], pipeline: Pipeline, inputs: Sequence[Any]
) -> GradientProgram:
    """The programs for these inputs, which are those of the graph and then the tensors that ``held`` nodes hold.

    Raises: what an operation raises for these inputs.
    """
    reference = with_inputs(graph, types, [node for node, _ in held])
    needs = tuple(isinstance(v, Tensor) and v.requires_grad for v in inputs)
    types = tuple(v.type for v in reference.inputs)
    source = snapshot(reference)
    # What is written in place in the function's own memory is written anew: formulas look at what was there.
    rest = tuple(p for p in pipeline.passes if p.name not in ("fuse", "fuse_rows"))
    unfused = replace(pipeline, passes=(shapes, functional, *rest))
    records = unfused.run(source)
    try:
        found = _Derived(source, inputs, needs)
        return found.programs(pipeline, GradientProgram(types, needs, reference, records=records))
    except NotFusedError as why:
        return GradientProgram(types, needs, reference, str(why), records)


def with_inputs(graph: Graph, types: Sequence[Type], held: Sequence[Node]) -> Graph:
    """A copy of a graph for inputs of these types, in which constants are inputs too."""
    own = snapshot(graph)
    for value, given in zip(own.inputs, types, strict=True):
        value.type = given
    by_serial = {n.serial: n for n in own.block.nodes}
    builder = Builder(own.block)
    for node in held:
        constant = by_serial[node.serial]
        edit.replace_uses(constant.output, builder.param(node.output.constant.type, node.output.name))
        edit.erase(constant)
    return own


class _Derived:
    """A graph traced forwards, from which it goes backwards."""

    def __init__(self, source: Graph, inputs: Sequence[Any], needs: Sequence[bool]) -> None:
        self.needs = needs
        self.constants = constants_of(source)
        trace = self.trace = ForwardTrace(source.name, self.constants)
        self.given = [_input(trace, v, source.inputs[i].name or f"arg{i}", i) for i, v in enumerate(inputs)]
        trace.flowing.update(id(t) for t, needed in zip(self.given, needs, strict=True) if needed)
        with no_grad():
            self.results = replay(trace, source, self.given)
        result = self.results[0] if len(self.results) == 1 else tuple(self.results)
        structure = structure_of(result)
        if structure is None:
            raise NotFusedError("it gives something that is no tensor")
        self.structure = structure
        self.outputs = tensors(result)
        self._check_own()

    def _check_own(self) -> None:
        """Every result has memory of its own.

        Raises: `NotFusedError`.
        """
        there = [t for t in self.given if isinstance(t, Tensor)]
        seen = {id(t.storage()) for t in there}
        for output in self.outputs:
            known = self.trace.known(output)
            if known is None or known.is_constant or id(output.storage()) in seen:
                raise NotFusedError("a result shares memory with an input, a constant or another result")
            seen.add(id(output.storage()))

    def programs(self, pipeline: Pipeline, start: GradientProgram) -> GradientProgram:
        """Both programs."""
        trace = self.trace
        flows = tuple(id(t) in trace.flowing for t in self.outputs)
        if not any(flows):
            raise NotFusedError("no gradient flows back from its results")
        graph, takes, gives = self.backward((True,) * sum(flows))
        results = [trace.value_of(t) for t in self.outputs]
        numbers = {v.serial: k for k, v in enumerate(results)}
        kept = [v for v in takes if v.producer is not None]
        trace.builder.results(*results, *(v for v in kept if v.serial not in numbers))
        forward = direction(trace.graph, pipeline)
        keeps = tuple(map(trace.key, kept))
        program = replace(
            start,
            forward=forward,
            flows=flows,
            keeps=keeps,
            kept_results=tuple(numbers.get(v.serial, -1) for v in kept),
            structure=self.structure,
        )
        program.backwards[(True,) * sum(flows)] = self.finished(program, graph, takes, gives, pipeline)
        return program

    def backward(self, mask: Mask) -> tuple[Graph, list[Any], tuple[int | None, ...]]:
        """The graph for gradients of some of the results, what it takes of the forward graph, and what it gives."""
        trace = BackwardTrace(self.trace, self.constants)
        flowing = [t for t in self.outputs if id(t) in self.trace.flowing]
        chosen = [t if got else None for t, got in zip(flowing, mask, strict=True)]
        wanted = [t for t, needed in zip(self.given, self.needs, strict=True) if needed]
        with no_grad():
            places = iter(trace.run(chosen, wanted))
        return trace.graph, trace.saved, tuple(next(places) if needed else None for needed in self.needs)

    def finished(
        self,
        program: GradientProgram,
        graph: Graph,
        takes: Sequence[Any],
        gives: tuple[int | None, ...],
        pipeline: Pipeline,
    ) -> Backward:
        """The program of a backward graph.

        Raises: `NotFusedError` where it takes what was not kept.
        """
        count, slots = len(self.needs), {key: k for k, key in enumerate(program.keeps)}
        places: list[int] = []
        for key in map(self.trace.key, takes):
            if key[0] != INPUT and key not in slots:
                raise NotFusedError("what it takes was not kept")
            places.append(self._tensor_input(key[1]) if key[0] == INPUT else count + slots[key])
        return Backward(direction(graph, pipeline), tuple(places), gives)

    def _tensor_input(self, number: int) -> int:
        """Which of the function's inputs an input of the trace is, which takes tensors alone."""
        return [i for i, v in enumerate(self.given) if isinstance(v, Tensor)][number]


def _input(trace: ForwardTrace, value: Any, name: str, index: int) -> Any:
    if isinstance(value, Tensor):
        return trace.add_input(alias(value), name)
    if value is None:
        return None
    raise NotFusedError(f"input {index}, {name}, is no tensor, and may be another at each call")


def backward_for(program: GradientProgram, mask: Mask, pipeline: Pipeline, inputs: Sequence[Any]) -> Backward | str:
    """The program backwards for gradients of some of the results, made if it is not there, or why there is none."""
    found = program.backwards.get(mask)
    if found is None:
        source = snapshot(program.records[-1].after if program.records else program.reference)
        try:
            derived = _Derived(source, inputs, program.needs)
            found = derived.finished(program, *derived.backward(mask), pipeline)
        except TensorlabError as why:
            found = str(why)
        others = [m for m in list(program.backwards) if not all(m)]
        if len(others) >= MASKS:
            program.backwards.pop(others[0], None)
        program.backwards[mask] = found
    return found


def direction(graph: Graph, pipeline: Pipeline) -> Direction:
    """Optimise a copy of a graph, and lower it.

    Raises: `NotFusedError` where a shape depends on elements.
    """
    own = snapshot(graph)
    Pipeline((shapes,)).run(own)
    for node in own.nodes():
        if not all(map(is_known, node.outputs)):
            raise NotFusedError(f"the shape of what {node.kind} gives is not known before it runs")
    records = pipeline.run(own)
    return Direction(graph, records, own, with_native_later(lower(own), own))

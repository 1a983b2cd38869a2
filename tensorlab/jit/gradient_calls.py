"""Calls of compiled functions that are to be differentiated: one node of the tape for the whole function."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

from tensorlab.autograd.api import grad
from tensorlab.autograd.modes import enable_grad, no_grad
from tensorlab.autograd.node import Edge, Grads, Node, freed_message
from tensorlab.autograd.record import edge
from tensorlab.autograd.tape import Saved, Tape
from tensorlab.autograd.views import refreshed
from tensorlab.core.op import lookup
from tensorlab.core.place import user_place
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import Type
from tensorlab.errors import GradError, TensorlabError
from tensorlab.jit import interpret
from tensorlab.jit.differentiable import Backward, GradientProgram, backward_for, differentiated
from tensorlab.jit.ir import Graph
from tensorlab.jit.ir import Node as GraphNode
from tensorlab.jit.pipeline import Pipeline
from tensorlab.jit.structure import rebuilt, tensors

TypesOf = Callable[[Sequence[Any]], Sequence[Type]]

LIMIT = 64  # kinds of calls kept a function; the one that was not called for longest goes first


class GradientPrograms:
    """The programs for gradients of one function, by the layouts of a call's tensors and which require gradients."""

    def __init__(self, graph: Graph, pipeline: Pipeline) -> None:
        self._graph = graph
        self._pipeline = pipeline
        self._programs: OrderedDict[tuple[object, ...], GradientProgram] = OrderedDict()
        self._lock = Lock()
        # Floating tensors that the graph holds: a parameter may require a gradient later, or no more.
        self._held: list[tuple[GraphNode, Tensor]] = []
        for node in graph.block.nodes:
            tensor = node.attributes.get("value")
            if isinstance(tensor, Tensor) and tensor.layout.dtype.is_floating_point:
                self._held.append((node, tensor))

    @property
    def kept(self) -> tuple[GradientProgram, ...]:
        """Every program that is kept, the latest used last."""
        with self._lock:
            return tuple(self._programs.values())

    def call(self, key: tuple[object, ...], inputs: Sequence[Any], types_of: TypesOf, run: Callable[..., Any]) -> Any:
        """Run the function so that its results can be differentiated; ``run`` does it on the tape, op by op."""
        try:
            program = self.program(key, inputs, types_of)
            if program.forward is not None:
                return _recorded(program, (*inputs, *(t for _, t in self._needing())), self._pipeline)
        except GradError:
            raise
        except TensorlabError:
            pass  # it fails again below, and is told with the user's line
        return run(*inputs)

    def program(self, key: tuple[object, ...], inputs: Sequence[Any], types_of: TypesOf) -> GradientProgram:
        """The program for a call with these inputs, made if it is not there."""
        needing = self._needing()
        needs = tuple([isinstance(v, Tensor) and v.requires_grad for v in inputs])
        full = (*key, needs, *((id(n), t.layout) for n, t in needing))
        with self._lock:
            found = self._programs.get(full)
            if found is not None:
                self._programs.move_to_end(full)
                return found
            found = differentiated(
                self._graph, types_of(inputs), needing, self._pipeline, (*inputs, *(t for _, t in needing))
            )
            self._programs[full] = found
            if len(self._programs) > LIMIT:
                self._programs.popitem(last=False)
        return found

    def _needing(self) -> list[tuple[GraphNode, Tensor]]:
        return [(n, t) for n, t in self._held if t.requires_grad]


class CompiledNode(Node):
    """A call of a compiled function on the tape.

    It keeps the function's inputs, for gradients of gradients: then the function is run again, by the interpreter, and
    its operations are on the tape.
    """

    __slots__ = ("_inputs", "_kept", "_pipeline", "program")

    def __init__(
        self, program: GradientProgram, edges: Sequence[Edge | None], inputs: Sequence[Any], pipeline: Pipeline
    ) -> None:
        super().__init__(f"{program.reference.name}Backward", edges, user_place())
        self.program = program
        self._pipeline = pipeline
        self._inputs: tuple[Saved | None, ...] | None = tuple(map(_saved, inputs))
        self._kept: tuple[Saved, ...] = ()

    def keep(self, results: Sequence[Tensor], extra: Sequence[Tensor]) -> None:
        """Save what backwards takes: results, without their place on the tape, and what was made for it."""
        more = iter(extra)
        self._kept = tuple(
            Saved(next(more), None) if k < 0 else Saved(results[k], None, output=k) for k in self.program.kept_results
        )

    def apply(self, grads: Grads, *, tracked: bool) -> Sequence[Tensor | None]:
        if self._inputs is None:
            raise GradError(freed_message(self))
        program = self.program
        flowing = [g for g, flows in zip(grads, program.flows, strict=True) if flows]
        if tracked:
            return self._again(self._inputs, flowing)
        mask = tuple([g is not None for g in flowing])
        found = program.backwards.get(mask)
        if found is None:
            found = backward_for(program, mask, self._pipeline, [None if s is None else s.tensor for s in self._inputs])
        if isinstance(found, str):
            with_history = self._again(self._inputs, flowing)
            return [None if g is None else g.detach() for g in with_history]
        return self._run(found, self._inputs, [g for g in flowing if g is not None])

    def held(self) -> Sequence[tuple[str, Saved]] | None:
        if self._inputs is None:
            return None
        named = zip(self.program.reference.inputs, self._inputs, strict=True)
        inputs = [(v.name or f"arg{i}", s) for i, (v, s) in enumerate(named) if s is not None]
        return [*inputs, *((f"kept[{k}]", s) for k, s in enumerate(self._kept))]

    def release(self) -> None:
        self._inputs, self._kept = None, ()

    def _run(self, found: Backward, inputs: Sequence[Saved | None], grads: list[Tensor]) -> list[Tensor | None]:
        count = len(inputs)
        args: list[Any] = grads
        for place in found.takes:
            saved = inputs[place] if place < count else self._kept[place - count]
            args.append(None if saved is None else saved.unpack(self, tracked=False))
        results = found.direction.program.run(*args)
        several = len(found.direction.graph.outputs) != 1
        return [None if k is None else results[k] if several else results for k in found.gives]

    def _again(self, inputs: Sequence[Saved | None], grads: Sequence[Tensor | None]) -> list[Tensor | None]:
        """The gradients by the interpreter, on the tape.

        Each input goes in as a view of itself, where its gradient is caught before it goes on into its history.
        """
        (view,) = lookup("aten::alias")
        program = self.program
        given: list[Any] = []
        with_needs = zip(inputs, program.needs, strict=True)
        with enable_grad():
            for saved, needed in with_needs:
                tensor = None if saved is None else saved.unpack(self, tracked=True)
                given.append(view.call((tensor,)) if needed else tensor)
            results = interpret.run(program.reference, given)
            outputs = tensors(results)
            pairs = [
                (t, g)
                for t, g in zip(
                    [t for t, flows in zip(outputs, program.flows, strict=True) if flows], grads, strict=True
                )
                if g is not None and t.requires_grad
            ]
            wanted = [t for t, needed in zip(given, program.needs, strict=True) if needed]
            found = iter(
                grad([t for t, _ in pairs], wanted, [g for _, g in pairs], create_graph=True, allow_unused=True)
            )
        return [next(found) if needed else None for needed in program.needs]


def _saved(value: Any) -> Saved | None:
    if not isinstance(value, Tensor):
        return None
    return Saved(value, refreshed(value) if value.tape is not None else None)


def _recorded(program: GradientProgram, inputs: Sequence[Any], pipeline: Pipeline) -> Any:
    """Run forwards, and put the results on the tape."""
    forward = program.forward
    assert forward is not None and program.structure is not None
    edges = [edge(v) if needed else None for v, needed in zip(inputs, program.needs, strict=True)]
    node = CompiledNode(program, edges, inputs, pipeline)
    given = [v for v in inputs if v is not None]
    with no_grad():
        found = forward.program.run(*given)
    everything: Sequence[Tensor] = found if len(forward.graph.outputs) != 1 else (found,)
    count = len(program.flows)
    results = everything[:count]
    node.outputs = tuple(r.layout.type if flows else None for r, flows in zip(results, program.flows, strict=True))
    for index, (r, flows) in enumerate(zip(results, program.flows, strict=True)):
        r.base = None  # it looks at a tensor that nobody else has
        if flows:
            tape = r.tape = Tape(node, index)
            tape.version = r.storage().version
    node.keep(results, everything[count:])
    return rebuilt(program.structure, iter(results))

"""What `trace`, `script` and `load` give: a graph, and a program for each kind of arguments it was called with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from tensorlab.autograd.modes import is_grad_enabled
from tensorlab.core.compile import Loop
from tensorlab.core.dispatch import MODES
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType, Type
from tensorlab.errors import ArgumentError, RangeError, RunError
from tensorlab.jit import interpret
from tensorlab.jit.alias import may_join_tape
from tensorlab.jit.arguments import Parameters
from tensorlab.jit.baked import baked_in
from tensorlab.jit.build import snapshot
from tensorlab.jit.differentiable import GradientProgram
from tensorlab.jit.gradient_calls import GradientPrograms
from tensorlab.jit.ir import Graph
from tensorlab.jit.lower import lower
from tensorlab.jit.pipeline import DEFAULT, Pipeline
from tensorlab.jit.program import with_native
from tensorlab.jit.records import PassRecord
from tensorlab.jit.specialisations import (
    CompileSeconds,
    Served,
    Sizes,
    Specialisation,
    Specialisations,
    SpecialisationTable,
)
from tensorlab.jit.structure import dressed, nesting_of
from tensorlab.jit.tracing import Escape, Trace, TraceMode
from tensorlab.jit.uncollected import uncollected

if TYPE_CHECKING:
    from tensorlab.jit.subject import Origin

STAGES = ("graph", "python", "numba", "llvm", "asm")
Stage = Literal["graph", "python", "numba", "llvm", "asm"]

_layout = attrgetter("layout")
_modes = MODES.get
_NO_KEY = ("not all tensors",)  # that no program has


class ScriptFunction:
    """A compiled function. Calling it runs the program for the arguments' dtypes and shapes, compiled on first use.

    The third and later shapes of one kind share a program that takes any, until they are called often.
    ``kind`` is ``traced``, ``scripted`` or ``loaded``; ``escapes`` are the values that a trace baked in. Inside a trace
    a call becomes part of that trace, control flow and all. Threads may share a function.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        kind: str,
        pipeline: Pipeline = DEFAULT,
        escapes: Sequence[Escape] = (),
        doc: str | None = None,
        defaults: Mapping[str, Any] | None = None,
        trace: Trace | None = None,
    ) -> None:
        self.graph = graph
        self.kind = kind
        self.pipeline = pipeline
        self.escapes = tuple(escapes)
        self.__name__ = self.name = graph.name
        self.__doc__ = doc
        self._takes = Parameters(graph, defaults)
        self._nesting = nesting_of(trace.arguments, trace.result) if trace is not None else None
        signature = self._takes.signature() if self._nesting is None else self._nesting.signature()
        if signature is not None:
            self.__signature__ = signature
        self._learnt = tuple(v for v in _constant_tensors(graph) if v.requires_grad)
        self._joined = any(map(may_join_tape, graph.nodes()))
        self._quick = self._takes.only_tensors and not (self._learnt or self._joined) and self._nesting is None
        self._table = SpecialisationTable(self._made)
        self._lock = Lock()
        self._gradients = GradientPrograms(graph, pipeline)
        self.origin: Origin | None = None  # of a traced function: `explain` runs it again
        self._general: tuple[PassRecord, ...] | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs or not self._quick or _modes():
            return self._call(args, kwargs)
        try:
            key = tuple(map(_layout, args))
        except AttributeError:  # an argument that is no tensor
            key = _NO_KEY
        table = self._table
        found = table.entries.get(key)
        if found is None:
            return self._call(args, kwargs)
        for a in args:
            if a.tape is not None:
                return self._call(args, kwargs)
        if found is not table.latest:
            found = table.find(args, key)
        found.calls += 1
        try:
            return found.run(*args)
        except Exception as error:  # noqa: BLE001 - told again as the user's own, with its cause
            raise self._told(found, args, error) from _cause(error)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The same as calling it."""
        return self(*args, **kwargs)

    def interpret(self, *args: Any, **kwargs: Any) -> Any:
        """Run the graph as it was recorded, one instruction at a time: the reference for every program."""
        inputs, _ = self._prepare(args, kwargs)
        return self._dressed(self._within_modes(self._interpret, inputs))

    def graph_and_inputs(self, *args: Any, **kwargs: Any) -> tuple[Graph, list[Any]]:
        """What `interpret` runs for a call: the graph, and what it is given.

        Raises: `ArgumentError` as a call does.
        """
        return self.graph, self._prepare(args, kwargs)[0]

    # Looking inside

    @property
    def records(self) -> tuple[PassRecord, ...]:
        """What each pass did, for the arguments of the latest call; before any call, for the types in the graph."""
        latest = self.latest
        if latest is not None:
            return latest.records
        if self._general is None:
            self._general = self.pipeline.run(snapshot(self.graph))
        return self._general

    @property
    def programs(self) -> tuple[Specialisation, ...]:
        """Every compilation that is kept, the latest used last."""
        return self._table.kept()

    @property
    def specialisations(self) -> Specialisations:
        """What `programs` holds, as data: for which arguments each is, calls, hits and misses, seconds."""
        return self._table.record()

    @property
    def latest(self) -> Specialisation | None:
        """The compilation that was called, or asked for, last."""
        found = self._table.latest
        return found.of if isinstance(found, Served) else found

    def graph_for(self, *args: Any, **kwargs: Any) -> Graph:
        """The optimised graph for arguments of these types.

        Raises: `ArgumentError` as a call does.
        """
        return self.specialisation_for(*args, **kwargs).graph

    def specialisation_for(self, *args: Any, **kwargs: Any) -> Specialisation:
        """The compilation for arguments of these types, made if it is not there.

        Raises: `ArgumentError` as a call does.
        """
        return self._table.exact(*self._prepare(args, kwargs))

    def gradient_program(self, *args: Any, **kwargs: Any) -> GradientProgram:
        """How a call with these arguments is run and differentiated: two programs, or why there are none.

        Which of the tensors require gradients matters, as their types do.

        Raises: `ArgumentError` as a call does.
        """
        inputs, key = self._prepare(args, kwargs)
        return self._gradients.program(key, inputs, self._takes.types_of)

    @property
    def gradient_programs(self) -> tuple[GradientProgram, ...]:
        """The programs of calls that were to be differentiated, the latest used last."""
        return self._gradients.kept

    @property
    def code(self) -> str:
        """The graph as readable Python."""
        from tensorlab.jit.code import graph_to_code

        return graph_to_code(self.graph, constants=self.tensors)

    @property
    def schema(self) -> str:
        """Parameters with their types, and the results' types."""
        named = zip(self.graph.inputs, self._takes.names, strict=True)
        defaults = self._takes.defaults
        params = ", ".join(f"{v.type} {n}={defaults[n]!r}" if n in defaults else f"{v.type} {n}" for v, n in named)
        results = ", ".join(str(v.type) for v in self.graph.outputs)
        return f"{self.name}({params}) -> {results if len(self.graph.outputs) == 1 else f'({results})'}"

    def stages(self, stage: Stage) -> str:
        """The text of one stage of the latest call's compilation.

        ``graph`` is what the passes left, ``python`` the program and the loops made of it, ``numba`` Numba's typed IR
        of those loops, ``llvm`` the optimised LLVM IR, ``asm`` the machine code.

        Raises: `RangeError` for another word, `ArgumentError` where nothing has been compiled yet.
        """
        if stage not in STAGES:
            raise RangeError(f"{self.name}: no stage {stage!r}; takes {', '.join(STAGES)}")
        latest = self.latest
        loops = latest.program.compiled_loops() if latest is not None else ()
        if latest is None or (stage in ("numba", "llvm", "asm") and latest.program.loops and not loops):
            raise ArgumentError(nothing_compiled(self.name, called=latest is not None and bool(latest.calls)))
        if stage == "graph":
            return str(latest.graph)
        if stage == "python":
            return "\n\n".join([latest.program.text, *(f"# {loop.name}\n{loop.source}" for loop in loops)])
        if not loops:
            return f"# {self.name} has no loop of its own: every operation in it is a call"
        return "\n\n".join(f"# {loop.name}\n{_loop_text(loop, stage)}" for loop in loops)

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Tensors of the graph that have a name: those of a traced module."""
        return {}

    def save(self, path: str | Path) -> None:
        """Write the archive: version, code, tensors, model.json; see `archive`.

        Raises: `ArchiveError` where the path cannot be written.
        """
        from tensorlab.jit.archive import save_function

        save_function(self, path)

    def __repr__(self) -> str:
        return f"<{self.kind} function {self.schema}>"

    # Running

    def _call(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """A call with numbers or names, one of a new kind, or one inside a trace."""
        inputs, key = self._prepare(args, kwargs)
        if not _modes():
            return self._dressed(self._run(key, inputs))
        return self._dressed(self._within_modes(lambda *given: self._run(key, given), inputs))

    def _prepare(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[list[Any], tuple[object, ...]]:
        if self._nesting is not None:
            args, kwargs = self._nesting.flat(self.name, args, kwargs), {}
        return self._takes.prepare(args, kwargs)

    def _dressed(self, result: Any) -> Any:
        return result if self._nesting is None else dressed(self._nesting.result, result)

    def _run(self, key: tuple[object, ...], inputs: Sequence[Any]) -> Any:
        given = (*inputs, *self._learnt)
        if is_grad_enabled() and (self._joined or any(isinstance(i, Tensor) and i.requires_grad for i in given)):
            return self._gradients.call(key, inputs, self._takes.types_of, self._interpret)
        table = self._table
        found = table.entries.get(key)
        if found is None or found is not table.latest:
            found = table.find(inputs, key)
        found.calls += 1
        try:
            return found.run(*inputs)
        except Exception as error:  # noqa: BLE001 - as in a call
            raise self._told(found, inputs, error) from _cause(error)

    def _within_modes(self, run: Callable[..., Any], inputs: Sequence[Any]) -> Any:
        """Run, and let a trace that is going on make the graph part of its own."""
        for mode in reversed(_modes()):
            if isinstance(mode, TraceMode):
                return mode.inline(self.graph, inputs, run)
        return run(*inputs)

    def _interpret(self, *inputs: Any) -> Any:
        results = interpret.run(self.graph, inputs)
        return results[0] if len(results) == 1 else results

    def _told(self, found: Specialisation | Served, inputs: Sequence[Any], error: Exception) -> RunError:
        """An error of a run, with the user's line, and with what a trace baked in where that may be why."""
        program = (found.of if isinstance(found, Served) else found).program
        message, node = program.told(error)
        if self.kind == "traced":
            message += baked_in(self.graph, [getattr(v, "type", None) for v in inputs], node)
        return RunError(message)

    # Compiling

    def rebind(self, tensors: Mapping[int, Tensor]) -> None:
        """Put other tensors in the place of constants, by their identity; what was compiled is forgotten."""
        with self._lock:
            for node in self.graph.nodes():
                held = node.attributes.get("value")
                if isinstance(held, Tensor):
                    node.attributes["value"] = new = tensors.get(id(held), held)
                    node.output.type = new.type
            self._learnt = tuple(v for v in _constant_tensors(self.graph) if v.requires_grad)
            self._table.clear()
            self._general = None
            self._gradients = GradientPrograms(self.graph, self.pipeline)

    def _made(self, inputs: Sequence[Any], sizes: Sizes | None) -> Specialisation:
        """A compilation for the inputs' sizes, or for any that fit ``sizes``."""
        types = self._takes.types_of(inputs)
        if sizes is None:
            return compile_graph(self.graph, types, self.pipeline, inputs)
        shapes = iter(sizes)
        types = [replace(t, shape=next(shapes)) if isinstance(t, TensorType) else t for t in types]
        return compile_graph(self.graph, types, self.pipeline)


def _constant_tensors(graph: Graph) -> Iterator[Tensor]:
    """The tensors that a graph holds."""
    for node in graph.nodes():
        for value in node.outputs:
            if value.is_constant and isinstance(value.constant, Tensor):
                yield value.constant


def _cause(error: Exception) -> BaseException | None:
    """What to name as the cause of an error that is told again: none for a script's own, which has said all."""
    return error.__cause__ if isinstance(error, RunError) else error


def nothing_compiled(name: str, *, called: bool) -> str:
    """Why no loop of a function is compiled: one is when it first runs."""
    if not called:
        return f"{name} has not been called yet, so nothing is compiled: call it once"
    return (
        f"the latest call of {name} ran no loop, so none is compiled: "
        "its tensors had no elements, or its branches no loop"
    )


def _loop_text(loop: Loop, stage: Stage) -> str:
    match stage:
        case "llvm":
            return loop.llvm()
        case "asm":
            return loop.asm()
        case _:
            return loop.typed()


@uncollected()
def compile_graph(
    graph: Graph, types: Sequence[Type], pipeline: Pipeline, inputs: Sequence[Any] | None = None
) -> Specialisation:
    """Optimise a copy of the graph for inputs of these types, and lower it; ``inputs`` show their layouts."""
    start = perf_counter()
    own = snapshot(graph)
    for value, given in zip(own.inputs, types, strict=True):
        value.type = given
    copied = perf_counter()
    records = pipeline.run(own)
    passed = perf_counter()
    program = lower(own)
    if inputs is not None:
        program = with_native(program, own, [i.layout if isinstance(i, Tensor) else None for i in inputs])
    lowered = perf_counter()
    passes = sum(record.seconds for record in records)
    seconds = CompileSeconds(copied - start, passes, passed - copied - passes, lowered - passed)
    return Specialisation(types, records, own, program, seconds)

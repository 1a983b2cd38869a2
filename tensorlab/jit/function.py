"""What `trace`, `script` and `load` give: a graph, and a program for each kind of arguments it was called with."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from tensorlab.core.compile import Loop
from tensorlab.core.op import value_type
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import OptionalType, TensorType, Type, accepts
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.jit import interpret
from tensorlab.jit.build import snapshot
from tensorlab.jit.ir import Graph
from tensorlab.jit.lower import lower
from tensorlab.jit.pipeline import DEFAULT, Pipeline
from tensorlab.jit.program import Program, build_program
from tensorlab.jit.records import PassRecord
from tensorlab.jit.tracing import Escape

STAGES = ("graph", "python", "numba", "llvm", "asm")
Stage = Literal["graph", "python", "numba", "llvm", "asm"]
LIMIT = 64  # programs kept a function; the one that was not called for longest goes first


@dataclass(frozen=True, slots=True, eq=False)
class Specialisation:
    """One compilation: for which argument types, what each pass did, and the program that came out."""

    types: tuple[Type, ...]
    records: tuple[PassRecord, ...]
    graph: Graph
    program: Program


class ScriptFunction:
    """A compiled function. Calling it runs the program for the arguments' dtypes and shapes, compiled on first use.

    ``kind`` is ``traced``, ``scripted`` or ``loaded``; ``escapes`` are the values that a trace baked in.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        kind: str,
        pipeline: Pipeline = DEFAULT,
        escapes: Sequence[Escape] = (),
        doc: str | None = None,
    ) -> None:
        self.graph = graph
        self.kind = kind
        self.pipeline = pipeline
        self.escapes = tuple(escapes)
        self.__name__ = self.name = graph.name
        self.__doc__ = doc
        self._programs: OrderedDict[tuple[object, ...], Specialisation] = OrderedDict()
        self._latest: Specialisation | None = None
        self._lock = Lock()
        self._general: tuple[PassRecord, ...] | None = None

    def __call__(self, *args: Any) -> Any:
        key = _key(args)
        found = self._programs.get(key)
        if found is None:
            found = self._specialise(key, args)
        self._latest = found
        results = found.program.run(*args)
        return results[0] if len(results) == 1 else results

    def forward(self, *args: Any) -> Any:
        """The same as calling it."""
        return self(*args)

    def interpret(self, *args: Any) -> Any:
        """Run the graph as it was recorded, one instruction at a time: the reference for every program."""
        self.check(args)
        results = interpret.run(self.graph, args)
        return results[0] if len(results) == 1 else results

    # Looking inside

    @property
    def records(self) -> tuple[PassRecord, ...]:
        """What each pass did, for the arguments of the latest call; before any call, for the types in the graph."""
        if self._latest is not None:
            return self._latest.records
        if self._general is None:
            self._general = self.pipeline.run(snapshot(self.graph))
        return self._general

    @property
    def programs(self) -> tuple[Specialisation, ...]:
        """Every compilation that is kept, the latest used last."""
        return tuple(self._programs.values())

    @property
    def latest(self) -> Specialisation | None:
        """The compilation that the latest call used."""
        return self._latest

    def graph_for(self, *args: Any) -> Graph:
        """The optimised graph for arguments of these types."""
        return self.specialisation_for(*args).graph

    def specialisation_for(self, *args: Any) -> Specialisation:
        """The compilation for arguments of these types, made if it is not there."""
        key = _key(args)
        return self._programs.get(key) or self._specialise(key, args)

    @property
    def code(self) -> str:
        """The graph as readable Python."""
        from tensorlab.jit.code import graph_to_code

        return graph_to_code(self.graph)

    @property
    def schema(self) -> str:
        """Parameters with their types, and the results' types."""
        params = ", ".join(f"{v.type} {v.name or f'arg{i}'}" for i, v in enumerate(self.graph.inputs))
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
        latest = self._latest
        loops = latest.program.compiled_loops() if latest is not None else ()
        if latest is None or (stage in ("numba", "llvm", "asm") and latest.program.loops and not loops):
            raise ArgumentError(f"{self.name} has not been called yet, so nothing is compiled: call it once")
        if stage == "graph":
            return str(latest.graph)
        if stage == "python":
            return "\n\n".join([latest.program.text, *(f"# {loop.name}\n{loop.source}" for loop in loops)])
        return "\n\n".join(f"# {loop.name}\n{_loop_text(loop, stage)}" for loop in loops)

    def save(self, path: str | Path) -> None:
        """Write the archive: version, code, tensors, model.json; see `archive`.

        Raises: `ArchiveError` where the path cannot be written.
        """
        from tensorlab.jit.archive import save_function

        save_function(self, path)

    def __repr__(self) -> str:
        return f"<{self.kind} function {self.schema}>"

    # Compiling

    def check(self, args: Sequence[Any]) -> tuple[Type, ...]:
        """The arguments' types.

        Raises: `ArgumentError` for a wrong number of arguments, or one of a type that the graph does not take.
        """
        inputs = self.graph.inputs
        if len(args) != len(inputs):
            raise ArgumentError(f"{self.name}: takes {len(inputs)} arguments, got {len(args)}: {self.schema}")
        types = tuple(value_type(a) for a in args)
        for i, (value, given) in enumerate(zip(inputs, types, strict=True)):
            wanted = _general(value.type)
            if not accepts(wanted, given):
                raise ArgumentError(
                    f"{self.name}: argument {value.name or i} takes {wanted}, got {given} ({type(args[i]).__name__})"
                )
        return types

    def _specialise(self, key: tuple[object, ...], args: Sequence[Any]) -> Specialisation:
        types = self.check(args)
        with self._lock:
            found = self._programs.get(key)
            if found is None:
                found = compile_graph(self.graph, types, self.pipeline)
                self._programs[key] = found
                if len(self._programs) > LIMIT:
                    self._programs.popitem(last=False)
        self._latest = found
        return found


def _loop_text(loop: Loop, stage: Stage) -> str:
    match stage:
        case "llvm":
            return loop.llvm()
        case "asm":
            return loop.asm()
        case _:
            return loop.typed()


def _key(args: Sequence[Any]) -> tuple[object, ...]:
    """What programs are kept by: a tensor's layout, any other argument's type."""
    return tuple([a.layout if isinstance(a, Tensor) else type(a) for a in args])  # pyright: ignore[reportUnknownArgumentType]


def _general(type_: Type) -> Type:
    """What an input takes: a trace's shapes are examples, not demands."""
    return TensorType() if isinstance(type_, TensorType) else type_


def compile_graph(graph: Graph, types: Sequence[Type], pipeline: Pipeline) -> Specialisation:
    """Optimise a copy of the graph for inputs of these types, and lower it."""
    own = snapshot(graph)
    for value, given in zip(own.inputs, types, strict=True):
        if not isinstance(value.type, OptionalType):
            value.type = given
    records = pipeline.run(own)
    lowered = lower(own)
    program = build_program(lowered.text, lowered.names, lowered.loops, lowered.arena)
    return Specialisation(tuple(types), records, own, program)

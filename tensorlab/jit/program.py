"""Programs: the text of a lowered graph made callable, and what its errors mean to the user."""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

from tensorlab.core.compile import Loop
from tensorlab.core.layout import Layout
from tensorlab.errors import RunError
from tensorlab.jit.fused import FusedLoop
from tensorlab.jit.interpret import place
from tensorlab.jit.ir import Graph, Node
from tensorlab.jit.native_tier import LayoutTier, NativeTier


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A lowered graph: its text is what runs.

    ``run`` gives the result itself where there is one, else a tuple; it keeps nothing between calls, so that threads
    may share it. ``nodes`` says which node a line of the text (from 1) is for. With ``native``, calls become those of
    one native function for the whole graph, where there is one.
    """

    python: str
    loops: tuple[FusedLoop, ...]
    arena_nbytes: int
    unshared_nbytes: int
    run: Callable[..., Any] = field(repr=False)
    nodes: Mapping[int, Node] = field(repr=False)
    filename: str = field(repr=False)
    native: NativeTier | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """The Python text that runs: the program's own, or what stands around the native function."""
        function = None if self.native is None else self.native.function
        return self.python if function is None else function.text

    def compiled_loops(self) -> tuple[Loop, ...]:
        """What is compiled and runs: the native function and what it calls, or the loops called so far, in order."""
        if self.native is not None and self.native.function is not None:
            return (self.native.function.loop, *self.native.function.plan.loops)
        return tuple(loop for fused in self.loops for loop in fused.loops)

    def told(self, error: Exception) -> tuple[str, Node | None]:
        """An error of a run as the interpreter tells it: its message, and below that the user's own line.

        The node that failed comes with it, where it is known.
        """
        frame = self._frame(error.__traceback__)
        node = None if frame is None else self.nodes.get(frame.tb_lineno)
        if isinstance(error, RunError) and frame is not None and frame.tb_next is not None:
            return str(error), node  # from inside a loop of several operations, which knows its place better
        return f"{str(error) or type(error).__name__}{place(node.span if node is not None else None)}", node

    def _frame(self, traceback: TracebackType | None) -> TracebackType | None:
        while traceback is not None and traceback.tb_frame.f_code.co_filename != self.filename:
            traceback = traceback.tb_next
        return traceback


def with_native(program: Program, graph: Graph, forms: Sequence[Layout | None]) -> Program:
    """The program with a native function to come, for inputs of these layouts (None for what is no tensor)."""
    tier = NativeTier(graph, program.run, forms)
    return replace(program, native=tier, run=tier.run)


def without_native(program: Program) -> Program:
    """The program as it runs where there is no native function, and none to come."""
    return program if program.native is None else replace(program, native=None, run=program.native.program)


def with_native_later(program: Program, graph: Graph) -> Program:
    """The same where inputs are tensors alone, for the layouts that these will have."""
    tier = LayoutTier(graph, program.run)
    return replace(program, native=tier, run=tier.run)


def build_program(
    lines: Sequence[str],
    names: Mapping[str, Any],
    nodes: Mapping[int, Node],
    *,
    loops: tuple[FusedLoop, ...] = (),
    arena_nbytes: int = 0,
    unshared_nbytes: int = 0,
) -> Program:
    """Make a program of the lines of a function ``program``; tracebacks show them."""
    text = "\n".join(lines) + "\n"
    filename = f"<tensorlab program {hashlib.sha256(text.encode()).hexdigest()[:12]}>"
    code = compile(text, filename, "exec")
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace = dict(names)
    exec(code, namespace)  # noqa: S102 - text that lowering wrote
    return Program(text, loops, arena_nbytes, unshared_nbytes, namespace["program"], nodes, filename)

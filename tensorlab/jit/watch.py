"""Which instructions of the user's functions ran, and in which order, while a trace was made.

Python tells of every instruction before it runs, in frames of the user's own code alone: the package, the standard
library and what is installed are passed over.
"""

from __future__ import annotations

import sys
import sysconfig
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from tensorlab.core.place import is_inside
from tensorlab.jit.sizes import SizeReads

Position = tuple[int, int, int, int]  # first line, last line, first column, last column; columns in bytes of UTF-8

_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
BEGIN, END, BROKEN = -1, -2, -3  # places before the first instruction, after the last, and after an exception


@dataclass(eq=False, slots=True)
class Run:
    """What ran of one code object: how often each instruction came after each other, and the sizes that were read."""

    code: CodeType
    calls: int = 0
    steps: Counter[tuple[int, int]] = field(default_factory=Counter[tuple[int, int]])
    sizes: dict[Position, list[str]] = field(default_factory=dict[Position, "list[str]"])

    @property
    def positions(self) -> list[Position | None]:
        """Where each instruction stands in the source."""
        return list(positions(self.code))

    def ran(self) -> set[Position]:
        """Places of the instructions that ran."""
        where = self.positions
        found = (where[at // 2] for _, at in self.steps if at >= 0)
        return {p for p in found if p is not None}

    def moves(self) -> Iterator[tuple[Position | None, Position | None, int]]:
        """How often the run went from one place to another; `None` stands for the end."""
        where = self.positions
        for (last, at), count in self.steps.items():
            if last >= 0 and at != BROKEN:
                yield where[last // 2], where[at // 2] if at >= 0 else None, count


def positions(code: CodeType) -> Iterator[Position | None]:
    """The place of each instruction, `None` where it has none."""
    for line, end_line, column, end_column in code.co_positions():
        known = line is not None and end_line is not None and column is not None and end_column is not None
        yield (line, end_line, column, end_column) if known else None


class Watch:
    """Notes what runs of the user's code inside the functions that it is put over."""

    def __init__(self) -> None:
        self.runs: dict[CodeType, Run] = {}

    def over(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, watched while it runs; a debugger's or a profiler's own watch waits meanwhile."""

        def watched(*args: Any, **kwargs: Any) -> Any:
            before = sys.gettrace()
            sys.settrace(self._call)
            try:
                return function(*args, **kwargs)
            finally:
                sys.settrace(before)

        return watched

    def _call(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        code = frame.f_code
        if event != "call" or not is_users(code.co_filename):
            return None
        run = self.runs.get(code)
        if run is None:
            run = self.runs[code] = Run(code)
        run.calls += 1
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return _Frame(run).event


class _Frame:
    """One frame on its way."""

    __slots__ = ("last", "reads", "run")

    def __init__(self, run: Run) -> None:
        self.run = run
        self.last = BEGIN
        self.reads = SizeReads.of(run.code)

    def event(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        if event == "opcode":
            at = frame.f_lasti
            self.run.steps[self.last, at] += 1
            self.last = at
            if at in self.reads.at:
                self.reads.note(at, frame, self.run.sizes)
        elif event == "exception":
            self.run.steps[self.last, BROKEN] += 1
            self.last = BROKEN
        elif event == "return":
            self.run.steps[self.last, END] += 1
        return self.event


def is_users(filename: str) -> bool:
    """Whether a file is the user's own: neither the package, nor Python's, nor installed."""
    return not is_inside[filename] and not filename.startswith(_INSTALLED)

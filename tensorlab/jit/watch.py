"""Which instructions of the user's functions ran, and in which order, while a trace was made.

Python tells of every instruction before it runs, in frames of the user's own code alone: the package, the standard
library and what is installed are passed over.
"""

from __future__ import annotations

import dis
import linecache
import sys
import sysconfig
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any, NamedTuple, cast

from tensorlab.core.config import config
from tensorlab.core.place import is_inside
from tensorlab.jit.ir import Span
from tensorlab.jit.sizes import SizeReads
from tensorlab.jit.source import span_of

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

    def ran(self) -> set[Position]:
        """Places of the instructions that ran."""
        where = list(self.code.co_positions())
        return known({where[at // 2] for _, at in self.steps if at >= 0})

    def moves(self) -> Iterator[Move]:
        """How often the run went from one place to another."""
        where = _instructions(self.code)
        for (last, at), count in self.steps.items():
            if last >= 0 and at != BROKEN:
                start, name = where[last]
                yield Move(start, where[at][0] if at >= 0 else None, count, name == "FOR_ITER")


class Move(NamedTuple):
    """A step from one place to another, and how often it was taken; an ``end`` of `None` is the function's own.

    ``turns`` says whether it goes from a loop's head.
    """

    start: Position | None
    end: Position | None
    times: int
    turns: bool


def positions(code: CodeType) -> Iterator[Position | None]:
    """The place of each instruction, `None` where it has none."""
    for line, end_line, column, end_column in code.co_positions():
        if line is None or end_line is None or column is None or end_column is None:
            yield None
        else:
            yield line, end_line, column, end_column


def known(found: Iterable[tuple[int | None, ...]]) -> set[Position]:
    """The places that are whole, of those that the interpreter tells, which come in the same order."""
    return {cast("Position", place) for place in found if None not in place}


@lru_cache(maxsize=256)
def _instructions(code: CodeType) -> dict[int, tuple[Position | None, str]]:
    """Place and name of each instruction; a jump on a condition stands where the condition does.

    Python places it at the whole statement, which would make every such jump a way out of the test.
    """
    where = list(positions(code))
    found: dict[int, tuple[Position | None, str]] = {}
    before: Position | None = None
    for at, operation in enumerate(code.co_code[::2]):
        name, place = dis.opname[operation], where[at]
        if name == "CACHE":
            continue
        if name.startswith(("POP_JUMP", "EXTENDED_ARG")) and before is not None:
            place = before
        found[2 * at] = place, name
        before = place
    return found


class Watch:
    """Notes what runs of the user's code inside the functions that it is put over."""

    def __init__(self) -> None:
        self.runs: dict[CodeType, Run] = {}

    def failed(self) -> Iterator[Span]:
        """The places where an exception came up."""
        for run in self.runs.values():
            yield from (span_of(run.code, last) for last, at in run.steps if at == BROKEN and last >= 0)

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


@lru_cache(maxsize=1024)
def is_users(filename: str) -> bool:
    """Whether a file is the user's own: with a source, and neither the package's, nor Python's, nor installed."""
    made = filename.startswith(("<tensorlab ", str(config().cache_dir)))  # programs and loops that we wrote
    ours = made or is_inside[filename] or filename.startswith(_INSTALLED)
    return not ours and bool(linecache.getlines(filename))

"""What a walk through a run shows at one moment: the steps around it, what the registers hold, live bytes so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from tensorlab.jit.ir import Span

State = Literal["done", "now", "next", "ahead", "undone", "failed"]
Outcome = Literal["", "end", "beginning", "error", "limit", "not met"]

COLUMNS = 120  # in which the curve of a long run is drawn


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """One instruction: its place in the code, itself, the node that it comes from and that node's line of source.

    ``node`` is printed as the graph prints it; ``depth`` counts the blocks of ifs and loops around it.
    """

    pc: int
    opcode: str
    text: str
    node: str
    span: Span | None
    source: str
    depth: int
    target: int | None = None

    def to_dict(self) -> dict[str, object]:
        return {
            "pc": self.pc,
            "opcode": self.opcode,
            "text": self.text,
            "node": self.node,
            "span": self.span.to_dict() if self.span else None,
            "source": self.source,
            "depth": self.depth,
            "target": self.target,
        }


@dataclass(frozen=True, slots=True)
class RegisterRecord:
    """What a register holds, or held: ``name`` is the value's, as the graph prints it, empty where it has none.

    ``value`` is a few words, empty where they were not kept; ``nbytes`` are those of the storages that it reaches;
    ``shares`` are other registers that reach one of these.
    """

    register: int
    name: str
    type: str
    value: str = ""
    nbytes: int = 0
    shares: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, object]:
        return {
            "register": self.register,
            "name": self.name,
            "type": self.type,
            "value": self.value,
            "nbytes": self.nbytes,
            "shares": list(self.shares),
        }


@dataclass(frozen=True, slots=True)
class InsideRecord:
    """A block that a step lies in: ``loop``, ``then`` or ``else``, and the line of the statement.

    ``turn`` counts from 1, 0 for an if; ``turns`` is how many the loop takes, where that is known.
    """

    kind: Literal["loop", "then", "else"]
    line: int
    turn: int = 0
    turns: int | None = None

    def to_dict(self) -> dict[str, object]:
        return {"kind": self.kind, "line": self.line, "turn": self.turn, "turns": self.turns}


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step that was done, or an instruction that comes.

    ``number`` counts from 1. ``gave`` are the registers that it filled, ``moved`` those that it emptied, ``written``
    those whose bytes it wrote to in place. ``freed`` are the tensors whose storage no register reaches any more,
    ``let_go`` those of them that somebody outside still holds: arguments, and what the function itself holds.
    ``then`` is where the run went on. Of what comes only the instruction is known, and nothing else is said.

    Units: bytes; ``live_nbytes`` after the step.
    """

    number: int
    code: CodeRecord
    state: State
    inside: tuple[InsideRecord, ...] = ()
    gave: tuple[RegisterRecord, ...] = ()
    moved: tuple[RegisterRecord, ...] = ()
    written: tuple[RegisterRecord, ...] = ()
    freed: tuple[RegisterRecord, ...] = ()
    let_go: tuple[RegisterRecord, ...] = ()
    made_nbytes: int = 0
    freed_nbytes: int = 0
    live_nbytes: int = 0
    printed: str = ""
    then: int = -1

    def to_dict(self) -> dict[str, object]:
        facts: dict[str, object] = {"number": self.number, "state": self.state, "instruction": self.code.to_dict()}
        if self.state in ("next", "ahead", "failed"):
            return facts
        return facts | {
            "inside": [block.to_dict() for block in self.inside],
            "gave": [r.to_dict() for r in self.gave],
            "moved": [r.to_dict() for r in self.moved],
            "written": [r.to_dict() for r in self.written],
            "freed": [r.to_dict() for r in self.freed],
            "let_go": [r.to_dict() for r in self.let_go],
            "made_nbytes": self.made_nbytes,
            "freed_nbytes": self.freed_nbytes,
            "live_nbytes": self.live_nbytes,
            "printed": self.printed,
            "then": self.then,
        }


@dataclass(frozen=True, slots=True)
class LiveCurve:
    """Live bytes after each step that is known, in at most `COLUMNS` columns: the fullest moment of each.

    ``steps`` are the numbers of the moments shown, ``count`` the number of the last step known, ``peak_step`` the first
    step after which ``peak`` bytes were live. Units: bytes.
    """

    steps: tuple[int, ...]
    live: tuple[int, ...]
    count: int
    first: int
    now: int
    last: int
    peak: int
    peak_step: int

    def to_dict(self) -> dict[str, object]:
        return {
            "steps": list(self.steps),
            "live": list(self.live),
            "count": self.count,
            "first": self.first,
            "now": self.now,
            "last": self.last,
            "peak": self.peak,
            "peak_step": self.peak_step,
        }


def live_curve(live: Sequence[int], now: int) -> LiveCurve:
    """The curve of ``live``, bytes after each step from 0 on; ``now`` is the number of the present one."""
    count = min(len(live), COLUMNS)
    edges = [len(live) * i // count for i in range(count + 1)]
    steps = [max(range(low, high), key=live.__getitem__) for low, high in pairwise(edges)]
    shown = [live[i] for i in steps]
    peak = max(shown)
    return LiveCurve(
        tuple(steps), tuple(shown), len(live) - 1, live[0], live[now], live[-1], peak, steps[shown.index(peak)]
    )


@dataclass(frozen=True, slots=True)
class FailureRecord:
    """An error of the program: its message without the place, and the place with those that called it."""

    message: str
    span: Span | None
    source: str

    def to_dict(self) -> dict[str, object]:
        return {
            "message": self.message,
            "span": self.span.to_dict() if self.span else None,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class WalkRecord:
    """A walk at one moment. ``index`` steps are done; ``count`` is how many the run has, where its end was seen.

    ``steps`` are those around the moment, after ``left_out`` others; ``open_end`` says that what comes after them hangs
    on a condition. ``outcome`` is why the last move went no further than it did, ``wanted`` what it was to reach.
    ``results`` are there at the end, of a tuple its parts. ``copied_nbytes`` lie in copies of the arguments and of
    what the function holds; ``calls_python`` says that steps call the user's own Python functions, which may reach
    what was not copied.
    """

    name: str
    index: int
    done: bool
    count: int | None
    steps: tuple[StepRecord, ...]
    left_out: int
    open_end: bool
    inside: tuple[InsideRecord, ...]
    registers: tuple[RegisterRecord, ...]
    emptied: int
    printed: str
    curve: LiveCurve
    results: tuple[RegisterRecord, ...]
    failure: FailureRecord | None
    outcome: Outcome
    wanted: str
    copied_nbytes: int
    calls_python: bool

    @property
    def now(self) -> StepRecord | None:
        """The step that was done last."""
        return next((step for step in self.steps if step.state == "now"), None)

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "index": self.index,
            "done": self.done,
            "count": self.count,
            "steps": [step.to_dict() for step in self.steps],
            "left_out": self.left_out,
            "open_end": self.open_end,
            "inside": [block.to_dict() for block in self.inside],
            "registers": [r.to_dict() for r in self.registers],
            "emptied": self.emptied,
            "printed": self.printed,
            "curve": self.curve.to_dict(),
            "results": [r.to_dict() for r in self.results],
            "failure": self.failure.to_dict() if self.failure else None,
            "outcome": self.outcome,
            "wanted": self.wanted,
            "copied_nbytes": self.copied_nbytes,
            "calls_python": self.calls_python,
        }

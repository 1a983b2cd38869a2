"""What runs, stage by stage, cut down to what is hot: the lines of the innermost loop, whether it works on several
numbers at once and on how many, and the user's line beside each line where the way from one to the other is known.

The way is known for Python and for Numba's forms of it, since tensorlab wrote that text. LLVM's code and machine code
are made without debug information: for them, the lines that the loop was made of are told for the loop as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tensorlab.core.compile import Loop
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.fused import FusedLoop
from tensorlab.jit.hot_block import hot_block
from tensorlab.jit.ir import Span
from tensorlab.jit.program import Program

CodeStage = Literal["python", "numba", "typed", "llvm", "asm"]
CODE_STAGES: tuple[CodeStage, ...] = ("python", "numba", "typed", "llvm", "asm")

_STEP = re.compile(r"v(\d+) = ")
_LINE = re.compile(r"#\s*--- LINE (\d+) ---")
_TYPED = re.compile(r"#\s+([A-Za-z]\w*) = .* :: (?:\(.*\) -> )?([\w*.<>, ]+)$")
_NOISE = re.compile(r"#\s+(del |label |jump )")
_INNER = re.compile(r"def (\w+)_loop\(")


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One line of a stage, and the place in the user's source that it comes from, where that is known."""

    text: str
    span: Span | None = None

    def to_dict(self) -> dict[str, object]:
        return {"text": self.text, "span": None if self.span is None else self.span.to_dict()}


@dataclass(frozen=True, slots=True)
class CodePart:
    """A function of a stage: the program, a loop, or the whole graph as one native function.

    ``lines`` are those of its hot block, ``total`` is how many it has in all. ``bits`` is how wide the vectors are that
    the hot block works on, 0 where it works on one number at a time, None where the stage does not say; ``lanes`` is
    how many numbers such a vector holds. ``spans`` are the user's places that the function is made of.
    """

    name: str
    lines: tuple[CodeLine, ...]
    total: int
    bits: int | None
    lanes: int
    spans: tuple[Span, ...]

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "lines": [line.to_dict() for line in self.lines],
            "total": self.total,
            "bits": self.bits,
            "lanes": self.lanes,
            "spans": [span.to_dict() for span in self.spans],
        }


@dataclass(frozen=True, slots=True)
class StageCode:
    """One stage of what the latest call of a function ran; ``whole`` is all of its text.

    ``native``: whether that is one native function for the whole graph, else a program that calls loops.
    """

    name: str
    stage: CodeStage
    parts: tuple[CodePart, ...]
    native: bool
    whole: str = field(repr=False)

    def to_dict(self) -> dict[str, object]:
        parts = [part.to_dict() for part in self.parts]
        return {"name": self.name, "stage": self.stage, "native": self.native, "parts": parts}


def stage_code(function: ScriptFunction, stage: CodeStage) -> StageCode:
    """What the latest call of a function ran, in one of its forms.

    Raises: `RangeError` for another word, `ArgumentError` where nothing has been compiled yet.
    """
    if stage not in CODE_STAGES:
        raise RangeError(f"{function.name}: no stage {stage!r}; takes {', '.join(CODE_STAGES)}")
    latest = function.latest
    program = None if latest is None else latest.program
    loops = () if program is None else program.compiled_loops()
    if program is None or (stage != "python" and program.loops and not loops):
        raise ArgumentError(f"{function.name} has not been called yet, so nothing is compiled: call it once")
    parts = [_program(program)] if stage == "python" else []
    wholes = [program.text] if stage == "python" else []
    for loop in loops:
        text = _text(loop, stage)
        parts.append(_part(loop, text, stage, _places(loop, program)))
        wholes.append(f"# {loop.name}\n{text}")
    native = program.native is not None and program.native.function is not None
    return StageCode(function.name, stage, tuple(parts), native, "\n\n".join(wholes))


def _text(loop: Loop, stage: CodeStage) -> str:
    match stage:
        case "python":
            return loop.source
        case "llvm":
            return loop.llvm()
        case "asm":
            return loop.asm()
        case _:
            return loop.typed()


def _program(program: Program) -> CodePart:
    """The Python around the loops: all of it, for there is a line a node."""
    native = program.native is not None and program.native.function is not None
    # A native function is one call: the nodes belong to the lines of the program, which does not run any more.
    spans = {} if native else {number: node.span for number, node in program.nodes.items()}
    texts = program.text.splitlines()
    lines = [CodeLine(text, spans.get(i)) for i, text in enumerate(texts, 1) if text.strip()]
    name = "native" if native else "program"
    return CodePart(name, tuple(lines), len(texts), None, 0, _distinct(spans.values()))


def _part(loop: Loop, text: str, stage: CodeStage, places: Mapping[int, Span]) -> CodePart:
    total = len(text.splitlines())
    spans = _distinct(places.values())
    if stage in ("llvm", "asm"):
        found = hot_block(text, stage)
        return CodePart(loop.name, tuple(map(CodeLine, found.lines)), total, found.bits, found.lanes, spans)
    hot = _hot_lines(loop.source)
    if stage == "python":
        texts = loop.source.splitlines()
        lines = [CodeLine(texts[number - 1], places.get(number)) for number in hot]
    else:
        lines = list(_typed_lines(loop.source.splitlines(), text, hot, places, types=stage == "typed"))
    return CodePart(loop.name, tuple(lines), total, None, 0, spans)


def _typed_lines(
    source: Sequence[str], text: str, hot: Sequence[int], places: Mapping[int, Span], *, types: bool
) -> Iterator[CodeLine]:
    """Lines of the source, each with what Numba says of it: its statements, or the types of its variables."""
    said: dict[int, list[str]] = {}
    number = 0
    for line in text.splitlines():
        found = _LINE.search(line)
        if found:
            number = int(found[1])
        elif line.strip().startswith("#"):
            said.setdefault(number, []).append(line.strip())
    for number in hot:
        if number > len(source) or not source[number - 1].strip():
            continue
        code = source[number - 1]
        told = said.get(number, [])
        if types:
            of = dict.fromkeys(f"{m[1]}: {m[2].strip()}" for m in map(_TYPED.match, told) if m)
            yield CodeLine(f"{code}  # {', '.join(of)}" if of else code, places.get(number))
            continue
        yield CodeLine(code, places.get(number))
        pad = " " * (len(code) - len(code.lstrip()))
        yield from (CodeLine(f"{pad}{line}", places.get(number)) for line in told if not _NOISE.match(line))


# -- the loops that tensorlab wrote


def _hot_lines(source: str) -> list[int]:
    """The numbers of the lines of every innermost ``for``, from 1; of all lines where there is none."""
    lines = source.splitlines()
    depths = [len(line) - len(line.lstrip()) if line.strip() else -1 for line in lines]
    hot: list[int] = []
    for start, line in enumerate(lines):
        if not line.strip().startswith(("for ", "while ")):
            continue
        end = start + 1
        while end < len(lines) and (depths[end] < 0 or depths[end] > depths[start]):
            end += 1
        body = [i for i in range(start, end) if depths[i] >= 0]
        if not any(lines[i].strip().startswith(("for ", "while ")) for i in body[1:]):
            hot += [i + 1 for i in body]
    return hot or [i + 1 for i, line in enumerate(lines) if line.strip()]


def _places(loop: Loop, program: Program) -> dict[int, Span]:
    """The user's places behind the lines of a loop's source: what comes before ``v3 = `` belongs to its third step."""
    by_name: dict[str, list[FusedLoop]] = {}
    for fused in program.loops:
        by_name.setdefault(fused.name.removeprefix("loop").lstrip("0123456789_"), []).append(fused)
    own = next((fused for fused in program.loops if any(made is loop for made in fused.loops)), None)
    spans: Sequence[Span | None] = () if own is None else own.spans
    found: dict[int, Span] = {}
    waiting: list[int] = []
    for number, line in enumerate(loop.source.splitlines(), 1):
        inner = _INNER.match(line)
        if inner is not None:
            same = by_name.get(inner[1])
            spans = same.pop(0).spans if same else ()
        step = _STEP.match(line.strip())
        if not line.startswith(" ") or line.strip().startswith("for "):
            waiting.clear()
            continue
        waiting.append(number)
        if step is not None:
            span = spans[int(step[1])] if int(step[1]) < len(spans) else None
            found.update((n, span) for n in waiting if span is not None)
            waiting.clear()
    return found


def _distinct(spans: Iterable[Span | None]) -> tuple[Span, ...]:
    """Places on lines of their own, in order."""
    found = {(span.filename, span.line): span for span in spans if span is not None}
    return tuple(found[key] for key in sorted(found))

"""The functions of a stage: each as lines, those of its hot block marked out, with what each line is for.

tensorlab wrote the Python, so its lines are known (`loop_lines`). LLVM's code and machine code are made once more with
the places of that Python noted, and are told only where they are then the same as what runs (`core.located`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tensorlab.core.compile import Loop
from tensorlab.core.located import Chains, Located
from tensorlab.jit.hot_block import hot_block
from tensorlab.jit.ir import Node, Span
from tensorlab.jit.loop_callers import LoopCallers
from tensorlab.jit.loop_lines import LoopLines, Origin, Origins
from tensorlab.jit.program import Program
from tensorlab.jit.source import own_span

CodeStage = Literal["python", "numba", "typed", "llvm", "asm"]
CODE_STAGES: tuple[CodeStage, ...] = ("python", "numba", "typed", "llvm", "asm")

_LINE = re.compile(r"#\s*--- LINE (\d+) ---")
_TYPED = re.compile(r"#\s+([A-Za-z]\w*) = .* :: (?:\(.*\) -> )?([\w*.<>, ]+)$")
_NOISE = re.compile(r"#\s+(del |label |jump )")
_INSTRUCTION = re.compile(r"^(  [^\s\]]|\t[^.#])")  # the end of a list of cases is none


NOWHERE = Origins()


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One line of a stage, and what of the user's source it comes from, where that is known.

    ``origins`` has several parts where LLVM made one instruction of several operations, and where several nodes call
    the function; none for what LLVM made up.
    ``marked``: the line does the work of the line that was asked for.
    """

    text: str
    origins: Origins = NOWHERE
    marked: bool = False

    @property
    def span(self) -> Span | None:
        """The first place in the user's source."""
        return next(iter(self.origins.spans.values()), None)

    @property
    def is_instruction(self) -> bool:
        """Whether a line of LLVM's code or of assembly is one; labels, directives and definitions are none."""
        return _INSTRUCTION.match(self.text) is not None

    def to_dict(self) -> dict[str, object]:
        return {
            "text": self.text,
            "span": None if self.span is None else self.span.to_dict(),
            "origins": [origin.to_dict() for origin in self.origins],
            "marked": self.marked,
        }


@dataclass(frozen=True, slots=True)
class CodePart:
    """A function of a stage: the program, a loop, or the whole graph as one native function.

    ``lines`` are those of its hot block, ``all_lines`` all, ``total`` is how many those are. ``bits`` is how wide the
    vectors are that the hot block works on, 0 where it works on one number at a time, None where the stage does not
    say; ``lanes`` is how many numbers such a vector holds. ``spans`` are the user's places that the function is made
    of, ``callers`` how many nodes call it, where it is a loop of theirs. ``compared`` is what the code with places is
    the same as (see `Located`), ``reason`` why no places are told; ``text`` is all of it.
    """

    name: str
    lines: tuple[CodeLine, ...]
    total: int
    bits: int | None
    lanes: int
    spans: tuple[Span, ...]
    all_lines: tuple[CodeLine, ...] = field(default=(), repr=False)
    compared: str = ""
    reason: str = ""
    text: str = field(default="", repr=False)
    callers: int = 0

    @property
    def title(self) -> str:
        """What stands before it in the text of the whole stage."""
        return "" if self.name in ("program", "native") else f"# {self.name}\n"

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "lines": [line.to_dict() for line in self.lines],
            "total": self.total,
            "bits": self.bits,
            "lanes": self.lanes,
            "spans": [span.to_dict() for span in self.spans],
            "callers": self.callers,
            "compared": self.compared,
            "reason": self.reason,
        }


def program_part(program: Program) -> CodePart:
    """The Python around the loops: all of it, for there is a line a node."""
    native = program.native is not None and program.native.function is not None
    # A native function is one call: the nodes belong to the lines of the program, which does not run any more.
    nodes = dict[int, Node]() if native else program.nodes
    texts = program.text.splitlines()
    at = {i: Origins((Origin("computes", node),)) for i, node in nodes.items()}
    lines = [CodeLine(text, at.get(i, NOWHERE)) for i, text in enumerate(texts, 1)]
    spans = _distinct(own_span(node.span) for node in nodes.values())
    shown = tuple(line for line in lines if line.text.strip())
    name = "native" if native else "program"
    return CodePart(name, shown, len(texts), None, 0, spans, tuple(lines), text=program.text)


def python_part(loop: Loop, callers: LoopCallers, stage: Literal["python", "numba", "typed"]) -> CodePart:
    """A compiled loop as Python, as Numba's form of it, or as Python with the types that Numba inferred."""
    origins = LoopLines(loop, callers)
    text = loop.source if stage == "python" else loop.typed()
    hot = _hot_lines(loop.source)
    if stage == "python":
        every = [CodeLine(line, origins.at(n)) for n, line in enumerate(text.splitlines(), 1)]
        lines = [every[number - 1] for number in hot]
    else:
        every = [CodeLine(line, origins.at(n)) for line, n in _numbered(text)]
        told = _typed_lines(loop.source.splitlines(), text, hot, types=stage == "typed")
        lines = [CodeLine(line, origins.at(number)) for line, number in told]
    total = len(text.splitlines())
    spans = _spans(loop, origins)
    return CodePart(loop.name, tuple(lines), total, None, 0, spans, tuple(every), text=text, callers=origins.callers)


def machine_part(loop: Loop, callers: LoopCallers, stage: Literal["llvm", "asm"], located: Located | None) -> CodePart:
    """A compiled loop as LLVM's code or machine code; ``located`` has the lines behind its instructions."""
    origins = LoopLines(loop, callers)
    text = loop.asm() if stage == "asm" else loop.llvm()
    found = hot_block(text, stage)
    chains: Sequence[Chains] = ()
    compared, reason = "", "too many functions to compile each of them again"
    if located is not None:
        chains = located.asm if stage == "asm" else located.llvm
        compared, reason = located.compared, located.reason or (located.asm_reason if stage == "asm" else "")
    lines = text.splitlines()
    every: list[CodeLine] = []
    for line, behind in zip(lines, chains or [()] * len(lines), strict=True):
        every.append(CodeLine(line, origins.of(behind)))
    return CodePart(
        loop.name,
        tuple(every[number] for number in found.numbers),
        len(lines),
        found.bits,
        found.lanes,
        _spans(loop, origins),
        tuple(every),
        "" if reason else compared,
        reason,
        text,
        origins.callers,
    )


def _spans(loop: Loop, origins: LoopLines) -> tuple[Span, ...]:
    count = len(loop.source.splitlines())
    return _distinct(span for number in range(1, count + 1) for span in origins.at(number).spans.values())


def _numbered(text: str) -> Iterator[tuple[str, int]]:
    """The lines of Numba's text, each with the line of the source that it is for; 0 before the first."""
    number = 0
    for line in text.splitlines():
        found = _LINE.search(line)
        if found:
            number = int(found[1])
        yield line, number


def _typed_lines(source: Sequence[str], text: str, hot: Sequence[int], *, types: bool) -> Iterator[tuple[str, int]]:
    """Lines of the source, each with what Numba says of it: its statements, or the types of its variables."""
    said: dict[int, list[str]] = {}
    for line, number in _numbered(text):
        if line.strip().startswith("#") and not _LINE.search(line):
            said.setdefault(number, []).append(line.strip())
    for number in hot:
        if number > len(source) or not source[number - 1].strip():
            continue
        code = source[number - 1]
        told = said.get(number, [])
        if types:
            of = dict.fromkeys(f"{m[1]}: {m[2].strip()}" for m in map(_TYPED.match, told) if m)
            yield (f"{code}  # {', '.join(of)}" if of else code), number
            continue
        yield code, number
        pad = " " * (len(code) - len(code.lstrip()))
        yield from ((f"{pad}{line}", number) for line in told if not _NOISE.match(line))


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


def _distinct(spans: Iterable[Span | None]) -> tuple[Span, ...]:
    """Places on lines of their own, in order."""
    found = {(span.filename, span.line): span for span in spans if span is not None}
    return tuple(found[key] for key in sorted(found))

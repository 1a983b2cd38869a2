"""What runs, stage by stage, cut down to what is hot: the lines of the innermost loop, whether it works on several
numbers at once and on how many, and the user's line beside each line and each instruction.

tensorlab wrote the Python, so its lines are known (`loop_lines`). LLVM's code and machine code are made once more with
the places of that Python noted, and are told only where they are then the same as what runs (`core.located`).
"""

from __future__ import annotations

import linecache
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tensorlab.core.compile import Loop
from tensorlab.core.located import Chains, Located, locate
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.hot_block import hot_block
from tensorlab.jit.ir import Graph, Node, Span
from tensorlab.jit.lives import Lives
from tensorlab.jit.lives_lines import on_line, working_nodes
from tensorlab.jit.loop_lines import LoopLines, Origin
from tensorlab.jit.program import Program

CodeStage = Literal["python", "numba", "typed", "llvm", "asm"]
CODE_STAGES: tuple[CodeStage, ...] = ("python", "numba", "typed", "llvm", "asm")

_LINE = re.compile(r"#\s*--- LINE (\d+) ---")
_TYPED = re.compile(r"#\s+([A-Za-z]\w*) = .* :: (?:\(.*\) -> )?([\w*.<>, ]+)$")
_NOISE = re.compile(r"#\s+(del |label |jump )")
_MOST_LOCATED = 24  # loops; each takes a compilation
_INSTRUCTION = re.compile(r"^(  \S|\t[^.#])")


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One line of a stage, and what of the user's source it comes from, where that is known.

    ``origins`` has several parts where LLVM made one instruction of several operations; none for what it made up.
    ``marked``: the line does the work of the line that was asked for.
    """

    text: str
    origins: tuple[Origin, ...] = ()
    marked: bool = False

    @property
    def span(self) -> Span | None:
        """The first place in the user's source."""
        return next((origin.span for origin in self.origins if origin.span is not None), None)

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
    of. ``compared`` is what the code with places is the same as (see `Located`), ``reason`` why no places are told;
    ``text`` is all of it.
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
            "compared": self.compared,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class UserLine:
    """A line of the user's code: its text, the operations of it, and how much of a stage is for it, in all and in hot
    blocks: instructions of LLVM's code and of machine code, lines of the others.
    """

    span: Span
    text: str
    ops: tuple[str, ...]
    total: int
    hot: int
    marked: bool

    def to_dict(self) -> dict[str, object]:
        return {
            "span": self.span.to_dict(),
            "text": self.text,
            "ops": list(self.ops),
            "total": self.total,
            "hot": self.hot,
            "marked": self.marked,
        }


@dataclass(frozen=True, slots=True)
class StageCode:
    """One stage of what the latest call of a function ran.

    ``native``: whether that is one native function for the whole graph, else a program that calls loops. ``line`` is
    the user's line that is marked, ``user_lines`` are those that some of the code is for.
    """

    name: str
    stage: CodeStage
    parts: tuple[CodePart, ...]
    native: bool
    line: int | None = None
    user_lines: tuple[UserLine, ...] = ()

    @property
    def whole(self) -> str:
        """All of the text; the name of each loop stands before it."""
        return "\n\n".join(f"{part.title}{part.text}" for part in self.parts)

    @property
    def whole_lines(self) -> tuple[CodeLine, ...]:
        """The lines of all of the text."""
        found: list[CodeLine] = []
        for number, part in enumerate(self.parts):
            ends = self.parts[number - 1].text.endswith("\n")
            found += [CodeLine("")] * (1 + ends) if number else []
            found += [CodeLine(line) for line in part.title.splitlines()]
            found += part.all_lines
        return tuple(found)

    def to_dict(self) -> dict[str, object]:
        parts = [part.to_dict() for part in self.parts]
        return {
            "name": self.name,
            "stage": self.stage,
            "native": self.native,
            "line": self.line,
            "user_lines": [line.to_dict() for line in self.user_lines],
            "parts": parts,
        }


def stage_code(function: ScriptFunction, stage: CodeStage, line: int | None = None) -> StageCode:
    """What the latest call of a function ran, in one of its forms; what does the work of ``line`` is marked.

    Cost: for LLVM's code and machine code each loop is compiled once more, 0.1 to 0.4 s.
    Raises: `RangeError` for another word, `ArgumentError` where nothing has been compiled yet.
    """
    if stage not in CODE_STAGES:
        raise RangeError(f"{function.name}: no stage {stage!r}; takes {', '.join(CODE_STAGES)}")
    latest = function.latest
    program = None if latest is None else latest.program
    loops = () if program is None else program.compiled_loops()
    if program is None or (stage != "python" and program.loops and not loops):
        raise ArgumentError(f"{function.name} has not been called yet, so nothing is compiled: call it once")
    writer = _Writer(program, stage, _Marks(function, line))
    parts = [writer.program()] if stage == "python" else []
    below = stage in ("llvm", "asm")
    located = locate(loops[:_MOST_LOCATED], asm=stage == "asm") if below else []
    for number, loop in enumerate(loops):
        parts.append(writer.part(loop, located[number] if number < len(located) else None))
    native = program.native is not None and program.native.function is not None
    return StageCode(function.name, stage, tuple(parts), native, line, user_lines(parts, stage, line))


def user_lines(parts: Sequence[CodePart], stage: CodeStage, marked: int | None = None) -> tuple[UserLine, ...]:
    """The lines of the user that parts of a stage are for, in their order."""
    below = stage in ("llvm", "asm")
    spans: dict[tuple[str, int], Span] = {}
    counts: Counter[tuple[str, int]] = Counter()
    hot: Counter[tuple[str, int]] = Counter()
    ops: dict[tuple[str, int], dict[str, None]] = {}
    for part in parts:
        for counted, lines in ((counts, part.all_lines), (hot, part.lines)):
            for line in lines:
                there = {(o.span.filename, o.span.line): o for o in line.origins if o.span is not None}
                counted.update(list(there) if line.is_instruction or not below else ())
                for key, origin in there.items():
                    spans.setdefault(key, origin.span or Span("", 0))
                    ops.setdefault(key, {}).update(dict.fromkeys(o.op for o in line.origins if o.is_at(key)))
    found: list[UserLine] = []
    for key in sorted(spans):
        span = spans[key]
        text = linecache.getline(span.filename, span.line).strip()
        chosen = marked is not None and on_line(span, marked) is not None
        found.append(UserLine(span, text, tuple(ops[key]), counts[key], hot[key], chosen))
    return tuple(found)


class _Marks:
    """Which origins do the work of a line."""

    def __init__(self, function: ScriptFunction, line: int | None) -> None:
        self._line = line
        self._nodes = frozenset[int]() if line is None else working_nodes(Lives(function.records), line)

    def line(self, text: str, origins: tuple[Origin, ...] = ()) -> CodeLine:
        return CodeLine(text, origins, any(o.node is not None and self._is_marked(o.node) for o in origins))

    def _is_marked(self, node: Node) -> bool:
        if self._line is None:
            return False
        inner = node.attributes.get("subgraph")
        if isinstance(inner, Graph):
            return any(map(self._is_marked, inner.block.nodes))
        return node.serial in self._nodes or on_line(node.span, self._line) is not None


class _Writer:
    """Writes the parts of one stage."""

    def __init__(self, program: Program, stage: CodeStage, marks: _Marks) -> None:
        self._program = program
        self._stage = stage
        self._marks = marks

    def program(self) -> CodePart:
        """The Python around the loops: all of it, for there is a line a node."""
        program = self._program
        native = program.native is not None and program.native.function is not None
        # A native function is one call: the nodes belong to the lines of the program, which does not run any more.
        nodes = dict[int, Node]() if native else program.nodes
        texts = program.text.splitlines()
        lines = [
            self._marks.line(text, (Origin("computes", nodes[i]),) if i in nodes else ())
            for i, text in enumerate(texts, 1)
        ]
        spans = _distinct(node.span for node in nodes.values())
        shown = tuple(line for line in lines if line.text.strip())
        name = "native" if native else "program"
        return CodePart(name, shown, len(texts), None, 0, spans, tuple(lines), text=program.text)

    def part(self, loop: Loop, located: Located | None) -> CodePart:
        """A compiled loop; ``located`` has the lines behind its instructions."""
        origins = LoopLines(loop, self._program)
        by_line = {n: origins.at(n) for n in range(1, len(loop.source.splitlines()) + 1)}
        spans = _distinct(o.span for found in by_line.values() for o in found)
        if self._stage in ("llvm", "asm"):
            return self._instructions(loop, located, origins, spans)
        text = loop.source if self._stage == "python" else loop.typed()
        hot = _hot_lines(loop.source)
        if self._stage == "python":
            every = [self._marks.line(line, by_line[n]) for n, line in enumerate(text.splitlines(), 1)]
            lines = [every[number - 1] for number in hot]
        else:
            every = [self._marks.line(line, by_line.get(n, ())) for line, n in _numbered(text)]
            types = self._stage == "typed"
            told = _typed_lines(loop.source.splitlines(), text, hot, types=types)
            lines = [self._marks.line(line, by_line[number]) for line, number in told]
        total = len(text.splitlines())
        return CodePart(loop.name, tuple(lines), total, None, 0, spans, tuple(every), text=text)

    def _instructions(
        self, loop: Loop, located: Located | None, origins: LoopLines, spans: tuple[Span, ...]
    ) -> CodePart:
        form = "asm" if self._stage == "asm" else "llvm"
        text = loop.asm() if form == "asm" else loop.llvm()
        found = hot_block(text, form)
        chains: Sequence[Chains] = ()
        compared, reason = "", f"only the first {_MOST_LOCATED} functions were compiled again"
        if located is not None:
            chains = located.asm if form == "asm" else located.llvm
            compared, reason = located.compared, located.reason or (located.asm_reason if form == "asm" else "")
        lines = text.splitlines()
        every: list[CodeLine] = []
        for line, behind in zip(lines, chains or [()] * len(lines), strict=True):
            origin = dict.fromkeys(one for chain in behind for one in origins.of(chain))
            every.append(self._marks.line(line, tuple(origin)))
        return CodePart(
            loop.name,
            tuple(every[number] for number in found.numbers),
            len(lines),
            found.bits,
            found.lanes,
            spans,
            tuple(every),
            "" if reason else compared,
            reason,
            text,
        )


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

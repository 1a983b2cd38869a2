"""What runs, stage by stage, cut down to what is hot: the lines of the innermost loop, whether it works on several
numbers at once and on how many, the user's line beside each line and each instruction, and one line marked throughout.
"""

from __future__ import annotations

import linecache
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tensorlab.core.located import locate
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.jit.code_parts import CODE_STAGES, CodeLine, CodePart, CodeStage, machine_part, program_part, python_part
from tensorlab.jit.function import ScriptFunction, nothing_compiled
from tensorlab.jit.ir import Graph, Node, Span
from tensorlab.jit.lives import Lives
from tensorlab.jit.lives_lines import on_line, working_nodes
from tensorlab.jit.loop_callers import LoopCallers
from tensorlab.jit.loop_lines import Origins
from tensorlab.jit.program import Program

_MOST_LOCATED = 24  # loops; each takes a compilation


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
    if latest is None or program is None or (stage != "python" and program.loops and not loops):
        raise ArgumentError(nothing_compiled(function.name, called=latest is not None and bool(latest.calls)))
    marks = _Marks(function, line)
    parts = [marks.part(part) for part in _parts(program, stage)]
    native = program.native is not None and program.native.function is not None
    return StageCode(function.name, stage, tuple(parts), native, line, user_lines(parts, stage, line))


def _parts(program: Program, stage: CodeStage) -> Iterator[CodePart]:
    callers = LoopCallers(program)
    loops = callers.loops
    if stage == "python":
        yield program_part(program)
    if stage in ("python", "numba", "typed"):
        yield from (python_part(loop, callers, stage) for loop in loops)
        return
    located = locate(loops[:_MOST_LOCATED], asm=stage == "asm")
    for number, loop in enumerate(loops):
        yield machine_part(loop, callers, stage, located[number] if number < len(located) else None)


def user_lines(parts: Sequence[CodePart], stage: CodeStage, marked: int | None = None) -> tuple[UserLine, ...]:
    """The lines of the user that parts of a stage are for, in their order."""
    below = stage in ("llvm", "asm")
    spans: dict[tuple[str, int], Span] = {}
    counts: Counter[tuple[str, int]] = Counter()
    hot: Counter[tuple[str, int]] = Counter()
    ops: dict[tuple[str, int], dict[str, None]] = {}
    for part in parts:
        for counted, lines in ((counts, part.all_lines), (hot, part.lines)):
            for origins, amount in _amounts(lines, below=below):
                for key, span in origins.spans.items():
                    counted[key] += amount
                    spans.setdefault(key, span)
                    ops.setdefault(key, {}).update(dict.fromkeys(origins.ops.get(key, ())))
    found: list[UserLine] = []
    for key in sorted(spans):
        span = spans[key]
        text = linecache.getline(span.filename, span.line).strip()
        chosen = marked is not None and on_line(span, marked) is not None
        found.append(UserLine(span, text, tuple(ops[key]), counts[key], hot[key], chosen))
    return tuple(found)


def _amounts(lines: Sequence[CodeLine], *, below: bool) -> Iterator[tuple[Origins, int]]:
    """What lines are for, and how many are; ``below`` instructions alone count."""
    amounts: Counter[int] = Counter()
    found: dict[int, Origins] = {}
    for line in lines:
        found[id(line.origins)] = line.origins
        amounts[id(line.origins)] += line.is_instruction or not below
    for key, origins in found.items():
        yield origins, amounts[key]


class _Marks:
    """Which origins do the work of a line."""

    def __init__(self, function: ScriptFunction, line: int | None) -> None:
        self._line = line
        self._nodes = frozenset[int]() if line is None else working_nodes(Lives(function.records), line)
        self._known: dict[int, bool] = {}  # by the identities of origins, which the lines keep

    def part(self, part: CodePart) -> CodePart:
        """A function with its lines marked."""
        if self._line is None:
            return part
        lines, every = (tuple(map(self._marked, one)) for one in (part.lines, part.all_lines))
        return replace(part, lines=lines, all_lines=every)

    def _marked(self, line: CodeLine) -> CodeLine:
        marked = self._known.get(id(line.origins))
        if marked is None:
            marked = any(o.node is not None and self._is_marked(o.node) for o in line.origins)
            self._known[id(line.origins)] = marked
        return replace(line, marked=marked)

    def _is_marked(self, node: Node) -> bool:
        if self._line is None:
            return False
        inner = node.attributes.get("subgraph")
        if isinstance(inner, Graph):
            return any(map(self._is_marked, inner.block.nodes))
        return node.serial in self._nodes or on_line(node.span, self._line) is not None

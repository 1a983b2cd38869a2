"""One stage of what runs, cut down to its hot blocks: the width of vectors, and the user's line beside each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorlab.view import html
from tensorlab.view.graph import place
from tensorlab.view.mime import View
from tensorlab.view.placed_code import (
    MARK,
    Placed,
    beside,
    files_of,
    placed,
    placed_html,
    placed_text,
    user_lines_html,
    user_lines_text,
)
from tensorlab.view.stages import StageView
from tensorlab.view.text import counted, grouped, line_width, listed, visible, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tensorlab.jit.code_parts import CodeLine, CodePart
    from tensorlab.jit.stage_code import StageCode

_ABOUT = {
    "python": "the Python that tensorlab wrote",
    "numba": "that Python, and Numba's own form of each line",
    "typed": "that Python, and the types that Numba inferred",
    "llvm": "LLVM's intermediate code, after its optimisations",
    "asm": "machine code for this processor",
}
_ROLES = {
    "reads": "from memory for the line's work",
    "writes": "its result",
    "calls": "a loop of several operations",
    "loop": "counts turns",
    "entry": "takes the arguments",
    "exit": "gives the results back",
    "merged": "for several lines, of which LLVM keeps none",
}
_PROOFS = {
    "object": "The lines are from a second compilation, whose machine code is byte for byte that which runs.",
    "text": "The lines are from a second compilation, whose LLVM code is line for line that which runs.",
}
_MOST_LINES, _MOST_TEXT_LINES = 160, 80
_LEAST_LINES = 8  # of a part that comes after long ones


class StageCodeView(View):
    """The hot blocks of one stage."""

    __slots__ = ("code", "name")

    def __init__(self, code: StageCode, name: str = "") -> None:
        self.code = code
        self.name = name or code.name

    def to_dict(self) -> dict[str, object]:
        return {**self.code.to_dict(), "name": self.name}

    def text(self) -> str:
        lines = wrapped(visible(" · ".join((self.name, *self._facts()))), line_width())
        if self.code.user_lines:
            lines += ["", *user_lines_text(self.code.user_lines, self._noun())]
        for part, shown in self._parts(_MOST_TEXT_LINES):
            lines += ["", *wrapped(visible(f"{part.name} · {' · '.join(self._about(part))}"), line_width())]
            lines += placed_text(shown, indent="  ")
        notes = [line for note in self._notes(_MOST_TEXT_LINES) for line in wrapped(visible(note), line_width())]
        return "\n".join([*lines, "", *notes])

    def html(self) -> str:
        parts = [html.header(self.name, *self._facts())]
        if self.code.user_lines:
            hot = [line for part in self.code.parts for line in part.lines]
            parts.append(user_lines_html(self.code.user_lines, hot, self._noun()))
        for part, shown in self._parts(_MOST_LINES):
            facts = html.quiet(" · " + " · ".join(self._about(part)))
            title = html.join((html.strong(part.name), facts))
            parts.append(placed_html(shown, "", heading=title) if shown else html.paragraph(title, above=10))
        return html.card(*parts, html.footer(*self._notes(_MOST_LINES)))

    # -- what is shown

    def _facts(self) -> list[str]:
        code = self.code
        runs = "one native function for the whole graph" if code.native else "a program that calls loops"
        facts = [f"stage {code.stage}", _ABOUT[code.stage], runs]
        return facts if code.line is None else [*facts, f"{MARK} does the work of line {code.line}"]

    def _noun(self) -> str:
        return "instruction" if self.code.stage in ("llvm", "asm") else "line"

    def _about(self, part: CodePart) -> list[str]:
        shown = len(part.lines)
        facts = [f"{grouped(shown)} of {counted(part.total, 'line')}" if shown < part.total else counted(shown, "line")]
        if part.callers > 1:
            facts.append(f"called by {counted(part.callers, 'node')}")
        if part.bits:
            lanes = f"{part.lanes} numbers at once, " if part.lanes else ""
            facts.append(f"vectorised: {lanes}{part.bits} bits")
        elif part.bits == 0:
            facts.append("not vectorised: one number at a time")
        if part.reason:
            lines = listed([place(span) for span in part.spans])
            facts += [f"all of it made of {lines}"] if lines else []
            facts.append(f"no line beside each instruction: {part.reason}")
        return facts

    def _parts(self, most: int) -> list[tuple[CodePart, list[Placed]]]:
        files = files_of(self.code.user_lines)
        parts: list[tuple[CodePart, list[Placed]]] = []
        for part in self.code.parts:
            parts.append((part, placed(part.lines, files, max(most, _LEAST_LINES))))
            most -= len(parts[-1][1])
            if most <= -4 * _LEAST_LINES:
                break
        return parts

    def _notes(self, most: int) -> list[str]:
        code = self.code
        notes = _legend(code, [line for part in code.parts for line in part.lines])
        if code.native and code.stage in ("numba", "typed"):
            notes.append("Loops inside a native function are compiled apart; Numba's form of them is not kept.")
        left_out = len(code.parts) - len(self._parts(most))
        if left_out:
            notes.append(f"{counted(left_out, 'more function')} left out.")
        hidden = any(len(part.lines) < part.total for part in code.parts)
        return [*notes, f"%ir {self.name} --stage {code.stage} --full shows all."] if hidden or left_out else notes


def whole_stage_view(code: StageCode, name: str) -> StageView:
    """All of a stage, with the user's line beside each line of it."""
    lines, files = code.whole_lines, files_of(code.user_lines)
    told = [beside(line.origins, files) for line in lines]
    marked = [number for number, line in enumerate(lines) if line.marked]
    reasons = dict.fromkeys(f"No line beside each instruction: {part.reason}." for part in code.parts if part.reason)
    notes = [*_legend(code, lines), *reasons]
    language = "numba" if code.stage == "typed" else code.stage
    return StageView(name, code.stage, code.whole, language, beside=told, marked=marked, notes=notes)


def _legend(code: StageCode, lines: Sequence[CodeLine]) -> list[str]:
    """How to read what stands beside lines, as far as it does, and where it is from."""
    below = code.stage in ("llvm", "asm")
    roles = {role for line in lines for role in line.origins.roles}
    words = [f"{role}: {_ROLES[role]}" for role in _ROLES if role in roles]
    if below and any(line.is_instruction and not line.origins for line in lines) and roles:
        words.append("blank: LLVM made it up or moved it, and keeps no line: copies of registers, constants, bounds")
    words = ["Beside a line: the number of yours, and the operation", *words]
    notes = [f"{'; '.join(words)}."] if roles else []
    if below and any(line.origins.chains > 1 for line in lines):
        notes.append("Two operations beside an instruction: it does the work of both, as a product with a sum.")
    if any(len(line.origins) > line.origins.chains for line in lines):
        notes.append("A function that several nodes call is for the operations of each of them.")
    return [*notes, *(_PROOFS[how] for how in dict.fromkeys(part.compared for part in code.parts) if how)]

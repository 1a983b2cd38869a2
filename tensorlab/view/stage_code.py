"""One stage of what runs, cut down to its hot blocks: the width of vectors, and the user's line beside each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorlab.view import html
from tensorlab.view.graph import place
from tensorlab.view.listing import Line, cap, listing_html, listing_text
from tensorlab.view.mime import View
from tensorlab.view.text import counted, grouped, line_width, listed, visible, wrapped

if TYPE_CHECKING:
    from tensorlab.jit.stage_code import CodePart, StageCode

_ABOUT = {
    "python": "the Python that tensorlab wrote",
    "numba": "that Python, and Numba's own form of each line",
    "typed": "that Python, and the types that Numba inferred",
    "llvm": "LLVM's intermediate code, after its optimisations",
    "asm": "machine code for this processor",
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
        parts = wrapped(visible(" · ".join((self.name, *self._facts()))), line_width())
        for part, lines in self._parts(_MOST_TEXT_LINES):
            parts += ["", *wrapped(visible(f"{part.name} · {' · '.join(self._about(part))}"), line_width())]
            parts += listing_text(lines, indent="  ")
        notes = [line for note in self._notes() for line in wrapped(visible(note), line_width())]
        return "\n".join([*parts, "", *notes])

    def html(self) -> str:
        parts = [html.header(self.name, *self._facts())]
        for part, lines in self._parts(_MOST_LINES):
            facts = html.quiet(" · " + " · ".join(self._about(part)))
            title = html.join((html.strong(part.name), facts))
            parts.append(listing_html(lines, "", heading=title) if lines else html.paragraph(title, above=10))
        return html.card(*parts, html.footer(*self._notes()))

    # -- what is shown

    def _facts(self) -> list[str]:
        code = self.code
        runs = "one native function for the whole graph" if code.native else "a program that calls loops"
        return [f"stage {code.stage}", _ABOUT[code.stage], runs]

    def _about(self, part: CodePart) -> list[str]:
        shown = len(part.lines)
        facts = [f"{grouped(shown)} of {counted(part.total, 'line')}" if shown < part.total else counted(shown, "line")]
        if part.bits:
            lanes = f"{part.lanes} numbers at once, " if part.lanes else ""
            facts.append(f"vectorised: {lanes}{part.bits} bits")
        elif part.bits == 0:
            facts.append("not vectorised: one number at a time")
        lines = listed([place(span) for span in part.spans])
        return [*facts, f"all of it made of {lines}"] if lines else facts

    def _parts(self, most: int) -> list[tuple[CodePart, list[Line]]]:
        parts: list[tuple[CodePart, list[Line]]] = []
        for part in self.code.parts:
            lines = [Line(line.text.expandtabs(8), place=place(line.span)) for line in part.lines]
            parts.append((part, cap(lines, max(most, _LEAST_LINES))))
            most -= len(parts[-1][1])
            if most <= -4 * _LEAST_LINES:
                break
        return parts

    def _notes(self) -> list[str]:
        code = self.code
        notes = []
        if code.stage in ("llvm", "asm"):
            notes.append("Made without debug information: the lines are told for each loop as a whole.")
        if code.native and code.stage in ("numba", "typed"):
            notes.append("Loops inside a native function are compiled apart; Numba's form of them is not kept.")
        left_out = len(code.parts) - len(self._parts(_MOST_TEXT_LINES))
        if left_out:
            notes.append(f"{counted(left_out, 'more function')} left out.")
        hidden = any(len(part.lines) < part.total for part in code.parts)
        return [*notes, f"%ir {self.name} --stage {code.stage} --full shows all."] if hidden or left_out else notes

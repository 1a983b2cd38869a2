"""The instructions of a function, all of them, and where a walk stands: what ``%step --graph`` shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tensorlab.jit.walk_records import CodeRecord
from tensorlab.view import html
from tensorlab.view import steps_words as words
from tensorlab.view.graph import place
from tensorlab.view.html import Cell
from tensorlab.view.ink import ACCENT, INK, QUIET, tint
from tensorlab.view.mime import View
from tensorlab.view.text import Column, counted, grouped, line_width, shortened, table, visible, wrapped

MOST_ROWS = 80
_HEADS = ("", "instruction", "node", "line")
_DEEPEST = 8


class InstructionsView(View):
    """A function's instructions; ``pc`` is the place of the one that comes next, `None` at the end of the run."""

    __slots__ = ("code", "name", "pc")

    def __init__(self, name: str, code: Sequence[CodeRecord], pc: int | None) -> None:
        self.name = name
        self.code = tuple(code)
        self.pc = pc

    def to_dict(self) -> dict[str, object]:
        return {"name": self.name, "next": self.pc, "instructions": [each.to_dict() for each in self.code]}

    def text(self) -> str:
        lines = wrapped(visible("".join(self._answer())), line_width())
        heads = (Column("at", "right"), *(Column(title, wraps=True) for title in _HEADS[1:]))
        rows = [
            [
                f"{'○ next ' if each.pc == self.pc else ''}{each.pc}",
                "  " * min(each.depth, _DEEPEST) + shortened(each.text, words.LONGEST),
                words.node(each),
                place(each.span),
            ]
            for each in self._shown()
        ]
        notes = (line for note in self._notes() for line in wrapped(note, line_width()))
        return "\n".join([*lines, "", *table(heads, rows), "", *notes])

    def html(self) -> str:
        first, rest = self._answer()
        titles = ("at", *_HEADS[1:])
        rows = [
            [
                Cell(
                    html.esc(t),
                    "right" if t == "at" else "left",
                    QUIET,
                    size=11.5,
                    scope="col",
                    wraps=False,
                    pad="0 12px 0 4px",
                )
                for t in titles
            ]
        ]
        for each in self._shown():
            here = each.pc == self.pc
            ground, side = (tint(ACCENT), INK) if here else ("", QUIET)
            mark = html.join((html.glyph("○", ACCENT), html.esc(" next "))) if here else html.EMPTY
            indent = 14 * min(each.depth, _DEEPEST)
            bodies = (
                (html.join((mark, html.esc(each.pc))), False, "0 12px 0 4px"),
                (html.esc(shortened(each.text, words.LONGEST)), True, f"0 12px 0 {indent}px"),
                (html.esc(words.node(each)), bool(each.node), "0 12px 0 0"),
                (html.esc(place(each.span)), False, "1px 4px 0 0"),
            )
            cells = [
                Cell(body, ink=INK if i == 1 else side, ground=ground, size=12, mono=mono, pad=pad)
                for i, (body, mono, pad) in enumerate(bodies)
            ]
            rows.append([replace(cells[0], align="right", wraps=False), *cells[1:]])
        table_ = html.table(
            rows, "Every instruction in its place, with the node and the line that it comes from", wide=True
        )
        return html.card(html.paragraph(html.strong(first), html.esc(rest)), table_, html.footer(*self._notes()))

    def _answer(self) -> tuple[str, str]:
        if self.pc is None:
            return f"{self.name} is {counted(len(self.code), 'instruction')}", "; the run has come to its end."
        return (
            f"{self.name} is {counted(len(self.code), 'instruction')}",
            f"; the one at {grouped(self.pc)} comes next.",
        )

    def _shown(self) -> tuple[CodeRecord, ...]:
        """All, or of very many those around the next."""
        middle = len(self.code) if self.pc is None else self.pc
        first = max(0, min(middle - MOST_ROWS // 2, len(self.code) - MOST_ROWS))
        return self.code[first : first + MOST_ROWS]

    def _notes(self) -> list[str]:
        left_out = len(self.code) - len(self._shown())
        said = [f"{counted(left_out, 'instruction')} further from here not shown."] if left_out else []
        said.append(
            "Numbers in an instruction are registers; move(3) reads register 3 for the last time and empties it."
        )
        return [*said, "-> 11 is a jump to the instruction at 11."]

"""One stage of a compiled function as numbered lines: the Python that was written, and what it became."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from tensorlab.view import html
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import QUIET
from tensorlab.view.mime import View
from tensorlab.view.placed_code import MARK
from tensorlab.view.text import columns, counted, line_width, padded, shortened, visible, wrapped

Language = Literal["python", "numba", "llvm", "asm"]

_ABOUT: dict[str, str] = {
    "python": "the Python that tensorlab wrote, and compiles",
    "numba": "Numba's typed form of that Python",
    "llvm": "LLVM's intermediate code, after its optimisations",
    "asm": "machine code for this processor",
}
MOST_LINES = 2_000
_MOST_TEXT_LINES = 200
_MOST_CHARACTERS = 120_000  # of code, in the lines shown
_MOST_COLUMNS, _MOST_BESIDE = 240, 24


class StageView(View):
    """The text of one stage; after ``most`` lines, or very many characters, the rest is counted, not shown.

    ``beside`` says of each line what it is for, ``marked`` has the lines, from 0, that are to stand out; ``notes`` say
    how to read that.
    """

    __slots__ = ("beside", "language", "marked", "most", "name", "notes", "source", "stage")

    def __init__(
        self,
        name: str,
        stage: str,
        text: str,
        language: Language,
        *,
        most: int = MOST_LINES,
        beside: Sequence[str] = (),
        marked: Collection[int] = (),
        notes: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.stage = stage
        self.source = text
        self.language: Language = language
        self.most = most
        self.beside = tuple(beside)
        self.marked = frozenset(marked)
        self.notes = tuple(notes)

    def to_dict(self) -> dict[str, object]:
        told: dict[str, object] = {
            "name": self.name,
            "stage": self.stage,
            "language": self.language,
            "text": self.source,
        }
        return {**told, "beside": list(self.beside), "marked": sorted(self.marked)} if self.beside else told

    def text(self) -> str:
        head = wrapped(visible(f"{self.name} · {' · '.join(self._facts())}"), line_width())
        lines, left_out = self._lines(min(self.most, _MOST_TEXT_LINES))
        width = len(str(len(lines)))
        code: list[str] = []
        left = max(map(columns, self._left(len(lines))), default=0)
        for i, (line, beside) in enumerate(zip(lines, self._left(len(lines)), strict=True), 1):
            start = f"{i:>{width}}  {padded(beside, left)}{'  ' if left else ''}"
            code.append(f"{start}{shortened(line, line_width() - columns(start))}".rstrip())
        notes = [line for note in self.notes for line in wrapped(visible(note), line_width())]
        more = wrapped(f"… {_more(left_out)}", line_width()) if left_out else []
        return "\n".join([*head, "", *code, *more, *(["", *notes] if notes else [])])

    def html(self) -> str:
        lines, left_out = self._lines(self.most)
        numbers = html.join((html.esc(i) for i in range(1, len(lines) + 1)), "\n")
        code = html.join((html.esc(shortened(line, _MOST_COLUMNS)) for line in lines), "\n")
        # One cell of numbers beside one of code, so that the code can be marked and copied alone.
        row = [Cell(numbers, "right", QUIET, mono=True, wraps=False, pad="0 12px 0 0", extra="width:1px;")]
        if self.beside:
            told = self._left(len(lines))
            words = html.join((html.strong(t) if i in self.marked else html.esc(t) for i, t in enumerate(told)), "\n")
            row.append(Cell(words, "left", QUIET, mono=True, wraps=False, pad="0 12px 0 0", extra="width:1px;"))
        row.append(Cell(code or Html(" "), mono=True, wraps=False, pad="0"))
        foot = [f"{_more(left_out)}."] if left_out else []
        caption = "Line numbers, what each line is for, and the lines" if self.beside else "Line numbers, and the lines"
        return html.card(
            html.header(self.name, *self._facts()),
            html.table([row], caption, wide=True),
            html.footer(*foot, *self.notes),
        )

    def _facts(self) -> list[str]:
        return [f"stage {self.stage}", _ABOUT[self.language], counted(len(self.source.splitlines()), "line")]

    def _left(self, count: int) -> list[str]:
        """What stands beside the first lines, with a mark where a line is to stand out."""
        told = [*self.beside[:count], *[""] * (count - len(self.beside))]
        marks = [f"{MARK} " if i in self.marked else "  " for i in range(count)] if self.marked else [""] * count
        return [f"{mark}{shortened(visible(text), _MOST_BESIDE)}" for mark, text in zip(marks, told, strict=True)]

    def _lines(self, most: int) -> tuple[list[str], int]:
        every = self.source.splitlines()
        lines: list[str] = []
        room = _MOST_CHARACTERS
        for line in every[:most]:
            lines.append(visible(line[: 4 * _MOST_COLUMNS].expandtabs(8)))
            room -= min(len(line), _MOST_COLUMNS)
            if room < 0:
                break
        return lines, len(every) - len(lines)


def _more(count: int) -> str:
    return f"{counted(count, 'more line')}; the source of this result has all of them"

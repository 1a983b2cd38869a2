"""One stage of a compiled function as numbered lines: the Python that was written, and what it became."""

from __future__ import annotations

from typing import Literal

from tensorlab.view import html
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import QUIET
from tensorlab.view.mime import View
from tensorlab.view.text import counted, grouped, line_width, shortened, visible, wrapped

Language = Literal["python", "numba", "llvm", "asm"]

_ABOUT: dict[str, str] = {
    "python": "the Python that tensorlab wrote; Numba compiles it",
    "numba": "Numba's typed form of that Python",
    "llvm": "LLVM's intermediate code, after its optimisations",
    "asm": "machine code for this processor",
}
MOST_LINES = 200
_MOST_TEXT_LINES = 60
_MOST_COLUMNS = 240


class StageView(View):
    """The text of one stage; after ``most`` lines the rest is counted, not shown."""

    __slots__ = ("language", "most", "name", "source", "stage")

    def __init__(self, name: str, stage: str, text: str, language: Language, *, most: int = MOST_LINES) -> None:
        self.name = name
        self.stage = stage
        self.source = text
        self.language: Language = language
        self.most = most

    def to_dict(self) -> dict[str, object]:
        return {"name": self.name, "stage": self.stage, "language": self.language, "text": self.source}

    def text(self) -> str:
        head = wrapped(visible(f"{self.name} · {' · '.join(self._facts())}"), line_width())
        lines, left_out = self._lines(min(self.most, _MOST_TEXT_LINES))
        width = len(str(len(lines)))
        code = [
            f"{i:>{width}}  {shortened(line, line_width() - width - 2)}".rstrip() for i, line in enumerate(lines, 1)
        ]
        return "\n".join([*head, "", *code, *([f"… {_more(left_out)}"] if left_out else [])])

    def html(self) -> str:
        lines, left_out = self._lines(self.most)
        numbers = html.join((html.esc(i) for i in range(1, len(lines) + 1)), "\n")
        code = html.join((html.esc(shortened(line, _MOST_COLUMNS)) for line in lines), "\n")
        # One cell of numbers beside one of code, so that the code can be marked and copied alone.
        row = [
            Cell(numbers, "right", QUIET, mono=True, wraps=False, pad="0 12px 0 0", extra="width:1px;"),
            Cell(code or Html(" "), mono=True, wraps=False, pad="0"),
        ]
        foot = [f"{_more(left_out).capitalize()} left out."] if left_out else []
        caption = "Line numbers, and the lines"
        return html.card(
            html.header(self.name, *self._facts()), html.table([row], caption, wide=True), html.footer(*foot)
        )

    def _facts(self) -> list[str]:
        return [f"stage {self.stage}", _ABOUT[self.language], counted(len(self.source.splitlines()), "line")]

    def _lines(self, most: int) -> tuple[list[str], int]:
        lines = [visible(line.expandtabs(8)) for line in self.source.splitlines()]
        return lines[:most], max(0, len(lines) - most)


def _more(count: int) -> str:
    return f"{grouped(count)} more {'line' if count == 1 else 'lines'}"

"""Two looks at the allocator side by side: a view of a `ReportChange`."""

from __future__ import annotations

from tensorlab.memory.report import LineChange, ReportChange
from tensorlab.view import allocator_words as words
from tensorlab.view import html
from tensorlab.view.html import Cell
from tensorlab.view.ink import MARKS, QUIET
from tensorlab.view.mime import View
from tensorlab.view.text import Column, counted, grouped, line_width, nbytes, table, visible, wrapped

MOST_LINES = 20
_QUANTITIES = {
    "reserved_nbytes": "held",
    "allocated_nbytes": "in use",
    "requested_nbytes": "asked for",
    "rounding_nbytes": "rounding",
    "pending_nbytes": "pending frees",
    "fragmented_nbytes": "fragmented",
    "cached_nbytes": "cached",
}
_TITLES = ("what", "before", "after", "change")


class AllocatorChangeView(View):
    """What changed from one look to another; ``names`` are those that the notebook knows the two by."""

    __slots__ = ("change", "names")

    def __init__(self, change: ReportChange, names: tuple[str, str]) -> None:
        self.change = change
        self.names = names

    def to_dict(self) -> dict[str, object]:
        return {"names": list(self.names), **self.change.to_dict()}

    def text(self) -> str:
        heads = tuple(Column(title, "left" if i == 0 else "right") for i, title in enumerate(_TITLES))
        lines = [*wrapped(visible(self._answer()), line_width()), "", *table(heads, self._quantities())]
        if self.change.lines:
            line_heads = (Column(""), Column("live bytes of", most=30), *heads[1:], Column("blocks", "right"))
            lines += ["", *table(line_heads, [[_sign(line), *_cells(line)] for line in self._lines()])]
        return "\n".join([*lines, *self._left_out()])

    def html(self) -> str:
        heads = [_head(title, right=i > 0) for i, title in enumerate(_TITLES)]
        rows = [heads, *(_row(cells) for cells in self._quantities())]
        body = [html.paragraph(html.strong(self._answer())), html.table(rows, "The whole")]
        if self.change.lines:
            line_heads = [_head(""), _head("live bytes of"), *heads[1:], _head("blocks", right=True)]
            lines = [line_heads, *(self._line_row(line) for line in self._lines())]
            body.append(html.table(lines, "Line by line, the largest change first"))
        return html.card(*body, html.footer(*self._left_out()))

    def _line_row(self, line: LineChange) -> list[Cell]:
        sign = _sign(line)
        return [Cell(html.glyph(sign, MARKS[sign].colour)), *_row(_cells(line))]

    def _answer(self) -> str:
        before, after = self.change.before.allocated_nbytes, self.change.after.allocated_nbytes
        held = f"{nbytes(before)} in {self.names[0]}, {nbytes(after)} in {self.names[1]}"
        if before == after:
            return f"As much is in use: {held}."
        return f"{nbytes(abs(after - before))} {'more' if after > before else 'less'} in use: {held}."

    def _quantities(self) -> list[list[str]]:
        return [[_QUANTITIES[key], *_three(*pair)] for key, pair in self.change.quantities().items()]

    def _lines(self) -> tuple[LineChange, ...]:
        return self.change.lines[:MOST_LINES]

    def _left_out(self) -> list[str]:
        more = len(self.change.lines) - MOST_LINES
        return [f"{counted(more, 'more line')} not shown."] if more > 0 else []


def _head(title: str, *, right: bool = False) -> Cell:
    return Cell(html.esc(title), "right" if right else "left", QUIET, size=11.5, scope="col", wraps=False)


def _three(before: int, after: int) -> list[str]:
    change = after - before
    return [nbytes(before), nbytes(after), "" if not change else f"{'+' if change > 0 else '-'}{nbytes(abs(change))}"]


def _cells(line: LineChange) -> list[str]:
    blocks = f"{grouped(line.blocks_before)} > {grouped(line.blocks_after)}"
    return [words.line_name(line.frame), *_three(line.nbytes_before, line.nbytes_after), blocks]


def _sign(line: LineChange) -> str:
    if not line.blocks_before:
        return "+"
    return "-" if not line.blocks_after else "~"


def _row(cells: list[str]) -> list[Cell]:
    name, *numbers = cells
    return [Cell(html.strong(name), scope="row", wraps=False), *(Cell(html.esc(n), "right") for n in numbers)]

"""What batching buys: throughput and waiting time against batch size, as a chart, a table and a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.core.measure import BatchPoint, fit_cost
from tensorlab.view import batching_words as words
from tensorlab.view import html
from tensorlab.view.html import Cell
from tensorlab.view.ink import QUIET
from tensorlab.view.mime import View
from tensorlab.view.text import WIDTH, Column, bar, line_width, nbytes, table, visible, wrapped


class BatchingView(View):
    """A batching curve. ``where`` says how it was called: ``in this process``, ``through a server``.

    ``item_nbytes`` is the size of one item, if it is to be told.
    """

    __slots__ = ("item_nbytes", "name", "points", "where")

    def __init__(
        self, name: str, points: Sequence[BatchPoint], *, where: str = "in this process", item_nbytes: int | None = None
    ) -> None:
        self.name = name
        self.points = tuple(sorted(points, key=lambda p: p.batch))
        self.where = where
        self.item_nbytes = item_nbytes

    def to_dict(self) -> dict[str, object]:
        fit = fit_cost(self.points)
        return {
            "name": self.name,
            "where": self.where,
            "item_nbytes": self.item_nbytes,
            "points": [point.to_dict() for point in self.points],
            "fit": None if fit is None else fit.to_dict(),
        }

    def text(self) -> str:
        width = line_width()
        head = " · ".join([self.name, *words.answer(self.points), *self._facts()])
        lines = wrapped(visible(head), width)
        if not self.points:
            return "\n".join(lines)
        most = max(p.items_per_second for p in self.points)
        heads = [*(Column(title, "right", 12) for title in words.titles(self.points)), Column("")]
        bar_width = 16 - (WIDTH - width) // 2
        rows = [[*self._numbers(p), bar(p.items_per_second / most if most else 0, bar_width)] for p in self.points]
        notes = [*words.meaning(self.points), *words.times(self.points)]
        return "\n".join([*lines, "", *table(heads, rows), "", *(t for note in notes for t in wrapped(note, width))])

    def html(self) -> str:
        head = html.header(self.name, *words.answer(self.points), *self._facts())
        if not self.points:
            return html.card(head)
        from tensorlab.view.plots import batching_figure, figure_html

        chart = figure_html(batching_figure(self.points), words.alt(self.points))
        titles = words.titles(self.points)
        rows = [
            [Cell(html.esc(title), "right", QUIET, size=11.5, scope="col", pad="3px 16px 3px 0") for title in titles],
            *([Cell(html.esc(number), "right") for number in self._numbers(p)] for p in self.points),
        ]
        body = html.paragraph(html.esc(" ".join(words.meaning(self.points))))
        table_ = html.table(rows, words.caption(self.points))
        return html.card(head, body, html.spaced(chart), table_, html.footer(*words.how(self.points)))

    def _numbers(self, point: BatchPoint) -> list[str]:
        numbers = words.numbers(point)
        return [numbers[title] for title in words.titles(self.points)]

    def _facts(self) -> list[str]:
        size = [f"{nbytes(self.item_nbytes)} an item"] if self.item_nbytes is not None else []
        return [*words.load(self.points), self.where, *size]

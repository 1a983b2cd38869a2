"""What batching buys: throughput and waiting time against batch size, as a chart, a table and a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.core.measure import BatchPoint, CostFit, fit_cost
from tensorlab.view import html
from tensorlab.view.html import Cell
from tensorlab.view.ink import QUIET
from tensorlab.view.mime import View
from tensorlab.view.text import (
    WIDTH,
    Column,
    bar,
    grouped,
    nbytes,
    ratio,
    seconds,
    significant,
    table,
    visible,
    wrapped,
)

_TITLES = ("batch", "time of a call", "an item", "items a second", "half within", "99 of 100 within", "calls")


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
        lines = wrapped(visible(f"{self.name} · {' · '.join([*_answer(self.points), *self._facts()])}"), WIDTH)
        if not self.points:
            return "\n".join(lines)
        most = max(p.items_per_second for p in self.points)
        heads = [*(Column(title, "right", 12) for title in _TITLES), Column("")]
        rows = [[*_numbers(p), bar(p.items_per_second / most if most else 0, 16)] for p in self.points]
        notes = _meaning(self.points)
        return "\n".join([*lines, "", *table(heads, rows), "", *(t for note in notes for t in wrapped(note, WIDTH))])

    def html(self) -> str:
        head = html.header(self.name, *_answer(self.points), *self._facts())
        if not self.points:
            return html.card(head)
        from tensorlab.view.plots import batching_figure, figure_html

        chart = figure_html(batching_figure(self.points), _alt(self.points))
        rows = [
            [Cell(html.esc(title), "right", QUIET, size=11.5, scope="col", pad="3px 16px 3px 0") for title in _TITLES],
            *([Cell(html.esc(number), "right") for number in _numbers(p)] for p in self.points),
        ]
        caption = "The numbers of the chart, one line a batch size"
        body = html.paragraph(html.esc(" ".join(_meaning(self.points))))
        return html.card(head, body, html.spaced(chart), html.table(rows, caption), html.footer(_HOW))

    def _facts(self) -> list[str]:
        return [self.where, *([f"{nbytes(self.item_nbytes)} an item"] if self.item_nbytes is not None else [])]


_HOW = (
    "Both axes go up in powers. Dashed: the fitted cost of a call. Measured here and now: "
    "another machine, or this one when busy, gives other numbers."
)


def _answer(points: Sequence[BatchPoint]) -> list[str]:
    """The gain in a few words: how much more in a second, at what price in waiting."""
    if not points:
        return ["nothing was measured"]
    first, best = points[0], max(points, key=lambda p: p.items_per_second)
    if best is first:
        return [
            f"{significant(first.items_per_second)} items a second at batch {first.batch}, and no more at any other"
        ]
    gain = best.items_per_second / first.items_per_second
    wait = best.p50_seconds / first.p50_seconds
    return [
        f"batch {grouped(best.batch)} does {ratio(gain)} the items a second of batch {grouped(first.batch)}",
        f"each call then takes {ratio(wait)} as long",
    ]


def _numbers(point: BatchPoint) -> list[str]:
    return [
        grouped(point.batch),
        seconds(point.seconds_per_call),
        seconds(point.seconds_per_call / point.batch),
        significant(point.items_per_second),
        seconds(point.p50_seconds),
        seconds(point.p99_seconds),
        grouped(point.runs),
    ]


def _meaning(points: Sequence[BatchPoint]) -> list[str]:
    """The fitted line in words."""
    fit = fit_cost(points)
    if fit is None:
        return ["One batch size gives no line: measure two or more to see what a call costs before its first item."]
    return [*_costs(fit), f"The line is at most {fit.worst * 100:.0f} % off a measured point."]


def _costs(fit: CostFit) -> list[str]:
    item = seconds(fit.seconds_per_item)
    if fit.seconds_per_item <= 0:
        return [f"A call takes about {seconds(fit.fixed_seconds)}, however many items it carries."]
    if fit.fixed_seconds <= 0 or fit.break_even is None:
        return [f"Each item takes about {item}; a fixed cost of the call does not show, so batching gains little."]
    both = f"A call takes about {seconds(fit.fixed_seconds)} before its first item, and {item} more for each."
    if fit.break_even < 1:
        return [both, "The items outweigh the fixed cost from the first on, so batching gains little."]
    even = f"At {significant(fit.break_even)} items the two are equal: below that, a larger batch is nearly free."
    return [both, even]


def _alt(points: Sequence[BatchPoint]) -> str:
    a, b = points[0], points[-1]
    return (
        f"Two charts against batch size {grouped(a.batch)} to {grouped(b.batch)}. "
        f"Items a second go from {significant(a.items_per_second)} to {significant(b.items_per_second)}; "
        f"half of the calls end within {seconds(a.p50_seconds)} at first and {seconds(b.p50_seconds)} at last, "
        f"99 of 100 within {seconds(a.p99_seconds)} and {seconds(b.p99_seconds)}."
    )

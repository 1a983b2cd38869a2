"""The way of a call, leg by leg: a view of a `DispatchRecord`, with times where they were measured."""

from __future__ import annotations

from pathlib import PurePath

from tensorlab.core.dispatch_legs import Leg
from tensorlab.core.dispatch_path import DispatchRecord
from tensorlab.core.dispatch_times import DispatchTimes, LegTime
from tensorlab.view import dispatch_words as words
from tensorlab.view import html
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import ACCENT, LINE, QUIET, RULE
from tensorlab.view.mime import View
from tensorlab.view.text import Column, Row, bar, counted, line_width, table, visible, wrapped

MOST_LEGS = 80
_DEEPEST = 8  # legs deeper inside are drawn as deep as this
_BAR_COLUMNS = 6


class DispatchView(View):
    """Each call of an expression, with its legs; ``first`` is what the first run was where that went another way."""

    __slots__ = ("first", "record", "times")

    def __init__(
        self, record: DispatchRecord, times: DispatchTimes | None = None, *, first: DispatchRecord | None = None
    ) -> None:
        self.record = record
        self.times = times
        self.first = first

    def to_dict(self) -> dict[str, object]:
        facts = self.record.to_dict(times=self.times is not None)
        if self.times is not None:
            facts |= {"times": self.times.to_dict()}
        if self.first is not None:
            facts |= {"first": self.first.to_dict(times=True)}
        return facts

    def text(self) -> str:
        lines = wrapped(visible("".join(words.answer(self.record))), line_width())
        rows: list[Row] = []
        for title, legs in self._shown()[0]:
            rows += [title, *(self._text_row(leg, time) for leg, time in legs)]
        lines += ["", *table(self._heads(), rows), ""]
        return "\n".join([*lines, *(line for note in self._notes() for line in wrapped(visible(note), line_width()))])

    def html(self) -> str:
        first, rest = words.answer(self.record)
        rows = [[Cell(html.esc(h.title), h.align, QUIET, size=11.5, scope="col", wraps=False) for h in self._heads()]]
        edge = RULE.css("border-top", "1px solid")
        for title, legs in self._shown()[0]:
            body = html.strong(title)
            rows.append([Cell(body, scope="rowgroup", span=len(self._heads()), pad="8px 0 2px", extra=edge)])
            rows += [self._row(leg, time) for leg, time in legs]
        sums = [] if self.times is None else words.sums(self.times)
        return html.card(
            html.paragraph(html.strong(first), html.esc(rest)),
            html.table(rows, "Each call with the legs of its way, in the order in which they ran"),
            *(html.paragraph(html.esc(sentence), above=4) for sentence in sums),
            html.footer(*self._own_notes()),
        )

    def _heads(self) -> list[Column]:
        heads = [
            Column("leg", most=40, wraps=True),
            Column("what happens", wraps=True),
            Column("where", most=30, wraps=True),
        ]
        if self.times is None:
            return heads
        return [*heads, Column("time", "right"), Column("share")]

    def _shown(self) -> tuple[list[tuple[str, list[tuple[Leg, LegTime | None]]]], int]:
        """Calls with their legs up to the limit, and how many legs are left out."""
        shown: list[tuple[str, list[tuple[Leg, LegTime | None]]]] = []
        room, count = MOST_LEGS, 0
        for index, way in enumerate(self.record.ways):
            times = (None,) * len(way.legs) if self.times is None else self.times.legs[index]
            legs = list(zip(way.legs, times, strict=True))[:room]
            if legs:
                shown.append((words.way_title(index, way), legs))
            room -= len(legs)
            count += len(way.legs) + way.left_out - len(legs)
        return shown, count

    def _text_row(self, leg: Leg, time: LegTime | None) -> list[str | tuple[str, ...]]:
        indent = " " * min(leg.depth, _DEEPEST)
        row: list[str | tuple[str, ...]] = [
            f"{indent}{words.mark(leg.kind)} {words.leg(leg)}",
            _said(leg, exact=self.times is not None),
            _where(leg, exact=self.times is not None),
        ]
        if self.times is None:
            return row
        return [*row, words.time(time), bar(words.share(time, self.times), _BAR_COLUMNS)]

    def _row(self, leg: Leg, time: LegTime | None) -> list[Cell]:
        indent = 14 * min(leg.depth, _DEEPEST)
        colour = ACCENT if words.mark(leg.kind) == words.mark("loop") else LINE
        body = html.join(
            (
                html.glyph(words.mark(leg.kind), colour),
                Html(" "),
                html.quiet(words.kind(leg.kind)),
                Html(" "),
                html.esc(leg.title),
            )
        )
        said = _said(leg, exact=self.times is not None)
        cells = [
            Cell(body, scope="row", wraps=False, pad=f"3px 16px 3px {indent}px"),
            Cell(html.esc(said), size=12.5),
            Cell(html.esc(_where(leg, exact=self.times is not None)), ink=QUIET, size=12),
        ]
        if self.times is None:
            return cells
        width = round(90 * words.share(time, self.times), 1)
        filled = Html(f'<div style="background:{colour};height:9px;width:{width}px;margin-top:5px"></div>')
        return [*cells, Cell(html.esc(words.time(time)), "right", wraps=False), Cell(filled if width else html.EMPTY)]

    def _notes(self) -> list[str]:
        return [*([] if self.times is None else words.sums(self.times)), *self._own_notes()]

    def _own_notes(self) -> list[str]:
        left_out = self._shown()[1]
        more = [f"{counted(left_out, 'more leg')} not shown."] if left_out else []
        return [*words.notes(self.record, self.times, self.first), *more]


def _where(leg: Leg, *, exact: bool) -> str:
    """Where a leg's code is: of a loop, the file that was made for it, whose name is another on every machine."""
    return PurePath(leg.exact).name if exact and leg.kind == "loop" else leg.place


def _said(leg: Leg, *, exact: bool) -> str:
    return f"{leg.detail}; {leg.exact}" if exact and leg.exact and leg.kind != "loop" else leg.detail

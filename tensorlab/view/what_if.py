"""What another pipeline would make of a function, beside what its own makes: passes, last graph, results, times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorlab.jit.diff import DiffLine
from tensorlab.jit.records import PassRecord
from tensorlab.view import html
from tensorlab.view.graph import own_place
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import ACCENT, LINE, QUIET
from tensorlab.view.listing import Line, brief, fold, listing_html, listing_text
from tensorlab.view.mime import View
from tensorlab.view.text import Column, counted, line_width, listed, ratio, seconds, table, visible, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tensorlab.jit.otherwise import WhatIf

_MOST_LINES = 80
_MOST_PASSES = 60
_LEGEND = "+ in the other graph alone · - in its own alone · = in both · ~ in both, not the same."


class WhatIfView(View):
    """One answer of `what_if`; ``change`` says in words what is otherwise: ``without dce``."""

    __slots__ = ("answer", "change", "name")

    def __init__(self, answer: WhatIf, name: str = "", change: str = "with another pipeline") -> None:
        self.answer = answer
        self.name = name or answer.name
        self.change = change

    def to_dict(self) -> dict[str, object]:
        return {**self.answer.to_dict(), "name": self.name, "change": self.change}

    def text(self) -> str:
        head = " · ".join((f"{self.name} {self.change}", *self._facts()))
        columns = (Column("pass"), Column("as it is", most=34, wraps=True), Column(self.change, most=34, wraps=True))
        rows = [("● " + n if loud else "○ " + n, a, b) for n, a, b, loud in self._rows()]
        parts = [*wrapped(visible(head), line_width()), "", *table(columns, rows)]
        parts += ["", self._graph_title(), *listing_text(self._lines(), indent="  "), ""]
        return "\n".join([*parts, *(p for note in self._notes() for p in wrapped(visible(note), line_width()))])

    def html(self) -> str:
        head = html.header(f"{self.name} {self.change}", *self._facts())
        titles = [_head("pass"), _head("as it is"), _head(self.change)]
        rows = [titles, *([_pass_cell(n, loud), *map(_cell, (a, b))] for n, a, b, loud in self._rows())]
        passes = html.table(rows, "What each pass did in both pipelines; a filled disc did something else")
        graph = listing_html(self._lines(), self._graph_title())
        return html.card(head, passes, graph, html.footer(*self._notes()))

    # -- what is shown

    def _facts(self) -> list[str]:
        answer = self.answer
        parted = answer.parted
        facts = [f"results {answer.results}"]
        facts.append("every pass did the same" if parted is None else f"parts at {parted.name}")
        graphs = answer.graphs
        if graphs.same:
            facts.append("the same last graph")
        else:
            counts = [(graphs.count("+"), "more"), (graphs.count("-"), "fewer"), (graphs.count("~"), "changed")]
            told = listed([f"{n} {word}" for n, word in counts if n])
            facts.append(f"last graph: {told or 'other inputs or results'}")
        if answer.times is not None:
            usual, other = answer.times
            sure = "" if usual.apart(other) else ", which may be chance"
            facts.append(f"{ratio(other.median / usual.median)} the time{sure}")
        return facts

    def _rows(self) -> list[tuple[str, str, str, bool]]:
        pairs = self.answer.passes
        rows = [(p.name, _deed(p.usual), _deed(p.other), not p.alike) for p in pairs[:_MOST_PASSES]]
        if len(pairs) > _MOST_PASSES:
            rows.append((f"… {counted(len(pairs) - _MOST_PASSES, 'more pass', 'more passes')}", "", "", False))
        return rows

    def _graph_title(self) -> str:
        return "The last graph, against its own"

    def _lines(self) -> list[Line]:
        return comparison_lines(self.answer.graphs.lines)

    def _notes(self) -> list[str]:
        answer = self.answer
        notes = [_LEGEND, f"Run on {answer.inputs.about}."]
        if answer.times is not None:
            for word, time in zip(("as it is", self.change), answer.times, strict=True):
                spread = f"{seconds(time.lower)} to {seconds(time.upper)}"
                notes.append(f"{word}: {seconds(time.median)} a call, half of {time.runs} runs {spread}.")
        return [*notes, f"Its own pipeline: {answer.usual}.", f"This one: {answer.other or '(no passes)'}."]


def comparison_lines(lines: Sequence[DiffLine], most: int = _MOST_LINES) -> list[Line]:
    """The lines of a comparison of graphs, long stretches without a difference folded."""
    shown = [Line("  " * line.depth + line.text, line.mark, line.note, own_place(line.span)) for line in lines]
    return brief(fold(shown), most)


def _deed(record: PassRecord | None) -> str:
    if record is None:
        return "not there"
    if record.skipped:
        return f"skipped: {record.skipped}"
    change = counted(record.count, "rewrite") if record.changed else "no change"
    return f"{change}, {counted(record.nodes_after, 'node')} left"


def _head(text: str) -> Cell:
    return Cell(html.esc(text), ink=QUIET, scope="col", size=11.5)


def _cell(text: str) -> Cell:
    return Cell(html.esc(text) or Html(" "))


def _pass_cell(name: str, loud: bool) -> Cell:  # noqa: FBT001 - a cell of one table
    mark = html.glyph("●" if loud else "○", ACCENT if loud else LINE)
    return Cell(html.join((mark, Html(" "), html.esc(name))), scope="row")

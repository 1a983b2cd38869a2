"""Two compilations side by side: after which pass they part or meet, and how the last graphs differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tensorlab.view import html
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import ACCENT, LINE, QUIET
from tensorlab.view.listing import Line, listing_html, listing_text
from tensorlab.view.mime import View
from tensorlab.view.text import Column, counted, line_width, listed, table, visible, wrapped
from tensorlab.view.what_if import comparison_lines

if TYPE_CHECKING:
    from tensorlab.jit.comparison import Comparison, StagePair

_MOST_STAGES = 60
_HEADS = ("after", "same", "first alone", "second alone", "not the same", "graphs")


class ComparisonView(View):
    """One comparison; ``names`` are what the notebook calls the two."""

    __slots__ = ("comparison", "names")

    def __init__(self, comparison: Comparison, names: tuple[str, str] | None = None) -> None:
        self.comparison = comparison
        self.names = names or comparison.names

    def to_dict(self) -> dict[str, object]:
        return {**self.comparison.to_dict(), "names": list(self.names)}

    def text(self) -> str:
        head = wrapped(visible(" · ".join((self._title(), *self._facts()))), line_width())
        columns = (Column("after", most=24, wraps=True), *(Column(t, "right") for t in _HEADS[1:5]), Column("graphs"))
        rows = [(f"{glyph} {texts[0]}", *texts[1:]) for texts, glyph in self._rows()]
        parts = [*head, "", *table(columns, rows), "", _TITLE, *listing_text(self._lines(), indent="  "), ""]
        return "\n".join([*parts, *(p for note in self._notes() for p in wrapped(visible(note), line_width()))])

    def html(self) -> str:
        heads = [Cell(html.esc(t), _align(i), QUIET, scope="col", size=11.5) for i, t in enumerate(_HEADS)]
        rows = [heads]
        for texts, glyph in self._rows():
            mark = html.glyph(glyph, ACCENT if glyph == "●" else LINE)
            name = Cell(html.join((mark, Html(" "), html.esc(texts[0]))), scope="row")
            rows.append([name, *(Cell(html.esc(t), _align(i)) for i, t in enumerate(texts[1:], 1))])
        stages = html.table(rows, "Nodes after each pass that both went through; a disc is where they part or meet")
        return html.card(
            html.header(self._title(), *self._facts()),
            stages,
            listing_html(self._lines(), _TITLE),
            html.footer(*self._notes()),
        )

    # -- what is shown

    def _title(self) -> str:
        a, b = self.names
        return f"{a} and {b}" if a != b else f"{a}, for two kinds of inputs"

    def _facts(self) -> list[str]:
        found = self.comparison
        turns = [f"{'are not the same' if what == 'part' else what} {_when(name)}" for name, what in found.turns]
        facts = [listed(turns) if turns else "the same after every pass"]
        if found.results is not None:
            facts.append(f"results {found.results}")
        return [*facts, "the same last graph" if found.last.same else "other last graphs"]

    def _rows(self) -> list[tuple[list[str], str]]:
        turns = dict(self.comparison.turns)
        rows: list[tuple[list[str], str]] = []
        before = True
        for stage in self.comparison.stages[:_MOST_STAGES]:
            turned = stage.graphs.same != before
            before = stage.graphs.same
            state = ("meet" if before else "part") if turned and stage.name in turns else "same" if before else "apart"
            rows.append(([stage.name, *_counts(stage), state], "●" if turned else "○"))
        return rows

    def _lines(self) -> list[Line]:
        return comparison_lines(self.comparison.last.lines)

    def _notes(self) -> list[str]:
        a, b = self.names
        first, second = (listed(types) or "nothing" for types in self.comparison.types)
        notes = ["- in the first alone · + in the second alone · = in both · ~ in both, not the same."]
        left_out = len(self.comparison.stages) - _MOST_STAGES
        if left_out > 0:
            notes.append(f"{counted(left_out, 'more pass', 'more passes')} left out.")
        return [*notes, f"{a} for {first}; {b} for {second}."]


_TITLE = "The last graph of the second, against that of the first"


def _when(name: str) -> str:
    return "as recorded" if name == "(as recorded)" else f"after {name}"


def _counts(stage: StagePair) -> list[str]:
    return [str(stage.graphs.count(mark)) for mark in ("=", "-", "+", "~")]


def _align(index: int) -> Literal["left", "right"]:
    return "right" if 0 < index < 5 else "left"

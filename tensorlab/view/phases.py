"""A function's way from source to machine code: how much it is in each phase, and an excerpt of each."""

from __future__ import annotations

from tensorlab.jit.phase_records import Phase, Phases
from tensorlab.view import html
from tensorlab.view.boxes import arrow, box, row
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import ACCENT, LINE, QUIET, RULE, tint
from tensorlab.view.mime import View
from tensorlab.view.text import (
    Column,
    columns,
    counted,
    line_width,
    nbytes,
    seconds,
    shortened,
    table,
    visible,
    wrapped,
)

_MOST_COLUMNS = 160
_MARK = "■"


class PhasesView(View):
    """The phases in their order. With ``times``, what each took where it was measured."""

    __slots__ = ("record", "times")

    def __init__(self, record: Phases, *, times: bool = False) -> None:
        self.record = record
        self.times = times

    def to_dict(self) -> dict[str, object]:
        return self.record.to_dict(times=self.times)

    def text(self) -> str:
        record = self.record
        lines = wrapped(visible(" · ".join((record.name, *self._facts()))), line_width())
        with_line = record.line is not None
        heads = [Column("phase"), Column("by"), Column("how much", "right")]
        heads += [Column(f"of line {record.line}", "right")] if with_line else []
        heads += [Column("took", "right")] if self.times else []
        rows = [
            [
                p.name,
                p.task or "you",
                amount(p),
                *([marked(p)] if with_line else []),
                *([took(p)] if self.times else []),
            ]
            for p in record.phases
        ]
        lines += ["", *table(heads, rows)]
        for phase in record.phases:
            lines += ["", *wrapped(visible(self._title(phase)), line_width(), "  ")]
            width = max((columns(line.number) for line in phase.lines), default=0)
            for line in phase.lines:
                mark = _MARK if line.marked else " "
                number = f"{line.number:>{width}}  " if width else ""
                lines.append(shortened(f"{mark} {number}{visible(line.text.expandtabs(4))}", line_width()).rstrip())
            left_out = phase.total - len(phase.lines)
            if left_out > 0:
                lines.append(f"  … {counted(left_out, 'more line')}")
        notes = self._notes()
        return "\n".join([*lines, *(["", *wrapped(visible(notes), line_width())] if notes else [])])

    def html(self) -> str:
        record = self.record
        parts: list[Html] = []
        for i, phase in enumerate(record.phases):
            if i:
                parts.append(arrow(phase.task))
            told = [html.esc(amount(phase))]
            if record.line is not None and phase.marked is not None:
                told.append(html.quiet(f"of line {record.line}: {marked(phase)}"))
            if self.times and phase.seconds is not None:
                told.append(html.quiet(took(phase)))
            colour = ACCENT if phase.marked else LINE
            parts.append(_narrow(box(phase.name, told, colour)))
        body = [html.header(record.name, *self._facts()), row(parts)]
        body += [self._excerpt(phase) for phase in record.phases]
        return html.card(*body, html.footer(*filter(None, [self._notes()])))

    def _excerpt(self, phase: Phase) -> Html:
        rows: list[list[Cell]] = []
        for line in phase.lines:
            ground = tint(ACCENT) if line.marked else ""
            sign = html.glyph(_MARK, ACCENT) if line.marked else Html("")
            text = html.esc(shortened(line.text.expandtabs(4), _MOST_COLUMNS)) or Html(" ")
            number = html.esc(line.number) if line.number else Html("")
            rows.append(
                [
                    Cell(sign, mono=True, pad="0 6px 0 0", extra="width:1px;"),
                    Cell(number, "right", QUIET, mono=True, wraps=False, pad="0 12px 0 0", extra="width:1px;"),
                    Cell(text, mono=True, wraps=False, pad="0", ground=ground),
                ]
            )
        left_out = phase.total - len(phase.lines)
        if left_out > 0:
            rows.append([Cell(Html("")), Cell(Html("")), Cell(html.quiet(f"… {counted(left_out, 'more line')}"))])
        title = self._title(phase)
        heading = Html(
            f'<span style="{RULE.css("border-top", "1px solid")}display:block;padding-top:6px">'
            f"{html.strong(phase.name)}{html.quiet(title[len(phase.name) :])}</span>"
        )
        if not rows:
            return html.paragraph(heading, above=10)
        return html.table(rows, title, heading=heading, wide=True)

    def _title(self, phase: Phase) -> str:
        facts = [phase.name, amount(phase)]
        if self.record.line is not None and phase.marked is not None:
            facts.append(f"{marked(phase)} of line {self.record.line}")
        return " · ".join([*facts, *([phase.note] if phase.note else [])])

    def _facts(self) -> list[str]:
        record = self.record
        facts = [record.kind, *([record.label] if record.label else [])]
        never = "all its calls were differentiated" if record.differentiated else "not called yet"
        facts.append(f"for {record.key}" if record.key else never)
        return [*facts, *([f"line {record.line} marked {_MARK}"] if record.line is not None else [])]

    def _notes(self) -> str:
        again = (
            f"%ast {self.record.name}, %ir {self.record.name} and %ir {self.record.name} --stage show a phase whole."
        )
        untimed = self.times and any(phase.seconds is None for phase in self.record.phases)
        return f"{again} Nothing measures what a phase took that has a – there." if untimed else again


def _narrow(part: Html) -> Html:
    """A box that leaves room for three others in its line."""
    return Html(part.replace("flex:1 1 190px", "flex:1 1 130px", 1))


def amount(phase: Phase) -> str:
    """``65 tokens``; of machine code its size."""
    if phase.count is None:
        return "–"
    return nbytes(phase.count) if phase.noun == "byte" else counted(phase.count, phase.noun)


def marked(phase: Phase) -> str:
    """How much of a phase is of the line asked for."""
    if phase.marked is None:
        return "–"
    return nbytes(phase.marked) if phase.noun == "byte" else f"{phase.marked:,}"


def took(phase: Phase) -> str:
    return "–" if phase.seconds is None else seconds(phase.seconds)

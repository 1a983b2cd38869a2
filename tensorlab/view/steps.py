"""A walk through a run of the interpreter at one moment: a view of a `WalkRecord`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from tensorlab.jit.walk_records import StepRecord, WalkRecord
from tensorlab.view import html
from tensorlab.view import steps_words as words
from tensorlab.view.allocator_words import spark
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import ACCENT, INK, LINE, QUIET, REMOVED, RULE, tint
from tensorlab.view.listing import Line, listing_html
from tensorlab.view.mime import View
from tensorlab.view.steps_svg import HEIGHT, WIDTH, curve_svg
from tensorlab.view.text import Column, line_width, shortened, table, visible, wrapped

_Form = tuple[Literal["left", "right"], bool, str, Literal["", "row"]]  # of a cell: alignment, code, padding, scope
_SPARK = 60
_COLUMNS = (("step", 100), ("line", 22), ("node", 30), ("instruction", 22), ("registers", 22))
_DEEPEST = 6
_PAD = "2px 8px 2px 0"
_NAME: _Form = ("left", True, "1px 16px 1px 0", "")
_REGISTER_CELLS: tuple[_Form, ...] = (
    ("right", False, "1px 16px 1px 6px", "row"),
    *(_NAME, _NAME, _NAME),
    ("right", False, "1px 16px 1px 0", ""),
    ("left", False, "1px 6px 1px 0", ""),
)


class StepsView(View):
    """Where a run stands: the steps around, what registers hold, what was printed, live bytes over the steps."""

    __slots__ = ("record",)

    def __init__(self, record: WalkRecord) -> None:
        self.record = record

    def to_dict(self) -> dict[str, object]:
        return self.record.to_dict()

    # Text

    def text(self) -> str:
        record = self.record
        lines = [*_wrapped("".join(words.answer(record))), *_wrapped(words.outcome(record))]
        if record.failure is not None:
            lines += ["", *(f"    {visible(line)}"[: line_width()] for line in words.failure_lines(record.failure))]
        lines += [words.facts(record), "", words.strip_title(record), ""]
        lines += table(
            [Column(title, most=most, wraps=most < 100) for title, most in _COLUMNS],
            [self._row(step, before) for step, before in self._steps()],
        )
        if record.registers:
            lines += ["", *_wrapped(words.registers_title(record)), "", *self._registers_text()]
        if record.printed:
            title, printed = words.printed(record)
            lines += ["", title, *(f"    {line}"[: line_width()] for line in map(visible, printed))]
        if record.curve.peak and record.curve.count:
            lines += ["", *self._curve_text()]
        lines += ["", *(line for note in words.notes(record) for line in _wrapped(note))]
        return "\n".join(line.rstrip() for line in lines)

    def _steps(self) -> list[tuple[StepRecord, StepRecord | None]]:
        steps = self.record.steps
        return list(zip(steps, (None, *steps), strict=False))

    def _row(self, step: StepRecord, before: StepRecord | None) -> list[str | tuple[str, ...]]:
        where, source = words.source(step, before)
        depth = "  " * min(step.code.depth, _DEEPEST)
        return [
            f"{words.MARKS[step.state]} {step.number} {words.WORDS[step.state]}",
            tuple(shortened(t, 60) for t in (where, source, *words.shortly_inside(step.inside)) if t) or "",
            depth + words.node(step.code),
            shortened(step.code.text, words.LONGEST),
            tuple(words.effects(step)) or "",
        ]

    def _registers_text(self) -> list[str]:
        heads = (
            Column("register", "right"),
            Column("value", most=24, wraps=True),
            Column("type", wraps=True),
            Column("holds", wraps=True),
            Column("bytes", "right"),
            Column("", wraps=True),
        )
        rows = [words.register_cells(r, self.record) for r in words.shown_registers(self.record)]
        return table(heads, rows)

    def _curve_text(self) -> list[str]:
        curve, index = self.record.curve, self.record.index
        drawn = spark(curve.live, curve.peak, _SPARK)
        column = next((i for i, step in enumerate(curve.steps) if step >= index), len(curve.steps) - 1)
        here = column * len(drawn) // len(curve.steps)
        rows = [list(row) for row in words.curve_rows(self.record)]
        heads = (Column("live bytes"), Column("after step", "right"), Column("bytes", "right"))
        return [f"    {drawn}", f"    {' ' * here}^ now", "", *table(heads, rows)]

    # HTML

    def html(self) -> str:
        record = self.record
        first, rest = words.answer(record)
        parts = [html.paragraph(html.strong(first), html.esc(rest))]
        if words.outcome(record):
            parts.append(html.paragraph(html.esc(words.outcome(record))))
        if record.failure is not None:
            where, *lines = words.failure_lines(record.failure) or [""]
            shown = [Line(line, "x" if i == 0 else "") for i, line in enumerate(lines)]
            parts.append(listing_html(shown, where) if shown else html.EMPTY)
        parts += [html.paragraph(html.quiet(words.facts(record))), self._strip()]
        if record.curve.peak and record.curve.count:
            parts.append(self._curve())
        if record.registers:
            parts.append(self._registers())
        if record.printed:
            title, printed = words.printed(record)
            parts.append(listing_html([Line(line) for line in printed], title))
        return html.card(*parts, html.footer(*words.notes(record)))

    def _strip(self) -> Html:
        rows = [_heading([title for title, _ in _COLUMNS])]
        rows += [self._cells(step, before) for step, before in self._steps()]
        return html.table(rows, words.strip_title(self.record), wide=True)

    def _cells(self, step: StepRecord, before: StepRecord | None) -> list[Cell]:
        now = step.state in ("now", "failed")
        colour = {"now": ACCENT, "failed": REMOVED}.get(step.state, LINE)
        ink, ground = (INK, tint(colour)) if now else (QUIET, "")
        where, source = words.source(step, before)
        mark = html.join((html.glyph(words.MARKS[step.state], colour), html.esc(f" {step.number:,}")))
        line = [html.esc(t) for t in (where, *words.shortly_inside(step.inside)) if t]
        code = Html(f"<br>{html.code(shortened(source, 60))}") if source else html.EMPTY
        indent = 8 + 12 * min(step.code.depth, _DEEPEST)
        top = RULE.css("border-top", "1px solid")
        told = [html.esc(said) for said in words.effects(step)]
        word = Html(f"<br>{html.esc(words.WORDS[step.state])}")
        bodies = (
            (html.join((mark, word)), 12, False, "2px 8px 2px 6px"),
            (html.join((html.join(line, " · "), code)), 11.5, False, _PAD),
            (html.esc(words.node(step.code)), 12, bool(step.code.node), f"2px 8px 2px {indent}px"),
            (html.esc(shortened(step.code.text, words.LONGEST)), 12, True, _PAD),
            (Html("<br>".join(told)), 12, False, _PAD),
        )
        first, *others = (
            Cell(body, ink=ink, ground=ground, size=size, mono=mono, pad=pad, extra=top)
            for body, size, mono, pad in bodies
        )
        return [replace(first, scope="row", wraps=False), *others]

    def _registers(self) -> Html:
        rows = [_heading(("register", "value", "type", "holds", "bytes", ""))]
        for r in words.shown_registers(self.record):
            cells = words.register_cells(r, self.record)
            ground = tint(ACCENT) if "this step" in cells[-1] else ""
            rows.append(
                [
                    Cell(html.esc(cell), align, ground=ground, mono=mono, size=12, pad=pad, scope=scope)
                    for cell, (align, mono, pad, scope) in zip(cells, _REGISTER_CELLS, strict=True)
                ]
            )
        return html.table(rows, words.registers_title(self.record))

    def _curve(self) -> Html:
        record = self.record
        moments = words.curve_rows(record)
        rows = [[_head(""), *(replace(_head(what), align="right") for what, _, _ in moments)]]
        for title, at in (("after step", 1), ("live bytes", 2)):
            cells = (Cell(html.esc(moment[at]), "right", wraps=False, pad="1px 16px 1px 0") for moment in moments)
            rows.append([Cell(html.esc(title), ink=QUIET, size=11.5, scope="row", wraps=False), *cells])
        drawn = html.picture(curve_svg(record.curve, record.index), words.curve_alt(record), width=WIDTH, height=HEIGHT)
        undone = ", dashes what was undone" if record.curve.count > record.index else ""
        title = f"Live bytes: the disc is now, the ring the most{undone}"
        return html.join((html.spaced(drawn), html.table(rows, title)))


def _heading(titles: Sequence[str]) -> list[Cell]:
    return [_head(title) for title in titles]


def _head(title: str) -> Cell:
    align = "right" if title in ("register", "bytes") else "left"
    return Cell(html.esc(title), align, QUIET, size=11.5, scope="col", wraps=False, pad="0 16px 0 0")


def _wrapped(sentence: str) -> list[str]:
    return wrapped(visible(sentence), line_width()) if sentence else []

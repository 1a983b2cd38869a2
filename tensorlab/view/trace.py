"""A function that was traced or scripted: each line of its source beside the nodes that it made."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.jit.explanation import ExplainedFunction, Explanation
from tensorlab.jit.ir import Graph, Span
from tensorlab.jit.records import PassRecord
from tensorlab.jit.text import Names, Style, format_graph, format_node
from tensorlab.jit.tracing import Escape
from tensorlab.view import html
from tensorlab.view.graph import (
    MOST_LINES,
    became,
    graph_lines,
    inventory,
    is_in_place,
    is_operation,
    name_values,
    place,
)
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import QUIET, REMOVED, RULE
from tensorlab.view.listing import Line, brief, listing_html, listing_text
from tensorlab.view.mime import View
from tensorlab.view.text import Column, Row, columns, counted, line_width, listed, shortened, table, visible, wrapped
from tensorlab.view.trace_source import (
    LEGEND,
    MOST_SOURCE,
    SourceLine,
    source_html,
    source_lines,
    source_text,
    stands_at,
)

_LONG_SOURCE = 40  # characters of a line that may wrap, to leave the nodes their room
CELL = "<module>"  # what Python calls the code of a cell
_NOTES = ("Short constants are written where they are used.",)


class TraceView(View):
    """The graph as it was recorded, beside its source, and the graph that runs.

    ``source`` begins at line ``first_line`` of ``filename`` (the name in the nodes' spans; `None` takes every file);
    ``how`` is the verb of the first line; ``records`` are those of the passes between the two graphs. ``explained`` is
    what the trace made of the source: it stands at each piece then, and what is warned of too.
    """

    __slots__ = (
        *("_runs", "after", "before", "explained", "filename", "first_line", "how", "name"),
        *("records", "source", "style", "warnings"),
    )

    def __init__(
        self,
        name: str,
        before: Graph,
        after: Graph,
        *,
        source: str = "",
        first_line: int = 1,
        filename: str | None = None,
        warnings: Sequence[Escape] = (),
        records: Sequence[PassRecord] = (),
        explained: Explanation | None = None,
        how: str = "traced",
        style: Style = "2",
    ) -> None:
        self.name = name
        self.before = before
        self.after = after
        self.source = source
        self.first_line = first_line
        self.filename = filename
        self.warnings = tuple(warnings)
        self.records = tuple(records)
        self.explained = explained
        self.how = how
        self.style: Style = style
        self._runs: list[Line] | None = None  # the lines of the second graph: text and HTML have the same

    def to_dict(self) -> dict[str, object]:
        names = Names()
        return {
            "name": self.name,
            "how": self.how,
            "source": self.source,
            "first_line": self.first_line,
            "before": format_graph(self.before, style=self.style, names=names, spans=False),
            "after": format_graph(self.after, style=self.style, names=names, spans=False),
            "warnings": [warning.to_dict() for warning in self.warnings],
            "passes": [record.name for record in self.records if record.changed],
            "explained": None if self.explained is None else self.explained.to_dict(),
        }

    def text(self) -> str:
        names = Names()
        lines = wrapped(visible(" · ".join((self.name, *self._facts()))), line_width())
        for warning in self._homeless():
            lines += wrapped(visible(f"! {_warning(warning)}"), line_width(), "  ")
        marked, rows, left_out = self._marked_lines(names), (), ""
        if marked:
            notes = self._marked_notes(marked)
            lines += ["", *source_text(marked), *(wrapped(visible(notes), line_width()) if notes else ())]
        else:
            rows, left_out = self._source_rows(names)
        if rows:
            width = min(max(len("source"), *(columns(code) for _, code, _ in rows)), line_width() * 46 // 100)
            heads = (
                Column("line", "right"),
                Column("source", most=width),
                Column("nodes made", most=line_width() - width - 8),
            )
            # A line's indentation is meaning: what is too long for the column is cut, not wrapped.
            table_rows: list[Row] = [(no, shortened(visible(code), width), made) for no, code, made in rows]
            lines += ["", *table(heads, table_rows), *([left_out] if left_out else [])]
        lines += ["", self._after_title(), *listing_text(self._after_lines(names), indent="  ")]
        notes = " ".join((*_NOTES, f"%ir {self.name} shows what each pass did."))
        lines += ["", *wrapped(visible(notes), line_width())]
        return "\n".join(lines)

    def html(self) -> str:
        names = Names()
        parts = [html.header(self.name, *self._facts())]
        for warning in self._homeless():
            parts.append(html.paragraph(html.glyph("!", REMOVED), html.esc(f" {_warning(warning)}")))
        marked, rows, left_out = self._marked_lines(names), (), ""
        if marked:
            parts += [source_html(marked, "Each line of the source, and what the trace made of its pieces")]
            parts.append(html.footer(*filter(None, [self._marked_notes(marked)])))
        else:
            rows, left_out = self._source_rows(names)
        if rows:
            caption = "Each line of the source, and the nodes that it made in the graph"
            parts.append(html.table([_head_row(), *map(_source_row, rows)], caption, wide=True))
        if left_out:
            parts.append(html.footer(left_out))
        parts.append(listing_html(self._after_lines(names), self._after_title()))
        parts.append(html.footer(*_NOTES, f"%ir {self.name} shows what each pass did."))
        return html.card(*parts)

    def _facts(self) -> list[str]:
        facts = [f"{self.how} · {became(self.before, self.after)}"]
        changed = list(dict.fromkeys(record.name for record in self.records if record.changed))
        if changed:
            facts.append(f"changed by {listed(changed)}")
        elif self.records:
            facts.append("no pass changed it")
        if self.warnings:
            facts.append(counted(len(self.warnings), "warning"))
        return facts

    def _after_title(self) -> str:
        return f"What runs: {inventory(self.after)}"

    def _after_lines(self, names: Names) -> list[Line]:
        if self._runs is None:
            self._runs = brief(list(graph_lines(self.after, names, self.style, inline=True)), MOST_LINES)
        return self._runs

    def _own(self) -> ExplainedFunction | None:
        """What the trace made of the source that is shown."""
        functions = () if self.explained is None else self.explained.functions
        return next((f for f in functions if f.filename == self.filename and f.name == CELL), None)

    def _homeless(self) -> list[Escape]:
        """Warnings that stand at no piece of the source."""
        own = self._own()
        return [w for w in self.warnings if own is None or not stands_at(w, own.marks)]

    def _marked_lines(self, names: Names) -> list[SourceLine]:
        own = self._own()
        if own is None:
            return []
        name_values(self.before, names)
        nodes = {n.serial: n for n in self.before.nodes()}
        text = lambda serial: format_node(nodes[serial], names, style=self.style)
        return source_lines(self.source.splitlines(), self.first_line, own.marks, self.warnings, text)

    def _marked_notes(self, marked: Sequence[SourceLine]) -> str:
        """How to read the signs, and what is not shown."""
        own = self._own()
        if own is None or self.explained is None:
            return ""
        lines = len(self.source.splitlines()) - MOST_SOURCE
        notes = [LEGEND] if any(remark.piece for line in marked for remark in line.remarks) else []
        notes += [f"{counted(lines, 'more line')} of source."] if lines > 0 else []
        told = {serial for mark in own.marks for serial in mark.nodes}
        elsewhere = sum(is_operation(n) and n.serial not in told for n in self.before.nodes())
        if elsewhere:
            notes.append(f"{counted(elsewhere, 'operation')} from source that is not shown here.")
        others = [f.name for f in self.explained.functions if f is not own]
        if others:
            notes.append(f"tl.jit.explain({self.name}) shows {listed(others)} too.")
        return " ".join(notes)

    def _source_rows(self, names: Names) -> tuple[list[tuple[str, str, tuple[str, ...]]], str]:
        """Line number, code and nodes for each line of source; then what has no line in it."""
        name_values(self.before, names)
        made: dict[int, list[str]] = {}
        elsewhere = 0
        lines = self.source.splitlines()
        shown = range(self.first_line, self.first_line + MOST_SOURCE)
        for node in self.before.nodes():
            if is_in_place(node, names):
                continue
            line = self._line_of(node.span, len(lines))
            if line is not None and line in shown:
                made.setdefault(line, []).append(format_node(node, names, style=self.style))
            elsewhere += line is None and is_operation(node)
        rows = [
            (str(self.first_line + i), line.expandtabs(4), tuple(made.get(self.first_line + i, ())) or ("",))
            for i, line in enumerate(lines[:MOST_SOURCE])
        ]
        notes = [f"{counted(len(lines) - MOST_SOURCE, 'more line')} of source."] if len(lines) > MOST_SOURCE else []
        if elsewhere and lines:
            notes.append(f"{counted(elsewhere, 'operation')} from source that is not shown here.")
        return rows, " ".join(notes)

    def _line_of(self, span: Span | None, lines: int) -> int | None:
        if span is None or self.filename not in (None, span.filename):
            return None
        return span.line if self.first_line <= span.line < self.first_line + lines else None


def _warning(warning: Escape) -> str:
    return f"{place(warning.span)}  {warning.message}" if warning.span is not None else warning.message


def _head_row() -> list[Cell]:
    titles = ("line", "source", "nodes made")
    return [Cell(html.esc(title), ink=QUIET, size=11.5, scope="col", pad="2px 12px 2px 0") for title in titles]


_RULE = RULE.css("border-top", "1px solid")


def _source_row(row: tuple[str, str, tuple[str, ...]]) -> list[Cell]:
    number, code, nodes = row
    source = html.esc(shortened(code, 120)) or Html(" ")
    if len(code) > _LONG_SOURCE:
        source = html.hanging(source)
    made = html.join(html.hanging(html.esc(shortened(node, 160))) for node in nodes if node) or Html(" ")
    return [
        Cell(html.esc(number), "right", QUIET, mono=True, wraps=False, pad="0 12px 0 0", extra=f"width:1px;{_RULE}"),
        Cell(source, mono=True, wraps=len(code) > _LONG_SOURCE, pad="0 16px 0 0", extra=_RULE),
        Cell(made, mono=True, pad="0", extra=_RULE),
    ]

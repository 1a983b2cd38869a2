"""The types of a script's variables, each at its line, with the way back to where the type comes from."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.jit.scripting.derivations import Reason, VariableType
from tensorlab.view import html
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import QUIET, RULE
from tensorlab.view.mime import View
from tensorlab.view.text import Column, Row, columns, counted, line_width, shortened, table, visible, wrapped
from tensorlab.view.trace_source import MOST_SOURCE

_MOST_REASONS = 8
_LONGEST = 160
_LONG_SOURCE = 40
_NOTE = "Below each variable, the reason for its type; further in, the reason for that reason."
_RULE = RULE.css("border-top", "1px solid")


class TypesView(View):
    """Each line of ``source``, from ``first_line`` of ``filename`` on, with the variables that it gives a type."""

    __slots__ = ("filename", "first_line", "name", "source", "variables")

    def __init__(
        self, name: str, variables: Sequence[VariableType], *, source: str, first_line: int, filename: str
    ) -> None:
        last = first_line + len(source.splitlines())
        self.name = name
        self.variables = tuple(v for v in variables if v.span.filename == filename and first_line <= v.span.line < last)
        self.source = source
        self.first_line = first_line
        self.filename = filename

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "source": self.source,
            "first_line": self.first_line,
            "variables": [variable.to_dict() for variable in self.variables],
        }

    def text(self) -> str:
        rows = self._rows()
        codes = [visible(code.expandtabs(4)) for _, code, _ in rows]
        width = min(max(len("source"), *map(columns, codes)), line_width() * 40 // 100) if rows else len("source")
        room = line_width() - width - 8
        heads = (Column("line", "right"), Column("source", most=width), Column("type, and why", most=room))
        cells: list[Row] = []
        for (number, _, given), code in zip(rows, codes, strict=True):
            lines = [line for variable in given for line in self._lines(variable, room)]
            cells.append((str(number), shortened(code, width), tuple(lines) or ("",)))
        head = wrapped(visible(" · ".join((self.name, *self._facts()))), line_width())
        notes = [line for note in self._notes() for line in wrapped(note, line_width())]
        return "\n".join([*head, "", *table(heads, cells), *notes])

    def html(self) -> str:
        titles = ("line", "source", "type, and why")
        head = [Cell(html.esc(title), ink=QUIET, size=11.5, scope="col", pad="2px 12px 2px 0") for title in titles]
        rows = [self._row(number, code, given) for number, code, given in self._rows()]
        caption = "Each line of the source, and the variables that have a type from there on"
        return html.card(
            html.header(self.name, *self._facts()),
            html.table([head, *rows], caption, wide=True),
            html.footer(*self._notes()),
        )

    def _facts(self) -> list[str]:
        names = dict.fromkeys(v.name for v in self.variables)
        return [f"types of {counted(len(names), 'variable')}"]

    def _rows(self) -> list[tuple[int, str, list[VariableType]]]:
        lines = enumerate(self.source.splitlines()[:MOST_SOURCE], start=self.first_line)
        return [(number, code, [v for v in self.variables if v.span.line == number]) for number, code in lines]

    def _notes(self) -> list[str]:
        more = len(self.source.splitlines()) - MOST_SOURCE
        return [_NOTE, *([f"{counted(more, 'more line')} of source."] if more > 0 else [])]

    def _lines(self, variable: VariableType, room: int) -> list[str]:
        lines = wrapped(visible(f"{variable.name} : {variable.type}"), room, "  ")
        for reason in variable.why[:_MOST_REASONS]:
            pad = "  " * (reason.depth + 1)
            lines += wrapped(visible(f"{pad}- {_said(reason, variable)}"), room, f"{pad}  ")
        return [*lines, *([f"  {_more(variable)}"] if _more(variable) else [])]

    def _row(self, number: int, code: str, given: Sequence[VariableType]) -> list[Cell]:
        parts: list[Html] = []
        for variable in given:
            parts.append(Html(f"<div>{html.strong(variable.name)}{html.esc(f' : {variable.type}')}</div>"))
            for reason in variable.why[:_MOST_REASONS]:
                said = html.hanging(html.esc(f"- {_said(reason, variable)}"))
                parts.append(Html(f'<div style="padding-left:{14 * (reason.depth + 1)}px">{said}</div>'))
            if _more(variable):
                parts.append(html.paragraph(html.esc(_more(variable))))
        long = len(code) > _LONG_SOURCE
        source = html.esc(shortened(code.expandtabs(4), 120)) or Html(" ")
        place = html.esc(number)
        return [
            Cell(place, "right", QUIET, mono=True, wraps=False, pad="0 12px 0 0", extra=f"width:1px;{_RULE}"),
            Cell(html.hanging(source) if long else source, mono=True, wraps=long, pad="0 16px 0 0", extra=_RULE),
            Cell(html.join(parts) or Html(" "), mono=True, pad="0", extra=_RULE),
        ]


def _said(reason: Reason, variable: VariableType) -> str:
    """A reason; with its line, where that is another one than the variable's."""
    elsewhere = reason.span is not None and reason.span.line != variable.span.line
    return shortened(reason.said, _LONGEST) + (f" (line {reason.span.line})" if reason.span and elsewhere else "")


def _more(variable: VariableType) -> str:
    left_out = len(variable.why) - _MOST_REASONS
    return f"and {counted(left_out, 'more reason')}" if left_out > 0 else ""

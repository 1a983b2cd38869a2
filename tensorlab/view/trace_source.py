"""Source with what a trace made of each piece: recorded, baked in, decided one way, never run.

A piece is underlined, and what became of it stands beside its line, with a sign and a word for each kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from tensorlab.jit.escapes import Escape
from tensorlab.jit.explain_marks import Mark, MarkKind
from tensorlab.jit.ir import Span
from tensorlab.view import html
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import ACCENT, ADDED, LINE, QUIET, REMOVED, REPLACED, RULE
from tensorlab.view.text import Column, Row, columns, counted, line_width, shortened, table, visible, wrapped

MOST_SOURCE = 60
_LONG_SOURCE = 40  # characters of a line that may wrap, to leave the rest its room
_MOST_NODES, _MOST_VALUES = 4, 6  # said of one piece
_LONGEST_PIECE = 28
_MOST_CODE = 120
_READ = {
    "bool": "a Python boolean",
    "int": "a Python integer",
    "float": "a Python float",
    "index": "a Python index",
    "item": "a Python number",
    "tolist": "a Python list",
    "numpy": "a NumPy array",
    "len": "a length",
    "iter": "a length",
    "result": "a Python value",
}
_DECIDED = {"tensor": "a tensor's value decided", "size": "a size decided", "python": "Python decided"}


class Sign(NamedTuple):
    """How a kind is told: a sign, its word, the line under the piece, and its colour."""

    glyph: str
    word: str
    line: str
    colour: str


SIGNS: dict[MarkKind, Sign] = {
    "recorded": Sign("●", "recorded", "1px solid", ADDED),
    "baked": Sign("■", "baked in", "2px solid", REPLACED),
    "branch": Sign("◆", "branch", "2px dashed", ACCENT),
    "loop": Sign("◆", "loop", "2px dashed", ACCENT),
    "never": Sign("–", "never run", "2px dotted", LINE),
}
_WARNED = Sign("!", "warning", "2px solid", REMOVED)
LEGEND = "A sign tells of the piece of the line that is named behind it; of the whole line where none is."


@dataclass(frozen=True, slots=True)
class Remark:
    """What became of a piece: a sign, the piece where the line has several, and what there is to say."""

    sign: Sign
    piece: str
    said: tuple[str, ...]

    @property
    def text(self) -> str:
        """The sign, the word and the piece."""
        head = f"{self.sign.glyph} {self.sign.word}"
        return f"{head} {self.piece}" if self.piece else head


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece between two columns of a line, the sign that it has, and what hovering over it tells."""

    start: int
    end: int
    sign: Sign
    title: str


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line: its number, its text, its pieces from the outside in, and what became of them."""

    number: int
    code: str
    pieces: tuple[Piece, ...]
    remarks: tuple[Remark, ...]


def source_lines(
    lines: Sequence[str],
    first: int,
    marks: Sequence[Mark],
    warnings: Sequence[Escape],
    node_text: Callable[[int], str],
    *,
    most: int = MOST_SOURCE,
) -> list[SourceLine]:
    """The first ``most`` lines from number ``first`` on; ``node_text`` gives a node's text for its serial."""
    found: list[SourceLine] = []
    shown = [m for m in marks if m.span.line < first + most and max(m.span.line, m.span.end_line) >= first]
    for number, code in enumerate(lines[:most], start=first):
        here = [m for m in shown if _holds(m.span, number)]
        begun = sorted((m for m in here if m.span.line == number), key=lambda m: _evaluated(m.span))
        places = [list(group) for _, group in groupby(begun, key=lambda m: _range(m.span))]
        remarks = [r for place in places for r in _remarks(place, warnings, node_text, named=len(places) > 1)]
        if not begun and any(_is_gone(m) for m in here):
            remarks = [Remark(SIGNS["never"], "", ())]
        found.append(SourceLine(number, code, tuple(_pieces(here, number, code, node_text)), tuple(remarks)))
    return found


def _pieces(marks: Sequence[Mark], number: int, code: str, node_text: Callable[[int], str]) -> list[Piece]:
    """The parts of a line that marks lie on. A mark over several lines lies on the code of each."""
    found: dict[tuple[int, int], list[Mark]] = {}
    for mark in marks:
        start = mark.span.column if mark.span.line == number else len(code) - len(code.lstrip())
        end = mark.span.end_column if mark.span.end_line == number else len(code.rstrip())
        if start < min(end, _MOST_CODE):
            found.setdefault((start, min(end, _MOST_CODE)), []).append(mark)
    rank = list(SIGNS)
    pieces: list[Piece] = []
    for start, end in sorted(found, key=lambda r: (r[0], -r[1])):
        here = found[start, end]
        title = "; ".join(_title(m, node_text) for m in here)
        pieces.append(Piece(start, end, SIGNS[max(here, key=lambda m: rank.index(m.kind)).kind], title))
    return pieces


def _title(mark: Mark, node_text: Callable[[int], str]) -> str:
    said = ", ".join(shortened(s, 120) for s in _said(mark, node_text))
    return f"{SIGNS[mark.kind].word}: {said}" if said else SIGNS[mark.kind].word


def stands_at(warning: Escape, marks: Iterable[Mark]) -> bool:
    """Whether a warning belongs to a piece with a mark."""
    return warning.span is not None and any(_range(m.span) == _range(warning.span) for m in marks)


def _range(span: Span) -> tuple[int, int, int, int]:
    return span.line, span.column, span.end_line, span.end_column


def _evaluated(span: Span) -> tuple[int, int, int]:
    """Pieces in this order are in that in which Python works them out: those inside of a piece before it."""
    return span.end_line, span.end_column, -span.column


def _holds(span: Span, line: int) -> bool:
    return span.line <= line <= max(span.line, span.end_line)


def _is_gone(mark: Mark) -> bool:
    return mark.kind == "never" and mark.what == "statement"


def _remarks(
    place: Sequence[Mark], warnings: Sequence[Escape], node_text: Callable[[int], str], *, named: bool
) -> list[Remark]:
    """What became of one piece; the name of the piece is said once."""
    piece = shortened(" ".join(place[0].source.split()), _LONGEST_PIECE) if named and not _is_gone(place[0]) else ""
    remarks = [Remark(SIGNS[m.kind], piece, _said(m, node_text)) for m in place]
    told = [w for w in warnings if stands_at(w, place)]
    return remarks + [Remark(_WARNED, piece, (w.message,)) for w in told]


def _said(mark: Mark, node_text: Callable[[int], str]) -> tuple[str, ...]:
    match mark.kind:
        case "recorded":
            more = len(mark.nodes) - _MOST_NODES
            shown = mark.nodes[:_MOST_NODES] if more > 1 else mark.nodes
            return (*map(node_text, shown), *([f"and {counted(more, 'more node')}"] if more > 1 else []))
        case "baked":
            more = len(mark.values) - _MOST_VALUES
            values = ", ".join(mark.values[:_MOST_VALUES]) + (f" and {more} more" if more > 0 else "")
            what = _READ.get(mark.what, f"a {mark.what}")
            return (f"{values}, as {what}" if values else f"as {what}",)
        case "branch":
            said = f"{' and '.join(mark.values)} taken, {_DECIDED[mark.decided]}"
            if not mark.missing:
                return (said,)
            where = "" if mark.unseen is None else f" ({_line_range(mark.unseen)})"
            return (f"{said}; {mark.missing} never seen{where}",)
        case "loop":
            return (f"unrolled, {counted(int(mark.values[0]), 'turn')}, {_DECIDED[mark.decided]}",)
        case "never":
            return ()


def _line_range(span: Span) -> str:
    return f"line {span.line}" if span.end_line in (0, span.line) else f"lines {span.line}-{span.end_line}"


# As text


def source_text(lines: Sequence[SourceLine], *, other: str = "what became of it") -> list[str]:
    """A table of number, code, and what became of its pieces; what is too long for a line goes on below, indented."""
    codes = [visible(line.code.expandtabs(4)) for line in lines]
    width = min(max(len("source"), *map(columns, codes)), line_width() * 40 // 100)
    room = line_width() - width - 8
    heads = (Column("line", "right"), Column("source", most=width), Column(other, most=room))
    rows: list[Row] = [
        # A line's indentation is meaning: what is too long for the column is cut, not wrapped.
        (str(line.number), shortened(code, width), tuple(_remark_lines(line.remarks, room)) or ("",))
        for line, code in zip(lines, codes, strict=True)
    ]
    return table(heads, rows)


def _remark_lines(remarks: Sequence[Remark], room: int) -> list[str]:
    lines: list[str] = []
    for remark in remarks:
        first, *others = remark.said or ("",)
        lines += wrapped(visible(f"{remark.text}: {first}" if first else remark.text), room, "    ")
        lines += [part for said in others for part in wrapped(visible(f"  {said}"), room, "    ")]
    return lines


# As HTML

_RULE = RULE.css("border-top", "1px solid")


def source_html(lines: Sequence[SourceLine], caption: str) -> Html:
    """The same table; a piece is underlined, and says on hovering what became of it."""
    titles = ("line", "source", "what became of it")
    head = [Cell(html.esc(title), ink=QUIET, size=11.5, scope="col", pad="2px 12px 2px 0") for title in titles]
    return html.table([head, *map(_row, lines)], caption, wide=True)


def _row(line: SourceLine) -> list[Cell]:
    long = len(line.code) > _LONG_SOURCE
    source = _underlined(line) or Html(" ")
    remarks = html.join(map(_remark_html, line.remarks)) or Html(" ")
    number = html.esc(line.number)
    return [
        Cell(number, "right", QUIET, mono=True, wraps=False, pad="0 12px 0 0", extra=f"width:1px;{_RULE}"),
        Cell(html.hanging(source) if long else source, mono=True, wraps=long, pad="0 16px 0 0", extra=_RULE),
        Cell(remarks, mono=True, pad="0", extra=_RULE),
    ]


def _remark_html(remark: Remark) -> Html:
    first, *others = remark.said or ("",)
    head = html.join((html.glyph(remark.sign.glyph, remark.sign.colour), html.esc(f" {remark.sign.word}")))
    if remark.piece:
        head = html.join((head, Html(" "), _under(html.esc(remark.piece), remark.sign)))
    said = html.esc(f": {shortened(first, 300)}" if first else "")
    below = (Html(f'<div style="padding-left:14px">{html.hanging(html.esc(shortened(o, 160)))}</div>') for o in others)
    return html.join((html.hanging(html.join((head, said))), *below))


def _underlined(line: SourceLine) -> Html:
    """The code, each piece in a span of its own, a piece of a piece inside it."""
    code = shortened(line.code, _MOST_CODE)
    return _nested(code, 0, len(code), list(line.pieces))


def _nested(code: str, start: int, end: int, pieces: list[Piece]) -> Html:
    """The code between two columns; takes the pieces that begin there off the list."""
    parts: list[Html] = []
    at = start
    while pieces and pieces[0].start < end:
        piece = pieces.pop(0)
        first, last = max(piece.start, at), min(piece.end, end)
        parts.append(_code(code[at:first]))
        parts.append(_under(_nested(code, first, last, pieces), piece.sign, piece.title))
        at = last
    return html.join([*parts, _code(code[at:end])])


def _code(text: str) -> Html:
    text = text.replace("\t", "    ")
    # nbconvert's parser makes one space of a text that has nothing else, and an indent before a piece would be gone.
    return Html("&nbsp;" * len(text)) if text.strip(" ") == "" else html.esc(text)


def _under(body: Html, sign: Sign, title: str = "") -> Html:
    said = f' title="{html.esc(title)}"' if title else ""
    return Html(f'<span style="border-bottom:{sign.line} {sign.colour}"{said}>{body}</span>')

"""Lines of code with marks, remarks and places: graphs, differences and source, in one form for HTML and text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tensorlab.view import html
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import INK, MARKS, QUIET, tint
from tensorlab.view.repeats import again, runs, without_names
from tensorlab.view.text import columns, counted, line_width, padded, shortened, visible, wrapped

_MOST_CODE = 400  # characters of one line: a constant with thousands of numbers stays a line
# How long a line of code may be before it wraps: with remarks beside it, and without.
_NOTED_COLUMNS, _ALONE_COLUMNS = 62, 104
_GAP, _BELOW = "   ", "    "


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the sign of its mark, the code, a remark, the place in the user's source.

    Signs are those of `ink.MARKS`, none, or ``…`` for words that stand for lines left out: ``hidden`` says how many.
    """

    code: str
    sign: str = ""
    note: str = ""
    place: str = ""
    hidden: int = 0


def fold(lines: Sequence[Line], *, context: int = 2) -> list[Line]:
    """Long stretches of kept lines, shortened to what stands next to a change; each gap says how many it holds."""
    near = [False] * len(lines)
    for i, line in enumerate(lines):
        if line.sign != "=" or line.note:
            near[max(0, i - context) : i + context + 1] = [True] * len(lines[max(0, i - context) : i + context + 1])
    folded: list[Line] = []
    i = 0
    while i < len(lines):
        stop = i
        while stop < len(lines) and not near[stop]:
            stop += 1
        if stop - i > 1:
            folded.append(_gap(f"{counted(stop - i, 'line')} unchanged", stop - i))
        else:
            folded += lines[i:stop]
        if stop < len(lines):
            folded.append(lines[stop])
        i = stop + 1
    return folded


def cap(lines: Sequence[Line], most: int) -> list[Line]:
    """At most so many lines, the last of which says how many are left out."""
    if len(lines) <= most:
        return list(lines)
    hidden = amount(lines[most - 1 :])
    return [*lines[: most - 1], _gap(counted(hidden, "more line"), hidden)]


def brief(lines: Sequence[Line], most: int) -> list[Line]:
    """At most so many lines. Where there are more, stretches that repeat, alike but for names, are shown once, each
    with the number of lines left out; what is still too much is counted at the end.
    """
    if len(lines) <= most:
        return list(lines)
    shown: list[Line] = []
    at = 0
    for run in runs([(line.sign, without_names(line.code), without_names(line.note)) for line in lines]):
        hidden = amount(lines[run.start + run.period : run.stop])
        gap = _gap(again(run, hidden), hidden)
        shown += [*lines[at : run.start + run.period], gap]
        at = run.stop
    return cap([*shown, *lines[at:]], most)


def amount(lines: Sequence[Line]) -> int:
    """How many lines there are, with those that are left out and counted."""
    return sum(line.hidden if line.sign == "…" else 1 for line in lines)


def _gap(what: str, hidden: int) -> Line:
    return Line(f"… {what}", sign="…", hidden=hidden)


def listing_html(lines: Sequence[Line], caption: str, *, heading: Html = html.EMPTY) -> Html:
    """A table: mark and code, remark, place. Struck code is what is gone."""
    noted, placed = any(line.note for line in lines), any(line.place for line in lines)
    marked = any(line.sign in MARKS for line in lines)
    return html.table(
        [_row(line, marked=marked, noted=noted, placed=placed) for line in lines], caption, heading=heading, wide=True
    )


def _row(line: Line, *, marked: bool, noted: bool, placed: bool) -> list[Cell]:
    width = 1 + noted + placed
    if line.sign == "…":
        return [Cell(html.esc(line.code), ink=QUIET, size=11.5, pad="1px 12px 1px 20px", span=width)]
    mark = MARKS.get(line.sign)
    loud = mark is not None and mark.changed
    ground = tint(mark.colour) if mark is not None and loud else ""
    side = INK if loud else QUIET  # words on a tint are in primary ink
    code = html.esc(shortened(line.code, _MOST_CODE))
    if line.sign in ("-", ">"):
        code = Html(f'<span style="text-decoration:line-through">{code}</span>')
    if marked:
        sign = html.glyph(line.sign, mark.colour) if mark is not None else Html(" ")
        code = Html(f"{sign} {code}")
    room = _NOTED_COLUMNS if noted else _ALONE_COLUMNS
    noted, placed = noted and bool(line.note), placed and bool(line.place)
    span = width - noted - placed
    # A long line wraps, or it would push the remarks out of sight; its later lines are indented.
    wraps = len(line.code) > room
    pad, hang = ("0 12px 0 36px", "text-indent:-32px;") if wraps else ("0 12px 0 4px", "")
    cells = [Cell(code, mono=True, wraps=wraps, ground=ground, pad=pad, span=span, extra=hang)]
    if noted:
        cells.append(Cell(html.esc(line.note), ink=side, ground=ground, size=11.5, pad="1px 10px 0 0"))
    if placed:
        cells.append(Cell(html.esc(line.place), "right", side, ground, 11.5, wraps=False, pad="1px 4px 0 0"))
    return cells


def listing_text(lines: Sequence[Line], *, indent: str = "") -> list[str]:
    """The same lines for a terminal: place and remark behind the code where they fit, else on a line below it."""
    signs = "  " if any(line.sign in MARKS for line in lines) else ""
    room = line_width() - len(indent) - len(signs)
    codes = [visible(shortened(line.code, _MOST_CODE)) for line in lines]
    width = max((columns(c) for c in codes if columns(c) <= room * 3 // 4), default=0)
    listed = (_lines(line, code, signs, width, room) for line, code in zip(lines, codes, strict=True))
    return [(indent + text).rstrip() for texts in listed for text in texts]


def _lines(line: Line, code: str, signs: str, width: int, room: int) -> list[str]:
    sign = f"{line.sign if line.sign in MARKS else ' '} " if signs else ""
    note, place = visible(line.note), visible(line.place)
    if not code:
        return _marked(sign, signs, wrapped(note, room))
    one_line = _beside(code, " · ".join(filter(None, (note, place))), width, room)
    if one_line is not None:
        return [sign + one_line]
    placed = _beside(code, place, width, room)
    top = [placed] if placed is not None else wrapped(code, room, "    ")
    below = note if placed is not None else " · ".join(filter(None, (note, place)))
    return _marked(sign, signs, [*top, *(_BELOW + text for text in wrapped(below, room - len(_BELOW)) if text)])


def _beside(code: str, remark: str, width: int, room: int) -> str | None:
    """Code and remark on one line, if they fit."""
    if columns(code) > (width if remark else room) or width + len(_GAP) + columns(remark) > room:
        return code if not remark and columns(code) <= room else None
    return padded(code, width) + _GAP + remark if remark else code


def _marked(sign: str, signs: str, lines: list[str]) -> list[str]:
    return [(sign if i == 0 else signs) + line for i, line in enumerate(lines)]

"""Code with the user's line and the operation beside each line, and a mark where a line was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from tensorlab.view import html
from tensorlab.view.graph import place, source_name
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import ACCENT, INK, QUIET, tint
from tensorlab.view.repeats import again, runs, without_program_names
from tensorlab.view.text import columns, counted, grouped, line_width, padded, shortened, visible

if TYPE_CHECKING:
    from tensorlab.jit.code_parts import CodeLine
    from tensorlab.jit.ir import Span
    from tensorlab.jit.loop_lines import Origin, Origins
    from tensorlab.jit.stage_code import UserLine

MARK = "◆"
_MOST_CODE = 240  # characters of one line
_MOST_BESIDE = 24
_MOST_ORIGINS = 3  # beside a line
_MOST_USER_LINES = 40
_MOST_OPENED, _LEAST_OPENED = 60, 8  # lines of code that a click shows
_PLAIN = ("reads", "writes", "calls", "loop", "entry", "exit", "merged")


@dataclass(frozen=True, slots=True)
class Placed:
    """One line of code as it is shown. ``beside`` is what it is for; words for lines left out have no code."""

    code: str
    beside: str = ""
    marked: bool = False
    gap: bool = False


def placed(lines: Sequence[CodeLine], files: set[str], most: int) -> list[Placed]:
    """Lines of code as they are shown, at most so many; of several files each place says which. Where there are more,
    stretches that repeat, alike but for names, are shown once.
    """
    kept, hidden = _brief(lines, most)
    found: list[Placed] = []
    for line in kept:
        if isinstance(line, str):
            found.append(Placed(f"… {line}", gap=True))
        else:
            found.append(Placed(line.text.expandtabs(8), beside(line.origins, files), line.marked))
    return [*found, Placed(f"… {counted(hidden, 'more line')}", gap=True)] if hidden else found


def _brief(lines: Sequence[CodeLine], most: int) -> tuple[list[CodeLine | str], int]:
    """The lines to show, with words where a stretch comes again, and how many are left out behind the last of them."""
    if len(lines) <= most:
        return list(lines), 0
    found: list[CodeLine | str] = []
    ends: list[int] = []  # behind which line each of them stands
    at = 0
    for run in runs([(without_program_names(line.text), line.marked) for line in lines]):
        once = run.start + run.period
        found += [*lines[at:once], again(run, run.stop - once)]
        ends += [*range(at + 1, once + 1), run.stop]
        at = run.stop
    found += lines[at:]
    ends += range(at + 1, len(lines) + 1)
    if len(found) <= most:
        return found, 0
    return found[: most - 1], len(lines) - ends[most - 2]


def beside(origins: Origins, files: set[str]) -> str:
    """``3 mul``: the user's line and the operation, or what else the line does; several where it is for several, and
    where it is for many, the first one and how many more.
    """
    told = origins.distinct
    if len(told) > _MOST_ORIGINS:
        return f"{_one(told[0], files)} + {grouped(len(told) - 1)} more"
    return " + ".join(_one(origin, files) for origin in told)


def where(span: Span, files: set[str]) -> str:
    """The line's number; with the file's name where there are several."""
    return str(span.line) if len(files) < 2 else place(span)


def _one(origin: Origin, files: set[str]) -> str:
    word = origin.role if origin.role in _PLAIN else origin.op
    return word if origin.span is None else f"{where(origin.span, files)} {word}"


def files_of(lines: Sequence[UserLine]) -> set[str]:
    """The files of the user's lines, by the names that are shown."""
    return {source_name(line.span.filename) for line in lines}


# -- for a terminal


def placed_text(lines: Sequence[Placed], *, indent: str = "") -> list[str]:
    """The code, and on its left what each line is for; long lines are cut short."""
    width = max((columns(shortened(visible(line.beside), _MOST_BESIDE)) for line in lines), default=0)
    marks = any(line.marked for line in lines)
    found: list[str] = []
    for line in lines:
        mark = (f"{MARK} " if line.marked else "  ") if marks else ""
        left = padded(shortened(visible(line.beside), _MOST_BESIDE), width) + "  " if width else ""
        room = line_width() - len(indent) - columns(mark) - columns(left)
        found.append(f"{indent}{mark}{left}{shortened(visible(line.code), room)}".rstrip())
    return found


def user_lines_text(lines: Sequence[UserLine], noun: str, *, indent: str = "") -> list[str]:
    """The user's lines, each with what of the code is for it."""
    files, every = files_of(lines), len(lines)
    lines = _first(lines)
    marks = any(line.marked for line in lines)
    numbers = [where(line.span, files) for line in lines]
    wide = max(map(len, numbers), default=0)
    codes = [shortened(visible(line.text), 44) for line in lines]
    width = max(map(columns, codes), default=0)
    found: list[str] = []
    for number, code, line in zip(numbers, codes, lines, strict=True):
        mark = (f"{MARK} " if line.marked else "  ") if marks else ""
        text = f"{indent}{mark}{number:>{wide}}  {padded(code, width)}   {amount(line, noun)}"
        found.append(shortened(text.rstrip(), line_width()))
    return [*found, f"{indent}… {_more(every - len(lines))}"] if every > len(lines) else found


def _first(lines: Sequence[UserLine]) -> list[UserLine]:
    """The first lines, and those that are marked."""
    return [line for number, line in enumerate(lines) if number < _MOST_USER_LINES or line.marked]


def _more(count: int) -> str:
    return counted(count, "more line of yours", "more lines of yours")


def amount(line: UserLine, noun: str) -> str:
    """``mul, add: 12 instructions, 3 of them hot``."""
    ops = f"{', '.join(line.ops)}: " if line.ops else ""
    return f"{ops}{counted(line.total, noun)}, {grouped(line.hot)} of them hot"


# -- for a notebook


def placed_html(lines: Sequence[Placed], caption: str, *, heading: Html = html.EMPTY) -> Html:
    """A table of two columns: what a line is for, and the line. Lines that look alike share a row."""
    named = any(line.beside for line in lines)
    rows: list[list[Cell]] = []
    for (gap, marked), run in groupby(lines, lambda line: (line.gap, line.marked)):
        together = list(run)
        if gap:
            rows += [[Cell(html.esc(line.code), ink=QUIET, size=11.5, span=1 + named)] for line in together]
        else:
            rows.append(_row(together, named=named, marked=marked))
    return html.table(rows, caption, heading=heading, wide=True)


def _row(lines: Sequence[Placed], *, named: bool, marked: bool) -> list[Cell]:
    """Lines side by side with what they are for, in as many lines, so that the code can be copied alone."""
    ground = tint(ACCENT) if marked else ""
    code = html.join((html.esc(shortened(line.code, _MOST_CODE)) for line in lines), "\n") or Html(" ")
    cells = [Cell(code, mono=True, wraps=False, pad="0", ground=ground)]
    if named:
        mark = f"{MARK} " if marked else ""
        words = html.join((html.esc(mark + shortened(line.beside, _MOST_BESIDE)) for line in lines), "\n")
        ink, left = (INK, Html(f"<b>{words}</b>")) if marked else (QUIET, words)
        beside = Cell(left, "left", ink, ground, mono=True, wraps=False, pad="0 14px 0 4px", extra="width:1px;")
        cells.insert(0, beside)
    return cells


def user_lines_html(lines: Sequence[UserLine], code: Sequence[CodeLine], noun: str) -> Html:
    """The user's lines: a click on one opens what of the code is for it, and no other line."""
    files, shown = files_of(lines), _first(lines)
    most = max(_LEAST_OPENED, min(_MOST_OPENED, 10 * _MOST_OPENED // max(1, len(shown))))
    parts: list[Html] = []
    for line in shown:
        key = line.span.filename, line.span.line
        own = [one for one in code if key in one.origins.spans]
        mark = f"{MARK} " if line.marked else ""
        title = f"{mark}{where(line.span, files)}  {shortened(line.text, 72)} · {amount(line, noun)}"
        body = placed_html(placed(own, files, most), f"What is hot of line {line.span.line}")
        parts.append(html.details(title, body) if own else html.paragraph(html.esc(title), above=10))
    if len(lines) > len(shown):
        parts.append(html.paragraph(html.quiet(f"… {_more(len(lines) - len(shown))}"), above=10))
    return html.join(parts)

"""Text for the terminal: numbers with units, aligned tables, bars and strips of bytes, at most 100 columns.

In a narrower terminal it is at most as wide as that: see `at_width`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from typing import Literal

from tensorlab.core.footprint import Footprint

WIDTH, _LEAST_WIDTH = 100, 80
_LEAST_COLUMN = 12  # no column of a table is made narrower than this
FULL, PART, NONE = "█", "▒", "·"
_EIGHTHS = " ▏▎▍▌▋▊▉"


_width: ContextVar[int] = ContextVar("width", default=WIDTH)


def line_width() -> int:
    """How many columns a line of text may take."""
    return _width.get()


@contextmanager
def at_width(terminal: int) -> Iterator[None]:
    """Text for a terminal of so many columns, within this block: no more than 100 and no less than 80."""
    before = _width.set(max(_LEAST_WIDTH, min(terminal, WIDTH)))
    try:
        yield
    finally:
        _width.reset(before)


def significant(value: float) -> str:
    """Three significant figures, no exponent between 0.001 and a million: ``1.12``, ``38``, ``0.045``, ``12,300``."""
    if value == 0:
        return "0"
    if abs(value) >= 999.5:
        rounded = float(f"{value:.3g}")
        return f"{rounded:,.0f}" if abs(rounded) < 1e15 else f"{value:.3g}"
    text = f"{value:.3g}"
    return text if "e" in text else f"{float(text):g}"


def nbytes(count: int) -> str:
    """A size in binary units: ``4 B``, ``602 KiB``, ``1.18 MiB``."""
    if count < 1024:
        return f"{count:,} B"
    amount = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= 1024
        if amount < 999.5:
            return f"{significant(amount)} {unit}"
    return f"{significant(amount / 1024)} TiB"


def seconds(value: float) -> str:
    """A time: ``1.2 s``, ``38 ms``, ``620 ns``."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if abs(value) * scale >= 0.9995:
            return f"{significant(value * scale)} {unit}"
    return f"{significant(value * 1e9)} ns"


def ratio(value: float) -> str:
    """How many times: ``1.12x``."""
    return f"{significant(value)}x"


def grouped(count: int) -> str:
    """An exact count: ``154,092``."""
    return f"{count:,}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """``1 node``, ``2 nodes``."""
    return f"{grouped(count)} {noun if count == 1 else plural or noun + 's'}"


def listed(names: Sequence[str], limit: int = 6) -> str:
    """``a``, ``a and b``, ``a, b and c``; a long list ends ``and 4 more``."""
    shown = list(names[:limit])
    if len(names) > limit:
        shown = [*names[: limit - 1], f"{len(names) - limit + 1} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""


def visible(text: str) -> str:
    """Text in which every control or format character, but for spaces, is written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str, width: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if columns(text) <= width else f"{text[: _fitting(text, width - 1)]}…"


def columns(text: str) -> int:
    """Columns that a terminal gives the text: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def padded(text: str, width: int, align: Literal["left", "right"] = "left") -> str:
    space = " " * max(0, width - columns(text))
    return space + text if align == "right" else text + space


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most ``width`` columns, cut at spaces where there are any; later lines begin with ``indent``."""
    if columns(text) <= width:
        return [text]
    words = text.lstrip(" ").split(" ")
    lines: list[str] = []
    line = text[: len(text) - len(text.lstrip(" "))] + words[0]
    for word in words[1:]:
        if columns(line) + 1 + columns(word) <= width:
            line = f"{line} {word}"
            continue
        lines += _cut(line, width, indent)
        line = indent + word
    return [*lines, *_cut(line, width, indent)]


def _cut(line: str, width: int, indent: str) -> list[str]:
    """A line without a space to break at, in pieces."""
    pieces: list[str] = []
    while columns(line) > width:
        at = max(_fitting(line, width), len(indent) + 1)
        pieces.append(line[:at])
        line = indent + line[at:]
    return [*pieces, line]


def _fitting(text: str, width: int) -> int:
    """How many characters fit, at least one."""
    used = 0
    for i, character in enumerate(text):
        used += columns(character)
        if used > width:
            return max(i, 1)
    return len(text)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title, and ``most`` columns of width after which its words wrap.

    ``wraps``: whether its words may wrap earlier, where the table would be too wide.
    """

    title: str
    align: Literal["left", "right"] = "left"
    most: int = WIDTH
    wraps: bool = False


Row = Sequence[str | tuple[str, ...]] | str


def table(heads: Sequence[Column], rows: Sequence[Row], *, indent: str = "") -> list[str]:
    """Lines of an aligned table: titles, a rule, then rows; what is too long for its column wraps inside it.

    A cell that is a tuple has a line for each part. A row that is a string is a heading across the columns, with an
    empty line before it.
    """
    titles, cells, widths = _laid_out(heads, rows)
    excess = sum(widths) + 2 * (len(widths) - 1) + len(indent) - line_width()
    for i in sorted(range(len(heads)), key=lambda i: -widths[i]):
        if excess > 0 and heads[i].wraps:
            most = max(widths[i] - excess, min(widths[i], _LEAST_COLUMN))
            excess -= widths[i] - most
            heads = [replace(head, most=most) if k == i else head for k, head in enumerate(heads)]
    titles, cells, widths = _laid_out(heads, rows)
    lines = [*_row(heads, titles, widths), "─" * (sum(widths) + 2 * (len(widths) - 1))]
    for i, row in enumerate(cells):
        if isinstance(row, str):
            lines += [*([""] if i else []), *wrapped(visible(row), line_width() - len(indent), "   ")]
        else:
            lines += _row(heads, row, widths)
    return [(indent + line).rstrip() for line in lines]


def _laid_out(
    heads: Sequence[Column], rows: Sequence[Row]
) -> tuple[list[list[str]], list[str | list[list[str]]], list[int]]:
    """Titles and cells in lines, and how wide each column is."""
    cells = [row if isinstance(row, str) else _cells(heads, row) for row in rows]
    titles = _cells(heads, [head.title for head in heads])
    widths = [
        max(columns(line) for row in (titles, *cells) if not isinstance(row, str) for line in row[i])
        for i in range(len(heads))
    ]
    return titles, cells, widths


def _cells(heads: Sequence[Column], row: Sequence[str | tuple[str, ...]]) -> list[list[str]]:
    return [
        [line for part in ((cell,) if isinstance(cell, str) else cell) for line in wrapped(visible(part), head.most)]
        for head, cell in zip(heads, row, strict=True)
    ]


def _row(heads: Sequence[Column], cells: list[list[str]], widths: Sequence[int]) -> list[str]:
    return [
        "  ".join(padded(t, w, h.align) for t, w, h in zip(parts, widths, heads, strict=True))
        for parts in zip_longest(*cells, fillvalue="")
    ]


def bar(fraction: float, width: int) -> str:
    """A bar to an eighth of a character; never empty for something above nothing."""
    eighths = round(max(0.0, min(fraction, 1.0)) * width * 8)
    if fraction > 0:
        eighths = max(eighths, 1)
    whole, rest = divmod(eighths, 8)
    return FULL * whole + (_EIGHTHS[rest] if rest else "")


def strip(footprint: Footprint, size: int, width: int) -> str:
    """A storage of ``size`` bytes in ``width`` characters: each is reached in full, in part or not at all."""
    if size == 0:
        return NONE * width
    edges = [size * i // width for i in range(width + 1)]
    marks = ""
    for low, high in pairwise(edges):
        span = max(high - low, 1)  # fewer bytes than characters: each character stands for the byte it lies in
        reached = footprint.nbytes_between(low, low + span)
        marks += FULL if reached == span else PART if reached else NONE
    return marks

"""HTML that survives: inline styles only, no script, no ids, no inline SVG; every text is escaped here.

A page that is not trusted drops style sheets, inline pictures and variables, and some pages restyle tables: so each
cell states its own ink, ground, size and alignment, and a picture is an ``<img alt>`` with its data inside.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal, NewType

from tensorlab.view.ink import CARD, INK, QUIET, RULE, Themed
from tensorlab.view.text import visible

Html = NewType("Html", str)

FONT = "font-family:system-ui,-apple-system,Segoe UI,Roboto,sans-serif;"
_MONO = "Menlo,Consolas,monospace"
CODE = f"font-family:{_MONO};font-family:var(--jp-code-font-family,{_MONO});font-size:12.5px;line-height:1.55;"
EMPTY = Html("")


def esc(text: object) -> Html:
    """Text as HTML, with characters that would be invisible or would reorder the line made visible."""
    return Html(escape(visible(str(text))))


def join(parts: Iterable[Html], between: str = "") -> Html:
    """Fragments one after the other, with text between them."""
    return Html(escape(between).join(parts))


def strong(text: object) -> Html:
    return Html(f"<b>{esc(text)}</b>")


def quiet(text: object) -> Html:
    """Words in secondary ink. Not on a tint: there it would fall below a contrast of 4.5."""
    return Html(f'<span style="{QUIET.css("color")}">{esc(text)}</span>')


def glyph(text: str, colour: str) -> Html:
    """A mark in a mid-tone: always beside a word or a place that says the same."""
    return Html(f'<span style="color:{colour};font-weight:700">{esc(text)}</span>')


def card(*body: Html) -> Html:
    """The frame around every view."""
    style = (
        f"{INK.css('color')}{CARD.css('background')}{RULE.css('border', '1px solid')}"
        f"border-radius:6px;padding:12px 14px;max-width:980px;font-size:13px;line-height:1.5;text-align:left;{FONT}"
    )
    words = join(body)
    # Notebook pages take what stands between two dollars, or behind a backslash, for a formula; these classes forbid
    # it to MathJax 2 (nbconvert) and 3 (JupyterLab), and an untrusted page keeps them.
    plain = ' class="tex2jax_ignore mathjax_ignore"' if "$" in words or "\\" in words else ""
    return Html(f'<div{plain} style="{style}">{words}</div>')


def header(title: object, *facts: object) -> Html:
    """The first line: the name in bold, then facts in secondary ink."""
    rest = Html("") if not facts else Html(" " + quiet("· " + " · ".join(map(str, facts))))
    return Html(f"<div>{strong(title)}{rest}</div>")


def paragraph(*parts: Html, above: int = 0) -> Html:
    """A line of its own, with so many pixels of air above it."""
    air = f' style="margin-top:{above}px"' if above else ""
    return Html(f"<div{air}>{join(parts)}</div>")


def hanging(part: Html) -> Html:
    """A line of code that goes on below, indented, where it meets the end of its cell."""
    return Html(f'<div style="padding-left:32px;text-indent:-32px">{part or " "}</div>')


def chips(parts: Iterable[tuple[Html, str]]) -> Html:
    """Small boxes in a row that goes on below where the card ends; a colour frames one that is chosen."""
    boxes = "".join(
        f'<div style="{_frame(colour)}border-radius:4px;padding:4px 8px;white-space:nowrap">{part}</div>'
        for part, colour in parts
    )
    return Html(f'<div style="display:flex;flex-wrap:wrap;gap:4px;margin:10px 0 12px">{boxes}</div>')


def _frame(colour: str) -> str:
    return f"border:1px solid {colour};" if colour else RULE.css("border", "1px solid")


def spaced(body: Html) -> Html:
    """A fragment with air above and below."""
    return Html(f'<div style="margin:10px 0;overflow-x:auto">{body}</div>')


def footer(*sentences: object) -> Html:
    """Small secondary ink: what was left out, how to read the marks, the command that shows more."""
    if not sentences:
        return EMPTY
    text = esc(" ".join(map(str, sentences)))
    return Html(f'<div style="{QUIET.css("color")}font-size:11.5px;margin-top:8px">{text}</div>')


def details(summary: object, body: Html, *, opened: bool = False) -> Html:
    """Something that is not needed to understand the rest."""
    mark = " open" if opened else ""
    title = f'<summary style="cursor:pointer">{esc(summary)}</summary>'
    return Html(f'<details style="margin-top:10px"{mark}>{title}{body}</details>')


def code(text: str) -> Html:
    """A short piece of code inside a sentence."""
    return Html(f'<span style="{CODE}">{esc(text)}</span>')


def picture(svg: str, alt: str, *, width: int, height: int) -> Html:
    """An SVG that no page takes apart, with words for those who do not see it."""
    return image(svg.encode(), "svg+xml", alt, width=width, height=height)


def image(data: bytes, kind: Literal["svg+xml", "png"], alt: str, *, width: int, height: int) -> Html:
    source = f"data:image/{kind};base64,{b64encode(data).decode()}"
    size = f'width="{width}" height="{height}"'
    style = "vertical-align:middle;max-width:100%"
    return Html(f'<figure style="margin:0"><img alt="{esc(alt)}" {size} src="{source}" style="{style}"></figure>')


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table. ``ground`` is a tint over the card; words on a tint are in primary ink."""

    body: Html
    align: Literal["left", "right", "center"] = "left"
    ink: Themed = INK
    ground: str = ""
    size: float = 13
    mono: bool = False
    wraps: bool = True
    pad: str = "3px 16px 3px 0"
    scope: Literal["", "row", "col", "rowgroup"] = ""
    span: int = 1
    extra: str = ""


def table(rows: Sequence[Sequence[Cell]], caption: str, *, heading: Html = EMPTY, wide: bool = False) -> Html:
    """A table with a caption that says in words what its rows are, or with a ``heading`` in its place."""
    # `tr` states that it has no ground: some pages paint every second row.
    body = "".join(f'<tr style="background:none">{"".join(map(_cell, row))}</tr>' for row in rows)
    # JupyterLab centres tables, gives all columns one width and sets its own ink: each is taken back.
    style = (
        f"border-collapse:collapse;table-layout:auto;margin:0;border:0;font-size:13px;{INK.css('color')}"
        f"{'width:100%;' if wide else ''}"
    )
    ink = f"font-size:13px;{INK.css('color')}" if heading else _SMALL
    title = (
        f'<caption style="caption-side:top;text-align:left;padding:0 0 4px;{ink}">{heading or esc(caption)}</caption>'
    )
    return Html(f'<div style="overflow-x:auto;margin:10px 0 4px"><table style="{style}">{title}{body}</table></div>')


_SPACE = {
    (True, True): "white-space:pre-wrap;",
    (True, False): "white-space:pre;",
    (False, True): "white-space:normal;",
    (False, False): "white-space:nowrap;",
}
_SMALL = f"font-size:11.5px;{QUIET.css('color')}"


def _cell(cell: Cell) -> str:
    tag = "th" if cell.scope else "td"
    ground = f"background:{cell.ground};" if cell.ground else CARD.css("background")
    scope = f' scope="{cell.scope}"' if cell.scope else ""
    span = f' colspan="{cell.span}"' if cell.span > 1 else ""
    if not cell.body:
        return f'<{tag}{scope}{span} style="border:0;{ground}{cell.extra}"></{tag}>'
    font = CODE if cell.mono else f"font-size:{cell.size:g}px;line-height:1.5;"
    space = _SPACE[cell.mono, cell.wraps]
    weight = "font-weight:400;" if cell.scope else ""
    style = (
        f"text-align:{cell.align};vertical-align:top;padding:{cell.pad};border:0;{weight}"
        f"{font}{space}{cell.ink.css('color')}{ground}{cell.extra}"
    )
    return f'<{tag}{scope}{span} style="{style}">{cell.body}</{tag}>'

"""The graph of the tape as a drawing: from the result above down to the leaves.

It has words in it, so it stands on a ground of its own, light in every theme, as the picture of a grid does. What a
colour says, a shape and a word say too.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tensorlab.autograd.graph_records import GraphReport
from tensorlab.view import html
from tensorlab.view.autograd_boxes import LINE_HIGH, PAD, STOPS, TAB_HIGH, Box, boxes
from tensorlab.view.html import Html
from tensorlab.view.ink import ACCENT, LINE, REMOVED, storage_colour, tint
from tensorlab.view.layers import layered
from tensorlab.view.text import counted, listed, shortened, visible

_ROOM = 760.0  # pixels across that boxes of one layer take
_WIDEST = 944  # what a card has room for
_MARGIN = 12
_FONT = 'font-family="Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="11"'
_GROUND, _INK, _QUIET, _WARNING = "#ffffff", "#1b1f24", "#59636e", "#a03345"


def picture(report: GraphReport) -> Html:
    """The graph, drawn: at most 49 boxes, and what was left out counted in boxes of its own."""
    drawn = boxes(report)
    ways = [(i, port, stop) for i, box in enumerate(drawn) for port, (_, stop) in enumerate(box.ports)]
    layout = layered([(box.width, box.height) for box in drawn], [(i, stop) for i, _, stop in ways], _ROOM)
    corners = layout.corners
    arrivals = {k: x for stop in range(len(drawn)) for k, x in _arrivals(stop, drawn, corners).items()}
    edges = heads = ""
    for (i, port, stop), passes in zip(ways, layout.passes, strict=True):
        (x, y), end = corners[i], (arrivals[i, port], corners[stop][1])
        edges += _edge((x + drawn[i].port(port), y + drawn[i].height), passes, end)
        heads += f"M{end[0] - 3.5:.1f} {end[1] - 6:.0f}h7l-3.5 6z"
    shapes = "".join(_shown(box, *corner) for box, corner in zip(drawn, corners, strict=True))
    width, height = round(layout.width + 2 * _MARGIN), round(layout.height + 2 * _MARGIN)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="6" fill="{_GROUND}" stroke="{LINE}"/>'
        f'<g {_FONT} fill="{_QUIET}" transform="translate({_MARGIN} {_MARGIN})">'
        f'<path d="{edges}" fill="none" stroke="{LINE}" stroke-width="1.2"/><path d="{heads}" fill="{LINE}"/>'
        f"{shapes}</g></svg>"
    )
    scale = min(_WIDEST / width, 1.0)  # of the picture itself: a page that narrows it keeps its height
    size = {"width": round(width * scale), "height": round(height * scale)}
    return html.spaced(html.picture(svg, _alt(report, drawn), **size))


def _alt(report: GraphReport, drawn: Sequence[Box]) -> str:
    told = [f"{box.title}{_told(box, drawn)}" for box in drawn[1:13]]
    more = len(drawn) - 1 - len(told)
    rest = f"; and {counted(more, 'more box', 'more boxes')}" if more else ""
    name = shortened(report.name or "the tensor", 40)
    return f"the graph behind {name}, from the result down to the leaves: {'; '.join(told)}{rest}"


def _told(box: Box, drawn: Sequence[Box]) -> str:
    refused = f", where {STOPS.removesuffix(' here')}" if box.refused else ""
    goes = list(dict.fromkeys(drawn[stop].title for _, stop in box.ports))
    return f"{refused}, goes to {listed(goes, 3)}" if goes else refused


def _arrivals(stop: int, drawn: Sequence[Box], corners: Sequence[tuple[float, float]]) -> dict[tuple[int, int], float]:
    """Where on its upper edge each edge reaches a box, by the box and the port that it comes from."""
    found = [
        (corners[i][0] + box.port(port), i, port)
        for i, box in enumerate(drawn)
        for port, (_, end) in enumerate(box.ports)
        if end == stop
    ]
    left, width = corners[stop][0], drawn[stop].width
    middle = min(width - 24, 14.0 * (len(found) - 1)) if len(found) > 1 else 0.0
    step = middle / (len(found) - 1) if len(found) > 1 else 0.0
    start = left + (width - middle) / 2
    return {(i, port): start + k * step for k, (_, i, port) in enumerate(sorted(found))}


def _edge(start: tuple[float, float], passes: Sequence[tuple[float, float, float]], end: tuple[float, float]) -> str:
    """A curve from a port down to a box, straight through the layers that it passes."""
    x, y = start
    parts = [f"M{x:.0f} {y:.0f}"]
    for px, top, bottom in [*passes, (end[0], end[1] - 5, end[1] - 5)]:
        half = (top - y) / 2
        parts.append(f"C{x:.0f} {y + half:.0f} {px:.0f} {top - half:.0f} {px:.0f} {top:.0f}V{bottom:.0f}")
        x, y = px, bottom
    return "".join(parts)


def _shown(box: Box, x: float, y: float) -> str:
    """A box with its words."""
    width, height = box.width, box.height
    parts = [_shape(box, x, y, width, height)]
    line = y + 5 + 11
    parts.append(_word(x + PAD, line, box.title, _INK, bold=True))
    for text in box.lines:
        line += LINE_HIGH
        warns = text == STOPS
        parts.append(_word(x + PAD, line, text, _WARNING if warns else _QUIET, bold=warns))
    top = y + 5 + LINE_HIGH * (1 + len(box.lines))
    for letter, text, moved in box.tabs:
        parts.append(_tab(letter, text, x, top, width, moved=moved))
        top += TAB_HIGH
    if box.named_ports:
        for port, (name, _) in enumerate(box.ports):
            parts.append(_word(x + box.port(port), y + height - 5, name, _QUIET, middle=True))
    return "".join(parts)


def _shape(box: Box, x: float, y: float, width: float, height: float) -> str:
    def rectangle(x: float, y: float, extra: str) -> str:
        return f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" {extra}/>'

    if box.kind == "leaf":
        return rectangle(x, y, f'rx="16" fill="{_GROUND}"') + rectangle(
            x, y, f'rx="16" fill="{tint(ACCENT)}" stroke="{ACCENT}" stroke-width="1.5"'
        )
    if box.kind == "stack":
        behind = rectangle(x + 4, y + 4, f'rx="3" fill="{_GROUND}" stroke="{LINE}"')
        return behind + rectangle(x, y, f'rx="3" fill="{_GROUND}" stroke="{LINE}"')
    if box.kind == "rest":
        return rectangle(x, y, f'rx="3" fill="{_GROUND}" stroke="{LINE}" stroke-dasharray="3 3"')
    if box.kind == "result":
        return rectangle(x, y, f'rx="3" fill="{_GROUND}" stroke="{_INK}" stroke-width="1.5"')
    if box.refused:
        return rectangle(x, y, f'rx="3" fill="{_GROUND}" stroke="{REMOVED}" stroke-width="3"')
    return rectangle(x, y, f'rx="3" fill="{_GROUND}" stroke="{LINE}"')


def _tab(letter: str, text: str, x: float, y: float, width: float, *, moved: bool) -> str:
    """A saved tensor, hanging at its node: its storage's colour and letter; a cross where it was written over."""
    left, middle = x + PAD, y + TAB_HIGH / 2
    parts: list[str] = []
    if letter:
        colour = storage_colour(letter)
        parts.append(f'<path d="M{left:.0f} {middle - 4:.0f}h8v8h-8z" fill="{colour}"/>')
        text = f"{letter} {text}"
    elif moved:
        cross = f"M{left:.0f} {middle - 4:.0f}l8 8m0 -8l-8 8"
        parts.append(f'<path d="{cross}" stroke="{REMOVED}" stroke-width="2.5"/>')
    parts.append(_word(left + 13, middle + 4, text, _WARNING if moved else _INK))
    return "".join(parts)


def _word(x: float, y: float, text: str, ink: str, *, bold: bool = False, middle: bool = False) -> str:
    extra = "" if ink == _QUIET else f' fill="{ink}"'
    extra += (' font-weight="700"' if bold else "") + (' text-anchor="middle"' if middle else "")
    return f'<text x="{x:.0f}" y="{y:.0f}"{extra}>{escape(visible(text))}</text>'

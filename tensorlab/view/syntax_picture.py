"""A syntax tree as a drawing: downwards where it fits the card, else from left to right.

It has words in it, so it stands on a ground of its own, light in every theme.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from tensorlab.jit.syntax_tree import SyntaxTree
from tensorlab.view import html
from tensorlab.view.html import Html
from tensorlab.view.ink import ACCENT, LINE
from tensorlab.view.syntax_fold import Folded, fields_of, fold, title
from tensorlab.view.text import columns, counted, listed, shortened, visible

_MOST_DOWN, _MOST_ACROSS, _DEEPEST = 40, 64, 6
_WIDEST = 944.0  # what a card has room for
_MARGIN, _PAD, _LINE_HIGH, _CHARACTER = 12.0, 7.0, 14.0, 6.65
_LONGEST = 24  # characters of a line
_FONT = 'font-family="Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="11"'
_GROUND, _INK, _QUIET = "#ffffff", "#1b1f24", "#59636e"


@dataclass(slots=True)
class _Box:
    """A node with its words, and where it stands."""

    lines: list[str]
    width: float
    height: float
    made: bool
    folded: bool
    x: float = 0.0
    y: float = 0.0


def picture(tree: SyntaxTree) -> Html:
    """The tree, drawn: at most 64 boxes, and what was left out counted in the box that it hangs from."""
    folded = fold(tree, _MOST_DOWN)
    boxes = _boxes(tree, folded)
    width, height = _downwards(folded, boxes)
    across = folded.left_out > 0 or width + 2 * _MARGIN > _WIDEST
    if across:
        folded = fold(tree, _MOST_ACROSS, depth=_DEEPEST)
        boxes = _boxes(tree, folded)
        width, height = _across(tree, folded, boxes)
    edges = "".join(_elbow(boxes[i], boxes[child], across=across) for i in folded.shown for child in folded.children[i])
    shapes = "".join(_shown(box) for box in boxes.values())
    whole, high = round(width + 2 * _MARGIN), round(height + 2 * _MARGIN)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{high}" viewBox="0 0 {whole} {high}">'
        f'<rect x=".5" y=".5" width="{whole - 1}" height="{high - 1}" rx="6" fill="{_GROUND}" stroke="{LINE}"/>'
        f'<g {_FONT} fill="{_QUIET}" transform="translate({_MARGIN:.0f} {_MARGIN:.0f})">'
        f'<path d="{edges}" fill="none" stroke="{LINE}" stroke-width="1.2"/>{shapes}</g></svg>'
    )
    scale = min(_WIDEST / whole, 1.0)
    return html.spaced(html.picture(svg, _alt(tree, folded), width=round(whole * scale), height=round(high * scale)))


def _alt(tree: SyntaxTree, folded: Folded) -> str:
    told: list[str] = []
    for i in folded.shown[:16]:
        below = [title(tree.nodes[c]) for c in folded.children[i]]
        told.append(f"{tree.nodes[i].kind} {fields_of(tree.nodes[i], whole=False)}".strip())
        if below:
            told[-1] += f" over {listed(below, 4)}"
    more = len(tree.nodes) - len(told)
    rest = f"; and {counted(more, 'more node')}" if more > 0 else ""
    return f"the syntax tree of {shortened(tree.name, 40)}, from the root: {'; '.join(told)}{rest}"


def _boxes(tree: SyntaxTree, folded: Folded) -> dict[int, _Box]:
    boxes: dict[int, _Box] = {}
    for i in folded.shown:
        node = tree.nodes[i]
        lines = [title(node), fields_of(node, whole=False), str(node.place) if node.place is not None else ""]
        if node.made:
            lines.append(counted(len(node.made), "graph node"))
        if i in folded.hidden:
            lines.append(f"… {counted(folded.hidden[i], 'node')} below")
        lines = [shortened(visible(line), _LONGEST) for line in lines if line]
        width = max(columns(line) for line in lines) * _CHARACTER + 2 * _PAD
        boxes[i] = _Box(lines, width, _LINE_HIGH * len(lines) + 8, bool(node.made), i in folded.hidden)
    return boxes


def _downwards(folded: Folded, boxes: dict[int, _Box]) -> tuple[float, float]:
    """Give each box its place below its parent's middle; the size of all."""
    needed: dict[int, float] = {}
    tops: dict[int, float] = {}
    for i in reversed(folded.shown):  # children come after their parents
        below = folded.children[i]
        across = sum(needed[c] for c in below) + 12 * max(0, len(below) - 1)
        needed[i] = max(boxes[i].width, across)
    left = 0.0
    ways = [(i, 0) for i in reversed(folded.children[-1])]
    lefts: dict[int, float] = {}
    for i, _ in reversed(ways):
        lefts[i] = left
        left += needed[i] + 12
    levels: dict[int, list[int]] = {}
    while ways:
        i, level = ways.pop()
        levels.setdefault(level, []).append(i)
        boxes[i].x = lefts[i] + (needed[i] - boxes[i].width) / 2
        below = folded.children[i]
        inside = sum(needed[c] for c in below) + 12 * max(0, len(below) - 1)
        start = lefts[i] + (needed[i] - inside) / 2
        for c in below:
            lefts[c] = start
            start += needed[c] + 12
        ways += [(c, level + 1) for c in reversed(below)]
    y = 0.0
    for level in sorted(levels):
        for i in levels[level]:
            boxes[i].y = tops[i] = y
        y += max(boxes[i].height for i in levels[level]) + 26
    return left - 12, y - 26


def _across(tree: SyntaxTree, folded: Folded, boxes: dict[int, _Box]) -> tuple[float, float]:
    """A column for each level, the first child of a node beside it and the others below that; the size of all."""
    widths: dict[int, float] = {}
    for i, box in boxes.items():
        level = tree.nodes[i].depth
        widths[level] = max(widths.get(level, 0.0), box.width)
    lefts: dict[int, float] = {}
    x = 0.0
    for level in sorted(widths):
        lefts[level] = x
        x += widths[level] + 24
    taken: dict[int, float] = {}  # of each column, down to where
    for i in folded.shown:
        node, box = tree.nodes[i], boxes[i]
        parent = boxes.get(node.parent)
        # A row belongs to one leaf: whatever stands left of it and below would be crossed by edges.
        lowest = max((low for level, low in taken.items() if level >= node.depth), default=0.0)
        box.x = lefts[node.depth]
        box.y = max(lowest, parent.y if parent is not None else 0.0)
        taken[node.depth] = box.y + box.height + 8
    return x - 24, max(box.y + box.height for box in boxes.values())


def _elbow(parent: _Box, child: _Box, *, across: bool) -> str:
    if across:
        x, y = parent.x + parent.width, parent.y + 12
        return f"M{x:.0f} {y:.0f}H{child.x - 12:.0f}V{child.y + 12:.0f}H{child.x:.0f}"
    x, y, end = parent.x + parent.width / 2, parent.y + parent.height, child.x + child.width / 2
    return f"M{x:.0f} {y:.0f}V{child.y - 12:.0f}H{end:.0f}V{child.y:.0f}"


def _shown(box: _Box) -> str:
    stroke = f'stroke="{ACCENT}" stroke-width="1.5"' if box.made else f'stroke="{LINE}"'
    dashes = ' stroke-dasharray="3 3"' if box.folded else ""
    parts = [
        f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{box.height:.0f}" rx="3" '
        f'fill="{_GROUND}" {stroke}{dashes}/>'
    ]
    for k, line in enumerate(box.lines):
        x, y = box.x + _PAD, box.y + 4 + 11 + k * _LINE_HIGH
        if k:
            parts.append(f'<text x="{x:.0f}" y="{y:.0f}">{escape(line)}</text>')
            continue
        label, between, kind = line.rpartition(": ")
        bold = f'<tspan font-weight="700" fill="{_INK}">{escape(kind)}</tspan>'
        parts.append(f'<text x="{x:.0f}" y="{y:.0f}">{escape(label + between)}{bold}</text>')
    return "".join(parts)

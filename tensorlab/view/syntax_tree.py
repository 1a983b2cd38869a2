"""A syntax tree: drawn, and as indented lines with places in the source and the graph nodes that came of each."""

from __future__ import annotations

from tensorlab.jit.syntax_tree import SyntaxNode, SyntaxTree
from tensorlab.view import html
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import QUIET, RULE
from tensorlab.view.mime import View
from tensorlab.view.syntax_fold import Folded, fields_of, fold, title
from tensorlab.view.syntax_picture import picture
from tensorlab.view.text import columns, counted, line_width, padded, shortened, visible, wrapped

_MOST_LINES, _MOST_ROWS, _MOST_SOURCE, _MOST_MADE = 120, 60, 30, 4
_RULE = RULE.css("border-top", "1px solid")
_ABOUT = "Places are line:column-column, columns from 0, as Python's ast counts them but in characters."


class SyntaxTreeView(View):
    """The nodes of a tree with their fields and places."""

    __slots__ = ("tree",)

    def __init__(self, tree: SyntaxTree) -> None:
        self.tree = tree

    def to_dict(self) -> dict[str, object]:
        return self.tree.to_dict()

    def text(self) -> str:
        tree = self.tree
        folded = fold(tree, _MOST_LINES)
        head = wrapped(visible(" · ".join((tree.name, *self._facts()))), line_width())
        rows = list(_led(folded))
        places = {i: str(tree.nodes[i].place or "") for i in folded.shown}
        room = line_width() - max(map(len, places.values()), default=0) - 2
        lefts = {
            i: shortened(visible(f"{lead}{title(tree.nodes[i])}  {fields_of(tree.nodes[i])}".rstrip()), room)
            for i, lead, _ in rows
        }
        width = max(map(columns, lefts.values()), default=0)
        lines: list[str] = []
        for i, _, below in rows:
            lines.append(f"{padded(lefts[i], width)}  {places[i]}".rstrip())
            lines += [shortened(visible(f"{below}{note}"), line_width()) for note in _remarks(tree.nodes[i])]
            if i in folded.hidden:
                lines.append(f"{below}… {counted(folded.hidden[i], 'more node')}")
        if -1 in folded.hidden:
            lines.append(f"… {counted(folded.hidden[-1], 'more node')}")
        return "\n".join([*head, "", *lines, "", *wrapped(visible(" ".join(self._notes(folded))), line_width())])

    def html(self) -> str:
        tree = self.tree
        folded = fold(tree, _MOST_ROWS)
        parts = [html.header(tree.name, *self._facts())]
        if len(tree.lines) > 1:
            parts.append(self._source())
        parts.append(picture(tree))
        parts.append(
            html.details(
                f"Each node with its place{' and the graph nodes that it made' if tree.made is not None else ''}",
                self._table(folded),
                opened=tree.made is not None,
            )
        )
        return html.card(*parts, html.footer(*self._notes(folded)))

    def _facts(self) -> list[str]:
        tree = self.tree
        facts = [tree.label] if tree.label else []
        facts += [counted(len(tree.nodes), "syntax node"), counted(len(tree.tokens), "token")]
        if tree.made is not None:
            facts.append(f"{counted(tree.made, 'graph node')} made")
        return facts

    def _notes(self, folded: Folded) -> list[str]:
        notes = [_ABOUT]
        if self.tree.elsewhere:
            notes.append(f"{counted(self.tree.elsewhere, 'graph node')} came from source that is not shown here.")
        if folded.left_out:
            notes.append(f"{counted(folded.left_out, 'syntax node')} of {len(self.tree.nodes):,} left out.")
        return notes

    def _source(self) -> Html:
        tree = self.tree
        shown = tree.lines[:_MOST_SOURCE]
        numbers = html.join((html.esc(i) for i in range(tree.first_line, tree.first_line + len(shown))), "\n")
        code = html.join((html.esc(shortened(visible(line.expandtabs(4)), 120)) for line in shown), "\n")
        row = [
            Cell(numbers, "right", QUIET, mono=True, wraps=False, pad="0 12px 0 0", extra="width:1px;"),
            Cell(code or Html(" "), mono=True, wraps=False, pad="0"),
        ]
        more = len(tree.lines) - len(shown)
        caption = f"The source, {counted(more, 'more line')} left out" if more else "The source"
        return html.table([row], caption, wide=True)

    def _table(self, folded: Folded) -> Html:
        tree = self.tree
        with_made = tree.made is not None
        heads = ["node", "fields", "place", *(["graph nodes made"] if with_made else [])]
        rows = [[Cell(html.esc(h), ink=QUIET, size=11.5, scope="col", pad="2px 12px 2px 0") for h in heads]]
        for i in folded.shown:
            node = tree.nodes[i]
            name = html.esc("  " * node.depth + title(node))
            if i in folded.hidden:
                name = html.join([name, html.quiet(f"  … {counted(folded.hidden[i], 'more node')}")])
            cells = [
                Cell(name, mono=True, wraps=False, pad="0 12px 0 0", extra=_RULE),
                Cell(html.esc(fields_of(node)) or Html(" "), mono=True, pad="0 12px 0 0", extra=_RULE),
                Cell(html.esc(node.place or "") or Html(" "), ink=QUIET, mono=True, wraps=False, extra=_RULE),
            ]
            if with_made:
                cells.append(Cell(_made(node), mono=True, pad="0", extra=_RULE))
            rows.append(cells)
        caption = "Nodes in the order of the text, indented as they hang"
        return html.table(rows, caption, wide=True)


def _remarks(node: SyntaxNode) -> list[str]:
    """The graph nodes that came of a node, for the lines under it."""
    shown = [f"→ {made}" for made in node.made[:_MOST_MADE]]
    more = len(node.made) - len(shown)
    return [*shown, *([f"→ … {counted(more, 'more graph node')}"] if more else [])]


def _made(node: SyntaxNode) -> Html:
    shown = [html.hanging(html.esc(shortened(made, 160))) for made in node.made[:_MOST_MADE]]
    if len(node.made) > _MOST_MADE:
        shown.append(html.hanging(html.esc(f"… {len(node.made) - _MOST_MADE:,} more")))
    return html.join(shown) or Html(" ")


def _led(folded: Folded) -> list[tuple[int, str, str]]:
    """Each shown node with what stands before its line, and before lines that belong to it."""
    found: list[tuple[int, str, str]] = []
    waiting = [(i, "", "") for i in reversed(folded.children[-1])]
    while waiting:
        i, lead, below = waiting.pop()
        children = folded.children[i]
        found.append((i, lead, f"{below}{'│ ' if children else '  '}  "))
        turns = [("├ ", "│ ")] * (len(children) - 1) + [("└ ", "  ")]
        ahead = [(c, below + turn, below + rest) for c, (turn, rest) in zip(children, turns, strict=False)]
        waiting += reversed(ahead)
    return found

"""The graph of the tape as an indented tree, for where nothing can be drawn."""

from __future__ import annotations

from tensorlab.autograd.graph_records import GraphReport, LineRecord, Row, RunRecord
from tensorlab.view import autograd_words as words
from tensorlab.view.text import counted, grouped, listed, shortened, visible

MOST_LINES, _MOST_LEAVES = 24, 3


def tree(report: GraphReport, width: int) -> list[str]:
    """The result, and under each node the nodes that its gradients go on to, by the inputs that these were.

    A node with one way on has the next one below it; only where ways part are they indented. A node that was met
    before is named again, without what follows it. Leaves stand in the line of the node. Of a graph of very many rows
    the tree is short, since the table has them all.
    """
    rows = {words.first_number(row) + i: row for row in report.rows for i in range(row.count)}
    lines = [visible(report.name or "the tensor")]
    met: set[int] = set()
    ahead: list[tuple[str, str, str, int]] = [("", "", "", 1)]  # before this line, before those below, inputs, node
    most = MOST_LINES if len(report.rows) <= MOST_LINES else MOST_LINES // 2
    while ahead and len(lines) < most:
        lead, below, inputs, number = ahead.pop()
        row = rows[number]
        first = words.first_number(row)
        lead += f"{inputs}: " if inputs else ""
        if first in met:
            lines.append(f"{lead}{words.row_number(row)} again")
            continue
        met.add(first)
        lines.append("; ".join([f"{lead}{words.row_number(row)} {visible(_title(row))}", *_leaves(row, report)]))
        ways: dict[int, list[str]] = {}
        for name, to, is_leaf in words.ways(row):
            if not is_leaf:
                ways.setdefault(words.first_number(rows[to]), []).append(visible(name))
        for i, (to, names) in reversed(list(enumerate(ways.items()))):
            turn = ("", "") if len(ways) == 1 else ("└ ", "  ") if i + 1 == len(ways) else ("├ ", "│ ")
            ahead.append((below + turn[0], below + turn[1], listed([n for n in names if n], 3), to))
    if ahead:
        lines.append(f"… and {counted(len(ahead), 'way')} on from here")
    return [shortened(line, width).rstrip() for line in lines]


def _leaves(row: Row, report: GraphReport) -> list[str]:
    found = [(name, report.leaves[leaf]) for name, leaf, is_leaf in words.ways(row) if is_leaf]
    shown = [f"{visible(name) or 'goes to'}: {visible(words.leaf_title(leaf))}" for name, leaf in found[:_MOST_LEAVES]]
    more = len(found) - len(shown)
    return [*shown, *([f"and {counted(more, 'more leaf', 'more leaves')}"] if more else [])]


def _title(row: Row) -> str:
    if isinstance(row, LineRecord):
        return f"{counted(row.count, 'node')} of {words.place(row.place)[0]}"
    if isinstance(row, RunRecord):
        return f"{listed([node.name for node in row.nodes], 4)}, {grouped(row.repeats)} times"
    over = " (written over since: backward would stop here)" if row.moved else ""
    return f"{row.name}{over}"

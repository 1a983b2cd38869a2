"""Large graphs made short: stretches of nodes that repeat are one row, and so are many nodes of one line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from tensorlab.autograd.graph_records import LineRecord, NodeRecord, Row, RunRecord, ways_out

_LONGEST_PERIOD = 64  # nodes that may repeat together
_LEAST_REPEATS = 3
_SHORT = 24  # a graph of so many rows needs no folding by lines
_MANY = 6  # so many nodes of one line are worth one row


def folded(nodes: Sequence[NodeRecord]) -> tuple[Row, ...]:
    """Rows for all nodes, in their order. Those that backward would stop at stay by themselves.

    Cost: at most 64 comparisons of numbers a node.
    """
    rows = _runs(nodes)
    return tuple(rows if len(rows) <= _SHORT else _lines(rows))


def _runs(nodes: Sequence[NodeRecord]) -> list[Row]:
    known: dict[object, int] = {}
    kinds = [known.setdefault(_kind(node), len(known)) for node in nodes]
    rows: list[Row] = []
    i = 0
    while i < len(nodes):
        period, repeats = _repeating(kinds, i)
        if not repeats:
            rows.append(nodes[i])
            i += 1
            continue
        stop = i + period * repeats
        # Each storage once: a run's first and last node may share one with their neighbours.
        sizes = {s.letter: s.nbytes for node in nodes[i:stop] for s in node.saved}
        rows.append(RunRecord(tuple(nodes[i : i + period]), repeats, sum(sizes.values()), *ways_out(nodes[i:stop])))
        i = stop
    return rows


def _kind(node: NodeRecord) -> object:
    """What makes two nodes alike: all but names and numbers. One that was written over is like no other."""
    saved = tuple((s.name, s.shape, s.dtype) for s in node.saved)
    steps = tuple(number - node.number for number in node.next)
    only = node.number if node.moved else 0
    return (node.name, node.shapes, node.place, saved, node.released, steps, len(node.leaves), only)


def _repeating(kinds: Sequence[int], start: int) -> tuple[int, int]:
    """The shortest period with which nodes repeat from here on, and how often; no repeats where they do not."""
    for period in range(1, min(_LONGEST_PERIOD, (len(kinds) - start) // _LEAST_REPEATS) + 1):
        at = start + period
        while at < len(kinds) and kinds[at] == kinds[at - period]:
            at += 1
        repeats = (at - start) // period
        if repeats >= _LEAST_REPEATS:
            return period, repeats
    return 0, 0


def _lines(rows: Sequence[Row]) -> list[Row]:
    """Rows with those put together that one line of the user's made."""
    found: list[Row] = []
    for key, group in groupby(rows, key=_line):
        together = list(group)
        if key is None or len(together) < _MANY:
            found += together
        else:
            found.append(LineRecord.of([row for row in together if isinstance(row, NodeRecord)]))
    return found


def _line(row: Row) -> object:
    return row.place if isinstance(row, NodeRecord) and not row.moved else None

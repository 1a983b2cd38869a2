"""What is drawn of a graph of the tape: boxes with words, and which of them lead to which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tensorlab.autograd.graph_records import (
    GraphReport,
    LeafRecord,
    LineRecord,
    NodeRecord,
    Row,
    RunRecord,
    SavedRecord,
)
from tensorlab.view import autograd_words as words
from tensorlab.view.text import counted, grouped, listed, nbytes, shortened, visible

MOST_ROWS, MOST_LEAVES = 28, 16  # with the result, what backward would stop at and the rest: 49 boxes
STOPS = "backward would stop here"
LONGEST = 34  # letters of a line in a box
LETTER = 6.65  # pixels of a letter of size 11, in the widest of the fonts asked for
PAD, LINE_HIGH, TAB_HIGH, PORT_HIGH = 8.0, 15.0, 16.0, 14.0
_MOST_SAVED, _MOST_INPUTS = 4, 12


@dataclass(slots=True)
class Box:
    """A box before it has a place: lines of words, saved tensors under them, a port for each way out at the bottom.

    ``kind`` is its shape: a rectangle for an operation, a stack for several, a pill for a leaf, dashes for the rest.
    """

    kind: str
    title: str
    lines: list[str] = field(default_factory=list[str])
    tabs: list[tuple[str, str, bool]] = field(default_factory=list[tuple[str, str, bool]])  # letter, words, moved
    ports: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])  # which input, and the box it goes to
    refused: bool = False

    @property
    def named_ports(self) -> bool:
        """Whether the ports' names have room beside each other."""
        return sum(len(name) + 1 for name, _ in self.ports) <= LONGEST and any(name for name, _ in self.ports)

    @property
    def width(self) -> float:
        letters = [
            len(self.title) * 1.04,
            *map(len, self.lines),
            *(len(letter) + len(text) + 3 for letter, text, _ in self.tabs),
        ]
        if self.named_ports:
            letters.append(sum(len(name) + 1 for name, _ in self.ports))
        return float(round(2 * PAD + LETTER * max(letters)))

    @property
    def height(self) -> float:
        ports = PORT_HIGH if self.named_ports else 0.0
        return 2 * 5 + LINE_HIGH * (1 + len(self.lines)) + TAB_HIGH * len(self.tabs) + ports

    def port(self, i: int) -> float:
        """How far from its left edge a way out begins."""
        if not self.named_ports:
            return self.width * (i + 1) / (len(self.ports) + 1)
        letters = [len(name) + 1 for name, _ in self.ports]
        share = (self.width - 2 * PAD) / sum(letters)
        return PAD + share * (sum(letters[:i]) + letters[i] / 2)


@dataclass(frozen=True, slots=True)
class _Rest:
    """Rows that follow each other and are not drawn."""

    rows: tuple[Row, ...]

    @property
    def count(self) -> int:
        """How many nodes they stand for."""
        return sum(row.count for row in self.rows)

    def ways(self) -> list[tuple[str, int, bool]]:
        """As `words.ways`, of those that leave them."""
        end = words.first_number(self.rows[-1]) + self.rows[-1].count
        every = (way for row in self.rows for way in words.ways(row))
        leaving = dict.fromkeys(("", to, is_leaf) for _, to, is_leaf in every if is_leaf or to >= end)
        return sorted(leaving, key=lambda way: way[-1])


def boxes(report: GraphReport) -> list[Box]:
    """The result, rows, and leaves: each after all that lead to it. What is left out stands in boxes of its own."""
    drawn = _drawn(report.rows)
    at: dict[int, int] = {}  # of a node's number, the box that it is in
    for i, row in enumerate(drawn):
        first = words.first_number(row.rows[0] if isinstance(row, _Rest) else row)
        at |= dict.fromkeys(range(first, first + row.count), i + 1)
    used = dict.fromkeys(leaf for row in drawn if not isinstance(row, _Rest) for leaf in row.leaves)
    shown = list(used)[:MOST_LEAVES]
    rest = len(drawn) + 1 + len(shown)
    leaf_at = {leaf: len(drawn) + 1 + i for i, leaf in enumerate(shown)}
    title = shortened(visible(report.name or "the tensor"), LONGEST)
    found = [Box("result", title, [f"{words.shape(report.shape)} {report.dtype}"], ports=[("", 1)])]
    for row in drawn:
        box = Box("rest", counted(row.count, "more node"), ["not drawn"]) if isinstance(row, _Rest) else _box(row)
        ways = row.ways() if isinstance(row, _Rest) else words.ways(row)
        ends = [(name, leaf_at.get(to, rest) if is_leaf else at[to]) for name, to, is_leaf in ways]
        box.ports = _few(list(dict.fromkeys(ends)) if isinstance(row, _Rest) else ends)
        if len(ends) > 1 and ends[0][0] and not box.named_ports:
            box.lines += _lines([f"{len(ends)} inputs, {ends[0][0]} to {ends[-1][0]}"])
        found.append(box)
    found += [_leaf(report.leaves[i]) for i in shown]
    if len(report.leaves) > len(shown):
        found.append(Box("rest", counted(len(report.leaves) - len(shown), "more leaf", "more leaves"), ["not drawn"]))
    return found


def _drawn(rows: Sequence[Row]) -> list[Row | _Rest]:
    """The first rows, and of the others the first that backward would stop at, with what is left out around it."""
    first, others = rows[:MOST_ROWS], rows[MOST_ROWS:]
    stop = next((i for i, row in enumerate(others) if isinstance(row, NodeRecord) and row.moved), len(others))
    pieces = [_Rest(tuple(others[:stop])), *others[stop : stop + 1], _Rest(tuple(others[stop + 1 :]))]
    return [*first, *(piece for piece in pieces if piece.count)]


def _few(ways: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Ways out, of very many one to each box."""
    if len(ways) <= _MOST_INPUTS:
        return [(shortened(visible(name), 14), stop) for name, stop in ways]
    return [("", stop) for stop in dict.fromkeys(stop for _, stop in ways)]


def _box(row: Row) -> Box:
    if isinstance(row, LineRecord):
        saved = [f"{nbytes(row.saved_nbytes)} saved"] if row.saved_nbytes else []
        names = [f"{grouped(count)} {name}" for name, count in row.names[:3]]
        others = sum(count for _, count in row.names[3:])
        names += [counted(others, "other")] if others else []
        return Box("stack", f"{words.row_number(row)}: one line", _lines([*_place(row), *names, *saved]))
    if isinstance(row, RunRecord):
        first = row.nodes[0]
        title = f"{words.row_number(row)}: {grouped(row.repeats)} times"
        names = [node.name for node in row.nodes[:4]]
        names += [counted(len(row.nodes) - 4, "other")] if len(row.nodes) > 4 else []
        return Box("stack", title, _lines([*_place(first), *names, f"{nbytes(row.saved_nbytes)} saved"]))
    named = [f"gives {listed([visible(n) for n in row.names], 2)}"] if row.names else []
    box = Box("node", shortened(f"{grouped(row.number)} {visible(row.name)}", LONGEST), refused=row.moved)
    box.lines = _lines([*_place(row), *named])
    if row.released:
        box.lines.append("let go what it saved")
    if row.moved:
        box.lines.append(STOPS)
    box.tabs = list(_tabs(row.saved))
    return box


def _place(row: NodeRecord | LineRecord) -> list[str]:
    where, *code = words.place(row.place)
    return ["  ".join([where, *code])] if row.place is not None else []


def _lines(lines: Sequence[str]) -> list[str]:
    return [shortened(visible(line), LONGEST) for line in lines]


def _tabs(saved: Sequence[SavedRecord]) -> Iterator[tuple[str, str, bool]]:
    """Saved tensors, those first that were written over."""
    ordered = sorted(saved, key=lambda s: not s.moved)
    for s in ordered[:_MOST_SAVED]:
        facts = f"{shortened(visible(s.name), 12)} {words.shape(s.shape)} {nbytes(s.nbytes)}"
        yield s.letter, shortened(f"{facts}, v{s.version}", LONGEST + 4), s.moved
        if s.moved:
            yield "", f"written over: now v{s.now}", True
    if len(saved) > _MOST_SAVED:
        yield "", f"and {len(saved) - _MOST_SAVED} more saved", False


def _leaf(leaf: LeafRecord) -> Box:
    title = shortened(visible(words.leaf_name(leaf)), LONGEST)
    grad = f"has a gradient, {nbytes(leaf.grad_nbytes)}" if leaf.grad_nbytes else "no gradient yet"
    return Box("leaf", title, _lines(["AccumulateGrad", f"{words.shape(leaf.shape)} {leaf.dtype}", grad]))

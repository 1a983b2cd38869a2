"""Everything that one line of the user's code became."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tensorlab.jit.ir import CONSTANT, Node, Span
from tensorlab.jit.lives import Life, Lives
from tensorlab.jit.lives_ends import End
from tensorlab.jit.lives_places import Excerpt, excerpt_of
from tensorlab.jit.lives_teller import Teller
from tensorlab.jit.lives_values import Source, Step, Told, source_of
from tensorlab.jit.node_code import node_code
from tensorlab.jit.program import Program
from tensorlab.jit.text import format_node


@dataclass(frozen=True, slots=True)
class LinePart:
    """One node that the line made: as it was recorded, what passes did to it, how it ended.

    ``called`` says that the line is not its own, but one that called what made it.
    """

    text: str
    constant: bool
    called: bool
    span: Span
    steps: tuple[Step, ...]
    ends: tuple[Told, ...]
    kind: str

    def to_dict(self) -> dict[str, object]:
        return {
            "text": self.text,
            "constant": self.constant,
            "called": self.called,
            "span": self.span.to_dict(),
            "steps": [step.to_dict() for step in self.steps],
            "ends": [told.to_dict() for told in self.ends],
            "kind": self.kind,
        }


@dataclass(frozen=True, slots=True)
class LineLife:
    """A line: the nodes that it made, and how many of them ended in which way.

    ``excerpts`` are the instructions that do its work in what runs, those that stand for several lines among them.
    """

    number: int
    source: Source | None
    parts: tuple[LinePart, ...]
    excerpts: tuple[Excerpt, ...] = ()

    @property
    def kinds(self) -> dict[str, int]:
        """How many nodes ended how, the most first; constants are not counted."""
        return dict(Counter(part.kind for part in self.parts if not part.constant).most_common())

    def to_dict(self) -> dict[str, object]:
        return {
            "number": self.number,
            "source": None if self.source is None else self.source.to_dict(),
            "parts": [part.to_dict() for part in self.parts],
            "kinds": self.kinds,
            "excerpts": [excerpt.to_dict() for excerpt in self.excerpts],
        }


def lines_of(teller: Teller) -> list[int]:
    """The lines that nodes of the first graph come from, in order."""
    found: set[int] = set()
    for node in teller.lives.first_nodes.values():
        span = node.span
        while span is not None:
            found.add(span.line)
            span = span.caller
    return sorted(found)


def line_life(teller: Teller, number: int, program: Program | None = None) -> LineLife:
    """What a line became; a line that made nothing has no parts. With the program that runs, its instructions too.

    Nodes that began on an earlier line and go on in this one are among them, and what was called from it.

    Cost: with a program that of `node_code`.
    """
    parts: list[LinePart] = []
    source: Source | None = None
    for node, span, at in nodes_on(teller.lives, number):
        if source is None:
            source = source_of(Span(at.filename, number, 0, number, 0, at.function))
        parts.append(_part(teller, teller.lives.of(node.serial), span, called=at is not span))
    code = () if program is None or not parts else node_code(program, working_nodes(teller.lives, number))
    return LineLife(number, source, tuple(parts), tuple(map(excerpt_of, code)))


def nodes_on(lives: Lives, number: int) -> list[tuple[Node, Span, Span]]:
    """The nodes of the first graph that a line made, each with its place, and the place on the line."""
    found: list[tuple[Node, Span, Span]] = []
    for node in lives.first_nodes.values():
        span, at = node.span, on_line(node.span, number)
        if span is not None and at is not None:
            found.append((node, span, at))
    return found


def on_line(span: Span | None, number: int) -> Span | None:
    """A place, or one that it was called from, that is on a line."""
    while span is not None and not span.line <= number <= max(span.line, span.end_line):
        span = span.caller
    return span


def working_nodes(lives: Lives, number: int) -> frozenset[int]:
    """The nodes of the last graph that do the work of a line, by their serials: its own, and those that stand for one
    of them, as one that computed the same.
    """
    found: set[int] = set()
    for node, _, _ in nodes_on(lives, number):
        _gather(lives, lives.end(node.serial), found)
    return frozenset(found)


def _gather(lives: Lives, end: End, found: set[int]) -> None:
    for part in end.parts:
        _gather(lives, part, found)
    if end.node is None:
        return
    if end.lives:
        found.add(end.node)
    elif end.kind == "merged" and end.node in lives:
        _gather(lives, lives.end(end.node), found)


def _part(teller: Teller, life: Life, span: Span, *, called: bool) -> LinePart:
    told = teller.node(life)
    return LinePart(
        format_node(life.node, teller.names),
        life.node.kind == CONSTANT,
        called,
        span,
        tuple(step for step in told.steps if step.kind not in ("kept", "retyped")),
        told.ends,
        life.end.kind,
    )

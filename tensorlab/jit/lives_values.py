"""The life of one value, as it is told: its line of source, then a step for each pass, then where it ended."""

from __future__ import annotations

import linecache
from dataclasses import dataclass
from typing import Literal

from tensorlab.jit.ir import Span
from tensorlab.jit.lives_ends import End
from tensorlab.jit.lives_places import Place


@dataclass(frozen=True, slots=True)
class Step:
    """What one pass, or several that left it as it was, did to a value.

    ``text`` is the node before the pass, ``after`` what stands for it then; ``depth`` counts the replacements so far.
    """

    passes: tuple[str, ...]
    kind: str
    text: str
    after: str = ""
    reason: str = ""
    rule: str = ""
    location: str = ""
    depth: int = 0

    def to_dict(self) -> dict[str, object]:
        return {
            "passes": list(self.passes),
            "kind": self.kind,
            "text": self.text,
            "after": self.after,
            "reason": self.reason,
            "rule": self.rule,
            "location": self.location,
            "depth": self.depth,
        }


@dataclass(frozen=True, slots=True)
class Source:
    """The lines of the user's code that a value comes from: ``marks`` are the columns of its expression in each."""

    span: Span
    lines: tuple[tuple[int, str, int, int], ...]  # number, text, first column, column after the last

    def to_dict(self) -> dict[str, object]:
        return {**self.span.to_dict(), "lines": [list(line) for line in self.lines]}


@dataclass(frozen=True, slots=True)
class Told:
    """How a value, or one of its copies, ended: the end, in words, and its place in what runs."""

    end: End
    words: str
    place: Place | None

    def to_dict(self) -> dict[str, object]:
        place = None if self.place is None else self.place.to_dict()
        return {**self.end.to_dict(), "words": self.words, "place": place}


@dataclass(frozen=True, slots=True)
class ValueLife:
    """One value from its line of source to where it ended. ``role`` is ``node``, or what else gives a value.

    ``ends`` has one part but for what was copied; ``copies`` counts those that are not told.
    """

    name: str
    role: Literal["node", "input", "parameter"]
    text: str
    born: str
    source: Source | None
    steps: tuple[Step, ...]
    ends: tuple[Told, ...]
    kind: str
    copies: int = 0

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "role": self.role,
            "text": self.text,
            "born": self.born,
            "source": None if self.source is None else self.source.to_dict(),
            "steps": [step.to_dict() for step in self.steps],
            "ends": [told.to_dict() for told in self.ends],
            "kind": self.kind,
            "copies": self.copies,
        }


def source_of(span: Span | None) -> Source | None:
    """The lines of a span, where they can be read."""
    if span is None:
        return None
    last = max(span.line, span.end_line)
    lines: list[tuple[int, str, int, int]] = []
    for number in range(span.line, last + 1):
        text = linecache.getline(span.filename, number).rstrip("\n")
        if not text:
            continue
        first = span.column if number == span.line else len(text) - len(text.lstrip())
        end = span.end_column if number == last and span.end_column else len(text)
        lines.append((number, text, first, end))
    return Source(span, tuple(lines))

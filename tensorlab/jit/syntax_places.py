"""Where pieces of syntax stand, against the places of instructions and of nodes."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterable
from typing import Any

from tensorlab.jit.ir import Span
from tensorlab.jit.watch import Position


class Places:
    """A set of positions that can be asked whether any lies inside a piece of syntax."""

    def __init__(self, found: Iterable[Position]) -> None:
        self._sorted = sorted({(line, column, end_line, end_column) for line, end_line, column, end_column in found})

    def any_in(self, start: tuple[int, int], end: tuple[int, int]) -> bool:
        """Whether one lies between two places."""
        for at in range(bisect_left(self._sorted, (*start, 0, 0)), len(self._sorted)):
            line, column, end_line, end_column = self._sorted[at]
            if (line, column) > end:
                return False
            if (end_line, end_column) <= end:
                return True
        return False


def within(inner: Span, outer: Span) -> bool:
    """Whether one span lies in another; a span without a file is in any."""
    if outer.filename and inner.filename != outer.filename:
        return False
    start, end = (inner.line, inner.column), (inner.end_line, inner.end_column)
    return (outer.line, outer.column) <= start and end <= (outer.end_line, outer.end_column)


def start_of(node: Any) -> tuple[int, int]:
    """The first place of a piece of syntax: line, and column in bytes of UTF-8."""
    match node:
        case ast.comprehension(target=target):
            return start_of(target)
        case ast.match_case(body=body):
            return start_of(body[0])
        case _:
            return node.lineno, node.col_offset


def end_of(node: Any) -> tuple[int, int]:
    """The place behind a piece of syntax."""
    match node:
        case ast.comprehension(iter=over, ifs=ifs):
            return end_of(ifs[-1] if ifs else over)
        case ast.match_case(body=body):
            return end_of(body[-1])
        case _:
            return node.end_lineno, node.end_col_offset


def inside(position: Position, *nodes: ast.AST) -> bool:
    """Whether an instruction stands inside pieces of syntax that follow each other."""
    line, end_line, column, end_column = position
    return bool(nodes) and start_of(nodes[0]) <= (line, column) and (end_line, end_column) <= end_of(nodes[-1])


def contains(outer: Any, inner: Any) -> bool:
    """Whether one place, as `place_of` gives it, lies in another."""
    return (outer[0], outer[2]) <= (inner[0], inner[2]) and (inner[1], inner[3]) <= (outer[1], outer[3])

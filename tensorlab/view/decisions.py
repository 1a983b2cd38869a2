"""One pass as lines: what it changed, with the reason of each change, and what it left alone and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set

from tensorlab.jit.diff import DiffLine, diff
from tensorlab.jit.ir import Graph, Node, Value, walk
from tensorlab.jit.records import Decision, PassRecord
from tensorlab.jit.text import Names, format_node
from tensorlab.view.graph import name_values, own_place
from tensorlab.view.ink import MARKS
from tensorlab.view.listing import Line, brief, cap, fold
from tensorlab.view.text import counted, listed

MOST_LINES = 80
_MOST_REFUSALS = 20


def changes(record: PassRecord, names: Names, in_place: Set[int] | None = None, most: int = MOST_LINES) -> list[Line]:
    """The graph after the pass, with what went where it was; long stretches without a change are folded, and changes
    that repeat.

    Short constants are written where they are used; those that came or went are counted in a last line. ``in_place``
    are their serials in both graphs, where all values have their names already.
    """
    if in_place is None:
        in_place = name_values(record.before, names) | name_values(record.after, names)
    lines = diff(record.before, record.after, record.decisions, names)
    shown = _lines([line for line in lines if line.node not in in_place])
    constants = Counter(line.mark for line in lines if line.node in in_place and line.mark != "=")
    folded = brief(fold(shown), min(most, MOST_LINES))
    if not constants:
        return folded
    went = listed([f"{counted(count, 'constant')} {_WENT[mark]}" for mark, count in constants.items()])
    return [*folded, Line(went, sign="…")]


_WENT = {"-": "removed", "+": "added", ">": "replaced", "~": "retyped", "↕": "moved"}


def _lines(lines: Sequence[DiffLine]) -> list[Line]:
    """Each with its remark: what became of it, then the reason, told once for lines in a row that share it."""
    told = ""
    shown: list[Line] = []
    for line in lines:
        fate = _SAME.sub("", line.note).removeprefix(", ")
        if not fate and line.mark in "-+" and line.role == "node":
            fate = MARKS[line.mark].word
        why = " · ".join(filter(None, (line.reason, line.location)))
        remark = " · ".join(filter(None, (fate, why if why != told else "")))
        shown.append(Line("  " * line.depth + line.text, line.mark, remark, own_place(line.span)))
        told = why
    return shown


# A constant that another, equal one stands for: written in place, the two read the same.
_SAME = re.compile(r"(?:^|, )(\S.*?) is now \1(?=, |$)")


def refusals(record: PassRecord, names: Names) -> list[Line]:
    """What the pass considered and left as it was; the same reason at many places is told once."""
    nodes, values = _by_serial(record.after)
    grouped: dict[tuple[str, str, str], list[Decision]] = {}
    for decision in record.refusals:
        grouped.setdefault((decision.rule, decision.reason, decision.location), []).append(decision)
    lines = [_refusal(same, nodes, values, names) for same in grouped.values()]
    return cap(lines, _MOST_REFUSALS)


def _refusal(same: Sequence[Decision], nodes: dict[int, Node], values: dict[int, Value], names: Names) -> Line:
    first = same[0]
    about = [nodes[serial] for serial in first.nodes_in if serial in nodes]
    code = format_node(about[0], names) if about else first.rule
    remarks = [first.reason]
    blocker = _name(first.blocker, nodes, values, names)
    if blocker and blocker not in first.reason and blocker != code:
        remarks.append(f"because of {blocker}")
    if len(same) > 1:
        remarks.append(f"and at {counted(len(same) - 1, 'more place')}")
    where = own_place(about[0].span) if about else ""
    return Line(code, "x", " · ".join([*remarks, first.location]), where)


def _name(serial: int | None, nodes: dict[int, Node], values: dict[int, Value], names: Names) -> str:
    if serial in values:
        return names.of(values[serial])
    return format_node(nodes[serial], names) if serial in nodes else ""


def _by_serial(graph: Graph) -> tuple[dict[int, Node], dict[int, Value]]:
    nodes = {node.serial: node for node in walk(graph.block)}
    values = {value.serial: value for value in graph.inputs}
    for node in nodes.values():
        values |= {value.serial: value for value in (*node.outputs, *(p for b in node.blocks for p in b.params))}
    return nodes, values

"""How lives end: where in the last graph a node's work is done, or why it is nowhere in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from tensorlab.jit.ir import (
    CONSTANT,
    DICT_CONSTRUCT,
    FUSION_GROUP,
    LIST_CONSTRUCT,
    LIST_UNPACK,
    TUPLE_CONSTRUCT,
    TUPLE_UNPACK,
    UNINITIALIZED,
    Node,
)
from tensorlab.jit.records import Decision
from tensorlab.jit.regions import is_loop

EndKind = Literal[
    "loop",  # computed in a loop: in that of a group, or as one of its own
    "call",  # computed by a call of its op
    "view",  # nothing is computed: another look at the memory of its input
    "constant",  # a value that the graph, or a loop in it, holds
    "structure",  # a tuple, list or dict is put together, or taken apart
    "control",  # an if or a loop of the script
    "merged",  # something else that was there stands for it
    "folded",  # computed by the compiler
    "dissolved",  # an if or a loop that is no more: what was in it runs without it
    "removed",
    "several",  # copies of it ended in different ways
]
KINDS: tuple[EndKind, ...] = get_args(EndKind)
LIVING: tuple[EndKind, ...] = ("loop", "call", "view", "constant", "structure", "control")

_STRUCTURE = (TUPLE_CONSTRUCT, TUPLE_UNPACK, LIST_CONSTRUCT, LIST_UNPACK, DICT_CONSTRUCT, UNINITIALIZED)


@dataclass(frozen=True, slots=True)
class End:
    """How the life of a node ended.

    ``node`` is the node of the last graph that does its work, or the one that it was merged into or folded to;
    ``group`` the fusion group around it. ``value`` stands for what it gave. ``decision``, of the pass ``pass_name``, is
    the one that ended it, or that made what it lives on as.
    """

    kind: EndKind
    node: int | None
    group: int | None = None
    value: int | None = None
    decision: Decision | None = None
    pass_name: str = ""
    parts: tuple[End, ...] = ()

    @property
    def lives(self) -> bool:
        """Whether it is part of what runs."""
        return self.kind in LIVING or any(part.lives for part in self.parts)

    def to_dict(self) -> dict[str, object]:
        decision = self.decision
        return {
            "kind": self.kind,
            "node": self.node,
            "group": self.group,
            "value": self.value,
            "pass": self.pass_name,
            "rule": "" if decision is None else decision.rule,
            "reason": "" if decision is None else decision.reason,
            "parts": [part.to_dict() for part in self.parts],
        }


def alive(node: Node, group: Node | None) -> End:
    """The end of a node that the last graph has, alone or in a group."""
    around = None if group is None else group.serial
    return End(_work(node, group), node.serial, around)


def _work(node: Node, group: Node | None) -> EndKind:
    if node.kind == CONSTANT:
        return "constant"
    if group is not None or node.kind == FUSION_GROUP:
        return "loop"
    if node.blocks:
        return "control"
    if node.kind in _STRUCTURE:
        return "structure"
    if is_view(node):
        return "view"
    return "loop" if is_loop(node) else "call"


def is_view(node: Node) -> bool:
    """Whether what a node gives is a look at the memory of what it takes."""
    results = () if node.op is None else node.op.schema.results
    return bool(results) and all(r.alias is not None and not r.alias.writes for r in results)


def common(ends: Sequence[End], decision: Decision, pass_name: str) -> End:
    """The end of a node that several others stand for: theirs, where they end alike."""
    if len(ends) == 1:
        return ends[0]
    kind: EndKind = ends[0].kind if len({end.kind for end in ends}) == 1 else "several"
    if kind in LIVING and len({end.group for end in ends}) == 1 and ends[0].group is not None:
        return replace(ends[0], parts=tuple(ends))
    return End(kind, ends[0].node if kind in LIVING else None, None, None, decision, pass_name, tuple(ends))

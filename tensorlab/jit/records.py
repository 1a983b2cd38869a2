"""What a pass leaves behind: its decisions, and the graph before and after.

Records hold serials, not nodes: they are data, and stay true when the graph changes again.
`diff.diff` and the views make pictures of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tensorlab.jit.ir import Graph

DecisionKind = Literal["replace", "remove", "insert", "retype", "move", "refuse"]


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that a pass did, or did not do, and why.

    ``nodes_in`` became ``nodes_out`` (serials, n to m); ``values`` pairs each value that went with the one that stands
    for it now. ``copies`` pairs nodes with the copies that were made of them: one in each trip of an unrolled loop. A
    refusal did nothing to ``nodes_in``, for the sake of ``blocker`` (a node's or value's serial).
    """

    rule: str
    location: str  # "peephole.py:41"
    kind: DecisionKind
    reason: str
    nodes_in: tuple[int, ...] = ()
    nodes_out: tuple[int, ...] = ()
    values: tuple[tuple[int, int], ...] = ()
    blocker: int | None = None
    copies: tuple[tuple[int, int], ...] = ()

    @property
    def refused(self) -> bool:
        return self.kind == "refuse"

    def to_dict(self) -> dict[str, object]:
        return {
            "rule": self.rule,
            "location": self.location,
            "kind": self.kind,
            "reason": self.reason,
            "nodes_in": list(self.nodes_in),
            "nodes_out": list(self.nodes_out),
            "values": [list(pair) for pair in self.values],
            "refused": self.refused,
            "blocker": self.blocker,
            "copies": [list(pair) for pair in self.copies],
        }


@dataclass(frozen=True, slots=True)
class PassRecord:
    """One run of one pass. ``before`` and ``after`` are snapshots, and one object where nothing changed.

    ``skipped`` says why the pass did not run, and is empty if it did. ``count`` is how many rewrites there were, as a
    limit counts them: types that hang together are given in one, with a decision for each value. ``run`` is the pass's
    function.
    """

    name: str
    options: Mapping[str, Any]
    before: Graph
    after: Graph
    decisions: tuple[Decision, ...]
    seconds: float
    nodes_before: int
    nodes_after: int
    skipped: str = field(default="")
    count: int = 0
    run: Callable[..., None] | None = field(default=None, repr=False, compare=False)

    @property
    def changed(self) -> bool:
        return any(not d.refused for d in self.decisions)

    @property
    def rewrites(self) -> tuple[Decision, ...]:
        """The decisions that changed the graph."""
        return tuple(d for d in self.decisions if not d.refused)

    @property
    def refusals(self) -> tuple[Decision, ...]:
        """The decisions to leave something as it was."""
        return tuple(d for d in self.decisions if d.refused)

    def to_dict(self) -> dict[str, object]:
        """Plain data; each graph as its text, with the serials of its nodes in the order of the text."""
        from tensorlab.jit.text import Names, format_graph

        names = Names()
        return {
            "name": self.name,
            "options": {key: _plain(value) for key, value in self.options.items()},
            "before": format_graph(self.before, names=names),
            "before_nodes": [n.serial for n in self.before.nodes()],
            "after": format_graph(self.after, names=names),
            "after_nodes": [n.serial for n in self.after.nodes()],
            "rewrites": self.count,
            "decisions": [d.to_dict() for d in self.decisions],
            "seconds": self.seconds,
            "nodes_before": self.nodes_before,
            "nodes_after": self.nodes_after,
            "skipped": self.skipped,
        }


def _plain(option: Any) -> object:
    """An option as JSON can hold it: types by their text."""
    if isinstance(option, (list, tuple)):
        return [_plain(part) for part in option]  # pyright: ignore[reportUnknownVariableType]
    return option if option is None or isinstance(option, (bool, int, float, str)) else str(option)

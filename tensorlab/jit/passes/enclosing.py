"""Making a group of nodes of one block, when the order of the block's nodes allows it."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.jit import edit
from tensorlab.jit.ir import Block, Node
from tensorlab.jit.passes.order import Order
from tensorlab.jit.rewrite import Rewriter


class Enclosing:
    """Makes groups in one block, one after the other; ``order`` has each group's nodes joined already."""

    def __init__(self, rewriter: Rewriter, block: Block, order: Order) -> None:
        self._rewriter = rewriter
        self._block = block
        self._order = order
        self._units: dict[int, Sequence[Node]] = {}  # by group node: the nodes in it

    def enclose(self, group: Sequence[Node], *, rule: str, reason: str) -> Node:
        """Make the group; what stands among its nodes and needs one of them moves behind them first."""
        members = {n.serial for n in group}
        nodes = self._block.nodes
        start, end = edit.position(group[0]), edit.position(group[-1])
        among = [n for n in nodes[start:end] if n.serial not in members]
        later = [n for n in among if self._order.must_follow(self._units.get(n.serial, [n]), group)]
        for node in reversed(later):
            place = edit.position(group[-1]) + 1
            anchor = nodes[place] if place < len(nodes) else None
            self._rewriter.move(node, anchor, rule="after_group", reason="needs what a group computes")
        made = self._rewriter.enclose(group, rule=rule, reason=reason)
        self._units[made.serial] = group
        return made

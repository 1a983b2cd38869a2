"""Constant pooling: one constant for all its equals, whichever blocks they stand in.

`cse` lets an inner block take a constant of an outer one; here two blocks side by side share one too, which moves out
of the first of them for that.
"""

from __future__ import annotations

from collections.abc import Hashable

from tensorlab.jit import edit
from tensorlab.jit.ir import CONSTANT, Block, Node, walk
from tensorlab.jit.passes.cse import constant_key
from tensorlab.jit.rewrite import Pass, Rewriter


def run(rewriter: Rewriter) -> None:
    """Keep one of equal constants, across blocks."""
    first: dict[Hashable, Node] = {}
    for node in list(walk(rewriter.graph.block)):
        if node.kind != CONSTANT:
            continue
        kept = first.setdefault(constant_key(node), node)
        if kept is node:
            continue
        around = _around(kept, edit.home(node))
        if around is not None:
            reason = "an equal constant stands in another block"
            rewriter.move(kept, around, rule="pool", reason=reason)
        rewriter.replace([node], {node.output: kept.output}, rule="pool", reason="is an earlier constant")


pool = Pass("pool", run)


def _around(node: Node, block: Block) -> Node | None:
    """The outermost node around ``node`` that is not around ``block``; `None` if the block can see it as it is."""
    seen: list[Block] = []
    inner: Block | None = block
    while inner is not None:
        seen.append(inner)
        inner = None if inner.owner is None else inner.owner.owner
    home, around = edit.home(node), None
    while home not in seen and home.owner is not None:
        around = home.owner
        home = edit.home(around)
    return around

"""Which nodes of a large syntax tree are shown: those near the root, the rest counted where it hangs."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tensorlab.jit.syntax_tree import SyntaxNode, SyntaxTree

_WIDEST = 14  # children of one node, so that a long list leaves room for what is inside its first items


@dataclass(frozen=True, slots=True)
class Folded:
    """Numbers of the nodes that are shown, in the order of the text, their shown children, and what hangs unshown."""

    shown: tuple[int, ...]
    children: dict[int, list[int]]
    hidden: dict[int, int]

    @property
    def left_out(self) -> int:
        return sum(self.hidden.values())


def fold(tree: SyntaxTree, most: int, *, depth: int | None = None) -> Folded:
    """At most so many nodes, level by level from the roots; none below a ``depth``."""
    below: dict[int, list[int]] = {}
    for i, node in enumerate(tree.nodes):
        below.setdefault(node.parent, []).append(i)
    children: dict[int, list[int]] = {}
    hidden: dict[int, int] = {}
    shown: list[int] = []
    waiting = deque([-1])
    while waiting:
        at = waiting.popleft()
        found = below.get(at, [])
        room = max(0, most - len(shown))
        deep = at >= 0 and depth is not None and tree.nodes[at].depth >= depth
        kept = [] if deep else found[: min(room, _WIDEST)]
        children[at] = kept
        shown += kept
        waiting += kept
        unshown = sum(tree.nodes[i].size for i in found[len(kept) :])
        if unshown:
            hidden[at] = unshown
    return Folded(tuple(sorted(shown)), children, hidden)


def title(node: SyntaxNode) -> str:
    """``left: BinOp``."""
    return f"{node.label}: {node.kind}" if node.label else node.kind


def fields_of(node: SyntaxNode, *, whole: bool = True) -> str:
    """``id='print' ctx=Load``; the words for reading and writing a name only in the whole."""
    return " ".join(f"{name}={text}" for name, text in node.fields if whole or name != "ctx")

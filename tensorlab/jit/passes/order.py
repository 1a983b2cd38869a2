"""The order that the nodes of a block must keep: by the values they pass, and by what they write and do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tensorlab.jit.alias import AliasInfo, has_side_effect, is_random
from tensorlab.jit.ir import Block, Node, Value, walk

Groups = Mapping[int, Sequence[Node]]


class Order:
    """An edge leads from a node to each one of its block that must run after it.

    Cost: linear in the block, times the number of nodes that write, act or draw random numbers.
    """

    def __init__(self, block: Block, alias: AliasInfo) -> None:
        self._index = {n.serial: i for i, n in enumerate(block.nodes)}
        self._nodes = {n.serial: n for n in block.nodes}
        self._next: dict[int, set[int]] = {n.serial: set() for n in block.nodes}
        for node in block.nodes:
            for value in _taken(node):
                if value.producer is not None and value.producer.serial in self._next:
                    self._next[value.producer.serial].add(node.serial)
        for node in block.nodes:
            if alias.writes(node) or has_side_effect(node) or is_random(node):
                self._keep_order(node, block, alias)

    def _keep_order(self, node: Node, block: Block, alias: AliasInfo) -> None:
        for other in block.nodes:
            if other is node or not alias.conflict(node, other):
                continue
            first, second = sorted((node.serial, other.serial), key=self._index.__getitem__)
            self._next[first].add(second)

    def index(self, node: Node) -> int:
        """Where a node stood in the block."""
        return self._index[node.serial]

    def between(self, first: Sequence[Node], second: Sequence[Node], groups: Groups) -> Node | None:
        """A node outside both that must run after one of ``first`` and before one of ``second``.

        Nodes of one group run as one: what leads to one of them leads on from all.
        """
        ends = {n.serial for n in second}
        inside = ends | {n.serial for n in first}
        seen: set[int] = set()
        waiting = [s for n in first for s in self._next[n.serial] if s not in inside]
        while waiting:
            serial = waiting.pop()
            if serial in seen:
                continue
            unit = [n.serial for n in groups.get(serial, ())] or [serial]
            seen.update(unit)
            after = {s for member in unit for s in self._next[member]}
            if after & ends:
                return self._nodes[serial]
            waiting += after - inside
        return None

    def after(self, first: Sequence[Node], groups: Groups) -> set[int]:
        """Serials of all nodes that must run after one of ``first``, groups taken whole."""
        inside = {n.serial for n in first}
        seen: set[int] = set()
        waiting = [s for n in first for s in self._next[n.serial] if s not in inside]
        while waiting:
            serial = waiting.pop()
            if serial in seen:
                continue
            unit = [n.serial for n in groups.get(serial, ())] or [serial]
            seen.update(unit)
            waiting += [s for member in unit for s in self._next[member] if s not in inside]
        return seen


def _taken(node: Node) -> Iterator[Value]:
    """The values that a node takes, those that its blocks take from outside included."""
    yield from node.inputs
    for block in node.blocks:
        yield from block.results
        for inner in walk(block):
            yield from inner.inputs
            for nested in inner.blocks:
                yield from nested.results

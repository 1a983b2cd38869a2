"""The order that the nodes of a block must keep: by the values they pass, and by what they write and do.

Nodes can be joined into units that run as one. For each unit two sets are kept: what must run before it and what after
it, closed under "and what leads there"; a set is an integer with a bit for each node, so that asking for a path between
two units is one operation on a few machine words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tensorlab.jit.alias import AliasInfo, has_side_effect, is_random
from tensorlab.jit.ir import Block, Node, Value, walk


class Order:
    """What must run before what in one block.

    Cost: n²/8 bytes for n nodes; time linear in the block, times the nodes that write, act or draw random numbers. A
    join is linear in the smaller unit and in the units that know of one of the two alone, the rest constant.
    """

    def __init__(self, block: Block, alias: AliasInfo) -> None:
        self._nodes = list(block.nodes)
        self._index = {n.serial: i for i, n in enumerate(self._nodes)}
        self._unit = list(range(len(self._nodes)))  # by node: the number of its unit
        self._members = {i: 1 << i for i in self._unit}  # by unit, as are the next two
        self._before = dict.fromkeys(self._unit, 0)
        self._after = dict.fromkeys(self._unit, 0)
        edges = self._edges(alias)
        for i, previous in enumerate(edges):
            for j in previous:
                self._before[i] |= self._before[j] | 1 << j
        for i in reversed(range(len(edges))):
            for j in edges[i]:
                self._after[j] |= self._after[i] | 1 << i

    def _edges(self, alias: AliasInfo) -> list[set[int]]:
        """By node, the earlier nodes that it must run after."""
        edges: list[set[int]] = []
        for node in self._nodes:
            producers = (self._index.get(v.producer.serial) for v in _taken(node) if v.producer is not None)
            edges.append({i for i in producers if i is not None})
        for i, node in enumerate(self._nodes):
            if not alias.writes(node) and not has_side_effect(node) and not is_random(node):
                continue
            for j, other in enumerate(self._nodes):
                if i != j and alias.conflict(node, other):
                    edges[max(i, j)].add(min(i, j))
        return edges

    def index(self, node: Node) -> int:
        """Where a node stood in the block."""
        return self._index[node.serial]

    def between(self, a: Node, b: Node) -> Node | None:
        """A node that must run after one of the units of two nodes and before the other; joining them is a cycle."""
        one, two = self._unit[self.index(a)], self._unit[self.index(b)]
        among = self._after[one] & self._before[two] | self._after[two] & self._before[one]
        among &= ~(self._members[one] | self._members[two])
        return self._nodes[_lowest(among)] if among else None

    def join(self, a: Node, b: Node) -> None:
        """Let the units of two nodes be one, between which there must be no node."""
        one, two = self._unit[self.index(a)], self._unit[self.index(b)]
        if one == two:
            return
        if self._members[one].bit_count() < self._members[two].bit_count():
            one, two = two, one
        for i in _bits(self._members[two]):
            self._unit[i] = one
        members = self._members[one] | self._members.pop(two)
        befores, afters = (self._before[one], self._before.pop(two)), (self._after[one], self._after.pop(two))
        before, after = (befores[0] | befores[1]) & ~members, (afters[0] | afters[1]) & ~members
        self._members[one], self._before[one], self._after[one] = members, before, after
        # What comes after both, or before both, knows of both already: in a long line that is nearly everything.
        for unit in self._units((afters[0] ^ afters[1]) & ~members):
            self._before[unit] |= members | before
        for unit in self._units((befores[0] ^ befores[1]) & ~members):
            self._after[unit] |= members | after

    def _units(self, bits: int) -> list[int]:
        """The units of some nodes, each once."""
        units: list[int] = []
        while bits:
            units.append(self._unit[_lowest(bits)])
            bits &= ~self._members[units[-1]]
        return units

    def must_follow(self, nodes: Sequence[Node], unit: Sequence[Node]) -> bool:
        """Whether one of some nodes must run after those of a unit."""
        after = self._after[self._unit[self.index(unit[0])]]
        return any(after >> self.index(n) & 1 for n in nodes)


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _bits(bits: int) -> Iterator[int]:
    while bits:
        yield _lowest(bits)
        bits &= bits - 1


def _taken(node: Node) -> Iterator[Value]:
    """The values that a node takes, those that its blocks take from outside included."""
    yield from node.inputs
    for block in node.blocks:
        yield from block.results
        for inner in walk(block):
            yield from inner.inputs
            for nested in inner.blocks:
                yield from nested.results

"""Lifetimes: after which node of its block a value is needed no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from tensorlab.jit.alias import holds_memory
from tensorlab.jit.ir import CONSTANT, Block, Graph, Node, Value


def positions(block: Block) -> dict[int, int]:
    """The place of each node in its block, by serial."""
    return {node.serial: place for place, node in enumerate(block.nodes)}


def last_use(value: Value, order: Mapping[int, int]) -> int:
    """The place of the last node of a block that needs the value, itself or in a block inside it.

    ``order`` are the `positions` of the block. -1 where nothing takes the value, one past the end where it is given out
    of the block.
    Cost: linear in the uses, times the depth of the blocks that they are in.
    """
    last = -1
    for use in value.uses:
        node = use.user if isinstance(use.user, Node) else use.user.owner
        while node is not None and node.serial not in order:
            node = node.owner.owner if node.owner is not None else None
        last = max(last, len(order) if node is None else order[node.serial])
    return last


def deaths(graph: Graph) -> dict[int, list[Value]]:
    """By the serial of a node: the values that hold memory, were made in its block, and are not needed after it.

    Left out are constants and the graph's inputs, which others hold, and what goes by itself: at the end of the graph,
    and at the end of a loop's body, where what it carries gets its next value.
    """
    found: defaultdict[int, list[Value]] = defaultdict(list)
    _block(graph.block, found)
    return found


def _block(block: Block, found: defaultdict[int, list[Value]]) -> None:
    order = positions(block)
    end = len(order) - 1
    given = {value.serial for value in block.results}
    for value in block.params if block.owner is not None else ():
        last = last_use(value, order)
        if holds_memory(value.type) and value.serial not in given and 0 <= last < end:
            found[block.nodes[last].serial].append(value)
    for node in block.nodes:
        for inner in node.blocks:
            _block(inner, found)
        if node.kind == CONSTANT:
            continue
        for value in node.outputs:
            last = max(last_use(value, order), order[node.serial])
            goes = last == end and block.owner is None
            if holds_memory(value.type) and value.serial not in given and not goes:
                found[block.nodes[last].serial].append(value)

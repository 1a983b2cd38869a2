"""The last touch: what turned out unused goes, and the constants move to the top.

Branches and loops give results for every variable that they assign, because it is not yet known which will be used.
"""

from __future__ import annotations

from collections.abc import Iterator

from tensorlab.core.types import TensorType, general
from tensorlab.jit import edit
from tensorlab.jit.ir import (
    CONSTANT,
    DICT_CONSTRUCT,
    IF,
    LIST_CONSTRUCT,
    LOOP,
    TUPLE_CONSTRUCT,
    TUPLE_UNPACK,
    UNINITIALIZED,
    Block,
    Graph,
    Node,
    Value,
)

_BOOKKEEPING = frozenset(
    {
        *(CONSTANT, TUPLE_CONSTRUCT, TUPLE_UNPACK, LIST_CONSTRUCT, DICT_CONSTRUCT, UNINITIALIZED),
        "prim::unchecked_unwrap_optional",
    }
)


def finish(graph: Graph) -> None:
    """Take away unused results of branches and loops, unused bookkeeping, and put the constants first.

    Operations stay, used or not: removing those is a pass.
    """
    while _prune(graph.block):
        pass
    hoist_constants(graph)
    if any(map(_writes_to_list, graph.nodes())):
        _forget(graph)


def _writes_to_list(node: Node) -> bool:
    return node.op is not None and any(not isinstance(node.inputs[i].type, TensorType) for i in node.op.schema.writes)


def _forget(graph: Graph) -> None:
    """Leave of tensors' types only that they are tensors: a list that told a shape may be another by then."""
    for node in graph.nodes():
        params = [v for block in node.blocks for v in block.params]
        for value in params if node.kind == CONSTANT else [*node.outputs, *params]:
            value.type = general(value.type)


def _prune(block: Block) -> bool:
    """One sweep from the end; whether anything went."""
    changed = False
    for node in reversed(list(block.nodes)):
        if node.kind in _BOOKKEEPING and not any(v.uses for v in node.outputs):
            edit.erase(node)
            changed = True
            continue
        if node.kind in (IF, LOOP):
            changed = _prune_results(node) or changed
        for inner in node.blocks:
            changed = _prune(inner) or changed
    return changed


def _prune_results(node: Node) -> bool:
    changed = False
    for index in reversed(range(len(node.outputs))):
        same = _unchanged(node, index)
        if same is not None:  # no branch, or no turn, changes it
            edit.replace_uses(node.outputs[index], same)
            if node.kind == LOOP:
                edit.replace_uses(node.blocks[0].params[index + 1], same)
        elif node.outputs[index].uses or (node.kind == LOOP and _goes_round(node, index)):
            continue
        edit.remove_output(node, index)
        changed = True
        if node.kind == IF:
            for block in node.blocks:
                edit.remove_result(block, index)
            continue
        (body,) = node.blocks  # turn and condition stand before the values that go round
        edit.remove_result(body, index + 1)
        edit.remove_param(body, index + 1)
        edit.remove_input(node, index + 2)
    return changed


def _unchanged(node: Node, index: int) -> Value | None:
    """The value that an output always has, where that is clear: one from outside of the blocks."""
    if node.kind == IF:
        first, second = (block.results[index] for block in node.blocks)
        return first if first is second else None
    (body,) = node.blocks
    before = node.inputs[index + 2]
    return before if body.results[index + 1] in (body.params[index + 1], before) else None


def _goes_round(node: Node, index: int) -> bool:
    """Whether the body of a loop uses a value that it carries for more than to carry it on."""
    (body,) = node.blocks
    return any(use.user is not body or use.index != index + 1 for use in body.params[index + 1].uses)


def hoist_constants(graph: Graph) -> None:
    """Put the constants at the top, in the order in which they are used first; unused ones go."""
    found: dict[int, Node] = {}
    for value in _uses_in_order(graph.block):
        if value.is_constant and value.producer is not None:
            found.setdefault(value.serial, value.producer)
    _drop_constants(graph.block)
    graph.block.nodes[:0] = found.values()
    for node in found.values():
        node.owner = graph.block


def _drop_constants(block: Block) -> None:
    block.nodes[:] = [n for n in block.nodes if n.kind != CONSTANT]
    for node in block.nodes:
        for inner in node.blocks:
            _drop_constants(inner)


def _uses_in_order(block: Block) -> Iterator[Value]:
    for node in block.nodes:
        yield from node.inputs
        for inner in node.blocks:
            yield from _uses_in_order(inner)
    yield from block.results

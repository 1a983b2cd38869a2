"""The small changes that every larger one is made of; each keeps uses, owners and producers right.

`build.Builder` makes nodes with these and `rewrite.Rewriter` records what it does with them: passes call those two.
"""

from __future__ import annotations

from tensorlab.core.types import Type
from tensorlab.errors import GraphError
from tensorlab.jit.ir import Block, Node, Use, Value

_NEAR = 64  # nodes, to both sides, in which one is looked for before the others


def add_use(value: Value, user: Node | Block, index: int) -> None:
    """Note that ``user`` takes ``value`` at ``index``."""
    value.uses.append(Use(user, index))


def drop_use(value: Value, user: Node | Block, index: int) -> None:
    """Forget one use.

    Raises: `GraphError` where there is no such use.
    """
    for place, use in enumerate(value.uses):
        if use.user is user and use.index == index:
            del value.uses[place]
            return
    raise GraphError(f"value {value.serial} has no use at {index} of {describe(user)}")


def describe(user: Node | Block) -> str:
    """A node's kind and serial, or the block that a value is a result of."""
    if isinstance(user, Node):
        return f"{user.kind} (node {user.serial})"
    return "the graph's results" if user.owner is None else f"a block of {describe(user.owner)}"


def _renumber(value: Value, user: Node | Block, old: int, new: int) -> None:
    for use in value.uses:
        if use.user is user and use.index == old:
            use.index = new
            return


def insert_input(node: Node, index: int, value: Value) -> None:
    """Put an input before position ``index``."""
    _insert(node.inputs, node, index, value)


def set_input(node: Node, index: int, value: Value) -> None:
    """Exchange one input."""
    _set(node.inputs, node, index, value)


def remove_input(node: Node, index: int) -> None:
    """Take one input away."""
    _remove(node.inputs, node, index)


def insert_result(block: Block, index: int, value: Value) -> None:
    """Put a result of a block before position ``index``."""
    _insert(block.results, block, index, value)


def set_result(block: Block, index: int, value: Value) -> None:
    """Exchange one result of a block."""
    _set(block.results, block, index, value)


def set_use(use: Use, value: Value) -> None:
    """Let one place take another value."""
    if isinstance(use.user, Node):
        set_input(use.user, use.index, value)
    else:
        set_result(use.user, use.index, value)


def remove_result(block: Block, index: int) -> None:
    """Take one result of a block away."""
    _remove(block.results, block, index)


def _insert(values: list[Value], user: Node | Block, index: int, value: Value) -> None:
    if index < len(values):
        # From the far end, so that a value taken twice in a row never has two uses of one index.
        for place in reversed(range(index, len(values))):
            _renumber(values[place], user, place, place + 1)
    values.insert(index, value)
    add_use(value, user, index)


def _set(values: list[Value], user: Node | Block, index: int, value: Value) -> None:
    drop_use(values[index], user, index)
    values[index] = value
    add_use(value, user, index)


def _remove(values: list[Value], user: Node | Block, index: int) -> None:
    drop_use(values.pop(index), user, index)
    for place in range(index, len(values)):
        _renumber(values[place], user, place + 1, place)


def add_param(block: Block, type_: Type, name: str = "") -> Value:
    """Give a block one more parameter."""
    value = Value(type_, name, block=block)
    block.params.append(value)
    return value


def remove_param(block: Block, index: int) -> None:
    """Take an unused parameter of a block away.

    Raises: `GraphError` if it is used.
    """
    _check_unused(block.params[index], f"parameter {index} of {describe(block)}")
    del block.params[index]


def add_output(node: Node, type_: Type, name: str = "") -> Value:
    """Give a node one more output."""
    value = Value(type_, name, producer=node)
    node.outputs.append(value)
    return value


def remove_output(node: Node, index: int) -> None:
    """Take an unused output of a node away.

    Raises: `GraphError` if it is used.
    """
    _check_unused(node.outputs[index], f"output {index} of {describe(node)}")
    del node.outputs[index]


def _check_unused(value: Value, what: str) -> None:
    if value.uses:
        raise GraphError(f"{what} cannot be removed: {describe(value.uses[0].user)} uses it")


def add_block(node: Node) -> Block:
    """Give a node one more block."""
    block = Block(owner=node)
    node.blocks.append(block)
    return block


def position(node: Node) -> int:
    """Where a node stands in its block.

    Cost: little near to where it stood when it was asked last, else linear in the block.
    Raises: `GraphError` if it stands in none.
    """
    nodes = home(node).nodes
    try:
        return nodes.index(node, max(node.stood - _NEAR, 0), node.stood + _NEAR)
    except ValueError:
        for at, each in enumerate(nodes):
            each.stood = at
    return nodes.index(node, node.stood)


def home(node: Node) -> Block:
    """The block that a node stands in.

    Raises: `GraphError` if it stands in none.
    """
    if node.owner is None:
        raise GraphError(f"{describe(node)} stands in no block")
    return node.owner


def place(node: Node, block: Block, before: Node | None = None) -> None:
    """Put a node that stands in no block into one: before another node, or at the end."""
    if before is None:
        node.stood = len(block.nodes)
        block.nodes.append(node)
    else:
        node.stood = position(before)
        block.nodes.insert(node.stood, node)
    node.owner = block


def detach(node: Node) -> None:
    """Take a node out of its block; inputs and uses stay as they are."""
    del home(node).nodes[position(node)]
    node.owner = None


def erase(node: Node) -> None:
    """Remove a node for good, with the blocks inside it.

    Raises: `GraphError` if one of its outputs is used.
    """
    for index, value in enumerate(node.outputs):
        _check_unused(value, f"{describe(node)}, output {index},")
    detach(node)
    _drop_inputs(node)


def _drop_inputs(node: Node) -> None:
    for index, value in enumerate(node.inputs):
        drop_use(value, node, index)
    node.inputs.clear()
    for block in node.blocks:
        for index, value in enumerate(block.results):
            drop_use(value, block, index)
        block.results.clear()
        for inner in block.nodes:
            _drop_inputs(inner)


def replace_uses(old: Value, new: Value) -> None:
    """Let everything that takes ``old`` take ``new``."""
    if old is new:
        return
    for use in old.uses:
        values = use.user.inputs if isinstance(use.user, Node) else use.user.results
        values[use.index] = new
    new.uses.extend(old.uses)
    old.uses.clear()

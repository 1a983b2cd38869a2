"""Tuple lowering: tuples that are only passed from one place of a graph to another give way to their elements.

Through ifs and loops too, whose blocks then give and take the elements. A tuple that a caller passes, or is given,
stays one.
"""

from __future__ import annotations

from tensorlab.core.types import TupleType
from tensorlab.jit.build import known
from tensorlab.jit.ir import IF, LOOP, TUPLE_CONSTRUCT, TUPLE_UNPACK, Block, Node, Value, walk
from tensorlab.jit.rewrite import Pass, Rewriter

INDEX = "prim::TupleIndex"


def run(rewriter: Rewriter) -> None:
    """Take tuples apart that the graph puts together itself."""
    _block(rewriter, rewriter.graph.block)
    for node in reversed(list(walk(rewriter.graph.block))):
        if node.kind == TUPLE_CONSTRUCT and not node.output.uses:
            rewriter.remove(node, rule="dead_tuple", reason="nothing takes the tuple any more")


tuples = Pass("tuples", run)


def _block(rewriter: Rewriter, block: Block) -> None:
    for node in list(block.nodes):
        if node.kind == LOOP:
            _split(rewriter, node)  # first, so that the body sees what is in the tuples that it is given
        for inner in node.blocks:
            _block(rewriter, inner)
        if node.kind == IF:
            _split(rewriter, node)
        elif node.kind == TUPLE_UNPACK:
            _unpack(rewriter, node)
        elif node.kind == INDEX:
            _index(rewriter, node)


def _made(value: Value) -> Node | None:
    node = value.producer
    return node if node is not None and node.kind == TUPLE_CONSTRUCT else None


def _unpack(rewriter: Rewriter, node: Node) -> None:
    made = _made(node.inputs[0])
    if made is None:
        rewriter.refuse(node, rule="unpack_construct", reason=_origin(node.inputs[0]), blocker=node.inputs[0])
        return
    pairs = dict(zip(node.outputs, made.inputs, strict=True))
    rewriter.replace([node], pairs, rule="unpack_construct", reason="a tuple's elements are what it was made of")


def _index(rewriter: Rewriter, node: Node) -> None:
    value, place = node.inputs[0], known(node.inputs[1])
    if not isinstance(value.type, TupleType) or not isinstance(place, int):
        rewriter.refuse(node, rule="index_construct", reason="which element it is is not known", blocker=node.inputs[1])
        return
    if not -len(value.type.elements) <= place < len(value.type.elements):
        rewriter.refuse(node, rule="index_construct", reason="raises when it runs: the tuple has no such element")
        return
    made = _made(value)
    if made is not None:
        element, reason = made.inputs[place], "a tuple's element is what it was made of"
    else:
        unpacked = rewriter.builder_before(node).node(TUPLE_UNPACK, [value], value.type.elements)
        element, reason = unpacked.outputs[place], "an element of a tuple that is taken apart"
    rewriter.replace([node], {node.output: element}, rule="index_construct", reason=reason)


def _split(rewriter: Rewriter, node: Node) -> None:
    """Give or carry elements instead of tuples, until no tuple is left."""
    index = 0
    while index < len(node.outputs):
        if not isinstance(node.outputs[index].type, TupleType):
            index += 1
            continue
        blocker = _no_tuple(node, index)
        if blocker is not None:
            rewriter.refuse(node, rule="split", reason=f"it may be a {blocker.type}", blocker=blocker)
            index += 1
            continue
        what = "the branches give" if node.kind == IF else "the loop carries"
        rewriter.split_output(node, index, rule="split", reason=f"{what} the elements of a tuple instead of it")


def _no_tuple(node: Node, index: int) -> Value | None:
    carried = int(node.kind == LOOP)
    values = [block.results[index + carried] for block in node.blocks]
    if carried:
        values += [node.inputs[index + 2], node.blocks[0].params[index + 1]]
    output = node.outputs[index].type
    count = len(output.elements) if isinstance(output, TupleType) else 0
    for value in values:
        if not isinstance(value.type, TupleType) or len(value.type.elements) != count:
            return value
    return None


def _origin(value: Value) -> str:
    if value.producer is not None:
        return f"the tuple comes from {value.producer.kind}"
    return "the tuple is passed by the caller" if value.block and value.block.owner is None else "a block is given it"

"""Ops that are made of other ops, in a native function: their bodies, node by node.

A body is recorded as the pass `decompose` records it, for the types that are known here: of a graph's own not all are.
"""

from __future__ import annotations

from collections.abc import Callable

from tensorlab.core.types import TENSOR, ListType
from tensorlab.core.value_types import value_type
from tensorlab.jit.ir import CONSTANT, LIST_CONSTRUCT, Block, Node, Value
from tensorlab.jit.native_text import Writer
from tensorlab.jit.native_values import Place, RefusedError, Several, Thing, known, python_of
from tensorlab.jit.passes.decompose import BY_LAYOUT, LooksAtValuesError, is_composite, record_body


def write_composite(w: Writer, node: Node, args: list[Thing], block: Callable[[Block], None]) -> bool:
    """Write the body of an op that is made of others; False for any other node."""
    if not is_composite(node) or node.kind in BY_LAYOUT:
        return False
    inputs = [_value(node, a) for a in args]
    try:
        body = record_body(Node(node.kind, inputs, node.outputs, op=node.op, span=node.span))
    except LooksAtValuesError as error:
        raise RefusedError(str(error), node) from error
    w.things.update(zip((v.serial for v in body.inputs), args, strict=True))
    block(body.block)
    w.things.update(zip((v.serial for v in node.outputs), map(w.of, body.outputs), strict=True))
    return True


def _value(node: Node, thing: Thing) -> Value:
    """An input that says what is known of an argument."""
    if isinstance(thing, Place):
        return Value(thing.form.type)
    if known(thing):
        held = python_of(thing)
        return _given(CONSTANT, [], Value(value_type(held)), held)
    if isinstance(thing, Several) and thing.is_list:
        return _given(LIST_CONSTRUCT, [_value(node, p) for p in thing.parts], Value(ListType(TENSOR)), None)
    raise RefusedError("is made of other operations by a value that is not known beforehand", node)


def _given(kind: str, inputs: list[Value], output: Value, held: object) -> Value:
    attributes = {"value": held} if kind == CONSTANT else {}
    output.producer = Node(kind, inputs, [output], attributes=attributes)
    return output

"""How much a graph has to do, and which operations are little work."""

from __future__ import annotations

from tensorlab.jit.ir import CONSTANT, LIST_CONSTRUCT, TUPLE_CONSTRUCT, Graph, walk

# Pointwise operations that are an instruction or a few for each element.
ARITHMETIC = frozenset(
    (
        *("abs", "add", "addcdiv", "addcmul", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "ceil"),
        *("clamp", "clamp_max", "clamp_min", "div", "eq", "floor", "fmax", "fmin", "ge"),
        *("gt", "le", "lerp", "logical_and", "logical_not", "logical_or", "logical_xor", "lt", "maximum"),
        *("minimum", "mul", "ne", "neg", "reciprocal", "relu", "round", "rsub", "sign"),
        *("sqrt", "square", "sub", "threshold", "trunc", "where"),
    )
)
_FREE = (CONSTANT, TUPLE_CONSTRUCT, LIST_CONSTRUCT)


def work_of(graph: Graph) -> int:
    """How many nodes of a graph do something; those of a fusion group are one."""
    return sum(node.kind not in _FREE for node in walk(graph.block))

"""How much a graph has to do."""

from __future__ import annotations

from tensorlab.jit.ir import CONSTANT, LIST_CONSTRUCT, TUPLE_CONSTRUCT, Graph, walk

_FREE = (CONSTANT, TUPLE_CONSTRUCT, LIST_CONSTRUCT)


def work_of(graph: Graph) -> int:
    """How many nodes of a graph do something; those of a fusion group are one."""
    return sum(node.kind not in _FREE for node in walk(graph.block))

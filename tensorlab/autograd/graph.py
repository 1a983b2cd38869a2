"""Looking at the tape: the nodes behind a tensor."""

from __future__ import annotations

from tensorlab.autograd.node import AccumulateGrad as AccumulateGrad
from tensorlab.autograd.node import Node as Node
from tensorlab.autograd.node import OpNode as OpNode
from tensorlab.autograd.tape import Tape
from tensorlab.autograd.views import refreshed
from tensorlab.core.tensor import Tensor


def nodes(tensor: Tensor) -> list[Node]:
    """Every node behind a tensor, the youngest first; empty for one without history."""
    if not isinstance(tensor.tape, Tape):
        return []
    first = refreshed(tensor).node
    found: dict[int, Node] = {}
    stack = [] if first is None else [first]
    while stack:
        node = stack.pop()
        if id(node) not in found:
            found[id(node)] = node
            stack += [e.node for e in node.edges if e is not None]
    return sorted(found.values(), key=lambda n: -n.serial)

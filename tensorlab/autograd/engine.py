"""The backward pass: from results to leaves, each node once all that flows into it is there.

Nodes run from the youngest to the oldest of those that are ready. Nothing recurses, so that a chain may be as long as
memory holds; a node's saved tensors go as soon as it has run. All state is the call's own, so that threads may run
passes side by side.
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Sequence

from tensorlab.autograd.modes import ENABLED
from tensorlab.autograd.node import AccumulateGrad, Edge, Node
from tensorlab.core.shape import broadcast_shapes
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import GradError, ShapeError

Place = tuple[int, int]  # a node's identity and the number of one of its results

Ready = tuple[int, int, Node]  # the smallest comes first


def _turn(node: Node) -> Ready:
    """The youngest operation comes first; a leaf at once, since nobody waits for it and its gradient is held."""
    return (-node.serial or -sys.maxsize, id(node), node)


class Pass:
    """One backward pass.

    ``captured`` are the places whose gradients are asked for; with some, only nodes on the way to them run, and leaves
    that are not asked for are left alone.
    """

    def __init__(self, *, keep: bool, tracked: bool, captured: Sequence[Edge] | None = None) -> None:
        self._keep = keep
        self._tracked = tracked
        self._captured: dict[Place, Tensor | None] | None = None
        if captured is not None:
            self._captured = {(id(e.node), e.number): None for e in captured}
        self._grads: dict[int, list[Tensor | None]] = {}
        self._waiting: dict[int, int] = {}
        self._needed: set[int] | None = None

    def run(self, roots: Sequence[tuple[Edge, Tensor]]) -> dict[Place, Tensor | None]:
        """Let gradients flow from these places; gives those that were to be captured.

        Raises: `GradError` as formulas and saved tensors do.
        """
        nodes = self._count([edge.node for edge, _ in roots])
        if self._captured is not None:
            self._needed = self._on_the_way(nodes)
        ready: list[Ready] = []
        token = ENABLED.set(self._tracked)
        try:
            for edge, grad in roots:
                self._add(edge.node, edge.number, grad)
            for node in {id(e.node): e.node for e, _ in roots}.values():
                if not self._waiting.get(id(node)):
                    heapq.heappush(ready, _turn(node))
            del nodes
            while ready:
                self._step(heapq.heappop(ready)[2], ready)
        finally:
            ENABLED.reset(token)
        return self._captured or {}

    def _count(self, roots: Sequence[Node]) -> dict[int, Node]:
        """Every node that is reached, and into ``_waiting`` how many gradients each waits for."""
        waiting = self._waiting
        found = {id(n): n for n in roots}
        stack = list(found.values())
        while stack:
            for edge in stack.pop().edges:
                if edge is None:
                    continue
                node = edge[0]
                key = id(node)
                if key in waiting:
                    waiting[key] += 1
                    continue
                waiting[key] = 1
                if key not in found:
                    found[key] = node
                    stack.append(node)
        return found

    def _on_the_way(self, nodes: dict[int, Node]) -> set[int]:
        """Nodes from which a captured place is reached; older nodes come first, so one sweep is enough."""
        wanted = {node for node, _ in self._captured or ()}
        found: set[int] = set()
        for node in sorted(nodes.values(), key=lambda n: n.serial):
            if id(node) in wanted or any(e is not None and id(e.node) in found for e in node.edges):
                found.add(id(node))
        for node in _later_first(nodes, found):  # edges that lead to younger nodes: histories that were rebased
            found.add(id(node))
        # A captured node itself runs only if the way goes on behind it; what it saved is kept otherwise.
        return {id(n) for n in nodes.values() if any(e is not None and id(e.node) in found for e in n.edges)}

    def _step(self, node: Node, ready: list[Ready]) -> None:
        """Run one node, hand on what it gives, and see who is ready then."""
        key = id(node)
        grads = self._grads.pop(key, None) or [None]
        if node.tensor_hooks or node.pre_hooks:
            grads = self._hooked(node, grads)
        runs = True
        if self._captured is not None:
            self._capture(node, grads)
            runs = self._needed is not None and key in self._needed and not isinstance(node, AccumulateGrad)
        found: list[Tensor | None] | None = None
        if runs and (grads[0] is not None or any(g is not None for g in grads)):
            found = self._given(node, grads)
        del grads
        waiting = self._waiting
        for k, edge in enumerate(node.edges):
            if edge is None:
                continue
            target, number, type_ = edge
            if found is not None:
                grad, found[k] = found[k], None
                if grad is not None:
                    if grad.layout.type is not type_:
                        grad = fitted(grad, type_, node, k)
                    self._add(target, number, grad)
                    grad = None
            key = id(target)
            left = waiting[key] = waiting[key] - 1
            if left == 0:
                heapq.heappush(ready, _turn(target))

    def _given(self, node: Node, grads: list[Tensor | None]) -> list[Tensor | None]:
        """What a node gives for its edges."""
        found = list(node.apply(grads, tracked=self._tracked))
        if not self._keep:
            node.release()
        return _after(node, found, grads) if node.hooks else found

    def _add(self, node: Node, index: int, grad: Tensor) -> None:
        held = self._grads.get(id(node))
        if held is None:
            held = self._grads[id(node)] = [None] * max(len(node.outputs), index + 1)
        before = held[index]
        held[index] = grad if before is None else before + grad

    def _hooked(self, node: Node, grads: list[Tensor | None]) -> list[Tensor | None]:
        for index, hooks in (node.tensor_hooks or {}).items():
            for hook in list(hooks.values()):
                grad = grads[index] if index < len(grads) else None
                if grad is not None:
                    new = hook(grad)
                    grads[index] = grad if new is None else new
        for hook in list((node.pre_hooks or {}).values()):
            new = hook(tuple(grads))
            if new is not None:
                grads = list(new) if isinstance(new, (tuple, list)) else [new]
        return grads

    def _capture(self, node: Node, grads: list[Tensor | None]) -> None:
        if self._captured is None:
            return
        for index, grad in enumerate(grads):
            if (id(node), index) in self._captured:
                self._captured[id(node), index] = grad


def _later_first(nodes: dict[int, Node], found: set[int]) -> list[Node]:
    """Nodes that lead to what was found only through a younger node."""
    more: list[Node] = []
    changed = True
    known = set(found)
    while changed:
        changed = False
        for node in nodes.values():
            if id(node) not in known and any(e is not None and id(e.node) in known for e in node.edges):
                known.add(id(node))
                more.append(node)
                changed = True
    return more


def _after(node: Node, found: list[Tensor | None], grads: list[Tensor | None]) -> list[Tensor | None]:
    for hook in list((node.hooks or {}).values()):
        new = hook(tuple(found), tuple(grads))
        if new is not None:
            found = list(new) if isinstance(new, (tuple, list)) else [new]
    return found


def fitted(grad: Tensor, wanted: TensorType, node: Node, k: int) -> Tensor:
    """A gradient in the shape and dtype of what it is the gradient of: what broadcasting repeated is summed.

    Raises: `GradError` for a shape that does not come of it by broadcasting.
    """
    type_ = grad.layout.type
    if type_ == wanted:
        return grad
    shape = wanted.shape or ()
    if type_.shape != shape:
        grad = summed(grad, tuple(n or 0 for n in shape), f"{node.name}: gradient {k}")
    if grad.layout.dtype is not wanted.dtype and wanted.dtype is not None:
        grad = grad.to(wanted.dtype)
    return grad


def summed(grad: Tensor, shape: tuple[int, ...], what: str) -> Tensor:
    """A tensor summed over the dimensions along which a tensor of ``shape`` was repeated to give it.

    Raises: `GradError` where it was not.
    """
    own = tuple(grad.shape)
    try:
        fits = broadcast_shapes(shape, own, op="backward") == own
        smaller = not fits and broadcast_shapes(shape, own, op="backward") == shape
    except ShapeError:
        fits = smaller = False
    if smaller:  # a gradient that is the same all over
        return grad.expand(shape)
    if not fits:
        raise GradError(f"backward: {what} has shape {list(own)}, which does not come of {list(shape)} by broadcasting")
    lead = len(own) - len(shape)
    dims = tuple(range(lead))
    if dims:
        grad = grad.sum(dims)
    kept = tuple(d for d, n in enumerate(shape) if n == 1 and own[lead + d] != 1)
    return grad.sum(kept, keepdim=True) if kept else grad

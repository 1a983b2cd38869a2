"""Views on the tape: a write to a view changes its base's history, a write to the base its views'.

A base that was written to through a view gets a node `CopySlices`: what flows back to it passes outside the view's
place as it is, and inside through the operation that wrote. The history of a view is worked out anew from its base's
when it is asked for and the base was written to in between.
"""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Sequence
from typing import Any

from tensorlab.autograd.node import Edge, Grads, Node, Source, zeros_of
from tensorlab.autograd.tape import ORIGIN_NO_GRAD, ORIGIN_SEVERAL, Saved, Tape
from tensorlab.core.layout import Layout
from tensorlab.core.op import Op
from tensorlab.core.shape import is_dense, may_overlap
from tensorlab.core.tensor import Tensor
from tensorlab.errors import GradError
from tensorlab.ops.striding import as_strided_backward
from tensorlab.ops.window import window, with_window


def refreshed(tensor: Tensor) -> Tape:
    """The tensor's place on the tape; of a view whose memory was written to since, worked out from its base's."""
    tape = tensor.tape
    assert isinstance(tape, Tape)
    base = tensor.base
    if base is None or tape.version == tensor.storage().version or not isinstance(base.tape, Tape):
        return tape
    if tape.origin == ORIGIN_NO_GRAD and tape.node is None:
        return tape
    if base.tape.node is not None:
        tape.node, tape.index = ViewOfBase.of(tensor, base), 0
    tape.version = tensor.storage().version
    return tape


def source(value: Tensor | None) -> Source:
    """Where the gradient of a tensor goes, as a node keeps it: a leaf as itself; None where none is asked for."""
    tape: Any = None if value is None else value.tape
    if tape is None or value is None:
        return None
    if value.base is not None:
        tape = refreshed(value)
    node = tape.node
    if node is not None:
        return (node, tape.index, value.layout.type)
    return value if tape.wanted else None


def check_write(target: Tensor, op: Op) -> None:
    """Refuse an in-place write that history has no place for.

    Raises: `GradError`, in torch's words.
    """
    check_write_named(target, op.schema.name)


def check_write_named(target: Tensor, op: str) -> None:
    """As `check_write`, for an operation of that name."""
    tape = target.tape
    if isinstance(tape, Tape) and tape.wanted:
        raise GradError(f"{op}: a leaf Variable that requires grad is being used in an in-place operation.")
    base = target.base
    if base is None:
        return
    if isinstance(base.tape, Tape) and base.tape.wanted:
        raise GradError(f"{op}: a view of a leaf Variable that requires grad is being used in an in-place operation.")
    if not isinstance(tape, Tape):
        return
    if tape.origin == ORIGIN_NO_GRAD:
        raise GradError(
            f"{op}: A view was created in no_grad mode and is being modified inplace with grad mode enabled. "
            "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by "
            "moving both the view and the inplace either both inside the no_grad block (if you don't want the inplace "
            "to be tracked) or both outside (if you want the inplace to be tracked)."
        )
    if tape.origin == ORIGIN_SEVERAL and tape.node is not None:
        raise GradError(
            f"{op}: Output {tape.index} of {tape.node.name} is a view and is being modified inplace. This "
            "view is the output of a function that returns multiple views. Such functions do not allow the output "
            "views to be modified inplace. You should replace the inplace operation by an out-of-place one."
        )


def rebase(target: Tensor, node: Node) -> None:
    """Make ``node`` the history of a tensor that it has written over; of a view, of its base too."""
    base = target.base
    if base is None:
        _renew(target, node, 0)
        return
    if not is_dense(base.shape, base.strides):
        raise GradError(
            f"backward: a view of a tensor with gaps was written to: shape {tuple(base.shape)}, strides "
            f"{base.strides}; clone() the tensor first"
        )
    new = not isinstance(base.tape, Tape)
    before = None if new else _edge(base)
    copied = CopySlices(base, before, target.layout, target.offset - base.offset, node)
    _renew(base, copied, 0)
    _renew(target, ViewOfBase.of(target, base), 0)
    if new:
        _enter_views(base, but=target)


def _renew(tensor: Tensor, node: Node, index: int) -> None:
    old = tensor.tape
    tape = tensor.tape = Tape(node, index)
    tape.version = tensor.storage().version
    if isinstance(old, Tape):
        tape.grad, tape.retains = old.grad, old.retains


def _edge(tensor: Tensor) -> Edge | None:
    from tensorlab.autograd.record import edge

    return edge(tensor)


def _enter_views(base: Tensor, *, but: Tensor) -> None:
    """Give the other views of a base that had no history until now a place on the tape.

    A base does not know its views. How many there are, the references to their storage tell: hardly ever any, and only
    then are they looked for.
    """
    if sys.getrefcount(base.storage()) <= _REFERENCES:
        return
    for other in gc.get_referrers(base):
        if isinstance(other, Tensor) and other is not but and other.base is base and other.tape is None:
            other.tape = Tape(ViewOfBase.of(other, base))
            other.tape.version = base.storage().version


_REFERENCES = 3  # the base's and the view's, and that of the count itself


class ViewOfBase(Node):
    """A view, seen as a window on its base: its history where the base was written to after the view was made."""

    __slots__ = ("_offset", "_place", "_whole")

    def __init__(self, base: Edge | None, whole: Layout, place: Layout, offset: int) -> None:
        super().__init__("AsStridedBackward0", (base,), None)
        self.outputs = (place.type,)
        self._place = place
        self._offset = offset
        self._whole = whole

    @classmethod
    def of(cls, view: Tensor, base: Tensor) -> ViewOfBase:
        """The node of a view whose base has a history."""
        return cls(_edge(base), base.layout, view.layout, view.offset - base.offset)

    def apply(self, grads: Grads, *, tracked: bool) -> Sequence[Tensor | None]:
        (grad,) = grads
        if grad is None:
            return (None,)
        place, whole = self._place, self._whole
        if may_overlap(place.shape, place.strides):  # an element of the base that is seen several times gets the sum
            seen = (tuple(place.shape), place.strides, self._offset)
            return (as_strided_backward.call((grad, *seen, tuple(whole.shape), whole.strides, 0, False)),)
        return (into_window(None, grad, whole, place, self._offset),)


class CopySlices(Node):
    """A base that was written to through a view: ``inner`` is the operation that wrote."""

    __slots__ = ("_inner", "_offset", "_place", "_whole")

    def __init__(self, base: Tensor, before: Edge | None, place: Layout, offset: int, inner: Node) -> None:
        rest = inner.edges[1:]
        super().__init__("CopySlices", (before, *rest), inner.place)
        self.outputs = (base.type,)
        self._inner = inner
        self._place = place
        self._offset = offset
        self._whole = base.layout
        # Of the operation's first edge only matters whether its gradient is asked for: where it goes is done here.
        inner.edges = (None if before is None else Edge(before.node, before.number, place.type), *rest)
        inner.writer = weakref.ref(self)

    def apply(self, grads: Grads, *, tracked: bool) -> Sequence[Tensor | None]:
        (grad,) = grads
        if grad is None:
            return [None] * len(self.edges)
        size, stride = tuple(self._place.shape), self._place.strides
        part = window.call((grad, self._whole.strides, size, stride, self._offset))
        inner = list(self._inner.apply([part], tracked=tracked))
        if self.edges[0] is None:
            return [None, *inner[1:]]
        return [into_window(grad, inner[0], self._whole, self._place, self._offset), *inner[1:]]

    def written(self) -> tuple[Node, int]:
        """The history of the view as it was right after the write: what the operation saved as its result."""
        return ViewOfBase(Edge(self, 0, self._whole.type), self._whole, self._place, self._offset), 0

    def held(self) -> Sequence[tuple[str, Saved]] | None:
        return self._inner.held()

    def release(self) -> None:
        self._inner.release()


def into_window(whole: Tensor | None, part: Tensor | None, base: Layout, place: Layout, offset: int) -> Tensor:
    """A gradient of the base: ``whole`` outside the view's place (zero for None), ``part`` inside (zero for None)."""
    whole = zeros_of(base.type) if whole is None else whole
    part = zeros_of(place.type) if part is None else part
    return with_window.call((whole, part, base.strides, tuple(place.shape), place.strides, offset))

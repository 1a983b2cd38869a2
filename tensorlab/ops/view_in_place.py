"""Views that a tensor becomes itself: ``t_``, ``transpose_``, ``squeeze_``, ``unsqueeze_`` and their other names."""

from __future__ import annotations

from typing import Any

from tensorlab.core.op import Op
from tensorlab.core.reading import moves
from tensorlab.core.tensor import Tensor
from tensorlab.errors import GradError
from tensorlab.ops import movement
from tensorlab.ops.operands import as_int, as_ints
from tensorlab.ops.spellings import takes_axis


def _become(self: Tensor, name: str, op: Op, *args: Any, number: int = 1) -> Tensor:
    """Let a tensor be the view that an op gives of it; other tensors over its memory stay as they are.

    ``number`` tells the derivative from those of the same name that torch lists before it.

    Raises: `GradError` for a leaf that requires a gradient, in torch's words; `TraceError` in a trace.
    """
    moves(self, name)
    leaf: Any = self.tape
    base: Any = None if self.base is None else self.base.tape
    made = op.call((self, *args))
    if made.requires_grad and (leaf.wanted or (base is not None and base.wanted)):
        what = "a leaf" if leaf.wanted else "a view of a leaf"
        raise GradError(f"{name}: {what} Variable that requires grad is being used in an in-place operation.")
    self.layout, self.offset, self.address = made.layout, made.offset, made.address
    self.written()
    if made.requires_grad:
        place: Any = made.tape
        place.grad, place.retains = leaf.grad, leaf.retains
        place.node.called = f"{name.rstrip('_').capitalize()}Backward{number}"
        place.version = self.storage().version
        self.tape = place
    return self


def t_(self: Tensor) -> Tensor:
    """Become the transpose; at most 2 dimensions."""
    return _become(self, "t_", movement.t)


def transpose_(self: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swap two dimensions."""
    return _become(self, "transpose_", movement.transpose, *as_ints((dim0, dim1), op="transpose_", name="dim0 or dim1"))


@takes_axis
def unsqueeze_(self: Tensor, dim: int) -> Tensor:
    """Gain a dimension of size 1."""
    return _become(self, "unsqueeze_", movement.unsqueeze, as_int(dim, op="unsqueeze_", name="dim"))


@takes_axis
def squeeze_(self: Tensor, dim: int | tuple[int, ...] | None = None) -> Tensor:
    """Lose dimensions of size 1: all, or those named that have it."""
    if dim is None:
        return _become(self, "squeeze_", movement.squeeze_all, number=3)
    if isinstance(dim, (tuple, list)):
        return _become(self, "squeeze_", movement.squeeze_dims, as_ints(dim, op="squeeze_", name="dim"), number=5)
    return _become(self, "squeeze_", movement.squeeze, as_int(dim, op="squeeze_", name="dim"), number=4)


METHODS: dict[str, Any] = {
    "squeeze_": squeeze_,
    "swapaxes_": transpose_,
    "swapdims_": transpose_,
    "t_": t_,
    "transpose_": transpose_,
    "unsqueeze_": unsqueeze_,
}

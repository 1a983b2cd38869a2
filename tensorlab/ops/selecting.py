"""Back from elements that were chosen along a dimension: gradients of max, median, kthvalue, mode, sort and topk."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.core.dtype import DType
from tensorlab.core.op import lookup
from tensorlab.core.shape import wrap_dim
from tensorlab.core.tensor import Tensor
from tensorlab.ops.movement import detach, unsqueeze


def put_back(g: Tensor | None, dim: int, indices: Tensor, shape: Sequence[int], *, keepdim: bool) -> Tensor | None:
    """A gradient of ``shape``: that of each chosen element where it was chosen from, else 0.

    ``keepdim`` says whether the chosen elements have the dimension still. An element that was chosen more than once
    gets the sum.
    """
    if g is None:
        return None
    indices = detach.call((indices,))
    parts: tuple[Tensor, Tensor] = (indices, g)
    if not keepdim and shape:
        at = wrap_dim(dim, len(shape), op="scatter_add")
        parts = (unsqueeze.call((indices, at)), unsqueeze.call((g, at)))
    (scatter_add,) = lookup("aten::scatter_add")
    return scatter_add.call((zeros(shape, g.dtype), dim, *parts))


def zeros(shape: Sequence[int], dtype: DType) -> Tensor:
    """A new tensor of zeros, which a trace sees being made."""
    (made,) = lookup("aten::zeros")
    return made.call((tuple(shape), dtype))


def taken(source: Tensor, dim: int, indices: Tensor) -> Tensor:
    """The elements of ``source`` at ``indices`` along a dimension."""
    (gather,) = lookup("aten::gather")
    return gather.call((source, dim, detach.call((indices,)), False))

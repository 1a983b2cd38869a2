"""Views that come several at a time: pieces along a dimension."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tensorlab.core.layout import Layout
from tensorlab.core.op import Op, declare
from tensorlab.core.shape import wrap_dim
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DimError, RangeError, ShapeError
from tensorlab.ops.joining import cat, stack
from tensorlab.ops.view_backward import slice_backward
from tensorlab.ops.view_evaluator import Place, finish_views

Pieces = list[Place]


def _cut(form: Layout, dim: int, bounds: Sequence[tuple[int, int]]) -> Pieces:
    """The pieces from and up to these indices along a dimension."""
    shape, strides = tuple(form.shape), form.strides
    step = strides[dim]
    return [((*shape[:dim], max(b - a, 0), *shape[dim + 1 :]), strides, a * step) for a, b in bounds]


def _at(form: Layout, dim: int, op: str) -> int:
    if not form.shape:
        raise DimError(f"{op}: expects at least a 1-dimensional tensor")
    return wrap_dim(dim, len(form.shape), op=op)


split = declare("split.Tensor(Tensor(a) self, int split_size, int dim=0) -> Tensor(a)[]")


@split.rule("view")
def split_view(form: Layout, split_size: int, dim: int) -> Pieces:
    """Pieces of one size, the last as large as is left."""
    at = _at(form, dim, "split")
    n = form.shape[at]
    if split_size < 0:
        raise RangeError(f"split: expects split_size be non-negative, but got split_size={split_size}")
    if split_size == 0 and n:
        raise RangeError(f"split: split_size can only be 0 if dimension size is 0, but got dimension size of {n}")
    return _cut(form, at, [(i, min(i + split_size, n)) for i in range(0, n, split_size)] if n else [(0, 0)])


split_with_sizes = declare("split_with_sizes(Tensor(a) self, int[] split_sizes, int dim=0) -> Tensor(a)[]")
split_sizes_op = declare("split.sizes(Tensor(a) self, int[] split_size, int dim=0) -> Tensor(a)[]")


@split_with_sizes.rule("view")
@split_sizes_op.rule("view")
def split_with_sizes_view(form: Layout, split_sizes: tuple[int, ...], dim: int) -> Pieces:
    """Pieces of these sizes, which sum to the dimension's."""
    at = _at(form, dim, "split_with_sizes")
    if min(split_sizes, default=0) < 0:
        raise RangeError(f"split_with_sizes: expects split_sizes have only non-negative entries, got {split_sizes}")
    if sum(split_sizes) != form.shape[at]:
        raise ShapeError(
            f"split_with_sizes: expects split_sizes to sum exactly to {form.shape[at]} (input tensor's size at "
            f"dimension {at}), but got split_sizes={list(split_sizes)}"
        )
    ends = [sum(split_sizes[:i]) for i in range(len(split_sizes) + 1)]
    return _cut(form, at, list(pairwise(ends)))


chunk = declare("chunk(Tensor(a) self, int chunks, int dim=0) -> Tensor(a)[]")


@chunk.rule("view")
def chunk_view(form: Layout, chunks: int, dim: int) -> Pieces:
    """At most ``chunks`` pieces of one size, the last as large as is left."""
    at = _at(form, dim, "chunk")
    if chunks <= 0:
        raise RangeError(f"chunk: expects `chunks` to be greater than 0, got: {chunks}")
    if not form.shape[at]:
        return _cut(form, at, [(0, 0)] * chunks)
    return split_view(form, -(-form.shape[at] // chunks), at)


tensor_split = declare("tensor_split.sections(Tensor(a) self, int sections, int dim=0) -> Tensor(a)[]")


@tensor_split.rule("view")
def tensor_split_view(form: Layout, sections: int, dim: int) -> Pieces:
    """As many pieces as asked for, sizes one apart at most, the larger first."""
    at = _at(form, dim, "tensor_split")
    if sections <= 0:
        raise RangeError(f"tensor_split: number of sections must be larger than 0, got {sections}")
    size, more = divmod(form.shape[at], sections)
    ends = [i * size + min(i, more) for i in range(sections + 1)]
    return _cut(form, at, list(pairwise(ends)))


tensor_split_at = declare("tensor_split.indices(Tensor(a) self, int[] indices, int dim=0) -> Tensor(a)[]")


@tensor_split_at.rule("view")
def tensor_split_at_view(form: Layout, indices: tuple[int, ...], dim: int) -> Pieces:
    """Pieces that begin at these indices, as slices take them."""
    at = _at(form, dim, "tensor_split")
    n = form.shape[at]
    bounds = [slice(a, b).indices(n)[:2] for a, b in pairwise([0, *indices, n])]
    return _cut(form, at, bounds)


unbind = declare("unbind.int(Tensor(a) self, int dim=0) -> Tensor(a)[]")


@unbind.rule("view")
def unbind_view(form: Layout, dim: int) -> Pieces:
    """Each index along a dimension, which goes."""
    if not form.shape:
        raise DimError("unbind: dimension specified as 0 but tensor has no dimensions")
    at = wrap_dim(dim, len(form.shape), op="unbind")
    shape, strides = tuple(form.shape), form.strides
    rest = (*shape[:at], *shape[at + 1 :]), (*strides[:at], *strides[at + 1 :])
    return [(*rest, i * strides[at]) for i in range(shape[at])]


# Derivatives ----------------------------------------------------------------------------------------------------------


@split.vjp("self")
@split_with_sizes.vjp("self")
@split_sizes_op.vjp("self")
@chunk.vjp("self")
@tensor_split.vjp("self")
def pieces_vjp(g: Sequence[Tensor], dim: int) -> Tensor:
    return cat.call((list(g), dim))


@unbind.vjp("self")
def unbind_vjp(g: Sequence[Tensor], dim: int) -> Tensor | None:
    return stack.call((list(g), dim)) if g else None


@tensor_split_at.vjp("self")
def tensor_split_at_vjp(g: Sequence[Tensor], self_type: TensorType, indices: tuple[int, ...], dim: int) -> Tensor:
    """Pieces may overlap or leave something out, so that each goes back on its own."""
    shape = self_type.sizes
    bounds = pairwise([0, *indices, shape[dim]])
    parts = [slice_backward.call((x, shape, dim, a, b, 1)) for x, (a, b) in zip(g, bounds, strict=True)]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


SEVERAL: tuple[Op, ...] = (*(split, split_with_sizes, split_sizes_op, chunk, tensor_split, tensor_split_at, unbind),)

for _op in SEVERAL:
    finish_views(_op)

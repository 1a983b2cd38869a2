"""Several tensors as one: cat, stack, and what is made of them."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.core.dtype import result_type
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op, declare
from tensorlab.core.recurring import Run, recurring
from tensorlab.core.shape import wrap_dim
from tensorlab.core.tensor import Tensor, fresh
from tensorlab.core.types import TensorType
from tensorlab.errors import ShapeError
from tensorlab.ops.copying import copy_into, copy_runner
from tensorlab.ops.create import full_of
from tensorlab.ops.movement import call_evaluator, expand, flatten, reshape, select, slice_, unsqueeze
from tensorlab.ops.view_evaluator import composed

cat = declare("cat(Tensor[] tensors, int dim=0) -> Tensor")


@cat.rule("type")
def cat_type(tensors: Sequence[TensorType], dim: int) -> TensorType:
    """Shapes are equal but for ``dim``; a tensor of shape (0,) is left out, as in torch.

    Raises: `ShapeError`, `DimError`.
    """
    if not tensors:
        raise ShapeError("cat: expected a non-empty list of Tensors")
    shapes = [(i, s) for i, a in enumerate(tensors) if (s := a.sizes) != (0,)] or [(0, (0,))]
    for i, s in shapes:
        if not s:
            raise ShapeError(f"cat: zero-dimensional tensor (at position {i}) cannot be concatenated")
    first = shapes[0][1]
    at = wrap_dim(dim, len(first), op="cat")
    for i, s in shapes:
        if len(s) != len(first):
            raise ShapeError(f"cat: tensors must have same number of dimensions: got {len(first)} and {len(s)}")
        if s[:at] != first[:at] or s[at + 1 :] != first[at + 1 :]:
            raise ShapeError(
                f"cat: sizes of tensors must match except in dimension {at}: expected {first}, got {s} for tensor "
                f"number {i} in the list"
            )
    # To cat, tensors without dimensions do not exist: all promote alike.
    dtype = result_type([a.dtype for a in tensors if a.dtype is not None])
    return TensorType(dtype, (*first[:at], sum(s[at] for _, s in shapes), *first[at + 1 :]))


def _placing(form: Layout, parts: Sequence[tuple[int, Layout, Layout, int]]) -> Run:
    """What makes a tensor of copies into place: of which tensor, its layout, that of its place, and where this begins.

    ``form`` is the result's; places begin so many elements after its first.
    """
    size = form.dtype.itemsize
    copies = [(i, copy_runner().plan([a], (), into=[own]), start * size) for i, a, own, start in parts if a.numel]
    loops = [(i, p.head, p.entry, start) for i, p, start in copies if p.entry is not None]

    def run(tensors: Sequence[Tensor], _dim: int) -> Tensor:
        result = fresh(form)
        address = result.address
        for i, head, entry, start in loops:
            entry(head, address + start, tensors[i].address)
        return result

    run.__dict__["copies"] = copies  # they own what the heads point to
    return run


@recurring(cat)
def cat_call(tensors: Sequence[Tensor], dim: int) -> Run:
    """One copy into place per tensor."""
    found = cat_type([a.type for a in tensors], dim)
    form = layout(found.dtype or tensors[0].dtype, found.sizes)
    at, start = wrap_dim(dim, len(form.shape), op="cat"), 0
    parts: list[tuple[int, Layout, Layout, int]] = []
    for i, a in enumerate(tensors):
        if tuple(a.shape) == (0,):
            continue
        parts.append((i, a.layout, layout(form.dtype, tuple(a.shape), form.strides), start * form.strides[at]))
        start += a.shape[at]
    return _placing(form, parts)


@cat.vjp("tensors")
def cat_vjp(g: Tensor, tensors_type: Sequence[TensorType], dim: int) -> list[Tensor]:
    parts: list[Tensor] = []
    start = 0
    for own in (t.sizes for t in tensors_type):
        n = 0 if own == (0,) else own[dim]
        part = slice_.call((g, dim, start, start + n, 1))
        parts.append(reshape.call((part, own)) if own == (0,) else part)
        start += n
    return parts


stack = declare("stack(Tensor[] tensors, int dim=0) -> Tensor")


@stack.rule("type")
def stack_type(tensors: Sequence[TensorType], dim: int) -> TensorType:
    """Shapes are equal; the tensors lie along a new dimension.

    Raises: `ShapeError`, `DimError`.
    """
    if not tensors:
        raise ShapeError("stack: expects a non-empty TensorList")
    first = tensors[0].sizes
    for i, a in enumerate(tensors):
        if a.sizes != first:
            raise ShapeError(
                f"stack: expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                f"{list(a.sizes)} at entry {i}"
            )
    at = wrap_dim(dim, len(first) + 1, op="stack")
    dtype = result_type([a.dtype for a in tensors if a.dtype is not None])
    return TensorType(dtype, (*first[:at], len(tensors), *first[at:]))


@recurring(stack)
def stack_call(tensors: Sequence[Tensor], dim: int) -> Run:
    """One copy into place per tensor."""
    found = stack_type([a.type for a in tensors], dim)
    form = layout(found.dtype or tensors[0].dtype, found.sizes)
    at = wrap_dim(dim, len(form.shape), op="stack")
    strides = (*form.strides[:at], *form.strides[at + 1 :])
    own = layout(form.dtype, tuple(tensors[0].shape), strides)
    return _placing(form, [(i, a.layout, own, i * form.strides[at]) for i, a in enumerate(tensors)])


@stack.vjp("tensors")
def stack_vjp(g: Tensor, dim: int) -> list[Tensor]:
    return [select.call((g, dim, i)) for i in range(g.shape[dim])]


# Made of them ---------------------------------------------------------------------------------------------------------


def _with_dims(a: Tensor, ndim: int) -> Tensor:
    """A tensor with at least so many dimensions, as `atleast_1d` and its like make it."""
    if ndim == 1 or a.ndim == 0:
        a = reshape.call((a, (1,))) if a.ndim == 0 else a
    if ndim >= 2 and a.ndim == 1:
        a = unsqueeze.call((a, 0))
    if ndim == 3 and a.ndim == 2:
        a = unsqueeze.call((a, 2))
    return a


@composed("hstack(Tensor[] tensors) -> Tensor")
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the second dimension, vectors along their first."""
    parts = [_with_dims(a, 1) for a in _some(tensors, "hstack")]
    return cat.call((parts, 0 if parts[0].ndim == 1 else 1))


@composed("vstack(Tensor[] tensors) -> Tensor")
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the first dimension, vectors as rows."""
    return cat.call(([_with_dims(a, 2) for a in _some(tensors, "vstack")], 0))


@composed("dstack(Tensor[] tensors) -> Tensor")
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the third dimension."""
    return cat.call(([_with_dims(a, 3) for a in _some(tensors, "dstack")], 2))


@composed("column_stack(Tensor[] tensors) -> Tensor")
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the second dimension, vectors as columns."""
    parts = [reshape.call((a, (a.numel(), 1))) if a.ndim < 2 else a for a in _some(tensors, "column_stack")]
    return cat.call((parts, 1))


def _some(tensors: Sequence[Tensor], op: str) -> Sequence[Tensor]:
    if not tensors:
        raise ShapeError(f"{op}: expects a non-empty TensorList")
    return tensors


block_diag = declare("block_diag(Tensor[] tensors) -> Tensor")


@block_diag.rule("type")
def block_diag_type(tensors: Sequence[TensorType]) -> TensorType:
    """Rows and columns of all blocks together; numbers and vectors are blocks of one row.

    Raises: `ShapeError` for a block of more than two dimensions.
    """
    if not tensors:
        raise ShapeError("block_diag: expects a non-empty TensorList")
    for i, a in enumerate(tensors):
        if len(a.sizes) > 2:
            raise ShapeError(f"block_diag: input tensors must have 2 or fewer dimensions. Input {i} has {len(a.sizes)}")
    blocks = [_block(a) for a in tensors]
    dtype = result_type([a.dtype for a in tensors if a.dtype is not None])
    return TensorType(dtype, (sum(r for r, _ in blocks), sum(c for _, c in blocks)))


def _block(type_: TensorType) -> tuple[int, int]:
    shape = type_.sizes
    return (1, 1) if not shape else (1, shape[0]) if len(shape) == 1 else (shape[0], shape[1])


@block_diag.rule("call")
def block_diag_call(tensors: Sequence[Tensor]) -> Tensor:
    """One copy into place per tensor; zeros elsewhere."""
    found = block_diag_type([a.type for a in tensors])
    result = full_of(found.sizes, 0, found.dtype or tensors[0].dtype)
    row = column = 0
    for a in tensors:
        rows, columns = _block(a.type)
        part = slice_.run((slice_.run((result, 0, row, row + rows, 1)), 1, column, column + columns, 1))
        copy_into(part, reshape.run((a, (rows, columns))))
        row, column = row + rows, column + columns
    return result


@block_diag.vjp("tensors")
def block_diag_vjp(g: Tensor, tensors_type: Sequence[TensorType]) -> list[Tensor]:
    parts: list[Tensor] = []
    row = column = 0
    for type_ in tensors_type:
        rows, columns = _block(type_)
        part = slice_.call((slice_.call((g, 0, row, row + rows, 1)), 1, column, column + columns, 1))
        parts.append(reshape.call((part, type_.sizes)))
        row, column = row + rows, column + columns
    return parts


call_evaluator(block_diag)


@composed("meshgrid.indexing(Tensor(a)[] tensors, *, str indexing) -> Tensor(a)[]")
def meshgrid(tensors: Sequence[Tensor], indexing: str) -> list[Tensor]:
    """Each vector as a view that varies along its own dimension alone; with ``"xy"`` the first two change places."""
    dims = list(range(len(tensors)))
    if indexing == "xy" and len(dims) > 1:
        dims[:2] = [1, 0]
    shape = [0] * len(dims)
    for a, d in zip(tensors, dims, strict=True):
        shape[d] = a.numel()
    ones = [1] * len(dims)
    grids: list[Tensor] = []
    for a, d in zip(tensors, dims, strict=True):
        own = (*ones[:d], a.numel(), *ones[d + 1 :])
        grids.append(expand.call((reshape.call((a, own)), tuple(shape), False)))
    return grids


@composed("cartesian_prod(Tensor(a)[] tensors) -> Tensor(a)")
def cartesian_prod(tensors: Sequence[Tensor]) -> Tensor:
    """All tuples of one element of each vector, in order, one a row."""
    if len(tensors) == 1:
        return tensors[0]
    grids = meshgrid.call((list(_some(tensors, "cartesian_prod")), "ij"))
    return stack.call(([flatten.call((grid, 0, -1)) for grid in grids], 1))


JOINING: tuple[Op, ...] = (cat, stack, block_diag)

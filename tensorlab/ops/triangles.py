"""Triangles and diagonals of matrices."""

from __future__ import annotations

import math
from functools import lru_cache
from string import Template

import numpy as np

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dtype import DType, int64
from tensorlab.core.interop import borrowed
from tensorlab.core.op import Op, declare
from tensorlab.core.shape import wrap_dim
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.errors import ShapeError
from tensorlab.ops.copying import clone, contiguous, copy_into
from tensorlab.ops.create import full_of
from tensorlab.ops.movement import (
    call_evaluator,
    diagonal,
    reshape,
)
from tensorlab.ops.operands import as_dtype
from tensorlab.ops.view_evaluator import composed

# Triangles ------------------------------------------------------------------------------------------------------------

tril = declare("tril(Tensor self, int diagonal=0) -> Tensor")
triu = declare("triu(Tensor self, int diagonal=0) -> Tensor")


def _triangle(op: Op, *, lower: bool) -> None:
    name = op.name

    def triangle_type(a: TensorType, diagonal: int) -> TensorType:
        if len(a.sizes) < 2:
            raise ShapeError(f"{name}: input tensor must have at least 2 dimensions, got {len(a.sizes)}")
        return a

    def triangle_call(a: Tensor, diagonal: int) -> Tensor:
        """The elements on one side of a diagonal; zeros on the other."""
        triangle_type(a.type, diagonal)
        shape = tuple(a.shape)
        source, result = contiguous.run((a,)), empty(a.dtype, shape)
        # Columns up to `first`, counted from the diagonal, are of the lower triangle.
        first = diagonal + 1 if lower else diagonal
        reach = max(shape[-2:]) + 1
        sizes = (math.prod(shape[:-2]), *shape[-2:], min(max(first, -reach), reach))
        if result.numel():
            _triangle_loop(a.dtype.itemsize).entry(*sizes, int(lower), result.address, source.address)
        return result

    def triangle_vjp(g: Tensor, diagonal: int) -> Tensor:
        return op.call((g, diagonal))

    op.rule("type")(triangle_type)
    op.rule("call")(triangle_call)
    op.vjp("self")(triangle_vjp)


_triangle(tril, lower=True)
_triangle(triu, lower=False)

_INTEGERS = {1: "uint8", 2: "int16", 4: "int32", 8: "int64"}  # what moves elements of these sizes


@lru_cache(maxsize=4)
def _triangle_loop(itemsize: int) -> Loop:
    source = _TRIANGLE.substitute(type=_INTEGERS[itemsize])
    return compile_loop(source, "void(int64, int64, int64, int64, int64, int64, int64)", label="triangle")


_TRIANGLE = Template('''"""One side of a diagonal of (count, rows, columns), zeros on the other; elements of ${type}."""

from tensorlab.core.intrinsics import ${type}_at


def loop(count, rows, columns, first, lower, out_at, in_at):
    out = ${type}_at(out_at)
    source = ${type}_at(in_at)
    for k in range(count):
        for i in range(rows):
            edge = min(max(i + first, 0), columns)
            row = (k * rows + i) * columns
            start, stop = (0, edge) if lower else (edge, columns)
            for j in range(start):
                out[row + j] = 0
            for j in range(start, stop):
                out[row + j] = source[row + j]
            for j in range(stop, columns):
                out[row + j] = 0
''')

tril_indices = declare("tril_indices(int row, int col, int offset=0, *, ScalarType? dtype=None) -> Tensor")
triu_indices = declare("triu_indices(int row, int col, int offset=0, *, ScalarType? dtype=None) -> Tensor")


def _indices(op: Op, *, lower: bool) -> None:
    name = op.name

    def indices_type(row: int, col: int, offset: int, dtype: DType | int | None) -> TensorType:
        if row < 0 or col < 0:
            raise ShapeError(f"{name}: row and col must be non-negative, got {row} and {col}")
        below = sum(min(max(i + offset + (1 if lower else 0), 0), col) for i in range(row))
        return TensorType(as_dtype(dtype, op=name) or int64, (2, below if lower else row * col - below))

    def indices_call(row: int, col: int, offset: int, dtype: DType | int | None) -> Tensor:
        found = indices_type(row, col, offset, dtype)
        result = empty(found.dtype or int64, found.sizes)
        steps = np.arange(col)[None, :] - np.arange(row)[:, None]
        borrowed(result)[...] = np.nonzero(steps <= offset if lower else steps >= offset)
        return result

    op.rule("type")(indices_type)
    op.rule("call")(indices_call)


_indices(tril_indices, lower=True)
_indices(triu_indices, lower=False)

# Diagonals ------------------------------------------------------------------------------------------------------------

diag_embed = declare("diag_embed(Tensor self, int offset=0, int dim1=-2, int dim2=-1) -> Tensor")


@diag_embed.rule("type")
def diag_embed_type(a: TensorType, offset: int, dim1: int, dim2: int) -> TensorType:
    """The last dimension becomes a diagonal of two.

    Raises: `DimError`, `ShapeError` for one dimension named twice.
    """
    *rest, n = a.sizes or (1,)
    one, other = (wrap_dim(d, len(rest) + 2, op="diag_embed") for d in (dim1, dim2))
    if one == other:
        raise ShapeError(f"diag_embed: diagonal dimensions cannot be identical {dim1}, {dim2}")
    shape = list(rest)
    for d in sorted((one, other)):
        shape.insert(d, n + abs(offset))
    return TensorType(a.dtype, tuple(shape))


@diag_embed.rule("call")
def diag_embed_call(a: Tensor, offset: int, dim1: int, dim2: int) -> Tensor:
    if not a.ndim:
        raise ShapeError("diag_embed: takes a tensor with dimensions, got one without")
    result = full_of(diag_embed_type(a.type, offset, dim1, dim2).sizes, 0, a.dtype)
    copy_into(diagonal.run((result, offset, dim1, dim2)), a)
    return result


@diag_embed.vjp("self")
def diag_embed_vjp(g: Tensor, offset: int, dim1: int, dim2: int) -> Tensor:
    return diagonal.call((g, offset, dim1, dim2))


@composed("diag(Tensor self, int diagonal=0) -> Tensor")
def diag(a: Tensor, offset: int) -> Tensor:
    if a.ndim == 1:
        return diag_embed.call((a, offset, 0, 1))
    if a.ndim == 2:
        return clone.call((diagonal.call((a, offset, 0, 1)),))
    raise ShapeError(f"diag: supports 1D or 2D tensors, got {a.ndim}D")


@composed("diagflat(Tensor self, int offset=0) -> Tensor")
def diagflat(a: Tensor, offset: int) -> Tensor:
    return diag_embed.call((reshape.call((a, (-1,))), offset, 0, 1))


for _op in (tril, triu, tril_indices, triu_indices, diag_embed):
    call_evaluator(_op)

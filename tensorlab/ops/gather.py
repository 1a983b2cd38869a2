"""Reading by indices along a dimension: gather, index_select, take. Their derivatives are with `scatter`."""

from __future__ import annotations

import math

from tensorlab.core.op import Op, declare
from tensorlab.core.recurring import Run, recurring
from tensorlab.core.shape import broadcast_shapes, wrap_dim
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import ArgumentError, DimError, ShapeError
from tensorlab.ops import along
from tensorlab.ops.movement import expand, reshape
from tensorlab.ops.view_evaluator import call_evaluator

gather = declare("gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False) -> Tensor")


@gather.rule("type")
def gather_type(a: TensorType, dim: int, index: TensorType, sparse_grad: bool) -> TensorType:  # noqa: FBT001
    """One element for each index.

    Raises: `DTypeError`, `ShapeError`, `DimError`.
    """
    at = wrap_dim(dim, len(a.sizes), op="gather")
    if 0 not in index.sizes:
        along.check_long("gather", index.dtype)
        along.check_cells("gather", index.sizes, a.sizes, at, None)
    if sparse_grad:
        raise ArgumentError("gather: sparse_grad=True is not taken: there are no sparse tensors")
    return TensorType(a.dtype, index.shape)


@recurring(gather)
def gather_call(a: Tensor, dim: int, index: Tensor, sparse_grad: bool) -> Run:  # noqa: FBT001
    gather_type(a.type, dim, index.type, sparse_grad)
    at = wrap_dim(dim, a.ndim, op="gather")
    read = along.cells_reader("gather", a.layout, at, index.layout)
    return lambda a, _dim, index, _sparse: read(a, index)


index_select = declare("index_select(Tensor self, int dim, Tensor index) -> Tensor")


@index_select.rule("type")
def index_select_type(a: TensorType, dim: int, index: TensorType) -> TensorType:
    """As many parts along ``dim`` as indices.

    Raises: `DTypeError`, `DimError`.
    """
    shape, own = a.sizes, index.sizes
    at = wrap_dim(dim, len(shape), op="index_select")
    if len(own) > 1:
        raise DimError(f"index_select: Index is supposed to be a vector, got shape {list(own)}")
    along.check_long("index_select", index.dtype)
    n = math.prod(own)
    if not shape:
        if n != 1:
            raise ShapeError(f"index_select: Index to scalar can have only 1 value, got {n} value(s)")
        return a
    return TensorType(a.dtype, (*shape[:at], n, *shape[at + 1 :]))


@recurring(index_select)
def index_select_call(a: Tensor, dim: int, index: Tensor) -> Run:
    shape = index_select_type(a.type, dim, index.type).sizes
    at = wrap_dim(dim, a.ndim, op="index_select")
    read = along.rows_reader("index_select", a.layout, at, index.layout, shape)
    return lambda a, _dim, index: read(a, index)


take = declare("take(Tensor self, Tensor index) -> Tensor")


@take.rule("type")
def take_type(a: TensorType, index: TensorType) -> TensorType:
    along.check_long("take", index.dtype, also_int=False)
    return TensorType(a.dtype, index.shape)


@recurring(take)
def take_call(a: Tensor, index: Tensor) -> Run:
    """Elements by their row-major positions, counted from the end where below 0.

    Raises: `DimError`.
    """
    take_type(a.type, index.type)
    return lambda a, index: along.read_flat("take", a, index)


take_along_dim = declare("take_along_dim(Tensor self, Tensor indices, int? dim=None) -> Tensor")


@take_along_dim.rule("type")
def take_along_dim_type(a: TensorType, indices: TensorType, dim: int | None) -> TensorType:
    """Both broadcast apart from ``dim``; without one, both are flattened.

    Raises: `DTypeError`, `ShapeError`, `DimError`.
    """
    along.check_long("take_along_dim", indices.dtype, also_int=False)
    if dim is None:
        return TensorType(a.dtype, (math.prod(indices.sizes),))
    return TensorType(a.dtype, _aligned(a.sizes, indices.sizes, dim)[1])


def _aligned(a: tuple[int, ...], index: tuple[int, ...], dim: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes that the tensor and the indices are broadcast to."""
    if len(a) != len(index):
        raise ShapeError(
            f"take_along_dim: input and indices should have the same number of dimensions, but got {len(a)} dimensions "
            f"for input, and {len(index)} dimensions for indices"
        )
    at = wrap_dim(dim, len(a), op="take_along_dim")
    if not a:
        return a, index
    one = [1 if d == at else n for d, n in enumerate(a)], [1 if d == at else n for d, n in enumerate(index)]
    common = broadcast_shapes(*one, op="take_along_dim")
    return (*common[:at], a[at], *common[at + 1 :]), (*common[:at], index[at], *common[at + 1 :])


@take_along_dim.rule("composite")
def take_along_dim_composite(a: Tensor, indices: Tensor, dim: int | None) -> Tensor:
    take_along_dim_type(a.type, indices.type, dim)
    if dim is None:
        return gather.call((reshape.call((a, (-1,))), 0, reshape.call((indices, (-1,))), False))
    size = a.shape[wrap_dim(dim, a.ndim, op="take_along_dim")] if a.ndim else 1
    indices = indices + (indices < 0) * size  # counted from the end
    own, index = _aligned(tuple(a.shape), tuple(indices.shape), dim)
    return gather.call((expand.call((a, own, False)), dim, expand.call((indices, index, False)), False))


call_evaluator(take_along_dim)

GATHER: tuple[Op, ...] = (gather, index_select, take, take_along_dim)

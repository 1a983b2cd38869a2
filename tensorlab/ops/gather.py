"""Reading by indices along a dimension: gather, index_select, take. Their derivatives are with `scatter`."""

from __future__ import annotations

import math

from tensorlab.core.op import Op, declare
from tensorlab.core.shape import broadcast_shapes, wrap_dim
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import ArgumentError, DimError, ShapeError
from tensorlab.ops import along
from tensorlab.ops.advanced_index import as_row_major
from tensorlab.ops.movement import expand, reshape
from tensorlab.ops.view_evaluator import call_evaluator, remember

sizes = along.sizes

gather = declare("gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False) -> Tensor")


@gather.rule("type")
def gather_type(a: TensorType, dim: int, index: TensorType, sparse_grad: bool) -> TensorType:  # noqa: FBT001
    """One element for each index.

    Raises: `DTypeError`, `ShapeError`, `DimError`.
    """
    at = wrap_dim(dim, len(sizes(a)), op="gather")
    if 0 not in sizes(index):
        along.check_long("gather", index.dtype)
        along.check_cells("gather", sizes(index), sizes(a), at, None)
    if sparse_grad:
        raise ArgumentError("gather: sparse_grad=True is not taken: there are no sparse tensors")
    return TensorType(a.dtype, index.shape)


@gather.rule("call")
def gather_call(a: Tensor, dim: int, index: Tensor, sparse_grad: bool) -> Tensor:  # noqa: FBT001
    key = (a.layout, dim, index.layout, sparse_grad)
    at = gather.plans.get(key)
    if at is None:
        gather_type(a.type, dim, index.type, sparse_grad)
        at = remember(gather, key, wrap_dim(dim, a.ndim, op="gather"))
    return along.read_cells("gather", a, at, index)


index_select = declare("index_select(Tensor self, int dim, Tensor index) -> Tensor")


@index_select.rule("type")
def index_select_type(a: TensorType, dim: int, index: TensorType) -> TensorType:
    """As many parts along ``dim`` as indices.

    Raises: `DTypeError`, `DimError`.
    """
    shape, own = sizes(a), sizes(index)
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


@index_select.rule("call")
def index_select_call(a: Tensor, dim: int, index: Tensor) -> Tensor:
    key = (a.layout, dim, index.layout)
    at = index_select.plans.get(key)
    if at is None:
        index_select_type(a.type, dim, index.type)
        at = remember(index_select, key, wrap_dim(dim, a.ndim, op="index_select"))
    index, rows = as_row_major(index), along.with_dims(a)
    along.check_inside("index_select", index, at, rows.shape[at])
    result = along.read_rows(rows, at, index)
    return result if rows is a else reshape.run((result, ()))


take = declare("take(Tensor self, Tensor index) -> Tensor")


@take.rule("type")
def take_type(a: TensorType, index: TensorType) -> TensorType:
    along.check_long("take", index.dtype, also_int=False)
    return TensorType(a.dtype, index.shape)


@take.rule("call")
def take_call(a: Tensor, index: Tensor) -> Tensor:
    """Elements by their row-major positions, counted from the end where below 0.

    Raises: `DimError`.
    """
    take_type(a.type, index.type)
    index = as_row_major(index)
    check_positions("take", a, index)
    return along.read_flat(a, index)


def check_positions(op: str, a: Tensor, index: Tensor) -> None:
    """Refuse row-major positions that a tensor does not have.

    Raises: `DimError`, in torch's words.
    """
    n = a.layout.numel
    if not n and index.layout.numel:
        raise DimError(f"{op}: tried to take from an empty tensor")
    outside = along.first_outside(index, -n, n)
    if outside is not None:
        raise DimError(f"{op}: out of range: tried to access index {outside} on a tensor of {n} elements.")


take_along_dim = declare("take_along_dim(Tensor self, Tensor indices, int? dim=None) -> Tensor")


@take_along_dim.rule("type")
def take_along_dim_type(a: TensorType, indices: TensorType, dim: int | None) -> TensorType:
    """Both broadcast apart from ``dim``; without one, both are flattened.

    Raises: `DTypeError`, `ShapeError`, `DimError`.
    """
    along.check_long("take_along_dim", indices.dtype, also_int=False)
    if dim is None:
        return TensorType(a.dtype, (math.prod(sizes(indices)),))
    return TensorType(a.dtype, _aligned(sizes(a), sizes(indices), dim)[1])


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


GATHER: tuple[Op, ...] = (gather, index_select, take, take_along_dim)

for _op in GATHER:
    call_evaluator(_op)

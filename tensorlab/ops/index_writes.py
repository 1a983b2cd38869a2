"""Writing whole parts along a dimension by a vector of indices: index_add, index_copy, index_fill, index_reduce."""

from __future__ import annotations

import math

from tensorlab.core.dtype import Category, DType, int64
from tensorlab.core.interop import borrowed
from tensorlab.core.op import Op, declare
from tensorlab.core.shape import wrap_dim
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.errors import DimError, DTypeError, ShapeError
from tensorlab.ops import along
from tensorlab.ops.arithmetic import mul_number
from tensorlab.ops.copying import to
from tensorlab.ops.create import zeros_op
from tensorlab.ops.gather import index_select
from tensorlab.ops.indexed_places import as_row_major
from tensorlab.ops.movement import expand, reshape
from tensorlab.ops.scatter import REDUCTIONS, check_reduction, divide, identity, number
from tensorlab.ops.twins import folds_wide, twins


def rows_type(op: str, a: TensorType, dim: int, index: TensorType, source: TensorType, *, also_int: bool) -> TensorType:
    """The tensor's own type.

    Raises: `DTypeError`, `ShapeError`, `DimError`.
    """
    shape, own, parts = a.sizes, source.sizes, index.sizes
    at = wrap_dim(dim, len(shape), op=op)
    if len(parts) > 1:
        raise DimError(f"{op}: Index is supposed to be a vector, got shape {list(parts)}")
    along.check_long(op, index.dtype, also_int=also_int)
    if a.dtype is not source.dtype:
        names = [t.dtype.name if t.dtype else None for t in (a, source)]
        raise DTypeError(f"{op}: self ({names[0]}) and source ({names[1]}) must have the same scalar type")
    if len(own) != len(shape) or any(n != m for d, (n, m) in enumerate(zip(own, shape, strict=True)) if d != at):
        raise ShapeError(
            f"{op}: source tensor shape must match self tensor shape, excluding the specified dimension. Got "
            f"self.shape = {list(shape)} source.shape = {list(own)}"
        )
    count, given = math.prod(parts), own[at] if own else 1
    if count != given:
        raise ShapeError(
            f"{op}: Number of indices ({count}) should be equal to source.size(dim): ({given}), for dim: {at}"
        )
    return a


def _rows(op: str, target: Tensor, dim: int, index: Tensor) -> tuple[Tensor, int, Tensor]:
    """The target with a dimension at least, which one it is, and the indices, row-major."""
    at = wrap_dim(dim, target.ndim, op=op)
    target, index = along.with_dims(target), as_row_major(along.with_dims(index))
    return target, at, index


index_add = declare("index_add(Tensor self, int dim, Tensor index, Tensor source, *, Scalar alpha=1) -> Tensor")


@index_add.rule("type")
def index_add_type(a: TensorType, dim: int, index: TensorType, source: TensorType, alpha: object) -> TensorType:
    return rows_type("index_add", a, dim, index, source, also_int=True)


def index_add_body(target: Tensor, dim: int, index: Tensor, source: Tensor, alpha: float) -> None:
    """``alpha`` times parts of ``source`` added to those that the indices name."""
    if alpha != 1:
        factor = alpha if target.dtype.is_floating_point else int(alpha)
        source = to.run((mul_number.run((source, factor)), target.dtype, False, False))
    rows, at, index = _rows("index_add", target, dim, index)
    along.fold_rows(rows, "index_add", at, index, along.with_dims(source), "add")


index_add_ = twins(index_add, index_add_body)


@index_add.vjp("self")
def index_add_self_vjp(g: Tensor) -> Tensor:
    return g


@index_add.vjp("source")
def index_add_source_vjp(g: Tensor, dim: int, index: Tensor, source_type: TensorType, alpha: float) -> Tensor:
    found = reshape.call((index_select.call((g, dim, index)), source_type.shape))
    return found if alpha == 1 else mul_number.call((found, alpha))


@index_select.vjp("self")
def index_select_vjp(g: Tensor, dim: int, index: Tensor, self_type: TensorType) -> Tensor:
    zeros = zeros_op.call((self_type.shape, self_type.dtype))
    return index_add.call((zeros, dim, index, g, 1))


index_copy = declare("index_copy(Tensor self, int dim, Tensor index, Tensor source) -> Tensor")


@index_copy.rule("type")
def index_copy_type(a: TensorType, dim: int, index: TensorType, source: TensorType) -> TensorType:
    return rows_type("index_copy", a, dim, index, source, also_int=False)


def index_copy_body(target: Tensor, dim: int, index: Tensor, source: Tensor) -> None:
    """Parts of ``source`` over those that the indices name."""
    rows, at, index = _rows("index_copy", target, dim, index)
    along.write_rows("index_copy", rows, at, index, along.with_dims(source))


index_copy_ = twins(index_copy, index_copy_body)


@index_copy.vjp("self")
def index_copy_self_vjp(g: Tensor, dim: int, index: Tensor) -> Tensor:
    return index_fill.call((g, dim, index, 0))


@index_copy.vjp("source")
def index_copy_source_vjp(g: Tensor, dim: int, index: Tensor, source_type: TensorType) -> Tensor:
    return reshape.call((index_select.call((g, dim, index)), source_type.shape))


index_fill = declare("index_fill.int_Scalar(Tensor self, int dim, Tensor index, Scalar value) -> Tensor")
index_fill_tensor = declare("index_fill.int_Tensor(Tensor self, int dim, Tensor index, Tensor value) -> Tensor")


@index_fill_tensor.rule("type")
@index_fill.rule("type")
def index_fill_type(a: TensorType, dim: int, index: TensorType, value: object) -> TensorType:
    """The tensor's own type.

    Raises: `DTypeError`, `DimError`, `ShapeError` for a value with dimensions.
    """
    wrap_dim(dim, len(a.sizes), op="index_fill")
    if len(index.sizes) > 1:
        raise DimError(f"index_fill: Index is supposed to be a vector, got shape {list(index.sizes)}")
    along.check_long("index_fill", index.dtype, also_int=False)
    if isinstance(value, TensorType) and value.sizes:
        raise ShapeError(
            f"index_fill: only supports a 0-dimensional value tensor, but got tensor with {len(value.sizes)} "
            "dimension(s)."
        )
    return a


def index_fill_body(target: Tensor, dim: int, index: Tensor, value: object) -> None:
    """One number over all parts that the indices name, which may count from the end."""
    at = wrap_dim(dim, target.ndim, op="index_fill")
    source = _as_value(value, target.dtype)
    rows, index = along.with_dims(target), as_row_major(along.with_dims(index))
    n = rows.shape[at]
    shape = (*rows.shape[:at], index.layout.numel, *rows.shape[at + 1 :])
    along.write_rows("index_fill", rows, at, index, expand.run((source, shape, False)), low=-n)


def _as_value(value: object, dtype: DType) -> Tensor:
    if isinstance(value, Tensor):
        return to.run((value, dtype, False, False))
    return number(value, dtype, op="index_fill")


index_fill_ = twins(index_fill, index_fill_body, keeps_strides=True)
index_fill_tensor_ = twins(index_fill_tensor, index_fill_body, keeps_strides=True)


@index_fill_tensor.vjp("self")
@index_fill.vjp("self")
def index_fill_self_vjp(g: Tensor, dim: int, index: Tensor) -> Tensor:
    return index_fill.call((g, dim, index, 0))


@index_fill_tensor.vjp("value")
def index_fill_value_vjp(g: Tensor, dim: int, index: Tensor) -> Tensor:
    return index_select.call((g, dim, index)).sum()


index_reduce = declare(
    "index_reduce(Tensor self, int dim, Tensor index, Tensor source, str reduce, *, bool include_self=True) -> Tensor"
)


@index_reduce.rule("type")
def index_reduce_type(
    a: TensorType,
    dim: int,
    index: TensorType,
    source: TensorType,
    reduce: str,
    include_self: bool,  # noqa: FBT001
) -> TensorType:
    check_reduction("index_reduce", reduce, a.dtype)
    if reduce == "sum" or (a.dtype is not None and a.dtype.category is Category.BOOL):
        raise DTypeError("index_reduce: takes prod, mean, amax or amin of numbers")
    return rows_type("index_reduce", a, dim, index, source, also_int=True)


@folds_wide
def index_reduce_body(
    target: Tensor,
    dim: int,
    index: Tensor,
    source: Tensor,
    reduce: str,
    include_self: bool,  # noqa: FBT001
) -> None:
    """Parts of ``source`` folded into those that the indices name, or with each other where ``self`` stays out."""
    rows, at, index = _rows("index_reduce", target, dim, index)
    source = along.with_dims(source)
    shape = tuple(source.shape)
    if not include_self:
        start = number(identity(reduce, target.dtype), target.dtype, op="index_reduce")
        along.write_rows("index_reduce", rows, at, index, expand.run((start, shape, False)))
    along.write_rows("index_reduce", rows, at, index, source, REDUCTIONS[reduce])
    if reduce == "mean":
        counts = empty(int64, tuple(rows.shape))
        borrowed(counts)[...] = include_self
        ones = expand.run((number(1, int64, op="index_reduce"), shape, False))
        along.write_rows("index_reduce", counts, at, index, ones, "add")
        divide(rows, counts)


index_reduce_ = twins(index_reduce, index_reduce_body)

INDEX_WRITES: tuple[Op, ...] = (
    *(index_add, index_copy, index_fill, index_fill_tensor, index_reduce),
    *(index_add_, index_copy_, index_fill_, index_fill_tensor_, index_reduce_),
)

"""Writing by indices along a dimension, one element for each index: scatter, scatter_add, scatter_reduce, put.

Each is declared with a functional form, and has its in-place twin from `twins`. The derivatives of what reads by
indices stand here too: they write.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tensorlab.core import filling
from tensorlab.core.dtype import Category, DType, int64, limits
from tensorlab.core.interop import borrowed
from tensorlab.core.op import Op, declare
from tensorlab.core.shape import wrap_dim
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.errors import ArgumentError, DTypeError, ShapeError
from tensorlab.ops import along
from tensorlab.ops.copying import contiguous, element
from tensorlab.ops.create import zeros_op
from tensorlab.ops.gather import gather, take
from tensorlab.ops.indexed_places import as_row_major
from tensorlab.ops.joining import cat
from tensorlab.ops.movement import reshape, slice_
from tensorlab.ops.twins import folds_wide, twins


def scatter_type(a: TensorType, dim: int, index: TensorType, src: object, *_: object) -> TensorType:
    """The tensor's own type.

    Raises: `DTypeError` for indices or values of another dtype, `ShapeError`, `DimError`.
    """
    at = wrap_dim(dim, len(a.sizes), op="scatter")
    source = src if isinstance(src, TensorType) else None
    if 0 not in index.sizes:
        along.check_long("scatter", index.dtype)
    if source is not None and source.dtype is not a.dtype:
        names = f"{a.dtype.name if a.dtype else None} and {source.dtype.name if source.dtype else None}"
        raise DTypeError(f"scatter: Expected self.dtype to be equal to src.dtype, got {names}")
    if 0 not in index.sizes:
        along.check_cells("scatter", index.sizes, a.sizes, at, None if source is None else source.sizes)
    return a


def _write(target: Tensor, dim: int, index: Tensor, src: object, fold: str) -> None:
    """Written; a number stands for a tensor of it."""
    source = src if isinstance(src, Tensor) else number(src, target.dtype, op="scatter")
    at = wrap_dim(dim, target.ndim, op="scatter")
    if fold == "set":
        along.write_cells("scatter", target, at, index, source)
    else:
        along.fold_cells(target, "scatter", at, index, source, fold)


def number(value: Any, dtype: DType, *, op: str) -> Tensor:
    """A number as a tensor without dimensions.

    Raises: `RangeError` for one that the dtype does not hold.
    """
    return filling.number(element(value, dtype, op=op), dtype)


scatter = declare("scatter.src(Tensor self, int dim, Tensor index, Tensor src) -> Tensor")
scatter_value = declare("scatter.value(Tensor self, int dim, Tensor index, Scalar value) -> Tensor")
scatter_fold = declare("scatter.reduce(Tensor self, int dim, Tensor index, Tensor src, *, str reduce) -> Tensor")
scatter_value_fold = declare(
    "scatter.value_reduce(Tensor self, int dim, Tensor index, Scalar value, *, str reduce) -> Tensor"
)
scatter_add = declare("scatter_add(Tensor self, int dim, Tensor index, Tensor src) -> Tensor")

for _op in (scatter, scatter_value, scatter_fold, scatter_value_fold, scatter_add):
    _op.rule("type")(scatter_type)


def scatter_body(target: Tensor, dim: int, index: Tensor, src: object) -> None:
    """Elements of ``src``, or a number, to where the indices say."""
    _write(target, dim, index, src, "set")


def scatter_add_body(target: Tensor, dim: int, index: Tensor, src: Tensor) -> None:
    """Elements of ``src`` added to what is where the indices say."""
    _write(target, dim, index, src, "add")


def scatter_fold_body(target: Tensor, dim: int, index: Tensor, src: object, reduce: str) -> None:
    """Elements of ``src``, or a number, added to, or multiplied with, what is where the indices say.

    Raises: `ArgumentError` for another ``reduce``.
    """
    if reduce not in ("add", "multiply"):
        raise ArgumentError(f"scatter: reduce argument must be either add or multiply, got {reduce!r}")
    _write(target, dim, index, src, reduce)


scatter_ = twins(scatter, scatter_body)
scatter_value_ = twins(scatter_value, scatter_body)
scatter_fold_ = twins(scatter_fold, scatter_fold_body)
scatter_value_fold_ = twins(scatter_value_fold, scatter_fold_body)
scatter_add_ = twins(scatter_add, scatter_add_body)


@scatter_value.vjp("self")
@scatter.vjp("self")
def scatter_self_vjp(g: Tensor, dim: int, index: Tensor) -> Tensor:
    return scatter_value.call((g, dim, index, 0))


@scatter_add.vjp("self")
def scatter_add_self_vjp(g: Tensor) -> Tensor:
    return g


@scatter_add.vjp("src")
@scatter.vjp("src")
def scatter_src_vjp(g: Tensor, dim: int, index: Tensor, src_type: TensorType) -> Tensor:
    return _as_source(gather.call((g, dim, index, False)), src_type)


def _as_source(read: Tensor, src_type: TensorType) -> Tensor:
    """Gradients at the indices as those of a source that may be larger than they are."""
    for d, n in enumerate(src_type.sizes):
        missing = n - read.shape[d]
        if missing:
            shape = (*read.shape[:d], missing, *read.shape[d + 1 :])
            read = cat.call(([read, zeros_op.call((shape, read.dtype))], d))
    return read


# scatter_reduce -------------------------------------------------------------------------------------------------------

REDUCTIONS = {"sum": "add", "prod": "multiply", "mean": "add", "amax": "amax", "amin": "amin"}

scatter_reduce = declare(
    "scatter_reduce.two(Tensor self, int dim, Tensor index, Tensor src, str reduce, *, bool include_self=True)"
    " -> Tensor"
)


@scatter_reduce.rule("type")
def scatter_reduce_type(
    a: TensorType,
    dim: int,
    index: TensorType,
    src: TensorType,
    reduce: str,
    include_self: bool,  # noqa: FBT001
) -> TensorType:
    """The tensor's own type.

    Raises: as `scatter`; `ArgumentError` for another ``reduce``.
    """
    check_reduction("scatter_reduce", reduce, a.dtype)
    return scatter_type(a, dim, index, src)


def check_reduction(op: str, reduce: str, dtype: DType | None) -> None:
    """Refuse a reduction that there is not, and means of bools.

    Raises: `ArgumentError`, `DTypeError`.
    """
    if reduce not in REDUCTIONS:
        raise ArgumentError(f"{op}: reduce argument must be either sum, prod, mean, amax or amin, got {reduce!r}")
    if reduce == "mean" and dtype is not None and dtype.category is Category.BOOL:
        raise DTypeError(f"{op}: reduce='mean' is not implemented for bool")


@folds_wide
def scatter_reduce_body(
    target: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor,
    reduce: str,
    include_self: bool,  # noqa: FBT001
) -> None:
    """Elements of ``src`` folded into what is where the indices say, or with each other where ``self`` stays out."""
    at = wrap_dim(dim, target.ndim, op="scatter_reduce")
    if not index.layout.numel:
        return
    if not include_self:
        start = number(identity(reduce, target.dtype), target.dtype, op="scatter_reduce")
        along.write_cells("scatter_reduce", target, at, index, start)
    along.write_cells("scatter_reduce", target, at, index, src, REDUCTIONS[reduce])
    if reduce == "mean":
        counts = empty(int64, tuple(target.shape))
        borrowed(counts)[...] = include_self
        along.write_cells("scatter_reduce", counts, at, index, number(1, int64, op="scatter_reduce"), "add")
        divide(target, counts)


def identity(reduce: str, dtype: DType) -> float:
    """What a fold begins with."""
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    low, high = (-math.inf, math.inf) if dtype.is_floating_point else limits(dtype) if dtype.category else (0, 1)
    return low if reduce == "amax" else high


def divide(target: Tensor, counts: Tensor) -> None:
    """Sums over how many were added, as means; integers are rounded down."""
    total: Any = borrowed(target)
    many = np.maximum(borrowed(counts), 1)
    with np.errstate(all="ignore"):
        total[...] = total / many if target.dtype.is_floating_point else total // many


scatter_reduce_ = twins(scatter_reduce, scatter_reduce_body)


@scatter_reduce.vjp("self", "src")
def scatter_reduce_vjp(
    g: Tensor,
    self: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor,
    reduce: str,
    include_self: bool,  # noqa: FBT001
    result: Tensor,
) -> tuple[Tensor, Tensor]:
    """Source: the derivatives of torch's operation of the same name; a tie shares its gradient."""
    at = (dim, index)
    whole = src.type
    for d, n in enumerate(index.shape if src.ndim else ()):  # of a larger source, what is used
        src = src if src.shape[d] == n else slice_.call((src, d, 0, n, 1))
    if reduce == "sum":
        own, other = g, g.gather(*at)
    elif reduce == "mean":
        counts = (self.detach() * 0 + int(include_self)).scatter_add(*at, src.detach() * 0 + 1)
        counts = counts.masked_fill(counts == 0, 1)
        own = g / counts
        other = own.gather(*at)
    elif reduce == "prod":
        own, other = _prod_gradients(g, self, dim, index, src, include_self, result)
    else:
        best = self == result
        ties = best.to(g.dtype).scatter_add(*at, (src == result.gather(*at)).to(g.dtype))
        shared = g / ties
        own = shared.masked_fill(self != result, 0)
        other = shared.gather(*at).masked_fill(src != result.gather(*at), 0)
    return own if include_self else own.scatter(*at, 0), _as_source(other, whole)


def _prod_gradients(
    g: Tensor,
    a: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor,
    include_self: bool,  # noqa: FBT001
    result: Tensor,
) -> tuple[Tensor, Tensor]:
    """A product without one factor is the product over that factor, or is made anew where the factor is 0."""
    at = (dim, index)
    filled = a.masked_fill(a == 0, 1)
    own = g * filled.scatter_reduce(*at, src, "prod", include_self=include_self) / filled
    zero = src == 0
    count = (a.detach() * 0).scatter_add(*at, zero.to(a.dtype)).gather(*at)
    alone = zero & (count == 1)
    others = a.scatter_reduce(*at, src.masked_fill(alone, 1), "prod", include_self=include_self)
    plain = (g * result).gather(*at) / src.masked_fill(zero, 1)
    return own, (g * others).gather(*at).masked_fill(~alone, 0) + plain.masked_fill(alone, 0)


# put ------------------------------------------------------------------------------------------------------------------

put = declare("put(Tensor self, Tensor index, Tensor source, bool accumulate=False) -> Tensor")


@put.rule("type")
def put_type(a: TensorType, index: TensorType, source: TensorType, accumulate: bool) -> TensorType:  # noqa: FBT001
    """The tensor's own type.

    Raises: `DTypeError`, `ShapeError`.
    """
    along.check_long("put", index.dtype, also_int=False)
    if a.dtype is not source.dtype:
        names = [t.dtype.name if t.dtype else None for t in (a, source)]
        raise DTypeError(f"put: self and source expected to have the same dtype, got {names[0]} and {names[1]}")
    if index.numel != source.numel:
        raise ShapeError(
            f"put: Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source.numel}, index.numel() = {index.numel}"
        )
    return a


def put_body(target: Tensor, index: Tensor, source: Tensor, accumulate: bool) -> None:  # noqa: FBT001
    """Elements of ``source`` at, or added to, row-major positions of the tensor.

    Raises: `DimError`.
    """
    source = contiguous.run((source,))
    if not target.layout.numel:
        along.check_positions("put", target, as_row_major(index))
    if accumulate:
        along.fold_flat(target, "put", index, source, "add")
    else:
        along.write_flat("put", target, index, source)


put_ = twins(put, put_body, keeps_strides=True)


@put.vjp("self")
def put_self_vjp(g: Tensor, index: Tensor, accumulate: bool) -> Tensor:  # noqa: FBT001
    return g if accumulate else put.call((g, index, zeros_op.call((index.shape, g.dtype)), False))


@put.vjp("source")
def put_source_vjp(g: Tensor, index: Tensor, source_type: TensorType) -> Tensor:
    return reshape.call((take.call((g, index)), source_type.shape))


# What reads -----------------------------------------------------------------------------------------------------------


@gather.vjp("self")
def gather_vjp(g: Tensor, dim: int, index: Tensor, self_type: TensorType) -> Tensor:
    zeros = zeros_op.call((self_type.shape, self_type.dtype))
    return scatter_add.call((zeros, dim, index, g))


@take.vjp("self")
def take_vjp(g: Tensor, index: Tensor, self_type: TensorType) -> Tensor:
    zeros = zeros_op.call((self_type.shape, self_type.dtype))
    return put.call((zeros, index, g, True))


SCATTER: tuple[Op, ...] = (
    *(scatter, scatter_value, scatter_fold, scatter_value_fold, scatter_add, scatter_reduce, put),
    *(scatter_, scatter_value_, scatter_fold_, scatter_value_fold_, scatter_add_, scatter_reduce_, put_),
)

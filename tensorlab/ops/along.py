"""Reading and writing along one dimension by a tensor of indices: whole rows, or one element for each index.

These work on bytes, below autograd; ops that use them check dtypes and shapes first.
"""

from __future__ import annotations

from typing import Any

from tensorlab.core.dtype import DType, int32, int64
from tensorlab.core.index_walk import Span, Walk, first_outside, resolve, walk
from tensorlab.core.layout import Layout, layout
from tensorlab.core.shape import contiguous_strides
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.errors import DimError, DTypeError, ShapeError
from tensorlab.ops.advanced_index import as_row_major
from tensorlab.ops.movement import expand
from tensorlab.ops.twins import apart, folds_wide

LIMIT = 2048  # walks that are remembered; beyond it the table starts over
_walks: dict[object, Walk] = {}


def sizes(a: TensorType) -> tuple[int, ...]:
    """The shape of a type that knows it."""
    return tuple(n or 0 for n in a.shape or ())


def with_dims(a: Tensor) -> Tensor:
    """A tensor without dimensions as one with one dimension of size 1."""
    return a if a.layout.shape else a.as_view(layout(a.dtype, (1,)), a.offset)


def check_long(op: str, dtype: DType | None, *, also_int: bool = True) -> None:
    """Refuse indices that are no integers.

    Raises: `DTypeError`.
    """
    if dtype is not int64 and not (also_int and dtype is int32):
        takes = "dtype int32/int64" if also_int else "a long tensor"
        raise DTypeError(f"{op}: Expected {takes} for index, got {dtype.name if dtype else None}")


def check_inside(op: str, index: Tensor, dim: int, size: int, *, low: int = 0) -> None:
    """Refuse indices of row-major int64 outside a dimension.

    Raises: `DimError` with the first of them, in torch's words.
    """
    outside = first_outside(index, low, size)
    if outside is not None:
        raise DimError(f"{op}: index {outside} is out of bounds for dimension {dim} with size {size}")


def _kept(key: object, made: Walk) -> Walk:
    if len(_walks) >= LIMIT:
        _walks.clear()
    _walks[key] = made
    return made


# One element for each index -------------------------------------------------------------------------------------------


def check_cells(op: str, index: tuple[int, ...], a: tuple[int, ...], dim: int, src: tuple[int, ...] | None) -> None:
    """Indices have the tensor's number of dimensions, and outside ``dim`` its sizes at most.

    Raises: `ShapeError`, in torch's words.
    """
    index, a = index or (1,), a or (1,)
    source = index if src is None else src or (1,)
    for what, shape in (("input", a), ("src", source)):
        if len(index) != len(shape):
            raise ShapeError(f"{op}: Index tensor must have the same number of dimensions as {what} tensor")
    outside = [d for d in range(len(a)) if d != dim and index[d] > a[d]]
    if src is None and outside:
        raise ShapeError(
            f"{op}: Size does not match at dimension {outside[0]} expected index {list(index)} to be no larger than "
            f"self {list(a)} apart from dimension {dim}"
        )
    if outside or any(n > m for n, m in zip(index, source, strict=True)):
        raise ShapeError(
            f"{op}: Expected index {list(index)} to be no larger than self {list(a)} apart from dimension {dim} and to "
            f"be no larger size than src {list(source)}"
        )


def read_cells(op: str, a: Tensor, dim: int, index: Tensor) -> Tensor:
    """``out[i][j][k] = a[i][index[i][j][k]][k]`` for ``dim`` 1."""
    result = empty(a.dtype, tuple(index.shape))
    if not result.layout.numel:
        return result
    index, a, out = as_row_major(with_dims(index)), with_dims(a), with_dims(result)
    check_inside(op, index, dim, a.shape[dim])
    key = ("get", a.layout, index.layout, dim)
    found = _walks.get(key) or _kept(key, _cells("cells_get", "set", out.layout, a.layout, index.layout, dim))
    found.run(result.address, a.address, index.address)
    return result


def write_cells(op: str, target: Tensor, dim: int, index: Tensor, source: Tensor, fold: str = "set") -> None:
    """``target[i][index[i][j][k]][k] = source[i][j][k]`` for ``dim`` 1; a 0-d source is for all."""
    if not index.layout.numel:
        return
    index, target = as_row_major(with_dims(index)), with_dims(target)
    check_inside(op, index, dim, target.shape[dim])
    source = apart(source, target)
    if not source.layout.shape:
        source = expand.run((source, tuple(index.shape), False))
    key = (fold, target.layout, source.layout, index.layout, dim)
    found = _walks.get(key)
    if found is None:
        found = _kept(key, _cells("cells_put", fold, target.layout, source.layout, index.layout, dim))
    found.run(target.address, source.address, index.address)


@folds_wide
def fold_cells(target: Tensor, op: str, dim: int, index: Tensor, source: Tensor, fold: str) -> None:
    """As `write_cells`, with what is there; halves as float32."""
    write_cells(op, target, dim, index, source, fold)


def _cells(kind: str, fold: str, out: Layout, source: Layout, index: Layout, dim: int) -> Walk:
    shape = tuple(index.shape)
    before, at, after = (
        Span(shape[part], out.strides[part], source.strides[part])
        for part in (slice(dim), slice(dim, dim + 1), slice(dim + 1, None))
    )
    if kind == "cells_get":
        at, step = Span(at.shape, at.out, (0,)), source.strides[dim]
    else:
        at, step = Span(at.shape, (0,), at.source), out.strides[dim]
    return walk(kind, fold, out.dtype, before, at, after, step=step)


# Whole rows -----------------------------------------------------------------------------------------------------------


def offsets(index: Tensor, size: int, stride: int) -> Tensor:
    """Indices of row-major int64, counted from the end where below 0, as offsets in elements; checked before."""
    room = Storage.empty((index.layout.numel + 1) * int64.itemsize)
    resolve(room, index, -size, size, stride, first=True)
    return Tensor(room, layout(int64, tuple(index.shape)), 0)


def read_rows(a: Tensor, dim: int, index: Tensor) -> Tensor:
    """A copy of the parts of ``a`` at indices along ``dim``, which have been checked."""
    n = index.layout.numel
    shape = (*a.shape[:dim], n, *a.shape[dim + 1 :])
    result = empty(a.dtype, shape)
    if not result.layout.numel:
        return result
    at = offsets(index, a.shape[dim], a.strides[dim])
    key = ("rows", a.layout, n, dim)
    found = _walks.get(key) or _kept(key, _rows("rows_get", "set", result.layout, a.layout, n, dim))
    found.run(result.address, a.address, at.address)
    return result


def write_rows(target: Tensor, dim: int, index: Tensor, source: Tensor, fold: str = "set") -> None:
    """Parts of ``source`` over, or folded into, those of ``target`` at indices along ``dim``, checked before."""
    source = apart(source, target)
    if not source.layout.numel:
        return
    at = offsets(index, target.shape[dim], target.strides[dim])
    n = index.layout.numel
    key = ("put", fold, target.layout, source.layout, dim)
    found = _walks.get(key) or _kept(key, _rows("rows_put", fold, target.layout, source.layout, n, dim))
    found.run(target.address, source.address, at.address)


@folds_wide
def fold_rows(target: Tensor, dim: int, index: Tensor, source: Tensor, fold: str) -> None:
    """As `write_rows`, with what is there; halves as float32."""
    write_rows(target, dim, index, source, fold)


def _rows(kind: str, fold: str, out: Layout, source: Layout, n: int, dim: int) -> Walk:
    reads = kind == "rows_get"
    indexed, dense = (source, out) if reads else (out, source)
    shape = tuple(indexed.shape)
    before, after = (
        Span(shape[part], out.strides[part], source.strides[part]) for part in (slice(dim), slice(dim + 1, None))
    )
    step = dense.strides[dim]
    at = Span((n,), (step,), (0,)) if reads else Span((n,), (0,), (step,))
    return walk(kind, fold, out.dtype, before, at, after)


def flat_offsets(a: Layout, index: Tensor) -> Tensor:
    """Row-major positions in a tensor as offsets in elements."""
    whole = offsets(index, a.numel, 1)
    if a.is_contiguous:
        return whole
    return _unravelled(a, whole)


def _unravelled(a: Layout, whole: Tensor) -> Tensor:
    from tensorlab.core.interop import borrowed

    left: Any = borrowed(whole)
    total: Any = 0
    for n, block, stride in zip(a.shape, contiguous_strides(a.shape), a.strides, strict=True):
        total = total + left // block % n * stride
    left[...] = total
    return whole


def read_flat(a: Tensor, index: Tensor) -> Tensor:
    """A copy of the elements at row-major positions, which have been checked."""
    result = empty(a.dtype, tuple(index.shape))
    if result.layout.numel:
        at = flat_offsets(a.layout, index)
        _flat("rows_get", "set", a.dtype, index.layout.numel).run(result.address, a.address, at.address)
    return result


def write_flat(target: Tensor, index: Tensor, source: Tensor, fold: str = "set") -> None:
    """Elements of a row-major source at row-major positions of ``target``, which have been checked."""
    if index.layout.numel:
        source, at = apart(source, target), flat_offsets(target.layout, index)
        _flat("rows_put", fold, target.dtype, index.layout.numel).run(target.address, source.address, at.address)


@folds_wide
def fold_flat(target: Tensor, index: Tensor, source: Tensor, fold: str) -> None:
    """As `write_flat`, with what is there; halves as float32."""
    write_flat(target, index, source, fold)


def _flat(kind: str, fold: str, dtype: DType, n: int) -> Walk:
    key = (kind, fold, dtype, n)
    nothing = Span((), (), ())
    at = Span((n,), (1,), (0,)) if kind == "rows_get" else Span((n,), (0,), (1,))
    return _walks.get(key) or _kept(key, walk(kind, fold, dtype, nothing, at, nothing))

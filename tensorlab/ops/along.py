"""Reading and writing along one dimension by a tensor of indices: whole rows, or one element for each index.

These work on bytes, below autograd; ops that use them check dtypes and shapes first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.dtype import DType, int32, int64
from tensorlab.core.index_walk import OFFSETS, Places, Span, Walk, first_outside, walk
from tensorlab.core.interop import borrowed
from tensorlab.core.layout import Layout, layout
from tensorlab.core.shape import contiguous_strides
from tensorlab.core.short_cut import are_apart
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor, empty, fresh
from tensorlab.errors import DimError, DTypeError, ShapeError
from tensorlab.ops.copying import clone
from tensorlab.ops.indexed_places import as_row_major
from tensorlab.ops.twins import folds_wide

LIMIT = 2048  # walks that are remembered; beyond it the table starts over
_walks: dict[object, Any] = {}


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


def _kept(key: object, made: Any) -> Any:
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


def with_one(form: Layout) -> Layout:
    """A layout without dimensions as one with one of size 1."""
    return form if form.shape else layout(form.dtype, (1,))


def _row_major(index: Layout) -> Layout:
    """How the loops take indices that are laid out like this."""
    return layout(int64, tuple(index.shape) or (1,))


def run_checked(op: str, steps: Walk, out: int, source: int, index: Tensor, dim: int) -> None:
    """Walk between two addresses by row-major indices.

    Raises: `DimError` for one outside the dimension; then nothing is written.
    """
    try:
        steps.entry(steps.head, out, source, index.address)
    except RuntimeError:
        check_inside(op, index, dim, steps.places.size, low=steps.places.low)
        raise


Read = Callable[[Tensor, Tensor], Tensor]


def _reader(op: str, form: Layout, steps: Walk, index: Layout, dim: int) -> Read:
    """What reads into a new tensor of a layout, by indices that are laid out like these."""
    entry, head, plain = steps.entry, steps.head, index is _row_major(index)

    def read(a: Tensor, index: Tensor) -> Tensor:
        if not plain:
            index = as_row_major(index)
        result = fresh(form)
        try:
            entry(head, result.address, a.address, index.address)
        except RuntimeError:
            check_inside(op, index, dim, steps.places.size, low=steps.places.low)
            raise
        return result

    return read


def cells_reader(op: str, a: Layout, dim: int, index: Layout) -> Read:
    """What gives ``out[i][j][k] = a[i][index[i][j][k]][k]`` for ``dim`` 1, for tensors and indices of these layouts.

    Raises: `DimError`, when it reads, for an index out of range.
    """
    form = layout(a.dtype, tuple(index.shape))
    if not form.numel:
        return lambda _a, _index: Tensor(Storage.empty(0), form, 0)
    steps = cells_walk("cells_get", "set", with_one(form), with_one(a), _row_major(index), dim)
    return _reader(op, form, steps, index, dim)


def write_cells(op: str, target: Tensor, dim: int, index: Tensor, source: Tensor, fold: str = "set") -> None:
    """``target[i][index[i][j][k]][k] = source[i][j][k]`` for ``dim`` 1; a 0-d source is for all."""
    if not index.layout.numel:
        return
    source = source if are_apart(source, target) else clone.run((source,))
    key = (fold, target.layout, source.layout, index.layout, dim)
    steps = _walks.get(key)
    if steps is None:
        from_, at = source.layout, _row_major(index.layout)
        if not from_.shape:
            from_ = layout(from_.dtype, tuple(at.shape), (0,) * len(at.shape))
        steps = _kept(key, cells_walk("cells_put", fold, with_one(target.layout), from_, at, dim))
    run_checked(op, steps, target.address, source.address, as_row_major(index), dim)


@folds_wide
def fold_cells(target: Tensor, op: str, dim: int, index: Tensor, source: Tensor, fold: str) -> None:
    """As `write_cells`, with what is there; halves as float32."""
    write_cells(op, target, dim, index, source, fold)


def cells_walk(kind: str, fold: str, out: Layout, source: Layout, index: Layout, dim: int) -> Walk:
    """The walk by an index for each element, between layouts with dimensions."""
    shape = tuple(index.shape)
    before, at, after = (
        Span(shape[part], out.strides[part], source.strides[part])
        for part in (slice(dim), slice(dim, dim + 1), slice(dim + 1, None))
    )
    if kind == "cells_get":
        at, indexed = Span(at.shape, at.out, (0,)), source
    else:
        at, indexed = Span(at.shape, (0,), at.source), out
    places = Places(indexed.strides[dim], 0, indexed.shape[dim], index.numel)
    return walk(kind, fold, out.dtype, before, at, after, places=places)


# Whole rows -----------------------------------------------------------------------------------------------------------


def rows_reader(op: str, a: Layout, dim: int, index: Layout, shape: tuple[int, ...]) -> Read:
    """What copies the parts of a tensor at indices along ``dim`` into a new one of a shape.

    Raises: `DimError`, when it reads, for an index out of range.
    """
    form, a, n = layout(a.dtype, shape), with_one(a), index.numel
    if form.numel:
        dense = layout(a.dtype, (*a.shape[:dim], n, *a.shape[dim + 1 :]))
        return _reader(op, form, rows_walk("rows_get", "set", dense, a, n, dim), index, dim)

    def read_nothing(_a: Tensor, index: Tensor) -> Tensor:
        check_inside(op, as_row_major(index), dim, a.shape[dim])
        return Tensor(Storage.empty(0), form, 0)

    return read_nothing


def write_rows(
    op: str, target: Tensor, dim: int, index: Tensor, source: Tensor, fold: str = "set", *, low: int = 0
) -> None:
    """Parts of ``source`` over, or folded into, those of ``target`` at row-major indices along ``dim``."""
    if not source.layout.numel:
        check_inside(op, index, dim, target.shape[dim], low=low)
        return
    source = source if are_apart(source, target) else clone.run((source,))
    key = ("put", fold, target.layout, source.layout, dim, low)
    steps = _walks.get(key)
    if steps is None:
        n = index.layout.numel
        steps = _kept(key, rows_walk("rows_put", fold, target.layout, source.layout, n, dim, low=low))
    run_checked(op, steps, target.address, source.address, index, dim)


@folds_wide
def fold_rows(target: Tensor, op: str, dim: int, index: Tensor, source: Tensor, fold: str) -> None:
    """As `write_rows`, with what is there; halves as float32."""
    write_rows(op, target, dim, index, source, fold)


def rows_walk(kind: str, fold: str, out: Layout, source: Layout, n: int, dim: int, *, low: int = 0) -> Walk:
    """The walk by ``n`` indices, each of a part along a dimension."""
    reads = kind == "rows_get"
    indexed, dense = (source, out) if reads else (out, source)
    shape = tuple(indexed.shape)
    before, after = (
        Span(shape[part], out.strides[part], source.strides[part]) for part in (slice(dim), slice(dim + 1, None))
    )
    step = dense.strides[dim]
    at = Span((n,), (step,), (0,)) if reads else Span((n,), (0,), (step,))
    places = Places(indexed.strides[dim], low, shape[dim], n)
    return walk(kind, fold, out.dtype, before, at, after, places=places)


# Row-major positions --------------------------------------------------------------------------------------------------


def read_flat(op: str, a: Tensor, index: Tensor) -> Tensor:
    """A copy of the elements at row-major positions, counted from the end where below 0.

    Raises: `DimError` for a position that there is not.
    """
    form = layout(a.dtype, tuple(index.shape))
    result = fresh(form)
    if form.numel:
        _walk_flat(op, "rows_get", "set", a, index, result.address, a.address)
    return result


def write_flat(op: str, target: Tensor, index: Tensor, source: Tensor, fold: str = "set") -> None:
    """Elements of a row-major source at row-major positions of ``target``."""
    if index.layout.numel:
        source = source if are_apart(source, target) else clone.run((source,))
        _walk_flat(op, "rows_put", fold, target, index, target.address, source.address)


@folds_wide
def fold_flat(target: Tensor, op: str, index: Tensor, source: Tensor, fold: str) -> None:
    """As `write_flat`, with what is there; halves as float32."""
    write_flat(op, target, index, source, fold)


def _walk_flat(op: str, kind: str, fold: str, indexed: Tensor, index: Tensor, out: int, source: int) -> None:
    """Walk by positions in a tensor; those of one that is not row-major become offsets first."""
    form, count = indexed.layout, index.layout.numel
    key = ("flat", kind, fold, form.dtype, count, form.numel if form.is_contiguous else None)
    steps = _walks.get(key)
    if steps is None:
        at = Span((count,), (1,), (0,)) if kind == "rows_get" else Span((count,), (0,), (1,))
        places = Places(1, -form.numel, form.numel, count) if form.is_contiguous else OFFSETS
        nothing = Span((), (), ())
        steps = _kept(key, walk(kind, fold, form.dtype, nothing, at, nothing, places=places))
    index = as_row_major(index)
    if not form.is_contiguous:
        check_positions(op, indexed, index)
        index = _offsets(form, index)
    try:
        steps.run(out, source, index.address)
    except RuntimeError:
        check_positions(op, indexed, index)
        raise


def check_positions(op: str, a: Tensor, index: Tensor) -> None:
    """Refuse row-major positions that a tensor does not have.

    Raises: `DimError`, in torch's words.
    """
    n = a.layout.numel
    if not n and index.layout.numel:
        raise DimError(f"{op}: tried to take from an empty tensor")
    outside = first_outside(index, -n, n)
    if outside is not None:
        raise DimError(f"{op}: out of range: tried to access index {outside} on a tensor of {n} elements.")


def _offsets(a: Layout, index: Tensor) -> Tensor:
    """Row-major positions in a tensor as offsets in elements."""
    left: Any = borrowed(index)
    left = left + (left < 0) * a.numel
    total: Any = 0
    for n, block, stride in zip(a.shape, contiguous_strides(a.shape), a.strides, strict=True):
        total = total + left // block % n * stride
    result = empty(int64, tuple(index.shape))
    borrowed(result)[...] = total
    return result

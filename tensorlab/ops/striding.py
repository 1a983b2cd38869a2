"""Memory seen another way: `as_strided` with its gradient, and the same bytes as another dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from tensorlab.core.dtype import DType
from tensorlab.core.interop import borrowed
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op, declare
from tensorlab.core.shape import Shape, may_overlap
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import RangeError, ShapeError
from tensorlab.ops.create import full_of
from tensorlab.ops.operands import as_dtype
from tensorlab.ops.view_evaluator import call_evaluator, composed

# Sizes, strides and the place of the first element in the storage.
Geometry = tuple[Shape, Shape, int]

_GEOMETRY = "int[] size, int[] stride, int storage_offset, int[] self_size, int[] self_stride, int self_offset"

placed = declare(f"as_strided.placed(Tensor(a) self, {_GEOMETRY}) -> Tensor(a)")
as_strided_backward = declare(f"as_strided_backward(Tensor grad, {_GEOMETRY}, bool forward=False) -> Tensor")


@composed("as_strided(Tensor(a) self, int[] size, int[] stride, int? storage_offset=None) -> Tensor(a)")
def as_strided(a: Tensor, size: Shape, stride: Shape, storage_offset: int | None) -> Tensor:
    """Elements of the storage by strides of one's own.

    The derivative has to know where ``a`` lies, which goes along as numbers.
    """
    at = a.offset if storage_offset is None else storage_offset
    return placed.call((a, tuple(size), tuple(stride), at, tuple(a.shape), a.strides, a.offset))


@placed.rule("type")
def placed_type(a: TensorType, size: Shape, *_: object) -> TensorType:
    return TensorType(a.dtype, tuple(size))


@placed.rule("call")
def placed_call(
    a: Tensor, size: Shape, stride: Shape, storage_offset: int, self_size: Shape, self_stride: Shape, self_offset: int
) -> Tensor:
    """A view of the whole storage.

    Raises: `ShapeError` for sizes and strides that do not match or are negative, `RangeError` beyond the storage.
    """
    if len(size) != len(stride):
        raise ShapeError(f"as_strided: mismatch in length of strides and shape: got {list(stride)} and {list(size)}")
    if min(size, default=0) < 0 or min(stride, default=0) < 0:
        raise ShapeError(f"as_strided: takes no negative sizes or strides, got {list(size)} and {list(stride)}")
    form = layout(a.dtype, tuple(size), tuple(stride))
    held = a.storage().nbytes
    wanted = (storage_offset + form.last + 1) * a.itemsize if form.numel else 0
    if storage_offset < 0 or wanted > held:
        raise RangeError(
            f"as_strided: sizes {list(size)}, strides {list(stride)}, storage offset {storage_offset}, and itemsize "
            f"{a.itemsize} requiring a storage size of {wanted} are out of bounds for storage of size {held}"
        )
    return a.as_view(form, storage_offset)


@placed.vjp("self")
def as_strided_vjp(
    g: Tensor, size: Shape, stride: Shape, storage_offset: int, self_size: Shape, self_stride: Shape, self_offset: int
) -> Tensor:
    if 0 in size:  # nothing of it is there, and no history leads on from that
        return full_of(tuple(self_size), 0, g.dtype)
    geometry = (size, stride, storage_offset, self_size, self_stride, self_offset)
    return as_strided_backward.call((g, *geometry, False))


@as_strided_backward.rule("type")
def as_strided_backward_type(
    grad: TensorType, size: Shape, stride: Shape, at: int, self_size: Shape, *_: Any
) -> TensorType:
    return TensorType(grad.dtype, tuple(size if _[-1] else self_size))


@as_strided_backward.rule("call")
def as_strided_backward_call(
    grad: Tensor,
    size: Shape,
    stride: Shape,
    storage_offset: int,
    self_size: Shape,
    self_stride: Shape,
    self_offset: int,
    forward: bool,  # noqa: FBT001 - the schema's order
) -> Tensor:
    """The gradient laid into a picture of the storage, and read off where the input lies.

    An element of the input that is there several times takes its share. ``forward`` goes the other way round, as the
    derivative of this op does.
    """
    inner: Geometry = (tuple(self_size), tuple(self_stride), self_offset)
    outer: Geometry = (tuple(size), tuple(stride), storage_offset)
    target = outer if forward else inner
    inner_at, outer_at = (_places(*g) for g in (inner, outer))
    source_at, target_at = (inner_at, outer_at) if forward else (outer_at, inner_at)
    result = full_of(target[0], 0, grad.dtype)
    if not source_at.size or not target_at.size:
        return result
    lowest = min(source_at.min(), target_at.min())
    held = np.zeros(max(source_at.max(), target_at.max()) - lowest + 1, borrowed(grad).dtype)
    np.add.at(held, source_at - lowest, borrowed(grad))
    if may_overlap(*inner[:2]):
        shares = np.zeros(held.shape, held.dtype)
        np.add.at(shares, inner_at - lowest, 1)
        held /= np.maximum(shares, 1)
    borrowed(result)[...] = held[target_at - lowest]
    return result


@as_strided_backward.vjp("grad")
def as_strided_backward_vjp(
    g: Tensor,
    size: Shape,
    stride: Shape,
    storage_offset: int,
    self_size: Shape,
    self_stride: Shape,
    self_offset: int,
    forward: bool,  # noqa: FBT001
) -> Tensor:
    geometry = (size, stride, storage_offset, self_size, self_stride, self_offset)
    return as_strided_backward.call((g, *geometry, not forward))


def _places(size: Shape, stride: Shape, at: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The place in the storage of each element."""
    found = np.full(size, at, np.int64)
    for d, (n, s) in enumerate(zip(size, stride, strict=True)):
        found += (np.arange(n) * s).reshape((n,) + (1,) * (len(size) - d - 1))
    return found


view_dtype = declare("view.dtype(Tensor(a) self, ScalarType dtype) -> Tensor(a)")


@view_dtype.rule("type")
def view_dtype_type(a: TensorType, dtype: DType | int) -> TensorType:
    wanted = as_dtype(dtype, op="view") or a.dtype
    if a.dtype is None or a.shape is None or wanted is None:
        return TensorType(wanted)
    form = layout(a.dtype, tuple(n for n in a.shape if n is not None))
    return _as_bytes_of(form, 0, wanted)[0].type


@view_dtype.rule("call")
def view_dtype_call(a: Tensor, dtype: DType | int) -> Tensor:
    """The same bytes as elements of another dtype; the last dimension grows or shrinks with the item size."""
    return a.as_view(*_as_bytes_of(a.layout, a.offset, as_dtype(dtype, op="view") or a.dtype))


def _as_bytes_of(form: Layout, offset: int, dtype: DType) -> tuple[Layout, int]:
    """The layout and the offset of the same bytes in another dtype.

    Raises: `ShapeError` where the last dimension does not hold whole elements, in torch's words.
    """
    have, want = form.dtype.itemsize, dtype.itemsize
    shape, strides = tuple(form.shape), form.strides
    if have == want:
        return layout(dtype, shape, strides), offset
    as_what = f"to view {form.dtype.ir_name} as {dtype.ir_name} (different element sizes)"
    if not shape:
        raise ShapeError(f"view: self.dim() cannot be 0 {as_what}")
    if strides[-1] != 1:
        raise ShapeError(f"view: self.stride(-1) must be 1 {as_what}, but got {strides[-1]}")
    if have > want:
        times = have // want
        return layout(dtype, (*shape[:-1], shape[-1] * times), (*(s * times for s in strides[:-1]), 1)), offset * times
    times = want // have
    if shape[-1] % times:
        raise ShapeError(f"view: self.size(-1) must be divisible by {times} {as_what}, but got {shape[-1]}")
    if offset % times:
        raise ShapeError(f"view: self.storage_offset() must be divisible by {times} {as_what}, but got {offset}")
    for d, s in enumerate(strides[:-1]):
        if s % times:
            raise ShapeError(f"view: self.stride({d}) must be divisible by {times} {as_what}, but got {s}")
    return layout(dtype, (*shape[:-1], shape[-1] // times), (*(s // times for s in strides[:-1]), 1)), offset // times


STRIDING: tuple[Op, ...] = (placed, as_strided_backward, view_dtype)

for _op in STRIDING:
    call_evaluator(_op)

"""Copies: clone, contiguous, conversion, writing one tensor over another, joining."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensorlab.core.dtype import BY_CODE, DType, result_type
from tensorlab.core.layout import layout
from tensorlab.core.op import declare
from tensorlab.core.pointwise import RegionRunner, dense_like, finish_pointwise, one_step_region, write_region
from tensorlab.core.shape import wrap_dim
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError, ShapeError
from tensorlab.ops.movement import call_evaluator, expand, slice_

clone = declare("clone(Tensor self) -> Tensor")


@clone.rule("scalar")
def clone_scalar(a: Any) -> Any:
    return a


finish_pointwise(clone)

_copy: dict[type, RegionRunner] = {}


def copy_runner() -> RegionRunner:
    """The region that copies elements, whatever their dtypes."""
    if not _copy:
        _copy[Tensor] = RegionRunner(one_step_region(clone, (_any_tensor(),)))
    return _copy[Tensor]


def _any_tensor() -> Tensor:
    return Tensor(Storage.empty(0), layout(BY_CODE[6], (0,)), 0)


def as_dtype(value: DType | int | None) -> DType | None:
    """An element type given as itself or by the number that graphs carry."""
    return BY_CODE[value] if isinstance(value, int) else value


def converted(source: Tensor, dtype: DType, strides: tuple[int, ...] | None) -> Tensor:
    """A new tensor with the elements of ``source`` as ``dtype``; row-major where no strides are given."""
    form = layout(dtype, tuple(source.shape), strides)
    target = Tensor(Storage.empty(form.nbytes), form, 0)
    copy_runner().plan([source.layout], (), into=[form]).fill([target.address], [source.address], ())
    return target


contiguous = declare("contiguous(Tensor(a) self) -> Tensor(a)")


@contiguous.rule("type")
def contiguous_type(a: TensorType) -> TensorType:
    return a


@contiguous.rule("call")
def contiguous_call(a: Tensor) -> Tensor:
    """The tensor itself where it is row-major, else a copy that is."""
    return a if a.layout.is_contiguous else converted(a, a.dtype, None)


to = declare("to.dtype(Tensor(a) self, ScalarType dtype, bool non_blocking=False, bool copy=False) -> Tensor(a)")


@to.rule("type")
def to_type(a: TensorType, dtype: DType | int, non_blocking: bool, copy: bool) -> TensorType:  # noqa: FBT001
    return TensorType(as_dtype(dtype), a.shape)


@to.rule("call")
def to_call(a: Tensor, dtype: DType | int, non_blocking: bool, copy: bool) -> Tensor:  # noqa: FBT001
    """The tensor itself where the dtype is the same and no copy is asked for, else a converted copy."""
    wanted = as_dtype(dtype)
    if wanted is None:
        raise DTypeError("to: got no dtype; takes one")
    return a if wanted is a.dtype and not copy else converted(a, wanted, dense_like(a.layout))


copy_ = declare("copy_(Tensor(a!) self, Tensor src, bool non_blocking=False) -> Tensor(a!)")


@copy_.rule("type")
def copy_type(target: TensorType, src: TensorType, non_blocking: bool) -> TensorType:  # noqa: FBT001
    return target


@copy_.rule("call")
def copy_call(target: Tensor, src: Tensor, non_blocking: bool) -> Tensor:  # noqa: FBT001
    """Elements of ``src``, broadcast and converted, over ``target``."""
    if src.dtype.category > target.dtype.category or tuple(src.shape) != tuple(target.shape):
        src = src if src.dtype is target.dtype else converted(src, target.dtype, None)
        src = expand.run((src, tuple(target.shape), False))
    write_region("copy_", copy_runner(), [src], (), target)
    return target


fill_ = declare("fill_.Scalar(Tensor(a!) self, Scalar value) -> Tensor(a!)")


@fill_.rule("type")
def fill_type(target: TensorType, value: object) -> TensorType:
    return target


@fill_.rule("call")
def fill_call(target: Tensor, value: float) -> Tensor:
    """One number over all elements."""
    from tensorlab.ops.create import full_of

    return copy_call(target, full_of((), value, target.dtype), False)


cat = declare("cat(Tensor[] tensors, int dim=0) -> Tensor")


@cat.rule("type")
def cat_type(tensors: Sequence[TensorType], dim: int) -> TensorType:
    types = [a for a in tensors if a.shape != (0,)] or list(tensors[:1])
    shapes = [tuple(n or 0 for n in a.shape or ()) for a in types]
    if not shapes or not shapes[0]:
        what = "zero-dimensional tensor cannot be concatenated" if shapes else "expected a non-empty list of Tensors"
        raise ShapeError(f"cat: {what}")
    at = wrap_dim(dim, len(shapes[0]), op="cat")
    for i, s in enumerate(shapes):
        if len(s) != len(shapes[0]) or any(
            n != m for d, (n, m) in enumerate(zip(s, shapes[0], strict=True)) if d != at
        ):
            raise ShapeError(
                f"cat: sizes of tensors must match except in dimension {at}: expected {shapes[0]}, got {s} for tensor "
                f"number {i} in the list"
            )
    # In cat, tensors without dimensions do not exist, so that all of them promote alike.
    dtype = result_type([a.dtype for a in tensors if a.dtype is not None])
    return TensorType(dtype, (*shapes[0][:at], sum(s[at] for s in shapes), *shapes[0][at + 1 :]))


@cat.rule("call")
def cat_call(tensors: Sequence[Tensor], dim: int) -> Tensor:
    """One copy into place per tensor."""
    found = cat_type([a.type for a in tensors], dim)
    shape = tuple(n or 0 for n in found.shape or ())
    form = layout(found.dtype or tensors[0].dtype, shape)
    result = Tensor(Storage.empty(form.nbytes), form, 0)
    at, start = wrap_dim(dim, len(shape), op="cat"), 0
    for a in tensors:
        if tuple(a.shape) == (0,):
            continue
        place = slice_.run((result, at, start, start + a.shape[at], 1))
        copy_runner().plan([a.layout], (), into=[place.layout]).fill([place.address], [a.address], ())
        start += a.shape[at]
    return result


COPYING = (contiguous, to, copy_, fill_, cat)

for _op in COPYING:
    call_evaluator(_op)

"""Copies: clone, contiguous, conversion, writing one tensor over another, joining."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensorlab.core.dtype import Category, DType, fits, float32, limits, result_type, uint8
from tensorlab.core.in_place import write_region
from tensorlab.core.layout import layout
from tensorlab.core.op import declare
from tensorlab.core.pointwise import RegionRunner, dense_like, finish_pointwise, one_step_region
from tensorlab.core.shape import broadcast_shapes, wrap_dim
from tensorlab.core.short_cut import are_one
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.errors import RangeError, ShapeError
from tensorlab.ops.movement import call_evaluator, expand, slice_
from tensorlab.ops.operands import as_dtype

clone = declare("clone(Tensor self) -> Tensor")


@clone.rule("scalar")
def clone_scalar(a: Any) -> Any:
    return a


finish_pointwise(clone)


def _shape(a: TensorType) -> tuple[int, ...]:
    return tuple(n or 0 for n in a.shape or ())


_copy: dict[type, RegionRunner] = {}


def copy_runner() -> RegionRunner:
    """The region that copies elements, whatever their dtypes."""
    if not _copy:
        _copy[Tensor] = RegionRunner(one_step_region(clone, (empty(float32, (0,)),)))
    return _copy[Tensor]


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
    return TensorType(as_dtype(dtype, op="to"), a.shape)


@to.rule("call")
def to_call(a: Tensor, dtype: DType | int, non_blocking: bool, copy: bool) -> Tensor:  # noqa: FBT001
    """The tensor itself where the dtype is the same and no copy is asked for, else a converted copy."""
    wanted = as_dtype(dtype, op="to") or a.dtype
    return a if wanted is a.dtype and not copy else converted(a, wanted, dense_like(a.layout))


copy_ = declare("copy_(Tensor(a!) self, Tensor src, bool non_blocking=False) -> Tensor(a!)")


@copy_.rule("type")
def copy_type(target: TensorType, src: TensorType, non_blocking: bool) -> TensorType:  # noqa: FBT001
    """The target's own type; ``src`` is broadcast to it.

    Raises: `ShapeError`.
    """
    check_broadcasts(_shape(src), _shape(target), op="copy_")
    return target


def check_broadcasts(shape: tuple[int, ...], to: tuple[int, ...], *, op: str) -> None:
    """Refuse to write a shape over one that it does not broadcast to."""
    if broadcast_shapes(to, shape, op=op) != to:
        raise ShapeError(f"{op}: output with shape {list(to)} doesn't match the broadcast shape {list(shape)}")


@copy_.rule("call")
def copy_call(target: Tensor, src: Tensor, non_blocking: bool) -> Tensor:  # noqa: FBT001
    """Elements of ``src``, broadcast and converted, over ``target``."""
    shape = tuple(target.shape)
    if are_one(src, target):  # ``x[i] += 1`` has written in place, and now sets what is there
        target.check_writable("copy_")
        target.written()
        return target
    if tuple(src.shape) != shape:
        check_broadcasts(tuple(src.shape), shape, op="copy_")
        src = expand.run((src, shape, False))
    write_region("copy_", copy_runner(), [src], (), target, convert=True)
    return target


fill_ = declare("fill_.Scalar(Tensor(a!) self, Scalar value) -> Tensor(a!)")


@fill_.rule("type")
def fill_type(target: TensorType, value: object) -> TensorType:
    return target


@fill_.rule("call")
def fill_call(target: Tensor, value: float) -> Tensor:
    """One number over all elements.

    Raises: `RangeError` for a number that the dtype does not hold.
    """
    source = empty(target.dtype, ())
    source.detached_numpy()[()] = element(value, target.dtype, op="fill_")
    return copy_call(target, source, False)


def element(value: float, dtype: DType, *, op: str) -> float:
    """A number as an element of a dtype; an integer below 0 wraps around into uint8, if no further than once.

    Raises: `RangeError` for a number that an integer dtype does not hold, in torch's words.
    """
    if dtype.category is not Category.INT:
        return value
    if isinstance(value, int):
        if fits(value, dtype):
            return value
        if dtype is uint8 and fits(-value, dtype):
            return value % 256
    elif limits(dtype)[0] <= value <= limits(dtype)[1]:
        return int(value)
    raise RangeError(f"{op}: value {value} cannot be converted to {dtype.name} without overflow")


cat = declare("cat(Tensor[] tensors, int dim=0) -> Tensor")


@cat.rule("type")
def cat_type(tensors: Sequence[TensorType], dim: int) -> TensorType:
    """Shapes are equal but for ``dim``; a tensor of shape (0,) is left out, as in torch.

    Raises: `ShapeError`, `DimError`.
    """
    if not tensors:
        raise ShapeError("cat: expected a non-empty list of Tensors")
    shapes = [(i, s) for i, a in enumerate(tensors) if (s := _shape(a)) != (0,)] or [(0, (0,))]
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

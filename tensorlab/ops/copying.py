"""Copies: clone, contiguous, conversion, writing one tensor over another."""

from __future__ import annotations

import math
from typing import Any

from tensorlab.core.dtype import Category, DType, fits, float32, highest, limits, uint8
from tensorlab.core.filling import fill, number
from tensorlab.core.in_place import write_region
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import declare
from tensorlab.core.pointwise import PLAN_LIMIT, Plan, RegionRunner, dense_like, finish_pointwise, one_step_region
from tensorlab.core.shape import broadcast_shapes, is_dense
from tensorlab.core.short_cut import are_apart, are_one
from tensorlab.core.tensor import Tensor, empty, fresh
from tensorlab.core.types import TensorType
from tensorlab.errors import RangeError, ShapeError
from tensorlab.ops.movement import call_evaluator, expand
from tensorlab.ops.operands import as_dtype
from tensorlab.ops.view_evaluator import remember

clone = declare("clone(Tensor self) -> Tensor")


@clone.rule("scalar")
def clone_scalar(a: Any) -> Any:
    return a


finish_pointwise(clone)


@clone.vjp("self")
def clone_vjp(g: Tensor) -> Tensor:
    return g


_copy: dict[type, RegionRunner] = {}


def copy_runner() -> RegionRunner:
    """The region that copies elements, whatever their dtypes."""
    if not _copy:
        _copy[Tensor] = RegionRunner(one_step_region(clone, (empty(float32, (0,)),)))
    return _copy[Tensor]


_conversions: dict[tuple[Layout, DType, tuple[int, ...] | None], tuple[Layout, Plan]] = {}


def converted(source: Tensor, dtype: DType, strides: tuple[int, ...] | None) -> Tensor:
    """A new tensor with the elements of ``source`` as ``dtype``; row-major where no strides are given."""
    key = (source.layout, dtype, strides)
    found = _conversions.get(key)
    if found is None:
        form = layout(dtype, tuple(source.shape), strides)
        if len(_conversions) >= PLAN_LIMIT:
            _conversions.clear()
        found = _conversions[key] = form, copy_runner().plan([source.layout], (), into=[form])
    form, plan = found
    target = fresh(form)
    plan.fill((target.address,), (source.address,), ())
    return target


def copy_into(target: Tensor, source: Tensor) -> None:
    """Elements of ``source`` over a part of a new tensor of the same shape, below autograd and without checks."""
    copy_runner().plan([source.layout], (), into=[target.layout]).fill([target.address], [source.address], ())


contiguous = declare("contiguous(Tensor(a) self) -> Tensor(a)")


@contiguous.rule("type")
def contiguous_type(a: TensorType) -> TensorType:
    return a


@contiguous.rule("call")
def contiguous_call(a: Tensor) -> Tensor:
    """The tensor itself where it is row-major, else a copy that is."""
    return a if a.layout.is_contiguous else converted(a, a.dtype, None)


@contiguous.vjp("self")
def contiguous_vjp(g: Tensor) -> Tensor:
    return g


to = declare("to.dtype(Tensor(a) self, ScalarType dtype, bool non_blocking=False, bool copy=False) -> Tensor(a)")


@to.rule("type")
def to_type(a: TensorType, dtype: DType | int, non_blocking: bool, copy: bool) -> TensorType:  # noqa: FBT001
    return TensorType(as_dtype(dtype, op="to"), a.shape)


@to.rule("call")
def to_call(a: Tensor, dtype: DType | int, non_blocking: bool, copy: bool) -> Tensor:  # noqa: FBT001
    """The tensor itself where the dtype is the same and no copy is asked for, else a converted copy."""
    wanted = as_dtype(dtype, op="to") or a.dtype
    return a if wanted is a.dtype and not copy else converted(a, wanted, dense_like(a.layout))


@to.vjp("self")
def to_vjp(g: Tensor) -> Tensor:
    return g  # who calls this makes it the dtype that went in


copy_ = declare("copy_(Tensor(a!) self, Tensor src, bool non_blocking=False) -> Tensor(a!)")


@copy_.rule("type")
def copy_type(target: TensorType, src: TensorType, non_blocking: bool) -> TensorType:  # noqa: FBT001
    """The target's own type; ``src`` is broadcast to it.

    Raises: `ShapeError`.
    """
    check_broadcasts(src.sizes, target.sizes, op="copy_")
    return target


def check_broadcasts(shape: tuple[int, ...], to: tuple[int, ...], *, op: str) -> None:
    """Refuse to write a shape over one that it does not broadcast to."""
    if broadcast_shapes(to, shape, op=op) != to:
        raise ShapeError(f"{op}: output with shape {list(to)} doesn't match the broadcast shape {list(shape)}")


@copy_.rule("call")
def copy_call(target: Tensor, src: Tensor, non_blocking: bool) -> Tensor:  # noqa: FBT001
    """Elements of ``src``, broadcast and converted, over ``target``."""
    storage = target.storage()
    key = (target.layout, src.layout)
    ready: Plan | None = copy_.plans.get(key)
    if ready is not None and are_apart(src, target) and not storage.readonly:
        ready.fill((target.address,), (src.address,), ())
        storage.written()
        return target
    shape = tuple(target.shape)
    if are_one(src, target):  # ``x[i] += 1`` has written in place, and now sets what is there
        target.check_writable("copy_")
        target.written()
        return target
    if tuple(src.shape) != shape:
        check_broadcasts(tuple(src.shape), shape, op="copy_")
        src = expand.run((src, shape, False))
    plan = write_region("copy_", copy_runner(), [src], (), target, convert=True)
    if plan is not None:
        remember(copy_, key, plan)
    return target


@copy_.vjp("self")
def copy_vjp_target() -> None:
    """What was there is gone."""


@copy_.vjp("src")
def copy_vjp_source(g: Tensor) -> Tensor:
    return g


fill_ = declare("fill_.Scalar(Tensor(a!) self, Scalar value) -> Tensor(a!)")


@fill_.rule("type")
def fill_type(target: TensorType, value: object) -> TensorType:
    return target


@fill_.rule("call")
def fill_call(target: Tensor, value: float) -> Tensor:
    """One number over all elements.

    Raises: `RangeError` for a number that the dtype does not hold.
    """
    form = target.layout
    dtype = form.dtype
    if dtype.is_floating_point and math.isfinite(value) and abs(value) > highest(dtype):
        raise RangeError(f"fill_: value {value} cannot be converted to {dtype.name} without overflow")
    held = element(value, dtype, op="fill_")
    dense = fill_.plans.get(form)
    if dense is None:
        dense = remember(fill_, form, is_dense(form.shape, form.strides))
    if not dense or target.storage().readonly:
        return copy_call(target, number(held, dtype), False)
    fill(dtype, target.address, form.numel, held)
    target.written()
    return target


@fill_.vjp("self")
def fill_vjp() -> None:
    """What was there is gone."""


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


COPYING = (contiguous, to, copy_, fill_)

for _op in COPYING:
    call_evaluator(_op)

"""Ops that make new tensors: filled, counted, spaced; `factories` has the functions in front of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tensorlab.core.dtype import Category, DType, category_dtype, default_float, float32, float64, int64
from tensorlab.core.filling import count, fill
from tensorlab.core.interop import borrowed
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op, declare
from tensorlab.core.pointwise import dense_like
from tensorlab.core.recurring import Run, recurring
from tensorlab.core.region import category
from tensorlab.core.tensor import Tensor, fresh
from tensorlab.core.tensor import empty as empty_tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import RangeError, ShapeError
from tensorlab.ops.copying import element
from tensorlab.ops.data import tensor
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.operands import as_dtype, as_ints

# Filled ---------------------------------------------------------------------------------------------------------------

full_op = declare("full(int[] size, Scalar fill_value, *, ScalarType? dtype=None) -> Tensor")
zeros_op = declare("zeros(int[] size, *, ScalarType? dtype=None) -> Tensor")
ones_op = declare("ones(int[] size, *, ScalarType? dtype=None) -> Tensor")
tensor_op = declare("tensor(Scalar data, *, ScalarType? dtype=None) -> Tensor")
arange_op = declare("arange.start_step(Scalar start, Scalar end, Scalar step=1, *, ScalarType? dtype=None) -> Tensor")


def sized(size: Sequence[int], op: str) -> tuple[int, ...]:
    """A size.

    Raises: `ShapeError` for a negative dimension, `ArgumentError` for what is no list of integers.
    """
    sizes = tuple(size)
    for n in sizes:
        if type(n) is not int:
            sizes = as_ints(sizes, op=op, name="size")
            break
    if min(sizes, default=0) < 0:
        raise ShapeError(f"{op}: negative dimension {min(sizes)} in size {sizes}")
    return sizes


def full_of(size: tuple[int, ...], value: float, dtype: DType, strides: tuple[int, ...] | None = None) -> Tensor:
    """A new tensor of one value, dense."""
    return _filler(layout(dtype, size, strides))(value)


def _filler(form: Layout) -> Callable[[float], Tensor]:
    """What makes a tensor of one value, of a dense layout."""
    dtype, numel = form.dtype, form.numel

    def make(value: float) -> Tensor:
        result = fresh(form)
        fill(dtype, result.address, numel, value)
        return result

    return make


def _value_dtype(value: object) -> DType:
    """The dtype of a value, or of any value of a type."""
    return category_dtype(category(value))


@full_op.rule("type")
def full_type(size: tuple[int, ...], value: object, dtype: DType | int | None) -> TensorType:
    return TensorType(as_dtype(dtype, op="full") or _value_dtype(value), sized(size, "full"))


@recurring(full_op, loose=("fill_value",))
def full_call(size: tuple[int, ...], value: float, dtype: DType | int | None) -> Run:
    wanted = as_dtype(dtype, op="full") or _value_dtype(value)
    make = _filler(layout(wanted, sized(size, "full")))
    return lambda _size, value, _dtype: make(element(value, wanted, op="full"))


@zeros_op.rule("type")
def zeros_type(size: tuple[int, ...], dtype: DType | int | None) -> TensorType:
    return TensorType(as_dtype(dtype, op="zeros") or default_float(), sized(size, "zeros"))


@recurring(zeros_op)
def zeros_call(size: tuple[int, ...], dtype: DType | int | None) -> Run:
    make = _filler(layout(as_dtype(dtype, op="zeros") or default_float(), sized(size, "zeros")))
    return lambda *_: make(0)


@ones_op.rule("type")
def ones_type(size: tuple[int, ...], dtype: DType | int | None) -> TensorType:
    return TensorType(as_dtype(dtype, op="ones") or default_float(), sized(size, "ones"))


@recurring(ones_op)
def ones_call(size: tuple[int, ...], dtype: DType | int | None) -> Run:
    make = _filler(layout(as_dtype(dtype, op="ones") or default_float(), sized(size, "ones")))
    return lambda *_: make(1)


@tensor_op.rule("type")
def tensor_type(data: object, dtype: DType | int | None) -> TensorType:
    return TensorType(as_dtype(dtype, op="tensor") or _value_dtype(data), ())


@tensor_op.rule("call")
def tensor_call(data: float, dtype: DType | int | None) -> Tensor:
    return tensor(data, as_dtype(dtype, op="tensor"))


@arange_op.rule("type")
def arange_type(start: object, end: object, step: object, dtype: DType | int | None) -> TensorType:
    """The length is known where the numbers are."""
    bounds = (start, end, step)
    whole = all(category(b) is not Category.FLOAT for b in bounds)
    wanted = as_dtype(dtype, op="arange") or (int64 if whole else default_float())
    known = [b for b in bounds if isinstance(b, (int, float))]
    return TensorType(wanted, (arange_length(*known) if len(known) == 3 else None,))


def arange_length(start: float, end: float, step: float) -> int:
    """How many numbers there are from ``start`` up to, not with, ``end``.

    Raises: `RangeError` for a step of 0 or in the wrong direction, and for bounds that are not finite.
    """
    whole = type(start) is int and type(end) is int and type(step) is int
    if not whole and not all(map(math.isfinite, (start, end, step))):
        raise RangeError(f"arange: unsupported range: {start} -> {end} by {step}")
    if step == 0:
        raise RangeError("arange: step must be nonzero")
    if (end - start) * step < 0:
        raise RangeError(f"arange: upper bound and lower bound inconsistent with step sign: {start} -> {end} by {step}")
    if whole or all(isinstance(v, int) for v in (start, end, step)):
        return int(-((start - end) // step))
    return math.ceil((end - start) / step)


@arange_op.rule("call")
def arange_call(start: float, end: float, step: float, dtype: DType | int | None) -> Tensor:
    whole = type(start) is int and type(end) is int and type(step) is int
    wanted = as_dtype(dtype, op="arange") or (int64 if whole else default_float())
    if wanted in (float32, float64) or (whole and wanted is int64):
        form = layout(wanted, (arange_length(start, end, step),))
        result = fresh(form)
        count(wanted, result.address, form.numel, start, step)
        return result
    found = arange_type(start, end, step, dtype)
    n = arange_length(start, end, step)
    return tensor(start + step * np.arange(n), found.dtype)


# Like another tensor -------------------------------------------------------------------------------------------------

zeros_like_op = declare("zeros_like(Tensor self, *, ScalarType? dtype=None) -> Tensor")
ones_like_op = declare("ones_like(Tensor self, *, ScalarType? dtype=None) -> Tensor")
full_like_op = declare("full_like(Tensor self, Scalar fill_value, *, ScalarType? dtype=None) -> Tensor")


@zeros_like_op.rule("type")
@ones_like_op.rule("type")
def like_type(a: TensorType, dtype: DType | int | None) -> TensorType:
    return TensorType(as_dtype(dtype, op="zeros_like") or a.dtype, a.shape)


@full_like_op.rule("type")
def full_like_type(a: TensorType, fill_value: object, dtype: DType | int | None) -> TensorType:
    return like_type(a, dtype)


def _filler_like(a: Tensor, dtype: DType | int | None, op: str) -> tuple[Callable[[float], Tensor], DType]:
    """What puts a value in every place, the elements in the order of the other tensor's strides, as in torch."""
    wanted = as_dtype(dtype, op=op) or a.dtype
    return _filler(layout(wanted, tuple(a.shape), dense_like(a.layout))), wanted


@recurring(zeros_like_op)
def zeros_like_call(a: Tensor, dtype: DType | int | None) -> Run:
    make, _ = _filler_like(a, dtype, "zeros_like")
    return lambda *_: make(0)


@recurring(ones_like_op)
def ones_like_call(a: Tensor, dtype: DType | int | None) -> Run:
    make, _ = _filler_like(a, dtype, "ones_like")
    return lambda *_: make(1)


@recurring(full_like_op, loose=("fill_value",))
def full_like_call(a: Tensor, fill_value: float, dtype: DType | int | None) -> Run:
    make, wanted = _filler_like(a, dtype, "full_like")
    return lambda _a, value, _dtype: make(element(value, wanted, op="full_like"))


# Spaced, and the identity ---------------------------------------------------------------------------------------------

linspace_op = declare("linspace(Scalar start, Scalar end, int steps, *, ScalarType? dtype=None) -> Tensor")
logspace_op = declare(
    "logspace(Scalar start, Scalar end, int steps, float base=10.0, *, ScalarType? dtype=None) -> Tensor"
)
eye_op = declare("eye.m(int n, int m, *, ScalarType? dtype=None) -> Tensor")


def _spaced(steps: int, dtype: DType | int | None, op: str) -> TensorType:
    if steps < 0:
        raise RangeError(f"{op}: number of steps must be non-negative, got {steps}")
    return TensorType(as_dtype(dtype, op=op) or default_float(), (steps,))


def _between(start: float, end: float, steps: int) -> np.ndarray[Any, Any]:
    """Numbers from both ends to the middle, so that each end is itself."""
    index = np.arange(steps)
    step = (end - start) / (steps - 1) if steps > 1 else 0.0
    return (
        np.where(index < steps // 2, start + step * index, end - step * (steps - 1 - index))
        if steps > 1
        else (np.full(steps, float(start)))
    )


def _converted(values: np.ndarray[Any, Any], dtype: DType) -> Tensor:
    result = empty_tensor(dtype, values.shape)
    with np.errstate(all="ignore"):
        np.copyto(borrowed(result), values, casting="unsafe")
    return result


@linspace_op.rule("type")
def linspace_type(start: object, end: object, steps: int, dtype: DType | int | None) -> TensorType:
    return _spaced(steps, dtype, "linspace")


@linspace_op.rule("call")
def linspace_call(start: float, end: float, steps: int, dtype: DType | int | None) -> Tensor:
    wanted = _spaced(steps, dtype, "linspace").dtype or default_float()
    return _converted(_between(start, end, steps), wanted)


@logspace_op.rule("type")
def logspace_type(start: object, end: object, steps: int, base: float, dtype: DType | int | None) -> TensorType:
    return _spaced(steps, dtype, "logspace")


@logspace_op.rule("call")
def logspace_call(start: float, end: float, steps: int, base: float, dtype: DType | int | None) -> Tensor:
    wanted = _spaced(steps, dtype, "logspace").dtype or default_float()
    with np.errstate(all="ignore"):
        return _converted(np.power(float(base), _between(start, end, steps)), wanted)


@eye_op.rule("type")
def eye_type(n: int, m: int, dtype: DType | int | None) -> TensorType:
    for size, name in ((n, "n"), (m, "m")):
        if size < 0:
            raise ShapeError(f"eye: {name} must be greater or equal to 0, got {size}")
    return TensorType(as_dtype(dtype, op="eye") or default_float(), (n, m))


@eye_op.rule("call")
def eye_call(n: int, m: int, dtype: DType | int | None) -> Tensor:
    found = eye_type(n, m, dtype)
    result = full_of((n, m), 0, found.dtype or default_float())
    np.fill_diagonal(borrowed(result), 1)
    return result


CREATION: tuple[Op, ...] = (
    *(full_op, zeros_op, ones_op, tensor_op, arange_op, zeros_like_op, ones_like_op, full_like_op),
    *(linspace_op, logspace_op, eye_op),
)

for _op in (tensor_op, arange_op, linspace_op, logspace_op, eye_op):
    call_evaluator(_op)

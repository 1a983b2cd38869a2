"""New tensors: filled, counted, random; those of data are in `data`."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tensorlab.core.dtype import DEFAULT_FLOAT, Category, DType, category_dtype, int64
from tensorlab.core.interop import from_numpy
from tensorlab.core.op import Op, declare
from tensorlab.core.reading import brought_in
from tensorlab.core.region import category
from tensorlab.core.tensor import Tensor
from tensorlab.core.tensor import empty as empty_tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import ArgumentError, DTypeError, RangeError, ShapeError
from tensorlab.ops.copying import element
from tensorlab.ops.data import as_tensor, tensor
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.operands import as_dtype, as_ints, as_number

# Filled ---------------------------------------------------------------------------------------------------------------

full_op = declare("full(int[] size, Scalar fill_value, *, ScalarType? dtype=None) -> Tensor")
zeros_op = declare("zeros(int[] size, *, ScalarType? dtype=None) -> Tensor")
ones_op = declare("ones(int[] size, *, ScalarType? dtype=None) -> Tensor")
tensor_op = declare("tensor(Scalar data, *, ScalarType? dtype=None) -> Tensor")
arange_op = declare("arange.start_step(Scalar start, Scalar end, Scalar step=1, *, ScalarType? dtype=None) -> Tensor")


def _sized(size: Sequence[int], op: str) -> tuple[int, ...]:
    """A size.

    Raises: `ShapeError` for a negative dimension, `ArgumentError` for what is no list of integers.
    """
    sizes = tuple(size)
    if not all(type(n) is int for n in sizes):
        sizes = as_ints(sizes, op=op, name="size")
    if any(n < 0 for n in sizes):
        raise ShapeError(f"{op}: negative dimension {min(sizes)} in size {sizes}")
    return sizes


def full_of(size: tuple[int, ...], value: float, dtype: DType) -> Tensor:
    """A new tensor of one value."""
    result = empty_tensor(dtype, size)
    if not value and math.copysign(1, value) > 0:
        ctypes.memset(result.address, 0, result.nbytes)
    else:
        result.detached_numpy().fill(value)
    return result


def _value_dtype(value: object) -> DType:
    """The dtype of a value, or of any value of a type."""
    return category_dtype(category(value))


@full_op.rule("type")
def full_type(size: tuple[int, ...], value: object, dtype: DType | int | None) -> TensorType:
    return TensorType(as_dtype(dtype, op="full") or _value_dtype(value), _sized(size, "full"))


@full_op.rule("call")
def full_call(size: tuple[int, ...], value: float, dtype: DType | int | None) -> Tensor:
    wanted = as_dtype(dtype, op="full") or _value_dtype(value)
    return full_of(_sized(size, "full"), element(value, wanted, op="full"), wanted)


@zeros_op.rule("type")
def zeros_type(size: tuple[int, ...], dtype: DType | int | None) -> TensorType:
    return TensorType(as_dtype(dtype, op="zeros") or DEFAULT_FLOAT, _sized(size, "zeros"))


@zeros_op.rule("call")
def zeros_call(size: tuple[int, ...], dtype: DType | int | None) -> Tensor:
    return full_of(_sized(size, "zeros"), 0, as_dtype(dtype, op="zeros") or DEFAULT_FLOAT)


@ones_op.rule("type")
def ones_type(size: tuple[int, ...], dtype: DType | int | None) -> TensorType:
    return TensorType(as_dtype(dtype, op="ones") or DEFAULT_FLOAT, _sized(size, "ones"))


@ones_op.rule("call")
def ones_call(size: tuple[int, ...], dtype: DType | int | None) -> Tensor:
    return full_of(_sized(size, "ones"), 1, as_dtype(dtype, op="ones") or DEFAULT_FLOAT)


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
    wanted = as_dtype(dtype, op="arange") or (int64 if whole else DEFAULT_FLOAT)
    known = [b for b in bounds if isinstance(b, (int, float))]
    return TensorType(wanted, (arange_length(*known) if len(known) == 3 else None,))


def arange_length(start: float, end: float, step: float) -> int:
    """How many numbers there are from ``start`` up to, not with, ``end``.

    Raises: `RangeError` for a step of 0 or in the wrong direction, and for bounds that are not finite.
    """
    if not all(map(math.isfinite, (start, end, step))):
        raise RangeError(f"arange: unsupported range: {start} -> {end} by {step}")
    if step == 0:
        raise RangeError("arange: step must be nonzero")
    if (end - start) * step < 0:
        raise RangeError(f"arange: upper bound and lower bound inconsistent with step sign: {start} -> {end} by {step}")
    if all(isinstance(v, int) for v in (start, end, step)):
        return int(-((start - end) // step))
    return math.ceil((end - start) / step)


@arange_op.rule("call")
def arange_call(start: float, end: float, step: float, dtype: DType | int | None) -> Tensor:
    found = arange_type(start, end, step, dtype)
    n = arange_length(start, end, step)
    return tensor(start + step * np.arange(n), found.dtype)


# Random ---------------------------------------------------------------------------------------------------------------

rand_op = declare("rand(int[] size, *, ScalarType? dtype=None) -> Tensor", random=True)
randn_op = declare("randn(int[] size, *, ScalarType? dtype=None) -> Tensor", random=True)

_generator = [np.random.default_rng(0x7E4507)]


def manual_seed(seed: int) -> None:
    """Start `rand` and `randn` over from ``seed``."""
    _generator[0] = np.random.default_rng(seed)


def _random_type(size: tuple[int, ...], dtype: DType | int | None, op: str) -> TensorType:
    wanted = as_dtype(dtype, op=op) or DEFAULT_FLOAT
    if not wanted.is_floating_point:
        raise DTypeError(f"{op}: takes a floating point dtype, got {wanted.name}")
    return TensorType(wanted, _sized(size, op))


@rand_op.rule("type")
def rand_type(size: tuple[int, ...], dtype: DType | int | None) -> TensorType:
    return _random_type(size, dtype, "rand")


@rand_op.rule("call")
def rand_call(size: tuple[int, ...], dtype: DType | int | None) -> Tensor:
    return _drawn(_generator[0].random, rand_type(size, dtype))


@randn_op.rule("type")
def randn_type(size: tuple[int, ...], dtype: DType | int | None) -> TensorType:
    return _random_type(size, dtype, "randn")


@randn_op.rule("call")
def randn_call(size: tuple[int, ...], dtype: DType | int | None) -> Tensor:
    return _drawn(_generator[0].standard_normal, randn_type(size, dtype))


def _drawn(draw: Any, type_: TensorType) -> Tensor:
    result = empty_tensor(type_.dtype or DEFAULT_FLOAT, tuple(n or 0 for n in type_.shape or ()))
    draw(out=result.detached_numpy(), dtype=result.dtype.numpy)
    return result


CREATION: tuple[Op, ...] = (full_op, zeros_op, ones_op, tensor_op, arange_op, rand_op, randn_op)

for _op in CREATION:
    call_evaluator(_op)

# Public names ---------------------------------------------------------------------------------------------------------


def _size(size: tuple[Any, ...], op: str) -> tuple[int, ...]:
    if not size:
        raise ArgumentError(f"{op}: argument 'size' is missing; takes sizes, or one list of them")
    listed = len(size) == 1 and isinstance(size[0], (tuple, list))
    return as_ints(size[0] if listed else size, op=op, name="size")


def full(size: Sequence[int], fill_value: float, *, dtype: DType | None = None) -> Tensor:
    """A tensor of one value; its dtype follows the value's kind."""
    if not isinstance(size, (tuple, list)):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
        raise ArgumentError(f"full: argument 'size' takes a list of integers, got {type(size).__name__}")
    value = as_number(fill_value, op="full", name="fill_value")
    return full_op(as_ints(size, op="full", name="size"), value, dtype=dtype)


def zeros(*size: Any, dtype: DType | None = None) -> Tensor:
    """Zeros, float32 unless said otherwise."""
    return zeros_op.call((_size(size, "zeros"), dtype))


def ones(*size: Any, dtype: DType | None = None) -> Tensor:
    """Ones, float32 unless said otherwise."""
    return ones_op.call((_size(size, "ones"), dtype))


def empty(*size: Any, dtype: DType | None = None) -> Tensor:
    """Uninitialised elements."""
    wanted = as_dtype(dtype, op="empty") or DEFAULT_FLOAT
    return brought_in(empty_tensor(wanted, _sized(_size(size, "empty"), "empty")), blank=True)


def zeros_like(input: Tensor, *, dtype: DType | None = None) -> Tensor:
    """Zeros of another tensor's shape and dtype, row-major."""
    return zeros_op.call((tuple(_like(input, "zeros_like").shape), dtype or input.dtype))


def ones_like(input: Tensor, *, dtype: DType | None = None) -> Tensor:
    """Ones of another tensor's shape and dtype, row-major."""
    return ones_op.call((tuple(_like(input, "ones_like").shape), dtype or input.dtype))


def _like(value: object, op: str) -> Tensor:
    if not isinstance(value, Tensor):
        raise ArgumentError(f"{op}: argument 'input' takes a Tensor, got {type(value).__name__}")
    return value


def arange(start: float, end: float | None = None, step: float = 1, *, dtype: DType | None = None) -> Tensor:
    """Numbers from ``start`` up to, not including, ``end``; from 0 where only one bound is given."""
    first, last = (0, start) if end is None else (start, end)
    bounds = [as_number(v, op="arange", name=n) for n, v in (("start", first), ("end", last), ("step", step))]
    return arange_op.call((*(int(b) if isinstance(b, bool) else b for b in bounds), dtype))


def rand(*size: Any, dtype: DType | None = None) -> Tensor:
    """Uniform numbers in [0, 1)."""
    return rand_op.call((_size(size, "rand"), dtype))


def randn(*size: Any, dtype: DType | None = None) -> Tensor:
    """Normal numbers, mean 0, variance 1."""
    return randn_op.call((_size(size, "randn"), dtype))


FUNCTIONS: dict[str, Any] = {
    "arange": arange,
    "as_tensor": as_tensor,
    "empty": empty,
    "from_numpy": from_numpy,
    "full": full,
    "manual_seed": manual_seed,
    "ones": ones,
    "ones_like": ones_like,
    "rand": rand,
    "randn": randn,
    "tensor": tensor,
    "zeros": zeros,
    "zeros_like": zeros_like,
}

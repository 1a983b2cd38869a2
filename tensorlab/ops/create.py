"""New tensors: from data, from other libraries' arrays, filled, counted, random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tensorlab.core.dtype import BY_CODE, DEFAULT_FLOAT, DType, int64, number_dtype
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.interop import from_numpy
from tensorlab.core.op import Op, declare
from tensorlab.core.tensor import Tensor
from tensorlab.core.tensor import empty as empty_tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import ArgumentError, DTypeError, RangeError, ShapeError
from tensorlab.ops.movement import call_evaluator

__all__ = [
    "arange",
    "as_tensor",
    "empty",
    "from_numpy",
    "full",
    "full_of",
    "manual_seed",
    "ones",
    "ones_like",
    "rand",
    "randn",
    "tensor",
    "zeros",
    "zeros_like",
]

# Data -----------------------------------------------------------------------------------------------------------------


def tensor(data: Any, dtype: DType | None = None, *, device: object = None, requires_grad: bool = False) -> Tensor:
    """A new tensor with a copy of ``data``: a number, nested lists of numbers, an ndarray, or a tensor.

    Floats become float32, integers int64, as in torch; an ndarray keeps its dtype.

    Raises: `ShapeError` for ragged lists, `DTypeError` for what is no number, `ArgumentError` for ``requires_grad``.
    """
    if requires_grad:
        raise ArgumentError("tensor: requires_grad=True is not taken: this version computes no gradients")
    if isinstance(data, Tensor):
        from tensorlab.core.tensor import _tracked

        return _tracked(data, "tensor", lambda: _from_array(data.detached_numpy(), dtype or data.dtype))
    if isinstance(data, np.ndarray):
        return _from_array(data, dtype or from_numpy(data[..., :0] if data.ndim else data).dtype)
    return _from_array(*_listed(data, dtype))


def _listed(data: Any, dtype: DType | None) -> tuple[np.ndarray[Any, Any], DType]:
    """Nested sequences as an array, with the dtype that torch would give them."""
    data = _plain(data)
    try:
        array = np.array(data)
    except ValueError as error:
        raise ShapeError(f"tensor: nested sequences of unequal lengths ({error})") from error
    if array.size == 0 and array.dtype != np.bool_:
        return np.empty(array.shape, np.float32), dtype or DEFAULT_FLOAT
    kind = {"b": bool_dtype, "i": int64, "u": int64, "f": DEFAULT_FLOAT}.get(array.dtype.kind)
    if kind is None:
        raise DTypeError(f"tensor: got {_sample(data)}; takes numbers, nested lists of numbers, arrays or tensors")
    return array, dtype or kind


def _plain(data: Any) -> Any:
    """Lists with the one-element tensors in them as numbers."""
    if isinstance(data, Tensor):
        return data.item() if data.layout.numel == 1 else data.tolist()
    if isinstance(data, (list, tuple)):
        return [_plain(d) for d in data]  # pyright: ignore[reportUnknownVariableType]
    return data


def _sample(data: Any) -> str:
    while isinstance(data, (list, tuple)) and data:
        data = next((d for d in data if not isinstance(d, (int, float, list, tuple))), data[0])  # pyright: ignore
    return f"{type(data).__name__} {data!r}"[:60]


def _from_array(array: np.ndarray[Any, Any], dtype: DType) -> Tensor:
    result = empty_tensor(dtype, array.shape)
    np.copyto(result.detached_numpy(), array, casting="unsafe")
    return result


def as_tensor(data: Any, dtype: DType | None = None) -> Tensor:
    """A tensor of ``data``, without a copy where it is an ndarray or a tensor of that dtype already."""
    if isinstance(data, np.ndarray):
        data = from_numpy(data)
    if isinstance(data, Tensor):
        return data if dtype is None or dtype is data.dtype else data.to(dtype)
    return tensor(data, dtype)


# Filled ---------------------------------------------------------------------------------------------------------------

full_op = declare("full(int[] size, Scalar fill_value, *, ScalarType? dtype=None) -> Tensor")
zeros_op = declare("zeros(int[] size, *, ScalarType? dtype=None) -> Tensor")
ones_op = declare("ones(int[] size, *, ScalarType? dtype=None) -> Tensor")
tensor_op = declare("tensor(Scalar data, *, ScalarType? dtype=None) -> Tensor")
arange_op = declare("arange.start_step(Scalar start, Scalar end, Scalar step=1, *, ScalarType? dtype=None) -> Tensor")
rand_op = declare("rand(int[] size, *, ScalarType? dtype=None) -> Tensor", random=True)
randn_op = declare("randn(int[] size, *, ScalarType? dtype=None) -> Tensor", random=True)


def _dtype(value: DType | int | None, default: DType) -> DType:
    return BY_CODE[value] if isinstance(value, int) else value or default


def _checked(size: Sequence[int], op: str) -> tuple[int, ...]:
    if any(not isinstance(n, (int, np.integer)) for n in size):
        raise ArgumentError(f"{op}: a size is made of integers, got {tuple(size)}")
    if any(n < 0 for n in size):
        raise ShapeError(f"{op}: negative dimension {min(size)} in size {tuple(size)}")
    return tuple(int(n) for n in size)


def full_of(size: tuple[int, ...], value: float, dtype: DType) -> Tensor:
    """A new tensor of one value."""
    result = empty_tensor(dtype, size)
    result.detached_numpy().fill(value)
    return result


@full_op.rule("type")
def full_type(size: tuple[int, ...], value: Any, dtype: DType | int | None) -> TensorType:
    default = DEFAULT_FLOAT if not isinstance(value, (bool, int, float)) else number_dtype(value)
    return TensorType(_dtype(dtype, default), _checked(size, "full"))


@full_op.rule("call")
def full_call(size: tuple[int, ...], value: float, dtype: DType | int | None) -> Tensor:
    return full_of(_checked(size, "full"), value, _dtype(dtype, number_dtype(value)))


@zeros_op.rule("type")
@ones_op.rule("type")
@rand_op.rule("type")
@randn_op.rule("type")
def sized_type(size: tuple[int, ...], dtype: DType | int | None) -> TensorType:
    return TensorType(_dtype(dtype, DEFAULT_FLOAT), _checked(size, "size"))


@zeros_op.rule("call")
def zeros_call(size: tuple[int, ...], dtype: DType | int | None) -> Tensor:
    return full_of(_checked(size, "zeros"), 0, _dtype(dtype, DEFAULT_FLOAT))


@ones_op.rule("call")
def ones_call(size: tuple[int, ...], dtype: DType | int | None) -> Tensor:
    return full_of(_checked(size, "ones"), 1, _dtype(dtype, DEFAULT_FLOAT))


@tensor_op.rule("call")
def tensor_call(data: float, dtype: DType | int | None) -> Tensor:
    return full_of((), data, _dtype(dtype, number_dtype(data)))


@arange_op.rule("call")
def arange_call(start: float, end: float, step: float, dtype: DType | int | None) -> Tensor:
    if step == 0:
        raise RangeError("arange: step must be nonzero")
    if (end - start) * step < 0:
        raise RangeError(f"arange: upper bound and lower bound inconsistent with step sign: {start}, {end}, {step}")
    whole = all(isinstance(v, int) for v in (start, end, step))
    wanted = _dtype(dtype, int64 if whole else DEFAULT_FLOAT)
    n = math.ceil((end - start) / step)
    return _from_array(start + step * np.arange(n), wanted)


# Random ---------------------------------------------------------------------------------------------------------------

_generator = [np.random.default_rng(0x7E4507)]


def manual_seed(seed: int) -> None:
    """Start `rand` and `randn` over from ``seed``."""
    _generator[0] = np.random.default_rng(seed)


@rand_op.rule("call")
def rand_call(size: tuple[int, ...], dtype: DType | int | None) -> Tensor:
    return _random(_generator[0].random, size, dtype, "rand")


@randn_op.rule("call")
def randn_call(size: tuple[int, ...], dtype: DType | int | None) -> Tensor:
    return _random(_generator[0].standard_normal, size, dtype, "randn")


def _random(draw: Any, size: tuple[int, ...], dtype: DType | int | None, op: str) -> Tensor:
    wanted = _dtype(dtype, DEFAULT_FLOAT)
    if not wanted.is_floating_point:
        raise DTypeError(f"{op}: takes a floating point dtype, got {wanted.name}")
    return _from_array(draw(_checked(size, op), dtype=wanted.numpy), wanted)


CREATION: tuple[Op, ...] = (full_op, zeros_op, ones_op, tensor_op, arange_op, rand_op, randn_op)

for _op in CREATION:
    call_evaluator(_op)

# Public names ---------------------------------------------------------------------------------------------------------


def _size(size: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(size[0]) if len(size) == 1 and isinstance(size[0], (tuple, list)) else size


def full(size: Sequence[int], fill_value: float, *, dtype: DType | None = None) -> Tensor:
    """A tensor of one value; its dtype follows the value's kind."""
    return full_op(tuple(size), fill_value, dtype=dtype)


def zeros(*size: Any, dtype: DType | None = None) -> Tensor:
    """Zeros, float32 unless said otherwise."""
    return zeros_op(_size(size), dtype=dtype)


def ones(*size: Any, dtype: DType | None = None) -> Tensor:
    """Ones, float32 unless said otherwise."""
    return ones_op(_size(size), dtype=dtype)


def empty(*size: Any, dtype: DType | None = None) -> Tensor:
    """Uninitialised elements."""
    return empty_tensor(dtype or DEFAULT_FLOAT, _checked(_size(size), "empty"))


def zeros_like(input: Tensor, *, dtype: DType | None = None) -> Tensor:
    """Zeros of another tensor's shape and dtype."""
    return zeros_op(tuple(input.shape), dtype=dtype or input.dtype)


def ones_like(input: Tensor, *, dtype: DType | None = None) -> Tensor:
    """Ones of another tensor's shape and dtype."""
    return ones_op(tuple(input.shape), dtype=dtype or input.dtype)


def arange(start: float, end: float | None = None, step: float = 1, *, dtype: DType | None = None) -> Tensor:
    """Numbers from ``start`` up to, not including, ``end``; from 0 where only one bound is given."""
    return arange_op(start, end, step, dtype=dtype) if end is not None else arange_op(0, start, step, dtype=dtype)


def rand(*size: Any, dtype: DType | None = None) -> Tensor:
    """Uniform numbers in [0, 1)."""
    return rand_op(_size(size), dtype=dtype)


def randn(*size: Any, dtype: DType | None = None) -> Tensor:
    """Normal numbers, mean 0, variance 1."""
    return randn_op(_size(size), dtype=dtype)

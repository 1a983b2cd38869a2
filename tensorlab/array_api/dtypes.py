"""Data types of the standard that tensors have, and the functions about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tensorlab.array_api.array import Array, converted, given, on_device
from tensorlab.core.dtype import (
    Category,
    DType,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    number_category,
    promote,
    uint8,
)
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.dtype import result_type as common_type
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.ops import conversion
from tensorlab.ops import dtypes as limits

# The standard's kinds; there are no complex numbers here, and no unsigned integers of more than 8 bits.
KINDS: dict[str, tuple[DType, ...]] = {
    "bool": (bool_dtype,),
    "signed integer": (int8, int16, int32, int64),
    "unsigned integer": (uint8,),
    "integral": (int8, int16, int32, int64, uint8),
    "real floating": (float32, float64),
    "complex floating": (),
    "numeric": (int8, int16, int32, int64, uint8, float32, float64),
}
DTYPES: tuple[DType, ...] = KINDS["bool"] + KINDS["numeric"]


@dataclass(frozen=True, slots=True)
class FloatLimits:
    """What `finfo` gives."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: DType


@dataclass(frozen=True, slots=True)
class IntegerLimits:
    """What `iinfo` gives."""

    bits: int
    max: int
    min: int
    dtype: DType


def astype(x: Array, dtype: DType, /, *, copy: bool = True, device: Any = None) -> Array:
    """The elements in another dtype; a new array, unless ``copy`` is false and there is nothing to be done."""
    array = given(x, "astype")
    on_device(device)
    _check(dtype, "astype")
    result = conversion.to(array, dtype, copy=bool(copy))
    result.__class__ = Array
    return converted(result, dtype)


def can_cast(from_: DType | Array, to: DType, /) -> bool:
    """Whether promotion leads from one dtype to the other."""
    start = from_.dtype if isinstance(from_, Tensor) else _check(from_, "can_cast")
    return promote(start, _check(to, "can_cast")) is to


def finfo(type: DType | Array, /) -> FloatLimits:
    """Limits of a floating dtype.

    Raises: `ArgumentError` for a dtype that is none.
    """
    dtype = type.dtype if isinstance(type, Tensor) else _check(type, "finfo")
    if not dtype.is_floating_point:
        raise ArgumentError(f"finfo: takes a floating-point dtype, got {dtype.name}")
    info = limits.finfo(dtype)
    return FloatLimits(info.bits, info.eps, info.max, info.min, info.smallest_normal, dtype)


def iinfo(type: DType | Array, /) -> IntegerLimits:
    """Limits of an integer dtype.

    Raises: `ArgumentError` for a dtype that is none.
    """
    dtype = type.dtype if isinstance(type, Tensor) else _check(type, "iinfo")
    if dtype.category is not Category.INT:
        raise ArgumentError(f"iinfo: takes an integer dtype, got {dtype.name}")
    info = limits.iinfo(dtype)
    return IntegerLimits(info.bits, info.max, info.min, dtype)


def isdtype(dtype: DType, kind: DType | str | tuple[DType | str, ...]) -> bool:
    """Whether a dtype is of a kind: another dtype, one of the standard's names of kinds, or one of several of both.

    Raises: `RangeError` for an unknown name, `ArgumentError` for what is no kind.
    """
    _check(dtype, "isdtype")
    if isinstance(kind, tuple):
        return any(isdtype(dtype, k) for k in kind)
    if isinstance(kind, DType):
        return dtype is kind
    if not isinstance(kind, str):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
        raise ArgumentError(f"isdtype: takes dtypes and names of kinds, got {kind!r}")
    if kind not in KINDS:
        raise RangeError(f"isdtype: got kind {kind!r}, takes {', '.join(map(repr, KINDS))}")
    return dtype in KINDS[kind]


def result_type(*arrays_and_dtypes: Array | DType | float) -> DType:
    """The dtype that promotion gives; Python numbers count by their kind alone.

    Raises: `ArgumentError` for no array and no dtype, or for anything else.
    """
    dtypes: list[DType] = []
    numbers: list[Category] = []
    for value in arrays_and_dtypes:
        if isinstance(value, (bool, int, float)):
            numbers.append(number_category(value))
        else:
            dtypes.append(value.dtype if isinstance(value, Tensor) else _check(value, "result_type"))
    if not dtypes:
        raise ArgumentError("result_type: takes at least one array or dtype")
    return common_type(dtypes, numbers=numbers)


def _check(value: object, op: str) -> DType:
    if not isinstance(value, DType):
        raise ArgumentError(f"{op}: takes a dtype, got {type(value).__name__}")
    return value

"""The array object: a tensor whose attributes and operators are the standard's.

`Array` adds no state to Tensor, so that a tensor becomes one in place (`made`), and it is a Tensor wherever one is
taken: ``tl.sin(xp.ones(3))`` works, and gives a Tensor. What differs from Tensor is what the standard fixes:

- ``size`` is the number of elements, not a method; ``T`` is for matrices alone;
- operators promote by dtypes alone: in torch a tensor without dimensions does not widen one that has some;
- an index may go backwards, integer arrays of every dtype are indices, and what comes out is an `Array` again.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, cast

import numpy as np

from tensorlab.array_api.selection import forwards, restored, turned
from tensorlab.core.device import device as Device
from tensorlab.core.dtype import DType, number_category, promote
from tensorlab.core.dtype import result_type as common_type
from tensorlab.core.interop import from_numpy
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, RangeError, ShapeError
from tensorlab.ops import (
    comparison_functions,
    conversion,
    copying,
    data,
    functions,
    index_functions,
    movement,
    number_functions,
)

VERSION = "2024.12"
_VERSIONS = ("2021.12", "2022.12", "2023.12", VERSION)


class Array(Tensor):
    """A tensor under the rules of the Python array API standard."""

    __slots__ = ()

    @property
    def size(self) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - torch's is a method
        """Number of elements."""
        return self.layout.numel

    @property
    def T(self) -> Array:
        """The transposed matrix.

        Raises: `ShapeError` for an array that does not have two dimensions.
        """
        if self.ndim != 2:
            raise ShapeError(f"T: takes an array of two dimensions, got {self.ndim}")
        return made(movement.transpose.call((self, 0, 1)))

    @property
    def mT(self) -> Array:
        """The last two dimensions exchanged.

        Raises: `ShapeError` for an array that has fewer than two.
        """
        if self.ndim < 2:
            raise ShapeError(f"mT: takes an array of at least two dimensions, got {self.ndim}")
        return made(movement.transpose.call((self, -2, -1)))

    def __getitem__(self, key: Any, /) -> Array:  # pyright: ignore[reportIncompatibleMethodOverride] - by position alone
        key, backwards = forwards(key, self)
        found = Tensor.__getitem__(self, key)
        return made(turned(found, backwards))

    def __setitem__(self, key: Any, value: Any, /) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        key, backwards = forwards(key, self)
        if isinstance(value, np.ndarray):
            value = from_numpy(value)
        if isinstance(value, Tensor):
            value = restored(conversion.to(value, self.dtype), backwards)
        Tensor.__setitem__(self, key, value)

    def __iter__(self) -> Iterator[Array]:
        return map(made, Tensor.__iter__(self))

    def __mod__(self, other: Any, /) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _signed_zeros(_REMAINDER(self, other), other)

    def __rmod__(self, other: Any, /) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _signed_zeros(_REFLECTED_REMAINDER(self, other), self)

    def __imod__(self, other: Any, /) -> Array:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _overwritten(self, self % other, "imod")

    def __imatmul__(self, other: Any, /) -> Array:
        return _overwritten(self, self @ other, "imatmul")

    def __rmatmul__(self, other: Any, /) -> Any:
        return made(Tensor.__matmul__(other, self)) if isinstance(other, Tensor) else NotImplemented

    def __index__(self) -> int:
        if self.dtype.name == "bool":
            raise ArgumentError("index: takes an array of integers, got bool")
        return Tensor.__index__(self)

    def __dlpack__(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        /,
        *,
        stream: None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """A DLPack capsule over the array's memory."""
        return cast(Any, self.numpy()).__dlpack__(
            stream=stream, max_version=max_version, dl_device=dl_device, copy=copy
        )

    def __dlpack_device__(self, /) -> tuple[int, int]:
        """DLPack's numbers for the CPU."""
        return (1, 0)


def made(tensor: Any) -> Array:
    """A tensor that nobody else holds, as an array: the same object. Anything else (NotImplemented) stays as it is."""
    if type(tensor) is Tensor:
        tensor.__class__ = Array
    return cast(Array, tensor)


def given(x: object, op: str) -> Array:
    """The array that a function was given; a plain tensor of the caller's is seen through a view, and stays one.

    Raises: `ArgumentError` for what is neither.
    """
    if isinstance(x, Array):
        return x
    if isinstance(x, Tensor):
        return made(movement.alias.call((x,)))
    raise ArgumentError(f"{op}: takes an array, got {type(x).__name__}")


def converted(x: Tensor, dtype: DType | None) -> Array:
    """The array in this dtype; itself where it has it."""
    return cast(Array, x) if dtype is None or x.dtype is dtype else made(conversion.to(x, dtype))


def pair(x1: object, x2: object, op: str) -> tuple[Array, Array]:
    """Two operands in the dtype that promotion gives; a Python number takes the other's, where its kind allows.

    Raises: `ArgumentError` for two numbers, or for what is neither array nor number.
    """
    if not isinstance(x1, Tensor):
        second = given(x2, op)
        return _beside(x1, second, op), second
    first = given(x1, op)
    if not isinstance(x2, Tensor):
        return first, _beside(x2, first, op)
    second = given(x2, op)
    dtype = promote(first.dtype, second.dtype)
    return converted(first, dtype), converted(second, dtype)


def _beside(number: object, array: Array, op: str) -> Array:
    if not isinstance(number, (bool, int, float)):
        raise ArgumentError(f"{op}: takes an array or a number, got {type(number).__name__}")
    dtype = common_type((array.dtype,), numbers=(number_category(number),))
    return made(data.tensor(number, dtype))


def remainder(x1: Array, x2: Array) -> Array:
    """Torch's remainder, but for the sign of zeros: they have the divisor's, as other remainders do."""
    return _signed_zeros(made(functions.remainder(x1, x2)), x2)


def _signed_zeros(found: Any, divisor: Any) -> Any:
    if not isinstance(found, Tensor) or not found.dtype.is_floating_point:
        return found
    zeros = number_functions.copysign(found, divisor)
    return made(index_functions.where(comparison_functions.eq(found, 0), zeros, found))


def _overwritten(array: Array, result: Array, op: str) -> Array:
    if result.shape != array.shape:
        raise ShapeError(f"{op}: got a result of shape {tuple(result.shape)}, takes {tuple(array.shape)}")
    copying.copy_.call((array, result, False))
    return array


def namespace(self: Tensor, /, *, api_version: str | None = None) -> ModuleType:
    """The standard's namespace for tensors: `tensorlab.array_api`.

    Raises: `RangeError` for a version of the standard that it does not follow.
    """
    from tensorlab import array_api

    if api_version is not None and api_version not in _VERSIONS:
        raise RangeError(f"__array_namespace__: got version {api_version!r}, takes {', '.join(_VERSIONS)}")
    return array_api


def to_device(self: Tensor, device: Device | str, /, *, stream: None = None) -> Tensor:
    """The tensor on a device; the only one is the CPU.

    Raises: `RangeError` for another device, `ArgumentError` for a stream: the CPU has none.
    """
    on_device(device)
    if stream is not None:
        raise ArgumentError(f"to_device: takes no stream, got {type(stream).__name__}")
    return self


def on_device(device: object) -> None:
    """Refuse a device that is not the CPU.

    Raises: `RangeError`.
    """
    if device is not None and not isinstance(device, Device):
        Device(str(device))


# Operators ------------------------------------------------------------------------------------------------------------

_BINARY = (
    *("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__truediv__", "__rtruediv__"),
    *("__floordiv__", "__rfloordiv__", "__pow__", "__rpow__", "__matmul__"),
    *("__and__", "__rand__", "__or__", "__ror__", "__xor__", "__rxor__"),
    *("__lshift__", "__rlshift__", "__rshift__", "__rrshift__"),
    *("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"),
)
_IN_PLACE = (
    *("__iadd__", "__isub__", "__imul__", "__itruediv__", "__ifloordiv__", "__ipow__"),
    *("__iand__", "__ior__", "__ixor__", "__ilshift__", "__irshift__"),
)
_UNARY = ("__abs__", "__neg__", "__pos__", "__invert__")


def _binary(name: str) -> Callable[[Array, Any], Any]:
    """An operator of Tensor after the standard's promotion."""
    of_tensors = getattr(Tensor, name)

    def operator(self: Array, other: Any, /) -> Any:
        left: Tensor = self
        if isinstance(other, np.ndarray):
            other = from_numpy(cast(Any, other))
        if isinstance(other, Tensor) and other.layout.dtype is not self.layout.dtype:
            dtype = promote(self.layout.dtype, other.layout.dtype)
            left, other = conversion.to(self, dtype), conversion.to(other, dtype)
        return made(of_tensors(left, other))

    operator.__name__, operator.__qualname__ = name, f"Array.{name}"
    return operator


def _unary(name: str) -> Callable[[Array], Array]:
    of_tensors = getattr(Tensor, name)

    def operator(self: Array, /) -> Array:
        return made(of_tensors(self))

    operator.__name__, operator.__qualname__ = name, f"Array.{name}"
    return operator


def _in_place(name: str) -> Callable[[Array, Any], Any]:
    """An operator of Tensor as it is: the array keeps its dtype."""
    of_tensors = getattr(Tensor, name)

    def operator(self: Array, other: Any, /) -> Any:
        return of_tensors(self, other)

    operator.__name__, operator.__qualname__ = name, f"Array.{name}"
    return operator


_REMAINDER, _REFLECTED_REMAINDER = _binary("__mod__"), _binary("__rmod__")

for _name in _BINARY:
    setattr(Array, _name, _binary(_name))
for _name in _IN_PLACE:
    setattr(Array, _name, _in_place(_name))
for _name in _UNARY:
    setattr(Array, _name, _unary(_name))
Array.__hash__ = Tensor.__hash__  # type: ignore[method-assign]

# Every tensor says where the standard's functions for it are.
Tensor.__array_namespace__ = namespace  # pyright: ignore[reportAttributeAccessIssue]
Tensor.to_device = to_device  # pyright: ignore[reportAttributeAccessIssue]


def as_index(value: object, op: str, name: str) -> int:
    """An integer of any kind as Python's own.

    Raises: `ArgumentError`.
    """
    try:
        return operator.index(cast(Any, value))
    except TypeError as error:
        raise ArgumentError(f"{op}: argument {name!r} takes an integer, got {type(value).__name__}") from error

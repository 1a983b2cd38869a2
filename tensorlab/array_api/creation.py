"""Arrays from nothing, from numbers, and from other libraries' memory."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from tensorlab.array_api.array import Array, as_index, converted, given, made, on_device
from tensorlab.array_api.axes import as_shape
from tensorlab.core.dtype import DType, default_float, float64
from tensorlab.core.interop import from_numpy
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, NumberOverflowError, RangeError
from tensorlab.ops import (
    conversion,
    copying,
    create,
    data,
    factories,
    interchange,
    joining_functions,
    rearranging_functions,
    view_functions,
)

Shape = int | tuple[int, ...]


def arange(
    start: float,
    /,
    stop: float | None = None,
    step: float = 1,
    *,
    dtype: DType | None = None,
    device: Any = None,
) -> Array:
    """Numbers from ``start`` up to, not including, ``stop``; from 0 where only one bound is given.

    Raises: `RangeError` for a step of 0.
    """
    on_device(device)
    first, last = (0, start) if stop is None else (start, stop)
    if step == 0:
        raise RangeError("arange: takes a step other than 0")
    if (last - first) * (1 if step > 0 else -1) <= 0:
        whole = all(isinstance(n, int) for n in (first, last, step))
        return made(factories.arange(0 if whole else 0.0, 0 if whole else 0.0, dtype=dtype))
    return made(factories.arange(first, last, step, dtype=dtype))


def asarray(obj: Any, /, *, dtype: DType | None = None, device: Any = None, copy: bool | None = None) -> Array:
    """An array of numbers, nested lists of them, another array, or an object with a buffer.

    Memory is shared where there is some and ``copy`` is not true.

    Raises: `RangeError` where ``copy`` is false and nothing can be shared, `NumberOverflowError` for a number that the
            dtype does not hold; otherwise as `tensorlab.tensor`.
    """
    on_device(device)
    source = _shared(obj)
    if source is None:
        if copy is False:
            raise RangeError(f"asarray: cannot share the memory of {type(obj).__name__}: takes copy=None or True")
        return made(_listed(obj, dtype))
    if copy is False and dtype not in (None, source.dtype):
        raise RangeError(f"asarray: cannot make {source.dtype.name} into {dtype} without a copy")
    return made(conversion.to(source, dtype or source.dtype, copy=copy is True))


def _listed(obj: Any, dtype: DType | None) -> Tensor:
    try:
        return data.tensor(obj, dtype)
    except RangeError as error:
        raise NumberOverflowError(str(error).replace("tensor:", "asarray:", 1)) from error


def _shared(obj: Any) -> Array | None:
    """An array over the memory that an object shows; None for a number and for nested lists."""
    if isinstance(obj, Tensor):
        return given(obj, "asarray")
    if isinstance(obj, np.ndarray):
        return made(from_numpy(cast(Any, obj)))
    if isinstance(obj, (bytes, bytearray, memoryview)) or hasattr(obj, "__buffer__"):
        return made(from_numpy(np.asarray(memoryview(obj))))
    if hasattr(obj, "__dlpack__"):
        return made(interchange.from_dlpack(obj))
    return None


def empty(shape: Shape, *, dtype: DType | None = None, device: Any = None) -> Array:
    """Uninitialised elements."""
    return made(factories.empty(as_shape(shape, "empty"), dtype=dtype, device=device))


def empty_like(x: Array, /, *, dtype: DType | None = None, device: Any = None) -> Array:
    """Uninitialised elements in another array's shape."""
    return made(factories.empty_like(given(x, "empty_like"), dtype=dtype, device=device))


def eye(
    n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: DType | None = None, device: Any = None
) -> Array:
    """Ones on the ``k``-th diagonal of a matrix, zeros elsewhere."""
    on_device(device)
    rows = as_index(n_rows, "eye", "n_rows")
    columns = rows if n_cols is None else as_index(n_cols, "eye", "n_cols")
    result = create.zeros_op.call(((rows, columns), dtype))
    if -rows <= k <= columns:
        copying.fill_.call((view_functions.diagonal(result, k), 1))
    return made(result)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Array:
    """An array over another library's memory; a copy of it where ``copy`` is true.

    Raises: `ArgumentError` for an object that has no ``__dlpack__``.
    """
    on_device(device)
    array = made(interchange.from_dlpack(x))
    return made(conversion.to(array, array.dtype, copy=True)) if copy is True else array


def full(shape: Shape, fill_value: float, *, dtype: DType | None = None, device: Any = None) -> Array:
    """One value; its kind says the dtype where none is given."""
    return made(factories.full(as_shape(shape, "full"), fill_value, dtype=dtype, device=device))


def full_like(x: Array, /, fill_value: float, *, dtype: DType | None = None, device: Any = None) -> Array:
    """One value in another array's shape and dtype."""
    return made(factories.full_like(given(x, "full_like"), fill_value, dtype=dtype, device=device))


def linspace(
    start: float,
    stop: float,
    /,
    num: int,
    *,
    dtype: DType | None = None,
    device: Any = None,
    endpoint: bool = True,
) -> Array:
    """``num`` numbers, evenly spaced, from ``start`` to ``stop``, which is among them if ``endpoint`` is true."""
    on_device(device)
    count = as_index(num, "linspace", "num")
    wanted = dtype or default_float()
    # In 64 bits: rounded once, however many numbers there are.
    steps = factories.linspace(start, stop, count if endpoint else count + 1, dtype=float64)
    return converted(made(steps if endpoint else steps[:count]), wanted)


def meshgrid(*arrays: Array, indexing: str = "xy") -> list[Array]:
    """Coordinates of a grid, from those along each of its axes.

    Raises: `RangeError` for an indexing other than ``"xy"`` and ``"ij"``.
    """
    if indexing not in ("xy", "ij"):
        raise RangeError(f"meshgrid: argument 'indexing' takes 'xy' or 'ij', got {indexing!r}")
    along = [given(x, "meshgrid") for x in arrays]
    if any(x.ndim > 1 for x in along):
        raise ArgumentError("meshgrid: takes arrays of one axis")
    return [made(grid) for grid in joining_functions.meshgrid(*along, indexing=indexing)] if along else []


def ones(shape: Shape, *, dtype: DType | None = None, device: Any = None) -> Array:
    """Ones."""
    return made(factories.ones(as_shape(shape, "ones"), dtype=dtype, device=device))


def ones_like(x: Array, /, *, dtype: DType | None = None, device: Any = None) -> Array:
    """Ones in another array's shape and dtype."""
    return made(factories.ones_like(given(x, "ones_like"), dtype=dtype, device=device))


def tril(x: Array, /, *, k: int = 0) -> Array:
    """Matrices without what is above the ``k``-th diagonal."""
    return made(rearranging_functions.tril(given(x, "tril"), k))


def triu(x: Array, /, *, k: int = 0) -> Array:
    """Matrices without what is below the ``k``-th diagonal."""
    return made(rearranging_functions.triu(given(x, "triu"), k))


def zeros(shape: Shape, *, dtype: DType | None = None, device: Any = None) -> Array:
    """Zeros."""
    return made(factories.zeros(as_shape(shape, "zeros"), dtype=dtype, device=device))


def zeros_like(x: Array, /, *, dtype: DType | None = None, device: Any = None) -> Array:
    """Zeros in another array's shape and dtype."""
    return made(factories.zeros_like(given(x, "zeros_like"), dtype=dtype, device=device))

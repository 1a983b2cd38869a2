"""Tensors of data that is there already: numbers, nested lists, ndarrays, other tensors."""

from __future__ import annotations

import ctypes
from array import array as packed
from collections.abc import Sequence
from functools import reduce
from typing import Any, cast

import numpy as np

from tensorlab.core.device import device as device_type
from tensorlab.core.dlpack import from_dlpack
from tensorlab.core.dtype import (
    BY_NAME,
    Category,
    DType,
    bfloat16,
    category_dtype,
    default_float,
    float32,
    float64,
    from_numpy_dtype,
    int64,
    promote,
)
from tensorlab.core.filling import number
from tensorlab.core.interop import borrowed, from_numpy
from tensorlab.core.layout import layout
from tensorlab.core.pointwise import dense_like
from tensorlab.core.reading import brought_in, read_out
from tensorlab.core.tensor import Tensor, empty
from tensorlab.errors import DTypeError, RangeError, ShapeError
from tensorlab.ops.copying import converted, element, to
from tensorlab.ops.operands import as_dtype

Array = np.ndarray[Any, Any]
_SEQUENCES = (list, tuple, range)
_OWN = {bool: Category.BOOL, int: Category.INT, float: Category.FLOAT}


def tensor(data: Any, dtype: DType | None = None, *, device: object = None, requires_grad: bool = False) -> Tensor:
    """A new tensor with a copy of ``data``: a number, nested lists of numbers, an ndarray, or a tensor.

    Floats become the default dtype, integers int64, as in torch; what has a dtype keeps it. The tensor has no history:
    ``requires_grad`` makes it a leaf.

    Raises: `ShapeError` for ragged lists, `DTypeError` for what is no number, or for integers that are to require a
            gradient, `RangeError` for a number that the dtype does not hold, or a device other than the CPU.

    >>> tensor([[1, 2], [3, 4]]).dtype
    tensorlab.int64
    """
    if device is not None:
        device_type(str(device))
    made = brought_in(_made(data, as_dtype(dtype, op="tensor")))
    return made.requires_grad_() if requires_grad else made


def _made(data: Any, wanted: DType | None) -> Tensor:
    if isinstance(data, Tensor):
        return read_out(data, "tensor", lambda: converted(data, wanted or data.dtype, dense_like(data.layout)))
    if isinstance(data, np.ndarray):
        array = cast(Array, data)
        return _copied(array, wanted or from_numpy_dtype(array.dtype, "tensor"))
    if isinstance(data, (np.generic, *_SEQUENCES, *_OWN)):
        return _listed(data, wanted)
    seen = _seen(data)
    return (
        converted(seen, wanted or seen.dtype, dense_like(seen.layout))
        if isinstance(seen, Tensor)
        else _listed(data, wanted)
    )


def as_tensor(data: Any, dtype: DType | None = None, device: object = None) -> Tensor:
    """A tensor of ``data``, without a copy where it is a tensor or an array of any library with that dtype already."""
    if device is not None:
        device_type(str(device))
    wanted = as_dtype(dtype, op="as_tensor")
    data = _seen(data)
    if isinstance(data, Tensor):
        return data if wanted is None or wanted is data.dtype else to.call((data, wanted, False, False))
    return tensor(data, wanted)


def _seen(data: Any) -> Any:
    """An array of any library as a tensor over its memory; anything else as it is."""
    if isinstance(data, np.ndarray):
        return from_numpy(cast(Array, data))
    if isinstance(data, (Tensor, np.generic, *_SEQUENCES, *_OWN)):
        return data
    if hasattr(data, "__dlpack__"):
        return from_dlpack(data)
    if hasattr(data, "__array_interface__") or hasattr(data, "__array__"):
        return from_numpy(np.asarray(data))
    return data


def _copied(array: Array, dtype: DType) -> Tensor:
    """An ndarray of numbers, converted as loops convert."""
    is_float = array.dtype.kind == "f" or array.dtype == bfloat16.numpy
    if not is_float and array.dtype.kind not in "bui":
        raise DTypeError(f"tensor: got an array of dtype {array.dtype}; takes numbers")
    steps = tuple(s // array.itemsize for s in array.strides)
    result = empty(dtype, array.shape, dense_like(layout(dtype, tuple(array.shape), steps)))
    if dtype.is_half and array.dtype.itemsize > 2:
        with np.errstate(over="ignore"):
            array = array.astype(np.float32)  # on the way that loops take, and torch
    with np.errstate(all="ignore"):  # what does not fit becomes infinite
        np.copyto(borrowed(result), array, casting="unsafe")
    return result


def _listed(data: Any, wanted: DType | None) -> Tensor:
    """A number or nested sequences, with the dtype that torch gives them."""
    found = _of_one_kind(data, wanted)
    if found is not None:
        return found
    kinds = _leaf_types(data)
    if any(issubclass(kind, (Tensor, np.ndarray)) for kind in kinds):
        data = _plain(data)
        kinds = _leaf_types(data)
    own = [_leaf_dtype(kind, data) for kind in kinds]
    found = reduce(promote, own) if own else default_float()
    try:
        # Through 64 bits, so that nothing is rounded twice or wraps around unseen.
        array = np.array(data, dtype=np.float64 if found.is_floating_point else np.int64)
    except OverflowError as error:
        raise RangeError("tensor: got an integer outside -2**63 to 2**63 - 1") from error
    except (TypeError, ValueError):
        plain = _plain(data)
        _check_even(plain, _first_shape(plain), 0)
        raise
    dtype = wanted or found
    if array.size and dtype.category is Category.INT:
        for extreme in (array.min(), array.max()):
            element(extreme.item(), dtype, op="tensor")
    return _copied(array, dtype)


_CODES = {float32: "f", float64: "d", int64: "q"}  # what an array of Python's holds as we do


def _of_one_kind(data: Any, wanted: DType | None) -> Tensor | None:
    """A number, or a list of floats or of integers alone, in their own dtype; None for anything else."""
    listed = type(data) is list or type(data) is tuple
    kinds = set(map(type, cast(Sequence[Any], data))) if listed else {type(data)}
    own = _OWN.get(kinds.pop()) if len(kinds) == 1 else None
    if own is None or own is Category.BOOL:
        return None
    dtype = wanted or category_dtype(own)
    code = _CODES.get(dtype)
    if code is None or dtype.category is not own:
        return None
    try:
        if not listed:
            return number(cast(Any, data), dtype)
        values = packed(code, cast(Sequence[Any], data))
    except OverflowError as error:
        raise RangeError("tensor: got an integer outside -2**63 to 2**63 - 1") from error
    made = empty(dtype, (len(values),))
    ctypes.memmove(made.address, values.buffer_info()[0], made.layout.nbytes)
    return made


def _plain(data: Any) -> Any:
    """Sequences as lists, with the tensors in them as NumPy's numbers or as lists of them."""
    if isinstance(data, _SEQUENCES):
        return [_plain(d) for d in cast(Sequence[Any], data)]
    if isinstance(data, Tensor):
        return _plain(data.numpy()) if data.layout.numel != 1 else data.numpy().reshape(())[()]
    if isinstance(data, np.ndarray):
        array = cast(Array, data)
        return [_plain(row) for row in array] if array.ndim else array[()]
    return data


def _first_shape(data: Any) -> list[int]:
    """The shape that the first element at each depth promises."""
    shape: list[int] = []
    while isinstance(data, list):
        items = cast(list[Any], data)
        shape.append(len(items))
        data = items[0] if items else None
    return shape


def _check_even(data: Any, shape: list[int], dim: int) -> None:
    """Refuse sequences of unequal lengths or depths."""
    if not isinstance(data, list):
        if dim != len(shape):
            raise ShapeError(f"tensor: expected sequence of length {shape[dim]} at dim {dim} (got a number)")
        return
    items = cast(list[Any], data)
    if dim == len(shape):
        raise ShapeError(f"tensor: expected a number at dim {dim} (got sequence of length {len(items)})")
    if len(items) != shape[dim]:
        raise ShapeError(f"tensor: expected sequence of length {shape[dim]} at dim {dim} (got {len(items)})")
    if dim + 1 < len(shape) or list in map(type, items):
        for item in items:
            _check_even(item, shape, dim + 1)


def _leaf_types(data: Any) -> set[type]:
    """The types of what is in nested sequences."""
    if not isinstance(data, _SEQUENCES):
        return {type(data)}
    items = cast(Sequence[Any], data)
    found = set(map(type, items))
    if found.isdisjoint(_SEQUENCES):
        return found
    return set[type]().union(*map(_leaf_types, items))


def _leaf_dtype(kind: type, data: Any) -> DType:
    own = _OWN.get(kind)
    if own is not None:
        return category_dtype(own)
    if issubclass(kind, np.generic):
        dtype = BY_NAME.get(np.dtype(kind).name)
        if dtype is not None:
            return dtype
    for base in (bool, int, float):
        if issubclass(kind, base):
            return category_dtype(_OWN[base])
    raise DTypeError(
        f"tensor: got {type(data).__name__} with {kind.__name__} in it; takes numbers, nested lists of them, "
        f"arrays or tensors"
        if isinstance(data, (list, tuple))
        else f"tensor: got {kind.__name__}; takes numbers, nested lists of them, arrays or tensors"
    )

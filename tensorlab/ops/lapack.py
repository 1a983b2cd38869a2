"""NumPy's LAPACK over our bytes: batches of matrices in, fresh tensors out, and failures that name the matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tensorlab.core.dtype import DType
from tensorlab.core.interop import borrowed, from_numpy_dtype
from tensorlab.core.shape import Shape
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError, LinAlgError, ShapeError

Array = np.ndarray[Any, Any]


def owned(array: Any, dtype: DType | None = None) -> Tensor:
    """What NumPy has computed, in a tensor of our own memory."""
    found: Array = np.asarray(array)
    result = empty(dtype or from_numpy_dtype(found.dtype, "linalg"), tuple(found.shape))
    borrowed(result)[...] = found
    return result


def matrix_shape(op: str, a: TensorType, *, square: bool = False, name: str = "A") -> Shape:
    """The shape of a batch of matrices of floats.

    Raises: `ShapeError` for less than two dimensions or matrices that are not square, `DTypeError` for other numbers.
    """
    shape = a.sizes
    if len(shape) < 2:
        raise ShapeError(f"{op}: the input tensor {name} must have at least 2 dimensions, got {len(shape)}")
    if square and shape[-1] != shape[-2]:
        raise ShapeError(
            f"{op}: {name} must be batches of square matrices, but they are {shape[-2]} by {shape[-1]} matrices"
        )
    check_float(op, a)
    return shape


def check_float(op: str, a: TensorType) -> None:
    """Raises: `DTypeError` for what LAPACK has no arithmetic for, halves among them, as in torch."""
    if a.dtype is None or not a.dtype.is_floating_point or a.dtype.is_half:
        raise DTypeError(
            f"{op}: expected a tensor of float32 or float64, got {a.dtype.name if a.dtype else 'an unknown dtype'}"
        )


def over_batch(op: str, why: str, function: Callable[..., Any], *arrays: Array) -> Any:
    """Call LAPACK through NumPy; where a matrix of the batch fails, say which, and ``why``.

    Raises: `LinAlgError`.
    """
    try:
        with np.errstate(all="ignore"):
            return function(*arrays)
    except np.linalg.LinAlgError as error:
        raise LinAlgError(f"{op}: {_which(function, arrays)}{why}") from error


def _which(function: Callable[..., Any], arrays: tuple[Array, ...]) -> str:
    """``"(Batch element 3): "``: the first that fails on its own."""
    batch = arrays[0].shape[:-2]
    if not batch:
        return ""
    apart = [np.broadcast_to(a, (*batch, *a.shape[-2:])).reshape((-1, *a.shape[-2:])) for a in arrays]
    for i in range(len(apart[0])):
        try:
            function(*(a[i] for a in apart))
        except np.linalg.LinAlgError:
            return f"(Batch element {i}): "
    return ""

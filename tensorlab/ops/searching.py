"""Places and counts: unique, unique_consecutive, searchsorted, bucketize, histc, bincount. NumPy searches."""

from __future__ import annotations

from typing import Any

import numpy as np

from tensorlab.core.dtype import DType, float32, float64, int32, int64
from tensorlab.core.interop import borrowed
from tensorlab.core.op import Op, declare
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.errors import ArgumentError, DTypeError, RangeError, ShapeError
from tensorlab.ops.sorting import Array, lanes
from tensorlab.ops.view_evaluator import call_evaluator


def type_of(a: Tensor | None) -> TensorType | None:
    """The type of a tensor that may be left out."""
    return None if a is None else a.type


def made(array: Array, dtype: DType) -> Tensor:
    """A tensor with a copy of an ndarray's elements."""
    result = empty(dtype, array.shape)
    borrowed(result)[...] = array
    return result


# unique ---------------------------------------------------------------------------------------------------------------

_FLAGS = "bool return_inverse=False, bool return_counts=False"
unique_all = declare(f"_unique2(Tensor self, bool sorted=True, {_FLAGS}) -> (Tensor, Tensor, Tensor)")
unique_dim = declare(f"unique_dim(Tensor self, int dim, bool sorted=True, {_FLAGS}) -> (Tensor, Tensor, Tensor)")
unique_consecutive = declare(f"unique_consecutive(Tensor self, {_FLAGS}, int? dim=None) -> (Tensor, Tensor, Tensor)")
_Three = tuple[Tensor, Tensor, Tensor]


def _unique_type(a: TensorType, *_: object) -> tuple[TensorType, TensorType, TensorType]:
    """How many there are is for the values to say."""
    return TensorType(a.dtype), TensorType(int64), TensorType(int64)


def _three(a: Tensor, values: Array, inverse: Array | None, counts: Array | None) -> _Three:
    nothing = np.empty(0, np.int64)
    extra = [made(nothing if part is None else part, int64) for part in (inverse, counts)]
    return made(values, a.dtype), extra[0], extra[1]


@unique_all.rule("call")
def unique_all_call(a: Tensor, sorted: bool, return_inverse: bool, return_counts: bool) -> _Three:  # noqa: FBT001
    """Different elements in order, of any shape as one line; each NaN is another."""
    array = lanes(a, 0, op="unique")[0]
    values, inverse, counts = np.unique(array, return_inverse=True, return_counts=True, equal_nan=False)
    back = inverse.reshape(tuple(a.shape)) if return_inverse else None
    return _three(a, values, back, counts if return_counts else None)


@unique_dim.rule("call")
def unique_dim_call(a: Tensor, dim: int, sorted: bool, return_inverse: bool, return_counts: bool) -> _Three:  # noqa: FBT001
    """Different slices along a dimension, in order.

    Raises: `ShapeError` for slices without elements.
    """
    array, at = lanes(a, dim, op="unique_dim")
    _check_slices(a, at)
    if not array.size:
        return _three(a, array, np.empty(0, np.int64), np.empty(0, np.int64))
    values, inverse, counts = np.unique(array, return_inverse=True, return_counts=True, axis=at, equal_nan=False)
    return _three(a, values, inverse.reshape(-1), counts)


def _check_slices(a: Tensor, at: int) -> None:
    if not a.numel() and (not a.ndim or a.shape[at] or sum(n == 0 for n in a.shape) > 1):
        raise ShapeError(
            f"unique: there are 0 sized dimensions, and they aren't selected, so unique cannot be applied: got shape "
            f"{list(a.shape)}"
        )


@unique_consecutive.rule("call")
def unique_consecutive_call(a: Tensor, return_inverse: bool, return_counts: bool, dim: int | None) -> _Three:  # noqa: FBT001
    """Each element, or slice along ``dim``, that is not the same as the one before it."""
    array, at = lanes(a, dim or 0, op="unique_consecutive")
    if dim is not None:
        _check_slices(a, at)
    lines = array.reshape(-1) if dim is None else np.moveaxis(array, at, 0)
    first = np.ones(len(lines), np.bool_)
    first[1:] = (lines[1:] != lines[:-1]).reshape(max(len(lines) - 1, 0), -1).any(1) if len(lines) > 1 else True
    values = lines[first] if dim is None else np.moveaxis(lines[first], 0, at)
    inverse = np.cumsum(first) - 1
    counts = np.diff(np.append(np.flatnonzero(first), len(lines)))
    back = inverse.reshape(tuple(a.shape)) if dim is None else inverse
    return _three(a, values, back if return_inverse or dim is not None else None, counts if return_counts else None)


# searchsorted, bucketize ----------------------------------------------------------------------------------------------

_OPTIONS = "*, bool out_int32=False, bool right=False, str? side=None, Tensor? sorter=None"
searchsorted = declare(f"searchsorted.Tensor(Tensor sorted_sequence, Tensor self, {_OPTIONS}) -> Tensor")
bucketize = declare(
    "bucketize.Tensor(Tensor self, Tensor boundaries, *, bool out_int32=False, bool right=False) -> Tensor"
)


@searchsorted.rule("type")
def searchsorted_type(
    sequence: TensorType,
    values: TensorType,
    out_int32: bool,  # noqa: FBT001
    right: bool,  # noqa: FBT001
    side: str | None,
    sorter: TensorType | None,
) -> TensorType:
    """A place for each value.

    Raises: `ShapeError` for lines that do not match, `ArgumentError` for a ``side`` that is none, or against ``right``.
    """
    op = "searchsorted"
    own, asked = sequence.sizes, values.sizes
    if side not in (None, "left", "right"):
        raise ArgumentError(f"{op}: side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise ArgumentError(f"{op}: side and right can't be set to opposites, got side of left while right was True")
    if not own:
        raise ShapeError(f"{op}: boundaries tensor should have positive dimension, but got 0 dimension")
    if len(own) > 1 and own[:-1] != asked[:-1]:
        raise ShapeError(
            f"{op}: boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input "
            f"value tensor must match, but we got boundaries tensor {list(own)} and input value tensor {list(asked)}"
        )
    if sorter is not None and (sorter.shape != sequence.shape or sorter.dtype is not int64):
        raise ShapeError(
            f"{op}: boundary and sorter must have the same size, and sorter int64, but got boundary tensor {list(own)} "
            f"and got sorter tensor {list(sorter.sizes)} of {sorter.dtype}"
        )
    return TensorType(int32 if out_int32 else int64, asked)


@searchsorted.rule("call")
def searchsorted_call(
    sequence: Tensor,
    values: Tensor,
    out_int32: bool,  # noqa: FBT001
    right: bool,  # noqa: FBT001
    side: str | None,
    sorter: Tensor | None,
) -> Tensor:
    """Where each value would keep its line in order: before its equals, or after them.

    Cost: a binary search a value.
    """
    found = searchsorted_type(sequence.type, values.type, out_int32, right, side, type_of(sorter))
    lines, _ = lanes(sequence, 0, op="searchsorted")
    if sorter is not None:
        lines = np.take_along_axis(lines, borrowed(sorter), -1)
    asked = lanes(values, 0, op="searchsorted")[0]
    which = "right" if right or side == "right" else "left"
    if lines.ndim == 1:
        places = np.searchsorted(lines, asked, which)
    else:
        places = np.empty(asked.shape, np.int64)
        for at in np.ndindex(lines.shape[:-1]):
            places[at] = np.searchsorted(lines[at], asked[at], which)
    return made(places.reshape(tuple(values.shape)), found.dtype or int64)


@bucketize.rule("type")
def bucketize_type(a: TensorType, boundaries: TensorType, out_int32: bool, right: bool) -> TensorType:  # noqa: FBT001
    """A place for each element.

    Raises: `ShapeError` for boundaries that are no vector.
    """
    if len(boundaries.sizes) != 1:
        raise ShapeError(f"bucketize: boundaries tensor must be 1 dimension, but got dim({len(boundaries.sizes)})")
    return TensorType(int32 if out_int32 else int64, a.shape)


@bucketize.rule("call")
def bucketize_call(a: Tensor, boundaries: Tensor, out_int32: bool, right: bool) -> Tensor:  # noqa: FBT001
    bucketize_type(a.type, boundaries.type, out_int32, right)
    return searchsorted.run((boundaries, a, out_int32, right, None, None))


# histc, bincount ------------------------------------------------------------------------------------------------------

histc = declare("histc(Tensor self, int bins=100, Scalar min=0, Scalar max=0) -> Tensor")
bincount = declare("bincount(Tensor self, Tensor? weights=None, int minlength=0) -> Tensor")


@histc.rule("type")
def histc_type(a: TensorType, bins: int, min: float, max: float) -> TensorType:
    """As many counts as bins.

    Raises: `DTypeError`, `RangeError`.
    """
    if a.dtype is not None and not a.dtype.is_floating_point:
        raise DTypeError(f"histc: takes a floating point dtype, got {a.dtype.name}")
    if bins <= 0:
        raise RangeError(f"histc: bins must be > 0, got {bins}")
    return TensorType(a.dtype, (bins,))


@histc.rule("call")
def histc_call(a: Tensor, bins: int, min: float, max: float) -> Tensor:
    """How many elements are in each of equal bins from ``min`` to ``max``, or over all elements where these are equal.

    Raises: `RangeError` for bounds that are not finite, or the wrong way round.
    """
    found = histc_type(a.type, bins, min, max)
    array = lanes(a, 0, op="histc")[0].reshape(-1).astype(np.float64)
    low, high = float(min), float(max)
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RangeError(f"histc: range of [{low}, {high}] is not finite")
    if low > high:
        raise RangeError(f"histc: max must be larger than min, got min {low} and max {high}")
    inside = array[(array >= low) & (array <= high)]
    places = np.minimum(((inside - low) * bins / (high - low)).astype(np.int64), bins - 1)
    return made(np.bincount(places, minlength=bins), found.dtype or a.dtype)


@bincount.rule("type")
def bincount_type(a: TensorType, weights: TensorType | None, minlength: int) -> TensorType:
    """Counts are int64; sums of weights are float32 for such, else float64."""
    if weights is None:
        return TensorType(int64)
    return TensorType(float32 if weights.dtype is float32 else float64)


@bincount.rule("call")
def bincount_call(a: Tensor, weights: Tensor | None, minlength: int) -> Tensor:
    """How often each number occurs, or the sum of its weights.

    Raises: `ShapeError`, `DTypeError`, `RangeError`.
    """
    result = bincount_type(a.type, None if weights is None else weights.type, minlength).dtype or int64
    if a.dtype.is_floating_point or a.dtype.name == "bool":
        raise DTypeError(f"bincount: takes integers, got {a.dtype.name}")
    array = borrowed(a)
    if minlength < 0:
        raise RangeError(f"bincount: minlength should be >= 0, got {minlength}")
    if a.ndim != 1 or (array.size and array.min() < 0):
        raise ShapeError(
            f"bincount: bincount only supports 1-d non-negative integral inputs, got shape {list(a.shape)}"
        )
    if weights is not None and tuple(weights.shape) != tuple(a.shape):
        raise ShapeError(
            f"bincount: weights should be 1-d and have the same length as input, got {list(weights.shape)} and "
            f"{list(a.shape)}"
        )
    given: Any = None if weights is None else lanes(weights, 0, op="bincount")[0].astype(np.float64)
    return made(np.bincount(array.astype(np.int64), given, minlength), result)


for _op in (unique_all, unique_dim, unique_consecutive):
    _op.rule("type")(_unique_type)

SEARCHING: tuple[Op, ...] = (unique_all, unique_dim, unique_consecutive, searchsorted, bucketize, histc, bincount)

for _op in SEARCHING:
    call_evaluator(_op)

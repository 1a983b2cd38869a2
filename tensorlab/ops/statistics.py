"""What stands in the middle and what there is most of: median, nanmedian, mode, quantile, nanquantile."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tensorlab.core.dtype import float32, float64, int64, limits
from tensorlab.core.interop import borrowed
from tensorlab.core.op import Op, declare
from tensorlab.core.reduction import check_not_empty, reduced_dims, reduced_shape
from tensorlab.core.shape import wrap_dim
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.errors import ArgumentError, DTypeError, RangeError, ShapeError
from tensorlab.ops.extremes import shared_vjp
from tensorlab.ops.functions import where
from tensorlab.ops.return_types import MaxMin, Median, Mode, NanMedian
from tensorlab.ops.selecting import put_back, taken
from tensorlab.ops.sorting import Array, lanes, order_of, picked
from tensorlab.ops.view_evaluator import call_evaluator

_RESULTS = "(Tensor values, Tensor indices)"
median = declare("median(Tensor self) -> Tensor")
median_dim = declare(f"median.dim(Tensor self, int dim, bool keepdim=False) -> {_RESULTS}")
nanmedian = declare("nanmedian(Tensor self) -> Tensor")
nanmedian_dim = declare(f"nanmedian.dim(Tensor self, int dim, bool keepdim=False) -> {_RESULTS}")
mode = declare(f"mode(Tensor self, int dim=-1, bool keepdim=False) -> {_RESULTS}")


def _middle(array: Array, axis: int, *, skip: bool) -> Array:
    """Where the lower of the middle elements is; a NaN is the middle of its lane, unless it is skipped."""
    n = array.shape[axis]
    nans = np.sum(array != array, axis=axis, keepdims=True)  # noqa: PLR0124 - NaN alone differs from itself
    if not nans.any():  # a selection, linear in the elements, is enough
        middle = (n - 1) // 2
        return np.take(np.argpartition(array, middle, axis=axis), [middle], axis=axis)
    order = order_of(array, axis)
    left = np.maximum(n - nans - 1, 0) // 2
    at = left if skip else np.where(nans > 0, n - nans, left)
    return np.take_along_axis(order, at, axis)


def _commonest(array: Array, axis: int) -> Array:
    """Where an element is that no other has more equals than, the smallest of such."""
    order = order_of(array, axis)
    ordered = np.moveaxis(np.take_along_axis(array, order, axis), axis, -1)
    place = np.arange(ordered.shape[-1])
    first = np.ones(ordered.shape, np.bool_)
    first[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    length = place - np.maximum.accumulate(np.where(first, place, 0), axis=-1)
    return np.take_along_axis(order, np.moveaxis(length.argmax(-1, keepdims=True), -1, axis), axis)


def _along(op: Op, find: Any, give: type[MaxMin]) -> None:
    """Rules of an op that chooses one element along a dimension."""
    name = op.schema.name

    def along_type(a: TensorType, dim: int, keepdim: bool) -> tuple[TensorType, TensorType]:  # noqa: FBT001
        shape = a.sizes
        _check_ordered(name, a)
        dims = reduced_dims(dim, len(shape), op=name)
        check_not_empty(shape, dims, op=name, explicit=True)
        result = reduced_shape(shape, dims, keepdim=keepdim)
        return TensorType(a.dtype, result), TensorType(int64, result)

    def along_call(a: Tensor, dim: int, keepdim: bool) -> MaxMin:  # noqa: FBT001
        found, _ = along_type(a.type, dim, keepdim)
        array, at = lanes(a, dim, op=name)
        return give(*picked(a, find(array, at), at, found.sizes))

    def along_vjp(
        g_values: Tensor | None,
        self_type: TensorType,
        dim: int,
        keepdim: bool,  # noqa: FBT001
        indices: Tensor,
    ) -> Tensor | None:
        return put_back(g_values, dim, indices, self_type.sizes, keepdim=keepdim)

    op.rule("type")(along_type)
    op.rule("call")(along_call)
    op.vjp("self")(along_vjp)
    call_evaluator(op)


def _check_ordered(op: str, a: TensorType) -> None:
    if a.dtype is not None and a.dtype.name == "bool" and op != "mode":
        raise DTypeError(f"{op}: not implemented for bool; takes numbers")


def _median(array: Array, axis: int) -> Array:
    return _middle(array, axis, skip=False)


def _nanmedian(array: Array, axis: int) -> Array:
    return _middle(array, axis, skip=True)


def _whole(op: Op, find: Any) -> None:
    """Rules of an op that chooses one of all elements; of none, it gives NaN or the lowest integer, as torch."""

    def whole_type(a: TensorType) -> TensorType:
        _check_ordered(op.schema.name, a)
        return TensorType(a.dtype, ())

    def whole_call(a: Tensor) -> Tensor:
        _check_ordered(op.schema.name, a.type)
        result = empty(a.dtype, ())
        flat = lanes(a, 0, op=op.name)[0].reshape(-1)
        if flat.size:
            borrowed(result)[...] = flat[find(flat, 0)[0]]
        else:
            borrowed(result)[...] = math.nan if a.dtype.is_floating_point else limits(a.dtype)[0]
        return result

    op.rule("type")(whole_type)
    op.rule("call")(whole_call)
    op.vjp("self")(shared_vjp)
    call_evaluator(op)


_whole(median, _median)
_whole(nanmedian, _nanmedian)
_along(median_dim, _median, Median)
_along(nanmedian_dim, _nanmedian, NanMedian)
_along(mode, _commonest, Mode)

# quantile -------------------------------------------------------------------------------------------------------------

INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")
_TAKES = '(Tensor self, Tensor q, int? dim=None, bool keepdim=False, *, str interpolation="linear") -> Tensor'
quantile = declare(f"quantile{_TAKES}")
nanquantile = declare(f"nanquantile{_TAKES}")


def _quantile_type(
    name: str,
    a: TensorType,
    q: TensorType,
    dim: int | None,
    interpolation: str,
    *,
    keepdim: bool,
) -> TensorType:
    """One result for each of ``q``, which lead where there are several.

    Raises: `DTypeError`, `ShapeError`, `ArgumentError`, in torch's words.
    """
    shape = a.sizes
    if a.dtype not in (float32, float64, None):
        raise DTypeError(f"{name}: input tensor must be either float or double dtype, got {a.dtype.name}")
    if q.dtype is not a.dtype:
        raise DTypeError(f"{name}: q tensor must be same dtype as the input tensor, got {q.dtype} and {a.dtype}")
    if len(q.shape or ()) > 1:
        raise ShapeError(f"{name}: q must be a scalar or 1D tensor, got shape {list(q.sizes)}")
    if math.prod(shape) == 0:
        raise ShapeError(f"{name}: input tensor must be non-empty, got shape {list(shape)}")
    if interpolation not in INTERPOLATIONS:
        raise ArgumentError(
            f"{name}: interpolation must be one of {', '.join(INTERPOLATIONS)}, but got {interpolation}"
        )
    dims = reduced_dims(dim, len(shape), op=name)
    return TensorType(a.dtype, (*q.sizes, *reduced_shape(shape, dims, keepdim=keepdim)))


def _has_quantile(op: Op, *, skip: bool) -> None:
    name = op.schema.name

    def type_rule(a: TensorType, q: TensorType, dim: int | None, keepdim: bool, interpolation: str) -> TensorType:  # noqa: FBT001
        return _quantile_type(name, a, q, dim, interpolation, keepdim=keepdim)

    def composite(a: Tensor, q: Tensor, dim: int | None, keepdim: bool, interpolation: str) -> Tensor:  # noqa: FBT001
        """By ranks among the sorted elements; of a lane with NaN, the NaN, unless these are skipped.

        Raises: `RangeError` for a ``q`` outside 0 to 1.
        """
        found = type_rule(a.type, q.type, dim, keepdim, interpolation)
        if not bool(((q >= 0) * (q <= 1)).all()):
            raise RangeError(f"{name}: q values must be in the range [0, 1], got {q.tolist()}")
        lane = a.reshape(-1) if dim is None else a.movedim(wrap_dim(dim, a.ndim, op=name), -1) if a.ndim else a
        lane = (lane.reshape(1) if not lane.ndim else lane).sort(-1)[0]
        ranks = _ranks(lane, q.reshape(-1), skip=skip)
        values = _between(lane, ranks, interpolation)
        values = values.movedim(-1, 0) if q.ndim else values.squeeze(-1)
        return values.reshape(found.sizes)

    op.rule("type")(type_rule)
    op.rule("composite")(composite)
    call_evaluator(op)


def _ranks(ordered: Tensor, q: Tensor, *, skip: bool) -> Tensor:
    """Where each quantile stands in each lane, as a float: ``[..., n], [m] -> [..., m]``."""
    last = ordered.shape[-1] - 1
    is_nan = ordered.detach() != ordered.detach()
    if skip:
        counts = last - is_nan.sum(-1, True).to(ordered.dtype)
        return q * counts.clamp(0)
    return where(is_nan.any(-1, True), float(last), (q * last).expand((*ordered.shape[:-1], q.shape[0])))


def _between(ordered: Tensor, ranks: Tensor, interpolation: str) -> Tensor:
    """The elements at ranks, or what is between two of them."""
    rounded = {"lower": ranks.floor, "higher": ranks.ceil, "nearest": ranks.round}.get(interpolation, ranks.floor)
    below = rounded().detach()
    low = taken(ordered, -1, below.to(int64))
    if interpolation not in ("linear", "midpoint"):
        return low
    above = ranks.detach().ceil()
    high = taken(ordered, -1, above.to(int64))
    weight = (ranks - below) if interpolation == "linear" else (above - below) * 0 + 0.5
    return low.lerp(high, weight)


_has_quantile(quantile, skip=False)
_has_quantile(nanquantile, skip=True)

STATISTICS: tuple[Op, ...] = (median, median_dim, nanmedian, nanmedian_dim, mode, quantile, nanquantile)

"""Order along a dimension: sort, argsort, msort, topk, kthvalue. NumPy sorts; NaN is larger than all numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tensorlab.core.compile import compile_loop
from tensorlab.core.dtype import int64
from tensorlab.core.interop import borrowed
from tensorlab.core.layout import layout
from tensorlab.core.op import Op, declare
from tensorlab.core.recurring import Run, recurring
from tensorlab.core.selection_loops import selection_loop
from tensorlab.core.shape import wrap_dim
from tensorlab.core.tensor import Tensor, empty, fresh
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError, RangeError
from tensorlab.ops.copying import contiguous
from tensorlab.ops.return_types import KthValue, Sort, TopK
from tensorlab.ops.selecting import put_back
from tensorlab.ops.view_evaluator import call_evaluator

Array = np.ndarray[Any, Any]

_RESULTS = "(Tensor values, Tensor indices)"
sort = declare(f"sort(Tensor self, int dim=-1, bool descending=False) -> {_RESULTS}")
sort_stable = declare(f"sort.stable(Tensor self, *, bool? stable, int dim=-1, bool descending=False) -> {_RESULTS}")
argsort = declare("argsort(Tensor self, int dim=-1, bool descending=False) -> Tensor")
argsort_stable = declare("argsort.stable(Tensor self, *, bool stable, int dim=-1, bool descending=False) -> Tensor")
msort = declare("msort(Tensor self) -> Tensor")
topk = declare(f"topk(Tensor self, int k, int dim=-1, bool largest=True, bool sorted=True) -> {_RESULTS}")
kthvalue = declare(f"kthvalue(Tensor self, int k, int dim=-1, bool keepdim=False) -> {_RESULTS}")


def lanes(a: Tensor, dim: int, *, op: str) -> tuple[Array, int]:
    """The elements as an ndarray of at least one dimension, halves as float32, and the axis that is meant."""
    at = wrap_dim(dim, a.ndim, op=op)
    array = borrowed(a)
    return np.atleast_1d(array.astype(np.float32) if a.dtype.is_half else array), at


def order_of(array: Array, axis: int, *, descending: bool = False) -> Array:
    """Where the elements in order are; equals keep theirs."""
    if not descending:
        return np.argsort(array, axis=axis, kind="stable")
    last = array.shape[axis] - 1
    return np.flip(last - np.argsort(np.flip(array, axis), axis=axis, kind="stable"), axis)


def picked(a: Tensor, places: Array, axis: int, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """The elements at places along an axis, and the places, as tensors."""
    values, indices = empty(a.dtype, shape), empty(int64, shape)
    borrowed(values)[...] = np.take_along_axis(np.atleast_1d(borrowed(a)), places, axis).reshape(shape)
    borrowed(indices)[...] = places.reshape(shape)
    return values, indices


# sort -----------------------------------------------------------------------------------------------------------------


@sort.rule("type")
def sort_type(a: TensorType, dim: int, descending: bool) -> tuple[TensorType, TensorType]:  # noqa: FBT001
    wrap_dim(dim, len(a.sizes), op="sort")
    return a, TensorType(int64, a.shape)


@sort.rule("call")
def sort_call(a: Tensor, dim: int, descending: bool) -> Sort:  # noqa: FBT001
    """Always stable.

    Cost: NumPy's sort of positions, and one gathering copy.
    """
    array, at = lanes(a, dim, op="sort")
    return Sort(*picked(a, order_of(array, at, descending=descending), at, tuple(a.shape)))


@sort_stable.rule("type")
def sort_stable_type(a: TensorType, stable: bool | None, dim: int, descending: bool) -> tuple[TensorType, TensorType]:  # noqa: FBT001
    return sort_type(a, dim, descending)


@sort_stable.rule("call")
def sort_stable_call(a: Tensor, stable: bool | None, dim: int, descending: bool) -> Sort:  # noqa: FBT001
    return sort_call(a, dim, descending)


@sort.vjp("self")
@sort_stable.vjp("self")
def sort_vjp(g_values: Tensor | None, self_type: TensorType, dim: int, indices: Tensor) -> Tensor | None:
    return put_back(g_values, dim, indices, self_type.sizes, keepdim=True)


@argsort.rule("type")
def argsort_type(a: TensorType, dim: int, descending: bool) -> TensorType:  # noqa: FBT001
    return sort_type(a, dim, descending)[1]


@argsort.rule("call")
def argsort_call(a: Tensor, dim: int, descending: bool) -> Tensor:  # noqa: FBT001
    return sort_call(a, dim, descending).indices


@argsort_stable.rule("type")
def argsort_stable_type(a: TensorType, stable: bool, dim: int, descending: bool) -> TensorType:  # noqa: FBT001
    return sort_type(a, dim, descending)[1]


@argsort_stable.rule("call")
def argsort_stable_call(a: Tensor, stable: bool, dim: int, descending: bool) -> Tensor:  # noqa: FBT001
    return sort_call(a, dim, descending).indices


@msort.rule("type")
def msort_type(a: TensorType) -> TensorType:
    return a


@msort.rule("composite")
def msort_composite(a: Tensor) -> Tensor:
    return sort.call((a, 0, False))[0]


# topk, kthvalue -------------------------------------------------------------------------------------------------------


@topk.rule("type")
def topk_type(a: TensorType, k: int, dim: int, largest: bool, sorted: bool) -> tuple[TensorType, TensorType]:  # noqa: FBT001
    """``k`` elements along the dimension.

    Raises: `RangeError` where there are not as many, `DTypeError` for bools.
    """
    shape = a.sizes
    at = wrap_dim(dim, len(shape), op="topk")
    if a.dtype is not None and a.dtype.name == "bool":
        raise DTypeError("topk: takes numbers, got bool")
    if not 0 <= k <= (shape[at] if shape else 1):
        raise RangeError(f"topk: selected index k out of range: got {k} for shape {list(shape)}, dim {dim}")
    result = (*shape[:at], k, *shape[at + 1 :]) if shape else ()
    return TensorType(a.dtype, result), TensorType(int64, result)


_FEW = 32  # so many are kept in order while a row is read; more are selected first and sorted then


@recurring(topk)
def topk_prepare(a: Tensor, k: int, dim: int, largest: bool, sorted: bool) -> Run:  # noqa: FBT001
    """The largest or smallest elements, in order whether asked to or not.

    Cost: of few in rows that lie side by side, one reading; else a selection, linear in the elements, and a sort.
    """
    found, _ = topk_type(a.type, k, dim, largest, sorted)
    shape = tuple(a.shape)
    at, n = wrap_dim(dim, len(shape), op="topk"), shape[-1] if shape else 1
    if not 0 < k <= _FEW or at != max(len(shape) - 1, 0) or not a.numel() or a.dtype.is_half:
        return topk_call
    text = selection_loop(a.dtype, largest=largest)
    entry = compile_loop(text.source, text.signature, label=text.label).entry
    form, places = layout(a.dtype, found.sizes), layout(int64, found.sizes)
    outer = a.numel() // n

    def run(a: Tensor, *_: object) -> TopK:
        values, indices = fresh(form), fresh(places)
        if not a.layout.is_contiguous:
            a = contiguous.run((a,))
        entry(outer, n, k, values.address, indices.address, a.address)
        return TopK(values, indices)

    return run


def topk_call(a: Tensor, k: int, dim: int, largest: bool, sorted: bool) -> TopK:  # noqa: FBT001
    """By NumPy: a selection, linear in the elements, and a sort of ``k``."""
    found, _ = topk_type(a.type, k, dim, largest, sorted)
    array, at = lanes(a, dim, op="topk")
    n = array.shape[at]
    if 0 < k < n:
        first = n - k if largest else 0
        split = np.argpartition(array, n - k if largest else k - 1, axis=at)
        places = np.take(split, range(first, first + k), axis=at)
    else:
        shape = [1] * array.ndim
        shape[at] = k
        places = np.broadcast_to(np.arange(k).reshape(shape), (*array.shape[:at], k, *array.shape[at + 1 :]))
    order = order_of(np.take_along_axis(array, places, at), at, descending=largest)
    return TopK(*picked(a, np.take_along_axis(places, order, at), at, found.sizes))


@topk.vjp("self")
def topk_vjp(g_values: Tensor | None, self_type: TensorType, dim: int, indices: Tensor) -> Tensor | None:
    return put_back(g_values, dim, indices, self_type.sizes, keepdim=True)


@kthvalue.rule("type")
def kthvalue_type(a: TensorType, k: int, dim: int, keepdim: bool) -> tuple[TensorType, TensorType]:  # noqa: FBT001
    """One element along the dimension.

    Raises: `RangeError` where there are not as many.
    """
    if a.dtype is not None and a.dtype.name == "bool" and a.sizes:
        raise DTypeError("kthvalue: not implemented for bool; takes numbers")
    shape = a.sizes
    at = wrap_dim(dim, len(shape), op="kthvalue")
    if not 1 <= k <= (shape[at] if shape else 1):
        raise RangeError(f"kthvalue: selected number k out of range for dimension {at}: got {k} for {list(shape)}")
    result = (*shape[:at], *((1,) if keepdim else ()), *shape[at + 1 :]) if shape else ()
    return TensorType(a.dtype, result), TensorType(int64, result)


@kthvalue.rule("call")
def kthvalue_call(a: Tensor, k: int, dim: int, keepdim: bool) -> KthValue:  # noqa: FBT001
    """The ``k``-th smallest, counted from 1."""
    found, _ = kthvalue_type(a.type, k, dim, keepdim)
    array, at = lanes(a, dim, op="kthvalue")
    places = np.take(np.argpartition(array, k - 1, axis=at), [k - 1], axis=at)
    return KthValue(*picked(a, places, at, found.sizes))


@kthvalue.vjp("self")
def kthvalue_vjp(
    g_values: Tensor | None,
    self_type: TensorType,
    dim: int,
    keepdim: bool,  # noqa: FBT001
    indices: Tensor,
) -> Tensor | None:
    return put_back(g_values, dim, indices, self_type.sizes, keepdim=keepdim)


SORTING: tuple[Op, ...] = (sort, sort_stable, argsort, argsort_stable, msort, topk, kthvalue)

for _op in (sort, sort_stable, argsort, argsort_stable, msort, kthvalue):
    call_evaluator(_op)

"""Tensors and masks as indices: `index` copies the elements that they name, `index_put` writes there.

Tensors of integers are broadcast together, and name one place for each element; a mask stands for the coordinates of
its elements that are set. Dimensions of the indices take the place of those that they index where these are
neighbours, and come first otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tensorlab.core.dtype import DType, int32, int64, uint8
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.index_loops import index_loop
from tensorlab.core.index_walk import Span, Walk, first_outside, walk
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op, declare
from tensorlab.core.shape import Shape, broadcast_shapes, coalesce, contiguous_strides
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor, empty, strides_in_order
from tensorlab.core.types import TensorType
from tensorlab.errors import DimError, DTypeError, ShapeError
from tensorlab.ops.copying import contiguous, to
from tensorlab.ops.create import zeros_op
from tensorlab.ops.movement import expand
from tensorlab.ops.set_positions import coordinates
from tensorlab.ops.twins import apart, folds_wide, twins
from tensorlab.ops.view_evaluator import call_evaluator

Indices = Sequence[Tensor | None]
MASKS = (bool_dtype, uint8)
LIMIT = 1024  # walks that an op remembers; beyond it the table starts over

index = declare("index.Tensor(Tensor self, Tensor?[] indices) -> Tensor")


@dataclass(frozen=True, slots=True)
class Dims:
    """Dimensions of the indexed tensor: before the indices, indexed, after; and whether the indices' own go first."""

    before: tuple[int, ...]
    at: tuple[int, ...]
    after: tuple[int, ...]


@index.rule("type")
def index_type(a: TensorType, indices: Sequence[TensorType | None]) -> TensorType:
    """As many elements as indices; how many a mask has set is not known.

    Raises: `DimError`, `ShapeError`.
    """
    shape = tuple(n or 0 for n in a.shape or ())
    slots: list[Any] = []
    shapes: list[tuple[int, ...]] = []
    unknown = False
    for item in indices:
        if item is None:
            slots.append(None)
            continue
        check_index_dtype(item.dtype)
        own = tuple(n or 0 for n in item.shape or ())
        if item.dtype in MASKS:
            _check_mask(own, shape, len(slots))
            unknown = True
            slots += [item] * len(own)
        else:
            shapes.append(own)
            slots.append(item)
    dims = placed(slots, len(shape))
    common: tuple[int | None, ...] = _together(shapes)
    if unknown:  # one dimension, of a size that broadcasts with the last
        known = common[-1] if common and common[-1] != 1 else None
        common = (*common[:-1], known)
    return TensorType(a.dtype, (*(shape[d] for d in dims.before), *common, *(shape[d] for d in dims.after)))


def check_index_dtype(dtype: DType | None) -> None:
    """Refuse what is no index.

    Raises: `DimError`, in torch's words.
    """
    if dtype not in (int64, int32, *MASKS):
        name = f", got {dtype.name}" if dtype else ""
        raise DimError(f"index: tensors used as indices must be long, int, byte or bool tensors{name}")


def _check_mask(mask: Shape, shape: Shape, at: int) -> None:
    for k, n in enumerate(mask):
        if at + k >= len(shape) or shape[at + k] != n:
            raise DimError(
                f"index: the shape of the mask {list(mask)} at index {k} does not match the shape of the indexed "
                f"tensor {list(shape)} at index {at + k}"
            )


def placed(slots: Sequence[object | None], ndim: int) -> Dims:
    """Which dimensions are indexed, and where the indices' own dimensions go.

    Raises: `DimError` for more than there are.
    """
    if len(slots) > ndim:
        raise DimError(f"index: too many indices for tensor of dimension {ndim} (got {len(slots)})")
    at = tuple(d for d, slot in enumerate(slots) if slot is not None)
    rest = tuple(d for d in range(ndim) if d not in at)
    if not at or any(b - a != 1 for a, b in pairwise(at)):
        return Dims((), at, rest)
    return Dims(rest[: at[0]], at, rest[at[0] :])


def _together(shapes: Sequence[Shape]) -> Shape:
    """The shape that indices are broadcast to.

    Raises: `DimError`, in torch's words.
    """
    try:
        return broadcast_shapes(*shapes, op="index")
    except ShapeError as error:
        listed = ", ".join(str(list(s)) for s in shapes)
        raise DimError(
            f"index: shape mismatch: indexing tensors could not be broadcast together with shapes {listed}"
        ) from error


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """What indices name: dimensions, the shape of the indices, and an offset in elements for each."""

    dims: Dims
    shape: Shape
    offsets: Tensor

    def result_shape(self, a: Layout) -> Shape:
        """Shape of what is named."""
        before, after = (tuple(a.shape[d] for d in part) for part in (self.dims.before, self.dims.after))
        return (*before, *self.shape, *after)


def find(a: Tensor, indices: Indices) -> Places:
    """The places that indices name in a tensor; all are checked.

    Raises: `DimError` out of range, for a mask of another shape, or for indices that do not broadcast.
    """
    slots: list[Tensor | None] = []
    for item in indices:
        if item is None:
            slots.append(None)
            continue
        check_index_dtype(item.dtype)
        if item.dtype in MASKS:
            _check_mask(tuple(item.shape), tuple(a.shape), len(slots))
            slots += coordinates(item)
        else:
            slots.append(as_row_major(item))
    dims = placed(slots, a.ndim)
    found = [(d, slots[d]) for d in dims.at]
    given = [(d, i) for d, i in found if i is not None]
    shape = _together([tuple(i.shape) for _, i in given])
    _check_range(a, dims, shape, given)
    offsets = empty(int64, shape)
    for k, (d, i) in enumerate(given):
        if tuple(i.shape) != shape:
            i = contiguous.run((expand.run((i, shape, False)),))
        n, stride = a.shape[d], a.strides[d]
        index_loop("offsets").entry(offsets.layout.numel, offsets.address, i.address, n, stride, int(k == 0))
    return Places(dims, shape, offsets)


def as_row_major(item: Tensor) -> Tensor:
    """Indices as row-major int64."""
    if item.dtype is not int64:
        item = to.run((item, int64, False, False))
    return item if item.layout.is_contiguous else contiguous.run((item,))


def _check_range(a: Tensor, dims: Dims, shape: Shape, given: Sequence[tuple[int, Tensor]]) -> None:
    if 0 in shape:
        return
    if any(a.shape[d] == 0 for d, _ in given):
        raise DimError("index: index is out of bounds for dimension with size 0")
    if any(a.shape[d] == 0 for d in (*dims.before, *dims.after)):
        return  # nothing is read or written
    for d, i in given:
        n = a.shape[d]
        outside = first_outside(i, -n, n)
        if outside is not None:
            raise DimError(f"index: index {outside} is out of bounds for dimension {d} with size {n}")


@index.rule("call")
def index_call(a: Tensor, indices: Indices) -> Tensor:
    """A copy of the elements that the indices name."""
    places = find(a, indices)
    key = (a.layout, places.dims.at, places.shape)
    plan = index.plans.get(key) or _remember(index, key, _reading(a.layout, places))
    form, steps = plan
    result = Tensor(Storage.empty(form.nbytes), form, 0)
    if steps is not None:
        steps.run(result.address, a.address, places.offsets.address)
    return result


def _remember(op: Op, key: object, value: Any) -> Any:
    if len(op.plans) >= LIMIT:
        op.plans.clear()
    op.plans[key] = value
    return value


def _reading(a: Layout, places: Places) -> tuple[Layout, Walk | None]:
    """The layout of the result, whose dimensions lie in memory in the order of the tensor's, and the walk."""
    dims, shape = places.dims, places.result_shape(a)
    if 0 in shape:
        return layout(a.dtype, shape), None
    first, count = len(dims.before), len(places.shape)
    own = (*(a.strides[d] for d in dims.before), *(0,) * count, *(a.strides[d] for d in dims.after))
    strides = strides_in_order(shape, _order(shape, own))
    if len(coalesce(places.shape, [strides[first : first + count]])[0]) > 1:
        strides = contiguous_strides(shape)  # the dimensions of the indices are walked as one
    form = layout(a.dtype, shape, strides)
    return form, _walk("rows_get", "set", a, places, strides)


def _order(shape: Shape, strides: Shape) -> tuple[int, ...]:
    """Dimensions of a result from the outermost to the innermost: as they lie in the tensor that is read.

    Dimensions of indices have stride 0, and no say; no more have dimensions of size 1. Source: the behaviour of torch's
    results for permuted tensors.
    """
    strides = tuple(0 if n == 1 else s for n, s in zip(shape, strides, strict=True))
    order = list(range(len(shape)))[::-1]  # from the innermost
    for i in range(1, len(order)):
        at = i
        for k in range(i - 1, -1, -1):
            inner, outer = order[k], order[at]
            a, b = abs(strides[inner]), abs(strides[outer])
            if a == 0 or b == 0 or (a == b and shape[inner] <= shape[outer]):
                continue
            if a < b:
                break
            order[k], order[at] = outer, inner
            at = k
    return tuple(order[::-1])


def _walk(kind: str, fold: str, a: Layout, places: Places, strides: Shape) -> Walk:
    """The walk between a tensor, at the places, and another of the places' shape with these strides."""
    dims, first, count = places.dims, len(places.dims.before), len(places.shape)
    n, (step,) = coalesce(places.shape, [strides[first : first + count]])
    sides = [
        ((*(a.shape[d] for d in part),), (*(a.strides[d] for d in part),), own)
        for part, own in ((dims.before, strides[:first]), (dims.after, strides[first + count :]))
    ]
    reads = kind.endswith("get")
    before, after = (Span(s, own, indexed) if reads else Span(s, indexed, own) for s, indexed, own in sides)
    size, dense = (n or (1,)), (step or (0,))
    at = Span(size, dense, (0,)) if reads else Span(size, (0,), dense)
    return walk(kind, fold, a.dtype, before, at, after)


index_put = declare("index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor")


@index_put.rule("type")
def index_put_type(
    a: TensorType,
    indices: Sequence[TensorType | None],
    values: TensorType,
    accumulate: bool,  # noqa: FBT001
) -> TensorType:
    """The type of what is written to.

    Raises: `DTypeError` for values of another dtype, `ShapeError` for values that do not broadcast.
    """
    _check_dtypes(a.dtype, values.dtype)
    named = index_type(a, indices)
    if named.is_complete:
        _check_values(tuple(n or 0 for n in values.shape or ()), tuple(n or 0 for n in named.shape or ()))
    return a


def _check_dtypes(target: DType | None, source: DType | None) -> None:
    if target is not source and target is not None and source is not None:
        raise DTypeError(
            f"index_put: Index put requires the source and destination dtypes match, got {target.ir_name} for the "
            f"destination and {source.ir_name} for the source."
        )


def _check_values(shape: Shape, to_shape: Shape) -> None:
    lead = len(to_shape) - len(shape)
    if lead < 0 or any(n not in (1, to_shape[lead + i]) for i, n in enumerate(shape)):
        raise ShapeError(
            f"index_put: shape mismatch: value tensor of shape {list(shape)} cannot be broadcast to indexing result of "
            f"shape {list(to_shape)}"
        )


def write(target: Tensor, indices: Indices, values: Tensor, accumulate: bool) -> None:  # noqa: FBT001 - the schema's
    """Values over, or added to, what the indices name."""
    _check_dtypes(target.dtype, values.dtype)
    if accumulate:
        _add(target, indices, values)
    else:
        _write(target, indices, values, "set")


@folds_wide
def _add(target: Tensor, indices: Indices, values: Tensor) -> None:
    _write(target, indices, values, "add")


def _write(target: Tensor, indices: Indices, values: Tensor, fold: str) -> None:
    places = find(target, indices)
    shape = places.result_shape(target.layout)
    _check_values(tuple(values.shape), shape)
    values = expand.run((apart(values, target), shape, False))
    first = len(places.dims.before)
    own = values.strides[first : first + len(places.shape)]
    if len(coalesce(places.shape, [own])[0]) > 1:
        values = contiguous.run((values,))
    if not values.layout.numel:
        return
    key = (target.layout, values.layout, places.dims.at, places.shape, fold)
    plan = index_put.plans.get(key)
    if plan is None:
        plan = _remember(index_put, key, _walk("rows_put", fold, target.layout, places, values.strides))
    plan.run(target.address, values.address, places.offsets.address)


call_evaluator(index)
index_put_ = twins(index_put, write, keeps_strides=True)


@index.vjp("self")
def index_self_vjp(g: Tensor, indices: Indices, self_type: TensorType) -> Tensor:
    zeros = zeros_op.call((self_type.shape, self_type.dtype))
    return index_put.call((zeros, indices, g, True))


@index_put.vjp("self")
def index_put_self_vjp(g: Tensor, indices: Indices, accumulate: bool) -> Tensor:  # noqa: FBT001
    return g if accumulate else index_put.call((g, indices, zeros_op.call(((), g.dtype)), False))


@index_put.vjp("values")
def index_put_values_vjp(g: Tensor, indices: Indices) -> Tensor:
    return index.call((g, indices))

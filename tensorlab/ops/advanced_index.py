"""Tensors and masks as indices: `index` copies the elements that they name, `index_put` writes there.

Tensors of integers are broadcast together, and name one place for each element; a mask stands for the coordinates of
its elements that are set. Dimensions of the indices take the place of those that they index where these are
neighbours, and come first otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.index_walk import Span, Walk, walk
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import declare
from tensorlab.core.shape import Shape, coalesce, contiguous_strides
from tensorlab.core.tensor import Tensor, fresh, strides_in_order
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError, ShapeError
from tensorlab.ops import masked_parts
from tensorlab.ops.copying import contiguous
from tensorlab.ops.create import zeros_op
from tensorlab.ops.indexed_places import (
    MASKS,
    Indices,
    Places,
    check_index_dtype,
    check_mask,
    find,
    placed,
    together,
)
from tensorlab.ops.movement import expand
from tensorlab.ops.set_positions import coordinates
from tensorlab.ops.twins import apart, folds_wide, twins
from tensorlab.ops.view_evaluator import call_evaluator, remember

LIMIT = 1024  # walks that an op remembers; beyond it the table starts over

index = declare("index.Tensor(Tensor self, Tensor?[] indices) -> Tensor")


@index.rule("type")
def index_type(a: TensorType, indices: Sequence[TensorType | None]) -> TensorType:
    """As many elements as indices; how many a mask has set is not known.

    Raises: `DimError`, `ShapeError`.
    """
    shape = a.sizes
    slots: list[Any] = []
    shapes: list[tuple[int, ...]] = []
    unknown = False
    for item in indices:
        if item is None:
            slots.append(None)
            continue
        check_index_dtype(item.dtype)
        own = item.sizes
        if item.dtype in MASKS:
            check_mask(own, shape, len(slots))
            unknown = True
            slots += [item] * len(own)
        else:
            shapes.append(own)
            slots.append(item)
    dims = placed(slots, len(shape))
    common: tuple[int | None, ...] = together(shapes)
    if unknown:  # one dimension, of a size that broadcasts with the last
        known = common[-1] if common and common[-1] != 1 else None
        common = (*common[:-1], known)
    return TensorType(a.dtype, (*(shape[d] for d in dims.before), *common, *(shape[d] for d in dims.after)))


def without_masks(shape: Shape, indices: Indices) -> tuple[list[Tensor | None], bool]:
    """Indices with the coordinates of what is set instead of each mask, and whether there was one.

    Raises: `DimError` for a mask of another shape than what it masks, or an index of another dtype.
    """
    slots: list[Tensor | None] = []
    masked = False
    for item in indices:
        if item is None:
            slots.append(None)
            continue
        check_index_dtype(item.dtype)
        if item.dtype in MASKS:
            check_mask(tuple(item.shape), shape, len(slots))
            slots += coordinates(item)
            masked = True
        else:
            slots.append(item)
    return slots, masked


def _key(a: Layout, indices: Indices) -> tuple[Layout | None, ...]:
    return (a, *[None if i is None else i.layout for i in indices])


@index.rule("call")
def index_call(a: Tensor, indices: Indices) -> Tensor:
    """A copy of the elements that the indices name."""
    form = a.layout
    key = _key(form, indices)
    plan = index.plans.get(key)
    if plan is None:
        first = indices[0] if len(indices) == 1 else None
        if first is not None and first.dtype is bool_dtype and first.ndim:
            check_mask(tuple(first.shape), tuple(form.shape), 0)
            read = masked_parts.reader(form, first.layout)
            if read is not None:
                return read(a, first)
        indices, masked = without_masks(tuple(form.shape), indices)
        places = find(form, indices)
        plan = (places, *reading(form, places))
        if not masked:  # how many a mask has set may differ next time
            remember(index, key, plan, LIMIT)
    places, result_form, steps = plan
    result = fresh(result_form)
    if steps is not None:
        places.walk(steps, result.address, a.address, indices)
    return result


def reading(a: Layout, places: Places) -> tuple[Layout, Walk | None]:
    """The layout of the result, whose dimensions lie in memory in the order of the tensor's, and the walk."""
    dims, shape = places.dims, places.whole
    if 0 in shape:
        return layout(a.dtype, shape), None
    first, count = len(dims.before), len(places.shape)
    own = (*(a.strides[d] for d in dims.before), *(0,) * count, *(a.strides[d] for d in dims.after))
    strides = strides_in_order(shape, _order(shape, own))
    if len(coalesce(places.shape, [strides[first : first + count]])[0]) > 1:
        strides = contiguous_strides(shape)  # the dimensions of the indices are walked as one
    form = layout(a.dtype, shape, strides)
    return form, walk_at("rows_get", "set", a, places, strides)


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


def walk_at(kind: str, fold: str, a: Layout, places: Places, strides: Shape) -> Walk:
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
    return walk(kind, fold, a.dtype, before, at, after, places=places.named())


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
        _check_values(values.sizes, named.sizes)
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
        return
    mask = indices[0] if len(indices) == 1 and values.layout.numel == 1 else None
    if mask is not None and mask.dtype is bool_dtype:
        check_mask(tuple(mask.shape), tuple(target.shape), 0)
        if masked_parts.fill(target, mask, values):
            return
    _write(target, indices, values, "set")


@folds_wide
def _add(target: Tensor, indices: Indices, values: Tensor) -> None:
    _write(target, indices, values, "add")


def _write(target: Tensor, indices: Indices, values: Tensor, fold: str) -> None:
    form = target.layout
    key = (*_key(form, indices), values.layout, fold)
    plan = index_put.plans.get(key)
    if plan is None:
        indices, masked = without_masks(tuple(form.shape), indices)
        places = find(form, indices)
        _check_values(tuple(values.shape), places.whole)
        held = _as_walked(values, places)
        steps = walk_at("rows_put", fold, form, places, held.strides) if 0 not in places.whole else None
        plan = (places, steps, held.storage() is not values.storage())
        if not masked:
            remember(index_put, key, plan, LIMIT)
    places, steps, copies = plan
    if steps is not None:
        held = apart(values, target)
        if copies:  # the values have to be laid out as they are walked
            held = _as_walked(held, places)
        places.walk(steps, target.address, held.address, indices)


def _as_walked(values: Tensor, places: Places) -> Tensor:
    """Values in the shape of what is named, the dimensions of the indices as good as one."""
    values = expand.run((values, places.whole, False))
    first = len(places.dims.before)
    own = values.strides[first : first + len(places.shape)]
    return contiguous.run((values,)) if len(coalesce(places.shape, [own])[0]) > 1 else values


call_evaluator(index)
index_put_ = twins(index_put, write, keeps_strides=True, checks_itself=True)


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

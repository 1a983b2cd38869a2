"""Masks: filling, selecting and scattering where a mask is set; where a tensor is not zero; membership."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tensorlab.core.dtype import DType, int64, result_type
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.index_walk import count_set
from tensorlab.core.interop import borrowed
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op, declare
from tensorlab.core.pointwise import EagerPointwise, Plan
from tensorlab.core.reading import first_element
from tensorlab.core.recurring import Run, recurring
from tensorlab.core.shape import broadcast_shapes
from tensorlab.core.tensor import Tensor, empty, fresh
from tensorlab.core.types import TensorType
from tensorlab.core.widened import widened
from tensorlab.errors import DTypeError, ShapeError
from tensorlab.ops import along, comparison, masked_parts, twins
from tensorlab.ops.copying import check_broadcasts, contiguous, converted, element, to
from tensorlab.ops.create import zeros_op
from tensorlab.ops.joining import cat
from tensorlab.ops.movement import expand, reshape
from tensorlab.ops.set_positions import as_mask, positions, spread
from tensorlab.ops.view_evaluator import call_evaluator


def check_mask(op: str, dtype: DType | None) -> None:
    """Refuse a mask of anything but bools.

    Raises: `DTypeError`.
    """
    if dtype is not bool_dtype:
        raise DTypeError(f"{op}: only supports boolean masks, but got mask with dtype {dtype.name if dtype else None}")


# masked_fill ----------------------------------------------------------------------------------------------------------

masked_fill = declare("masked_fill.Scalar(Tensor self, Tensor mask, Scalar value) -> Tensor")
masked_fill_tensor = declare("masked_fill.Tensor(Tensor self, Tensor mask, Tensor value) -> Tensor")
masked_fill_ = declare("masked_fill_.Scalar(Tensor(a!) self, Tensor mask, Scalar value) -> Tensor(a!)")
masked_fill_tensor_ = declare("masked_fill_.Tensor(Tensor(a!) self, Tensor mask, Tensor value) -> Tensor(a!)")


@masked_fill_tensor.rule("type")
@masked_fill.rule("type")
def masked_fill_type(a: TensorType, mask: TensorType, value: object) -> TensorType:
    """The tensor and the mask broadcast together.

    Raises: `DTypeError`, `ShapeError`.
    """
    check_mask("masked_fill", mask.dtype)
    if isinstance(value, TensorType) and value.sizes:
        raise ShapeError(
            f"masked_fill: only supports a 0-dimensional value tensor, but got tensor with {len(value.sizes)} "
            "dimension(s)."
        )
    return TensorType(a.dtype, broadcast_shapes(a.sizes, mask.sizes, op="masked_fill"))


@masked_fill_tensor_.rule("type")
@masked_fill_.rule("type")
def masked_fill_written_type(a: TensorType, mask: TensorType, value: object) -> TensorType:
    masked_fill_type(a, mask, value)
    check_broadcasts(mask.sizes, a.sizes, op="masked_fill_")
    return a


def _type_of(value: object) -> object:
    return value.type if isinstance(value, Tensor) else value


def _fill_plan(a: Tensor, mask: Tensor, into: Layout) -> Plan:
    """The loop that chooses between a number of ``a``'s dtype and ``a``."""
    where = comparison.where_self.evaluate
    if not isinstance(where, EagerPointwise):
        raise TypeError("where is not pointwise")
    runner, inputs, params = where.split((mask, _zero(a.dtype), a))
    return runner.plan([i.layout for i in inputs], params, into=[into])


def _zero(dtype: DType) -> bool | int | float:
    return (False, 0, 0.0)[dtype.category]


def _number(value: Any, dtype: DType) -> bool | int | float:
    """What is filled in, as a number of the dtype's kind.

    Raises: `RangeError` for a number that the dtype does not hold.
    """
    if isinstance(value, Tensor):
        value = first_element(to.run((value, dtype, False, False)))
    held = element(value, dtype, op="masked_fill")
    return float(held) if dtype.is_floating_point else bool(held) if dtype is bool_dtype else held


def _prepared(a: Tensor, mask: Tensor, value: object) -> Run:
    """A row-major copy with one value where the mask is set."""
    shape = masked_fill_type(a.type, mask.type, _type_of(value)).sizes
    form = layout(a.dtype, shape)
    plan = _fill_plan(a, mask, form)

    def run(a: Tensor, mask: Tensor, value: object) -> Tensor:
        number = _number(value, form.dtype)
        result = fresh(form)
        plan.fill((result.address,), (mask.address, a.address), (number,))
        return result

    return run


def _prepared_in_place(a: Tensor, mask: Tensor, value: object) -> Run:
    """One value over what the mask sets."""
    masked_fill_written_type(a.type, mask.type, _type_of(value))
    plan = _fill_plan(a, mask, a.layout)

    def run(a: Tensor, mask: Tensor, value: object) -> Tensor:
        twins.check_target(a, "masked_fill_")
        number, mask, address = _number(value, a.layout.dtype), twins.apart(mask, a), a.address
        plan.fill((address,), (mask.address, address), (number,))
        a.written()
        return a

    return run


for _op in (masked_fill, masked_fill_tensor):
    recurring(_op, loose=("value",))(_prepared)
for _op in (masked_fill_, masked_fill_tensor_):
    recurring(_op, loose=("value",))(_prepared_in_place)


@masked_fill_tensor.vjp("self")
@masked_fill.vjp("self")
def masked_fill_self_vjp(g: Tensor, mask: Tensor) -> Tensor:
    return masked_fill.call((g, mask, 0))


@masked_fill_tensor.vjp("value")
def masked_fill_value_vjp(g: Tensor, mask: Tensor) -> Tensor:
    return comparison.where_other.call((mask, g, 0))


# masked_select, masked_scatter ----------------------------------------------------------------------------------------

masked_select = declare("masked_select(Tensor self, Tensor mask) -> Tensor")


@masked_select.rule("type")
def masked_select_type(a: TensorType, mask: TensorType) -> TensorType:
    """As many elements as the mask has set, which is not known.

    Raises: `DTypeError`, `ShapeError`.
    """
    check_mask("masked_select", mask.dtype)
    broadcast_shapes(a.sizes, mask.sizes, op="masked_select")
    return TensorType(a.dtype, (None,))


@recurring(masked_select)
def masked_select_call(a: Tensor, mask: Tensor) -> Run:
    masked_select_type(a.type, mask.type)
    shape = broadcast_shapes(tuple(a.shape), tuple(mask.shape), op="masked_select")
    read = masked_parts.reader(a.layout, mask.layout) if a.shape == mask.shape else None
    return read or (lambda a, mask: _selected(a, mask, shape))


def _selected(a: Tensor, mask: Tensor, shape: tuple[int, ...]) -> Tensor:
    at = positions(contiguous.run((expand.run((mask, shape, False)),)))
    return along.read_flat("masked_select", expand.run((a, shape, False)), at)


@masked_select.vjp("self")
def masked_select_vjp(g: Tensor, mask: Tensor, self_type: TensorType) -> Tensor:
    shape = broadcast_shapes(self_type.sizes, tuple(mask.shape), op="masked_select")
    return masked_scatter.call((zeros_op.call((shape, g.dtype)), mask, g))


masked_scatter = declare("masked_scatter(Tensor self, Tensor mask, Tensor source) -> Tensor")


@masked_scatter.rule("type")
def masked_scatter_type(a: TensorType, mask: TensorType, source: TensorType) -> TensorType:
    """The tensor and the mask broadcast together.

    Raises: `DTypeError`, `ShapeError`.
    """
    check_mask("masked_scatter", mask.dtype)
    if a.dtype is not source.dtype:
        names = [t.dtype.name if t.dtype else None for t in (a, source)]
        raise DTypeError(
            f"masked_scatter: expected self and source to have same dtypes but got {names[0]} and {names[1]}"
        )
    return TensorType(a.dtype, broadcast_shapes(a.sizes, mask.sizes, op="masked_scatter"))


@masked_scatter.rule("call")
def masked_scatter_call(a: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    found = masked_scatter_type(a.type, mask.type, source.type)
    target = converted(expand.run((a, found.sizes, False)), a.dtype, None)
    _scatter(target, mask, source)
    return target


def _scatter(target: Tensor, mask: Tensor, source: Tensor) -> None:
    at = positions(contiguous.run((expand.run((mask, tuple(target.shape), False)),)))
    n = at.layout.numel
    if source.layout.numel < n:
        raise ShapeError(
            f"masked_scatter: Number of elements of source < number of ones in mask: {source.layout.numel} and {n}"
        )
    along.write_flat("masked_scatter", target, at, contiguous.run((source,)))


masked_scatter_ = declare("masked_scatter_(Tensor(a!) self, Tensor mask, Tensor source) -> Tensor(a!)")


@masked_scatter_.rule("type")
def masked_scatter_written_type(a: TensorType, mask: TensorType, source: TensorType) -> TensorType:
    masked_scatter_type(a, mask, source)
    check_broadcasts(mask.sizes, a.sizes, op="masked_scatter_")
    return a


@masked_scatter_.rule("call")
def masked_scatter_written(a: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    masked_scatter_written_type(a.type, mask.type, source.type)
    twins.check_target(a, "masked_scatter_")
    _scatter(a, mask, source)
    a.written()
    return a


@masked_scatter.vjp("self")
def masked_scatter_self_vjp(g: Tensor, mask: Tensor) -> Tensor:
    return masked_fill.call((g, mask, 0))


@masked_scatter.vjp("source")
def masked_scatter_source_vjp(g: Tensor, mask: Tensor, source_type: TensorType) -> Tensor:
    """Gradients of what was used, in order, and zeros for the rest."""
    used = masked_select.call((g, mask))
    total = math.prod(source_type.sizes)
    rest = zeros_op.call(((total - used.numel(),), g.dtype))
    return reshape.call((cat.call(([used, rest], 0)), source_type.sizes))


# nonzero --------------------------------------------------------------------------------------------------------------

nonzero = declare("nonzero(Tensor self) -> Tensor")


@nonzero.rule("type")
def nonzero_type(a: TensorType) -> TensorType:
    """A row of coordinates for each element that is not zero; how many is not known."""
    return TensorType(int64, (None, len(a.sizes)))


@nonzero.rule("call")
def nonzero_call(a: Tensor) -> Tensor:
    """Coordinates in row-major order; in memory, those along a dimension lie together, as in torch."""
    mask = as_mask(a)
    if not a.ndim:
        return empty(int64, (count_set(mask), 0))
    found = positions(mask)
    n = found.layout.numel
    form = layout(int64, (n, a.ndim), (1, max(n, 1)))
    held = fresh(form)
    spread(found, a, held, row=1, column=n)
    return held


# isin -----------------------------------------------------------------------------------------------------------------

isin = declare(
    "isin.Tensor_Tensor(Tensor elements, Tensor test_elements, *, bool assume_unique=False, bool invert=False)"
    " -> Tensor"
)


@isin.rule("type")
def isin_type(
    elements: TensorType,
    test_elements: TensorType,
    assume_unique: bool,  # noqa: FBT001
    invert: bool,  # noqa: FBT001
) -> TensorType:
    """A bool for each element.

    Raises: `DTypeError` for bools.
    """
    if bool_dtype in (elements.dtype, test_elements.dtype):
        raise DTypeError("isin: Unsupported input type encountered for isin(): Bool")
    return TensorType(bool_dtype, elements.shape)


@isin.rule("call")
@widened
def isin_call(
    elements: Tensor,
    test_elements: Tensor,
    assume_unique: bool,  # noqa: FBT001
    invert: bool,  # noqa: FBT001
) -> Tensor:
    """Whether each element is among others: NumPy sorts."""
    isin_type(elements.type, test_elements.type, assume_unique, invert)
    dtype = result_type([elements.dtype, test_elements.dtype])
    a, b = (borrowed(to.run((t, dtype, False, False))) for t in (elements, test_elements))
    result = empty(bool_dtype, tuple(elements.shape))
    found: Any = np.isin(a, b, assume_unique=False, invert=invert)
    borrowed(result)[...] = found
    return result


MASKS: tuple[Op, ...] = (
    *(masked_fill, masked_fill_tensor, masked_fill_, masked_fill_tensor_, masked_select, masked_scatter),
    *(masked_scatter_, nonzero, isin),
)

for _op in (masked_scatter, masked_scatter_, nonzero, isin):
    call_evaluator(_op)

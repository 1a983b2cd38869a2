"""Writing over a view: select_scatter, slice_scatter, diagonal_scatter give a copy, fill_diagonal_ writes in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.layout import layout
from tensorlab.core.op import Op, declare
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import ShapeError
from tensorlab.ops.copying import clone, copy_, fill_
from tensorlab.ops.create import zeros_op
from tensorlab.ops.movement import diagonal, select, slice_
from tensorlab.ops.twins import twins
from tensorlab.ops.view_evaluator import call_evaluator


def _over_view(op: Op, view: Op) -> None:
    """Give an op ``(self, src, where ...)`` its rules: ``src`` over the view that ``where`` names, in a copy."""
    name = op.schema.name
    view_type: Callable[..., TensorType] = view.rules["type"]

    @op.rule("type")
    def over_type(a: TensorType, src: TensorType, *where: Any) -> TensorType:
        """The tensor's own type.

        Raises: `ShapeError` where ``src`` has another shape than the view.
        """
        part = view_type(a, *where).sizes
        if src.sizes != part:
            raise ShapeError(
                f"{name}: expected src to have a size equal to the slice of self. src size = {list(src.sizes)}, slice "
                f"size = {list(part)}"
            )
        return a

    @op.rule("call")
    def over_call(a: Tensor, src: Tensor, *where: Any) -> Tensor:
        over_type(a.type, src.type, *where)
        result = clone.run((a,))
        copy_.run((view.run((result, *where)), src, False))
        return result

    call_evaluator(op)


select_scatter = declare("select_scatter(Tensor self, Tensor src, int dim, int index) -> Tensor")
slice_scatter = declare(
    "slice_scatter(Tensor self, Tensor src, int dim=0, int? start=None, int? end=None, int step=1) -> Tensor"
)
diagonal_scatter = declare("diagonal_scatter(Tensor self, Tensor src, int offset=0, int dim1=0, int dim2=1) -> Tensor")
_over_view(select_scatter, select)
_over_view(slice_scatter, slice_)
_over_view(diagonal_scatter, diagonal)


@select_scatter.vjp("self")
def select_scatter_self_vjp(g: Tensor, src_type: TensorType, dim: int, index: int) -> Tensor:
    return select_scatter.call((g, zeros_op.call((src_type.shape, g.dtype)), dim, index))


@select_scatter.vjp("src")
def select_scatter_src_vjp(g: Tensor, dim: int, index: int) -> Tensor:
    return select.call((g, dim, index))


@slice_scatter.vjp("self")
def slice_scatter_self_vjp(
    g: Tensor, src_type: TensorType, dim: int, start: int | None, end: int | None, step: int
) -> Tensor:
    return slice_scatter.call((g, zeros_op.call((src_type.shape, g.dtype)), dim, start, end, step))


@slice_scatter.vjp("src")
def slice_scatter_src_vjp(g: Tensor, dim: int, start: int | None, end: int | None, step: int) -> Tensor:
    return slice_.call((g, dim, start, end, step))


@diagonal_scatter.vjp("self")
def diagonal_scatter_self_vjp(g: Tensor, src_type: TensorType, offset: int, dim1: int, dim2: int) -> Tensor:
    return diagonal_scatter.call((g, zeros_op.call((src_type.shape, g.dtype)), offset, dim1, dim2))


@diagonal_scatter.vjp("src")
def diagonal_scatter_src_vjp(g: Tensor, offset: int, dim1: int, dim2: int) -> Tensor:
    return diagonal.call((g, offset, dim1, dim2))


fill_diagonal = declare("fill_diagonal(Tensor self, Scalar fill_value, bool wrap=False) -> Tensor")


@fill_diagonal.rule("type")
def fill_diagonal_type(a: TensorType, fill_value: object, wrap: bool) -> TensorType:  # noqa: FBT001
    """The tensor's own type.

    Raises: `ShapeError` for fewer than two dimensions, or more than two that differ.
    """
    shape = a.sizes
    if len(shape) < 2:
        raise ShapeError(f"fill_diagonal_: dimensions must larger than 1, got shape {list(shape)}")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise ShapeError(f"fill_diagonal_: all dimensions of input must be of equal length, got shape {list(shape)}")
    return a


def fill_diagonal_body(target: Tensor, fill_value: float, wrap: bool) -> None:  # noqa: FBT001
    """One number along the main diagonal; with ``wrap``, again from the row after next in a tall matrix."""
    shape, strides = tuple(target.shape), target.strides
    count, step = min(shape), sum(strides)
    _fill(target, 0, count, step, fill_value)
    if wrap and len(shape) == 2 and shape[0] > shape[1] + 1:
        rows, columns = shape
        start = (columns + 1) * strides[0]
        again = rows - columns - 1
        # From here on the diagonal starts anew every columns + 1 rows.
        for first in range(0, again, columns + 1):
            _fill(target, start + first * strides[0], min(columns, again - first), step, fill_value)


def _fill(target: Tensor, start: int, count: int, step: int, fill_value: float) -> None:
    if count:
        line = Tensor(target.storage(), layout(target.dtype, (count,), (step,)), target.offset + start)
        version = target.storage().version
        fill_.run((line, fill_value))
        target.storage().version = version  # the body's caller counts the write


fill_diagonal_ = twins(fill_diagonal, fill_diagonal_body, keeps_strides=True)


@fill_diagonal.vjp("self")
def fill_diagonal_vjp(g: Tensor, wrap: bool) -> Tensor:  # noqa: FBT001
    return fill_diagonal.call((g, 0, wrap))

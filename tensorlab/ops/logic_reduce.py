"""any, all, count_nonzero: what of the elements is not 0."""

from __future__ import annotations

from typing import Any

from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.dtype import int64, uint8
from tensorlab.core.interop import borrowed
from tensorlab.core.op import Op, declare
from tensorlab.core.recurring import Run, recurring
from tensorlab.core.reduction import reduced_dims, reduced_shape
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.ops import comparison
from tensorlab.ops.copying import contiguous, to
from tensorlab.ops.extremes import amax, amin
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.reduce import sum_dim

any_ = declare("any(Tensor self) -> Tensor")
any_dim = declare("any.dim(Tensor self, int dim, bool keepdim=False) -> Tensor")
any_dims = declare("any.dims(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor")
all_ = declare("all(Tensor self) -> Tensor")
all_dim = declare("all.dim(Tensor self, int dim, bool keepdim=False) -> Tensor")
all_dims = declare("all.dims(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor")


def not_zero(a: Tensor) -> Tensor:
    """Which elements are not 0, below autograd."""
    return a if a.dtype is bool_dtype else comparison.ne_number.run((a, 0))


def _asks(op: Op, along: Op, over: Op, extreme: Op, *, of_none: bool) -> None:
    """Rules of ``any`` or ``all``: the largest or the smallest of bools; ``of_none`` is what no elements give.

    uint8 gives uint8, as torch's first bools were; over an empty list of dimensions, each element is asked alone.
    """
    name = op.schema.name

    def dims_type(a: TensorType, dim: Any, keepdim: bool) -> TensorType:  # noqa: FBT001
        shape = a.sizes
        dims = () if dim in ((), []) else reduced_dims(dim, len(shape), op=name)
        result = uint8 if a.dtype is uint8 else bool_dtype
        return TensorType(result, reduced_shape(shape, dims, keepdim=keepdim))

    def dims_call(a: Tensor, dim: Any, keepdim: bool) -> Tensor:  # noqa: FBT001
        found = dims_type(a.type, dim, keepdim)
        if dim in ((), []):
            asked = contiguous.run((to.run((not_zero(a), bool_dtype, False, a.dtype is bool_dtype)),))
        elif a.numel():
            asked = extreme.run((not_zero(a), reduced_dims(dim, a.ndim, op=name), keepdim))
        else:
            asked = empty(bool_dtype, found.sizes)
            borrowed(asked)[...] = of_none
        return to.run((asked, found.dtype, False, False))

    def prepared(a: Tensor, dim: Any = None, keepdim: bool = False) -> Run:  # noqa: FBT001
        if a.dtype is not bool_dtype or not a.numel() or dim in ((), []):
            return lambda a, dim=None, keepdim=False: dims_call(a, dim, keepdim)
        dims = reduced_dims(dim, a.ndim, op=name)
        return lambda a, *_: extreme.run((a, dims, keepdim))

    op.rule("type")(lambda a: dims_type(a, None, False))
    for each in (along, over):
        each.rule("type")(dims_type)
    for each in (op, along, over):
        recurring(each)(prepared)


_asks(any_, any_dim, any_dims, amax, of_none=False)
_asks(all_, all_dim, all_dims, amin, of_none=True)

count_nonzero = declare("count_nonzero(Tensor self, int? dim=None) -> Tensor")
count_nonzero_dims = declare("count_nonzero.dim_IntList(Tensor self, int[] dim) -> Tensor")


@count_nonzero.rule("type")
@count_nonzero_dims.rule("type")
def count_type(a: TensorType, dim: Any) -> TensorType:
    shape = a.sizes
    return TensorType(int64, reduced_shape(shape, reduced_dims(dim, len(shape), op="count_nonzero"), keepdim=False))


@count_nonzero.rule("call")
@count_nonzero_dims.rule("call")
def count_call(a: Tensor, dim: Any) -> Tensor:
    dims = reduced_dims(dim, a.ndim, op="count_nonzero")
    return sum_dim.run((not_zero(a), dims, False, None))


for _op in (count_nonzero, count_nonzero_dims):
    call_evaluator(_op)

LOGIC: tuple[Op, ...] = (any_, any_dim, any_dims, all_, all_dim, all_dims, count_nonzero, count_nonzero_dims)

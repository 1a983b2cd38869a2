"""Reductions: sum, mean, max, min, argmax, softmax."""

from __future__ import annotations

from typing import Any, NamedTuple

from tensorlab.core.dtype import DType, int64
from tensorlab.core.op import Op, declare
from tensorlab.core.reduction import Fold, reduce, reduced_dims, reduced_shape
from tensorlab.core.shape import wrap_dim
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError
from tensorlab.ops.copying import as_dtype, to
from tensorlab.ops.movement import call_evaluator


class MaxMin(NamedTuple):
    """What ``max(x, dim)`` and ``min(x, dim)`` give."""

    values: Tensor
    indices: Tensor


def _shape(a: TensorType) -> tuple[int, ...]:
    return tuple(n or 0 for n in a.shape or ())


# sum ------------------------------------------------------------------------------------------------------------------


def sum_step(acc: Any, x: Any) -> Any:
    return acc + x


SUM = Fold(sum_step, blocked=True)

sum_ = declare("sum(Tensor self, *, ScalarType? dtype=None) -> Tensor")
sum_dim = declare("sum.dim_IntList(Tensor self, int[]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor")


def _sum_dtype(a: DType, dtype: DType | int | None) -> DType:
    return as_dtype(dtype) or (a if a.is_floating_point else int64)


@sum_.rule("type")
def sum_type(a: TensorType, dtype: DType | int | None) -> TensorType:
    return sum_dim_type(a, None, False, dtype)


@sum_.rule("call")
def sum_call(a: Tensor, dtype: DType | int | None) -> Tensor:
    return sum_dim_call(a, None, False, dtype)


@sum_dim.rule("type")
def sum_dim_type(a: TensorType, dim: object, keepdim: bool, dtype: DType | int | None) -> TensorType:  # noqa: FBT001
    shape = _shape(a)
    dims = reduced_dims(dim, len(shape), op="sum")
    return TensorType(_sum_dtype(a.dtype or int64, dtype), reduced_shape(shape, dims, keepdim=keepdim))


@sum_dim.rule("call")
def sum_dim_call(a: Tensor, dim: object, keepdim: bool, dtype: DType | int | None) -> Tensor:  # noqa: FBT001
    result = _sum_dtype(a.dtype, dtype)
    source = to.run((a, result, False, False)) if result.category < a.dtype.category else a
    return reduce(source, reduced_dims(dim, a.ndim, op="sum"), SUM, result, keepdim=keepdim, op="sum")


# mean -----------------------------------------------------------------------------------------------------------------


def mean_finish(acc: Any, n: Any) -> Any:
    return acc / n


MEAN = Fold(sum_step, finish=mean_finish, blocked=True)

mean = declare("mean(Tensor self, *, ScalarType? dtype=None) -> Tensor")
mean_dim = declare("mean.dim(Tensor self, int[]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor")


def _mean_dtype(a: DType | None, dtype: DType | int | None) -> DType:
    result = as_dtype(dtype) or a
    if result is None or not result.is_floating_point:
        raise DTypeError(
            f"mean: could not infer output dtype. Input dtype must be a floating point dtype. Got: "
            f"{result.ir_name if result else None}"
        )
    return result


@mean.rule("type")
def mean_type(a: TensorType, dtype: DType | int | None) -> TensorType:
    return mean_dim_type(a, None, False, dtype)


@mean.rule("call")
def mean_call(a: Tensor, dtype: DType | int | None) -> Tensor:
    return mean_dim_call(a, None, False, dtype)


@mean_dim.rule("type")
def mean_dim_type(a: TensorType, dim: object, keepdim: bool, dtype: DType | int | None) -> TensorType:  # noqa: FBT001
    dims = reduced_dims(dim, len(_shape(a)), op="mean")
    return TensorType(_mean_dtype(a.dtype, dtype), reduced_shape(_shape(a), dims, keepdim=keepdim))


@mean_dim.rule("call")
def mean_dim_call(a: Tensor, dim: object, keepdim: bool, dtype: DType | int | None) -> Tensor:  # noqa: FBT001
    result = _mean_dtype(a.dtype, dtype)
    return reduce(a, reduced_dims(dim, a.ndim, op="mean"), MEAN, result, keepdim=keepdim, op="mean")


# max, min, argmax -----------------------------------------------------------------------------------------------------


def max_step(acc: Any, x: Any) -> Any:
    return acc if (acc >= x or acc != acc) else x  # noqa: PLR0124 - NaN, once met, stays


def min_step(acc: Any, x: Any) -> Any:
    return acc if (acc <= x or acc != acc) else x  # noqa: PLR0124


def max_beats(best: Any, x: Any) -> Any:
    return not (best >= x or best != best)  # noqa: PLR0124


def min_beats(best: Any, x: Any) -> Any:
    return not (best <= x or best != best)  # noqa: PLR0124


VALUES = {"max": Fold(max_step, identity=None), "min": Fold(min_step, identity=None)}
INDICES = {
    "max": Fold(max_beats, identity=None, keeps_index=True),
    "min": Fold(min_beats, identity=None, keeps_index=True),
}

max_ = declare("max(Tensor self) -> Tensor")
min_ = declare("min(Tensor self) -> Tensor")
max_dim = declare("max.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)")
min_dim = declare("min.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)")
argmax = declare("argmax(Tensor self, int? dim=None, bool keepdim=False) -> Tensor")
argmin = declare("argmin(Tensor self, int? dim=None, bool keepdim=False) -> Tensor")


def _extreme(op: Op, along: Op, which: str) -> None:
    """Rules of ``max(x)`` and ``max(x, dim)``, or of their lower counterparts."""

    def extreme_type(a: TensorType) -> TensorType:
        return TensorType(a.dtype, ())

    def extreme_call(a: Tensor) -> Tensor:
        return reduce(a, tuple(range(a.ndim)), VALUES[which], a.dtype, keepdim=False, op=which)

    def along_type(a: TensorType, dim: int, keepdim: bool) -> tuple[TensorType, TensorType]:  # noqa: FBT001
        shape = reduced_shape(_shape(a), reduced_dims(dim, len(_shape(a)), op=which), keepdim=keepdim)
        return TensorType(a.dtype, shape), TensorType(int64, shape)

    def along_call(a: Tensor, dim: int, keepdim: bool) -> MaxMin:  # noqa: FBT001
        dims = reduced_dims(dim, a.ndim, op=which)
        values = reduce(a, dims, VALUES[which], a.dtype, keepdim=keepdim, op=which)
        return MaxMin(values, reduce(a, dims, INDICES[which], int64, keepdim=keepdim, op=f"arg{which}"))

    op.rule("type")(extreme_type)
    op.rule("call")(extreme_call)
    along.rule("type")(along_type)
    along.rule("call")(along_call)


def _arg_extreme(op: Op, which: str) -> None:
    """Rules of ``argmax`` or ``argmin``: without a dimension, the position in row-major order."""

    def arg_type(a: TensorType, dim: int | None, keepdim: bool) -> TensorType:  # noqa: FBT001
        return TensorType(
            int64, reduced_shape(_shape(a), reduced_dims(dim, len(_shape(a)), op=op.name), keepdim=keepdim)
        )

    def arg_call(a: Tensor, dim: int | None, keepdim: bool) -> Tensor:  # noqa: FBT001
        from tensorlab.ops.copying import contiguous

        source = contiguous.run((a,)) if dim is None else a
        dims = reduced_dims(dim, a.ndim, op=op.name)
        return reduce(source, dims, INDICES[which], int64, keepdim=keepdim, op=op.name)

    op.rule("type")(arg_type)
    op.rule("call")(arg_call)


_extreme(max_, max_dim, "max")
_extreme(min_, min_dim, "min")
_arg_extreme(argmax, "max")
_arg_extreme(argmin, "min")

# softmax --------------------------------------------------------------------------------------------------------------

softmax = declare("softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor")


@softmax.rule("type")
def softmax_type(a: TensorType, dim: int, dtype: DType | int | None) -> TensorType:
    wrap_dim(dim, len(_shape(a)), op="softmax")
    return TensorType(_softmax_dtype(a.dtype, dtype), a.shape)


@softmax.rule("call")
def softmax_call(a: Tensor, dim: int, dtype: DType | int | None) -> Tensor:
    """Normalised exponentials along one dimension.

    Cost:   three passes over memory and two temporaries: ``exp(a - max)`` is one fused loop, the division another.
    Source: Goodfellow, Bengio, Courville, "Deep Learning", 2016, 4.1 (why the maximum goes first).
    """
    from tensorlab.ops.pointwise import div, exp, sub

    at = wrap_dim(dim, a.ndim, op="softmax")
    a = to.run((a, _softmax_dtype(a.dtype, dtype), False, False))
    if a.ndim == 0 or a.layout.numel == 0:
        return exp.run((sub.run((a, a, 1)),))
    top = reduce(a, (at,), VALUES["max"], a.dtype, keepdim=True, op="max")
    weights = exp.run((sub.run((a, top, 1)),))
    total = reduce(weights, (at,), SUM, a.dtype, keepdim=True, op="sum")
    return div.run((weights, total))


def _softmax_dtype(a: DType | None, dtype: DType | int | None) -> DType:
    result = as_dtype(dtype) or a
    if result is None or not result.is_floating_point:
        raise DTypeError(f"softmax: takes a floating point dtype, got {result.name if result else None}")
    return result


REDUCTIONS: tuple[Op, ...] = (*(sum_, sum_dim, mean, mean_dim, max_, min_, max_dim, min_dim, argmax, argmin, softmax),)

for _op in REDUCTIONS:
    call_evaluator(_op)

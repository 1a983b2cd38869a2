"""Reductions: sum, mean, max, min, argmax, argmin.

Each has a schema and, under it, its type rule and the fold that it runs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tensorlab.core.dtype import DType, int64
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.op import Op, declare
from tensorlab.core.primitives import free_sum, maximum, minimum
from tensorlab.core.reduction import check_not_empty, finish_reduction, reduced_dims, reduced_shape
from tensorlab.core.reduction_loops import Fold
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError
from tensorlab.ops.operands import as_dtype


def _shape(a: TensorType) -> tuple[int, ...]:
    return tuple(n or 0 for n in a.shape or ())


# sum ------------------------------------------------------------------------------------------------------------------


def sum_step(acc: Any, x: Any) -> Any:
    return free_sum(acc, x)


SUM = Fold("sum", sum_step, identity=0, wide=True)

sum_ = declare("sum(Tensor self, *, ScalarType? dtype=None) -> Tensor")
sum_dim = declare("sum.dim_IntList(Tensor self, int[]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor")


@sum_.rule("type")
def sum_type(a: TensorType, dtype: DType | int | None) -> TensorType:
    return sum_dim_type(a, None, False, dtype)


@sum_dim.rule("type")
def sum_dim_type(a: TensorType, dim: object, keepdim: bool, dtype: DType | int | None) -> TensorType:  # noqa: FBT001
    """Integers and bools sum up to int64."""
    shape = _shape(a)
    dims = reduced_dims(dim, len(shape), op="sum")
    own = a.dtype if a.dtype is not None and a.dtype.is_floating_point else int64
    return TensorType(as_dtype(dtype, op="sum") or own, reduced_shape(shape, dims, keepdim=keepdim))


@sum_.rule("reduce")
@sum_dim.rule("reduce")
def sum_fold() -> Fold:
    return SUM


# mean -----------------------------------------------------------------------------------------------------------------


def mean_finish(acc: Any, n: Any) -> Any:
    return acc / n


MEAN = Fold("mean", sum_step, finish=mean_finish, identity=0, wide=True)

mean = declare("mean(Tensor self, *, ScalarType? dtype=None) -> Tensor")
mean_dim = declare("mean.dim(Tensor self, int[]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor")


@mean.rule("type")
def mean_type(a: TensorType, dtype: DType | int | None) -> TensorType:
    return mean_dim_type(a, None, False, dtype)


@mean_dim.rule("type")
def mean_dim_type(a: TensorType, dim: object, keepdim: bool, dtype: DType | int | None) -> TensorType:  # noqa: FBT001
    """Floating point only.

    Raises: `DTypeError`, in torch's words.
    """
    chosen = as_dtype(dtype, op="mean")
    result = chosen or a.dtype
    if result is None or not result.is_floating_point:
        which = "Input" if chosen is None else "Optional"
        raise DTypeError(
            f"mean: could not infer output dtype. {which} dtype must be a floating point dtype. "
            f"Got: {result.ir_name if result else None}"
        )
    dims = reduced_dims(dim, len(_shape(a)), op="mean")
    return TensorType(result, reduced_shape(_shape(a), dims, keepdim=keepdim))


@mean.rule("reduce")
@mean_dim.rule("reduce")
def mean_fold() -> Fold:
    return MEAN


# max, min, argmax, argmin ---------------------------------------------------------------------------------------------


class MaxMin(NamedTuple):
    """What ``max(x, dim)`` and ``min(x, dim)`` give."""

    values: Tensor
    indices: Tensor


class Max(MaxMin):
    """What ``max(x, dim)`` gives, printed as torch prints it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return _return_text("max", self)


class Min(MaxMin):
    """What ``min(x, dim)`` gives, printed as torch prints it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return _return_text("min", self)


def _return_text(op: str, result: MaxMin) -> str:
    return f"tensorlab.return_types.{op}(\nvalues={result.values!r},\nindices={result.indices!r})"


def max_step(acc: Any, x: Any) -> Any:
    return maximum(acc, x)


def min_step(acc: Any, x: Any) -> Any:
    return minimum(acc, x)


def max_beats(best: Any, x: Any) -> Any:
    return x > best or (x != x and best == best)  # noqa: PLR0124 - the first NaN beats all numbers


def min_beats(best: Any, x: Any) -> Any:
    return x < best or (x != x and best == best)  # noqa: PLR0124


MAX, MIN = Fold("max", max_step), Fold("min", min_step)
ARGMAX, ARGMIN = Fold("argmax", max_step, beats=max_beats), Fold("argmin", min_step, beats=min_beats)

max_ = declare("max(Tensor self) -> Tensor")
min_ = declare("min(Tensor self) -> Tensor")
max_dim = declare("max.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)")
min_dim = declare("min.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)")
argmax = declare("argmax(Tensor self, int? dim=None, bool keepdim=False) -> Tensor")
argmin = declare("argmin(Tensor self, int? dim=None, bool keepdim=False) -> Tensor")


def _extreme(op: Op, along: Op, whole: Fold, at: Fold) -> None:
    """Rules of ``max(x)`` and ``max(x, dim)``, or of their lower counterparts."""
    name = op.name

    def extreme_type(a: TensorType) -> TensorType:
        check_not_empty(_shape(a), (), op=name, explicit=False)
        return TensorType(a.dtype, ())

    def along_type(a: TensorType, dim: int, keepdim: bool) -> tuple[TensorType, TensorType]:  # noqa: FBT001
        shape = _shape(a)
        dims = reduced_dims(dim, len(shape), op=name)
        check_not_empty(shape, dims, op=name, explicit=True)
        result = reduced_shape(shape, dims, keepdim=keepdim)
        return TensorType(a.dtype, result), TensorType(int64, result)

    op.rule("type")(extreme_type)
    op.rule("reduce")(lambda: whole)
    along.rule("type")(along_type)
    along.rule("reduce")(lambda: at)


def _arg_extreme(op: Op, at: Fold) -> None:
    """Rules of ``argmax`` or ``argmin``: without a dimension, the position in row-major order."""
    name = op.name

    def arg_type(a: TensorType, dim: int | None, keepdim: bool) -> TensorType:  # noqa: FBT001
        if a.dtype is bool_dtype:
            raise DTypeError(f"{name}: takes no bool tensor")
        shape = _shape(a)
        dims = reduced_dims(dim, len(shape), op=name)
        check_not_empty(shape, dims, op=name, explicit=dim is not None)
        return TensorType(int64, reduced_shape(shape, dims, keepdim=keepdim))

    op.rule("type")(arg_type)
    op.rule("reduce")(lambda: at)


_extreme(max_, max_dim, MAX, ARGMAX)
_extreme(min_, min_dim, MIN, ARGMIN)
_arg_extreme(argmax, ARGMAX)
_arg_extreme(argmin, ARGMIN)


def _first(outputs: tuple[Tensor, ...]) -> Tensor:
    return outputs[0]


def _second(outputs: tuple[Tensor, ...]) -> Tensor:
    return outputs[1]


REDUCTIONS: tuple[Op, ...] = (sum_, sum_dim, mean, mean_dim, max_, min_, max_dim, min_dim, argmax, argmin)

for _op in (sum_, sum_dim, mean, mean_dim, max_, min_):
    finish_reduction(_op, _first)
for _op in (argmax, argmin):
    finish_reduction(_op, _second)
finish_reduction(max_dim, Max._make)
finish_reduction(min_dim, Min._make)

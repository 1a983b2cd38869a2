"""The largest and the smallest: max, min, argmax, argmin, amax, amin, aminmax.

NaN is larger and smaller than all numbers; of equals, the first is the one that has a position.
"""

from __future__ import annotations

from typing import Any

from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.dtype import int64
from tensorlab.core.op import Op, declare
from tensorlab.core.primitives import maximum, minimum
from tensorlab.core.reduction import check_not_empty, finish_reduction, reduced_dims, reduced_shape
from tensorlab.core.reduction_loops import Fold
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.reduce import first, restored
from tensorlab.ops.return_types import AMinMax, Max, Min
from tensorlab.ops.selecting import put_back


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
        check_not_empty(a.sizes, (), op=name, explicit=False)
        return TensorType(a.dtype, ())

    def along_type(a: TensorType, dim: int, keepdim: bool) -> tuple[TensorType, TensorType]:  # noqa: FBT001
        shape = a.sizes
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
        shape = a.sizes
        dims = reduced_dims(dim, len(shape), op=name)
        check_not_empty(shape, dims, op=name, explicit=dim is not None)
        return TensorType(int64, reduced_shape(shape, dims, keepdim=keepdim))

    op.rule("type")(arg_type)
    op.rule("reduce")(lambda: at)


_extreme(max_, max_dim, MAX, ARGMAX)
_extreme(min_, min_dim, MIN, ARGMIN)
_arg_extreme(argmax, ARGMAX)
_arg_extreme(argmin, ARGMIN)


def shared_vjp(g: Tensor, self: Tensor, result: Tensor) -> Tensor:
    """The gradient in equal parts to all elements that equal the one chosen; where that is NaN, to all NaN."""
    chosen = _equal(self, result)
    return chosen * (g / chosen.sum())


def _equal(a: Tensor, extreme: Tensor) -> Tensor:
    is_nan = (a != a).logical_and(extreme != extreme)  # noqa: PLR0124 - NaN alone differs from itself
    return (a == extreme).logical_or(is_nan)


max_.vjp("self")(shared_vjp)
min_.vjp("self")(shared_vjp)


@max_dim.vjp("self")
def max_dim_vjp(
    g_values: Tensor | None,
    self_type: TensorType,
    dim: int,
    keepdim: bool,  # noqa: FBT001
    indices: Tensor,
) -> Tensor | None:
    return put_back(g_values, dim, indices, self_type.sizes, keepdim=keepdim)


@min_dim.vjp("self")
def min_dim_vjp(
    g_values: Tensor | None,
    self_type: TensorType,
    dim: int,
    keepdim: bool,  # noqa: FBT001
    indices: Tensor,
) -> Tensor | None:
    return put_back(g_values, dim, indices, self_type.sizes, keepdim=keepdim)


# amax, amin: over several dimensions, without positions ---------------------------------------------------------------

amax = declare("amax(Tensor self, int[] dim=[], bool keepdim=False) -> Tensor")
amin = declare("amin(Tensor self, int[] dim=[], bool keepdim=False) -> Tensor")


def _over(op: Op, fold: Fold) -> None:
    name = op.name

    def over_type(a: TensorType, dim: object, keepdim: bool) -> TensorType:  # noqa: FBT001
        shape = a.sizes
        dims = reduced_dims(dim, len(shape), op=name)
        check_not_empty(shape, dims, op=name, explicit=bool(dim) or isinstance(dim, int))
        return TensorType(a.dtype, reduced_shape(shape, dims, keepdim=keepdim))

    def over_vjp(g: Tensor, self: Tensor, result: Tensor, dim: object, keepdim: bool) -> Tensor:  # noqa: FBT001
        """In equal parts to all elements that equal the extreme one."""
        whole = restored(result, self.shape, dim, keepdim=keepdim, op=name)
        chosen = self == whole
        share = restored(g, self.shape, dim, keepdim=keepdim, op=name) / chosen.sum(_dims(dim, self.ndim), True)
        return chosen * share

    op.rule("type")(over_type)
    op.rule("reduce")(lambda: fold)
    op.vjp("self")(over_vjp)
    finish_reduction(op, first)


def _dims(dim: object, ndim: int) -> tuple[int, ...]:
    return reduced_dims(dim, ndim, op="sum")


_over(amax, MAX)
_over(amin, MIN)

aminmax = declare("aminmax(Tensor self, *, int? dim=None, bool keepdim=False) -> (Tensor min, Tensor max)")


@aminmax.rule("type")
def aminmax_type(a: TensorType, dim: int | None, keepdim: bool) -> tuple[TensorType, TensorType]:  # noqa: FBT001
    shape = a.sizes
    dims = reduced_dims(dim, len(shape), op="aminmax")
    check_not_empty(shape, dims, op="aminmax", explicit=dim is not None)
    result = TensorType(a.dtype, reduced_shape(shape, dims, keepdim=keepdim))
    return result, result


@aminmax.rule("composite")
def aminmax_composite(a: Tensor, dim: int | None, keepdim: bool) -> AMinMax:  # noqa: FBT001
    aminmax_type(a.type, dim, keepdim)
    dims = () if dim is None else (dim,)
    return AMinMax(amin.call((a, dims, keepdim)), amax.call((a, dims, keepdim)))


call_evaluator(aminmax)


def _second(outputs: tuple[Tensor, ...]) -> Tensor:
    return outputs[1]


REDUCTIONS: tuple[Op, ...] = (max_, min_, max_dim, min_dim, argmax, argmin, amax, amin)

for _op in (max_, min_):
    finish_reduction(_op, first)
for _op in (argmax, argmin):
    finish_reduction(_op, _second)
finish_reduction(max_dim, Max._make)
finish_reduction(min_dim, Min._make)

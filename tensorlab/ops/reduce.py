"""Reductions that add or multiply: sum, nansum, mean, prod.

Each has a schema and, under it, its type rule, the fold that it runs, and its derivative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tensorlab.core.dtype import DType, int64
from tensorlab.core.op import Op, declare, lookup
from tensorlab.core.primitives import free_product, free_sum
from tensorlab.core.reduction import finish_reduction, reduced_dims, reduced_shape
from tensorlab.core.reduction_loops import Fold
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError
from tensorlab.ops import copying, movement
from tensorlab.ops.operands import as_dtype


def restored(reduced: Tensor, shape: Sequence[int], dim: object, *, keepdim: bool, op: str) -> Tensor:
    """What a reduction gave, with the reduced dimensions of ``shape`` back as dimensions of size 1."""
    if keepdim:
        return reduced
    for d in reduced_dims(dim, len(shape), op=op):
        reduced = movement.unsqueeze.call((reduced, d))
    return reduced


def spread(reduced: Tensor, shape: Sequence[int], dim: object, *, keepdim: bool, op: str) -> Tensor:
    """As `restored`, repeated to the whole shape."""
    return movement.expand.call((restored(reduced, shape, dim, keepdim=keepdim, op=op), tuple(shape), False))


def count_of(shape: Sequence[int], dim: object, *, op: str) -> int:
    """How many elements one result is made of."""
    return math.prod([shape[d] for d in reduced_dims(dim, len(shape), op=op)])


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
    shape = a.sizes
    dims = reduced_dims(dim, len(shape), op="sum")
    own = a.dtype if a.dtype is not None and a.dtype.is_floating_point else int64
    return TensorType(as_dtype(dtype, op="sum") or own, reduced_shape(shape, dims, keepdim=keepdim))


@sum_.rule("reduce")
@sum_dim.rule("reduce")
def sum_fold() -> Fold:
    return SUM


@sum_.vjp("self")
def sum_vjp(g: Tensor, self_type: TensorType) -> Tensor:
    return movement.expand.call((g, self_type.sizes, False))


@sum_dim.vjp("self")
def sum_dim_vjp(g: Tensor, self_type: TensorType, dim: object, keepdim: bool) -> Tensor:  # noqa: FBT001
    return spread(g, self_type.sizes, dim, keepdim=keepdim, op="sum")


# nansum: NaN counts as 0 ----------------------------------------------------------------------------------------------


def nansum_step(acc: Any, x: Any) -> Any:
    return free_sum(acc, x if x == x else 0)  # noqa: PLR0124 - NaN alone differs from itself


NANSUM = Fold("nansum", nansum_step, identity=0, wide=True)

nansum = declare("nansum(Tensor self, int[]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor")


@nansum.rule("type")
def nansum_type(a: TensorType, dim: object, keepdim: bool, dtype: DType | int | None) -> TensorType:  # noqa: FBT001
    return sum_dim_type(a, dim, keepdim, dtype)


@nansum.rule("reduce")
def nansum_fold() -> Fold:
    return NANSUM


@nansum.vjp("self")
def nansum_vjp(g: Tensor, self: Tensor, dim: object, keepdim: bool) -> Tensor:  # noqa: FBT001
    return spread(g, self.shape, dim, keepdim=keepdim, op="nansum") * (self == self)  # noqa: PLR0124


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
    dims = reduced_dims(dim, len(a.sizes), op="mean")
    return TensorType(result, reduced_shape(a.sizes, dims, keepdim=keepdim))


@mean.rule("reduce")
@mean_dim.rule("reduce")
def mean_fold() -> Fold:
    return MEAN


@mean.vjp("self")
def mean_vjp(g: Tensor, self_type: TensorType) -> Tensor:
    shape = self_type.sizes
    return movement.expand.call((g / math.prod(shape) if math.prod(shape) else g, shape, False))


@mean_dim.vjp("self")
def mean_dim_vjp(g: Tensor, self_type: TensorType, dim: object, keepdim: bool) -> Tensor:  # noqa: FBT001
    shape = self_type.sizes
    count = count_of(shape, dim, op="mean")
    return spread(g / count if count else g, shape, dim, keepdim=keepdim, op="mean")


# prod -----------------------------------------------------------------------------------------------------------------


def prod_step(acc: Any, x: Any) -> Any:
    return free_product(acc, x)


PROD = Fold("prod", prod_step, identity=1, wide=True, joins="*")

prod = declare("prod(Tensor self, *, ScalarType? dtype=None) -> Tensor")
prod_dim = declare("prod.dim_int(Tensor self, int dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor")


@prod.rule("type")
def prod_type(a: TensorType, dtype: DType | int | None) -> TensorType:
    return sum_dim_type(a, None, False, dtype)


@prod_dim.rule("type")
def prod_dim_type(a: TensorType, dim: int, keepdim: bool, dtype: DType | int | None) -> TensorType:  # noqa: FBT001
    """Integers and bools multiply to int64."""
    return sum_dim_type(a, dim, keepdim, dtype)


@prod.rule("reduce")
@prod_dim.rule("reduce")
def prod_fold() -> Fold:
    return PROD


@prod.vjp("self")
def prod_vjp(g: Tensor, self: Tensor, result: Tensor, dtype: DType | int | None) -> Tensor:
    x = copying.to.call((self, g.dtype, False, False))
    if not _has_zero(x):
        return g * result / x
    flat = movement.reshape.call((x, (-1,)))
    return movement.reshape.call((g * _product_of_others(flat, 0), tuple(x.shape)))


@prod_dim.vjp("self")
def prod_dim_vjp(
    g: Tensor,
    self: Tensor,
    result: Tensor,
    dim: int,
    keepdim: bool,  # noqa: FBT001
    dtype: DType | int | None,
) -> Tensor:
    x = copying.to.call((self, g.dtype, False, False))
    g = restored(g, x.shape, dim, keepdim=keepdim, op="prod")
    if not _has_zero(x):
        return g * restored(result, x.shape, dim, keepdim=keepdim, op="prod") / x
    return g * (_product_of_others(x, dim) if x.ndim else 1)


def _has_zero(x: Tensor) -> bool:
    return bool((movement.detach.call((x,)) == 0).any())


def _product_of_others(x: Tensor, dim: int) -> Tensor:
    """For each element, the product of all others along a dimension: of those before it and of those after it."""
    cumprod, flip, cat = (lookup(f"aten::{name}")[0] for name in ("cumprod", "flip", "cat"))
    one = movement.slice_.call((x, dim, 0, 1, 1)) * 0 + 1
    before = cat.call(([one, movement.slice_.call((x, dim, 0, -1, 1))], dim))
    after = cat.call(([one, movement.slice_.call((flip.call((x, (dim,))), dim, 0, -1, 1))], dim))
    return cumprod.call((before, dim, None)) * flip.call((cumprod.call((after, dim, None)), (dim,)))


REDUCTIONS: tuple[Op, ...] = (sum_, sum_dim, nansum, mean, mean_dim, prod, prod_dim)


def first(outputs: tuple[Tensor, ...]) -> Tensor:
    """What a fold without positions gives."""
    return outputs[0]


for _op in REDUCTIONS:
    finish_reduction(_op, first)

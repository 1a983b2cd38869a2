"""Norms of vectors: the root of the sum of squares and its kin, over any dimensions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tensorlab.core.op import Op, declare, lookup
from tensorlab.core.primitives import free_sum
from tensorlab.core.reduction import finish_reduction, reduced_dims, reduced_shape
from tensorlab.core.reduction_loops import Fold
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError, RangeError
from tensorlab.ops import arithmetic
from tensorlab.ops.extremes import amax, amin
from tensorlab.ops.functions import where
from tensorlab.ops.logic_reduce import count_nonzero_dims
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.reduce import first, restored, sum_dim


def squares_step(acc: Any, x: Any) -> Any:
    return free_sum(acc, x * x)


def squares_finish(acc: Any, n: Any) -> Any:
    return np.sqrt(acc)


EUCLIDEAN = Fold("frobenius_norm", squares_step, finish=squares_finish, identity=0, wide=True)

frobenius_norm = declare("frobenius_norm.dim(Tensor self, int[] dim, bool keepdim=False) -> Tensor")
norm = declare("norm.ScalarOpt_dim(Tensor self, Scalar? p, int[] dim, bool keepdim=False) -> Tensor")
norm_all = declare("norm.Scalar(Tensor self, Scalar p=2) -> Tensor")


@frobenius_norm.rule("type")
def frobenius_type(a: TensorType, dim: Any, keepdim: bool) -> TensorType:  # noqa: FBT001
    """Floating point only.

    Raises: `DTypeError`, in torch's words.
    """
    if a.dtype is not None and not a.dtype.is_floating_point:
        raise DTypeError(f"norm: expected a floating point or complex tensor as input. Got {a.dtype.ir_name}")
    shape = a.sizes
    return TensorType(a.dtype, reduced_shape(shape, reduced_dims(dim, len(shape), op="norm"), keepdim=keepdim))


@frobenius_norm.rule("reduce")
def frobenius_fold() -> Fold:
    return EUCLIDEAN


finish_reduction(frobenius_norm, first)


@norm.rule("type")
def norm_type(a: TensorType, p: float | None, dim: Any, keepdim: bool) -> TensorType:  # noqa: FBT001
    """As `frobenius_type`; of no elements, an infinite or a negative norm has no value.

    Raises: `DTypeError`, `RangeError`.
    """
    found = frobenius_type(a, dim, keepdim)
    shape = a.sizes
    none = any(shape[d] == 0 for d in reduced_dims(dim, len(shape), op="norm"))
    if none and p is not None and (p < 0 or p == math.inf):
        raise RangeError(
            f"norm: linalg.vector_norm cannot compute the {p} norm on an empty tensor because the operation does not "
            f"have an identity: got shape {list(shape)}"
        )
    return found


@norm.rule("call")
def norm_call(a: Tensor, p: float | None, dim: Any, keepdim: bool) -> Tensor:  # noqa: FBT001
    """``sum(|x| ** p) ** (1 / p)``, and its limits: for 0 the number of elements that are not 0."""
    norm_type(a.type, p, dim, keepdim)
    dims = reduced_dims(dim, a.ndim, op="norm")
    if p is None or p == 2:
        return frobenius_norm.run((a, dims, keepdim))
    if p == 0:
        (to,) = lookup("aten::to")
        found = to.run((count_nonzero_dims.run((a, dims)), a.dtype, False, False))
        return _kept(found, a, dims) if keepdim else found
    size = arithmetic.absolute.run((a,))
    if abs(p) == math.inf:
        return (amax if p > 0 else amin).run((size, dims, keepdim))
    if p == 1:
        return sum_dim.run((size, dims, keepdim, None))
    total = sum_dim.run((arithmetic.pow_.run((size, p)), dims, keepdim, None))
    return arithmetic.pow_.run((total, 1 / p))


def _kept(reduced: Tensor, a: Tensor, dims: tuple[int, ...]) -> Tensor:
    (reshape,) = lookup("aten::reshape")
    return reshape.run((reduced, reduced_shape(a.shape, dims, keepdim=True)))


@norm_all.rule("type")
def norm_all_type(a: TensorType, p: float) -> TensorType:
    return norm_type(a, p, (), False)


@norm_all.rule("composite")
def norm_all_composite(a: Tensor, p: float) -> Tensor:
    return norm.call((a, p, (), False))


call_evaluator(norm)
call_evaluator(norm_all)


@frobenius_norm.vjp("self")
def frobenius_vjp(g: Tensor, self: Tensor, result: Tensor, dim: Any, keepdim: bool) -> Tensor | None:  # noqa: FBT001
    return norm_vjp(g, self, result, 2, dim, keepdim)


@norm.vjp("self")
def norm_vjp(
    g: Tensor,
    self: Tensor,
    result: Tensor,
    p: float | None,
    dim: Any,
    keepdim: bool,  # noqa: FBT001
) -> Tensor | None:
    """Where the norm, or for ``p < 2`` the element, is 0, so is the gradient."""
    whole = restored(result, self.shape, dim, keepdim=keepdim, op="norm")
    share = restored(g, self.shape, dim, keepdim=keepdim, op="norm")
    if p == 0:
        return None
    if p is None or p == 2:
        return self * where(whole == 0, 0.0, share / _not_zero(whole))
    sign = _sign(self)
    if p == 1:
        return sign * share
    size = self.abs()
    if abs(p) == math.inf:
        chosen = (size == whole).logical_or((size != size).logical_and(whole != whole))  # noqa: PLR0124 - NaN
        dims = reduced_dims(dim, self.ndim, op="norm")
        return sign * chosen * (share / chosen.sum(dims, True))
    if p < 1:
        return where(self == 0, 0.0, sign * _not_zero(size) ** (p - 1)) * share * whole ** (1 - p)
    share = where(whole == 0, 0.0, share * _not_zero(whole) ** (1 - p))
    return sign * size ** (p - 1) * share if p < 2 else self * size ** (p - 2) * share


def _not_zero(a: Tensor) -> Tensor:
    """1 where an element is 0, so that what is made of it is finite, and so is its derivative."""
    return where(a == 0, 1.0, a)


def _sign(a: Tensor) -> Tensor:
    (sign,) = lookup("aten::sign")
    return sign.call((a,))


NORMS: tuple[Op, ...] = (norm, norm_all)

# ruff: noqa: A001, FBT001 - torch's public names and signatures
"""The public reductions, under torch's names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.op import lookup
from tensorlab.core.tensor import Tensor
from tensorlab.ops import extremes, reduce
from tensorlab.ops import softmax as softmax_ops
from tensorlab.ops.operands import as_int, as_ints, as_tensor_argument, unary
from tensorlab.ops.out import takes_out
from tensorlab.ops.quick import quick_unary
from tensorlab.ops.return_types import AMinMax, MaxMin

Dims = int | Sequence[int] | None


def as_dims(dim: object, op: str) -> tuple[int, ...] | None:
    """A ``dim`` argument as the schema's list."""
    return None if dim is None else as_ints(dim, op=op, name="dim")


@quick_unary(reduce.sum_)
@takes_out
def sum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """Sums over all dimensions or over ``dim``; integers and bools give int64."""
    if dim is None and not keepdim:
        return unary(reduce.sum_, input, dtype)
    return unary(reduce.sum_dim, input, as_dims(dim, "sum"), keepdim, dtype)


@takes_out
def nansum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """Sums that take NaN for 0."""
    return unary(reduce.nansum, input, as_dims(dim, "nansum"), keepdim, dtype)


@quick_unary(reduce.mean)
@takes_out
def mean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """Means over all dimensions or over ``dim``; floating point only."""
    if dim is None and not keepdim:
        return unary(reduce.mean, input, dtype)
    return unary(reduce.mean_dim, input, as_dims(dim, "mean"), keepdim, dtype)


@quick_unary(extremes.max_)
@takes_out
def max(input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False) -> Tensor | MaxMin:
    """The largest element; along ``dim``, values and their indices; with another tensor, the larger of each two.

    NaN is the largest.
    """
    if isinstance(dim, Tensor):
        return lookup("aten::maximum")[0].call((as_tensor_argument(extremes.max_, input), dim))
    if dim is None:
        return unary(extremes.max_, input)
    return unary(extremes.max_dim, input, as_int(dim, op="max", name="dim"), keepdim)


@quick_unary(extremes.min_)
@takes_out
def min(input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False) -> Tensor | MaxMin:
    """The smallest element; along ``dim``, values and their indices; with another tensor, the smaller of each two.

    NaN is the smallest.
    """
    if isinstance(dim, Tensor):
        return lookup("aten::minimum")[0].call((as_tensor_argument(extremes.min_, input), dim))
    if dim is None:
        return unary(extremes.min_, input)
    return unary(extremes.min_dim, input, as_int(dim, op="min", name="dim"), keepdim)


@takes_out
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest element is: the first of equals, NaN before all."""
    at = None if dim is None else as_int(dim, op="argmax", name="dim")
    return unary(extremes.argmax, input, at, keepdim)


@takes_out
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest element is: the first of equals, NaN before all."""
    at = None if dim is None else as_int(dim, op="argmin", name="dim")
    return unary(extremes.argmin, input, at, keepdim)


@takes_out
def amax(input: Tensor, dim: int | Sequence[int] = (), keepdim: bool = False) -> Tensor:
    """The largest elements over several dimensions."""
    return unary(extremes.amax, input, as_ints(dim, op="amax", name="dim"), keepdim)


@takes_out
def amin(input: Tensor, dim: int | Sequence[int] = (), keepdim: bool = False) -> Tensor:
    """The smallest elements over several dimensions."""
    return unary(extremes.amin, input, as_ints(dim, op="amin", name="dim"), keepdim)


@takes_out
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> AMinMax:
    """The smallest and the largest element, of all or along ``dim``."""
    at = None if dim is None else as_int(dim, op="aminmax", name="dim")
    return unary(extremes.aminmax, input, at, keepdim)


def softmax(input: Tensor, dim: int, dtype: DType | None = None) -> Tensor:
    """Exponentials along ``dim``, normalised to sum 1.

    >>> import tensorlab as tl
    >>> tl.softmax(tl.tensor([0.0, 0.0]), 0)
    tensor([0.5000, 0.5000])
    """
    return unary(softmax_ops.softmax, input, as_int(dim, op="softmax", name="dim"), dtype)


_BOTH: tuple[Callable[..., Any], ...] = (*(sum, nansum, mean, max, min, argmax, argmin, amax, amin, aminmax, softmax),)

FUNCTIONS: dict[str, Callable[..., Any]] = {f.__name__: f for f in _BOTH}
METHODS: dict[str, Callable[..., Any]] = dict(FUNCTIONS)

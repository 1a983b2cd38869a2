# ruff: noqa: A001, FBT001 - torch's public names and signatures
"""The public reductions, under torch's names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.op import Op, lookup
from tensorlab.core.tensor import Tensor
from tensorlab.errors import DTypeError
from tensorlab.ops import extremes, logic_reduce, reduce
from tensorlab.ops.operands import as_int, as_ints, as_tensor_argument, unary
from tensorlab.ops.out import takes_out
from tensorlab.ops.quick import quick_unary
from tensorlab.ops.return_types import AMinMax, MaxMin
from tensorlab.ops.spellings import takes_axis

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


@takes_out
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """Products of all elements or along ``dim``; integers and bools give int64."""
    if dim is None:
        return unary(reduce.prod, input, dtype)
    return unary(reduce.prod_dim, input, as_int(dim, op="prod", name="dim"), keepdim, dtype)


@takes_out
def nanmean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """Means of what is not NaN."""
    if not as_tensor_argument(reduce.nansum, input).dtype.is_floating_point:
        raise DTypeError(f"nanmean: expected input to have floating point dtype but got {input.dtype.name}")
    dims = as_dims(dim, "nanmean")
    total = unary(reduce.nansum, input, dims, keepdim, dtype)
    return total / sum(input == input, dims, keepdim)  # noqa: PLR0124 - NaN alone differs from itself


@takes_out
def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether an element is not 0: among all, or over ``dim``."""
    return _asked(logic_reduce.any_, logic_reduce.any_dim, logic_reduce.any_dims, input, dim, keepdim)


@takes_out
def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether no element is 0: among all, or over ``dim``."""
    return _asked(logic_reduce.all_, logic_reduce.all_dim, logic_reduce.all_dims, input, dim, keepdim)


def _asked(whole: Op, along: Op, over: Op, input: Tensor, dim: Dims, keepdim: bool) -> Tensor:
    name = whole.schema.name
    if dim is None and not keepdim:
        return unary(whole, input)
    if dim is None or isinstance(dim, (tuple, list)):
        return unary(over, input, as_dims(dim, name), keepdim)
    return unary(along, input, as_int(dim, op=name, name="dim"), keepdim)


@takes_axis
def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """How many elements are not 0."""
    if dim is None or not isinstance(dim, (tuple, list)):
        at = None if dim is None else as_int(dim, op="count_nonzero", name="dim")
        return unary(logic_reduce.count_nonzero, input, at)
    return unary(logic_reduce.count_nonzero_dims, input, as_ints(dim, op="count_nonzero", name="dim"))


_BOTH: tuple[Callable[..., Any], ...] = (
    *(sum, nansum, mean, max, min, argmax, argmin, amax, amin, aminmax, prod, nanmean, any, all, count_nonzero),
)

FUNCTIONS: dict[str, Callable[..., Any]] = {f.__name__: f for f in _BOTH}
METHODS: dict[str, Callable[..., Any]] = dict(FUNCTIONS)

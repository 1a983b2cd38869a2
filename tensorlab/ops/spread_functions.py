# ruff: noqa: FBT001 - torch's public names and signatures
"""The public functions of variance, norms, scans and softmax, under torch's names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import norms, scan, variance
from tensorlab.ops import softmax as softmax_ops
from tensorlab.ops.operands import as_int, as_ints, as_number, as_tensor_argument, unary
from tensorlab.ops.out import takes_out
from tensorlab.ops.reduce_functions import Dims, as_dims
from tensorlab.ops.return_types import CumMax, CumMin
from tensorlab.ops.spellings import takes_axis

# Variance -------------------------------------------------------------------------------------------------------------


def _spread(op: Op, input: Tensor, dim: Any, unbiased: bool | None, correction: float | None, keepdim: bool) -> Any:
    """A call in any of torch's forms: ``(unbiased)``, ``(dim, unbiased, keepdim)``, ``(dim, *, correction, keepdim)``.

    Raises: `ArgumentError` for both ``unbiased`` and ``correction``.
    """
    name = op.schema.name
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise ArgumentError(f"{name}: takes either argument 'unbiased' or argument 'correction', got both")
    if unbiased is not None:
        correction = int(unbiased)
    elif correction is not None:
        correction = as_number(correction, op=name, name="correction")
    return unary(op, input, as_dims(dim, name), correction, keepdim)


@takes_out
def var(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """Variance over all dimensions or over ``dim``: squared differences from the mean, over ``n - correction``.

    >>> import tensorlab as tl
    >>> tl.var(tl.tensor([1.0, 2.0, 3.0]))
    tensor(1.)
    """
    return _spread(variance.var, input, dim, unbiased, correction, keepdim)


@takes_out
def std(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """Standard deviation: the root of `var`."""
    return _spread(variance.std, input, dim, unbiased, correction, keepdim)


@takes_axis
def var_mean(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Variance and mean."""
    return _spread(variance.var_mean, input, dim, unbiased, correction, keepdim)


@takes_axis
def std_mean(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Standard deviation and mean."""
    return _spread(variance.std_mean, input, dim, unbiased, correction, keepdim)


# Norms ----------------------------------------------------------------------------------------------------------------


@takes_out
def norm(
    input: Tensor,
    p: float | str | None = "fro",
    dim: Dims = None,
    keepdim: bool = False,
    dtype: DType | None = None,
) -> Tensor:
    """``sum(|x| ** p) ** (1 / p)`` over all dimensions or over ``dim``; "fro" is the same as 2.

    Raises: `ArgumentError` for another name of a norm: the nuclear norm is `linalg.matrix_norm`'s.
    """
    if isinstance(p, str):
        if p != "fro":
            raise ArgumentError(f"norm: argument 'p' takes a number or 'fro', got {p!r}")
        p = None
    order = None if p is None else as_number(p, op="norm", name="p")
    source = as_tensor_argument(norms.norm, input)
    if dtype is not None:
        source = source.to(dtype)
    return norms.norm.call((source, order, as_dims(dim, "norm") or (), keepdim))


@takes_out
def logsumexp(input: Tensor, dim: int | Sequence[int], keepdim: bool = False) -> Tensor:
    """Logarithm of the sum of exponentials over ``dim``, without leaving the range of floats."""
    return unary(variance.logsumexp, input, as_ints(dim, op="logsumexp", name="dim"), keepdim)


# Softmax --------------------------------------------------------------------------------------------------------------


@takes_out
def softmax(input: Tensor, dim: int, dtype: DType | None = None) -> Tensor:
    """Exponentials along ``dim``, normalised to sum 1.

    >>> import tensorlab as tl
    >>> tl.softmax(tl.tensor([0.0, 0.0]), 0)
    tensor([0.5000, 0.5000])
    """
    return unary(softmax_ops.softmax, input, as_int(dim, op="softmax", name="dim"), dtype)


@takes_out
def log_softmax(input: Tensor, dim: int, dtype: DType | None = None) -> Tensor:
    """The logarithm of `softmax`, without leaving the range of floats."""
    return unary(softmax_ops.log_softmax, input, as_int(dim, op="log_softmax", name="dim"), dtype)


def _named(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A function of ``torch.nn.functional``: ``dim`` is told, and ``_stacklevel`` has no meaning."""

    def functional(input: Tensor, dim: int, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
        return function(input, dim, dtype)

    functional.__name__ = functional.__qualname__ = function.__name__
    functional.__doc__ = function.__doc__
    return functional


def softmin(input: Tensor, dim: int, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """The softmax of the negated elements."""
    return softmax(-as_tensor_argument(softmax_ops.softmax, input), dim, dtype)


# Scans ----------------------------------------------------------------------------------------------------------------


@takes_out
def cumsum(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """Running sums along ``dim``; integers and bools give int64."""
    return unary(scan.cumsum, input, as_int(dim, op="cumsum", name="dim"), dtype)


@takes_out
def cumprod(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """Running products along ``dim``; integers and bools give int64."""
    return unary(scan.cumprod, input, as_int(dim, op="cumprod", name="dim"), dtype)


@takes_axis
def cumsum_(self: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """`cumsum` written over this tensor; raises its version."""
    return unary(scan.cumsum_in_place, self, as_int(dim, op="cumsum_", name="dim"), dtype)


@takes_axis
def cumprod_(self: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """`cumprod` written over this tensor; raises its version."""
    return unary(scan.cumprod_in_place, self, as_int(dim, op="cumprod_", name="dim"), dtype)


@takes_out
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """Logarithms of running sums of exponentials along ``dim``."""
    return unary(scan.logcumsumexp, input, as_int(dim, op="logcumsumexp", name="dim"))


@takes_out
def cummax(input: Tensor, dim: int) -> CumMax:
    """The largest element so far along ``dim``, and where it is: the last of equals."""
    return unary(scan.cummax, input, as_int(dim, op="cummax", name="dim"))


@takes_out
def cummin(input: Tensor, dim: int) -> CumMin:
    """The smallest element so far along ``dim``, and where it is: the last of equals."""
    return unary(scan.cummin, input, as_int(dim, op="cummin", name="dim"))


_BOTH: tuple[Callable[..., Any], ...] = (
    *(var, std, norm, logsumexp, softmax, log_softmax, cumsum, cumprod, logcumsumexp, cummax, cummin),
)

FUNCTIONS: dict[str, Callable[..., Any]] = {f.__name__: f for f in (*_BOTH, var_mean, std_mean)}
METHODS: dict[str, Callable[..., Any]] = {**{f.__name__: f for f in (*_BOTH, cumsum_, cumprod_)}}
FUNCTIONAL: dict[str, Callable[..., Any]] = {
    "softmax": _named(softmax),
    "log_softmax": _named(log_softmax),
    "softmin": softmin,
}

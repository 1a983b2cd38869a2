# ruff: noqa: FBT001 - torch's public names and signatures
"""The public functions of sorting, searching and order statistics, under torch's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.dtype import float32, float64
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import differences, searching, sorting, statistics
from tensorlab.ops.called import called
from tensorlab.ops.data import tensor
from tensorlab.ops.operands import as_int, as_number, as_tensor_argument, unary
from tensorlab.ops.out import takes_out
from tensorlab.ops.return_types import KthValue, MaxMin, Sort, TopK
from tensorlab.ops.spellings import takes_axis

# Order ----------------------------------------------------------------------------------------------------------------


@takes_out
def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Sort:
    """Elements along ``dim`` in order, and where they were; NaN is the largest. Equals keep their order.

    >>> import tensorlab as tl
    >>> tl.sort(tl.tensor([3, 1, 2])).indices
    tensor([1, 2, 0])
    """
    at = as_int(dim, op="sort", name="dim")
    if stable:
        return unary(sorting.sort_stable, input, True, at, bool(descending))
    return unary(sorting.sort, input, at, bool(descending))


@takes_axis
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """Where the elements along ``dim`` are, in order."""
    at = as_int(dim, op="argsort", name="dim")
    if stable:
        return unary(sorting.argsort_stable, input, True, at, bool(descending))
    return unary(sorting.argsort, input, at, bool(descending))


@takes_out
def msort(input: Tensor) -> Tensor:
    """Elements along the first dimension in order."""
    return unary(sorting.msort, input)


@takes_out
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> TopK:
    """The ``k`` largest or smallest elements along ``dim``, in order, and where they are."""
    number = as_int(k, op="topk", name="k")
    return unary(sorting.topk, input, number, as_int(dim, op="topk", name="dim"), bool(largest), bool(sorted))


@takes_out
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> KthValue:
    """The ``k``-th smallest element along ``dim``, counted from 1, and where it is."""
    number = as_int(k, op="kthvalue", name="k")
    return unary(sorting.kthvalue, input, number, as_int(dim, op="kthvalue", name="dim"), keepdim)


# Statistics -----------------------------------------------------------------------------------------------------------


@takes_out
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | MaxMin:
    """The lower of the middle elements, or NaN where there is one; along ``dim``, also where it is."""
    if dim is None:
        return unary(statistics.median, input)
    return unary(statistics.median_dim, input, as_int(dim, op="median", name="dim"), keepdim)


@takes_out
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | MaxMin:
    """The lower of the middle elements that are not NaN; along ``dim``, also where it is."""
    if dim is None:
        return unary(statistics.nanmedian, input)
    return unary(statistics.nanmedian_dim, input, as_int(dim, op="nanmedian", name="dim"), keepdim)


@takes_out
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> MaxMin:
    """The element there is most of along ``dim``, the smallest of such, and where one is."""
    return unary(statistics.mode, input, as_int(dim, op="mode", name="dim"), keepdim)


@called("SqueezeBackward4")
@takes_out
def quantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """What the share ``q`` of the elements is no larger than, of all or along ``dim``.

    ``interpolation`` says what is between two elements: linear, lower, higher, midpoint or nearest.
    """
    return _quantile(statistics.quantile, input, q, dim, keepdim, interpolation)


@called("SqueezeBackward4")
@takes_out
def nanquantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """As `quantile`, of the elements that are not NaN."""
    return _quantile(statistics.nanquantile, input, q, dim, keepdim, interpolation)


def _quantile(op: Any, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str) -> Tensor:
    name = op.schema.name
    source = as_tensor_argument(op, input)
    if not isinstance(q, Tensor):
        share = as_number(q, op=name, name="q")
        q = tensor(float(share), dtype=source.dtype if source.dtype in (float32, float64) else None)
    at = None if dim is None else as_int(dim, op=name, name="dim")
    return op.call((source, q, at, keepdim, interpolation))


# Places and counts ----------------------------------------------------------------------------------------------------


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """Different elements, or slices along ``dim``, in order; then where each came to be, and how often it occurs."""
    if dim is None:
        found = unary(searching.unique_all, input, bool(sorted), return_inverse, return_counts)
    else:
        at = as_int(dim, op="unique", name="dim")
        found = unary(searching.unique_dim, input, at, bool(sorted), return_inverse, return_counts)
    return _wanted(found, return_inverse, return_counts)


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """Elements, or slices along ``dim``, without those that repeat the one before."""
    at = None if dim is None else as_int(dim, op="unique_consecutive", name="dim")
    return _wanted(
        unary(searching.unique_consecutive, input, return_inverse, return_counts, at), return_inverse, return_counts
    )


def _wanted(found: tuple[Tensor, Tensor, Tensor], inverse: bool, counts: bool) -> Any:
    parts = (found[0], *((found[1],) if inverse else ()), *((found[2],) if counts else ()))
    return parts if len(parts) > 1 else parts[0]


@takes_out
def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor | float,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where each value would keep ``sorted_sequence`` in order: before its equals, or with ``right`` after them."""
    lines = as_tensor_argument(searching.searchsorted, sorted_sequence)
    values = input if isinstance(input, Tensor) else _number(input, lines, "searchsorted")
    return searching.searchsorted.call((lines, values, out_int32, right, side, sorter))


@takes_out
def bucketize(input: Tensor | float, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """The bucket of each value, between ``boundaries`` in order."""
    if not isinstance(boundaries, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
        raise ArgumentError(f"bucketize: argument 'boundaries' takes a Tensor, got {type(boundaries).__name__}")
    values = input if isinstance(input, Tensor) else _number(input, boundaries, "bucketize")
    return searching.bucketize.call((values, boundaries, out_int32, right))


def _number(value: object, beside: Tensor, op: str) -> Tensor:
    return tensor(as_number(value, op=op, name="input"), dtype=beside.dtype)


@takes_out
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements are in each of equal bins from ``min`` to ``max``, by default over all elements."""
    low, high = as_number(min, op="histc", name="min"), as_number(max, op="histc", name="max")
    return unary(searching.histc, input, as_int(bins, op="histc", name="bins"), low, high)


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each number from 0 on occurs, or the sum of its weights."""
    return unary(searching.bincount, input, weights, as_int(minlength, op="bincount", name="minlength"))


# Made of others -------------------------------------------------------------------------------------------------------


@takes_out
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """Differences of neighbours along ``dim``, ``n`` times."""
    number = as_int(n, op="diff", name="n")
    return unary(differences.diff, input, number, as_int(dim, op="diff", name="dim"), prepend, append)


@takes_axis
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """The area under points along ``dim``, which are at ``x``, or ``dx`` apart."""
    at = as_int(dim, op="trapezoid", name="dim")
    if x is not None:
        return unary(differences.trapezoid_x, y, x, at)
    return unary(differences.trapezoid, y, 1 if dx is None else as_number(dx, op="trapezoid", name="dx"), at)


def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """Covariances of the rows of a matrix, whose columns are observations."""
    return unary(differences.cov, input, as_int(correction, op="cov", name="correction"), fweights, aweights)


def corrcoef(input: Tensor) -> Tensor:
    """Pearson's correlation coefficients of the rows of a matrix."""
    return unary(differences.corrcoef, input)


_BOTH: tuple[Callable[..., Any], ...] = (
    *(sort, argsort, msort, topk, kthvalue, median, nanmedian, mode, quantile, nanquantile, unique),
    *(unique_consecutive, histc, bincount, diff, cov, corrcoef),
)
_FUNCTIONS: tuple[Callable[..., Any], ...] = (searchsorted, bucketize, trapezoid)

FUNCTIONS: dict[str, Callable[..., Any]] = {f.__name__: f for f in (*_BOTH, *_FUNCTIONS)}
METHODS: dict[str, Callable[..., Any]] = {f.__name__: f for f in _BOTH}

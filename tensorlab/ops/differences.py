"""Made of other operations: diff, trapezoid, cov, corrcoef."""

from __future__ import annotations

from tensorlab.core.dtype import Category, category_dtype
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.op import Op, declare
from tensorlab.core.shape import wrap_dim
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError, RangeError, ShapeError
from tensorlab.ops.joining import cat
from tensorlab.ops.searching import type_of
from tensorlab.ops.view_evaluator import call_evaluator

diff = declare("diff(Tensor self, int n=1, int dim=-1, Tensor? prepend=None, Tensor? append=None) -> Tensor")


@diff.rule("type")
def diff_type(a: TensorType, n: int, dim: int, prepend: TensorType | None, append: TensorType | None) -> TensorType:
    """Shorter by ``n``.

    Raises: `ShapeError` for a tensor without dimensions, `RangeError` for a negative order.
    """
    shape = a.sizes
    if not shape:
        raise ShapeError("diff: diff expects input to be at least one-dimensional")
    if n < 0:
        raise RangeError(f"diff: order must be non-negative but got {n}")
    at = wrap_dim(dim, len(shape), op="diff")
    more = sum(x.sizes[at] for x in (prepend, append) if x is not None)
    return TensorType(a.dtype, (*shape[:at], max(shape[at] + more - n, 0), *shape[at + 1 :]))


@diff.rule("composite")
def diff_composite(a: Tensor, n: int, dim: int, prepend: Tensor | None, append: Tensor | None) -> Tensor:
    """Each element less the one before it, ``n`` times; of bools, whether they differ."""
    for each in (prepend, append):
        if each is not None and each.ndim != a.ndim:
            raise ShapeError(
                f"diff: diff expects prepend or append to be the same dimension as input, got {each.ndim} and {a.ndim}"
            )
    diff_type(a.type, n, dim, type_of(prepend), type_of(append))
    parts = [x for x in (prepend, a, append) if x is not None]
    found = cat.call((parts, dim)) if len(parts) > 1 else a
    if n == 0:
        return found.clone()
    for _ in range(n):
        size = found.shape[dim]
        later, earlier = found.narrow(dim, min(1, size), max(size - 1, 0)), found.narrow(dim, 0, max(size - 1, 0))
        found = later.logical_xor(earlier) if found.dtype is bool_dtype else later - earlier
    return found


trapezoid = declare("trapezoid.dx(Tensor y, *, Scalar dx=1, int dim=-1) -> Tensor")
trapezoid_x = declare("trapezoid.x(Tensor y, Tensor x, *, int dim=-1) -> Tensor")


def _trapezoid_type(y: TensorType, dim: int) -> TensorType:
    shape = y.sizes
    at = wrap_dim(dim, len(shape), op="trapezoid")
    own = y.dtype if y.dtype is None or y.dtype.is_floating_point else category_dtype(Category.FLOAT)
    return TensorType(own, (*shape[:at], *shape[at + 1 :]))


@trapezoid.rule("type")
def trapezoid_type(y: TensorType, dx: float, dim: int) -> TensorType:
    return _trapezoid_type(y, dim)


def _pairs(y: Tensor, dim: int) -> Tensor:
    """Sums of neighbours."""
    size = y.shape[dim]
    return y.narrow(dim, min(1, size), max(size - 1, 0)) + y.narrow(dim, 0, max(size - 1, 0))


@trapezoid.rule("composite")
def trapezoid_composite(y: Tensor, dx: float, dim: int) -> Tensor:
    """The area under points that lie ``dx`` apart.

    Raises: `DTypeError` for bools.
    """
    _check_points(y)
    return _pairs(y, dim).sum(dim) * dx / 2.0


@trapezoid_x.rule("composite")
def trapezoid_x_composite(y: Tensor, x: Tensor, dim: int) -> Tensor:
    """The area under points at ``x``: one line of places for all, or places of the points' own shape."""
    _check_points(y)
    at = wrap_dim(dim, y.ndim, op="trapezoid")
    if x.ndim == 1 and y.ndim > 1:
        if x.shape[0] != y.shape[at]:
            raise ShapeError(
                f"trapezoid: There must be one `x` value for each sample point, got {x.shape[0]} and {y.shape[at]}"
            )
        x = x.reshape((-1, *[1] * (y.ndim - 1 - at)))
        width = x.narrow(0, 1, x.shape[0] - 1) - x.narrow(0, 0, x.shape[0] - 1)
    else:
        last = x.shape[dim] - 1
        width = x.narrow(dim, 1, last) - x.narrow(dim, 0, last)
    return (_pairs(y, dim) * width).sum(dim) / 2.0


def _check_points(y: Tensor) -> None:
    if y.dtype is bool_dtype:
        raise DTypeError("trapezoid: received a bool input for `y`, but bool is not supported")


cov = declare("cov(Tensor self, *, int correction=1, Tensor? fweights=None, Tensor? aweights=None) -> Tensor")
corrcoef = declare("corrcoef(Tensor self) -> Tensor")


def _square(a: TensorType, name: str) -> TensorType:
    shape = a.sizes
    if len(shape) > 2:
        raise ShapeError(f"{name}: expected input to have two or fewer dimensions but got an input with {len(shape)}")
    if a.dtype is bool_dtype:
        raise DTypeError(f"{name}: bool dtype is not supported for input")
    own = a.dtype if a.dtype is None or a.dtype.is_floating_point else category_dtype(Category.FLOAT)
    return TensorType(own, (shape[0], shape[0]) if len(shape) == 2 and shape[0] != 1 else ())


@cov.rule("type")
def cov_type(a: TensorType, correction: int, fweights: TensorType | None, aweights: TensorType | None) -> TensorType:
    """One number a pair of rows."""
    for name, weights in (("fweights", fweights), ("aweights", aweights)):
        if weights is not None and len(weights.sizes) > 1:
            raise ShapeError(f"cov: expected {name} to have one or fewer dimensions, got {len(weights.sizes)}")
    if fweights is not None and fweights.dtype is not None and fweights.dtype.is_floating_point:
        raise DTypeError(f"cov: expected fweights to have integral dtype but got fweights with {fweights.dtype.name}")
    if aweights is not None and aweights.dtype is not None and not aweights.dtype.is_floating_point:
        raise DTypeError(f"cov: expected aweights to have floating point dtype but got {aweights.dtype.name}")
    return _square(a, "cov")


@cov.rule("composite")
def cov_composite(a: Tensor, correction: int, fweights: Tensor | None, aweights: Tensor | None) -> Tensor:
    """Covariances of rows, whose columns are observations, each counted or weighed as told.

    Raises: `ShapeError`, `DTypeError`, `RangeError` for negative weights.
    """
    found = cov_type(a.type, correction, type_of(fweights), type_of(aweights))
    rows = (a.reshape(1, -1) if a.ndim < 2 else a).to(found.dtype or a.dtype)
    count = rows.shape[1]
    weights: Tensor | None = None
    for name, each in (("fweights", fweights), ("aweights", aweights)):
        if each is None:
            continue
        if each.numel() != count:
            raise ShapeError(
                f"cov: expected {name} to have the same numel as there are observations in the input "
                f"but got {each.numel()} != {count}"
            )
        if count and bool((each < 0).any()):
            raise RangeError(f"cov: {name} cannot be negative")
        weights = each if weights is None else weights * each
    total: Tensor | float = float(count) if weights is None else weights.sum()
    if weights is None:
        mean = rows.sum(1, True) / count if count else rows.sum(1, True)
    else:
        mean = (rows * weights).sum(1, True) / total
    norm: Tensor | float = total - correction
    if aweights is not None and correction:
        squares = (weights * aweights).sum() if weights is not None else total
        norm = total - correction * squares / total
    centred = rows - mean
    seen = centred if weights is None else centred * weights
    product = seen.matmul(centred.t())
    if isinstance(norm, Tensor):
        product = product / norm.clamp(0).to(product.dtype)
    else:
        product = product / max(norm, 0.0)
    return product.reshape(found.sizes) if product.numel() == 1 and not found.sizes else product


@corrcoef.rule("type")
def corrcoef_type(a: TensorType) -> TensorType:
    return _square(a, "corrcoef")


@corrcoef.rule("composite")
def corrcoef_composite(a: Tensor) -> Tensor:
    """Covariances of rows over the product of their deviations, kept within -1 and 1."""
    found = cov.call((a, 1, None, None))
    if not found.ndim:
        return found / found
    deviation = found.diagonal().sqrt()
    return (found / deviation.unsqueeze(-1) / deviation.unsqueeze(0)).clamp(-1, 1)


COMPOSED: tuple[Op, ...] = (diff, trapezoid, trapezoid_x, cov, corrcoef)

for _op in COMPOSED:
    call_evaluator(_op)

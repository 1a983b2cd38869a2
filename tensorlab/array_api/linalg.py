"""The extension for linear algebra, and its four functions that belong to the namespace itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tensorlab.array_api.array import Array, as_index, converted, given, made, pair
from tensorlab.array_api.axes import Axis, as_axis, gathered, with_ones
from tensorlab.array_api.dtypes import finfo
from tensorlab.array_api.statistics import sum as sum_of
from tensorlab.core.dtype import DType
from tensorlab.core.shape import broadcast_shapes
from tensorlab.core.tensor import Tensor
from tensorlab.errors import DimError, RangeError, ShapeError
from tensorlab.ops import linear_algebra as torch_linalg
from tensorlab.ops import movement, product_functions, reduce_functions, view_functions


class Eigh(NamedTuple):
    """What `eigh` gives."""

    eigenvalues: Array
    eigenvectors: Array


class QR(NamedTuple):
    """What `qr` gives."""

    Q: Array
    R: Array


class SlogDet(NamedTuple):
    """What `slogdet` gives."""

    sign: Array
    logabsdet: Array


class SVD(NamedTuple):
    """What `svd` gives."""

    U: Array
    S: Array
    Vh: Array


# Products -------------------------------------------------------------------------------------------------------------


def matmul(x1: Array, x2: Array, /) -> Array:
    """Products of matrices, of which the last two axes hold one each.

    Raises: `DimError` for an array without axes, `ShapeError` for sizes that do not fit.
    """
    first, second = _both(x1, x2, "matmul")
    if not first.ndim or not second.ndim:
        raise DimError("matmul: takes arrays of at least one axis")
    return made(product_functions.matmul(first, second))


def matrix_transpose(x: Array, /) -> Array:
    """Matrices with rows and columns exchanged."""
    return given(x, "matrix_transpose").mT


def tensordot(x1: Array, x2: Array, /, *, axes: int | tuple[Sequence[int], Sequence[int]] = 2) -> Array:
    """Sums of products over pairs of axes: the last of ``x1`` with the first of ``x2``, or those that are named."""
    first, second = _both(x1, x2, "tensordot")
    if isinstance(axes, int):
        if not 0 <= axes <= min(first.ndim, second.ndim):
            raise RangeError(f"tensordot: got {axes} axes for arrays of {first.ndim} and {second.ndim}")
        return made(product_functions.tensordot(first, second, axes))
    left, right = (list(along) for along in axes)
    return made(product_functions.tensordot(first, second, (left, right)))


def vecdot(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
    """Sums of products along an axis, counted from the end.

    Raises: `ShapeError` where the sizes along it differ.
    """
    first, second = _both(x1, x2, "vecdot")
    smaller = min(first.ndim, second.ndim)
    at = as_index(axis, "vecdot", "axis")
    if (at >= 0 and first.ndim != second.ndim) or not -smaller <= at < smaller:
        raise DimError(f"vecdot: got axis {at} for arrays of {first.ndim} and {second.ndim} axes")
    if first.shape[at] != second.shape[at]:
        raise ShapeError(f"vecdot: got sizes {first.shape[at]} and {second.shape[at]} along axis {at}")
    rows, others = (view_functions.movedim(x, at, -1) for x in (first, second))
    left, right = movement.unsqueeze.call((rows, -2)), movement.unsqueeze.call((others, -1))
    product = product_functions.matmul(left, right)
    return made(movement.squeeze_dims.call((product, [-2, -1])))


def outer(x1: Array, x2: Array, /) -> Array:
    """Products of each element of one array of one axis with each of another.

    Raises: `DimError` for arrays that have not one axis.
    """
    first, second = _both(x1, x2, "outer")
    if first.ndim != 1 or second.ndim != 1:
        raise DimError(f"outer: takes arrays of one axis, got {first.ndim} and {second.ndim}")
    return made(movement.unsqueeze.call((first, 1)) * second)


def cross(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
    """Vectors at right angles to two of three elements.

    Raises: `ShapeError` where the axis has another size than 3.
    """
    first, second = _both(x1, x2, "cross")
    at = as_index(axis, "cross", "axis")
    for x in (first, second):
        if x.shape[as_axis(at, x.ndim, "cross")] != 3:
            raise ShapeError(f"cross: takes a size of 3 along axis {at}, got shape {tuple(x.shape)}")
    first, second = (made(x) for x in view_functions.broadcast_tensors(first, second))
    return made(torch_linalg.cross(first, second, dim=at))


def matrix_power(x: Array, n: int, /) -> Array:
    """Matrices multiplied by themselves; with ``n`` below 0, their inverses."""
    return made(torch_linalg.matrix_power(given(x, "matrix_power"), as_index(n, "matrix_power", "n")))


# Parts ----------------------------------------------------------------------------------------------------------------


def diagonal(x: Array, /, *, offset: int = 0) -> Array:
    """Diagonals of matrices."""
    return made(torch_linalg.diagonal(given(x, "diagonal"), offset=as_index(offset, "diagonal", "offset")))


def trace(x: Array, /, *, offset: int = 0, dtype: DType | None = None) -> Array:
    """Sums of diagonals; of integers of fewer bits in int64."""
    return sum_of(diagonal(x, offset=offset), axis=-1, dtype=dtype)


# Factors --------------------------------------------------------------------------------------------------------------


def cholesky(x: Array, /, *, upper: bool = False) -> Array:
    """Triangular matrices whose product with their transposes is given.

    Raises: `LinAlgError` for a matrix that is not positive definite.
    """
    return made(torch_linalg.cholesky(given(x, "cholesky"), upper=bool(upper)))


def eigh(x: Array, /) -> Eigh:
    """Eigenvalues, from the least on, and eigenvectors of symmetric matrices."""
    return Eigh(*map(made, torch_linalg.eigh(given(x, "eigh"))))


def eigvalsh(x: Array, /) -> Array:
    """Eigenvalues of symmetric matrices, from the least on."""
    return made(torch_linalg.eigvalsh(given(x, "eigvalsh")))


def qr(x: Array, /, *, mode: str = "reduced") -> QR:
    """Orthogonal matrices and upper triangular ones whose product is given.

    Raises: `RangeError` for a mode other than ``"reduced"`` and ``"complete"``.
    """
    if mode not in ("reduced", "complete"):
        raise RangeError(f"qr: argument 'mode' takes 'reduced' or 'complete', got {mode!r}")
    return QR(*map(made, torch_linalg.qr(given(x, "qr"), mode)))


def svd(x: Array, /, *, full_matrices: bool = True) -> SVD:
    """Singular values, from the greatest on, between two orthogonal matrices."""
    return SVD(*map(made, torch_linalg.svd(given(x, "svd"), bool(full_matrices))))


def svdvals(x: Array, /) -> Array:
    """Singular values, from the greatest on."""
    return made(torch_linalg.svdvals(given(x, "svdvals")))


# Solutions ------------------------------------------------------------------------------------------------------------


def det(x: Array, /) -> Array:
    """Determinants."""
    return made(torch_linalg.det(given(x, "det")))


def slogdet(x: Array, /) -> SlogDet:
    """Signs of determinants, and logarithms of their magnitudes."""
    return SlogDet(*map(made, torch_linalg.slogdet(given(x, "slogdet"))))


def inv(x: Array, /) -> Array:
    """Inverses.

    Raises: `LinAlgError` for a matrix that has none.
    """
    return made(torch_linalg.inv(given(x, "inv")))


def pinv(x: Array, /, *, rtol: float | Array | None = None) -> Array:
    """Pseudo-inverses; singular values below ``rtol`` times the greatest count as 0."""
    array = given(x, "pinv")
    factors = torch_linalg.svd(array, False)
    kept = _threshold(array, made(factors.S), rtol) < factors.S
    inverse = movement.unsqueeze.call((_where_kept(kept, factors.S), -1))
    return made(product_functions.matmul(factors.Vh.mT, inverse * factors.U.mT))


def _where_kept(kept: Any, values: Tensor) -> Tensor:
    ones = values * 0 + 1
    safe = kept * values + (~kept) * ones
    return kept * (1 / safe)


def matrix_rank(x: Array, /, *, rtol: float | Array | None = None) -> Array:
    """How many singular values are above ``rtol`` times the greatest."""
    array = given(x, "matrix_rank")
    if array.ndim < 2:
        raise DimError(f"matrix_rank: takes an array of at least two axes, got {array.ndim}")
    values = svdvals(array)
    return made(reduce_functions.count_nonzero(values > _threshold(array, values, rtol), -1))


def _threshold(x: Array, values: Array, rtol: float | Array | None) -> Tensor:
    """Below which singular values count as 0: a share of the greatest of each matrix."""
    if not values.shape[-1]:
        return values
    share: Any = max(x.shape[-2:]) * finfo(x).eps if rtol is None else rtol
    if isinstance(share, Tensor):
        share = movement.unsqueeze.call((converted(given(share, "rtol"), x.dtype), -1))
    return reduce_functions.amax(values, -1, True) * share


def solve(x1: Array, x2: Array, /) -> Array:
    """The vector or matrices that ``x1`` multiplies into ``x2``, which is a vector only if it has one axis.

    Raises: `LinAlgError` for a matrix without an inverse.
    """
    first, second = _both(x1, x2, "solve")
    if second.ndim == 1:
        column = movement.unsqueeze.call((second, 1))
        shape = (*first.shape[:-2], *column.shape)
        found = torch_linalg.solve(first, view_functions.broadcast_to(column, shape))
        return made(movement.squeeze.call((found, -1)))
    batch = broadcast_shapes(first.shape[:-2], second.shape[:-2], op="solve")
    left = view_functions.broadcast_to(first, (*batch, *first.shape[-2:]))
    return made(torch_linalg.solve(left, view_functions.broadcast_to(second, (*batch, *second.shape[-2:]))))


# Norms ----------------------------------------------------------------------------------------------------------------


def matrix_norm(x: Array, /, *, keepdims: bool = False, ord: float | str | None = "fro") -> Array:
    """Norms of matrices: Frobenius, nuclear, or those that vectors' 1, 2 or infinity norms lead to."""
    array = given(x, "matrix_norm")
    return made(torch_linalg.matrix_norm(array, "fro" if ord is None else ord, keepdim=bool(keepdims)))


def vector_norm(x: Array, /, *, axis: Axis = None, keepdims: bool = False, ord: float = 2) -> Array:
    """Norms of vectors, which lie along one or several axes, or are the whole array."""
    array = given(x, "vector_norm")
    norm = made(torch_linalg.vector_norm(gathered(array, axis, "vector_norm"), ord, -1))
    return with_ones(norm, array, axis, "vector_norm") if keepdims else norm


def _both(x1: Array, x2: Array, op: str) -> tuple[Array, Array]:
    return pair(given(x1, op), given(x2, op), op)

# ruff: noqa: FBT001 - torch's public signatures
"""The public functions of linear algebra: those of ``tl.linalg``, and torch's older names for some of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.shape import wrap_dim
from tensorlab.core.tensor import Tensor
from tensorlab.errors import LinAlgError, RangeError, ShapeError
from tensorlab.ops import factorisation, solving
from tensorlab.ops.comparison import where_self
from tensorlab.ops.einsum import einsum
from tensorlab.ops.lapack import matrix_shape
from tensorlab.ops.linalg_types import QR, SVD, Eigh, LstSq, OldSVD, SlogDet
from tensorlab.ops.matrix_parts import identity
from tensorlab.ops.operands import as_int, as_ints
from tensorlab.ops.out import takes_out
from tensorlab.ops.product_functions import multi_dot, tensors

# Inverses and systems -------------------------------------------------------------------------------------------------


@takes_out
def inv(A: Tensor) -> Tensor:
    """Inverses of square matrices.

    Raises: `LinAlgError` for a singular matrix, naming it within the batch.
    """
    return solving.inv.call(tuple(tensors("linalg.inv", A=A)))


@takes_out
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """``X`` with ``A @ X == B``, or ``X @ A == B``; ``B`` may be a vector, or a batch of them.

    Raises: `LinAlgError` for a singular matrix, naming it within the batch.
    """
    return solving.solve.call((*tensors("linalg.solve", A=A, B=B), left))


@takes_out
def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """As `solve`, of triangular matrices; the other triangle is not read."""
    return solving.solve_triangular.call((*tensors("linalg.solve_triangular", A=A, B=B), upper, left, unitriangular))


def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> LstSq:
    """``X`` for which the sum of squares of ``A @ X - B`` is least, and of those the smallest.

    ``residuals`` are those sums, where there are more rows than columns and the columns are independent; ``driver``, of
    LAPACK's names, says which of the results are given (the default gives no residuals): the computation is one.
    """
    a, b = tensors("linalg.lstsq", A=A, B=B)
    shape = matrix_shape("linalg.lstsq", a.type)
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise RangeError(
            f"linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss), got {driver!r}"
        )
    vector = b.dim() == a.dim() - 1 and tuple(b.shape) == shape[:-1]
    right = b.unsqueeze(-1) if vector else b
    if right.dim() < 2 or right.shape[-2] != shape[-2]:
        raise ShapeError(f"linalg.lstsq: incompatible shapes of A {list(shape)} and B {list(b.shape)}")
    bound = None if rcond is None else float(rcond)
    solution = solving.pinv.call((a, None, bound, False)) @ right
    values = svdvals(a.detach())
    absolute, relative = solving.tolerance(a.type, None, bound)
    largest = values[..., :1] if values.shape[-1] else values
    rank = (values > (largest * relative).clamp(min=absolute)).sum(-1)
    residuals = none = values.reshape((-1,))[:0].clone()
    if driver not in (None, "gelsy") and shape[-2] > shape[-1] and bool((rank == shape[-1]).all()):
        residuals = (a @ solution - right).pow(2).sum(-2)
    found = solution.squeeze(-1) if vector else solution
    return LstSq(
        found, residuals, none.long() if driver == "gels" else rank, values if driver in ("gelsd", "gelss") else none
    )


@takes_out
def pinv(A: Tensor, *, atol: float | None = None, rtol: float | None = None, hermitian: bool = False) -> Tensor:
    """Pseudo-inverses; singular values up to ``max(atol, rtol * the largest)`` count as 0."""
    (a,) = tensors("linalg.pinv", A=A)
    return solving.pinv.call((a, _bound(atol), _bound(rtol), hermitian))


def _bound(value: Any) -> float | None:
    return None if value is None else float(value)


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """Pseudo-inverses; singular values up to ``rcond`` times the largest count as 0."""
    return pinv(input, rtol=rcond)


@takes_out
def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of ``A`` as a map from its last dimensions to its first ``ind``."""
    (a,) = tensors("linalg.tensorinv", A=A)
    at = as_int(ind, op="linalg.tensorinv", name="ind")
    if at <= 0:
        raise RangeError(f"linalg.tensorinv: expected a strictly positive integer for 'ind', got {at}")
    first, last = tuple(a.shape[:at]), tuple(a.shape[at:])
    if math.prod(first) != math.prod(last):
        raise ShapeError(
            f"linalg.tensorinv: expected self to satisfy the requirement prod(self.shape[ind:]) == "
            f"prod(self.shape[:ind]), but got {math.prod(last)} != {math.prod(first)}"
        )
    return inv(a.reshape((math.prod(first), math.prod(last)))).reshape((*last, *first))


@takes_out
def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[int] | None = None) -> Tensor:
    """``X`` with ``tensordot(A, X, X.ndim) == B``; ``dims`` of ``A`` are moved to its end first."""
    a, b = tensors("linalg.tensorsolve", A=A, B=B)
    if dims is not None:
        moved = [wrap_dim(d, a.dim(), op="linalg.tensorsolve") for d in as_ints(dims, op="tensorsolve", name="dims")]
        a = a.permute((*(d for d in range(a.dim()) if d not in moved), *moved))
    shape = tuple(a.shape[b.dim() :])
    size = math.prod(shape)
    if size != math.prod(a.shape[: b.dim()]) or size != b.numel():
        raise ShapeError(
            f"linalg.tensorsolve: expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {size} != {math.prod(a.shape[: b.dim()])}"
        )
    return solve(a.reshape((size, size)), b.reshape((size,))).reshape(shape)


# Determinants ---------------------------------------------------------------------------------------------------------


@takes_out
def det(A: Tensor) -> Tensor:
    """Determinants of square matrices."""
    return solving.det.call(tuple(tensors("linalg.det", A=A)))


@takes_out
def slogdet(A: Tensor) -> SlogDet:
    """Determinants as signs and logarithms of absolute values."""
    return SlogDet(*solving.slogdet.call(tuple(tensors("linalg.slogdet", A=A))))


def logdet(input: Tensor) -> Tensor:
    """Logarithms of determinants: -inf for a singular matrix, NaN for a negative determinant."""
    sign, logarithm = slogdet(input)
    return where_self.call((sign == -1.0, math.nan, logarithm))


# Factorisations -------------------------------------------------------------------------------------------------------


@takes_out
def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The lower triangular ``L`` with ``L @ L.mT == A``, or the upper one with ``U.mT @ U == A``.

    Raises: `LinAlgError` for a matrix that is not positive definite, naming it within the batch.
    """
    return factorisation.cholesky.call((*tensors("linalg.cholesky", A=A), upper))


def old_cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """As ``linalg.cholesky``."""
    return cholesky(input, upper=upper)


@takes_out
def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """``X`` with ``(L @ L.mT) @ X == B``."""
    b, factor = tensors("cholesky_solve", self=B, input2=L)
    turned = factor.transpose(-2, -1)
    first, second = (turned, factor) if upper else (factor, turned)
    inner = solve_triangular(first, b, upper=False)
    return solve_triangular(second, inner, upper=True)


@takes_out
def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of ``L @ L.mT``."""
    (factor,) = tensors("cholesky_inverse", self=L)
    n = matrix_shape("cholesky_inverse", factor.type, square=True)[-1]
    return cholesky_solve(identity(n, factor.dtype), factor, upper)


@takes_out
def qr(A: Tensor, mode: str = "reduced") -> QR:
    """An orthogonal ``Q`` and an upper triangular ``R`` with ``Q @ R == A``.

    ``mode``: ``"reduced"``, ``"complete"``, or ``"r"`` for ``R`` alone, ``Q`` being empty.
    """
    return QR(*factorisation.qr.call((*tensors("linalg.qr", A=A), mode)))


def old_qr(input: Tensor, some: bool = True) -> QR:
    """As ``linalg.qr``, reduced or complete."""
    return qr(input, "reduced" if some else "complete")


@takes_out
def eigh(A: Tensor, UPLO: str = "L") -> Eigh:
    """Eigenvalues and eigenvectors of symmetric matrices, of which one triangle is read."""
    return Eigh(*factorisation.eigh.call((*tensors("linalg.eigh", A=A), UPLO)))


@takes_out
def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """Eigenvalues of symmetric matrices, ascending."""
    return factorisation.eigvalsh.call((*tensors("linalg.eigvalsh", A=A), UPLO))


@takes_out
def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> SVD:
    """``U``, ``S`` and ``Vh`` with ``U @ diag(S) @ Vh == A``; ``S`` descends."""
    return SVD(*factorisation.svd.call((*tensors("linalg.svd", A=A), full_matrices, driver)))


def old_svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> OldSVD:
    """As ``linalg.svd``, with ``V`` instead of ``Vh``; without ``compute_uv``, both are zeros."""
    if not compute_uv:
        m, n = matrix_shape("svd", tensors("svd", self=input)[0].type)[-2:]
        values = svdvals(input)
        empty = values.detach()[..., :1, None] * 0 if min(m, n) else values.detach().unsqueeze(-1)
        lead = tuple(values.shape[:-1])
        return OldSVD(empty.expand((*lead, m, m)).clone(), values, empty.expand((*lead, n, n)).clone())
    u, s, vh = svd(input, full_matrices=not some)
    return OldSVD(u, s, vh.transpose(-2, -1))


@takes_out
def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """Singular values, descending."""
    return factorisation.svdvals.call((*tensors("linalg.svdvals", A=A), driver))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "cholesky": old_cholesky,
    "cholesky_inverse": cholesky_inverse,
    "cholesky_solve": cholesky_solve,
    "det": det,
    "einsum": einsum,
    "inverse": inv,
    "logdet": logdet,
    "pinverse": pinverse,
    "qr": old_qr,
    "slogdet": slogdet,
    "svd": old_svd,
}
METHODS: dict[str, Any] = {name: f for name, f in FUNCTIONS.items() if name != "einsum"}
LINALG: dict[str, Any] = {
    "LinAlgError": LinAlgError,
    "cholesky": cholesky,
    "det": det,
    "eigh": eigh,
    "eigvalsh": eigvalsh,
    "inv": inv,
    "lstsq": lstsq,
    "multi_dot": multi_dot,
    "pinv": pinv,
    "qr": qr,
    "slogdet": slogdet,
    "solve": solve,
    "solve_triangular": solve_triangular,
    "svd": svd,
    "svdvals": svdvals,
    "tensorinv": tensorinv,
    "tensorsolve": tensorsolve,
}

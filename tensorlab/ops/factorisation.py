"""Factorisations of matrices: Cholesky, QR, of symmetric matrices by eigenvectors, by singular vectors.

Batches lie in leading dimensions. Source of the derivatives: M. Giles, "An extended collection of matrix derivative
results for forward and reverse mode algorithmic differentiation", 2008; S. Walter, L. Lehmann, "Algorithmic
differentiation of linear algebra functions", 2010 (QR); J. Townsend, "Differentiating the singular value
decomposition", 2016.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tensorlab.core.interop import borrowed
from tensorlab.core.op import Op, declare
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.errors import GradError, LinAlgError, RangeError
from tensorlab.ops.lapack import matrix_shape, over_batch, owned
from tensorlab.ops.matrix_parts import diagonal_matrix, lower, strictly_lower, without_diagonal
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.solving import solve_triangular

# Cholesky -------------------------------------------------------------------------------------------------------------

cholesky = declare("linalg_cholesky(Tensor self, *, bool upper=False) -> Tensor")


@cholesky.rule("type")
def cholesky_type(a: TensorType, upper: bool) -> TensorType:  # noqa: FBT001 - the schema's order
    matrix_shape("linalg.cholesky", a, square=True)
    return a


@cholesky.rule("call")
def cholesky_call(a: Tensor, upper: bool) -> Tensor:  # noqa: FBT001
    """``L`` with ``L @ L.mT`` the matrix, of which one triangle is read.

    Raises: `LinAlgError` for a matrix that is not positive definite.
    """
    cholesky_type(a.type, upper)
    held = borrowed(a)
    with np.errstate(all="ignore"):
        try:
            found = np.linalg.cholesky(held, upper=upper)
        except np.linalg.LinAlgError as error:
            raise LinAlgError(_not_positive(held)) from error
    return owned(found)


def _not_positive(held: Any) -> str:
    """Which matrix, and the first leading minor that is not positive."""
    for i, matrix in enumerate(held.reshape((-1, *held.shape[-2:]))):
        for order in range(1, len(matrix) + 1):
            try:
                np.linalg.cholesky(matrix[:order, :order])
            except np.linalg.LinAlgError:
                element = f"(Batch element {i}): " if held.ndim > 2 else ""
                return (
                    f"linalg.cholesky: {element}The factorization could not be completed because the input is not "
                    f"positive-definite (the leading minor of order {order} is not positive-definite)."
                )
    return "linalg.cholesky: The factorization could not be completed because the input is not positive-definite."


@cholesky.vjp("self")
def cholesky_vjp(g: Tensor, result: Tensor, upper: bool) -> Tensor:  # noqa: FBT001
    """``L^-T phi(L.T gL) L^-1``, made symmetric; ``phi`` halves the diagonal of the lower triangle."""
    factor = result.transpose(-2, -1) if upper else result
    flow = g.transpose(-2, -1) if upper else g
    inner = lower(factor.transpose(-2, -1) @ flow)
    both = inner + strictly_lower(inner).transpose(-2, -1)  # twice the symmetric part
    turned = factor.transpose(-2, -1)
    first = solve_triangular.call((turned, both, True, True, False))
    return solve_triangular.call((factor, first, False, False, False)) / 2


# QR -------------------------------------------------------------------------------------------------------------------

qr = declare("linalg_qr(Tensor A, str mode='reduced') -> (Tensor Q, Tensor R)")


@qr.rule("type")
def qr_type(a: TensorType, mode: str) -> tuple[TensorType, TensorType]:
    """``Q`` and ``R`` as wide as the shorter side, or with a whole ``Q``, or with none.

    Raises: `RangeError` for another mode.
    """
    if mode not in ("reduced", "complete", "r"):
        raise RangeError(
            f"linalg.qr: received unrecognized mode {mode!r}; takes one of 'reduced' (default), 'r', or 'complete'"
        )
    *batch, m, n = matrix_shape("linalg.qr", a)
    k = m if mode == "complete" else min(m, n)
    q = (0,) if mode == "r" else (*batch, m, k)
    return TensorType(a.dtype, q), TensorType(a.dtype, (*batch, k, n))


@qr.rule("call")
def qr_call(a: Tensor, mode: str) -> tuple[Tensor, Tensor]:
    """An orthogonal matrix times an upper triangular one."""
    qr_type(a.type, mode)
    lapack: Any = np.linalg.qr
    if mode == "r":
        return empty(a.dtype, (0,)), owned(lapack(borrowed(a), "r"))
    q, r = lapack(borrowed(a), mode)
    return owned(q), owned(r)


@qr.vjp("A")
def qr_vjp(g_Q: Tensor | None, g_R: Tensor | None, Q: Tensor, R: Tensor, mode: str) -> Tensor:
    """Of a tall matrix ``(gQ + Q copyltu(R gR.T - gQ.T Q)) R^-T``; of a wide one, its square part and the rest apart.

    Raises: `GradError` for modes whose derivative is not determined.
    """
    if mode == "r":
        raise GradError(
            "linalg.qr: the derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use "
            "linalg.qr(A, mode='reduced') if you are going to require gradients."
        )
    m, n = Q.shape[-2], R.shape[-1]
    if mode == "complete" and m > n:
        raise GradError("linalg.qr: the QR decomposition is not differentiable when mode='complete' and nrows > ncols.")
    if m >= n:
        return _tall_qr_vjp(g_Q, g_R, Q, R)
    square = R[..., :m]
    g_square = None if g_R is None else g_R[..., :m]
    if g_R is None:
        left = _tall_qr_vjp(g_Q, None, Q, square)
        return _joined(left, Q @ (R[..., m:] * 0))
    # The other columns are Q @ R[..., m:], of which Q is a function of the first ones.
    g_rest = g_R[..., m:]
    inner = g_rest @ R[..., m:].transpose(-2, -1)
    rest = Q @ g_rest
    # Y = Q V gives V = Q.T Y: what flows to Q through it is Y gV.T = Q V gV.T.
    through = Q @ inner.transpose(-2, -1)
    flow = through if g_Q is None else g_Q + through
    return _joined(_tall_qr_vjp(flow, g_square, Q, square), rest)


def _joined(left: Tensor, right: Tensor) -> Tensor:
    from tensorlab.ops.joining import cat

    return cat.call(([left, right], left.dim() - 1))


def _tall_qr_vjp(g_q: Tensor | None, g_r: Tensor | None, q: Tensor, r: Tensor) -> Tensor:
    middle = None if g_r is None else r @ g_r.transpose(-2, -1)
    if g_q is not None:
        turned = g_q.transpose(-2, -1) @ q
        middle = -turned if middle is None else middle - turned
    if middle is None:
        raise GradError("linalg.qr: no gradient flows into Q or R")
    # copyltu: the lower triangle, and its mirror image above the diagonal.
    symmetric = lower(middle) + strictly_lower(middle).transpose(-2, -1)
    flow = q @ symmetric
    if g_q is not None:
        flow = g_q + flow
    return solve_triangular.call((r.transpose(-2, -1), flow, False, False, False))


# Symmetric matrices by eigenvectors -----------------------------------------------------------------------------------

eigh = declare("linalg_eigh(Tensor self, str UPLO='L') -> (Tensor eigenvalues, Tensor eigenvectors)")
eigvalsh = declare("linalg_eigvalsh(Tensor self, str UPLO='L') -> Tensor")


@eigh.rule("type")
def eigh_type(a: TensorType, uplo: str) -> tuple[TensorType, TensorType]:
    return eigvalsh_type(a, uplo), a


@eigvalsh.rule("type")
def eigvalsh_type(a: TensorType, uplo: str) -> TensorType:
    """One value a row; ``UPLO`` says which triangle is read.

    Raises: `RangeError`.
    """
    shape = matrix_shape("linalg.eigh", a, square=True)
    if uplo.upper() not in ("L", "U"):
        raise RangeError(f"linalg.eigh: expected UPLO argument to be 'L' or 'U', but got {uplo}")
    return TensorType(a.dtype, shape[:-1])


_EIGH_FAILED = (
    "The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated eigenvalues."
)


def _with_triangle(function: Any, uplo: str) -> Callable[[Any], Any]:
    return lambda x: function(x, uplo.upper())


@eigh.rule("call")
def eigh_call(a: Tensor, uplo: str) -> tuple[Tensor, Tensor]:
    """Values in ascending order, and orthonormal vectors as columns."""
    eigh_type(a.type, uplo)
    found = over_batch("linalg.eigh", _EIGH_FAILED, _with_triangle(np.linalg.eigh, uplo), borrowed(a))
    return owned(found[0]), owned(found[1])


@eigvalsh.rule("call")
def eigvalsh_call(a: Tensor, uplo: str) -> Tensor:
    eigvalsh_type(a.type, uplo)
    return owned(over_batch("linalg.eigh", _EIGH_FAILED, _with_triangle(np.linalg.eigvalsh, uplo), borrowed(a)))


@eigh.vjp("self")
def eigh_vjp(
    g_eigenvalues: Tensor | None, g_eigenvectors: Tensor | None, eigenvalues: Tensor, eigenvectors: Tensor
) -> Tensor:
    """``V (diag(gL) + (V.T gV) / (Lj - Li)) V.T``, made symmetric as the matrix is; the diagonal of the quotient is 0.

    Where two eigenvalues are equal, the vectors are no function of the matrix, and the gradient is not finite.
    """
    vectors, turned = eigenvectors, eigenvectors.transpose(-2, -1)
    middle = None if g_eigenvalues is None else diagonal_matrix(g_eigenvalues)
    if g_eigenvectors is not None:
        apart = eigenvalues.unsqueeze(-2) - eigenvalues.unsqueeze(-1)
        quotient = without_diagonal(turned @ g_eigenvectors) / (apart + diagonal_matrix(eigenvalues * 0 + 1))
        quotient = (quotient + quotient.transpose(-2, -1)) / 2
        middle = quotient if middle is None else middle + quotient
    if middle is None:
        raise GradError("linalg.eigh: no gradient flows into its results")
    return vectors @ middle @ turned


@eigvalsh.vjp("self")
def eigvalsh_vjp(g: Tensor, self: Tensor, UPLO: str) -> Tensor:
    vectors = eigh.call((self, UPLO))[1]
    return (vectors * g.unsqueeze(-2)) @ vectors.transpose(-2, -1)


# By singular vectors --------------------------------------------------------------------------------------------------

svd = declare("linalg_svd(Tensor A, bool full_matrices=True, *, str? driver=None) -> (Tensor U, Tensor S, Tensor Vh)")
svdvals = declare("linalg_svdvals(Tensor A, *, str? driver=None) -> Tensor")


@svd.rule("type")
def svd_type(a: TensorType, full_matrices: bool, driver: str | None) -> tuple[TensorType, ...]:  # noqa: FBT001
    """Raises: `RangeError` for a driver: LAPACK's own is the one there is, as on torch's CPU."""
    if driver is not None:
        raise RangeError("linalg.svd: keyword argument driver= is only supported on CUDA inputs; takes None")
    *batch, m, n = matrix_shape("linalg.svd", a)
    k = min(m, n)
    u, v = ((m, m), (n, n)) if full_matrices else ((m, k), (k, n))
    return TensorType(a.dtype, (*batch, *u)), TensorType(a.dtype, (*batch, k)), TensorType(a.dtype, (*batch, *v))


@svdvals.rule("type")
def svdvals_type(a: TensorType, driver: str | None) -> TensorType:
    return svd_type(a, False, driver)[1]


_SVD_FAILED = (
    "The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated singular "
    "values."
)


@svd.rule("call")
def svd_call(a: Tensor, full_matrices: bool, driver: str | None) -> tuple[Tensor, ...]:  # noqa: FBT001
    """Orthonormal columns, values in descending order, orthonormal rows."""
    svd_type(a.type, full_matrices, driver)
    found = over_batch("linalg.svd", _SVD_FAILED, lambda x: np.linalg.svd(x, full_matrices), borrowed(a))
    return tuple(owned(x) for x in found)


@svdvals.rule("call")
def svdvals_call(a: Tensor, driver: str | None) -> Tensor:
    svdvals_type(a.type, driver)
    return owned(over_batch("linalg.svd", _SVD_FAILED, np.linalg.svdvals, borrowed(a)))


@svd.vjp("A")
def svd_vjp(
    g_U: Tensor | None,
    g_S: Tensor | None,
    g_Vh: Tensor | None,
    U: Tensor,
    S: Tensor,
    Vh: Tensor,
) -> Tensor:
    """``U ((skew(U.T gU) / E) S + S (skew(V.T gV) / E) + diag(gS)) V.T``, and what leaves the spaces of both.

    ``E[j, k] = S[k]**2 - S[j]**2``. Vectors beyond the singular values are no function of the matrix: what flows into
    them is left out, as in torch.
    """
    k = S.shape[-1]
    u, vh = U[..., :k], Vh[..., :k, :]
    ut, v = u.transpose(-2, -1), vh.transpose(-2, -1)
    middle = None if g_S is None else diagonal_matrix(g_S)
    if g_U is None and g_Vh is None:
        if middle is None:
            raise GradError("linalg.svd: no gradient flows into its results")
        return u @ middle @ vh
    squares = S * S
    gaps = squares.unsqueeze(-2) - squares.unsqueeze(-1) + diagonal_matrix(S * 0 + 1)
    outside: list[Tensor] = []
    if g_U is not None:
        flow = g_U[..., :k]
        inner = ut @ flow
        part = (inner - inner.transpose(-2, -1)) / gaps * S.unsqueeze(-2)
        middle = part if middle is None else middle + part
        if u.shape[-2] > k:
            outside.append(((flow - u @ inner) / S.unsqueeze(-2)) @ vh)
    if g_Vh is not None:
        flow = g_Vh[..., :k, :]
        inner = (flow @ v).transpose(-2, -1)
        part = S.unsqueeze(-1) * ((inner - inner.transpose(-2, -1)) / gaps)
        middle = part if middle is None else middle + part
        if vh.shape[-1] > k:
            outside.append((u / S.unsqueeze(-2)) @ (flow - (flow @ v) @ vh))
    found = u @ middle @ vh
    for part in outside:
        found = found + part
    return found


@svdvals.vjp("A")
def svdvals_vjp(g: Tensor, A: Tensor) -> Tensor:
    u, _, vh = svd.call((A, False, None))
    return (u * g.unsqueeze(-2)) @ vh


FACTORISATIONS: tuple[Op, ...] = (cholesky, qr, eigh, eigvalsh, svd, svdvals)

for _op in FACTORISATIONS:
    call_evaluator(_op)

"""Systems of linear equations, inverses and determinants.

Source of the derivatives: M. Giles, "An extended collection of matrix derivative results for forward and reverse mode
algorithmic differentiation", 2008; G. Golub, V. Pereyra, "The differentiation of pseudo-inverses", 1973.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tensorlab.core.dtype import float32
from tensorlab.core.interop import borrowed
from tensorlab.core.op import Op, declare
from tensorlab.core.shape import Shape, broadcast_shapes
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import ShapeError
from tensorlab.ops.lapack import matrix_shape, over_batch, owned
from tensorlab.ops.matmul import common_dtype
from tensorlab.ops.matrix_parts import lower, upper
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.triangular import solved

# Inverses -------------------------------------------------------------------------------------------------------------

inv = declare("linalg_inv(Tensor A) -> Tensor")

_SINGULAR = "The inversion could not be completed because the input matrix is singular."


@inv.rule("type")
def inv_type(a: TensorType) -> TensorType:
    matrix_shape("linalg.inv", a, square=True)
    return a


@inv.rule("call")
def inv_call(a: Tensor) -> Tensor:
    """Raises: `LinAlgError` for a singular matrix."""
    inv_type(a.type)
    return owned(over_batch("linalg.inv", _SINGULAR, np.linalg.inv, borrowed(a)))


@inv.vjp("A")
def inv_vjp(g: Tensor, result: Tensor) -> Tensor:
    turned = result.transpose(-2, -1)
    return -(turned @ g @ turned)


# Systems --------------------------------------------------------------------------------------------------------------

solve = declare("linalg_solve(Tensor A, Tensor B, *, bool left=True) -> Tensor")


def is_vector(a: Shape, b: Shape) -> bool:
    """Whether the right-hand side is a vector, or a batch of vectors of the matrices' batch, as torch decides it."""
    return len(b) == 1 or (len(a) - 1 == len(b) and b == a[:-1])


@solve.rule("type")
def solve_type(a: TensorType, b: TensorType, left: bool) -> TensorType:  # noqa: FBT001 - the schema's order
    """``[..., n, n], [..., n, k] -> [..., n, k]``; batches broadcast.

    Raises: `ShapeError`, `DTypeError`.
    """
    shape, right = matrix_shape("linalg.solve", a, square=True), b.sizes
    dtype = common_dtype("linalg.solve", a, b)
    if not right:
        raise ShapeError("linalg.solve: B must have at least 1 dimension, got 0")
    if is_vector(shape, right):
        if not left:
            raise ShapeError("linalg.solve: vector broadcasting of the left hand side is not supported for left=False")
        if right[-1] != shape[-1]:
            raise ShapeError(f"linalg.solve: incompatible shapes of A {list(shape)} and B {list(right)}")
        return TensorType(dtype, (*broadcast_shapes(shape[:-2], right[:-1], op="linalg.solve"), shape[-1]))
    if len(right) < 2 or right[-2 if left else -1] != shape[-1]:
        side = "AX = B" if left else "XA = B"
        raise ShapeError(
            f"linalg.solve: incompatible shapes of A {list(shape)} and B {list(right)} for the equation {side}"
        )
    return TensorType(dtype, (*broadcast_shapes(shape[:-2], right[:-2], op="linalg.solve"), *right[-2:]))


@solve.rule("call")
def solve_call(a: Tensor, b: Tensor, left: bool) -> Tensor:  # noqa: FBT001
    """``X`` with ``A @ X == B``, or ``X @ A == B``.

    Raises: `LinAlgError` for a singular matrix.
    """
    solve_type(a.type, b.type, left)
    matrix, right = borrowed(a), borrowed(b)
    vector = is_vector(tuple(a.shape), tuple(b.shape))
    if vector:
        right = right[..., None]
    if not left:
        matrix, right = matrix.swapaxes(-2, -1), right.swapaxes(-2, -1)
    found = over_batch(
        "linalg.solve", "The solver failed because the input matrix is singular.", np.linalg.solve, matrix, right
    )
    return owned(found[..., 0] if vector else found if left else found.swapaxes(-2, -1))


@solve.vjp("A", "B")
def solve_vjp(
    g: Tensor,
    A: Tensor,
    B_type: TensorType,
    result: Tensor,
    left: bool,  # noqa: FBT001
    needs: tuple[bool, bool],
) -> tuple[Tensor | None, Tensor]:
    """``gB = A^-T g`` and ``gA = -gB X.T``."""
    if not is_vector(tuple(A.shape), B_type.sizes):
        g_right = solve.call((A.transpose(-2, -1), g, left))
        if not needs[0]:
            return None, g_right
        turned = result.transpose(-2, -1)
        return -(g_right @ turned if left else turned @ g_right), g_right
    g_right = solve.call((A.transpose(-2, -1), g.unsqueeze(-1), True)).squeeze(-1)
    return (-(g_right.unsqueeze(-1) * result.unsqueeze(-2)) if needs[0] else None), g_right


solve_triangular = declare(
    "linalg_solve_triangular(Tensor self, Tensor B, *, bool upper, bool left=True, bool unitriangular=False) -> Tensor"
)


@solve_triangular.rule("type")
def solve_triangular_type(
    a: TensorType,
    b: TensorType,
    upper: bool,  # noqa: FBT001
    left: bool,  # noqa: FBT001
    unitriangular: bool,  # noqa: FBT001
) -> TensorType:
    """``[..., n, n], [..., n, k] -> [..., n, k]``; batches broadcast.

    Raises: `ShapeError`, `DTypeError`.
    """
    name = "linalg.solve_triangular"
    shape, right = matrix_shape(name, a, square=True), matrix_shape(name, b, name="B")
    if right[-2 if left else -1] != shape[-1]:
        side = "AX = B" if left else "XA = B"
        raise ShapeError(f"{name}: incompatible shapes of A {list(shape)} and B {list(right)} for the equation {side}")
    batch = broadcast_shapes(shape[:-2], right[:-2], op=name)
    return TensorType(common_dtype(name, a, b), (*batch, *right[-2:]))


@solve_triangular.rule("call")
def solve_triangular_call(a: Tensor, b: Tensor, upper: bool, left: bool, unitriangular: bool) -> Tensor:  # noqa: FBT001
    """Reads one triangle, without its diagonal where that is taken to be 1; zeros on it give infinities and NaN."""
    found = solve_triangular_type(a.type, b.type, upper, left, unitriangular)
    return solved(a, b, found.sizes, upper=upper, left=left, unit=unitriangular)


@solve_triangular.vjp("self", "B")
def solve_triangular_vjp(
    g: Tensor,
    self: Tensor,
    result: Tensor,
    upper: bool,  # noqa: FBT001
    left: bool,  # noqa: FBT001
    unitriangular: bool,  # noqa: FBT001
    needs: tuple[bool, bool],
) -> tuple[Tensor | None, Tensor]:
    """As of `solve`, of the triangle that is read."""
    g_right = solve_triangular.call((self.transpose(-2, -1), g, not upper, left, unitriangular))
    if not needs[0]:
        return None, g_right
    turned = result.transpose(-2, -1)
    whole = g_right @ turned if left else turned @ g_right
    return -(_upper(whole, int(unitriangular)) if upper else lower(whole, -int(unitriangular))), g_right


_upper = upper


# Determinants ---------------------------------------------------------------------------------------------------------

det = declare("linalg_det(Tensor A) -> Tensor")
slogdet = declare("linalg_slogdet(Tensor A) -> (Tensor sign, Tensor logabsdet)")
cofactors = declare("_linalg_cofactors(Tensor A) -> Tensor")


@det.rule("type")
def det_type(a: TensorType) -> TensorType:
    return TensorType(a.dtype, matrix_shape("linalg.det", a, square=True)[:-2])


@det.rule("call")
def det_call(a: Tensor) -> Tensor:
    det_type(a.type)
    with np.errstate(all="ignore"):
        return owned(np.linalg.det(borrowed(a)))


@det.vjp("A")
def det_vjp(g: Tensor, A: Tensor) -> Tensor:
    """The matrix of cofactors; there is one where there is no inverse."""
    return g.unsqueeze(-1).unsqueeze(-1) * cofactors.call((A,))


@cofactors.rule("type")
def cofactors_type(a: TensorType) -> TensorType:
    matrix_shape("linalg.det", a, square=True)
    return a


@cofactors.rule("call")
def cofactors_call(a: Tensor) -> Tensor:
    """``det(U) det(V) U diag(products of all singular values but one) V.T``: finite for singular matrices too."""
    u, s, vh = np.linalg.svd(borrowed(a))
    n = s.shape[-1]
    but_one = np.stack([np.prod(np.delete(s, i, -1), -1) for i in range(n)], -1) if n else s
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return owned(((u * but_one[..., None, :]) @ vh * sign[..., None, None]).astype(s.dtype))


@cofactors.vjp("A")
def cofactors_vjp(g: Tensor, A: Tensor, result: Tensor) -> Tensor:
    """Of invertible matrices: ``sum(g * C) A^-T - C g.T A^-T``.

    Raises: `LinAlgError` for a singular one, whose determinant is differentiated once only.
    """
    inverse = inv.call((A,)).transpose(-2, -1)
    whole = (g * result).sum((-2, -1), keepdim=True)
    return whole * inverse - result @ g.transpose(-2, -1) @ inverse


@slogdet.rule("type")
def slogdet_type(a: TensorType) -> tuple[TensorType, TensorType]:
    found = TensorType(a.dtype, matrix_shape("linalg.slogdet", a, square=True)[:-2])
    return found, found


@slogdet.rule("call")
def slogdet_call(a: Tensor) -> tuple[Tensor, Tensor]:
    """The determinant's sign, and the logarithm of its absolute value: 0 and -inf for a singular matrix."""
    slogdet_type(a.type)
    with np.errstate(all="ignore"):
        sign, logarithm = np.linalg.slogdet(borrowed(a))
    return owned(sign), owned(logarithm)


@slogdet.vjp("A")
def slogdet_vjp(g_logabsdet: Tensor | None, A: Tensor) -> Tensor | None:
    if g_logabsdet is None:
        return None
    return g_logabsdet.unsqueeze(-1).unsqueeze(-1) * inv.call((A,)).transpose(-2, -1)


# Pseudo-inverses ------------------------------------------------------------------------------------------------------

pinv = declare(
    "linalg_pinv.atol_rtol_float(Tensor self, *, float? atol=None, float? rtol=None, bool hermitian=False) -> Tensor"
)


@pinv.rule("type")
def pinv_type(a: TensorType, atol: float | None, rtol: float | None, hermitian: bool) -> TensorType:  # noqa: FBT001
    *batch, m, n = matrix_shape("linalg.pinv", a, square=hermitian)
    return TensorType(a.dtype, (*batch, n, m))


@pinv.rule("call")
def pinv_call(a: Tensor, atol: float | None, rtol: float | None, hermitian: bool) -> Tensor:  # noqa: FBT001
    """Singular values up to ``max(atol, rtol * the largest)`` count as 0."""
    pinv_type(a.type, atol, rtol, hermitian)
    held: Any = borrowed(a)
    u, s, vh = np.linalg.svd(_mirrored(held) if hermitian else held, full_matrices=False)
    bound = tolerance(a.type, atol, rtol)
    least = np.maximum(bound[0], bound[1] * s.max(-1, keepdims=True, initial=0))
    inverse = np.divide(1, s, where=s > least, out=np.zeros_like(s))
    return owned((vh.swapaxes(-2, -1) * inverse[..., None, :]) @ u.swapaxes(-2, -1))


def _mirrored(held: Any) -> Any:
    """A symmetric matrix of which the lower triangle is read."""
    return np.tril(held) + np.tril(held, -1).swapaxes(-2, -1)


def tolerance(a: TensorType, atol: float | None, rtol: float | None) -> tuple[float, float]:
    """Absolute and relative bounds below which a singular value is 0; the relative one is for no absolute one."""
    shape = a.sizes
    if rtol is None:
        kind = np.float32 if a.dtype is float32 else np.float64
        rtol = 0.0 if atol is not None and atol > 0 else float(np.finfo(kind).eps) * max(shape[-2:])
    return atol or 0.0, rtol


@pinv.vjp("self")
def pinv_vjp(g: Tensor, self: Tensor, result: Tensor) -> Tensor:
    """``-P.T g P.T + (I - A P) g.T P P.T + P.T P g.T (I - P A)``, for a matrix whose rank does not change."""
    turned, flow = result.transpose(-2, -1), g.transpose(-2, -1)
    first = turned @ g @ turned
    left = flow @ result @ turned
    right = turned @ result @ flow
    return left - self @ (result @ left) + right - (right @ result) @ self - first


SOLVING: tuple[Op, ...] = (inv, solve, solve_triangular, det, slogdet, cofactors, pinv)

for _op in SOLVING:
    call_evaluator(_op)

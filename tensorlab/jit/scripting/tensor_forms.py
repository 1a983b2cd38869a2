# ruff: noqa: FBT001 - torch's signatures
"""Forms of tensors' functions and methods that are no op of their own. Scripting reads them; Python never runs them.

A form stands for ``tl.NAME``; one that begins with ``linalg_`` for ``tl.linalg.NAME``, and one that begins with
``method_`` for the method.
"""

from __future__ import annotations

from typing import Any

from tensorlab.errors import DTypeError, ShapeError
from tensorlab.jit.scripting.names import OPS as ops

# Products


def outer(input: Any, vec2: Any) -> Any:
    if input.dim() != 1:
        raise ShapeError(f"outer: expected 1-D argument self, but got {input.dim()}-D")
    if vec2.dim() != 1:
        raise ShapeError(f"outer: expected 1-D argument vec2, but got {vec2.dim()}-D")
    return input.unsqueeze(1) * vec2


def vdot(input: Any, other: Any) -> Any:
    return ops.aten.dot(input, other)


def inner(input: Any, other: Any) -> Any:
    if input.dim() == 0 or other.dim() == 0:
        return input * other
    if input.size(-1) != other.size(-1):
        raise ShapeError(
            f"inner: the last dimension must match on both input tensors but got shapes {input.size()} and "
            f"{other.size()}"
        )
    found = input.reshape(-1, input.size(-1)) @ other.reshape(-1, other.size(-1)).t()
    return found.reshape(input.size()[:-1] + other.size()[:-1])


def tensordot(a: Any, b: Any, dims: int = 2) -> Any:
    rows, columns = a.size()[: a.dim() - dims], b.size()[dims:]
    if a.size()[a.dim() - dims :] != b.size()[:dims]:
        raise ShapeError(f"tensordot: contracted dimensions need to match, got {a.size()} and {b.size()}")
    n, k, m = 1, 1, 1
    for size in rows:
        n *= size
    for size in b.size()[:dims]:
        k *= size
    for size in columns:
        m *= size
    return (a.reshape(n, k) @ b.reshape(k, m)).reshape(rows + columns)


def addr(input: Any, vec1: Any, vec2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    if vec1.dim() != 1 or vec2.dim() != 1:
        raise ShapeError(f"addr: expected 1-D vectors, but got {vec1.dim()}-D and {vec2.dim()}-D")
    return ops.aten.addmm(input, vec1.unsqueeze(1), vec2.unsqueeze(0), beta=beta, alpha=alpha)


def addbmm(input: Any, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    b, n, k = batch1.size(0), batch1.size(1), batch1.size(2)
    if batch2.size(0) != b or batch2.size(1) != k:
        raise ShapeError(f"addbmm: got batches of shapes {batch1.size()} and {batch2.size()}")
    beside = batch1.transpose(0, 1).reshape(n, b * k)
    return ops.aten.addmm(input, beside, batch2.reshape(b * k, batch2.size(2)), beta=beta, alpha=alpha)


def trace(input: Any) -> Any:
    if input.dim() != 2:
        raise ShapeError(f"trace: expected a matrix, but got tensor with dim {input.dim()}")
    return input.diagonal(0, 0, 1).sum()


def dist(input: Any, other: Any, p: float = 2) -> Any:
    return (input - other).norm(p)


def cdist(x1: Any, x2: Any, p: float = 2.0, compute_mode: str = "") -> Any:
    if x1.dim() < 2 or x2.dim() < 2 or x1.size(-1) != x2.size(-1):
        raise ShapeError(f"cdist: takes rows of one length, got shapes {x1.size()} and {x2.size()}")
    return (x1.unsqueeze(-2) - x2.unsqueeze(-3)).norm(p, [-1], False)


# Reductions and places


def nanmean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    if not input.is_floating_point():
        raise DTypeError("nanmean: expected input to have floating point dtype")
    return ops.aten.nansum(input, dim, keepdim, dtype=dtype) / (input == input).sum(dim, keepdim)  # noqa: PLR0124


def argwhere(input: Any) -> Any:
    return ops.aten.nonzero(input)


def unique(
    input: Any, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
) -> Any:
    if dim is None:
        values, inverse, counts = ops.aten._unique2(input, sorted, return_inverse, return_counts)
    else:
        values, inverse, counts = ops.aten.unique_dim(input, dim, sorted, return_inverse, return_counts)
    if return_inverse and return_counts:
        return values, inverse, counts
    if return_inverse:
        return values, inverse
    if return_counts:
        return values, counts
    return values


def concat(tensors: Any, dim: int = 0) -> Any:
    return ops.aten.cat(tensors, dim)


def concatenate(tensors: Any, dim: int = 0) -> Any:
    return ops.aten.cat(tensors, dim)


def is_tensor(obj: Any) -> Any:
    return True


# Linear algebra


def linalg_inv(A: Any) -> Any:
    return ops.aten.linalg_inv(A)


def linalg_det(A: Any) -> Any:
    return ops.aten.linalg_det(A)


def linalg_slogdet(A: Any) -> Any:
    return ops.aten.linalg_slogdet(A)


def logdet(A: Any) -> Any:
    sign, logabsdet = ops.aten.linalg_slogdet(A)
    return logabsdet + sign.log()


def linalg_solve(A: Any, B: Any, *, left: bool = True) -> Any:
    return ops.aten.linalg_solve(A, B, left=left)


def linalg_solve_triangular(A: Any, B: Any, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
    return ops.aten.linalg_solve_triangular(A, B, upper=upper, left=left, unitriangular=unitriangular)


def linalg_cholesky(A: Any, *, upper: bool = False) -> Any:
    return ops.aten.linalg_cholesky(A, upper=upper)


def cholesky(input: Any, upper: bool = False) -> Any:
    return ops.aten.linalg_cholesky(input, upper=upper)


def linalg_qr(A: Any, mode: str = "reduced") -> Any:
    return ops.aten.linalg_qr(A, mode)


def qr(input: Any, some: bool = True) -> Any:
    return ops.aten.linalg_qr(input, "reduced" if some else "complete")


def linalg_svd(A: Any, full_matrices: bool = True) -> Any:
    return ops.aten.linalg_svd(A, full_matrices)


def svd(input: Any, some: bool = True) -> Any:
    U, S, Vh = ops.aten.linalg_svd(input, not some)
    return U, S, Vh.mT


def linalg_svdvals(A: Any) -> Any:
    return ops.aten.linalg_svdvals(A)


def linalg_eigh(A: Any, UPLO: str = "L") -> Any:
    return ops.aten.linalg_eigh(A, UPLO)


def linalg_matrix_exp(A: Any) -> Any:
    return ops.aten.linalg_matrix_exp(A)


def linalg_vector_norm(x: Any, ord: float = 2, dim: Any = None, keepdim: bool = False) -> Any:
    return x.norm(ord, dim, keepdim) if dim is not None or keepdim else x.norm(ord)


def linalg_cross(input: Any, other: Any, *, dim: int = -1) -> Any:
    if input.size(dim) != 3 or other.size(dim) != 3:
        raise ShapeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.size(dim)} and {other.size(dim)}"
        )
    a, b, c = input.select(dim, 0), input.select(dim, 1), input.select(dim, 2)
    x, y, z = other.select(dim, 0), other.select(dim, 1), other.select(dim, 2)
    return ops.aten.stack([b * z - c * y, c * x - a * z, a * y - b * x], dim)


def cross(input: Any, other: Any, dim: Any = None) -> Any:
    if dim is not None:
        return linalg_cross(input, other, dim=dim)
    first = 0
    while first < input.dim() and input.size(first) != 3:
        first += 1
    if first == input.dim():
        raise ShapeError("cross: no dimension of size 3 in input")
    return linalg_cross(input, other, dim=first)


def linalg_pinv(A: Any, *, hermitian: bool = False) -> Any:
    return ops.aten.linalg_pinv(A, hermitian=hermitian)


def pinverse(input: Any, rcond: float = 1e-15) -> Any:
    return ops.aten.linalg_pinv(input, atol=0.0, rtol=rcond)


def cholesky_solve(B: Any, L: Any, upper: bool = False) -> Any:
    turned = L.transpose(-2, -1)
    inside = ops.aten.linalg_solve_triangular(turned if upper else L, B, upper=False)
    return ops.aten.linalg_solve_triangular(L if upper else turned, inside, upper=True)


def linalg_matrix_power(A: Any, n: int) -> Any:
    if A.dim() < 2 or A.size(-1) != A.size(-2):
        raise ShapeError(f"linalg.matrix_power: expected square matrices, but got a tensor of shape {A.size()}")
    base = ops.aten.linalg_inv(A) if n < 0 else A
    left = -n if n < 0 else n
    found = ops.aten.eye(A.size(-1), A.size(-1), dtype=A.dtype).expand(A.size())
    while left > 0:
        if left % 2 == 1:
            found = found @ base
        base = base @ base
        left = left // 2
    return found.clone()


# Made anew


def eye(n: int, m: Any = None, *, dtype: Any = None) -> Any:
    return ops.aten.eye(n, n if m is None else m, dtype=dtype)


def scalar_tensor(s: Any, *, dtype: Any = None) -> Any:
    return ops.aten.full([], s, dtype=dtype)


def rand_like(input: Any, *, dtype: Any = None) -> Any:
    return ops.aten.rand(input.size(), dtype=input.dtype if dtype is None else dtype)


def randn_like(input: Any, *, dtype: Any = None) -> Any:
    return ops.aten.randn(input.size(), dtype=input.dtype if dtype is None else dtype)


def randint_like(input: Any, high: int, *, dtype: Any = None) -> Any:
    return ops.aten.randint(0, high, input.size(), dtype=input.dtype if dtype is None else dtype)


def real(input: Any) -> Any:
    return input


# Written in place


def relu_(input: Any) -> Any:
    return input.relu_()


def method_zero_(input: Any) -> Any:
    return ops.aten.fill_(input, 0)


def method_square_(input: Any) -> Any:
    return input.pow_(2)


def method_ldexp_(input: Any, other: Any) -> Any:
    return input.mul_(2.0**other)


def method_polygamma(input: Any, n: int) -> Any:
    return ops.aten.polygamma(n, input)

# ruff: noqa: FBT001 - torch's public signatures
"""The public functions of matrices beyond products and factorisations: ranks, powers, parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.shape import wrap_dim
from tensorlab.core.tensor import Tensor
from tensorlab.errors import DTypeError, RangeError, ShapeError
from tensorlab.ops import matrix_exponential, product_functions
from tensorlab.ops.called import called
from tensorlab.ops.joining import cat
from tensorlab.ops.lapack import matrix_shape
from tensorlab.ops.linalg_functions import eigvalsh, inv, svdvals
from tensorlab.ops.matrix_parts import identity
from tensorlab.ops.operands import as_int
from tensorlab.ops.out import takes_out
from tensorlab.ops.product_functions import tensors
from tensorlab.ops.solving import tolerance

# Ranks, powers, the exponential ---------------------------------------------------------------------------------------


@takes_out
def matrix_rank(
    A: Tensor,
    tol: float | None = None,
    hermitian: bool = False,
    *,
    atol: float | None = None,
    rtol: float | None = None,
) -> Tensor:
    """How many singular values are above ``max(atol, rtol * the largest)``; ``tol`` is an older name for ``atol``."""
    (a,) = tensors("linalg.matrix_rank", A=A)
    matrix_shape("linalg.matrix_rank", a.type, square=hermitian)
    values = eigvalsh(a).abs() if hermitian else svdvals(a)
    given = (float(tol), 0.0) if tol is not None else tuple(None if x is None else float(x) for x in (atol, rtol))
    bound, relative = tolerance(a.type, *given)
    if not values.shape[-1]:
        return values.sum(-1).long()
    least = (values.amax(-1, keepdim=True) * relative).clamp(min=bound)
    return (values > least).sum(-1)


@takes_out
def matrix_power(A: Tensor, n: int) -> Tensor:
    """A product of ``n`` equal matrices by repeated squaring; of inverses where ``n`` is negative."""
    (a,) = tensors("linalg.matrix_power", A=A)
    exponent = as_int(n, op="linalg.matrix_power", name="n")
    shape = tuple(a.shape)
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(f"linalg.matrix_power: A must be batches of square matrices, got shape {list(shape)}")
    if exponent < 0:
        a, exponent = inv(a), -exponent
    if exponent == 1:
        return a.clone() if n == 1 else a
    if exponent == 0:
        return a.clone().copy_(identity(shape[-1], a.dtype))
    found: Tensor | None = None
    while exponent:
        if exponent % 2:
            found = a if found is None else found @ a
        exponent //= 2
        if exponent:
            a = a @ a
    return a if found is None else found


@takes_out
def matrix_exp(A: Tensor) -> Tensor:
    """Exponentials of square matrices: ``I + A + A @ A / 2 + ...``."""
    return matrix_exponential.matrix_exp.call(tuple(tensors("linalg.matrix_exp", A=A)))


# Products and parts ---------------------------------------------------------------------------------------------------


@takes_out
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """Sums of products along one dimension; shapes broadcast."""
    a, b = tensors("linalg.vecdot", x=x, y=y)
    if not a.dtype.is_floating_point:
        raise DTypeError(f"linalg.vecdot: expected a floating point tensor as input, got {a.dtype.name}")
    return (a * b).sum(as_int(dim, op="linalg.vecdot", name="dim"))


@takes_out
def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """Cross products along a dimension of size 3; shapes broadcast."""
    a, b = tensors("linalg.cross", self=input, other=other)
    if a.dim() != b.dim():
        raise ShapeError(f"linalg.cross: inputs must have the same number of dimensions, got {a.dim()} and {b.dim()}")
    at = wrap_dim(as_int(dim, op="linalg.cross", name="dim"), a.dim(), op="linalg.cross")
    if not a.dim() or a.shape[at] != 3 or b.shape[at] != 3:
        raise ShapeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {list(a.shape)} and {list(b.shape)}"
        )
    x, y = ([t.select(at, i) for i in range(3)] for t in (a, b))
    parts = [x[i] * y[j] - x[j] * y[i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return cat.call(([p.unsqueeze(at) for p in parts], at))


@called("LinalgCrossBackward0")
@takes_out
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """Cross products along ``dim``, or along the first dimension of size 3."""
    a, b = tensors("cross", self=input, other=other)
    if dim is None:
        found = [d for d, n in enumerate(a.shape) if n == 3]
        if not found:
            raise ShapeError(f"cross: no dimension of size 3 in input, got shape {list(a.shape)}")
        dim = found[0]
    return linalg_cross(a, b, dim=dim)


@called("TraceBackward0")
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix' diagonal."""
    (a,) = tensors("trace", self=input)
    if a.dtype is bool_dtype:
        raise DTypeError("trace: not implemented for bool; takes numbers")
    if a.dim() != 2:
        raise ShapeError(f"trace: expected a matrix, but got tensor with dim {a.dim()}")
    return a.diagonal(0, 0, 1).sum()


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Diagonals of matrices: a view."""
    (a,) = tensors("linalg.diagonal", A=A)
    return a.diagonal(offset, dim1, dim2)


def linalg_vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """Powers of each element from 0 to ``N - 1``, as the columns of matrices."""
    (a,) = tensors("linalg.vander", x=x)
    if not a.dim():
        raise ShapeError("linalg.vander: the input must have at least one dimension, got 0")
    count = a.shape[-1] if N is None else as_int(N, op="linalg.vander", name="N")
    if count <= 1:
        raise RangeError(f"linalg.vander: N must be greater than 1, got {count}")
    if not a.dtype.is_floating_point:
        a = a.long()
    columns = [a.detach() * 0 + 1, a]
    while len(columns) < count:
        columns.append(columns[-1] * a)
    return cat.call(([c.unsqueeze(-1) for c in columns], a.dim()))


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Powers of the elements of a vector as columns, the highest first unless ``increasing``."""
    (a,) = tensors("vander", x=x)
    if a.dim() != 1:
        raise ShapeError(f"vander: x must be a one-dimensional tensor, got {a.dim()} dimensions")
    count = a.shape[0] if N is None else as_int(N, op="vander", name="N")
    if count < 0:
        raise RangeError(f"vander: N must be non-negative, got {count}")
    if not a.dtype.is_floating_point:
        a = a.long()
    columns: list[Tensor] = [a.detach() * 0 + 1]
    while len(columns) < count:
        columns.append(columns[-1] * a)
    ordered = columns[:count] if increasing else columns[:count][::-1]
    return cat.call(([c.unsqueeze(-1) for c in ordered], 1)) if ordered else a.unsqueeze(-1)[:, :0]


def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """As ``tl.matmul``."""
    return product_functions.matmul(input, other, out=out)  # pyright: ignore[reportCallIssue] - given by its decorator


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "cross": cross,
    "matrix_exp": matrix_exp,
    "matrix_power": matrix_power,
    "trace": trace,
    "vander": vander,
}
METHODS: dict[str, Any] = {name: f for name, f in FUNCTIONS.items() if name != "vander"}
LINALG: dict[str, Any] = {
    "cross": linalg_cross,
    "diagonal": diagonal,
    "matmul": matmul,
    "matrix_exp": matrix_exp,
    "matrix_power": matrix_power,
    "matrix_rank": matrix_rank,
    "vander": linalg_vander,
    "vecdot": vecdot,
}

# ruff: noqa: FBT001 - torch's public signatures
"""The public functions that measure: norms of vectors and matrices, condition numbers, distances."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.shape import wrap_dim
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, DTypeError, LinAlgError, RangeError, ShapeError
from tensorlab.ops import norms
from tensorlab.ops.called import called
from tensorlab.ops.lapack import matrix_shape
from tensorlab.ops.linalg_functions import inv, svdvals
from tensorlab.ops.operands import as_ints, as_number
from tensorlab.ops.out import takes_out
from tensorlab.ops.product_functions import tensors


def _as_float(op: str, x: Tensor, dtype: DType | None) -> Tensor:
    """The elements as the dtype to compute in.

    Raises: `DTypeError` for integers, and for a dtype that loses some of what there is.
    """
    if not x.dtype.is_floating_point:
        raise DTypeError(f"{op}: expected a floating point or complex tensor as input. Got {x.dtype.ir_name}")
    if dtype is None:
        return x
    if not dtype.is_floating_point or dtype.itemsize < x.dtype.itemsize:
        raise DTypeError(
            f"{op}: the dtype of the input {x.dtype.name} should be convertible without narrowing to {dtype}"
        )
    return x.to(dtype)


@takes_out
def vector_norm(
    x: Tensor,
    ord: float = 2,
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
) -> Tensor:
    """``sum(|x| ** ord) ** (1 / ord)`` over all dimensions or over ``dim``; the largest or least for +-inf."""
    (a,) = tensors("linalg.vector_norm", x=x)
    a = _as_float("linalg.vector_norm", a, dtype)
    p = as_number(ord, op="linalg.vector_norm", name="ord")
    dims = () if dim is None else as_ints(dim, op="linalg.vector_norm", name="dim")
    return norms.norm.call((a, p, dims, keepdim))


_ORDERS = ("fro", "nuc", math.inf, -math.inf, 1, -1, 2, -2)


@takes_out
def matrix_norm(
    A: Tensor,
    ord: float | str = "fro",
    dim: Sequence[int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
) -> Tensor:
    """A norm of matrices in two dimensions.

    ``ord``: ``"fro"`` the root of the sum of squares, ``"nuc"`` the sum of singular values, 2 and -2 the largest and
    the least of them, 1 and -1 the largest and the least column sum of absolute values, +-inf of row sums.
    """
    (a,) = tensors("linalg.matrix_norm", A=A)
    a = _as_float("linalg.matrix_norm", a, dtype)
    if a.dim() < 2:
        raise ShapeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
    pair = as_ints(dim, op="linalg.matrix_norm", name="dim")
    if len(pair) != 2:
        raise ShapeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {list(pair)}")
    rows, columns = (wrap_dim(d, a.dim(), op="linalg.matrix_norm") for d in pair)
    if rows == columns:
        raise ShapeError(f"linalg.matrix_norm: dims must be different. Got ({pair[0]}, {pair[1]})")
    if ord not in _ORDERS:
        raise RangeError(f"linalg.matrix_norm: Order {ord} not supported; takes one of {', '.join(map(str, _ORDERS))}")
    if ord == "fro":
        return norms.norm.call((a, 2, (rows, columns), keepdim))
    if ord in ("nuc", 2, -2):
        return _spectral(a, ord, rows, columns, keepdim=keepdim)
    along, across = (rows, columns) if abs(float(ord)) == 1 else (columns, rows)
    sums = norms.norm.call((a, 1, (along,), True))
    found = sums.amax(across, keepdim=True) if float(ord) > 0 else sums.amin(across, keepdim=True)
    return found if keepdim else _dropped(found, rows, columns)


def _spectral(a: Tensor, ord: object, rows: int, columns: int, *, keepdim: bool) -> Tensor:
    rest = tuple(d for d in range(a.dim()) if d not in (rows, columns))
    values = svdvals(a.permute((*rest, rows, columns)))
    if ord == "nuc":
        found = values.sum(-1)
    else:
        found = values.amax(-1) if ord == 2 else values.amin(-1)
    if not keepdim:
        return found
    shape = tuple(1 if d in (rows, columns) else n for d, n in enumerate(a.shape))
    return found.reshape(shape)


def _dropped(found: Tensor, rows: int, columns: int) -> Tensor:
    return found.reshape(tuple(n for d, n in enumerate(found.shape) if d not in (rows, columns)))


@takes_out
def norm(
    A: Tensor,
    ord: float | str | None = None,
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
) -> Tensor:
    """A norm of vectors or of matrices, by how many dimensions ``dim`` has; see `vector_norm`, `matrix_norm`."""
    (a,) = tensors("linalg.norm", A=A)
    dims = None if dim is None else as_ints(dim, op="linalg.norm", name="dim")
    if ord is None:
        return vector_norm(a, 2, dims, keepdim, dtype=dtype)
    if dims is None:
        if a.dim() not in (1, 2):
            raise ShapeError(
                f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {a.dim()}D."
            )
        dims = tuple(range(a.dim()))
    if len(dims) > 2:
        raise ShapeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dims)}")
    if len(dims) == 2:
        return matrix_norm(a, ord, dims, keepdim, dtype=dtype)
    if isinstance(ord, str):
        raise RangeError(f"linalg.norm: ord {ord!r} is a norm of matrices, and dim names {len(dims)} dimension")
    return vector_norm(a, ord, dims, keepdim, dtype=dtype)


@takes_out
def cond(A: Tensor, p: float | str | None = None) -> Tensor:
    """Condition numbers: a norm of each matrix times that of its inverse, infinite where there is none."""
    (a,) = tensors("linalg.cond", A=A)
    shape = matrix_shape("linalg.cond", a.type)
    if p not in (*_ORDERS, None):
        raise RangeError(f"linalg.cond: got an invalid norm type: {p}; takes one of {', '.join(map(str, _ORDERS))}")
    if p in (None, 2, -2):
        values = svdvals(a)
        first, last = (values.select(-1, i) for i in ((-1, 0) if p == -2 else (0, -1)))
        return first / last
    if shape[-1] != shape[-2]:
        raise ShapeError(f"linalg.cond: with norm {p}, A must be batches of square matrices, got shape {list(shape)}")
    try:
        return matrix_norm(a, p) * matrix_norm(inv(a), p)
    except LinAlgError:
        if len(shape) == 2:
            return matrix_norm(a, p) * 0 + math.inf
    return _conds(a, p)


def _conds(a: Tensor, p: Any) -> Tensor:
    """Batches with a singular matrix, one by one."""
    from tensorlab.ops.joining import cat

    batch = tuple(a.shape[:-2])
    matrices = a.reshape((math.prod(batch), *a.shape[-2:]))
    return cat.call(([cond(matrices.select(0, i), p).reshape((1,)) for i in range(matrices.shape[0])], 0)).reshape(
        batch
    )


@called("DistBackward0")
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The norm of the difference."""
    a, b = tensors("dist", self=input, other=other)
    return vector_norm(a - b, p)


@called("CdistBackward0")
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """Distances between all rows of two batches.

    Shape:  ``[..., n, k], [..., m, k] -> [..., n, m]``.
    Cost:   the differences of all pairs, ``n * m * k`` elements; ``compute_mode`` is taken, and changes nothing.
    """
    a, b = tensors("cdist", x1=x1, x2=x2)
    for name, x in (("X1", a), ("X2", b)):
        if x.dim() < 2:
            raise ShapeError(f"cdist: cdist only supports at least 2D tensors, {name} got: {x.dim()}D")
        if not x.dtype.is_floating_point:
            raise DTypeError(f"cdist: cdist only supports floating-point dtypes, {name} got: {x.dtype.name}")
    if a.shape[-1] != b.shape[-1]:
        raise ShapeError(f"cdist: X1 and X2 must have the same number of columns. X1: {a.shape[-1]} X2: {b.shape[-1]}")
    if compute_mode not in _MODES:
        raise ArgumentError(f"cdist: {compute_mode} is not a valid value for compute_mode")
    if not p >= 0:
        raise RangeError(f"cdist: cdist only supports non-negative p values, got {p}")
    apart = a.unsqueeze(-2) - b.unsqueeze(-3)
    if not apart.shape[-1]:
        return apart.sum(-1)
    return norms.norm.call((apart, as_number(p, op="cdist", name="p"), (apart.dim() - 1,), False))


_MODES = (
    *("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist"),
    "donot_use_mm_for_euclid_dist",
)

FUNCTIONS: dict[str, Callable[..., Any]] = {"cdist": cdist, "dist": dist}
METHODS: dict[str, Any] = {"dist": dist}
LINALG: dict[str, Any] = {"cond": cond, "matrix_norm": matrix_norm, "norm": norm, "vector_norm": vector_norm}

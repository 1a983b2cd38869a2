"""Triangles and diagonals of matrices, as the derivatives of factorisations need them: selections by constant masks."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tensorlab.core.dtype import DType
from tensorlab.core.tensor import Tensor
from tensorlab.ops.comparison import where_other, where_self
from tensorlab.ops.lapack import owned


@lru_cache(maxsize=256)
def _mask(rows: int, columns: int, offset: int) -> Tensor:
    """True on and below a diagonal."""
    return _lasting(owned(np.tri(rows, columns, offset, dtype=bool)))


@lru_cache(maxsize=256)
def _diagonal_mask(n: int) -> Tensor:
    return _lasting(owned(np.eye(n, dtype=bool)))


def identity(n: int, dtype: DType) -> Tensor:
    """A matrix of ones on the diagonal, which nobody may write to."""
    return _lasting(owned(np.eye(n, dtype=dtype.numpy)))


def _lasting(made: Tensor) -> Tensor:
    """A tensor that stays as it is, so that a graph may hold it."""
    made.storage().readonly = True
    return made


def lower(a: Tensor, offset: int = 0) -> Tensor:
    """Zeros above a diagonal."""
    return where_other.call((_mask(a.shape[-2], a.shape[-1], offset), a, 0))


def strictly_lower(a: Tensor) -> Tensor:
    """Zeros on and above the diagonal."""
    return lower(a, -1)


def upper(a: Tensor, offset: int = 0) -> Tensor:
    """Zeros below a diagonal."""
    return lower(a.transpose(-2, -1), -offset).transpose(-2, -1)


def without_diagonal(a: Tensor) -> Tensor:
    """Zeros on the diagonal of square matrices."""
    return where_self.call((_diagonal_mask(a.shape[-1]), 0, a))


def diagonal_matrix(values: Tensor) -> Tensor:
    """Values on the diagonal of square matrices, zeros elsewhere."""
    return where_other.call((_diagonal_mask(values.shape[-1]), values.unsqueeze(-1), 0))


def diagonal_of(a: Tensor) -> Tensor:
    """The diagonals of square matrices."""
    return where_other.call((_diagonal_mask(a.shape[-1]), a, 0)).sum(-1)

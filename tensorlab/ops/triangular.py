"""Triangular systems: BLAS's ``trsm`` over a batch, or substitution where there is no BLAS to call by address."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tensorlab.core.interop import borrowed
from tensorlab.core.shape import Shape
from tensorlab.core.tensor import Tensor, empty
from tensorlab.ops import blas

_UPPER, _LOWER, _NOT_UNIT, _UNIT = 121, 122, 131, 132  # CBLAS's own numbers


def solved(a: Tensor, b: Tensor, shape: Shape, *, upper: bool, left: bool, unit: bool) -> Tensor:
    """``X`` of ``shape`` with ``A @ X == B``, or ``X @ A == B``; batches broadcast."""
    matrix, right = borrowed(a), borrowed(b)
    if not left:  # X A = B is A.T X.T = B.T
        matrix, right, upper = matrix.swapaxes(-2, -1), right.swapaxes(-2, -1), not upper
    batch, n, columns = shape[:-2], matrix.shape[-1], right.shape[-1]
    work = np.ascontiguousarray(np.broadcast_to(right, (*batch, n, columns)))
    if work is right or work.base is not None:
        work = work.copy()
    count = math.prod(batch)
    routine = blas.address(f"{blas.LETTERS[a.dtype]}trsm")
    if not work.size:
        pass
    elif routine:
        dense: Any = np.ascontiguousarray(np.broadcast_to(matrix, (*batch, n, n)))
        kinds = (_UPPER if upper else _LOWER, blas.NO_TRANSPOSE, _UNIT if unit else _NOT_UNIT)
        blas.trsm_loop(a.dtype).entry(routine, *kinds, n, columns, count, dense.ctypes.data, work.ctypes.data)
    else:
        substitute(np.broadcast_to(matrix, (*batch, n, n)), work, upper=upper, unit=unit)
    result = empty(a.dtype, shape)
    borrowed(result)[...] = work if left else work.swapaxes(-2, -1)
    return result


def substitute(matrix: Any, work: Any, *, upper: bool, unit: bool) -> None:
    """Solve row by row, all matrices of the batch at once; ``work`` becomes the solution."""
    n = matrix.shape[-1]
    with np.errstate(all="ignore"):
        for i in reversed(range(n)) if upper else range(n):
            known = slice(i + 1, n) if upper else slice(0, i)
            work[..., i, :] -= (matrix[..., i : i + 1, known] @ work[..., known, :])[..., 0, :]
            if not unit:
                work[..., i, :] /= matrix[..., i, i, None]

"""The exponential of a matrix."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tensorlab.core.interop import borrowed
from tensorlab.core.op import Op, declare
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.ops.joining import cat
from tensorlab.ops.lapack import matrix_shape, owned
from tensorlab.ops.movement import call_evaluator

matrix_exp = declare("linalg_matrix_exp(Tensor self) -> Tensor")

# Coefficients of the diagonal Pade approximant of degree 13, and the largest 1-norm that it is exact for in float64.
PADE = (
    *(64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600),
    *(670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1),
)
LARGEST = 5.371920351148152


@matrix_exp.rule("type")
def matrix_exp_type(a: TensorType) -> TensorType:
    matrix_shape("linalg.matrix_exp", a, square=True)
    return a


@matrix_exp.rule("call")
def matrix_exp_call(a: Tensor) -> Tensor:
    """Scaled until its norm is small, approximated by a quotient of polynomials, and squared back.

    Source: N. Higham, "The scaling and squaring method for the matrix exponential revisited", 2005.
    """
    matrix_exp_type(a.type)
    held: Any = borrowed(a).astype(np.float64)
    result = np.empty_like(held)
    with np.errstate(all="ignore"):
        for source, target in zip(_matrices(held), _matrices(result), strict=True):
            target[...] = _exponential(source)
    return owned(result.astype(a.dtype.numpy))


def _matrices(array: Any) -> Any:
    count = math.prod(array.shape[:-2])
    return array.reshape((count, *array.shape[-2:]))


def _exponential(a: Any) -> Any:
    n = len(a)
    norm = np.abs(a).sum(0).max() if n else 0.0
    if not np.isfinite(norm):
        return np.full_like(a, np.nan)
    squarings = max(0, math.ceil(math.log2(norm / LARGEST))) if norm > LARGEST else 0
    a = a / 2.0**squarings
    one, b = np.eye(n), PADE
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    odd = a @ (a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * one)
    even = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * one
    found = np.linalg.solve(even - odd, even + odd)
    for _ in range(squarings):
        found = found @ found
    return found


@matrix_exp.vjp("self")
def matrix_exp_vjp(g: Tensor, self: Tensor) -> Tensor:
    """The upper right block of the exponential of ``[[A.T, g], [0, A.T]]``.

    Source: Y. Najfeld, T. Havel, "Derivatives of the matrix exponential and their computation", 1995.
    """
    turned, last = self.transpose(-2, -1), self.dim() - 1
    n = self.shape[-1]
    upper = cat.call(([turned, g], last))
    lower = cat.call(([turned * 0, turned], last))
    return matrix_exp.call((cat.call(([upper, lower], last - 1)),))[..., :n, n:]


EXPONENTIALS: tuple[Op, ...] = (matrix_exp,)

for _op in EXPONENTIALS:
    call_evaluator(_op)

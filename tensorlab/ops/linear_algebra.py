"""``tensorlab.linalg``: linear algebra under torch's names."""

from __future__ import annotations

from tensorlab.errors import LinAlgError as LinAlgError
from tensorlab.ops.linalg_functions import (
    cholesky,
    det,
    eigh,
    eigvalsh,
    inv,
    lstsq,
    pinv,
    qr,
    slogdet,
    solve,
    solve_triangular,
    svd,
    svdvals,
    tensorinv,
    tensorsolve,
)
from tensorlab.ops.matrix_functions import (
    diagonal,
    matmul,
    matrix_exp,
    matrix_power,
    matrix_rank,
    vecdot,
)
from tensorlab.ops.matrix_functions import linalg_cross as cross
from tensorlab.ops.matrix_functions import linalg_vander as vander
from tensorlab.ops.norm_functions import cond, matrix_norm, norm, vector_norm
from tensorlab.ops.product_functions import multi_dot

__all__ = [
    "LinAlgError",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensorinv",
    "tensorsolve",
    "vander",
    "vecdot",
    "vector_norm",
]

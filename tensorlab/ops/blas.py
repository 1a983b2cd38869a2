"""BLAS by address: NumPy's OpenBLAS called from compiled loops, without an ndarray in between.

NumPy's wheels carry OpenBLAS with 64-bit integers under names of its own (``scipy_cblas_sgemm64_``). A loop of a few
lines takes the addresses and strides of a batch of products and calls it; where a NumPy is built otherwise, `address`
gives 0 and products go through `numpy.matmul`.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from pathlib import Path
from string import Template

import numpy as np

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dtype import DType, float32, float64

LETTERS = {float32: "s", float64: "d"}  # BLAS's own names of the types


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL | None:
    """The OpenBLAS that NumPy has loaded already, or None where it has another BLAS."""
    home = Path(np.__file__).parent
    for folder in (home.parent / "numpy.libs", home / ".dylibs"):
        for path in folder.glob("libscipy_openblas64_*"):
            return ctypes.CDLL(str(path))
    return None


@lru_cache(maxsize=32)
def address(routine: str) -> int:
    """Where a routine of BLAS lies, ``"sgemm"``; 0 where there is none to call."""
    function = getattr(_library(), f"scipy_cblas_{routine}64_", None)
    return 0 if function is None else ctypes.cast(function, ctypes.c_void_p).value or 0


def set_blas_threads(threads: int) -> None:
    """Let BLAS use so many threads; one that cannot be told keeps its own number."""
    function = getattr(_library(), "scipy_openblas_set_num_threads64_", None)
    if function is not None:
        function(threads)


# What a product's loop reads its sizes and steps from, in this order; distances in bytes are named so.
HEAD = (
    *("routine", "transpose_a", "transpose_b", "rows", "columns", "depth", "lead_a", "lead_b", "lead_c"),
    *("inner", "nbytes_a", "nbytes_b", "nbytes_c", "outer", "row_a", "depth_a", "depth_b", "column_b"),
)
NO_TRANSPOSE, TRANSPOSE = 111, 112  # CBLAS's own numbers


def gemm_loop(dtype: DType) -> Loop:
    """A batch of ``c = alpha * a @ b + beta * c``: ``loop(head, c, a, b, alpha, beta)``."""
    source = _BATCH.substitute(type=dtype.name, what="gemm", imports="", names=_names(), call=_GEMM, own="")
    return compile_loop(source, _SIGNATURE, label="gemm")


def gemv_loop(dtype: DType) -> Loop:
    """A batch of matrices times vectors, as `gemm_loop`; ``rows`` and ``columns`` are the matrix' as it lies."""
    source = _BATCH.substitute(type=dtype.name, what="gemv", imports="", names=_names(), call=_GEMV, own="")
    return compile_loop(source, _SIGNATURE, label="gemv")


def own_loop(dtype: DType) -> Loop:
    """A batch of products without BLAS, as `gemm_loop`: integers, and products without elements."""
    source = _OWN.substitute(type=dtype.name, names=_names())
    number = "float64" if dtype.is_floating_point else "int64"
    return compile_loop(source, f"void(int64, int64, int64, int64, {number}, {number})", label="product")


def trsm_loop(dtype: DType) -> Loop:
    """A batch of triangular systems, solved in place: ``loop(routine, upper, turned, unit, n, columns, batch, a, b)``.

    The matrices lie row-major and dense, one after another.
    """
    source = _TRSM.substitute(type=dtype.name, itemsize=dtype.itemsize)
    return compile_loop(source, f"void({', '.join(['int64'] * 9)})", label="trsm")


def _names() -> str:
    return "\n".join(f"    {name} = head[{i}]" for i, name in enumerate(HEAD))


_SIGNATURE = "void(int64, int64, int64, int64, float64, float64)"
_GEMM = (
    "(np.int32(101), np.int32(transpose_a), np.int32(transpose_b), rows, columns, depth, scale, a, lead_a, b, lead_b, "
    "keep, c, lead_c)"
)
_GEMV = "(np.int32(101), np.int32(transpose_a), rows, columns, scale, a, lead_a, b, lead_b, keep, c, lead_c)"

_BATCH = Template('''"""A batch of products, each by BLAS's ${what}: ${type}."""

import numpy as np

from tensorlab.core.intrinsics import call_at, int64_at


def loop(head_at, c_at, a_at, b_at, alpha, beta):
    head = int64_at(head_at)
${names}
    scale = np.${type}(alpha)
    keep = np.${type}(beta)
    for o in range(outer):
        c = c_at + head[18 + 3 * o]
        a = a_at + head[19 + 3 * o]
        b = b_at + head[20 + 3 * o]
        for _ in range(inner):
            call_at(routine, ${call})
            a += nbytes_a
            b += nbytes_b
            c += nbytes_c
''')

_OWN = Template('''"""A batch of products, a row at a time: ${type}."""

import numpy as np

from tensorlab.core.intrinsics import ${type}_at, int64_at


def loop(head_at, c_at, a_at, b_at, alpha, beta):
    head = int64_at(head_at)
${names}
    for o in range(outer):
        for i in range(inner):
            c = ${type}_at(c_at + head[18 + 3 * o] + i * nbytes_c)
            a = ${type}_at(a_at + head[19 + 3 * o] + i * nbytes_a)
            b = ${type}_at(b_at + head[20 + 3 * o] + i * nbytes_b)
            for r in range(rows):
                at = r * lead_c
                for j in range(columns):
                    c[at + j] = np.${type}(beta * c[at + j]) if beta != 0 else np.${type}(0)
                for p in range(depth):
                    x = np.${type}(alpha * a[r * row_a + p * depth_a])
                    if column_b == 1:
                        for j in range(columns):
                            c[at + j] = np.${type}(c[at + j] + x * b[p * depth_b + j])
                    else:
                        for j in range(columns):
                            c[at + j] = np.${type}(c[at + j] + x * b[p * depth_b + j * column_b])
''')

_TRSM = Template('''"""A batch of triangular systems, each by BLAS's trsm: ${type}."""

import numpy as np

from tensorlab.core.intrinsics import call_at


def loop(routine, upper, transpose, unit, n, columns, batch, a_at, b_at):
    lead = max(columns, 1)
    for i in range(batch):
        a = a_at + i * n * n * ${itemsize}
        b = b_at + i * n * columns * ${itemsize}
        call_at(routine, (np.int32(101), np.int32(141), np.int32(upper), np.int32(transpose), np.int32(unit), n,
                          columns, np.${type}(1), a, n, b, lead))
''')

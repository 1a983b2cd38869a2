"""Products of matrices and vectors, of all ranks, and those that add to what is there; einsum."""

import numpy as np

from oracle.case import Case, call

NUMBERS = ("float32", "float64", "int64", "bfloat16", "uint8")
# The order of additions differs.
NEAR = {"rtol": 1e-5, "atol": 1e-6}


def trace_samples(m):
    yield call(m(3, 3))
    yield call(m(2, 4))
    yield call(m(0, 3))


def refused_traces(m):
    yield call(m(3))
    yield call(m(2, 2, 2))


def matmul_samples(m):
    for left, right in (
        *(((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4))),
        *(((5, 2, 3), (5, 3, 4)), ((2, 1, 2, 3), (4, 3, 2)), ((5, 2, 3), (3,)), ((3,), (5, 3, 2)), ((2, 0), (0, 3))),
        *(((0, 3), (3, 2)), ((0,), (0,)), ((2, 3, 1), (1, 2)), ((1, 1), (1, 1)), ((2, 2, 2, 3), (1, 2, 3, 1))),
    ):
        yield call(m(*left), m(*right))


def refused_matmuls(m):
    for left, right in (((2, 3), (2, 3)), ((), (3,)), ((3,), (2,)), ((2, 2, 3), (3, 3, 4)), ((2, 3), (2,))):
        yield call(m(*left), m(*right))
    yield call(m(2, 3), m(3, 2, dtype="float64"))
    yield call(m(2, 3), 2)


def mm_samples(m):
    for n, k, p in ((2, 3, 4), (1, 5, 1), (0, 2, 3), (2, 0, 3), (2, 3, 0), (4, 1, 4)):
        yield call(m(n, k), m(k, p))


def refused_mms(m):
    yield call(m(2, 3), m(2, 3))
    yield call(m(3), m(3, 2))
    yield call(m(2, 3), m(3, 2, dtype="float64"))
    yield call(m(2, 2, dtype="bool"), m(2, 2, dtype="bool"))


def bmm_samples(m):
    yield call(m(2, 3, 4), m(2, 4, 5))
    yield call(m(3, 1, 2), m(3, 2, 1))
    yield call(m(0, 2, 3), m(0, 3, 2))
    yield call(m(2, 2, 0), m(2, 0, 3))


def refused_bmms(m):
    yield call(m(2, 3, 4), m(1, 4, 5))
    yield call(m(2, 3, 4), m(2, 3, 4))
    yield call(m(3, 4), m(4, 5))


def mv_samples(m):
    yield call(m(3, 4), m(4))
    yield call(m(1, 4), m(4))
    yield call(m(3, 0), m(0))


def refused_mvs(m):
    yield call(m(3, 4), m(3))
    yield call(m(3), m(3))


def dot_samples(m):
    yield call(m(5), m(5))
    yield call(m(0), m(0))
    yield call(m(1), m(1))


def refused_dots(m):
    yield call(m(3), m(4))
    yield call(m(3, 1), m(3))


def inner_samples(m):
    yield call(m(5), m(5))
    yield call(m(2, 3), m(4, 5, 3))
    yield call(m(), m(2, 3))


def outer_samples(m):
    yield call(m(3), m(4))
    yield call(m(0), m(2))


def tensordot_samples(m):
    yield call(m(2, 3, 4), m(3, 4, 5))
    yield call(m(2, 3, 4), m(4, 3), dims=([2, 1], [0, 1]))
    yield call(m(2, 3), m(4), dims=0)
    yield call(m(2, 1), m(3, 2), dims=([1], [0]))
    yield call(m(2, 3), m(3, 2), dims=1)


def refused_tensordots(m):
    yield call(m(2, 3), m(2, 3), dims=1)
    yield call(m(2, 3), m(3, 2), dims=([0], [0, 1]))
    yield call(m(2, 3), m(3, 2), dims=3)


def number(m, value):
    return value if m.dtype.startswith(("float", "bfloat")) else int(value)


def addmm_samples(m):
    yield call(m(2, 4), m(2, 3), m(3, 4))
    yield call(m(2, 4), m(2, 3), m(3, 4), beta=number(m, 0.5), alpha=number(m, 2.5))
    yield call(m(4), m(2, 3), m(3, 4), beta=2)
    yield call(m(), m(2, 3), m(3, 4), alpha=3)
    yield call(m(2, 1), m(2, 0), m(0, 4), beta=2)
    if m.dtype.startswith("float"):
        yield call(np.full((2, 2), np.nan, m.dtype), m(2, 3), m(3, 2), beta=0)


def refused_addmms(m):
    yield call(m(3, 4), m(2, 3), m(3, 4))
    yield call(m(2, 4), m(2, 3), m(2, 4))
    yield call(m(2, 4, dtype="float64"), m(2, 3), m(3, 4))
    yield call(m(1, 2, 4), m(2, 3), m(3, 4))


def addmv_samples(m):
    yield call(m(2), m(2, 3), m(3), beta=number(m, 0.5), alpha=2)
    yield call(m(1), m(2, 3), m(3))


def addr_samples(m):
    yield call(m(2, 3), m(2), m(3), beta=2, alpha=number(m, 1.5))
    yield call(m(3), m(2), m(3))


def baddbmm_samples(m):
    yield call(m(2, 3, 5), m(2, 3, 4), m(2, 4, 5))
    yield call(m(3, 1), m(2, 3, 4), m(2, 4, 5), beta=number(m, 0.5), alpha=2)
    yield call(m(2, 3, 5), m(2, 3, 0), m(2, 0, 5), beta=3)


def addbmm_samples(m):
    yield call(m(3, 5), m(2, 3, 4), m(2, 4, 5), beta=2, alpha=number(m, 0.5))
    yield call(m(5), m(2, 3, 4), m(2, 4, 5))


def multi_dot_samples(m):
    yield call([m(2, 3), m(3, 4), m(4, 5)])
    yield call([m(3), m(3, 4), m(4, 5), m(5)])
    yield call([m(3), m(3)])


def refused_multi_dots(m):
    yield call([m(2, 3), m(2, 3)])
    yield call([m(2, 3)])
    yield call([m(2, 3), m(3, 2, 2), m(2, 2)])


def einsum_samples(m):
    yield call("ij,jk->ik", m(2, 3), m(3, 4))
    yield call("ij,jk", m(2, 3), m(3, 4))
    yield call("ba,ac", m(2, 3), m(3, 4))
    yield call("ii->i", m(3, 3))
    yield call("ii", m(3, 3))
    yield call("iij->j", m(2, 2, 3))
    yield call("ijk->kji", m(2, 3, 4))
    yield call("i,j->ij", m(3), m(4))
    yield call("bij,bjk->bik", m(2, 3, 4), m(2, 4, 2))
    yield call("bij,jk->bik", m(2, 3, 4), m(4, 2))
    yield call("...ij,...jk->...ik", m(2, 1, 3, 4), m(5, 4, 2))
    yield call("...ij->...ji", m(2, 3, 4))
    yield call("...i,...i", m(2, 3), m(3))
    yield call("ij->", m(2, 3))
    yield call("i,i,i->i", m(3), m(3), m(3))
    yield call("ij,jk,kl->il", m(2, 3), m(3, 4), m(4, 2))
    yield call("ab,bc,cd,de->ae", m(2, 3), m(3, 2), m(2, 4), m(4, 2))
    yield call("bn,anm,bm->ba", m(2, 3), m(4, 3, 2), m(2, 2))
    yield call("ij,ij->ij", m(2, 1), m(1, 3))
    yield call("ij,ij->", m(2, 1), m(1, 3))
    yield call(" i j , j -> i ", m(2, 3), m(3))
    yield call("->", m())
    yield call(",i->i", m(), m(3))
    yield call("Ab,bA", m(2, 3), m(3, 2))
    yield call("ij,jk->ik", [m(2, 3), m(3, 0)])
    yield call(m(2, 3), [0, 1], m(3, 4), [1, 2], [0, 2])
    yield call(m(2, 3), [..., 1], m(3, 4), [1, 2])
    yield call("...ij->ij", m(2, 3, 4))


def refused_einsums(m):
    yield call("ij,jk->ik", m(2, 3), m(4, 2))
    yield call("ij->i", m(2))
    yield call("ij->k", m(2, 3))
    yield call("ij->ii", m(2, 3))
    yield call("ii->i", m(2, 3))
    yield call("ij,jk", m(2, 3))
    yield call("ij", m(2, 3), m(2, 3))
    yield call("i.j->i", m(2, 3))
    yield call("i1->i", m(2, 3))
    yield call("...i...->i", m(2, 3))
    yield call("i")
    yield call(m(2), [52])


CASES = (
    Case("matmul", matmul_samples, NUMBERS, refused_matmuls, out=True, **NEAR),
    Case("mm", mm_samples, NUMBERS, refused_mms, out=True, **NEAR),
    Case("bmm", bmm_samples, NUMBERS, refused_bmms, out=True, strides=False, **NEAR),
    Case("mv", mv_samples, ("float32", "float64", "int64"), refused_mvs, out=True, **NEAR),
    Case("dot", dot_samples, ("float32", "float64", "int64"), refused_dots, out=True, **NEAR),
    Case("vdot", dot_samples, ("float32", "int64"), refused_dots, out=True, **NEAR),
    Case("inner", inner_samples, ("float32", "float64", "int64"), out=True, **NEAR),
    Case("outer", outer_samples, ("float32", "float64", "int64"), out=True),
    Case("ger", outer_samples, ("float32",), out=True),
    Case("tensordot", tensordot_samples, ("float32", "float64", "int64"), refused_tensordots, **NEAR),
    Case("addmm", addmm_samples, NUMBERS, refused_addmms, inplace=True, out=True, strides=False, **NEAR),
    Case("addmv", addmv_samples, ("float32", "int64"), inplace=True, out=True, **NEAR),
    Case("addr", addr_samples, ("float32", "int64"), inplace=True, out=True, strides=False, **NEAR),
    Case("baddbmm", baddbmm_samples, ("float32", "int64"), inplace=True, out=True, strides=False, **NEAR),
    Case("addbmm", addbmm_samples, ("float32", "int64"), inplace=True, out=True, strides=False, **NEAR),
    Case("linalg.multi_dot", multi_dot_samples, refused=refused_multi_dots, out=True, **NEAR),
    Case("trace", trace_samples, ("float32", "float64", "int64"), refused_traces, ulp=2),
    Case("einsum", einsum_samples, ("float32", "float64", "int64"), refused_einsums, strides=False, **NEAR),
)

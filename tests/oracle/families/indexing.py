"""Tensors and masks as indices, read and written; index_put; where of a condition; nonzero; isin."""

import numpy as np

from oracle.case import ALL, Case, call

DTYPES = ("float32", "float64", "int64", "bool", "float16")


def at(*values):
    return np.array(values, np.int64)


def bits(m, *shape):
    return m.random.random(shape) < 0.5


def reads(m):
    yield call(m(3, 4), at(0, -1, 2, 0))
    yield call(m(3, 4), [2, 0])
    yield call(m(3, 4), (slice(None), at(1, -1)))
    yield call(m(2, 3, 4), (at(0, 1), slice(None), at([1], [3])))
    yield call(m(2, 3, 4), (slice(None), at([0, 2], [1, 1]), at(0, 3)))
    yield call(m(2, 3, 4), (0, slice(None, None, 2), at(0, 0, 1)))
    yield call(m(2, 3, 4), (None, at(1, 0), Ellipsis, slice(1, 3)))
    yield call(m(3, 4), bits(m, 3, 4))
    yield call(m(3, 4), bits(m, 3))
    yield call(m(2, 3, 4), (slice(None), bits(m, 3, 4)))
    yield call(m(2, 3, 4), (bits(m, 2), slice(None), at(0)))
    yield call(m(3), at().reshape(0))
    yield call(m(0, 3), (slice(None), at(0, 1)))
    yield call(m(), True)
    yield call(m(3, 4), np.array([1, 0], np.int32))


def refused_reads(m):
    yield call(m(3, 4), at(3))
    yield call(m(3, 4), (at(0), at(0), at(0)))
    yield call(m(3, 4), (at(0, 1), at(0, 1, 2)))
    yield call(m(3, 4), np.ones(4, bool))
    yield call(m(3, 4), np.ones(1))
    yield call(m(3, 4), "a")
    yield call(m(3, 4), 1.0)


def puts(m):
    yield call(m(3, 4), (at(0, -1),), m(2, 4))
    yield call(m(3, 4), (at(2, 0),), m(4))
    yield call(m(2, 3, 4), (at(0, 1), at(0, 2), at(2, 3)), m(2))
    yield call(m(2, 3, 4), (at([0], [1]), at(0, 2)), m(2, 2, 4))
    yield call(m(3, 4), (np.eye(3, 4, dtype=bool),), m(3))
    yield call(m(3, 4), (np.eye(3, 4, dtype=bool),), m())
    yield call(m(3), (at().reshape(0),), m(1))


def adds(m):
    yield call(m(3, 4), (at(0, -1, 0),), m(3, 4), True)
    yield call(m(3, 4), (at(0, 0), at(1, 1)), m(2), True)
    yield call(m(3, 4), (np.eye(3, 4, dtype=bool),), m(3), True)


def refused_puts(m):
    yield call(m(3, 4), (at(0, 1),), m(3))
    yield call(m(3, 4), (at(3),), m(4))
    yield call(m(3, 4), (at(0),), m(4, dtype="int64"))


def tensors(m):
    yield call(m(3, 4))
    yield call(m(7))
    yield call(m())
    yield call(m(0, 3))
    yield call(m(2, 1, 3, 2))


def tuples(m):
    for found in tensors(m):
        yield call(*found.args, as_tuple=True)


def members(m):
    yield call(m(3, 4), m(3))
    yield call(m(5), 2)
    yield call(2, m(5))
    yield call(m(), m(0))
    yield call(m(4), m(2, 2), invert=True, assume_unique=True)


def refused_members(m):
    yield call(2, 2)


CASES = (
    Case("Tensor.__getitem__", reads, dtypes=DTYPES, refused=refused_reads, id="index"),
    Case("index_put", puts, dtypes=DTYPES, refused=refused_puts, inplace=True),
    Case(
        "index_put",
        adds,
        dtypes=("float32", "float64", "int64", "uint8", "bool"),
        ulp=2,
        inplace=True,
        id="index_put, added",
    ),
    Case("index_put", adds, dtypes=("bfloat16", "float16"), atol=1e-2, grad=False, id="index_put, halves added"),
    Case("nonzero", tensors, dtypes=ALL, grad=False, special=True, out=True),
    Case("nonzero", tuples, dtypes=("float32", "bool"), grad=False, id="nonzero as tuple"),
    Case("argwhere", tensors, dtypes=("float32", "int64"), grad=False),
    Case("where", tensors, dtypes=("bool", "float32"), grad=False, id="where of one"),
    Case(
        "isin",
        members,
        dtypes=("float32", "int64", "uint8", "float16"),
        refused=refused_members,
        grad=False,
        out=True,
        forms=("plain", "offset"),  # torch views its arguments as rows
    ),
)

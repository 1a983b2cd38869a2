"""Pooling: windows of every kind, odd values in them, places of the largest elements."""

import numpy as np

from oracle.case import Case, call

DTYPES = ("float32", "float64", "bfloat16")
WITH_INTS = (*DTYPES, "int64", "uint8")


def max_pool2d(m):
    yield call(m(2, 3, 7, 9, distinct=True), 2)
    yield call(m(3, 6, 7, distinct=True), 3, 2, 1)
    yield call(m(1, 2, 7, 8, distinct=True), (3, 2), (2, 1), (1, 1), (2, 2))
    yield call(m(1, 1, 6, 7, distinct=True), 3, 3, 1, 1, True)
    yield call(m(1, 2, 5, 5, distinct=True), [2], ceil_mode=True, stride=2)


def max_pool2d_odd(m):
    yield call(m(2, 4, 8), 3, 2, 1)
    yield call(m(2, 4, 8), 2, return_indices=True)
    yield call(m(1, 2, 4, 8), 2, 1, return_indices=True)
    yield call(m(0, 2, 4, 8), 2, 1, return_indices=True)
    if m.dtype == "float32":
        yield call(np.full((1, 4, 4), -np.inf, np.float32), 3, 2, 1, return_indices=True)
        yield call(np.full((1, 4, 5), -np.inf, np.float32), 2, 2, 1, 2, return_indices=True)


def max_pool2d_refused(m):
    yield call(m(4, 4), 2)
    yield call(m(1, 4, 4), 2, 0)
    yield call(m(1, 4, 4), 0)
    yield call(m(1, 4, 4), 2, 2, 2)
    yield call(m(1, 4, 4), 5)
    yield call(m(1, 4, 4), 2, 2, 0, 0)
    yield call(m(1, 4, 4), (2, 2, 2))
    yield call(m(0, 4, 4), 2)
    yield call(m(1, 4, 4, dtype="bool"), 2)


def max_pool1d(m):
    yield call(m(2, 3, 9, distinct=True), 2)
    yield call(m(3, 9, distinct=True), 3, 2, 1, 2, True)
    yield call(m(3, 9, distinct=True), 3, return_indices=True)


def pool1d_refused(m):
    yield call(m(9), 2)
    yield call(m(2, 9), (2, 2))
    yield call(m(2, 9), 10)


def avg_pool2d(m):
    yield call(m(2, 3, 7, 9), 2)
    yield call(m(3, 6, 7), 3, 2, 1)
    yield call(m(1, 2, 7, 8), (3, 2), (2, 3), (1, 1), True, False)
    yield call(m(1, 2, 7, 8), 3, 2, 1, True, True)
    yield call(m(1, 2, 5, 5), 2, 1, 0, False, True, 3)
    yield call(m(0, 2, 5, 5), 2)


def avg_pool2d_refused(m):
    yield call(m(4, 4), 2)
    yield call(m(1, 4, 4), 2, 2, 2)
    yield call(m(1, 4, 4), 5)
    yield call(m(1, 4, 4), 2, 2, 0, False, True, 0)
    yield call(m(1, 4, 4, dtype="bool"), 2)


def avg_pool1d(m):
    yield call(m(2, 3, 9), 2)
    yield call(m(3, 9), 3, 2, 1, True, False)


def adaptive(m):
    yield call(m(2, 3, 7, 9, distinct=True), 2)
    yield call(m(3, 6, 7, distinct=True), (4, 3))
    yield call(m(1, 2, 5, 5, distinct=True), 1)
    yield call(m(1, 2, 3, 3, distinct=True), (5, None))
    yield call(m(0, 2, 3, 3), (2, 2))


def adaptive_refused(m):
    yield call(m(4, 4), 2)
    yield call(m(1, 4, 4), (2, 2, 2))
    yield call(m(1, 4, 4, dtype="int64"), 2)
    yield call(m(1, 0, 4), 2)


def adaptive1d(m):
    yield call(m(2, 3, 7, distinct=True), 2)
    yield call(m(3, 6, distinct=True), 4)


def max_unpool2d(m):
    yield call(m(1, 2, 2, 3), m.random.permutation(24)[:12].reshape(1, 2, 2, 3), 2)
    yield call(m(2, 2, 2), np.array([[[0, 3], [9, 12]], [[1, 2], [11, 14]]]), 2, 2, 0, [5, 5])
    yield call(m(2, 2, 2), np.array([[[0, 3], [1, 2]], [[1, 2], [0, 3]]]), 3, 1, 1)


def max_unpool2d_refused(m):
    yield call(m(1, 2, 2), np.array([[[0, 1], [2, 16]]]), 2)
    yield call(m(1, 2, 2), np.array([[[0, 1], [2, -1]]]), 2)
    yield call(m(1, 2, 2), np.array([[[0, 1]]]), 2)
    yield call(m(1, 2, 2), np.array([[[0, 1], [2, 3]]], np.int32), 2)
    yield call(m(1, 2, 2), np.array([[[0, 1], [2, 3]]]), 2, 2, 0, [7, 7])


def lp_pool2d(m):
    yield call(m(2, 4, 6, low=0.5), 2, 2)
    yield call(m(1, 2, 5, 6, low=0.5), 3, (2, 3), 1, True)


LAST = {"strides": False}  # torch keeps channels last where they come last
NEAR = {"rtol": 1e-6, "atol": 1e-6}

CASES = (
    Case("nn.functional.max_pool2d", max_pool2d, WITH_INTS, max_pool2d_refused, **LAST),
    Case("max_pool2d", max_pool2d, ("float32",), **LAST),
    Case(
        "nn.functional.max_pool2d",
        max_pool2d_odd,
        ("float32", "float64"),
        grad=False,
        special=True,
        id="max_pool2d of odd values",
        **LAST,
    ),
    Case("nn.functional.max_pool1d", max_pool1d, DTYPES, pool1d_refused, **LAST),
    Case("nn.functional.avg_pool2d", avg_pool2d, (*DTYPES, "int64"), avg_pool2d_refused, ulp=4, **LAST),
    Case("nn.functional.avg_pool1d", avg_pool1d, DTYPES, pool1d_refused, ulp=4, **LAST),
    Case("nn.functional.adaptive_avg_pool2d", adaptive, DTYPES, adaptive_refused, **NEAR, **LAST),
    Case("nn.functional.adaptive_avg_pool1d", adaptive1d, DTYPES, **NEAR, **LAST),
    Case("nn.functional.adaptive_max_pool2d", adaptive, DTYPES, adaptive_refused, **LAST),
    Case("nn.functional.adaptive_max_pool1d", adaptive1d, ("float32",), **LAST),
    Case("adaptive_max_pool1d", adaptive1d, ("float32",), **LAST),
    Case("nn.functional.max_unpool2d", max_unpool2d, ("float32", "float64"), max_unpool2d_refused, **LAST),
    Case("nn.functional.lp_pool2d", lp_pool2d, ("float32", "float64"), **NEAR, **LAST),
)

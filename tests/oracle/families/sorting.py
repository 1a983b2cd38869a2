"""Sorting, searching and order statistics."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from oracle.case import FORMS, Call, Case, Maker, call, rough

FOUR = ("float32", "float64", "int64", "float16")
DIFFERENT = tuple(form for form in FORMS if form != "broadcast")  # among equal ones, which comes first is open


def lines(*rest: Any, keep: bool = False) -> Any:
    """Along each dimension, for values that differ."""

    def samples(m: Maker) -> Iterator[Call]:
        yield call(m(4, 5, distinct=True), *rest)
        yield call(m(2, 3, 4, distinct=True), *rest, dim=1)
        yield call(m(7, distinct=True), *rest, dim=-1)
        yield call(m(distinct=True), *rest)
        if keep:
            yield call(m(2, 3, 4, distinct=True), *rest, dim=0, keepdim=True)

    return samples


def sorts(m: Maker) -> Iterator[Call]:
    yield from lines()(m)
    yield call(m(4, 5, distinct=True), 0, True)
    yield call(m(0, 3), 0)
    yield call(m(12), stable=True, descending=True)
    yield call(m(3, 12), dim=1, stable=True)


def refusals(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), 2)
    yield call(m(2, 3), -3)


def number_refusals(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), 4)
    yield call(m(2, 3), 1, 2)


def tops(m: Maker) -> Iterator[Call]:
    yield from lines(1)(m)
    yield call(m(4, 5, distinct=True), 3, 1, False)
    yield call(m(4, 5, distinct=True), 3, 0)
    yield call(m(6, distinct=True), 6)
    yield call(m(6, distinct=True), 0)


def medians(m: Maker) -> Iterator[Call]:
    for found in lines(keep=True)(m):
        yield found if found.kwargs else call(*found.args, 0) if found.args[0].ndim else found
    yield call(m(4, 5, distinct=True))
    yield call(m(9, distinct=True))


def with_nan(m: Maker) -> Iterator[Call]:
    yield from medians(m)
    a = np.array(m(3, 4, distinct=True))
    a[0, 1] = a[1, 3] = np.nan
    yield rough(a, 1)
    yield rough(a)


def modes(m: Maker) -> Iterator[Call]:
    yield from lines(keep=True)(m)


def shares(m: Maker) -> Iterator[Call]:
    for way in ("linear", "lower", "higher", "midpoint", "nearest"):
        yield call(m(7, distinct=True), 0.37, interpolation=way)
    yield call(m(4, 5, distinct=True), 0.6)
    yield call(m(4, 5, distinct=True), 0.6, 0)
    yield call(m(4, 5, distinct=True), 0.25, 1, True)
    yield call(m(4, 5, distinct=True), np.array([0.1, 0.9, 0.43], m(1).dtype), 1)
    yield call(m(4, 5, distinct=True), np.array([0.1, 0.9], m(1).dtype), 0, True)
    yield call(m(4, 5, distinct=True), np.array([0.1, 0.9], m(1).dtype), keepdim=True)
    yield call(m(distinct=True), 0.5)


def nan_shares(m: Maker) -> Iterator[Call]:
    yield from shares(m)
    a = np.array(m(4, 5, distinct=True))
    a[0, 1] = a[1, 3] = a[1, 4] = np.nan
    yield rough(a, 0.3, 1)
    yield rough(a, 0.3)


def share_refusals(m: Maker) -> Iterator[Call]:
    yield call(m(3), 1.5)
    yield call(m(3), 0.5, 1)
    yield call(m(0), 0.5)
    yield call(m(3), 0.5, interpolation="cubic")
    yield call(m(3, dtype="int64"), 0.5)


def repeated(m: Maker) -> Iterator[Call]:
    yield call(m(20, dtype="int64"))
    yield call(m(4, 6, dtype="int64"), True, True, True)
    yield call(m(4, 6), return_counts=True)
    yield call(np.array([[1, 2], [1, 2], [0, 5]]).astype(m(1).dtype), return_inverse=True, return_counts=True, dim=0)
    yield call(np.array([[1, 1, 2], [3, 3, 0]]).astype(m(1).dtype), dim=1)
    yield call(m(0))


def neighbours(m: Maker) -> Iterator[Call]:
    yield call(np.array([1, 1, 2, 2, 3, 1, 1, 2]).astype(m(1).dtype), True, True)
    yield call(np.array([[1, 1], [1, 2], [2, 2]]).astype(m(1).dtype), return_inverse=True)
    yield call(np.array([[1, 2], [1, 2], [0, 5]]).astype(m(1).dtype), True, True, dim=0)
    yield call(m(9))


def places(m: Maker) -> Iterator[Call]:
    line = np.array([1, 2, 2, 3, 5]).astype(m(1).dtype)
    yield call(line, m(3, 4))
    yield call(line, m(3, 4), right=True)
    yield call(line, m(6), side="right", out_int32=True)
    yield call(np.stack([line, line + 1]), m(2, 3))
    yield call(line[::-1].copy(), m(4), sorter=np.array([4, 3, 2, 1, 0]))
    yield call(line, 2)
    yield call(line, m(3, dtype="int32"))


def place_refusals(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), m(3, 3))
    yield call(m(3), m(3), side="middle")
    yield call(m(3), m(3), right=True, side="left")


def buckets(m: Maker) -> Iterator[Call]:
    line = np.array([-1, 0, 2]).astype(m(1).dtype)
    yield call(m(3, 4), line)
    yield call(m(3, 4), line, right=True)
    yield call(2, line, out_int32=True)


def bins(m: Maker) -> Iterator[Call]:
    yield call(m(30))
    yield call(m(5, 6), 4)
    yield call(m(30), bins=5, min=-1, max=1.5)
    yield call(np.full(3, 2, m(1).dtype), 4)


def counts(m: Maker) -> Iterator[Call]:
    yield call(m(20, low=0))
    yield call(m(20, low=0), minlength=9)
    yield call(m(20, low=0), m(20, dtype="float64"))
    yield call(m(0))


def count_refusals(m: Maker) -> Iterator[Call]:
    yield call(np.array([-1, 2]))
    yield call(m(2, 2, low=0))
    yield call(m(3, low=0), m(4, dtype="float32"))
    yield call(m(3, dtype="float32"))


def steps(m: Maker) -> Iterator[Call]:
    yield call(m(4, 5))
    yield call(m(4, 5), 2)
    yield call(m(4, 5), 1, 0)
    yield call(m(4, 5), dim=0, prepend=m(1, 5), append=m(2, 5))
    yield call(m(3), 5)
    yield call(m(3), 0)


def areas(m: Maker) -> Iterator[Call]:
    yield call(m(4, 5))
    yield call(m(4, 5), dx=0.5)
    yield call(m(4, 5), m(5))
    yield call(m(4, 5), m(4, 5), dim=0)
    yield call(m(1))


def observed(m: Maker) -> Iterator[Call]:
    yield call(m(3, 6))
    yield call(m(6))


def weighed(m: Maker) -> Iterator[Call]:
    yield from observed(m)
    yield call(m(3, 6), correction=0)
    yield call(m(3, 4), fweights=np.array([1, 2, 1, 3]))
    yield call(m(3, 4), aweights=np.array([0.5, 1, 2, 0.3], m(1).dtype))
    yield call(m(3, 4), fweights=np.array([1, 2, 1, 3]), aweights=np.array([0.5, 1, 2, 0.3], m(1).dtype))


CASES = (
    Case("sort", sorts, (*FOUR, "bfloat16"), refusals, out=False, strides=False),
    Case("argsort", sorts, FOUR, refusals, grad=False, strides=False),
    Case("msort", lambda m: iter([call(m(5, 3, distinct=True)), call(m(4))]), FOUR, strides=False),
    Case("topk", tops, FOUR, number_refusals, strides=False, out=True, forms=DIFFERENT),
    Case("kthvalue", lines(1, keep=True), FOUR, number_refusals, strides=False, forms=DIFFERENT),
    Case("median", with_nan, ("float32", "float64"), refusals, strides=False),
    Case("median", medians, ("int64",), refusals, strides=False, grad=False, id="median of integers"),
    Case("nanmedian", with_nan, ("float32", "float64"), refusals, strides=False),
    Case("mode", modes, ("float32", "int64"), refusals, strides=False),
    Case("quantile", shares, ("float32", "float64"), share_refusals, rtol=1e-6, strides=False),
    Case("nanquantile", nan_shares, ("float32", "float64"), share_refusals, rtol=1e-6, strides=False),
    Case("unique", repeated, ("float32", "int64"), grad=False, strides=False),
    Case("unique_consecutive", neighbours, ("float32", "int64"), grad=False),
    Case("searchsorted", places, ("float32", "int64"), place_refusals, grad=False),
    Case("bucketize", buckets, ("float32", "int64"), grad=False),
    Case("histc", bins, ("float32", "float64"), grad=False),
    Case("bincount", counts, ("int64", "uint8"), count_refusals, grad=False),
    Case("diff", steps, ("float32", "int64", "bool"), strides=False, out=False),
    Case("trapezoid", areas, ("float32", "float64"), rtol=1e-6, atol=1e-6, strides=False),
    Case("cov", weighed, ("float32", "float64"), rtol=2e-6, atol=1e-6, strides=False),
    Case("corrcoef", observed, ("float32", "float64"), rtol=2e-6, atol=1e-6, strides=False),
)

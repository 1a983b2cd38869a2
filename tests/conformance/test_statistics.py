"""Reductions, scans and differences along no, one or several axes."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

import tensorlab.array_api as xp
from conformance.arrays import (
    ALL,
    FLOATS,
    INTEGERS,
    NUMERIC,
    Numpy,
    arrays,
    check,
    dtype_of,
    ours,
    properties,
    with_axes,
    with_axis,
)
from tensorlab.errors import DimError, DTypeError

ROUGH = 2e-4


def accumulated(x: Numpy) -> str:
    return x.dtype.name if x.dtype.kind == "f" else "int64"


@pytest.mark.parametrize("name", ["sum", "prod"])
@properties
@given(with_axes(ALL, small=True), st.booleans())
def test_sums_and_products(name: str, chosen: tuple[Numpy, Any], keepdims: bool) -> None:
    x, axis = chosen
    expected = getattr(np, name)(x, axis=axis, keepdims=keepdims, dtype=accumulated(x))
    check(getattr(xp, name)(ours(x), axis=axis, keepdims=keepdims), expected, rtol=ROUGH)


@pytest.mark.parametrize("name", ["sum", "prod"])
@properties
@given(with_axes(NUMERIC, small=True), st.sampled_from(("float64", "int64")))
def test_sums_in_another_dtype(name: str, chosen: tuple[Numpy, Any], dtype: str) -> None:
    x, axis = chosen
    expected = getattr(np, name)(x.astype(dtype), axis=axis)
    check(getattr(xp, name)(ours(x), axis=axis, dtype=dtype_of(dtype)), expected, rtol=1e-6)


@properties
@given(with_axes(FLOATS, small=True, min_side=1), st.booleans())
def test_mean(chosen: tuple[Numpy, Any], keepdims: bool) -> None:
    x, axis = chosen
    check(xp.mean(ours(x), axis=axis, keepdims=keepdims), np.mean(x, axis=axis, keepdims=keepdims), rtol=1e-5)


@pytest.mark.parametrize("name", ["std", "var"])
@properties
@given(with_axes(FLOATS, small=True, min_side=1), st.booleans(), st.sampled_from([0, 1, 0.5]))
def test_spreads(name: str, chosen: tuple[Numpy, Any], keepdims: bool, correction: float) -> None:
    x, axis = chosen
    count = x.size // max(np.sum(x, axis=axis).size, 1)
    assume(count > correction)
    expected = getattr(np, name)(x, axis=axis, keepdims=keepdims, ddof=correction)
    check(getattr(xp, name)(ours(x), axis=axis, keepdims=keepdims, correction=correction), expected, rtol=1e-4)


@pytest.mark.parametrize("name", ["max", "min"])
@properties
@given(with_axes(NUMERIC, min_side=1), st.booleans())
def test_extremes(name: str, chosen: tuple[Numpy, Any], keepdims: bool) -> None:
    x, axis = chosen
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x, axis=axis, keepdims=keepdims)
    check(getattr(xp, name)(ours(x), axis=axis, keepdims=keepdims), expected, rtol=0)


@pytest.mark.parametrize("name", ["all", "any"])
@properties
@given(with_axes(ALL), st.booleans())
def test_truths(name: str, chosen: tuple[Numpy, Any], keepdims: bool) -> None:
    x, axis = chosen
    expected = getattr(np, name)(x, axis=axis, keepdims=keepdims)
    check(getattr(xp, name)(ours(x), axis=axis, keepdims=keepdims), expected)


@properties
@given(with_axes(ALL, small=True), st.booleans())
def test_count_nonzero(chosen: tuple[Numpy, Any], keepdims: bool) -> None:
    x, axis = chosen
    expected = np.count_nonzero(x, axis=axis, keepdims=keepdims)
    check(xp.count_nonzero(ours(x), axis=axis, keepdims=keepdims), np.asarray(expected, np.int64))


@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
@properties
@given(with_axis(NUMERIC, small=True), st.booleans())
def test_scans(name: str, chosen: tuple[Numpy, int], include_initial: bool) -> None:
    x, axis = chosen
    expected = getattr(np, name)(x, axis=axis, include_initial=include_initial, dtype=accumulated(x))
    check(getattr(xp, name)(ours(x), axis=axis, include_initial=include_initial), expected, rtol=ROUGH)


@properties
@given(arrays(INTEGERS, min_dims=1))
def test_a_scan_of_one_axis_needs_none(x: Numpy) -> None:
    if x.ndim == 1:
        check(xp.cumulative_sum(ours(x)), np.cumsum(x, dtype=np.int64))
        check(xp.cumulative_sum(ours(x), dtype=xp.float64), np.cumsum(x, dtype=np.float64), rtol=1e-12)
    else:
        with pytest.raises(DimError, match="argument 'axis' is needed"):
            xp.cumulative_sum(ours(x))


@properties
@given(with_axis(NUMERIC, small=True), st.integers(0, 3))
def test_diff(chosen: tuple[Numpy, int], n: int) -> None:
    x, axis = chosen
    check(xp.diff(ours(x), axis=axis, n=n), np.diff(x, n=n, axis=axis), rtol=1e-6)


@properties
@given(with_axis(NUMERIC, small=True))
def test_diff_with_ends(chosen: tuple[Numpy, int]) -> None:
    x, axis = chosen
    expected = np.diff(x, axis=axis, prepend=x, append=x)
    check(xp.diff(ours(x), axis=axis, prepend=ours(x), append=ours(x)), expected, rtol=1e-6)


def test_diff_of_bools_is_refused() -> None:
    with pytest.raises(DTypeError, match="diff: takes a numeric dtype, got bool"):
        xp.diff(xp.asarray([True, False]))


def test_nan_spreads() -> None:
    x = xp.asarray([[1.0, float("nan")], [2.0, 3.0]])
    for reduce in (xp.max, xp.min, xp.sum, xp.prod, xp.mean, xp.std):
        assert xp.isnan(reduce(x, axis=1)).tolist() == [True, False]


@pytest.mark.parametrize("axis", [2, -3, (0, 0), (0, -2)])
def test_an_axis_has_to_be_there_once(axis: Any) -> None:
    for reduce in (xp.sum, xp.max, xp.all, xp.count_nonzero):
        with pytest.raises(IndexError):
            reduce(xp.ones((2, 2)), axis=axis)


def test_empty_reductions() -> None:
    assert xp.sum(xp.ones((0, 3)), axis=0).tolist() == [0.0, 0.0, 0.0]
    assert xp.prod(xp.ones((0, 2)), axis=0).tolist() == [1.0, 1.0]
    assert xp.all(xp.ones(0)).item() is True and xp.any(xp.ones(0)).item() is False
    with pytest.raises((ValueError, IndexError)):
        xp.max(xp.ones((0, 2)), axis=0)

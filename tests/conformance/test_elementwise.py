"""Elementwise functions and operators over all dtypes, broadcast shapes and special values."""

from __future__ import annotations

import operator
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

import tensorlab.array_api as xp
from conformance.arrays import ALL, FLOATS, INTEGERS, NUMERIC, SIGNED, Numpy, arrays, check, ours, pairs, properties

ROUGH = {"float32": 2e-5, "float64": 1e-12}
EXACT_UNARY = {
    **dict.fromkeys(("abs", "negative", "ceil", "floor", "trunc", "round", "sign", "square", "positive"), NUMERIC),
    **dict.fromkeys(("isfinite", "isinf", "isnan"), NUMERIC),
    **dict.fromkeys(("conj", "real"), NUMERIC),
    "signbit": FLOATS,
    "reciprocal": FLOATS,
    "sqrt": FLOATS,
    "bitwise_invert": ("bool", *INTEGERS),
    "logical_not": ("bool",),
}
ROUGH_UNARY = (
    *("acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "exp", "expm1"),
    *("log", "log1p", "log2", "log10", "sin", "sinh", "tan", "tanh"),
)
EXACT_BINARY = {
    **dict.fromkeys(("add", "subtract", "multiply", "maximum", "minimum"), NUMERIC),
    **dict.fromkeys(("equal", "not_equal"), ALL),
    **dict.fromkeys(("greater", "greater_equal", "less", "less_equal"), NUMERIC),
    **dict.fromkeys(("logical_and", "logical_or", "logical_xor"), ("bool",)),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), ("bool", *INTEGERS)),
    **dict.fromkeys(("divide", "copysign", "nextafter"), FLOATS),
}
OPERATORS: dict[str, Any] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "equal": operator.eq,
    "not_equal": operator.ne,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "less": operator.lt,
    "less_equal": operator.le,
    "bitwise_and": operator.and_,
    "bitwise_or": operator.or_,
    "bitwise_xor": operator.xor,
}


def tolerance(*found: Numpy) -> float:
    return max(ROUGH[x.dtype.name] for x in found)


@pytest.mark.parametrize("name", EXACT_UNARY)
@properties
@given(data=st.data())
def test_unary_exact(name: str, data: st.DataObject) -> None:
    x = data.draw(arrays(EXACT_UNARY[name]))
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x)
    if name == "reciprocal":
        check(xp.reciprocal(ours(x)), expected, rtol=1e-6)
    else:
        check(getattr(xp, name)(ours(x)), np.asarray(expected, x.dtype if name == "sign" else None))


@properties
@given(arrays(NUMERIC))
def test_imag_of_real_numbers_is_0(x: Numpy) -> None:
    check(xp.imag(ours(x)), np.zeros_like(x))


@pytest.mark.parametrize("name", ROUGH_UNARY)
@properties
@given(data=st.data())
def test_unary_rough(name: str, data: st.DataObject) -> None:
    x = data.draw(arrays(FLOATS))
    if name in ("sin", "cos", "tan"):
        x = np.where(np.abs(x) > 1e4, x.dtype.type(1.5), x)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x)
    check(getattr(xp, name)(ours(x)), expected, rtol=tolerance(x))


@pytest.mark.parametrize("name", EXACT_BINARY)
@properties
@given(data=st.data())
def test_binary_exact(name: str, data: st.DataObject) -> None:
    x, y = data.draw(pairs(EXACT_BINARY[name]))
    dtype = np.result_type(x, y)
    a, b = np.broadcast_arrays(x.astype(dtype), y.astype(dtype))
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(a, b)
    if name in ("maximum", "minimum"):
        assume(not np.any((a == 0) & (b == 0)))  # which of 0.0 and -0.0 is greater is left open
    check(getattr(xp, name)(ours(x), ours(y)), expected)
    if name in OPERATORS:
        check(OPERATORS[name](ours(x), ours(y)), expected)


@pytest.mark.parametrize("name", ["atan2", "hypot", "logaddexp"])
@properties
@given(data=st.data())
def test_binary_rough(name: str, data: st.DataObject) -> None:
    x, y = data.draw(pairs(FLOATS))
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x, y)
    check(getattr(xp, name)(ours(x), ours(y)), expected, rtol=1e-5)


@properties
@given(pairs(FLOATS, small=True))
def test_pow_of_floats(both: tuple[Numpy, Numpy]) -> None:
    x, y = both
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    check(xp.pow(ours(x), ours(y)), expected, rtol=2e-5)
    check(ours(x) ** ours(y), expected, rtol=2e-5)


@properties
@given(pairs(INTEGERS, small=True))
def test_pow_of_integers(both: tuple[Numpy, Numpy]) -> None:
    x, y = both
    y = np.abs(y)
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    check(xp.pow(ours(x), ours(y)), expected)


@pytest.mark.parametrize("name", ["floor_divide", "remainder"])
@properties
@given(data=st.data())
def test_whole_division(name: str, data: st.DataObject) -> None:
    x, y = data.draw(pairs(NUMERIC, small=True))
    if y.dtype.kind in "iu":
        y = np.where(y == 0, y.dtype.type(1), y)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x, y)
    symbol = {"floor_divide": operator.floordiv, "remainder": operator.mod}[name]
    if expected.dtype.kind == "f":
        expected = np.where(np.broadcast_to(y == 0, expected.shape), np.nan, expected).astype(expected.dtype)
        safe = np.where(y == 0, y.dtype.type(np.nan), y)
        check(getattr(xp, name)(ours(x), ours(safe)), expected)
        check(symbol(ours(x), ours(safe)), expected)
    else:
        check(getattr(xp, name)(ours(x), ours(y)), expected)
        check(symbol(ours(x), ours(y)), expected)


@pytest.mark.parametrize("name", ["bitwise_left_shift", "bitwise_right_shift"])
@properties
@given(data=st.data())
def test_shifts(name: str, data: st.DataObject) -> None:
    x, y = data.draw(pairs(INTEGERS))
    bits = min(x.dtype.itemsize, y.dtype.itemsize) * 8
    y = (np.abs(y.astype(np.int64)) % (bits - 1)).astype(y.dtype)
    check(getattr(xp, name)(ours(x), ours(y)), getattr(np, name)(x, y))


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "maximum", "less"])
@properties
@given(data=st.data())
def test_python_numbers_take_the_arrays_dtype(name: str, data: st.DataObject) -> None:
    x = data.draw(arrays(NUMERIC, small=True))
    number = data.draw(st.integers(0, 5) if x.dtype.kind in "iu" else st.sampled_from([2, 0.5, -1.25]))
    with np.errstate(all="ignore"):
        check(getattr(xp, name)(ours(x), number), getattr(np, name)(x, number))
        check(getattr(xp, name)(number, ours(x)), getattr(np, name)(number, x))
        if name in OPERATORS:
            check(OPERATORS[name](ours(x), number), getattr(np, name)(x, number))
            check(OPERATORS[name](number, ours(x)), getattr(np, name)(number, x))


@properties
@given(st.sampled_from(["__iadd__", "__isub__", "__imul__"]), arrays(NUMERIC, small=True))
def test_in_place_operators_keep_the_array(name: str, x: Numpy) -> None:
    array = ours(x)
    result = getattr(array, name)(ours(x))
    assert result is array
    with np.errstate(all="ignore"):
        check(array, getattr(x.copy(), name)(x))


@properties
@given(arrays(NUMERIC), st.data())
def test_clip(x: Numpy, data: st.DataObject) -> None:
    low, high = (0, 5) if x.dtype.kind in "iu" else (-1.5, 2.0)
    low, high = data.draw(st.sampled_from([(low, high), (low, None), (None, high), (None, None)]))
    expected = x.copy() if low is high is None else np.clip(x, low, high)
    check(xp.clip(ours(x), low, high), expected.astype(x.dtype))
    check(xp.clip(ours(x), min=low, max=high), expected.astype(x.dtype))


def test_clip_by_arrays_keeps_the_first_dtype() -> None:
    low = xp.asarray([1, 2], dtype=xp.int64)
    check(xp.clip(xp.asarray([0, 9], dtype=xp.int8), low, xp.asarray(5)), np.array([1, 5], np.int8))


def test_arrays_without_axes_count_in_promotion() -> None:
    """Torch's rule makes this float32."""
    x, y = xp.ones(3, dtype=xp.float32), xp.asarray(1.0, dtype=xp.float64)
    assert (x + y).dtype is xp.float64 and (y + x).dtype is xp.float64 and xp.add(x, y).dtype is xp.float64
    assert (xp.ones(2, dtype=xp.int8) == xp.asarray(257)).tolist() == [False, False]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["floor_divide", "remainder"])
def test_whole_division_of_special_values(name: str, dtype: str) -> None:
    values = np.array([0.0, -0.0, 1.5, -1.5, np.inf, -np.inf, np.nan], dtype)
    x, y = (v.ravel() for v in np.meshgrid(values, values))
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x, y)
    got = getattr(xp, name)(ours(x), ours(y)).numpy()
    # Division by 0, and of an infinite dividend, may be infinite or NaN.
    open_cases = (y == 0) | np.isinf(x)
    np.testing.assert_array_equal(got[~open_cases], expected[~open_cases])
    zeros = (got == 0) & ~open_cases
    np.testing.assert_array_equal(np.signbit(got[zeros]), np.signbit(expected[zeros]))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", [*ROUGH_UNARY, *(n for n, d in EXACT_UNARY.items() if "float32" in d)])
def test_special_values_of_one(name: str, dtype: str) -> None:
    values = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, -2.5, 3.5, 1e-30, -1e-30, np.inf, -np.inf, np.nan]
    x = np.array(values, dtype)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x)
    got = getattr(xp, name)(ours(x)).numpy()
    np.testing.assert_allclose(got, expected, rtol=ROUGH[dtype])
    if got.dtype.kind == "f":
        np.testing.assert_array_equal(np.signbit(got[got == 0]), np.signbit(expected[got == 0]))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    "name", ["add", "subtract", "multiply", "divide", "pow", "atan2", "copysign", "hypot", "logaddexp", "nextafter"]
)
def test_special_values_of_two(name: str, dtype: str) -> None:
    values = np.array([0.0, -0.0, 1.0, -1.0, 2.0, -3.0, 0.5, -0.5, np.inf, -np.inf, np.nan], dtype)
    x, y = (v.ravel() for v in np.meshgrid(values, values))
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x, y)
    got = getattr(xp, name)(ours(x), ours(y)).numpy()
    np.testing.assert_allclose(got, expected, rtol=ROUGH[dtype])
    np.testing.assert_array_equal(np.signbit(got[got == 0]), np.signbit(expected[got == 0]))


@properties
@given(arrays(SIGNED))
def test_positive_gives_equal_elements(x: Numpy) -> None:
    check(+ours(x), x)
    with np.errstate(all="ignore"):
        check(-ours(x), -x)
        check(abs(ours(x)), abs(x))
    check(~ours(x), ~x)

"""Arrays for property tests: NumPy's, of every dtype, of no axes to three, empty ones, and with special values."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
from hypothesis import HealthCheck, settings

import tensorlab.array_api as xp

FLOATS = ("float32", "float64")
SIGNED = ("int8", "int16", "int32", "int64")
INTEGERS = ("uint8", *SIGNED)
NUMERIC = INTEGERS + FLOATS
ALL = ("bool", *NUMERIC)

Numpy = np.ndarray[Any, Any]

# How every property here is tried out: the same examples each time, however slow the first is, which compiles loops.
properties = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def shapes(*, min_dims: int = 0, min_side: int = 0) -> st.SearchStrategy[tuple[int, ...]]:
    return hnp.array_shapes(min_dims=min_dims, max_dims=3, min_side=min_side, max_side=4)


def elements(dtype: str, *, small: bool = False) -> st.SearchStrategy[Any]:
    if dtype == "bool":
        return st.booleans()
    if dtype in FLOATS:
        if small:
            return st.integers(-30, 30).map(lambda n: n / 4)
        return hnp.from_dtype(np.dtype(dtype), allow_subnormal=False)
    low, high = (0, 6) if small and dtype == "uint8" else (-6, 6) if small else (None, None)
    info = np.iinfo(dtype)
    return st.integers(info.min if low is None else low, info.max if high is None else high)


@st.composite
def arrays(
    draw: Any,
    dtypes: tuple[str, ...] = ALL,
    shape: Any = None,
    *,
    small: bool = False,
    min_dims: int = 0,
    min_side: int = 0,
) -> Numpy:
    dtype = draw(st.sampled_from(dtypes))
    wanted = shapes(min_dims=min_dims, min_side=min_side) if shape is None else shape
    return draw(hnp.arrays(dtype, wanted, elements=elements(dtype, small=small), fill=st.nothing()))


@st.composite
def pairs(draw: Any, dtypes: tuple[str, ...] = NUMERIC, *, small: bool = False) -> tuple[Numpy, Numpy]:
    """Two arrays of one kind whose shapes broadcast."""
    kind = draw(st.sampled_from([k for k in (("bool",), INTEGERS, FLOATS) if set(k) & set(dtypes)]))
    names = tuple(d for d in kind if d in dtypes)
    found = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=4))
    return tuple(draw(arrays(names, st.just(s), small=small)) for s in found.input_shapes)  # type: ignore[return-value]


@st.composite
def with_axis(draw: Any, dtypes: tuple[str, ...] = NUMERIC, **options: Any) -> tuple[Numpy, int]:
    """An array and one of its axes, counted from the front or from the end."""
    x = draw(arrays(dtypes, min_dims=1, **options))
    return x, draw(st.integers(-x.ndim, x.ndim - 1))


@st.composite
def with_axes(draw: Any, dtypes: tuple[str, ...] = NUMERIC, **options: Any) -> tuple[Numpy, Any]:
    """An array and None, one of its axes, or a tuple of them."""
    x = draw(arrays(dtypes, **options))
    one = st.integers(-x.ndim, x.ndim - 1) if x.ndim else st.nothing()
    return x, draw(st.none() | one | hnp.valid_tuple_axes(x.ndim))


def ours(x: Any) -> xp.Array:
    return xp.asarray(np.asarray(x), copy=True)


def dtype_of(name: str) -> Any:
    return getattr(xp, name)


def check(got: Any, expected: Any, *, rtol: float | None = None, dtype: str | None = None) -> None:
    """The same dtype, shape and values; signs of zeros count where ``rtol`` is None."""
    assert isinstance(got, xp.Array), type(got)
    expected = np.asarray(expected)
    assert got.dtype.name == (dtype or expected.dtype.name)
    assert tuple(got.shape) == expected.shape
    array = got.numpy()
    if rtol is not None:
        np.testing.assert_allclose(array, expected, rtol=rtol, atol=rtol)
        return
    np.testing.assert_array_equal(array, expected)
    if array.dtype.kind == "f":
        zeros = array == 0
        np.testing.assert_array_equal(np.signbit(array)[zeros], np.signbit(expected)[zeros])

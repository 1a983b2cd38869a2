"""Arrays from nothing, numbers, lists and other libraries; their dtypes and what the namespace says of itself."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import array_api_strict as strict
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import tensorlab as tl
import tensorlab.array_api as xp
from conformance import signatures
from conformance.arrays import ALL, FLOATS, INTEGERS, NUMERIC, Numpy, arrays, check, dtype_of, ours, properties, shapes
from tensorlab.errors import ArgumentError, RangeError

DTYPES = st.sampled_from(ALL)


@pytest.mark.parametrize("name", ["ones", "zeros"])
@properties
@given(shapes(), DTYPES)
def test_ones_and_zeros(name: str, shape: tuple[int, ...], dtype: str) -> None:
    check(getattr(xp, name)(shape, dtype=dtype_of(dtype)), getattr(np, name)(shape, dtype))
    check(getattr(xp, name)(3), getattr(np, name)(3, np.float32))
    check(getattr(xp, f"{name}_like")(ours(np.empty(shape, dtype))), getattr(np, name)(shape, dtype))
    check(getattr(xp, f"{name}_like")(ours(np.empty(shape)), dtype=xp.int8), getattr(np, name)(shape, np.int8))


@properties
@given(shapes(), DTYPES)
def test_empty(shape: tuple[int, ...], dtype: str) -> None:
    made = xp.empty(shape, dtype=dtype_of(dtype))
    for x in (made, xp.empty_like(made)):
        assert x.dtype.name == dtype and tuple(x.shape) == shape and x.size == np.prod(shape, dtype=int)


@properties
@given(shapes(), st.booleans() | st.integers(-5, 5) | st.floats(-2, 2, width=32))
def test_full(shape: tuple[int, ...], value: Any) -> None:
    dtype = {bool: "bool", int: "int64", float: "float32"}[type(value)]
    check(xp.full(shape, value), np.full(shape, value, dtype))
    check(xp.full_like(xp.ones(shape, dtype=xp.float64), value), np.full(shape, value, "float64"))


@properties
@given(st.integers(-9, 9), st.none() | st.integers(-9, 9), st.integers(-3, 3).filter(bool))
def test_arange(start: int, stop: int | None, step: int) -> None:
    check(xp.arange(start, stop, step), np.arange(start, stop, step) if stop is not None else np.arange(0, start, step))
    check(xp.arange(start, 9.5, step), np.arange(start, 9.5, step).astype(np.float32))
    check(xp.arange(abs(start), dtype=xp.uint8), np.arange(abs(start), dtype=np.uint8))


def test_arange_with_a_step_of_0_is_refused() -> None:
    with pytest.raises(RangeError, match="arange: takes a step other than 0"):
        xp.arange(0, 5, 0)


@properties
@given(st.floats(-99, 99), st.floats(-99, 99), st.integers(0, 20), st.booleans(), st.sampled_from(FLOATS))
def test_linspace(start: float, stop: float, num: int, endpoint: bool, dtype: str) -> None:
    got = xp.linspace(start, stop, num, dtype=dtype_of(dtype), endpoint=endpoint)
    check(got, np.linspace(start, stop, num, endpoint=endpoint).astype(dtype), rtol=1e-6)


@properties
@given(st.integers(0, 5), st.none() | st.integers(0, 5), st.integers(-6, 6), DTYPES)
def test_eye(rows: int, columns: int | None, k: int, dtype: str) -> None:
    check(xp.eye(rows, columns, k=k, dtype=dtype_of(dtype)), np.eye(rows, columns, k=k, dtype=dtype))


@properties
@given(st.lists(arrays(("int16",), shapes(min_dims=1).filter(lambda s: len(s) == 1)), max_size=3))
def test_meshgrid(along: list[Numpy]) -> None:
    for indexing in ("xy", "ij"):
        got = xp.meshgrid(*map(ours, along), indexing=indexing)
        assert isinstance(got, list)
        for grid, expected in zip(got, np.meshgrid(*along, indexing=indexing), strict=True):  # type: ignore[call-overload]
            check(grid, expected)


@pytest.mark.parametrize("name", ["tril", "triu"])
@properties
@given(arrays(ALL, min_dims=2), st.integers(-4, 4))
def test_triangles(name: str, x: Numpy, k: int) -> None:
    check(getattr(xp, name)(ours(x), k=k), getattr(np, name)(x, k=k))


# asarray --------------------------------------------------------------------------------------------------------------


@properties
@given(arrays())
def test_nested_lists(x: Numpy) -> None:
    default = {"b": "bool", "i": "int64", "u": "int64", "f": "float32"}[x.dtype.kind]
    if x.size and default != "float32":
        check(xp.asarray(x.tolist()), x.astype(default))
    if x.size:
        check(xp.asarray(x.tolist(), dtype=dtype_of(x.dtype.name)), x)


def test_lists_of_arrays() -> None:
    check(xp.asarray([xp.asarray(1), 2]), np.array([1, 2]))


@properties
@given(arrays())
def test_memory_is_shared_unless_a_copy_is_asked_for(x: Numpy) -> None:
    for source in (ours(x), x):
        check(xp.asarray(source), x)
        check(xp.asarray(source, copy=True), x)
    if x.size:
        array = ours(x)
        assert xp.asarray(array).data_ptr() == xp.asarray(array, copy=False).data_ptr() == array.data_ptr()
        assert xp.asarray(array, copy=True).data_ptr() != array.data_ptr()
        assert xp.asarray(x, copy=False).data_ptr() == x.ctypes.data


def test_what_cannot_be_shared_is_refused() -> None:
    for source, dtype in ((3, None), ([1, 2], None), (xp.ones(2), xp.int8)):
        with pytest.raises(ValueError, match="asarray: cannot"):
            xp.asarray(source, dtype=dtype, copy=False)


def test_buffers() -> None:
    check(xp.asarray(bytearray(b"\1\2\3")), np.array([1, 2, 3], np.uint8))
    check(xp.asarray(memoryview(np.arange(3.0))), np.arange(3.0))


def test_numbers_that_no_dtype_holds() -> None:
    for number, dtype in ((2**70, None), (300, xp.int8)):
        with pytest.raises(OverflowError, match="asarray: "):
            xp.asarray(number, dtype=dtype)
    with pytest.raises(TypeError):
        xp.asarray(1j)


@properties
@given(arrays())
def test_dlpack(x: Numpy) -> None:
    array = ours(x)
    np.testing.assert_array_equal(np.from_dlpack(array), x)
    check(xp.from_dlpack(x.copy()), x)
    copied = xp.from_dlpack(array, copy=True)
    check(copied, x)
    assert array.__dlpack_device__() == (1, 0)
    if x.size:
        assert xp.from_dlpack(array).data_ptr() == array.data_ptr() != copied.data_ptr()


# Dtypes ---------------------------------------------------------------------------------------------------------------


@properties
@given(arrays(NUMERIC, small=True), DTYPES)
def test_astype(x: Numpy, dtype: str) -> None:
    array = ours(np.abs(x))
    check(xp.astype(array, dtype_of(dtype)), np.abs(x).astype(dtype))
    assert xp.astype(array, array.dtype, copy=False) is array
    assert xp.astype(array, array.dtype) is not array


@pytest.mark.parametrize("b", ALL)
@pytest.mark.parametrize("a", ALL)
def test_promotion(a: str, b: str) -> None:
    kinds = {"bool": "b", **dict.fromkeys(INTEGERS, "i"), **dict.fromkeys(FLOATS, "f")}
    found = xp.result_type(dtype_of(a), xp.ones((), dtype=dtype_of(b)))
    if kinds[a] == kinds[b]:
        assert found.name == strict.result_type(getattr(strict, a), getattr(strict, b))._np_dtype.name
        assert xp.can_cast(dtype_of(a), dtype_of(b)) is np.can_cast(a, b)
    assert xp.result_type(dtype_of(a), dtype_of(a), True) is dtype_of(a)


def test_numbers_in_promotion_count_by_kind() -> None:
    assert xp.result_type(xp.int8, 1) is xp.int8 and xp.result_type(xp.float64, 1.5, 2) is xp.float64
    with pytest.raises(ArgumentError, match="result_type: takes at least one array or dtype"):
        xp.result_type(1, 2.0)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_iinfo(dtype: str) -> None:
    for found in (xp.iinfo(dtype_of(dtype)), xp.iinfo(xp.ones(1, dtype=dtype_of(dtype)))):
        expected = np.iinfo(dtype)
        assert (found.bits, found.max, found.min) == (expected.bits, expected.max, expected.min)
        assert found.dtype is dtype_of(dtype)
    with pytest.raises(TypeError):
        xp.finfo(dtype_of(dtype))


@pytest.mark.parametrize("dtype", FLOATS)
def test_finfo(dtype: str) -> None:
    for found in (xp.finfo(dtype_of(dtype)), xp.finfo(xp.ones(1, dtype=dtype_of(dtype)))):
        for name in ("bits", "eps", "max", "min", "smallest_normal"):
            assert type(getattr(found, name)) is (int if name == "bits" else float)
            assert getattr(found, name) == getattr(np.finfo(dtype), name)
        assert found.dtype is dtype_of(dtype)
    with pytest.raises(TypeError):
        xp.iinfo(dtype_of(dtype))


@pytest.mark.parametrize("dtype", ALL)
def test_isdtype(dtype: str) -> None:
    kinds = ("bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating", "numeric")
    for kind in (*kinds, ("bool", "integral")):
        assert xp.isdtype(dtype_of(dtype), kind) is np.isdtype(np.dtype(dtype), kind)
    assert xp.isdtype(dtype_of(dtype), dtype_of(dtype)) and xp.isdtype(dtype_of(dtype), (xp.bool, dtype_of(dtype)))
    with pytest.raises(ValueError, match="isdtype: got kind 'real'"):
        xp.isdtype(dtype_of(dtype), "real")


def test_the_namespace_tells_its_dtypes() -> None:
    info = xp.__array_namespace_info__()
    assert info.dtypes() == {name: dtype_of(name) for name in signatures.DTYPES}
    assert info.dtypes(kind="complex floating") == {} and set(info.dtypes(kind=("bool", "real floating"))) == {
        *("bool", "float32", "float64")
    }
    assert info.default_dtypes() == {"real floating": xp.float32, "integral": xp.int64, "indexing": xp.int64}
    assert not [name for name in signatures.NO_DTYPES if hasattr(xp, name)]
    assert info.default_device() in info.devices()
    assert set(info.capabilities()) == {"boolean indexing", "data-dependent shapes", "max dimensions"}
    with pytest.raises(RangeError, match="dtypes: got kind 'real'"):
        info.dtypes(kind="real")


# The object -----------------------------------------------------------------------------------------------------------


@properties
@given(arrays())
def test_attributes(x: Numpy) -> None:
    array = ours(x)
    assert (array.size, array.ndim, tuple(array.shape)) == (x.size, x.ndim, x.shape)
    assert array.device == xp.__array_namespace_info__().default_device()
    assert array.__array_namespace__() is array.__array_namespace__(api_version="2024.12") is xp
    assert array.to_device("cpu") is array and array.to_device(array.device) is array
    if x.ndim == 2:
        check(array.T, x.T)
    else:
        with pytest.raises(ValueError, match="T: takes an array of two dimensions"):
            _ = array.T
    if x.ndim >= 2:
        check(array.mT, x.mT)
        check(xp.matrix_transpose(array), x.mT)
    with pytest.raises(ValueError, match="__array_namespace__: got version '2020"):
        array.__array_namespace__(api_version="2020.01")


@pytest.mark.parametrize("dtype", ALL)
def test_python_numbers_from_arrays_without_axes(dtype: str) -> None:
    x = xp.asarray(1, dtype=dtype_of(dtype))
    assert bool(x) is True and int(x) == 1 and float(x) == 1.0 and complex(x) == 1
    if dtype in INTEGERS:
        assert range(3)[x] == 1
    else:
        with pytest.raises(TypeError):
            range(3)[x]


def test_operators_give_arrays() -> None:
    x = xp.ones((2, 2))
    for result in (x + 1, 1 - x, -x, x @ x, x[0], x == x, x.T, *x, x[::-1], tl.ones(2, 2) * x):
        assert type(result) is xp.Array
    assert type(tl.sin(x)) is tl.Tensor and type(x.sum()) is tl.Tensor


@pytest.mark.parametrize("make", ["tl.ones(2)", "tl.linalg.inv(tl.eye(2))", "tl.Tensor.sum(tl.arange(3))"])
def test_every_tensor_names_the_namespace(make: str) -> None:
    """In a process of its own: nobody has asked for the namespace before."""
    code = f"import tensorlab as tl; print(({make}).__array_namespace__().__name__)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "tensorlab.array_api\n"


def test_gradients_flow_through_arrays() -> None:
    x = xp.asarray([1.0, 2.0, 3.0])
    x.requires_grad_()
    xp.sum(xp.square(x)[::-1] * xp.asarray([1.0, 0.0, 2.0])).backward()
    assert x.grad is not None and x.grad.tolist() == [4.0, 0.0, 6.0]

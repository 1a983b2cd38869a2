"""Every op against NumPy, for where PyTorch is not: values, and the dtypes that follow torch's rules, not NumPy's."""

import numpy as np
import pytest
from values import FLOATS, samples

import tensorlab as tl

UNARY = {
    "neg": np.negative,
    "abs": np.abs,
    "reciprocal": np.reciprocal,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "relu": lambda a: np.where(np.isnan(a), a, np.maximum(a, 0)),
}
BINARY = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "pow": np.power,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}
FOLDS = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "argmax": np.argmax, "argmin": np.argmin}
NEAR = {"float32": {"rtol": 2e-6, "atol": 1e-37}, "float64": {"rtol": 1e-14, "atol": 1e-300}}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", UNARY)
def test_functions(name, dtype):
    a = samples(dtype, (40,))
    with np.errstate(all="ignore"):
        expected = UNARY[name](a)
    np.testing.assert_allclose(getattr(tl, name)(tl.from_numpy(a)).numpy(), expected, **NEAR[dtype])


@pytest.mark.parametrize("name", ["sqrt", "exp", "tanh"])
def test_functions_of_integers_are_floats(name):
    result = getattr(tl, name)(tl.tensor([0, 1, 2]))
    assert result.dtype is tl.float32
    np.testing.assert_allclose(result.numpy(), UNARY[name](np.arange(3.0)), rtol=1e-6)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("dtypes", [("float32", "float32"), ("int64", "int64")], ids="-".join)
def test_two_operands(name, dtypes):
    a, b = (samples(d, (60,), seed) for seed, d in enumerate(dtypes))
    if name == "pow" and dtypes[0] == "int64":
        b = b.clip(0, 5)
    with np.errstate(all="ignore"):
        expected = BINARY[name](a, b)
    ours = getattr(tl, name)(tl.from_numpy(a), tl.from_numpy(b))
    wanted = tl.bool if expected.dtype == bool else tl.float32 if name == "div" else getattr(tl, dtypes[0])
    assert ours.dtype is wanted
    near = NEAR["float32"] if wanted is tl.float32 else {}
    np.testing.assert_allclose(ours.numpy(), expected.astype(wanted.numpy), **near)


def test_promotion_is_torchs():
    whole, half, byte = tl.tensor([1, 2]), tl.tensor([0.5, 1.5]), tl.tensor([1, 2], dtype=tl.uint8)
    assert (whole + half).dtype is tl.float32
    assert (byte * 300).tolist() == [44, 88]
    assert (whole * 0.5).dtype is tl.float32
    assert (half + tl.tensor(1.0, dtype=tl.float64)).dtype is tl.float32
    assert (tl.tensor([True]) + tl.tensor([True])).tolist() == [True]
    assert tl.where(whole > 1, whole, 0.5).tolist() == [0.5, 2.0]


@pytest.mark.parametrize("name", FOLDS)
@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_reductions(name, dtype):
    a = (np.random.default_rng(1).random((4, 5, 6)) * 100).astype(dtype)
    t = tl.from_numpy(a)
    for axis in (None, 0, 1, 2):
        if name == "mean" and dtype == "int64":
            with pytest.raises(tl.TensorlabError):
                t.mean(axis)
            continue
        ours = getattr(t, name)() if axis is None else getattr(t, name)(axis)
        values = ours.values if isinstance(ours, tuple) else ours
        np.testing.assert_allclose(values.numpy(), FOLDS[name](a, axis=axis), rtol=1e-6)


def test_clamp_where_softmax_matmul_and_cat():
    a = samples("float32", (30,))
    t = tl.from_numpy(a)
    np.testing.assert_array_equal(t.clamp(-1, 2).numpy(), np.clip(a, -1, 2))
    np.testing.assert_array_equal(tl.where(t > 0, t, 0.0).numpy(), np.where(a > 0, a, 0))
    rows = np.random.default_rng(2).standard_normal((3, 5)).astype(np.float32)
    weights = np.exp(rows - rows.max(1, keepdims=True))
    np.testing.assert_allclose(
        tl.from_numpy(rows).softmax(1).numpy(), weights / weights.sum(1, keepdims=True), rtol=1e-6
    )
    np.testing.assert_allclose((tl.from_numpy(rows) @ tl.from_numpy(rows.T)).numpy(), rows @ rows.T, rtol=1e-5)
    np.testing.assert_array_equal(tl.cat([t, t[:2]]).numpy(), np.concatenate([a, a[:2]]))

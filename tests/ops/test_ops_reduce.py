"""Reductions and softmax against torch: values, dtypes, strides, ties, NaN, no elements; and how exact sums are."""

import numpy as np
import pytest
from sides import FLOATS, agree, same_refusal, samples, sides, torch

import tensorlab as tl

pytestmark = pytest.mark.torch

FOLDS = ("sum", "mean", "max", "min", "argmax", "argmin")
ALL = ("bool", "uint8", "int64", "float32", "float64")


def check(ours, theirs, *, ulp: float = 4):
    if isinstance(theirs, tuple):
        assert repr(type(theirs)).endswith(f"return_types.{type(ours).__name__.lower()}'>")
        check(ours.values, theirs.values, ulp=0)
        check(ours.indices, theirs.indices, ulp=0)
        return
    agree(ours, theirs, ulp=ulp)


def compare(name, a, t, options):
    """Both refuse the call, or both give the same."""
    ours, theirs = getattr(a, name), getattr(t, name)
    if not same_refusal(lambda: ours(*options), lambda: theirs(*options)):
        check(ours(*options), theirs(*options))


def finite(dtype, shape):
    """Numbers of one size, so that the order of additions hardly matters."""
    generator = np.random.default_rng(7)
    if dtype in FLOATS:
        return (generator.random(shape) + 0.5).astype(dtype)
    return generator.integers(0, 2 if dtype == "bool" else 100, shape).astype(dtype)


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("name", FOLDS)
def test_over_everything_and_over_each_dimension(name, dtype):
    a, t = sides(finite(dtype, (4, 5, 6)))
    for options in ((), (0,), (1,), (-1,), (1, True)):
        compare(name, a, t, options)


@pytest.mark.parametrize("name", FOLDS)
@pytest.mark.parametrize(
    "seen",
    [
        lambda x: x.transpose(0, 2),
        lambda x: x[:, ::2],
        lambda x: x[1:, 1, :],
        lambda x: x[:1].expand(3, 5, 6),
        lambda x: x[:, :, 1],
        lambda x: x.permute(1, 2, 0),
    ],
    ids=["transposed", "stepped", "offset", "expanded", "column", "permuted"],
)
def test_however_the_input_lies(name, seen):
    a, t = map(seen, sides(finite("float32", (4, 5, 6))))
    for options in ((), (0,), (-1,), (1, True)):
        check(getattr(a, name)(*options), getattr(t, name)(*options))


@pytest.mark.parametrize("name", ["sum", "mean"])
@pytest.mark.parametrize("dims", [(0, 1), (0, 2), (1, 2), (0, 1, 2), (), (-1, 0), [1]], ids=str)
def test_over_several_dimensions(name, dims):
    a, t = sides(finite("float32", (4, 5, 6)))
    for keepdim in (False, True):
        check(getattr(a, name)(dims, keepdim), getattr(t, name)(dims, keepdim))


@pytest.mark.parametrize("name", FOLDS)
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3), (0, 0)], ids=str)
def test_nothing_to_reduce(name, shape):
    a, t = sides(np.zeros(shape, np.float32))
    for options in ((), *((d,) for d in range(len(shape)))):
        compare(name, a, t, options)


@pytest.mark.parametrize("name", FOLDS)
def test_without_dimensions(name):
    a, t = sides(np.array(2.5, np.float32))
    for options in ((), (0,), (-1,), (0, True), (1,)):
        compare(name, a, t, options)


@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin"])
@pytest.mark.parametrize(
    "values",
    [
        [1, np.nan, 3, np.nan],
        [np.nan, 5],
        [3, 1, 3, 1],
        [np.inf, -np.inf, np.inf],
        [-np.inf, -np.inf],
        [0.0, -0.0, 1, -1],
        [-1, -2, np.nan],
    ],
    ids=str,
)
def test_nan_wins_and_of_equals_the_first(name, values):
    row = np.array(values, np.float32)
    a, t = sides(row)
    check(getattr(a, name)(0), getattr(t, name)(0))
    check(getattr(a, name)(), getattr(t, name)())
    b, u = sides(np.stack([row, row[::-1]], axis=1))  # the same down columns
    check(getattr(b, name)(0), getattr(u, name)(0))


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@pytest.mark.parametrize("at", [0, 1, 2047, 2048, 2049, 4999])
def test_positions_far_into_a_row(name, at):
    values = np.full(5000, 0.5, np.float32)
    values[at:] = 1 if name == "argmax" else -1
    assert getattr(tl.from_numpy(values), name)().item() == at
    values[at] = np.nan
    assert getattr(tl.from_numpy(values), name)().item() == at


def test_sums_of_many_are_near_the_exact_one():
    """Blocks of 512 in single precision go into a double: the error is that of a block, not of ten million terms."""
    values = np.random.default_rng(3).random(10_000_000, np.float32)
    exact = values.sum(dtype=np.float64)
    assert abs(tl.from_numpy(values).sum().item() - exact) <= 2e-7 * exact
    assert abs(tl.from_numpy(values).mean().item() * values.size - exact) <= 2e-7 * exact
    columns = values.reshape(-1, 10)
    np.testing.assert_allclose(tl.from_numpy(columns).sum(0).numpy(), columns.sum(0, dtype=np.float64), rtol=1e-7)


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("wanted", ["bool", "uint8", "int64", "float32", "float64"])
@pytest.mark.parametrize("name", ["sum", "mean"])
def test_in_another_dtype(name, dtype, wanted):
    a, t = sides(finite(dtype, (30,)) / 2 if dtype in FLOATS else finite(dtype, (30,)))
    ours = lambda: getattr(a, name)(dtype=getattr(tl, wanted))
    theirs = lambda: getattr(t, name)(dtype=getattr(torch, wanted))
    if not same_refusal(ours, theirs):
        check(ours(), theirs())


def test_integer_sums_wrap_around():
    a, t = sides(np.array([2**62, 2**62, 2**62]))
    agree(a.sum(), t.sum())
    assert a.sum().dtype is tl.int64
    assert tl.tensor([True, True]).sum().tolist() == 2


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(6,), (3, 5), (2, 3, 4), (), (0, 3), (1000,)], ids=str)
def test_softmax(dtype, shape):
    a, t = sides(samples(dtype, shape) if len(shape) < 2 else finite(dtype, shape) * 20)
    for dim in range(-1, max(1, len(shape))):
        agree(tl.softmax(a, dim), torch.softmax(t, dim), ulp=16)
    agree(a.clamp(-3, 3).softmax(0, dtype=tl.float64), t.clamp(-3, 3).softmax(0, dtype=torch.float64), ulp=16)


def test_softmax_of_large_numbers_and_of_a_transposed_matrix():
    a, t = sides(np.array([[1000.0, 1001.0], [-1000.0, 0.0]], np.float32))
    agree(a.softmax(1), t.softmax(1), ulp=4)
    agree(a.t().softmax(0), t.t().softmax(0), ulp=4)
    np.testing.assert_allclose(tl.rand(50, 7).softmax(1).sum(1).numpy(), 1, rtol=1e-6)

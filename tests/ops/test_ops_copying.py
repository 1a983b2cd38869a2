"""Conversions, copies and in-place arithmetic against torch: values, versions, memory, and what is refused."""

import numpy as np
import pytest
from sides import DTYPES, agree, same_refusal, samples, sides, torch

import tensorlab as tl

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("target", DTYPES)
@pytest.mark.parametrize("source", DTYPES)
def test_conversions(source, target):
    values = samples(source, (40,))
    if values.dtype.kind == "f" and target not in ("bool", "float32", "float64"):
        values = values[np.abs(values) < 200]  # beyond the dtype no one answer is right, and NaN has none
    a, t = sides(values)
    agree(a.to(getattr(tl, target)), t.to(getattr(torch, target)))


def test_to_gives_the_tensor_itself_where_nothing_changes():
    a = tl.ones(3)
    assert a.to(tl.float32) is a
    assert a.to("cpu") is a
    assert a.to(tl.ones(1)) is a
    assert a.to(tl.float32, copy=True).storage() is not a.storage()
    assert a.float() is a
    assert [a.double().dtype, a.int().dtype, a.long().dtype, a.byte().dtype, a.bool().dtype] == [
        *(tl.float64, tl.int32, tl.int64, tl.uint8, tl.bool)
    ]


def test_contiguous_copies_only_what_is_not():
    a = tl.rand(2, 3)
    assert a.contiguous() is a
    assert a.t().contiguous().stride() == (2, 1)
    assert a.t().contiguous().tolist() == a.t().tolist()


@pytest.mark.parametrize("shape", [(3,), (1,), (), (2, 3), (1, 3), (2, 1), (2,), (3, 2), (1, 2, 3)], ids=str)
def test_copy_broadcasts(shape):
    a, t = sides(np.zeros((2, 3), np.float32))
    b, u = sides(np.arange(1, 1 + np.prod(shape, dtype=int)).reshape(shape))
    if not same_refusal(lambda: a.copy_(b), lambda: t.copy_(u)):
        agree(a, t)
        assert a._version == 1


@pytest.mark.parametrize("value", [0, 7, -1, 2.7, 300, float("nan"), float("inf"), True, 1e300], ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_fill(dtype, value):
    a, t = sides(samples(dtype, (4,)))
    if dtype == "float32" and value == 1e300:
        return  # torch refuses what a float32 cannot hold here, and makes it inf in arithmetic; it is inf to us
    if not same_refusal(lambda: a.fill_(value), lambda: t.fill_(value)):
        agree(a, t)


IN_PLACE = ("add_", "sub_", "mul_", "div_", "pow_")


@pytest.mark.parametrize("name", IN_PLACE)
@pytest.mark.parametrize(
    ("target", "other"),
    [
        *(("float32", "float64"), ("float32", "int64"), ("int64", "float32"), ("uint8", "int32"), ("bool", "bool")),
        *(("float32", 2), ("int64", 1.5), ("uint8", 300), ("bool", 1)),
    ],
)
def test_in_place_arithmetic(name, target, other):
    a, t = sides(samples(target, (20,)))
    b, u = (
        sides(np.abs(samples(other, (20,), 1)).clip(0, 4).astype(other)) if isinstance(other, str) else (other, other)
    )
    if same_refusal(lambda: getattr(a, name)(b), lambda: getattr(t, name)(u)):
        return
    agree(a, t, ulp=2)
    for _ in range(2):  # again, now by the short cut
        assert getattr(a, name)(b) is a
        getattr(t, name)(u)
    agree(a, t, ulp=8)
    assert a._version == t._version


@pytest.mark.parametrize("name", ["neg_", "abs_", "reciprocal_", "exp_", "log_", "sqrt_", "tanh_", "sigmoid_", "relu_"])
@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_in_place_functions(name, dtype):
    a, t = sides(samples(dtype, (20,)))
    if same_refusal(lambda: getattr(a, name)(), lambda: getattr(t, name)()):
        return
    agree(a, t, ulp=5)
    assert getattr(a, name)() is a
    assert a._version == 2


def test_in_place_writes_through_views_and_keeps_what_is_beside_them():
    a, t = sides(np.arange(12, dtype=np.float32).reshape(3, 4))
    for x, library in ((a, tl), (t, torch)):
        x[:, ::2].mul_(10)
        x.t()[1] += 100
        x[1:2].sub_(library.ones(4), alpha=2)
        x.view(12)[3:5].clamp_(0, 5)
        x[2] **= 2
        x[0] /= 4
    agree(a, t)
    assert a._version == t._version == 9  # ``x[2] **= 2`` writes in place, and then sets the item


def test_a_tensor_used_on_both_sides():
    a, t = sides(np.arange(1, 7, dtype=np.float32).reshape(2, 3))
    for x in (a, t):
        x.add_(x)
        x.mul_(x)
        x[1].sub_(x[0])
    agree(a, t)


def test_version_counts_only_writes_that_happened():
    a = tl.ones(3)
    for refused in (
        lambda: a.add_(tl.ones(4)),
        lambda: a.int().add_(1.5),
        lambda: a.copy_(tl.ones(2)),
        lambda: a.add_(None),
    ):
        with pytest.raises(tl.TensorlabError):
            refused()
    assert a._version == 0
    assert a.tolist() == [1, 1, 1]
    a.zero_()
    a[1] = 5
    a[:0] = 1  # nothing is written, but the write took place, as in torch
    assert a._version == 3

"""Sorting, searching and order statistics beyond the oracle's rows: names of results, equals, NaN, texts of errors."""

import numpy as np
import pytest

import tensorlab as tl

X = tl.tensor([[3.0, 1.0, 2.0], [5.0, 4.0, 9.0]])


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: X.sort(), "sort"),
        (lambda: X.topk(1), "topk"),
        (lambda: X.kthvalue(1), "kthvalue"),
        (lambda: X.median(1), "median"),
        (lambda: X.nanmedian(1), "nanmedian"),
        (lambda: X.mode(), "mode"),
        (lambda: X.max(1), "max"),
        (lambda: X.min(1), "min"),
        (lambda: X.cummax(1), "cummax"),
        (lambda: X.cummin(1), "cummin"),
    ],
)
def test_results_have_names_and_say_them(call, name):
    found = call()
    assert repr(found).startswith(f"tensorlab.return_types.{name}(\nvalues=tensor(")
    assert found.values is found[0]
    assert found.indices is found[1]
    assert found.indices.dtype is tl.int64


def test_aminmax_has_its_own_names():
    assert repr(tl.aminmax(X)) == "tensorlab.return_types.aminmax(\nmin=tensor(1.),\nmax=tensor(9.))"


@pytest.mark.parametrize("descending", [False, True])
def test_equals_keep_their_order(descending):
    keys = tl.tensor(np.random.default_rng(0).integers(0, 5, 200))
    places = tl.sort(keys, stable=True, descending=descending).indices.numpy()
    ordered = keys.numpy()[places]
    for value in range(5):
        assert (np.diff(places[ordered == value]) > 0).all()


def test_nan_is_the_largest():
    a = tl.tensor([1.0, float("nan"), 3.0])
    assert a.sort().indices.tolist() == [0, 2, 1]
    assert a.sort(descending=True).indices.tolist() == [1, 2, 0]
    assert a.topk(1).indices.tolist() == [1]
    assert a.topk(1, largest=False).indices.tolist() == [0]
    assert a.median().isnan().item()
    assert a.nanmedian().item() == 1


def test_quantiles_of_lanes_with_nan():
    a = tl.tensor([[1.0, 2.0, 3.0], [1.0, float("nan"), 3.0]])
    assert str(tl.quantile(a, 0.5, 1).tolist()) == "[2.0, nan]"
    assert tl.nanquantile(a, 0.5, 1).tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: X.topk(4), ValueError, "topk: selected index k out of range: got 4 for shape [2, 3], dim -1"),
        (
            lambda: X.kthvalue(0),
            ValueError,
            "kthvalue: selected number k out of range for dimension 1: got 0 for [2, 3]",
        ),
        (
            lambda: tl.quantile(X, 2.0),
            ValueError,
            "quantile: q values must be in the range [0, 1], got 2.0",
        ),
        (
            lambda: tl.searchsorted(tl.zeros(2, 3), tl.zeros(3, 3)),
            ValueError,
            "searchsorted: boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor "
            "and input value tensor must match, but we got boundaries tensor [2, 3] and input value tensor [3, 3]",
        ),
        (
            lambda: tl.bincount(tl.tensor([-1])),
            ValueError,
            "bincount: bincount only supports 1-d non-negative integral inputs, got shape [1]",
        ),
        (lambda: tl.histc(X, 0), ValueError, "histc: bins must be > 0, got 0"),
        (lambda: tl.diff(tl.tensor(1.0)), ValueError, "diff: diff expects input to be at least one-dimensional"),
        (
            lambda: tl.norm(X, "nuc"),
            TypeError,
            "norm: argument 'p' takes a number or 'fro', got 'nuc'",
        ),
        (
            lambda: tl.var(tl.tensor([1, 2])),
            TypeError,
            "var: std and var only support floating point and complex dtypes, got int64",
        ),
    ],
)
def test_what_is_refused_says_why(call, error, text):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == text
    assert isinstance(caught.value, tl.TensorlabError)


def test_gradients_of_ties_are_shared():
    a = tl.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]).requires_grad_()
    a.amax(1).sum().backward()
    np.testing.assert_allclose(a.grad.numpy(), [[0, 0.5, 0.5], [1 / 3] * 3], rtol=1e-6)
    b = tl.tensor([1.0, 3.0, 3.0]).requires_grad_()
    b.max().backward()
    assert b.grad.tolist() == [0, 0.5, 0.5]

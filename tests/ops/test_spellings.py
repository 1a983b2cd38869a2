"""NumPy's spellings of arguments, where torch takes them."""

import numpy as np
import pytest

import tensorlab as tl

torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")

VALUES = np.array([[[3.0, 1.0, 2.0]], [[0.0, 5.0, 4.0]]])
KEEP = ("sum", "nansum", "mean", "nanmean", "prod", "amax", "amin", "all", "any", "argmax", "argmin", "std", "var")
KEEP += ("max", "min", "median", "nanmedian", "mode", "aminmax", "logsumexp")
PLAIN = ("cumsum", "cumprod", "cummax", "logcumsumexp", "softmax", "log_softmax", "argsort", "sort", "count_nonzero")
PLAIN += ("squeeze", "unsqueeze", "unbind", "diff")
IN_PLACE = ("cumsum_", "cumprod_", "squeeze_", "unsqueeze_")
CALLS = [(name, {"axis": 0, "keepdims": True}) for name in KEEP]
CALLS += [(name, {"axis": -1, "keepdim": True}) for name in KEEP]
CALLS += [(name, {"axis": 1}) for name in PLAIN]
CALLS += [("sum", {"axis": (0, 2)}), ("squeeze", {"axis": (0, 1)}), ("amax", {"axis": (0, 1), "keepdims": True})]


def lists(found):
    return [part.tolist() for part in found] if isinstance(found, tuple) else found.tolist()


def same(mine, theirs):
    np.testing.assert_allclose(lists(mine), lists(theirs))


@pytest.mark.parametrize(("name", "options"), CALLS, ids=lambda v: v if isinstance(v, str) else "-".join(v))
def test_functions_and_methods_take_them_as_torch_does(name, options):
    x, y = tl.tensor(VALUES), torch.tensor(VALUES)
    same(getattr(tl, name)(x, **options), getattr(torch, name)(y, **options))
    same(getattr(x, name)(**options), getattr(y, name)(**options))


@pytest.mark.parametrize("name", IN_PLACE)
def test_methods_in_place_take_them(name):
    x, y = tl.tensor(VALUES), torch.tensor(VALUES)
    same(getattr(x, name)(axis=1), getattr(y, name)(axis=1))


@pytest.mark.parametrize("name", ["var_mean", "std_mean"])
def test_functions_of_two_results_take_them(name):
    options = {"axis": 2, "keepdims": True, "correction": 0}
    same(getattr(tl, name)(tl.tensor(VALUES), **options), getattr(torch, name)(torch.tensor(VALUES), **options))
    same([tl.trapezoid(tl.tensor(VALUES), axis=0)][0], torch.trapezoid(torch.tensor(VALUES), axis=0))


def test_with_out():
    out = tl.empty(2, 1)
    tl.sum(tl.ones(2, 3), axis=1, keepdims=True, out=out)
    assert out.tolist() == [[3.0], [3.0]]


def test_an_argument_is_given_once():
    with pytest.raises(tl.TensorlabError, match=r"^sum: got argument 'dim' twice, once as 'axis'$"):
        tl.sum(tl.ones(2), dim=0, axis=0)
    with pytest.raises(tl.TensorlabError, match=r"^argsort: got argument 'dim' twice, once as 'axis'$"):
        tl.argsort(tl.ones(2), dim=0, axis=0)
    with pytest.raises(TypeError, match="multiple values for argument 'dim'"):
        tl.sum(tl.ones(2), 0, axis=0)


def test_a_function_without_dimensions_takes_none():
    with pytest.raises(TypeError, match="unexpected keyword argument 'axis'"):
        tl.exp(tl.ones(2), axis=0)

"""torch's old constructor, in torch's meaning."""

import numpy as np
import pytest

import tensorlab as tl

torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")

SIZES = [(), (3,), (2, 3), (2, 3, 0), (0,), (2, 1, 1, 2, 2, 1), (np.int64(2), 2)]
DATA = [[1, 2], (1, 2.5), [[1, 2], [3, 4]], [], [True, False], range(3), np.array([[1, 2]]), np.array([1.5])]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_sizes(sizes):
    mine, theirs = tl.Tensor(*sizes), torch.Tensor(*sizes)
    assert (type(mine), mine.dtype, tuple(mine.shape)) == (tl.Tensor, tl.float32, tuple(theirs.shape))
    assert mine.fill_(2).tolist() == theirs.fill_(2).tolist()


@pytest.mark.parametrize("data", DATA, ids=str)
def test_data(data):
    mine = tl.Tensor(data)
    assert (mine.dtype, mine.tolist()) == (tl.float32, torch.Tensor(data).tolist())
    assert (mine.is_leaf, mine.requires_grad, mine._base) == (True, False, None)


def test_an_array_is_copied():
    array = np.ones(2, np.float32)
    x = tl.Tensor(array)
    x.add_(1)
    assert array.tolist() == [1.0, 1.0]


def test_a_size_is_sizes():
    assert tl.Tensor(tl.Size((2, 3))).shape == (2, 3)


def test_a_tensor_is_itself_again():
    x = tl.ones(2, requires_grad=True).mul(1)
    y = tl.Tensor(x)
    assert y is not x
    assert y.requires_grad
    y.detach().add_(1)
    assert (x.tolist(), x._version, y._version) == ([2.0, 2.0], 1, 1)
    assert tl.Tensor(tl.tensor([1, 2])).dtype is tl.int64


def test_the_default_dtype_is_used():
    tl.set_default_dtype(tl.float64)
    try:
        assert (tl.Tensor(2).dtype, tl.Tensor([1]).dtype) == (tl.float64, tl.float64)
    finally:
        tl.set_default_dtype(tl.float32)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((2.5,), "Tensor: data must be a sequence (got float)"),
        ((True,), "Tensor: data must be a sequence (got bool)"),
        ((None,), "Tensor: data must be a sequence (got NoneType)"),
        (({1: 2},), "Tensor: data must be a sequence (got dict)"),
        ((tl.ones(1).storage(),), "Tensor: data must be a sequence (got Storage)"),
    ],
    ids=["float", "bool", "None", "dict", "storage"],
)
def test_what_is_neither(given, message):
    with pytest.raises(tl.TensorlabError) as error:
        tl.Tensor(*given)
    assert str(error.value) == message


@pytest.mark.parametrize("given", [(2, 3.0), (2, [1]), (2, -1), (2, None, 3), (tl.ones(1), 3), ([1], 2)], ids=str)
def test_what_torch_refuses_too(given):
    with pytest.raises((TypeError, RuntimeError)):
        torch.Tensor(*[torch.ones(1) if isinstance(g, tl.Tensor) else g for g in given])
    with pytest.raises(tl.TensorlabError):
        tl.Tensor(*given)

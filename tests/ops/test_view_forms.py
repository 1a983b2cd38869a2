"""Views whose place depends on the storage, properties that are views, and what only one kind of tensor refuses."""

import numpy as np
import pytest
from sides import torch

import tensorlab as tl

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore:The use of `x.T`")]


def facts(x):
    return tuple(x.shape), tuple(x.stride()), x.storage_offset(), x.tolist()


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x.as_strided((2, 3), (1, 2), 3),
        lambda x: x[2:].as_strided((2, 2), (5, 1)),
        lambda x: x[2:].as_strided((2, 2), (5, 1), 0),
        lambda x: x[1:, 1:].as_strided((), ()),
        lambda x: x.T,
        lambda x: x.H,
        lambda x: x.mT,
        lambda x: x.mH,
        lambda x: x.view(1, 4, 5).mT,
        lambda x: x.view(2, 2, 5).T,
        lambda x: x[:, 1:].real,
        lambda x: x.unfold(1, 2, 2),
    ],
)
def test_a_view_lies_where_torch_puts_it(make):
    ours, theirs = make(tl.arange(20.0).view(4, 5)), make(torch.arange(20.0).view(4, 5))
    assert facts(ours) == facts(theirs)


@pytest.mark.parametrize(
    ("shape", "index", "have", "want"),
    [
        ((2, 4), (), "float32", "float64"),
        ((2, 4), (), "float32", "int32"),
        ((2, 4), (), "float64", "uint8"),
        ((4, 8), (slice(None), slice(2, 6)), "int16", "int64"),
        ((4, 8), (slice(None), slice(1, 5)), "int16", "int32"),
        ((4, 8), (slice(None), slice(None, None, 2)), "int32", "uint8"),
        ((3, 3), (), "float32", "float64"),
        ((), (), "float32", "int64"),
        ((), (), "float32", "int32"),
        ((5,), (), "bool", "uint8"),
    ],
)
def test_bytes_as_another_dtype(shape, index, have, want):
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(have)
    ours, theirs = tl.tensor(array)[index], torch.tensor(array)[index]
    try:
        wanted = theirs.view(getattr(torch, want))
    except RuntimeError as error:
        with pytest.raises(tl.TensorlabError) as caught:
            ours.view(getattr(tl, want))
        assert str(caught.value) == f"view: {error}"
        return
    found = ours.view(getattr(tl, want))
    assert facts(found) == facts(wanted)
    assert found.storage() is ours.storage()
    assert found._base is (ours if ours._base is None else ours._base)


def test_views_say_of_what_they_are_views():
    x = tl.zeros(2, 3)
    assert x._base is None
    assert x.t()._base is x
    assert x.t()[0]._base is x
    assert all(
        part._base is x for part in (*x.split(1), *x.unbind(), x.unfold(1, 2, 1), x.diagonal(), x.narrow(0, 0, 1))
    )
    assert x.detach()._base is None
    assert x.contiguous() is x
    assert x.real is x
    assert x.t().is_set_to(x.t())
    assert not x.t().is_set_to(x)
    assert (x.nelement(), x.ndimension(), x.element_size(), x.nbytes) == (6, 2, 4, 24)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda x: x.split(0), "split: split_size can only be 0 if dimension size is 0, but got dimension size of 2"),
        (
            lambda x: x.split([1, 2]),
            "split_with_sizes: expects split_sizes to sum exactly to 2 (input tensor's size at dimension 0), but got "
            "split_sizes=[1, 2]",
        ),
        (lambda x: x.narrow(1, 2, 2), "narrow: start (2) + length (2) exceeds dimension size (3)."),
        (lambda x: x.squeeze((0, 0)), "squeeze: dim 0 appears multiple times in the list of dims"),
        (lambda x: x.diagonal(0, 1, 1), "diagonal: diagonal dimensions cannot be identical 1, 1"),
        (lambda x: x.unfold(0, 3, 1), "unfold: maximum size for tensor at dimension 0 is 2 but size is 3"),
        (lambda x: x[0].mT, "mT: only supported on matrices or batches of matrices, got a 1-D tensor"),
        (lambda x: x.view_as(3), "view_as: argument 'other' takes a Tensor, got int"),
        (
            lambda x: x.as_strided((2, 2), (9, 1)),
            "as_strided: sizes [2, 2], strides [9, 1], storage offset 0, and itemsize 4 requiring a storage size of 44 "
            "are out of bounds for storage of size 24",
        ),
        (lambda x: tl.cat([]), "cat: expected a non-empty list of Tensors"),
        (lambda x: tl.cat([x, 1]), "cat: argument 'tensors' takes Tensors, got int at position 1"),
        (
            lambda x: tl.stack([x, x.t()]),
            "stack: expects each tensor to be equal size, but got [2, 3] at entry 0 and [3, 2] at entry 1",
        ),
        (lambda x: x.flip(0, 0), "flip: dim 0 appears multiple times in the list of dims"),
        (lambda x: x.repeat(2), None),
    ],
)
def test_what_is_refused_and_why(call, text):
    with pytest.raises(tl.TensorlabError) as caught:
        call(tl.zeros(2, 3))
    assert str(caught.value) == (
        text
        or "repeat: number of dimensions of repeat dims (1) can not be smaller than number of dimensions of tensor (2)"
    )


def test_a_list_of_views_is_traced_and_runs_compiled():
    def function(x):
        first, second = x.split(2)
        return tl.cat([a * 2 for a in (first + second).unbind()])

    x = tl.arange(12.0).view(4, 3)
    traced = tl.jit.trace(function, (x,))
    assert traced(x + 1).tolist() == function(x + 1).tolist()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
@pytest.mark.parametrize(
    ("shape", "order"),
    [((70, 90), (1, 0)), ((3, 65, 33), (2, 1, 0)), ((3, 40, 5, 66), (0, 3, 1, 2)), ((17, 4096), (1, 0))],
)
def test_copies_in_tiles_are_copies(shape, order, dtype):
    array = np.random.default_rng(0).integers(0, 100, shape).astype(dtype)
    np.testing.assert_array_equal(tl.tensor(array).permute(order).contiguous().numpy(), array.transpose(order))

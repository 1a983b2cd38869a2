"""Gather, scatter, embedding and masks beyond the oracle's rows: error texts, and gradients that torch has not."""

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import AliasError, ArgumentError, DimError, DTypeError, RangeError, ShapeError

X = tl.arange(12).view(3, 4).float()


def at(*values, dtype=tl.int64):
    return tl.tensor(list(values), dtype=dtype)


MESSAGES = {
    "gather above": (
        lambda: X.gather(1, at([4])),
        DimError,
        "gather: index 4 is out of bounds for dimension 1 with size 4",
    ),
    "gather below": (
        lambda: X.gather(0, at([-1])),
        DimError,
        "gather: index -1 is out of bounds for dimension 0 with size 3",
    ),
    "gather dims": (
        lambda: X.gather(1, at(0)),
        ShapeError,
        "gather: Index tensor must have the same number of dimensions as input tensor",
    ),
    "gather size": (
        lambda: X.gather(0, tl.zeros(3, 5, dtype=tl.int64)),
        ShapeError,
        "gather: Size does not match at dimension 1 expected index [3, 5] to be no larger than self [3, 4] apart from "
        "dimension 0",
    ),
    "gather dtype": (
        lambda: X.gather(1, at([0], dtype=tl.int16)),
        DTypeError,
        "gather: Expected dtype int32/int64 for index, got int16",
    ),
    "gather sparse": (
        lambda: X.gather(1, at([0]), sparse_grad=True),
        ArgumentError,
        "gather: sparse_grad=True is not taken: there are no sparse tensors",
    ),
    "scatter src": (
        lambda: X.scatter(1, at([0, 1], [1, 2]), tl.ones(1, 2)),
        ShapeError,
        "scatter: Expected index [2, 2] to be no larger than self [3, 4] apart from dimension 1 and to be no larger "
        "size than src [1, 2]",
    ),
    "scatter dtype": (
        lambda: X.scatter(1, at([0]), tl.ones(1, 1, dtype=tl.float64)),
        DTypeError,
        "scatter: Expected self.dtype to be equal to src.dtype, got float32 and float64",
    ),
    "scatter reduce": (
        lambda: X.scatter(1, at([0]), 1.0, reduce="mean"),
        ArgumentError,
        "scatter: reduce argument must be either add or multiply, got 'mean'",
    ),
    "scatter number": (
        lambda: X.to(tl.uint8).scatter(1, at([0]), 300),
        RangeError,
        "scatter: value 300 cannot be converted to uint8 without overflow",
    ),
    "take": (
        lambda: X.take(at(12)),
        DimError,
        "take: out of range: tried to access index 12 on a tensor of 12 elements.",
    ),
    "take of nothing": (lambda: X[:0].take(at(0)), DimError, "take: tried to take from an empty tensor"),
    "index_add": (
        lambda: X.index_add(0, at(0, 0), tl.ones(3, 4)),
        ShapeError,
        "index_add: Number of indices (2) should be equal to source.size(dim): (3), for dim: 0",
    ),
    "mask": (
        lambda: X.masked_fill(X, 1),
        DTypeError,
        "masked_fill: only supports boolean masks, but got mask with dtype float32",
    ),
    "masked_scatter": (
        lambda: X.masked_scatter(X > 3, tl.ones(2)),
        ShapeError,
        "masked_scatter: Number of elements of source < number of ones in mask: 2 and 8",
    ),
    "padding": (
        lambda: tl.nn.functional.embedding(at(0), X, padding_idx=5),
        RangeError,
        "embedding: Padding_idx must be within num_embeddings, got 5 of 3",
    ),
    "overlap": (
        lambda: tl.ones(1).expand(3).scatter_(0, at(0), 1.0),
        AliasError,
        "scatter_: unsupported operation: more than one element of the written-to tensor refers to a single memory "
        "location: shape (3,), strides (0,). Please clone() the tensor first.",
    ),
    "where of two": (
        lambda: tl.where(X > 1, X),
        ArgumentError,
        "where: takes a condition alone, or both 'input' and 'other'",
    ),
}


@pytest.mark.parametrize(("call", "kind", "text"), MESSAGES.values(), ids=MESSAGES)
def test_message(call, kind, text):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text


@pytest.mark.parametrize("write", ["scatter_", "scatter_add_", "index_copy_", "put_"])
def test_nothing_is_written_where_an_index_is_refused(write):
    x = tl.zeros(3)
    arguments = (at(0, 5), tl.ones(2)) if write == "put_" else (0, at(0, 5), tl.ones(2))
    with pytest.raises(DimError):
        getattr(x, write)(*arguments)
    assert x.tolist() == [0, 0, 0]
    assert x._version == 0


def test_the_last_of_several_writes_to_one_place_stays():
    assert tl.zeros(2).scatter(0, at(1, 1, 1), tl.tensor([1.0, 2.0, 3.0])).tolist() == [0, 3]
    assert tl.zeros(2).index_copy(0, at(1, 1), tl.tensor([1.0, 2.0])).tolist() == [0, 2]


def test_a_source_may_lie_in_what_is_written_to():
    x = tl.arange(5)
    x.scatter_(0, at(1, 2, 3, 4), x[:4])
    assert x.tolist() == [0, 0, 1, 2, 3]


@pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax", "amin"])
def test_what_is_not_used_of_a_larger_source_has_gradient_zero(reduce):
    x = tl.ones(3, 3, dtype=tl.float64) * 2
    source = tl.arange(9).view(3, 3).double() + 1
    source.requires_grad_()
    x.scatter_reduce(0, at([0, 1], [2, 1]), source, reduce).sum().backward()
    grad = source.grad.numpy()
    assert (grad[2:] == 0).all()
    assert (grad[:, 2:] == 0).all()
    assert grad[:2, :2].any()


def test_the_padding_of_an_embedding_gets_no_gradient():
    weight = tl.ones(3, 2)
    weight.requires_grad_()
    tl.nn.functional.embedding(at(0, 2, 2), weight, padding_idx=-1).sum().backward()
    np.testing.assert_array_equal(weight.grad.numpy(), [[1, 1], [0, 0], [0, 0]])


def test_rows_that_are_taken_twice_add_up():
    weight = tl.ones(3, 2)
    weight.requires_grad_()
    tl.nn.functional.embedding(at(0, 2, 2), weight).sum().backward()
    np.testing.assert_array_equal(weight.grad.numpy(), [[1, 1], [0, 0], [2, 2]])

"""Shapes and strides: broadcasting against NumPy, views against torch, overlap and walks against every address."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from tensorlab.core.dtype import float32, int64
from tensorlab.core.layout import layout
from tensorlab.core.shape import (
    Size,
    broadcast_shapes,
    broadcast_strides,
    coalesce,
    contiguous_strides,
    infer_size,
    is_contiguous,
    is_dense,
    loop_order,
    may_overlap,
    view_strides,
    wrap_dim,
)
from tensorlab.errors import DimError, ShapeError

SIZES = st.lists(st.integers(0, 4), max_size=4).map(tuple)


@st.composite
def strided(draw, low=-3):
    shape = draw(SIZES)
    return shape, tuple(draw(st.integers(low, 12)) for _ in shape)


def addresses(shape, strides):
    return [sum(i * s for i, s in zip(index, strides, strict=True)) for index in itertools.product(*map(range, shape))]


@given(mutually_broadcastable_shapes(num_shapes=3, max_dims=4, min_side=0))
def test_broadcasting_is_numpys(shapes):
    result = broadcast_shapes(*shapes.input_shapes, op="test")
    assert result == shapes.result_shape
    for shape in shapes.input_shapes:
        strides = broadcast_strides(shape, contiguous_strides(shape), result)
        array = np.arange(np.prod(shape, dtype=int)).reshape(shape)
        assert addresses(result, strides) == np.broadcast_to(array, result).ravel().tolist()


@given(SIZES, SIZES)
def test_what_numpy_does_not_broadcast_is_refused(a, b):
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        with pytest.raises(ShapeError, match=r"^op: the size of tensor a \(\d\) must match the size of tensor b"):
            broadcast_shapes(a, b, op="op")
    else:
        assert broadcast_shapes(a, b, op="op") == np.broadcast_shapes(a, b)


@given(SIZES)
def test_contiguous_strides_count_through(shape):
    strides = contiguous_strides(shape)
    assert addresses(shape, strides) == list(range(np.prod(shape, dtype=int)))
    assert is_contiguous(shape, strides)
    assert is_dense(shape, strides) or 0 in shape


@given(strided())
def test_dense_is_every_address_once_from_the_lowest_on(case):
    shape, strides = case
    assume(0 not in shape)
    found = addresses(shape, strides)
    assert is_contiguous(shape, strides) == (found == list(range(len(found))))
    assert is_dense(shape, strides) == (sorted(found) == list(range(len(found))))


@given(strided())
def test_overlap_is_never_missed(case):
    shape, strides = case
    found = addresses(shape, strides)
    if len(set(found)) < len(found):
        assert may_overlap(shape, strides)


@given(
    st.permutations(range(3)),
    st.lists(st.integers(1, 4), min_size=3, max_size=3),
    st.lists(st.integers(1, 3), min_size=3, max_size=3),
)
def test_overlap_is_not_suspected_where_strides_nest(order, sizes, gaps):
    strides, step = [0] * 3, 1
    for d in order:
        strides[d] = step * gaps[d]
        step = strides[d] * sizes[d]
    assert not may_overlap(sizes, strides)


@given(strided())
def test_a_layout_knows_how_far_it_reaches(case):
    shape, strides = case
    form = layout(int64, shape, strides)
    found = addresses(shape, strides)
    assert (form.first, form.last) == ((min(found), max(found)) if found else (0, 0))
    assert form.span == ((8 * min(found), 8 * max(found) + 8) if found else (0, 0))
    assert layout(int64, shape, strides) is form
    assert (form.numel, form.nbytes) == (len(found), 8 * len(found))


@settings(max_examples=200)
@given(strided(low=0), st.data())
def test_view_strides_show_the_same_elements_and_are_found_where_torch_finds_them(case, data):
    torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")
    shape, strides = case
    numel = int(np.prod(shape, dtype=int))
    to = (
        data.draw(SIZES.filter(lambda s: np.prod(s, dtype=int) == numel))
        if numel
        else data.draw(SIZES.map(lambda s: (0, *s)))
    )
    found = view_strides(shape, strides, to)
    base = torch.arange(200)
    try:
        expected = base.as_strided(shape, strides).view(to)
    except RuntimeError:
        assert found is None
        return
    assert found is not None
    assert addresses(to, found) == addresses(shape, strides)
    assert [s for n, s in zip(to, found, strict=True) if n > 1] == [
        s for n, s in zip(to, expected.stride(), strict=True) if n > 1
    ] or not numel


@given(strided(), st.data())
def test_a_coalesced_walk_meets_the_same_addresses_in_the_same_order(case, data):
    shape, strides = case
    other = tuple(data.draw(st.integers(-3, 12)) for _ in shape)
    sizes, (first, second) = coalesce(shape, [strides, other])
    assert addresses(sizes, first) == addresses(shape, strides)
    assert addresses(sizes, second) == addresses(shape, other)
    assert len(sizes) <= len(shape)


@given(st.permutations(range(4)), st.lists(st.integers(2, 4), min_size=4, max_size=4))
def test_the_loop_walks_a_permuted_tensor_in_the_order_of_its_memory(order, sizes):
    strides = [0] * 4
    for d, s in zip(order, contiguous_strides([sizes[d] for d in order]), strict=True):
        strides[d] = s
    assert loop_order(sizes, [strides]) == tuple(order)


@pytest.mark.parametrize(
    ("shape", "numel", "result"),
    [((2, -1), 6, (2, 3)), ((-1,), 0, (0,)), ((), 1, ()), ((0, 5), 0, (0, 5)), ((-1, 2), 0, (0, 2)), ((6,), 6, (6,))],
)
def test_infer_size(shape, numel, result):
    assert infer_size(shape, numel, op="view") == result


@pytest.mark.parametrize(
    ("shape", "numel", "message"),
    [
        ((4,), 6, "view: shape (4,) is invalid for input of size 6"),
        ((4, -1), 6, "view: shape (4, -1) is invalid for input of size 6"),
        ((-1, -1), 6, "view: only one dimension can be inferred, got (-1, -1)"),
        ((-3,), 6, "view: invalid shape dimension -3 in (-3,)"),
        ((0, -1), 0, "view: cannot infer -1 in (0, -1): the other sizes have 0 elements"),
    ],
)
def test_sizes_that_do_not_fit(shape, numel, message):
    with pytest.raises(ShapeError) as caught:
        infer_size(shape, numel, op="view")
    assert str(caught.value) == message


def test_wrap_dim():
    assert [wrap_dim(d, 3, op="op") for d in (0, 2, -1, -3)] == [0, 2, 2, 0]
    assert [wrap_dim(d, 0, op="op") for d in (0, -1)] == [0, 0]
    with pytest.raises(
        DimError, match=r"^op: dimension out of range \(expected to be in range of \[-3, 2\], but got 3\)$"
    ):
        wrap_dim(3, 3, op="op")


def test_a_size_is_a_tuple_that_prints_as_torchs():
    size = Size((2, 3))
    assert (size, size.numel(), repr(size)) == ((2, 3), 6, "tensorlab.Size([2, 3])")
    assert layout(float32, (2, 3)).shape == size

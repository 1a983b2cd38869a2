"""Views against torch: shapes, strides, offsets, shared memory and versions; indexing against NumPy too."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sides import same_refusal, sides, torch
from windows import windows

import tensorlab as tl

pytestmark = pytest.mark.torch

VIEWS = {
    "t": lambda x: x.t(),
    "transpose": lambda x: x.transpose(0, -1),
    "permute": lambda x: x.permute(2, 0, 1),
    "view": lambda x: x.view(-1, 2),
    "view all": lambda x: x.view(x.numel()),
    "reshape": lambda x: x.reshape(2, -1),
    "expand": lambda x: x.expand(2, *x.shape),
    "expand -1": lambda x: x.expand(-1, 4),
    "squeeze": lambda x: x.squeeze(),
    "squeeze dim": lambda x: x.squeeze(1),
    "unsqueeze": lambda x: x.unsqueeze(1),
    "unsqueeze end": lambda x: x.unsqueeze(-1),
    "select": lambda x: x.select(0, 1),
    "flatten": lambda x: x.flatten(),
    "flatten some": lambda x: x.flatten(1, 2),
    "detach": lambda x: x.detach(),
}
SHAPES = ((), (1,), (4,), (2, 4), (4, 1), (2, 1, 4), (1, 1, 1), (0, 3), (2, 0, 2))
SOURCES = {
    "whole": lambda x: x,
    "transposed": lambda x: x.transpose(0, -1) if x.ndim else x,
    "stepped": lambda x: x[::2] if x.ndim else x,
    "last": lambda x: x[..., -1:] if x.ndim else x,
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", VIEWS)
def test_views(name, shape, source):
    a, t = map(SOURCES[source], sides(np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)))
    if same_refusal(lambda: VIEWS[name](a), lambda: VIEWS[name](t)):
        return
    ours, theirs = VIEWS[name](a), VIEWS[name](t)
    assert tuple(ours.shape) == tuple(theirs.shape)
    assert ours.stride() == theirs.stride()
    shares = theirs.untyped_storage().data_ptr() == t.untyped_storage().data_ptr()
    assert (ours.storage() is a.storage()) == shares or not a.numel()
    if shares:
        assert ours.storage_offset() - a.storage_offset() == theirs.storage_offset() - t.storage_offset()
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


INDICES = (
    *(0, -1, 5, -6, None, Ellipsis, (), slice(None), slice(1, None), slice(-2, None), slice(None, -1), slice(0, 9, 2)),
    *(slice(3, 1), slice(None, None, -1), slice(None, None, 0), (0, 1), (Ellipsis, 0), (slice(None), 1), (None, 0)),
    *((0, Ellipsis, None), (1, slice(None, None, 2)), (0, 0, 0, 0), (Ellipsis, Ellipsis), (slice(1, 2), slice(0, 1))),
)


@pytest.mark.parametrize("index", INDICES, ids=str)
@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (2, 3, 2)], ids=str)
def test_indexing(shape, index):
    a, t = sides(np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape))
    for _ in range(2):  # the second time from the table of places
        if same_refusal(lambda: a[index], lambda: t[index]):
            continue
        ours, theirs = a[index], t[index]
        assert tuple(ours.shape) == tuple(theirs.shape)
        assert ours.stride() == theirs.stride()
        assert ours.storage_offset() - a.storage_offset() == theirs.storage_offset() - t.storage_offset()
        assert ours.storage() is a.storage()
        assert ours is not a
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_an_index_may_be_any_integer_and_is_read_anew_each_time():
    a = tl.arange(4)
    at = tl.tensor(1)
    assert (a[np.int64(1)].item(), a[at].item(), a[at : at + 2].tolist()) == (1, 1, [1, 2])
    at += 1
    assert (a[at].item(), a[at:].tolist()) == (2, [2, 3])


@settings(deadline=None, max_examples=100, derandomize=True)
@given(windows(steps=(1, 2, -1)), st.data())
def test_a_chain_of_views_of_any_window_is_numpys(array, data):
    t = tl.from_numpy(array)
    for _ in range(data.draw(st.integers(1, 3))):
        if not array.ndim:
            break
        match data.draw(st.sampled_from(("slice", "transpose", "select", "expand"))):
            case "slice":
                part = (Ellipsis, slice(data.draw(st.integers(-3, 3)), None, data.draw(st.integers(1, 2))))
                array, t = array[part], t[part]
            case "transpose":
                array, t = array.swapaxes(0, -1), t.transpose(0, -1)
            case "select" if array.shape[0]:
                array, t = array[-1, ...], t[-1]
            case _:
                array, t = np.broadcast_to(array, (2, *array.shape)), t.expand(2, *t.shape)
    np.testing.assert_array_equal(t.numpy(), array)
    assert t.data_ptr() == array.__array_interface__["data"][0] or not array.size


def test_views_share_storage_and_version():
    a = tl.zeros(2, 3)
    views = [a[0], a.t(), a.view(6), a[:, 1:], a.detach(), a[...], a.unsqueeze(0)[0]]
    a.add_(1)
    views[0].mul_(2)
    assert {v._version for v in (a, *views)} == {2}
    assert all(v.storage() is a.storage() for v in views)
    assert a.tolist() == [[2, 2, 2], [1, 1, 1]]
    copy = a.clone()
    assert (copy._version, copy.storage() is a.storage()) == (0, False)


def test_a_view_keeps_the_storage_alive():
    part = tl.arange(5)[3:]
    assert part.tolist() == [3, 4]
    assert part.storage().nbytes == 40


@pytest.mark.parametrize(
    "index", [0, (slice(None), 1), slice(1, None), (Ellipsis, slice(None, None, 2)), Ellipsis], ids=str
)
@pytest.mark.parametrize(
    "value",
    [7, 1.7, True, np.float64(2.5), np.ones(3, np.float32), np.int64(3)],
    ids=lambda v: type(v).__name__,
)
@pytest.mark.parametrize("dtype", ["int64", "float32"])
def test_setting_numbers_and_arrays(dtype, value, index):
    a, t = sides(np.arange(9).reshape(3, 3).astype(dtype))
    u = torch.from_numpy(value) if isinstance(value, np.ndarray) else value

    def ours():
        a[index] = value

    def theirs():
        t[index] = u

    if not same_refusal(ours, theirs):
        np.testing.assert_array_equal(a.numpy(), t.numpy())
        assert a._version == t._version >= 1


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2,), (1, 3), (1, 1, 3), (3, 1), (2, 3)], ids=str)
@pytest.mark.parametrize("index", [0, Ellipsis, (slice(None), 1), slice(1, None)], ids=str)
def test_setting_broadcasts_as_in_torch(index, shape):
    a, t = sides(np.zeros((3, 3), np.float32))
    b, u = sides(np.arange(1, 1 + np.prod(shape, dtype=int), dtype=np.float32).reshape(shape))

    def ours():
        a[index] = b

    def theirs():
        t[index] = u

    if not same_refusal(ours, theirs):
        np.testing.assert_array_equal(a.numpy(), t.numpy())


def test_setting_a_window_to_another_that_overlaps_it():
    for target, source in (
        (slice(1, None), slice(None, -1)),
        (slice(None, -1), slice(1, None)),
        (slice(0, 4), slice(2, 6)),
    ):
        a = tl.arange(6)
        expected = np.arange(6)
        expected[target] = expected[source].copy()
        a[target] = a[source]
        assert a.tolist() == expected.tolist()
    m = tl.arange(9).view(3, 3)
    expected = np.arange(9).reshape(3, 3).T
    m[...] = m.t()
    assert m.tolist() == expected.tolist()

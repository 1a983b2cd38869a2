"""NumPy in and out: the same bytes, one storage for one buffer, and who keeps what alive."""

import gc
import sys
import weakref

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import AliasError, ArgumentError, GradError

pytestmark = pytest.mark.usefixtures("sharing_by")


def test_what_one_writes_the_other_shows():
    array = np.zeros((2, 3), np.float32)
    t = tl.from_numpy(array)
    array[0, 1] = 5
    t[1] = 7
    assert t.tolist() == array.tolist() == [[0, 5, 0], [7, 7, 7]]
    assert t.data_ptr() == array.ctypes.data
    back = t.numpy()
    back[0, 0] = -1
    assert array[0, 0] == -1


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float32", "float64"])
def test_every_dtype_goes_both_ways(dtype):
    array = np.array([0, 1, 1], dtype)
    t = tl.from_numpy(array)
    assert t.dtype.name == dtype
    assert t.numpy().dtype == array.dtype
    np.testing.assert_array_equal(t.numpy(), array)


VIEWS = {
    "whole": lambda a: a,
    "offset": lambda a: a[1:],
    "stepped": lambda a: a[::2, 1::2],
    "transposed": lambda a: a.T,
    "backwards": lambda a: a[::-1, ::-2],
    "row": lambda a: a[2],
    "one": lambda a: a[2, 3, ...],
    "new dimension": lambda a: a[None, :, None],
    "empty": lambda a: a[4:],
    "reshaped": lambda a: a.reshape(2, 2, 4),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_keeps_its_place_in_the_buffer(name):
    base = np.arange(16.0).reshape(4, 4)
    array = VIEWS[name](base)
    t = tl.from_numpy(array)
    assert tuple(t.shape) == array.shape
    np.testing.assert_array_equal(t.numpy(), array)
    if array.size:
        assert t.data_ptr() == array.ctypes.data
        assert t.stride() == tuple(s // 8 for s in array.strides)
        assert t.storage_offset() * 8 == array.ctypes.data - base.ctypes.data
        assert t.storage().nbytes == base.nbytes
        t.add_(1)
        np.testing.assert_array_equal(t.numpy(), array)


def test_all_imports_of_one_buffer_share_a_storage_and_its_version():
    array = np.zeros(6)
    first, second, part = tl.from_numpy(array), tl.from_numpy(array), tl.from_numpy(array[2:])
    assert first.storage() is second.storage() is part.storage()
    part.add_(1)
    assert (first._version, second._version) == (1, 1)
    assert tl.from_numpy(array.reshape(2, 3).T).storage() is first.storage()
    assert tl.from_numpy(np.zeros(6)).storage() is not first.storage()


def test_an_exported_tensor_comes_back_as_itself():
    t = tl.arange(6).view(2, 3)
    for array in (t.numpy(), t.numpy()[1:], t.numpy().T, t[1].numpy(), np.asarray(t)):
        back = tl.from_numpy(array)
        assert back.storage() is t.storage()
        assert back.data_ptr() == array.ctypes.data
    again = tl.from_numpy(t.t().numpy())
    assert (again.stride(), again.storage_offset()) == (t.t().stride(), 0)


def test_the_buffer_lives_as_long_as_the_last_view():
    array = np.zeros(3)
    count = sys.getrefcount(array)
    t = tl.from_numpy(array)
    assert sys.getrefcount(array) == count + 1
    views = [t[1:], tl.from_numpy(array), t.view(3, 1)]
    assert sys.getrefcount(array) == count + 1
    del t
    assert sys.getrefcount(array) == count + 1
    views.clear()
    assert sys.getrefcount(array) == count


def test_an_import_that_is_gone_is_forgotten():
    array = np.zeros(3)
    tl.from_numpy(array).add_(1)
    assert tl.from_numpy(array)._version == 0  # nobody is left who could compare


def test_an_exported_array_keeps_the_storage_alive():
    t = tl.arange(5)
    storage = weakref.ref(t.storage())
    part = t.numpy()[3:]
    del t
    gc.collect()
    assert storage() is not None
    assert part.tolist() == [3, 4]
    del part
    gc.collect()
    assert storage() is None


def test_read_only_memory_gives_read_only_tensors_and_back():
    array = np.arange(3.0)
    array.flags.writeable = False
    t = tl.from_numpy(array)
    for write in (lambda: t.add_(1), lambda: t.__setitem__(0, 1), lambda: t[1:].zero_(), lambda: t.copy_(t * 2)):
        with pytest.raises(
            AliasError, match=r"the tensor's memory is read-only: it was imported from a read-only buffer$"
        ):
            write()
    assert array.tolist() == [0, 1, 2]
    assert t._version == 0
    assert not t.numpy().flags.writeable
    assert (t + 1).tolist() == [1, 2, 3]
    assert tl.from_numpy(array).storage() is t.storage()


def test_writable_and_read_only_imports_of_one_buffer_are_apart():
    array = np.arange(3.0)
    seen = array.view()
    seen.flags.writeable = False
    writable, fixed = tl.from_numpy(array), tl.from_numpy(seen)
    writable.add_(1)
    assert fixed.tolist() == [1, 2, 3]
    with pytest.raises(AliasError):
        fixed.add_(1)
    assert (writable._version, fixed._version) == (1, 1)
    assert not tl.from_numpy(np.broadcast_to(array, (2, 3))).numpy().flags.writeable


def test_parts_of_one_buffer_have_one_storage():
    data = bytearray(np.arange(6.0).tobytes())
    b, a = tl.from_numpy(np.frombuffer(data, offset=8)[:4]), tl.from_numpy(np.frombuffer(data)[:4])
    assert a.storage() is b.storage()
    assert (a.storage().nbytes, a.storage_offset(), b.storage_offset()) == (48, 0, 1)
    b.add_(a)
    assert np.frombuffer(data).tolist() == [0, 1, 3, 5, 7, 5]
    assert (a._version, b._version) == (1, 1)


def test_a_buffer_seen_in_part_first_and_then_whole():
    """An array interface shows a part, and nothing of what it is a part of."""
    array = np.arange(8.0)

    class Part:
        __array_interface__ = array[2:4].__array_interface__

    part = tl.from_numpy(np.asarray(Part()))
    whole = tl.from_numpy(array)
    other = tl.from_numpy(array[6:])
    assert part.storage() is not whole.storage()
    assert other.storage() is whole.storage()
    part.add_(1)
    assert (part._version, whole._version, other._version) == (1, 1, 1)
    other.add_(1)
    whole.add_(1)
    assert (part._version, whole._version, other._version) == (3, 3, 3)


def test_versions_that_meet_late_go_on_from_where_they_stood():
    array = np.arange(8.0)

    class Part:
        def __init__(self, part):
            self.__array_interface__ = part.__array_interface__

    low, high = (tl.from_numpy(np.asarray(Part(part))) for part in (array[:2], array[6:]))
    low.add_(1).add_(1)
    assert (low._version, high._version) == (2, 0)
    whole = tl.from_numpy(array)
    assert (low._version, whole._version, high._version) == (2, 0, 0)
    low.add_(1)
    assert (low._version, whole._version, high._version) == (3, 1, 1)
    del whole
    high.add_(1)
    assert (low._version, high._version) == (4, 2)


def test_autograd_sees_a_write_through_another_import():
    array = np.arange(1.0, 4.0)

    class Part:
        __array_interface__ = array[:2].__array_interface__

    part, weight = tl.from_numpy(np.asarray(Part())), tl.tensor([1.0, 1.0], dtype=tl.float64, requires_grad=True)
    whole = tl.from_numpy(array)
    loss = (part * weight).sum()
    whole.mul_(2)
    with pytest.raises(GradError, match=r"is at version 1; expected version 0 instead\.(.|\n)*whole\.mul_\(2\)"):
        loss.backward()


def test_other_owners_of_memory():
    frozen = tl.from_numpy(np.frombuffer(b"\x01\x02\x03", np.uint8))
    assert frozen.tolist() == [1, 2, 3]
    with pytest.raises(AliasError):
        frozen.add_(1)
    assert tl.from_numpy(np.zeros(0)).tolist() == []
    assert tl.from_numpy(np.array(2.5)).item() == 2.5
    assert tl.from_numpy(np.ma.masked_array([1, 2], [True, False])).tolist() == [1, 2]


def test_elements_that_do_not_lie_at_multiples_of_their_size():
    records = np.zeros(3, [("a", "<f4"), ("b", "u1")])
    with pytest.raises(ArgumentError, match=r"^from_numpy: got an array whose elements lie \(5,\) bytes apart"):
        tl.from_numpy(records["a"])
    assert tl.from_numpy(records[:1]["a"]).tolist() == [0]  # of one element, the step leads nowhere


def test_a_tensor_is_an_array_to_numpy():
    t = tl.tensor([[1.5, 2.5]])
    assert np.asarray(t).tolist() == [[1.5, 2.5]]
    assert np.shares_memory(np.asarray(t), t.numpy())
    assert np.asarray(t, dtype=np.int64).tolist() == [[1, 2]]
    assert not np.shares_memory(np.array(t), t.numpy())
    assert np.sqrt(tl.tensor([4.0])).tolist() == [2.0]
    with pytest.raises(ValueError, match="copy"):
        np.array(t, dtype=np.int64, copy=False)


@pytest.mark.parametrize(
    "empty",
    [
        lambda: tl.zeros(0, 3)[:, 1],
        lambda: tl.zeros(3, 0)[1:],
        lambda: tl.zeros(0, 3)[:, ::2],
        lambda: tl.zeros(4)[4:],
        lambda: tl.zeros(2, 0, 3).transpose(0, 2),
    ],
    ids=["a column", "rows", "every other column", "past the end", "turned"],
)
def test_without_elements_a_view_may_begin_anywhere(empty) -> None:
    x = empty()
    assert x.numpy().shape == tuple(x.shape)
    assert repr(x).startswith("tensor([")

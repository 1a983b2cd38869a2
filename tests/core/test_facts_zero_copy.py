"""Where memory is shared or resized, PyTorch 2.13 has faults: one test for each, with what it does there and we do."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import AliasError, GradError

pytestmark = pytest.mark.usefixtures("sharing_by")


def test_a_resize_that_fails_leaves_the_tensor_as_it_was():
    """torch raises, and leaves a tensor of shape (10,) over 12 bytes: the next read is out of bounds."""
    array = np.arange(3, dtype=np.float32)
    t = tl.from_numpy(array)
    with pytest.raises(AliasError) as error:
        t.resize_(10)
    assert str(error.value) == (
        "resize_: Trying to resize storage that is not resizable: its memory was imported from a ndarray"
    )
    assert (tuple(t.shape), t.stride(), t.tolist()) == ((3,), (1,), [0, 1, 2])
    assert (t.untyped_storage().nbytes(), t._version) == (12, 0)


def test_a_storage_is_not_resized_under_a_view():
    """torch frees the bytes and keeps the tensor: ``sum()`` ends in a segmentation fault."""
    t = tl.arange(3.0)
    with pytest.raises(AliasError) as error:
        t.untyped_storage().resize_(0)
    assert str(error.value) == (
        "resize_: a storage of 0 bytes would leave 1 of the tensors over it without their elements: a tensor of shape "
        "(3,) at bytes 0 to 12"
    )
    assert t.sum().item() == 3


def test_shared_memory_is_not_resized():
    """torch goes on with an address that is not mapped any more: a segmentation fault."""
    t = tl.arange(3.0).share_memory_()
    with pytest.raises(AliasError) as error:
        t.resize_(100)
    assert str(error.value) == (
        "resize_: Trying to resize storage that is not resizable: its memory is shared with other processes, which "
        "would keep what they have"
    )
    assert (t.tolist(), t.is_shared()) == ([0, 1, 2], True)


@pytest.mark.parametrize("way", ["from_numpy", "from_dlpack", "frombuffer", "asarray"])
def test_a_read_only_array_gives_a_read_only_tensor(way):
    """torch warns once a process, and then writes into memory that others take for constant."""
    array = np.arange(3.0)
    array.flags.writeable = False
    options = {"dtype": tl.float64} if way == "frombuffer" else {}
    t = getattr(tl, way)(array, **options)
    for write in (lambda: t.add_(1), lambda: t.__setitem__(0, 5), lambda: t[1:].zero_(), lambda: tl.add(t, 1, out=t)):
        with pytest.raises(AliasError, match=r"memory is read-only: it was imported from a read-only buffer$"):
            write()
    assert array.tolist() == [0, 1, 2]
    assert t._version == 0


def test_elements_that_are_several_at_once_are_not_written():
    """torch looks for strides of 0 alone: here it adds in an order that depends on how its loop is cut up."""
    t = tl.zeros(4)
    with pytest.raises(AliasError) as error:
        t.as_strided((3, 2), (1, 1)).add_(1)
    assert str(error.value) == (
        "add_: unsupported operation: more than one element of the written-to tensor refers to a single memory "
        "location: shape (3, 2), strides (1, 1). Please clone() the tensor first."
    )
    assert (t.tolist(), t._version) == ([0, 0, 0, 0], 0)


def test_negative_strides_come_in():
    """torch raises a ValueError that asks for a copy."""
    array = np.arange(6.0).reshape(2, 3)
    t = tl.from_numpy(array[::-1, ::-1])
    assert (t.stride(), t.tolist()) == ((-3, -1), [[5, 4, 3], [2, 1, 0]])
    t[0, 0] = 9
    assert array[1, 2] == 9
    assert t.numpy().strides == (-24, -8)


def test_two_imports_of_one_array_share_a_version():
    """torch counts writes for each import alone: its gradient is of the values after the write, without a word."""
    array = np.array([1.0, 2.0])
    first, second = tl.from_numpy(array), tl.from_numpy(array)
    weight = tl.tensor([1.0, 1.0], dtype=tl.float64, requires_grad=True)
    loss = (first * weight).sum()
    second.mul_(10)
    assert first._version == 1
    with pytest.raises(GradError, match=r"modified by an inplace operation: .* is at version 1; expected version 0"):
        loss.backward()
    assert weight.grad is None
    torch = pytest.importorskip("torch")
    array = np.array([1.0, 2.0])
    first, second = torch.from_numpy(array), torch.from_numpy(array)
    weight = torch.ones(2, dtype=torch.float64, requires_grad=True)
    loss = (first * weight).sum()
    second.mul_(10)
    loss.backward()
    assert weight.grad.tolist() == [10, 20]  # of 1 and 2


def test_a_write_of_numpys_into_a_saved_tensor_is_not_seen():
    """So it is in torch, and in the documentation of `from_numpy`: NumPy tells nobody of its writes."""
    array = np.array([1.0, 2.0])
    weight = tl.tensor([1.0, 1.0], dtype=tl.float64, requires_grad=True)
    loss = (tl.from_numpy(array) * weight).sum()
    array *= 10
    loss.backward()
    assert weight.grad.tolist() == [10, 20]


def test_a_tensor_is_a_buffer():
    """torch raises a TypeError; so does Python before 3.12, where only C types can export buffers."""
    t = tl.arange(3)
    view = t.memoryview() if sys.version_info < (3, 12) else memoryview(t)
    assert (view.shape, view.format, view.tolist()) == ((3,), "l", [0, 1, 2])
    view[0] = 7
    assert t.tolist() == [7, 1, 2]

"""`asarray` and `as_tensor`: over an object's own memory where it has one, whatever protocol shows it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import ExchangeError


class Interface:
    def __init__(self, array):
        self.array = array
        self.__array_interface__ = array.__array_interface__


def test_arrays_of_other_libraries_come_in_without_a_copy():
    array = np.arange(4.0)
    for make in (tl.as_tensor, tl.asarray):
        for producer in (array, Interface(array), np.arange(4.0)[1:]):
            t = make(producer)
            base = producer if isinstance(producer, np.ndarray) else producer.array
            assert t.data_ptr() == base.ctypes.data
    torch = pytest.importorskip("torch")
    theirs = torch.arange(3)
    assert tl.as_tensor(theirs).data_ptr() == theirs.data_ptr()
    assert tl.asarray(theirs, dtype=tl.float32).tolist() == [0.0, 1.0, 2.0]
    copied = tl.tensor(theirs)
    assert copied.data_ptr() != theirs.data_ptr()
    assert copied.tolist() == [0, 1, 2]


def test_interface_and_import_of_one_array_share_a_storage():
    array = np.arange(4.0)
    t = tl.from_numpy(array)
    assert tl.asarray(Interface(array)).storage() is t.storage()
    assert tl.asarray(Interface(array[1:])).storage() is t.storage()


def test_asarray_keeps_what_copy_says():
    array = np.arange(3.0)
    assert tl.asarray(array, copy=True).data_ptr() != array.ctypes.data
    assert tl.asarray(array, copy=False).data_ptr() == array.ctypes.data
    t = tl.tensor([1.0], requires_grad=True)
    assert tl.asarray(t) is t
    assert not tl.asarray(t, requires_grad=False).requires_grad
    assert tl.asarray([1.0], requires_grad=True).requires_grad
    assert tl.asarray(tl.arange(3.0).__dlpack__()).tolist() == [0, 1, 2]
    for obj, options, message in (
        (
            [1, 2],
            {},
            "asarray: can't alias arbitrary sequence into a tensor; takes an array or a buffer with copy=False",
        ),
        (
            np.float64(2),
            {},
            "asarray: can't alias NumPy scalars into a tensor; takes an array or a buffer with copy=False",
        ),
        (array, {"dtype": tl.float32}, "asarray: can't alias tensor with dtype 'float64' into dtype 'float32'"),
    ):
        with pytest.raises(ExchangeError) as error:
            tl.asarray(obj, copy=False, **options)
        assert str(error.value) == message
    assert tl.asarray(np.float64(2)).dtype is tl.float64


@pytest.mark.parametrize(
    "case",
    [
        (bytearray(8), None),
        (bytearray(range(4)), "uint8"),
        (b"abcd", "uint8"),
        (3, None),
        ([1, 2], "float32"),
        (np.arange(3), None),
        (np.float32(3), None),
    ],
    ids=["bytes as floats", "bytes", "read-only bytes", "a number", "a list", "an array", "a scalar"],
)
def test_asarray_is_torchs(case):
    torch = pytest.importorskip("torch")
    obj, dtype = case
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = torch.asarray(obj, dtype=dtype and getattr(torch, dtype))
    ours = tl.asarray(obj, dtype=dtype and getattr(tl, dtype))
    assert (ours.tolist(), ours.dtype.name) == (theirs.tolist(), str(theirs.dtype).removeprefix("torch."))

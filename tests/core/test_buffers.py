"""Python's buffer protocol in and out: whose bytes they are, who may write, and what torch says."""

from __future__ import annotations

import array
import gc
import mmap
import sys
import warnings

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import AliasError, ArgumentError, ExchangeError, GradError, RangeError

pytestmark = pytest.mark.usefixtures("sharing_by")


def mapped() -> mmap.mmap:
    found = mmap.mmap(-1, 4096)
    found[:8] = bytes(range(8))
    return found


WRITABLE = {
    "bytearray": lambda: bytearray(range(8)),
    "memoryview": lambda: memoryview(bytearray(range(8))),
    "array": lambda: array.array("B", range(8)),
    "ndarray": lambda: np.arange(8, dtype=np.uint8),
    "memory map": mapped,
}


@pytest.mark.parametrize("kind", WRITABLE)
def test_what_one_writes_the_other_shows(kind):
    source = WRITABLE[kind]()
    t = tl.frombuffer(source, dtype=tl.uint8, count=8)
    assert t.tolist() == list(range(8))
    t[1] = 77
    assert memoryview(source)[1] == 77
    memoryview(source)[2] = 88
    assert t[2].item() == 88


def test_read_only_bytes_give_read_only_tensors():
    source = b"abcd"
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # torch warns here, and then writes
        t = tl.frombuffer(source, dtype=tl.uint8)
    assert t.tolist() == [97, 98, 99, 100]
    for write in (lambda: t.add_(1), lambda: t.__setitem__(0, 1), lambda: tl.add(t, t, out=t), lambda: t.fill_(0)):
        with pytest.raises(AliasError, match=r"memory is read-only"):
            write()
    assert source == b"abcd"
    closed = mmap.mmap(-1, 4096, access=mmap.ACCESS_READ)
    with pytest.raises(AliasError):
        tl.frombuffer(closed, dtype=tl.uint8).zero_()
    with pytest.raises(AliasError):
        tl.frombuffer(memoryview(bytearray(4)).toreadonly(), dtype=tl.uint8).zero_()


def test_arrow_buffers():
    pyarrow = pytest.importorskip("pyarrow")
    column = pyarrow.array([1.5, 2.5, 3.5])
    t = tl.frombuffer(column.buffers()[1], dtype=tl.float64, count=3)
    assert t.tolist() == [1.5, 2.5, 3.5]
    assert t.data_ptr() == column.buffers()[1].address
    with pytest.raises(AliasError):
        tl.frombuffer(pyarrow.py_buffer(b"abcd"), dtype=tl.uint8).add_(1)
    own = pyarrow.allocate_buffer(16)
    tl.frombuffer(own, dtype=tl.int64).copy_(tl.tensor([5, 6]))
    assert np.frombuffer(own, np.int64).tolist() == [5, 6]


def test_parts_of_one_buffer_share_a_storage_and_its_version():
    source = bytearray(32)
    late = tl.frombuffer(source, dtype=tl.float32, offset=8)
    early = tl.frombuffer(source, dtype=tl.int32, count=4)
    seen = tl.frombuffer(memoryview(source)[4:], dtype=tl.uint8)
    array = tl.from_numpy(np.frombuffer(source, np.int16, 3, 2))
    assert late.storage() is early.storage() is seen.storage() is array.storage()
    assert [t.storage_offset() for t in (late, early, seen, array)] == [2, 0, 4, 1]
    early.fill_(1)
    assert late._version == seen._version == array._version == 1
    assert late.view(tl.int32).tolist() == [1, 1, 0, 0, 0, 0]


def test_a_read_only_view_of_a_writable_buffer_hears_of_writes():
    source = bytearray(8)
    writable = tl.frombuffer(source, dtype=tl.uint8)
    fixed = tl.frombuffer(memoryview(source).toreadonly(), dtype=tl.uint8)
    writable.add_(1)
    assert (fixed.tolist(), fixed._version) == ([1] * 8, 1)
    with pytest.raises(AliasError):
        fixed.add_(1)


def test_the_buffer_is_held_until_the_last_view_dies():
    source = bytearray(16)
    count = sys.getrefcount(source)
    t = tl.frombuffer(source, dtype=tl.float32)
    part = t[1:]
    with pytest.raises(BufferError):
        source.extend(b"more")
    del t
    with pytest.raises(BufferError):
        source.extend(b"more")
    del part
    gc.collect()
    source.extend(b"more")
    assert sys.getrefcount(source) == count


def test_a_buffer_of_bfloat16_and_bool():
    assert tl.frombuffer(bytearray(b"\x80\x3f\x00\x40"), dtype=tl.bfloat16).tolist() == [1.0, 2.0]
    assert tl.frombuffer(bytearray(b"\x00\x01"), dtype=tl.bool).tolist() == [False, True]
    t = tl.frombuffer(bytearray(8), dtype=tl.float32, requires_grad=True)
    assert t.requires_grad
    assert t.is_leaf


REFUSED = {
    "empty": (bytearray(0), {}, RangeError),
    "none of it": (bytearray(8), {"count": 0}, RangeError),
    "too many": (bytearray(8), {"count": 3}, RangeError),
    "beyond": (bytearray(8), {"offset": 8}, RangeError),
    "before": (bytearray(8), {"offset": -1}, RangeError),
    "part of an element": (bytearray(9), {}, RangeError),
    "part of an element after": (bytearray(8), {"offset": 1}, RangeError),
    "no buffer": (5, {}, ArgumentError),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_refused_in_torchs_words(case):
    torch = pytest.importorskip("torch")
    source, options, kind = REFUSED[case]
    with pytest.raises(ValueError) as wanted:
        torch.frombuffer(source, dtype=torch.float32, **options)
    with pytest.raises(kind) as error:
        tl.frombuffer(source, dtype=tl.float32, **options)
    assert str(error.value) == f"frombuffer: {wanted.value}"


def test_elements_lie_at_multiples_of_their_size():
    with pytest.raises(ArgumentError) as error:
        tl.frombuffer(bytearray(12), dtype=tl.float32, offset=1, count=2)
    assert str(error.value) == (
        "frombuffer: the elements would begin 1 bytes past a multiple of their size 4; copy the bytes first"
    )
    with pytest.raises(ArgumentError) as error:
        tl.frombuffer(memoryview(bytearray(8))[::2], dtype=tl.uint8)
    assert str(error.value) == "frombuffer: got a memoryview whose bytes are not in one piece"
    with pytest.raises(ArgumentError) as error:
        tl.frombuffer(bytearray(8), dtype=None)
    assert str(error.value) == "frombuffer: argument 'dtype' takes a dtype, got None"


# Out ------------------------------------------------------------------------------------------------------------------


def test_a_tensor_as_a_memoryview():
    t = tl.arange(6, dtype=tl.int32).view(2, 3)
    view = t.memoryview()
    assert (view.shape, view.strides, view.format, view.readonly) == ((2, 3), (12, 4), "i", False)
    view[0, 1] = 9
    assert t[0, 1].item() == 9
    assert t.t().memoryview().tolist() == t.t().tolist()
    assert t[:, ::2].memoryview().tolist() == t[:, ::2].tolist()
    assert tl.tensor(2.5).memoryview().tolist() == 2.5
    assert tl.zeros(0).memoryview().nbytes == 0
    assert tl.frombuffer(b"ab", dtype=tl.uint8).memoryview().readonly


def test_a_memoryview_keeps_the_bytes_and_comes_back_as_them():
    t = tl.arange(4)
    view = t.memoryview()
    again = tl.frombuffer(view, dtype=tl.int64, offset=8)
    assert again.storage() is t.storage()
    del t, again
    gc.collect()
    assert view.tolist() == [0, 1, 2, 3]


def test_what_has_no_memoryview():
    with pytest.raises(GradError) as error:
        tl.ones(2, requires_grad=True).memoryview()
    assert str(error.value) == ("numpy: can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy()")
    with pytest.raises(ExchangeError) as error:
        tl.ones(2, dtype=tl.bfloat16).memoryview()
    assert str(error.value) == (
        "memoryview: Python's buffer protocol has no format for bfloat16; view(tensorlab.int16) shows its bits"
    )


def test_pythons_own_memoryview_from_312_on():
    t = tl.arange(3)
    assert t.__buffer__(0).tolist() == [0, 1, 2]
    if sys.version_info < (3, 12):
        return
    with memoryview(t) as view:
        view[0] = 5
    assert t.tolist() == [5, 1, 2]
    with memoryview(tl.frombuffer(b"ab", dtype=tl.uint8)) as view:
        assert view.readonly


def test_numpy_of_a_tensor_with_a_history():
    t = tl.ones(2, requires_grad=True)
    with pytest.raises(GradError):
        t.numpy()
    assert (t * 2).numpy(force=True).tolist() == [2, 2]
    assert np.array(tl.ones(2), copy=True).tolist() == [1, 1]
    values = tl.ones(2)
    assert np.shares_memory(values.__array__(copy=False), values.numpy())
    assert not np.shares_memory(values.__array__(copy=True), values.numpy())
    with pytest.raises(ValueError, match="copy"):
        values.__array__(np.float64, copy=False)

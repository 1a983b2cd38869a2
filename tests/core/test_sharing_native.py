"""Native entries for shared memory: that they answer as Python does, and that nothing is lost or kept by them."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest

import tensorlab as tl
from tensorlab import memory
from tensorlab.core import array_head, sharing_native
from tensorlab.core.foreign import MOST_WHOLES
from tensorlab.core.interop import to_numpy
from tensorlab.core.lending import Loan, borrowed_from, loans
from tensorlab.core.sharing_native import SharingEntries, entries
from tensorlab.errors import OutOfMemoryError


@pytest.fixture(autouse=True)
def by_native() -> Iterator[None]:
    assert entries.load()
    yield
    entries.wait()


ARRAYS = {
    "whole": lambda: np.arange(6, dtype=np.float32),
    "matrix": lambda: np.arange(6, dtype=np.int16).reshape(2, 3).copy(),
    "columns first": lambda: np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "number": lambda: np.array(3.0),
    "part": lambda: np.arange(6, dtype=np.float32)[2:],
    "backwards": lambda: np.arange(6, dtype=np.int64)[::-2],
    "one column": lambda: np.zeros((3, 4), np.uint8)[:, 1],
    "repeated": lambda: np.lib.stride_tricks.as_strided(np.arange(6.0), (2, 3), (0, 8), writeable=True),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_import_is_as_pythons(name: str) -> None:
    array = ARRAYS[name]()
    entries.wait()
    expected = tl.from_numpy(array)
    facts = (expected.layout, expected.offset, expected.address, expected.storage().address, expected.storage().nbytes)
    kind = type(expected.storage())
    del expected
    entries.load()
    count = sys.getrefcount(array)
    made = entries.from_array(array)
    assert (made is None) == (name == "repeated")  # a view of a view
    made = tl.from_numpy(array)
    storage = made.storage()
    assert (made.layout, made.offset, made.address, storage.address, storage.nbytes) == facts
    assert type(storage) is kind
    assert (made.tape, made.base, storage.version, storage.writes, storage.readonly) == (None, None, 0, None, False)
    assert sys.getrefcount(array) == count + 1
    assert tl.from_numpy(array).storage() is storage
    del made, storage
    assert sys.getrefcount(array) == count


def test_what_is_left_to_python() -> None:
    fixed = np.arange(3.0)
    fixed.setflags(write=False)
    odd = np.zeros(17, np.uint8)[1:].view(np.float64)
    for array in (
        fixed,
        np.zeros((0, 3)),
        odd,
        np.ma.masked_array(np.zeros(3)),
        np.zeros(3).view(np.recarray),
        [1.0],
        3,
    ):
        assert entries.from_array(array) is None
    assert entries.from_bytes(b"12345678", tl.uint8) is entries.from_bytes(bytearray(3), None) is None
    assert entries.to_array(tl.zeros(0)) is entries.to_array(3) is None


FORMS = {
    "whole": lambda: tl.arange(6.0),
    "transposed": lambda: tl.arange(6).view(2, 3).t(),
    "part": lambda: tl.arange(6.0)[2:5],
    "number": lambda: tl.tensor(2.5),
    "flipped": lambda: tl.from_numpy(np.arange(4.0)[::-1]),
    "half": lambda: tl.zeros(3, dtype=tl.bfloat16),
}


def _facts(array: np.ndarray) -> tuple[object, ...]:
    flags = [getattr(array.flags, name) for name in ("c_contiguous", "f_contiguous", "aligned", "writeable", "owndata")]
    return array.ctypes.data, array.strides, array.dtype, array.shape, flags


@pytest.mark.parametrize("name", FORMS)
def test_an_export_is_as_pythons(name: str) -> None:
    tensor = FORMS[name]()
    entries.wait()
    expected = to_numpy(tensor)
    entries.load()
    assert entries.to_array(tensor) is None  # on loan already, to an array that Python made
    facts = _facts(expected)
    del expected
    array = entries.to_array(tensor)
    assert _facts(array) == facts
    assert type(array.base) is Loan
    assert array.base is borrowed_from(tensor.storage())
    assert to_numpy(tensor).base is array.base
    entries.wait()  # Python finds the same loan, in a form that it can give to NumPy
    again = to_numpy(tensor)
    assert again.base.known is array.base
    again.fill(0)
    np.testing.assert_array_equal(array, 0)
    loan = array.base
    del array, again
    assert sys.getrefcount(loan) == 2


def test_read_only_memory_comes_out_read_only() -> None:
    array = np.arange(3.0)
    array.setflags(write=False)
    tensor = tl.from_numpy(array)
    to_numpy(tensor)
    assert entries.to_array(tensor).flags.writeable is False


def test_nothing_is_kept() -> None:
    array, data, tensor = np.arange(4.0), bytearray(32), tl.arange(4.0)
    part = array[1:]
    for _ in range(3):  # by now everything is learned
        tl.from_numpy(array), tl.from_numpy(part), tl.frombuffer(data, dtype=tl.float64), to_numpy(tensor)
    things = (array, part, data, tensor, tensor.storage(), tensor.layout, array.dtype, tl.float64, Loan, tl.Tensor)
    before = [sys.getrefcount(thing) for thing in (*things, None, True, False, 0)]
    for _ in range(5000):
        assert entries.from_array(array) is not None
        assert entries.from_array(part) is not None
        assert entries.from_bytes(data, tl.float64) is not None
        assert entries.to_array(tensor) is not None
    after = [sys.getrefcount(thing) for thing in (*things, None, True, False, 0)]
    assert all(abs(b - a) < 100 for a, b in zip(before, after, strict=True)), list(zip(before, after, strict=True))
    data.append(1)  # nobody holds the buffer


def test_empty_is_as_pythons() -> None:
    entries.wait()
    expected = tl.empty(3, 4, dtype=tl.int16)
    entries.load()
    made = entries.empty((3, 4), tl.int16)
    assert (made.layout, made.offset, made.tape, made.base) == (expected.layout, 0, None, None)
    storage = made.storage()
    assert (type(storage), storage.nbytes, storage.version, storage.writes) == (type(expected.storage()), 24, 0, None)
    assert (storage.allocator, storage.readonly) == (memory.current.allocator, False)
    assert made.address == storage.address == storage.pointer.address
    assert made.address % 64 == 0
    for size, dtype in (
        ((3, True), tl.int16),
        ((3, 4.0), tl.int16),
        ((3, 5), tl.int16),
        ((3, 4), None),
        ((), tl.int16),
    ):
        assert entries.empty(size, dtype) is None
    before = memory.memory_allocated()
    del made, storage, expected
    assert memory.memory_allocated() < before


def test_empty_asks_the_allocator_in_use() -> None:
    tl.empty(1000)
    limited = memory.LimitAllocator(memory.default_allocator(), 4096)
    with memory.use_allocator(limited):
        first = entries.empty((1000,), tl.float32)
        assert first.storage().allocator is limited
        with pytest.raises(OutOfMemoryError, match=r"^LimitAllocator.allocate: 4,000 bytes more would pass the limit"):
            tl.empty(1000)
    del first
    assert limited.live_nbytes == 0
    watched = (limited.allocate, tl.empty(1000).layout, tl.float32, None, False, 0)
    counts = [sys.getrefcount(thing) for thing in watched]
    for _ in range(2000):
        entries.empty((1000,), tl.float32)
    assert all(abs(sys.getrefcount(t) - n) < 50 for t, n in zip(watched, counts, strict=True))


def test_many_at_once_leave_the_tables_in_order() -> None:
    arrays = [np.full(3, i, np.float32) for i in range(MOST_WHOLES + 200)]
    tensors = [tl.from_numpy(array) for array in arrays]
    again = [tl.from_numpy(array) for array in arrays]
    assert all(a.storage() is b.storage() for a, b in zip(tensors, again, strict=True))
    out = [to_numpy(tensor) for tensor in tensors]
    assert all(borrowed_from(tensor.storage()) is not None for tensor in tensors)
    assert len(loans.by_storage) >= len(tensors)
    assert all(int(array[0]) == i for i, array in enumerate(out))
    tensors[-1].add_(1)
    assert again[-1]._version == 1


def test_a_buffer_imported_in_part_first() -> None:
    array = np.arange(6.0)
    array.setflags(write=False)
    fixed = tl.from_numpy(array)
    array.setflags(write=True)
    assert entries.from_array(array) is None  # something is known of these bytes
    writable = tl.from_numpy(array)
    writable.add_(1)
    assert (fixed._version, writable._version) == (1, 1)
    other = tl.from_numpy(np.zeros(3))
    del other
    assert entries.from_array(np.zeros(6)) is not None  # nothing of those


def test_a_garbage_collection_in_the_middle() -> None:
    arrays = [np.full(4, i, np.float64) for i in range(4)]
    kept = [tl.from_numpy(array) for array in arrays]
    kept.clear()
    inside: list[tl.Tensor] = []

    def collected(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            inside[:] = [tl.from_numpy(array) for array in arrays]

    threshold = gc.get_threshold()
    gc.callbacks.append(collected)
    gc.set_threshold(1)
    try:
        for i in range(400):
            tensor = tl.from_numpy(arrays[i % 4])
            known = [t for t in inside if t.storage().address == tensor.storage().address]
            assert all(t.storage() is tensor.storage() for t in known)
            inside.clear()
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(collected)


def test_threads_that_import_one_array_share_its_storage() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(30):
            array, ready = np.zeros(5), threading.Barrier(4)
            found: list[tl.Tensor] = []

            def work(array: np.ndarray = array, ready: threading.Barrier = ready, found: list = found) -> None:
                ready.wait()
                found.append(tl.from_numpy(array))

            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len({id(tensor.storage()) for tensor in found}) == 1
    finally:
        sys.setswitchinterval(interval)


def test_they_come_in_when_there_were_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing_native, "MANY", 3)
    own = SharingEntries()
    array = np.zeros(2)
    for _ in range(3):
        assert own.from_array(array) is None
    own.learn_array(array, tl.from_numpy(array).layout)
    assert own.from_array(array).data_ptr() == array.ctypes.data


def test_where_objects_look_otherwise_python_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_head, "is_known", lambda: False)
    own = SharingEntries()
    assert own.load() is False
    assert own.from_array(np.zeros(2)) is own.to_array(tl.zeros(2)) is None


def test_what_is_freed_while_the_interpreter_ends() -> None:
    code = """
import numpy as np, tensorlab as tl
from tensorlab.core.sharing_native import entries
assert entries.load()
class Late:
    def __init__(self): self.array, self.give = np.arange(3.0), tl.from_numpy
    def __del__(self): self.give(self.array).numpy()
late = Late()
late.again = late, tl.from_numpy(late.array), tl.from_numpy(late.array).numpy()
import sys
sys.late = Late()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

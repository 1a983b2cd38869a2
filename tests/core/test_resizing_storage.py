"""Other sizes: what torch does where that is right, and a refusal that changes nothing where it is not."""

from __future__ import annotations

import gc
import sys
from types import ModuleType

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import AliasError, ArgumentError, DimError, GradError, RangeError, ShapeError
from tensorlab.memory import memory_allocated


@pytest.mark.parametrize(
    "sizes",
    [(6,), (2, 3), (4,), (0,), (10,), (3, 4), ([2, 2],), (1, 1, 1)],
    ids=str,
)
@pytest.mark.parametrize("view", ["whole", "from the middle", "transposed"])
def test_resize_is_torchs(sizes, view):
    torch = pytest.importorskip("torch")

    def made(lib):
        whole = lib.arange(6.0)
        part = {"whole": whole[:], "from the middle": whole[2:], "transposed": whole.view(2, 3).t()}[view]
        return whole, part, part.resize_(*sizes)

    whole, part, result = made(tl)
    theirs, wanted, _ = made(torch)
    assert result is part
    assert (tuple(part.shape), part.stride(), part.storage_offset()) == (
        tuple(wanted.shape),
        wanted.stride(),
        wanted.storage_offset(),
    )
    assert whole.untyped_storage().nbytes() == theirs.untyped_storage().nbytes()
    assert whole._version == theirs._version
    if part.numel():  # torch has no address for no elements
        assert part.data_ptr() - whole.data_ptr() == wanted.data_ptr() - theirs.data_ptr()
    kept = min(part.numel(), 6 - part.storage_offset())
    assert part.flatten().tolist()[:kept] == wanted.flatten().tolist()[:kept]
    assert whole.tolist() == [0, 1, 2, 3, 4, 5]
    if kept:
        part.view(-1)[0] = 9
        assert whole[part.storage_offset()].item() == 9


def test_a_storage_that_grows_takes_all_its_tensors_along():
    gc.collect()
    before = memory_allocated()
    whole = tl.arange(6.0)
    parts = [whole[i:] for i in range(4)]
    other = whole.data
    whole.resize_(1000).fill_(5)
    assert [p.tolist() for p in parts] == [[5.0] * (6 - i) for i in range(4)]
    assert other.tolist() == [5] * 6
    assert memory_allocated() >= before + 4000
    del whole, parts, other
    gc.collect()
    assert memory_allocated() == before


def test_a_tensor_saved_for_backward_stays_right():
    t = tl.ones(3)
    weight = tl.tensor([1.0, 2.0, 3.0], requires_grad=True)
    loss = (t * weight).sum()
    t.untyped_storage().resize_(4000)
    loss.backward()
    assert weight.grad.tolist() == [1, 1, 1]


def test_resize_as():
    t = tl.arange(4.0)
    assert t.resize_as_(tl.zeros(2, 2)) is t
    assert t.tolist() == [[0, 1], [2, 3]]
    with pytest.raises(ArgumentError, match=r"^resize_as_: argument 'the_template' takes a Tensor, got tuple$"):
        t.resize_as_((2,))


def test_what_cannot_be_resized():
    with pytest.raises(GradError) as error:
        tl.ones(3, requires_grad=True).resize_(2)
    assert str(error.value) == "resize_: cannot resize variables that require grad"
    with pytest.raises(ShapeError) as error:
        tl.ones(3).resize_(-1)
    assert str(error.value) == "resize_: takes sizes of at least 0, got (-1,)"
    with pytest.raises(ArgumentError, match=r"^resize_: argument 'size'"):
        tl.ones(3).resize_()
    with pytest.raises(RangeError, match=r"^resize_: takes tensorlab\.contiguous_format, got"):
        tl.ones(3).resize_(3, memory_format=tl.preserve_format)


def test_memory_that_is_not_ours_alone_keeps_its_size():
    array = np.arange(3.0)
    imported = tl.from_numpy(array)
    lent = tl.arange(3.0)
    borrower = lent.numpy()
    shared = tl.arange(3.0).share_memory_()
    start = "resize_: Trying to resize storage that is not resizable: its memory "
    for t, reason in (
        (imported, "was imported from a ndarray"),
        (lent, "is lent to NumPy or another library, which would go on using it"),
        (shared, "is shared with other processes, which would keep what they have"),
    ):
        for resize in (lambda t=t: t.resize_(10), lambda t=t: t.untyped_storage().resize_(1000)):
            with pytest.raises(AliasError) as error:
                resize()
            assert str(error.value) == start + reason
            assert (t.tolist(), t._version, t.untyped_storage().nbytes()) == ([0, 1, 2], 0, 3 * t.itemsize)
        assert t.resize_(1, 2).tolist() == [[0, 1]]  # there is room for it
        assert t.resize_(3).tolist() == [0, 1, 2]
    del borrower
    assert lent.resize_(10)[:3].tolist() == [0, 1, 2]


def test_after_a_freeze_nobody_knows():
    t = tl.arange(3.0)
    part = t[1:]
    gc.freeze()
    try:
        with pytest.raises(AliasError) as error:
            t.resize_(1000)
    finally:
        gc.unfreeze()
    assert str(error.value) == (
        "resize_: Trying to resize storage that is not resizable: gc.freeze() hides who uses it; "
        "call gc.unfreeze() first"
    )
    assert part.tolist() == [1, 2]


def test_views_that_would_lose_their_elements_are_named(monkeypatch):
    notebook = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", notebook)
    notebook.x = tl.arange(6.0)
    notebook.part = notebook.x[2:4]
    notebook.twice = notebook.x
    unnamed = [notebook.x[4:]]
    storage = notebook.x.untyped_storage()
    with pytest.raises(AliasError) as error:
        storage.resize_(18)
    message = str(error.value)
    assert message.startswith(
        "resize_: a storage of 18 bytes would leave 2 of the tensors over it without their elements: "
    )
    assert "x = twice of shape (6,) at bytes 0 to 24" in message
    assert "a tensor of shape (2,) at bytes 16 to 24" in message
    assert "part" not in message
    assert notebook.x.tolist() == [0, 1, 2, 3, 4, 5]
    assert storage.nbytes() == 24
    unnamed.clear()
    del error  # whose frames know the tensors
    del notebook.x, notebook.twice
    # The base of a view lives with it.
    with pytest.raises(AliasError, match=r"without their elements: a tensor of shape \(6,\) at bytes 0 to 24$"):
        storage.resize_(18)


def test_a_storage_may_shrink_to_what_is_looked_at():
    t = tl.arange(6.0)
    t.resize_(2)
    storage = t.untyped_storage()
    assert storage.nbytes() == 24
    assert storage.resize_(8) is storage
    assert (t.tolist(), storage.nbytes(), storage.data_ptr()) == ([0, 1], 8, t.data_ptr())
    t.resize_(0)
    assert storage.resize_(0).nbytes() == 0
    assert t.tolist() == []
    assert t.resize_(2).fill_(3).tolist() == [3, 3]


# The storage itself ---------------------------------------------------------------------------------------------------


def test_an_untyped_storage_is_torchs():
    torch = pytest.importorskip("torch")
    ours, theirs = tl.arange(3, dtype=tl.int32), torch.arange(3, dtype=torch.int32)
    a, b = ours.untyped_storage(), theirs.untyped_storage()
    assert a is ours.untyped_storage() is ours[1:].untyped_storage()
    assert (a.nbytes(), a.size(), len(a), a.element_size()) == (b.nbytes(), b.size(), len(b), b.element_size())
    assert (a.tolist(), list(a), a[4], a[-4]) == (b.tolist(), list(b), b[4], b[-4])
    assert (a.resizable(), a.is_shared(), str(a.device)) == (b.resizable(), b.is_shared(), str(b.device))
    assert repr(a) == repr(b).replace("torch.storage", "tensorlab")
    assert a.data_ptr() == ours.data_ptr()
    assert a.clone().tolist() == b.clone().tolist()
    a[4], b[4] = 7, 7
    assert ours.tolist() == theirs.tolist()
    assert ours._version == 1  # torch does not count it
    a.fill_(1)
    b.fill_(1)
    assert ours.tolist() == theirs.tolist()
    a.copy_(tl.tensor([1, 2, 3], dtype=tl.int32).untyped_storage())
    assert (ours.tolist(), ours._version) == ([1, 2, 3], 3)


def test_what_a_storage_refuses():
    storage = tl.zeros(3).untyped_storage()
    cases = (
        (lambda: storage[12], DimError, "storage: index 12 out of range for storage of size 12"),
        (lambda: storage["a"], ArgumentError, "storage: takes an int as index, got str"),
        (lambda: storage.__setitem__(0, 256), RangeError, "storage: takes a byte, an int from 0 to 255, got 256"),
        (lambda: storage.fill_(-1), RangeError, "fill_: takes a byte, an int from 0 to 255, got -1"),
        (lambda: storage.resize_(-1), RangeError, "resize_: takes a number of bytes of at least 0, got -1"),
        (lambda: storage.resize_(1.5), ArgumentError, "resize_: argument 'size' takes an int, got float"),
        (
            lambda: storage.copy_(tl.zeros(2).untyped_storage()),
            ShapeError,
            "copy_: size does not match, self was 12 bytes but src was 8 bytes",
        ),
    )
    for refused, kind, message in cases:
        with pytest.raises(kind) as error:
            refused()
        assert str(error.value) == message
    fixed = tl.frombuffer(b"abc", dtype=tl.uint8).untyped_storage()
    assert fixed.tolist() == [97, 98, 99]
    assert not fixed.resizable()
    for write in (lambda: fixed.fill_(0), lambda: fixed.__setitem__(0, 1), lambda: fixed.copy_(fixed.clone())):
        with pytest.raises(AliasError, match=r"the storage is read-only: it was imported from a read-only buffer$"):
            write()


def test_a_storage_of_its_own():
    storage = tl.UntypedStorage(8)
    assert storage.fill_(3).tolist() == [3] * 8
    assert tl.UntypedStorage().tolist() == []
    with pytest.raises(RangeError, match=r"^UntypedStorage: takes a number of bytes of at least 0, got -1$"):
        tl.UntypedStorage(-1)

"""Tensors that are given other memory, as torch does it, and tensors in page-locked memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tensorlab as tl
from tensorlab import memory
from tensorlab.errors import AliasError, ArgumentError, DTypeError, GradError, RangeError, ShapeError

Set = Callable[[Any, Any, Any], Any]

WAYS: dict[str, Set] = {
    "nothing": lambda lib, x, b: x.set_(),
    "tensor": lambda lib, x, b: x.set_(b),
    "part": lambda lib, x, b: x.set_(b[2:5]),
    "expanded": lambda lib, x, b: x.set_(b[2:3].expand(3)),
    "storage": lambda lib, x, b: x.set_(b.untyped_storage()),
    "odd storage": lambda lib, x, b: x.set_(lib.zeros(7, dtype=lib.uint8).untyped_storage()),
    "place": lambda lib, x, b: x.set_(b.untyped_storage(), 2, (2, 3)),
    "place by name": lambda lib, x, b: x.set_(source=b, storage_offset=1, size=[3], stride=[2]),
    "strided": lambda lib, x, b: x.set_(b[4:], 2, (2, 2), (1, 2)),
    "number": lambda lib, x, b: x.set_(b, 3, ()),
    "beyond, without elements": lambda lib, x, b: x.set_(b.untyped_storage(), 100, (0,)),
    "longer": lambda lib, x, b: x.set_(b.untyped_storage(), 2, (4, 5)),
    "itself": lambda lib, x, b: x.set_(x, 1, (2,)),
}


@pytest.mark.parametrize("way", WAYS)
def test_set_is_torchs(way: str) -> None:
    torch = pytest.importorskip("torch")

    def made(lib: Any) -> tuple[Any, ...]:
        x, b = lib.arange(3.0), lib.arange(10.0)
        view = x[1:]
        result = WAYS[way](lib, x, b)
        assert result is x
        facts = (tuple(x.shape), x.stride(), x.storage_offset(), b._version, view._version, x._base, x.requires_grad)
        assert view.tolist() == [1, 2]
        known = x.flatten().tolist()[:8] if way != "odd storage" else None
        return facts, known, b.untyped_storage().nbytes(), b.tolist()

    assert made(tl) == made(torch)


def test_both_see_what_one_writes_and_its_version() -> None:
    x, b = tl.zeros(2), tl.arange(4.0)
    x.set_(b, 1, (2,))
    x.add_(10)
    assert b.tolist() == [0, 11, 12, 3]
    assert (x._version, b._version) == (1, 1)  # torch has a version a tensor, and does not see the write to `b`
    w = tl.ones(4, requires_grad=True)
    loss = (w * b).sum()
    x.mul_(2)
    with pytest.raises(GradError, match="modified by an inplace operation"):
        loss.backward()


def test_what_autograd_saved_counts_as_written() -> None:
    torch = pytest.importorskip("torch")
    for lib in (tl, torch):
        w, s = lib.ones(3, requires_grad=True), lib.zeros(3)
        loss = (w * s).sum()
        s.set_(lib.arange(3.0))
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()


def test_where_a_gradient_would_be_needed() -> None:
    torch = pytest.importorskip("torch")
    for lib in (tl, torch):
        leaf = lib.zeros(3, requires_grad=True)
        with pytest.raises(RuntimeError, match=r"a leaf Variable that requires grad is being used in an in-place oper"):
            leaf.set_(lib.ones(2))
        with lib.no_grad():
            leaf.set_(lib.ones(2))
        assert (leaf.tolist(), leaf.requires_grad, leaf.grad_fn) == ([1, 1], True, None)
        (leaf * 3).sum().backward()
        assert leaf.grad.tolist() == [3, 3]
    # torch lets these pass, and refuses in backward.
    leaf, plain = tl.zeros(3, requires_grad=True), tl.zeros(3)
    for change in (lambda: (leaf * 2).set_(plain), lambda: plain.set_(leaf), lambda: plain.set_(leaf * 2, 1, (1,))):
        with pytest.raises(
            GradError, match=r"^set_: the derivative for 'set_' is not implemented; use detach\(\) or no_grad\(\)$"
        ):
            change()
    plain.set_(leaf.detach())
    assert plain.is_set_to(leaf)


REFUSED: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "number": (
        lambda b: tl.zeros(2).set_(3),
        ArgumentError,
        "set_: takes nothing, a Tensor or a storage, or one of these with storage_offset and size, and stride or none; "
        "got int",
    ),
    "no size": (
        lambda b: tl.zeros(2).set_(b, 1),
        ArgumentError,
        "set_: takes nothing, a Tensor or a storage, or one of these with storage_offset and size, and stride or none; "
        "got Tensor, storage_offset",
    ),
    "dtype": (
        lambda b: tl.zeros(2, dtype=tl.int32).set_(b),
        DTypeError,
        "set_: Could not set tensor of type float32 to a tensor of type int32",
    ),
    "offset": (lambda b: tl.zeros(2).set_(b, -1, (2,)), RangeError, "set_: Tensor: invalid storage offset -1"),
    "size": (lambda b: tl.zeros(2).set_(b, 0, (-2,)), ShapeError, "set_: takes sizes of at least 0, got (-2,)"),
    "stride": (
        lambda b: tl.zeros(2).set_(b, 2, (2,), (-1,)),
        RangeError,
        "set_: takes strides of at least 0, got (-1,)",
    ),
    "lengths": (
        lambda b: tl.zeros(2).set_(b, 0, (2,), (1, 1)),
        ShapeError,
        "set_: unequal size length (1) and stride length (2)",
    ),
    "odd address": (
        lambda b: tl.zeros(2).set_(tl.frombuffer(_odd(), dtype=tl.uint8).untyped_storage()),
        ArgumentError,
        "set_: the storage begins 1 bytes past a multiple of the item size 4; copy it first",
    ),
    "imported": (
        lambda b: tl.zeros(2).set_(tl.frombuffer(bytearray(8), dtype=tl.float32), 0, (3,)),
        AliasError,
        "set_: Trying to resize storage that is not resizable: its memory was imported from a ",
    ),
}


def _odd() -> bytearray:
    data = bytearray(range(9))
    del data[:1]  # which leaves the rest where it is
    return data


@pytest.mark.parametrize("name", REFUSED)
def test_set_refuses_and_changes_nothing(name: str) -> None:
    change, kind, text = REFUSED[name]
    b = tl.arange(4.0)
    with pytest.raises(kind) as caught:
        change(b)
    assert str(caught.value).startswith(text) if name == "imported" else str(caught.value) == text
    assert (b.tolist(), b._version) == ([0, 1, 2, 3], 0)


class Lock:
    """Keeps count of what is locked."""

    name = "count"

    def __init__(self) -> None:
        self.locked: dict[int, int] = {}

    def lock(self, address: int, nbytes: int) -> None:
        self.locked[address] = nbytes

    def unlock(self, address: int, nbytes: int) -> None:
        assert self.locked.pop(address) == nbytes


def test_pinned_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = Lock()
    allocator = memory.PinnedAllocator(lock)
    monkeypatch.setattr(memory, "pinned_allocator", lambda: allocator)
    x = tl.arange(6.0).view(2, 3).t()
    assert (x.is_pinned(), x.untyped_storage().is_pinned()) == (False, False)
    y = x.pin_memory()
    assert (y.is_pinned(), y.untyped_storage().is_pinned(), y[1:].is_pinned("cuda")) == (True, True, True)
    assert (y.tolist(), y.stride(), y.dtype) == (x.tolist(), x.stride(), x.dtype)
    assert y.pin_memory() is y
    assert list(lock.locked) == [y.data_ptr()]
    assert x[:, :1].expand(3, 4).pin_memory().stride() == (4, 1)
    leaf = tl.ones(3, requires_grad=True)
    (leaf.pin_memory() * 2).sum().backward()
    assert leaf.grad.tolist() == [2, 2, 2]
    assert tl.zeros(0).pin_memory().shape == (0,)
    del y
    assert not lock.locked

"""What a tensor says of itself, and values read out of it, which a mode hears of."""

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.core.dispatch import pushed
from tensorlab.core.reading import read_out
from tensorlab.core.tensor import empty, strides_in_order
from tensorlab.core.types import TensorType
from tensorlab.errors import ShapeError

X = tl.arange(6).view(2, 3).float()


def test_what_it_is():
    assert (X.shape, X.dtype, X.ndim, X.dim(), X.numel(), X.nbytes, X.itemsize) == ((2, 3), tl.float32, 2, 2, 6, 24, 4)
    assert (X.size(), X.size(0), X.size(-1)) == ((2, 3), 2, 3)
    assert (X.stride(), X.stride(0), X.strides) == ((3, 1), 3, (3, 1))
    assert X.type == TensorType(tl.float32, (2, 3))
    assert (str(X.device), X.requires_grad, X.element_size()) == ("cpu", False, 4)
    row = X[1:, 1:]
    assert (row.storage_offset(), row.data_ptr() - X.data_ptr(), row.is_contiguous()) == (4, 16, True)
    assert X.t().is_contiguous() is False
    assert repr(X.storage()) == f"Storage(24 bytes, {X.storage().allocator.name}, version 0)"
    assert (len(X.storage()), X.storage().data_ptr()) == (24, X.data_ptr())


def test_new_storages_are_aligned_and_given_back():
    before = tl.memory.stats().allocated_bytes
    t = empty(tl.float32, (1000,))
    assert t.data_ptr() % 64 == 0
    assert tl.memory.stats().allocated_bytes == before + 4032
    del t
    assert tl.memory.stats().allocated_bytes == before


@pytest.mark.parametrize(
    ("value", "dtype", "kind"),
    [(True, tl.bool, bool), (200, tl.uint8, int), (-5, tl.int32, int), (2**60, tl.int64, int), (0.5, tl.float32, float)]
    + [(0.1, tl.float64, float)],
)
def test_item_is_a_python_number_of_the_right_kind(value, dtype, kind):
    t = tl.tensor([0, value, 0], dtype=dtype)[1]
    assert (t.item(), type(t.item())) == (value, kind)
    assert tl.tensor([[value]], dtype=dtype).item() == value
    assert t.tolist() == value


def test_conversions_to_python():
    assert (int(tl.tensor([2.9])), float(tl.tensor(3)), bool(tl.tensor([[0.0]])), complex(tl.tensor(1.5))) == (
        *(2, 3.0, False, 1.5 + 0j),
    )
    assert [10, 20][tl.tensor([1])] == 20
    assert [10, 20][tl.tensor(True)] == 20
    assert list(range(5))[tl.tensor(1) : tl.tensor(3)] == [1, 2]
    assert len(X) == 2
    assert (f"{tl.tensor(1.23456):.2f}", f"{X[0]}") == ("1.23", "tensor([0., 1., 2.])")
    with pytest.raises(ValueError, match="cannot convert float NaN to integer"):
        int(tl.tensor(float("nan")))
    with pytest.raises(ShapeError, match=r"^complex: only one element tensors can be converted to Python scalars$"):
        complex(X)


def test_tensors_are_keys_by_identity():
    a, b = tl.ones(2), tl.ones(2)
    assert len({a: 1, b: 2}) == 2
    assert hash(a) == hash(a)


class Listener:
    """A mode that notes what leaves."""

    def __init__(self):
        self.heard = []

    def call(self, op, args):
        return op.run(args)

    def escaped(self, tensor, what):
        self.heard.append(what)


READ = {
    "item": lambda: tl.tensor(1).item(),
    "tolist": lambda: X.tolist(),
    "numpy": lambda: X.numpy(),
    "bool": lambda: bool(tl.tensor(1)),
    "int": lambda: int(tl.tensor(1)),
    "float": lambda: float(tl.tensor(1)),
    "index": lambda: [1, 2][tl.tensor(1)],
    "len": lambda: len(X),
    "tensor": lambda: tl.tensor(X),
}


@pytest.mark.parametrize("what", READ)
def test_a_mode_hears_of_every_value_that_is_read_out(what):
    listener = Listener()
    with pushed(listener):
        READ[what]()
    assert listener.heard == [what]


def test_iteration_and_arrays_are_heard_of_too():
    listener = Listener()
    with pushed(listener):
        for _ in X:
            pass
        np.asarray(X)
        f"{tl.tensor(1.5):.1f}"
    assert listener.heard == ["iter", "numpy", "item"]


def test_printing_is_not_reading():
    listener = Listener()
    with pushed(listener):
        assert repr(X).startswith("tensor([[0., 1., 2.]")
    assert listener.heard == []


def test_only_the_innermost_listener_hears_and_silent_modes_are_passed():
    class Silent:
        def call(self, op, args):
            return op.run(args)

    outer, inner = Listener(), Listener()
    with pushed(outer), pushed(inner), pushed(Silent()):
        assert read_out(X, "item", lambda: 3) == 3
    assert (outer.heard, inner.heard) == ([], ["item"])


def test_strides_in_order():
    assert strides_in_order((2, 3, 4), (0, 1, 2)) == (12, 4, 1)
    assert strides_in_order((2, 3, 4), (2, 0, 1)) == (3, 1, 6)

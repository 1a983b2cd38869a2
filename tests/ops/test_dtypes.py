"""Public functions about dtypes, against torch for every pair; conversions; what a default changes."""

import itertools

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.core.dtype import DTYPES
from tensorlab.errors import ArgumentError, DTypeError, RangeError


def name_of(dtype):
    return dtype.name


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")


@pytest.fixture
def default():
    """The default dtype is put back."""
    yield
    tl.set_default_dtype(tl.float32)


@pytest.mark.parametrize("first", DTYPES, ids=name_of)
@pytest.mark.torch
def test_pairs_promote_and_cast_as_in_torch(torch, first):
    a = getattr(torch, first.name)
    for second in DTYPES:
        b = getattr(torch, second.name)
        assert f"torch.{tl.promote_types(first, second).name}" == str(torch.promote_types(a, b))
        assert tl.can_cast(first, second) == torch.can_cast(a, b)
        for shapes in itertools.product([(2,), ()], repeat=2):
            mine = [tl.zeros(s, dtype=d) for s, d in zip(shapes, (first, second), strict=True)]
            theirs = [torch.zeros(s, dtype=d) for s, d in zip(shapes, (a, b), strict=True)]
            assert f"torch.{tl.result_type(*mine).name}" == str(torch.result_type(*theirs))
    for shape, number in itertools.product([(2,), ()], [True, 3, 2.5]):
        mine, theirs = tl.zeros(shape, dtype=first), torch.zeros(shape, dtype=a)
        assert f"torch.{tl.result_type(mine, number).name}" == str(torch.result_type(theirs, number))
        assert f"torch.{tl.result_type(number, mine).name}" == str(torch.result_type(number, theirs))


@pytest.mark.parametrize("dtype", DTYPES, ids=name_of)
@pytest.mark.torch
def test_limits_are_torchs(torch, dtype):
    twin = getattr(torch, dtype.name)
    if dtype is tl.bool:
        return
    mine = (tl.finfo if dtype.is_floating_point else tl.iinfo)(dtype)
    theirs = (torch.finfo if dtype.is_floating_point else torch.iinfo)(twin)
    names = ("bits", "min", "max", "dtype")
    names += ("eps", "tiny", "smallest_normal", "resolution") if dtype.is_floating_point else ()
    for name in names:
        assert getattr(mine, name) == getattr(theirs, name)
    assert repr(mine) == repr(theirs)
    assert mine == type(mine)(dtype)
    assert len({mine, type(mine)(dtype)}) == 1


def test_what_a_tensor_says_of_its_dtype():
    half, small = tl.zeros(2, 3, dtype=tl.half), tl.zeros((), dtype=tl.uint8)
    assert (tl.is_floating_point(half), half.is_floating_point(), small.is_floating_point()) == (True, True, False)
    assert (tl.is_signed(half), half.is_signed(), small.is_signed()) == (True, True, False)
    assert not tl.is_complex(half)
    assert not half.is_complex()
    assert (tl.numel(half), tl.numel(small)) == (6, 1)
    assert (tl.is_tensor(half), tl.is_tensor(3)) == (True, False)
    assert (half.element_size(), small.element_size()) == (2, 1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tl.finfo(tl.int8), DTypeError, "finfo: finfo() requires a floating point input type. Use iinfo to"),
        (lambda: tl.iinfo(tl.half), DTypeError, "iinfo: iinfo() requires an integer input type. Use finfo to handle"),
        (lambda: tl.iinfo(tl.bool), DTypeError, "iinfo: bool is not supported by iinfo"),
        (lambda: tl.finfo("half"), ArgumentError, "finfo: argument 'type' takes a dtype, got str"),
        (lambda: tl.promote_types(tl.int8, 3), ArgumentError, "promote_types: argument 'type2' takes a dtype, got int"),
        (lambda: tl.numel(3), ArgumentError, "numel: argument 'input' takes a Tensor, got int"),
        (lambda: tl.ones(1).type_as(3), ArgumentError, "type_as: argument 'other' takes a Tensor, got int"),
        (lambda: tl.ones(1).to("cuda"), RangeError, "device: got 'cuda'; takes 'cpu'"),
        (lambda: tl.ones(1).to(1.5), ArgumentError, "to: takes a dtype, a Tensor or a device, got 1.5"),
        (lambda: tl.ones(1).to(tl.half, speed=1), ArgumentError, "to: got speed=; takes dtype, non_blocking, copy and"),
        (lambda: tl.ones(1).to(tl.half, dtype=tl.half), ArgumentError, "to: got dtype=; takes dtype, non_blocking"),
        (lambda: tl.ones(1).to(tl.half, 1), ArgumentError, "to: argument 'non_blocking' takes a bool, got 1"),
        (
            lambda: tl.ones(1).contiguous(memory_format=tl.preserve_format),
            ArgumentError,
            "contiguous: preserve memory format is unsupported by the contiguous operator",
        ),
        (
            lambda: tl.ones(1).half(memory_format="rows"),
            ArgumentError,
            "to: argument 'memory_format' takes a memory_format, got 'rows'",
        ),
        (
            lambda: tl.zeros(2, dtype=tl.half).fill_(70000),
            RangeError,
            "fill_: value 70000 cannot be converted to float16 without overflow",
        ),
        (
            lambda: tl.tensor([300], dtype=tl.int8),
            RangeError,
            "tensor: value 300 cannot be converted to int8 without overflow",
        ),
        (
            lambda: tl.set_default_dtype(tl.int64),
            DTypeError,
            "set_default_dtype: only floating-point types are supported as the default type, got tensorlab.int64",
        ),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).startswith(message)


def test_memory_formats():
    t = tl.arange(6).reshape(2, 3).t()
    assert (t.clone().stride(), t.clone(memory_format=tl.contiguous_format).stride()) == ((1, 3), (2, 1))
    assert t.to(tl.half).stride() == t.to(tl.half, memory_format=tl.preserve_format).stride() == (1, 3)
    assert t.half(memory_format=tl.contiguous_format).stride() == (2, 1)
    assert t.to(memory_format=tl.contiguous_format) is t
    assert repr(tl.contiguous_format) == "tensorlab.contiguous_format"
    assert isinstance(tl.preserve_format, tl.memory_format)


def test_what_is_not_changed_is_the_tensor_itself():
    t = tl.ones(2)
    assert t.to(tl.float32) is t.to("cpu") is t.to(t) is t.float() is t.cpu() is t.type_as(t) is t.contiguous() is t
    assert t.to(copy=True).data_ptr() != t.data_ptr()


@pytest.mark.parametrize("dtype", [tl.float16, tl.bfloat16, tl.float64], ids=name_of)
def test_a_gradient_comes_back_in_the_dtype_that_went_in(dtype):
    x = tl.tensor([1.0, 2.0], requires_grad=True)
    y = x.to(dtype)
    (y * y).sum().backward()
    assert x.grad.dtype is tl.float32
    assert x.grad.tolist() == [2.0, 4.0]
    h = tl.tensor([1.0, 2.0], dtype=dtype, requires_grad=True)
    (h.float() * tl.tensor([0.5, 3.0])).sum().backward()
    assert h.grad.dtype is dtype
    assert h.grad.tolist() == [0.5, 3.0]


def test_a_copy_over_a_tensor_takes_its_gradient():
    source = tl.tensor([1.0, 2.0], dtype=tl.half, requires_grad=True)
    before = tl.tensor([5.0, 5.0], requires_grad=True)
    target = before * 1
    target.copy_(source)
    (target * tl.tensor([2.0, 3.0])).sum().backward()
    assert source.grad.tolist() == [2.0, 3.0]
    assert before.grad is None or before.grad.tolist() == [0.0, 0.0]


@pytest.mark.usefixtures("default")
def test_the_default_dtype_is_what_floats_become():
    whole = tl.tensor([1, 2])
    assert (whole / 2).dtype is whole.sqrt().dtype is tl.get_default_dtype() is tl.float32
    for dtype in (tl.float64, tl.bfloat16):
        tl.set_default_dtype(dtype)
        made = [tl.tensor(1.5), tl.ones(2), tl.empty(1), tl.eye(2), tl.rand(2), tl.full((1,), 2.0), whole / 2]
        made += [whole.sqrt(), whole * 1.5, tl.arange(0, 1, 0.5), tl.linspace(0, 1, 3), whole + tl.tensor(0.5)]
        assert {t.dtype for t in made} == {dtype}
        assert tl.finfo().dtype == dtype.name
        assert tl.result_type(1, 2.5) is dtype
        assert repr(tl.tensor([1.5])) == "tensor([1.5000])"
    tl.set_default_dtype(tl.float32)
    assert (whole / 2).dtype is tl.float32


@pytest.mark.parametrize("dtype", DTYPES, ids=name_of)
def test_data_of_every_dtype_goes_in_and_out(dtype):
    t = tl.tensor([[0, 1], [1, 0]], dtype=dtype)
    assert t.dtype is dtype
    assert t.tolist() == [[0, 1], [1, 0]]
    assert t.numpy().dtype == dtype.numpy
    assert [type(v) for v in t[0].tolist()] == [type(t[0, 0].item())] * 2
    again = tl.tensor(t.numpy())
    assert again.dtype is dtype
    assert tl.as_tensor(t.numpy()).data_ptr() == t.data_ptr()
    assert tl.tensor([t.numpy()[0, 0], t.numpy()[0, 1]]).dtype is dtype
    assert tl.tensor(np.array([0.0, 1.0]), dtype=dtype).tolist() == [0, 1]
    assert bool(t[0, 1])


def test_numbers_go_to_halves_as_loops_convert():
    close = 1 + 2**-11 + 2**-40  # just above the middle of two float16, and not as a float32
    assert tl.tensor([close], dtype=tl.half).item() == tl.tensor([close], dtype=tl.float64).half().item() == 1.0
    assert tl.tensor([70000, -1e30], dtype=tl.half).tolist() == [float("inf"), float("-inf")]
    assert tl.full((1,), 1e6, dtype=tl.half).item() == float("inf")

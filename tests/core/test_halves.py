"""Floats of 16 bits: every value through every conversion, and loops that round as their ops do one by one."""

import itertools

import ml_dtypes
import numpy as np
import pytest

import tensorlab as tl
from tensorlab.core import intrinsics
from tensorlab.core.compile import compile_loop
from tensorlab.core.dtype import DTYPES, HALVES
from tensorlab.core.pointwise import RegionRunner
from tensorlab.core.region import Ref, Region, Source, Step
from tensorlab.core.widened import widened
from tensorlab.ops import arithmetic, comparison, elementary

ALL_BITS = np.arange(65536, dtype=np.uint16)
pytestmark = pytest.mark.filterwarnings("ignore:invalid value|overflow encountered:RuntimeWarning")


def name_of(dtype):
    return dtype.name


def every(dtype):
    """A tensor of all values there are."""
    return tl.from_numpy(ALL_BITS.view(dtype.numpy).copy())


def bits_of(t):
    """The bits, with one NaN for all."""
    bits = t.numpy().view(np.uint16).copy()
    bits[np.isnan(t.numpy().astype(np.float32))] = 0x7FFF
    return bits


@pytest.fixture(scope="module")
def wide_values():
    """Float32 values: those of both halves, the middles between neighbours and their neighbours, and any at all."""
    singles = [ALL_BITS.view(d.numpy).astype(np.float32) for d in HALVES]
    middles = []
    for values in singles:
        finite = np.sort(values[np.isfinite(values)].astype(np.float64))
        middle = ((finite[1:] + finite[:-1]) / 2).astype(np.float32)
        middles += [middle, np.nextafter(middle, np.float32(np.inf)), np.nextafter(middle, np.float32(-np.inf))]
    odd = np.array([65519.99, 65520, 3.3961776e38, np.finfo(np.float32).max, 1e-45, 2**-25, 2**-24], np.float32)
    some = np.random.default_rng(0).integers(0, 2**32, 100_000, dtype=np.uint32).view(np.float32)
    return np.concatenate([*singles, *middles, odd, -odd, some])


@pytest.mark.parametrize("dtype", HALVES, ids=name_of)
@pytest.mark.parametrize("wide", [tl.float32, tl.float64], ids=name_of)
def test_every_value_widens_exactly(dtype, wide):
    expected = ALL_BITS.view(dtype.numpy).astype(wide.numpy)
    np.testing.assert_array_equal(every(dtype).to(wide).numpy(), expected)


@pytest.mark.parametrize("dtype", HALVES, ids=name_of)
def test_every_value_comes_back_from_a_wider_type(dtype):
    t = every(dtype)
    for wide in (tl.float32, tl.float64):
        np.testing.assert_array_equal(bits_of(t.to(wide).to(dtype)), bits_of(t))


@pytest.mark.parametrize("dtype", HALVES, ids=name_of)
def test_numbers_round_to_nearest_ties_to_even(dtype, wide_values):
    found = tl.from_numpy(wide_values).to(dtype).numpy().astype(np.float32)
    np.testing.assert_array_equal(found, wide_values.astype(dtype.numpy).astype(np.float32))
    assert np.array_equal(np.signbit(found), np.signbit(wide_values))


@pytest.mark.parametrize("way", ["up", "down"])
def test_float16_without_the_instruction_is_the_same(way, wide_values, monkeypatch):
    """Processors that lack it run other code, which LLVM vectorises too."""
    monkeypatch.setattr(intrinsics, "has_half_conversion", lambda: False)
    given, made = ("float16", "float32") if way == "up" else ("float32", "float16")
    source = (
        f'"""Conversion by bits."""\nfrom tensorlab.core.intrinsics import float16_at, float16_{way}, float32_at\n\n\n'
        f"def loop(n, out_at, a_at):\n    out = {made}_at(out_at)\n    a = {given}_at(a_at)\n"
        f"    for i in range(n):\n        out[i] = float16_{way}(a[i])\n"
    )
    loop = compile_loop(source, "void(int64, int64, int64)", label=f"bits_{way}")
    values = ALL_BITS.view(np.float16) if way == "up" else wide_values
    found = np.empty(values.size, made)
    loop.entry(values.size, found.ctypes.data, values.ctypes.data)
    np.testing.assert_array_equal(found, values.astype(made))


@pytest.mark.parametrize("dtype", HALVES, ids=name_of)
def test_every_value_of_a_half_as_a_number_of_python(dtype):
    t = every(dtype)
    listed = t.tolist()
    places = [0, 1, 0x03FF, 0x3C01, 0x7C00, 0x7F80, 0x8001, 0xFBFF, 0xFF7F]
    np.testing.assert_array_equal(np.array(listed), t.numpy().astype(np.float64))
    np.testing.assert_array_equal([t[i].item() for i in places], [listed[i] for i in places])


@pytest.mark.parametrize("dtype", HALVES, ids=name_of)
def test_memory_goes_to_numpy_and_back(dtype):
    array = np.arange(12).reshape(3, 4).astype(dtype.numpy)[::-1, ::2]
    t = tl.from_numpy(array)
    assert t.dtype is dtype
    back = t.numpy()
    assert back.dtype == dtype.numpy
    back[0, 0] = 40
    assert array[0, 0] == t[0, 0].item() == 40
    assert tl.from_numpy(back).data_ptr() == t.data_ptr()
    assert tl.from_numpy(back).untyped_storage() is t.untyped_storage()
    empty = tl.from_numpy(np.empty((0, 3), dtype.numpy))
    assert empty.numpy().shape == (0, 3)


# (a * b + c).exp() - a, and whether a > c: everything a loop can do with a half in one
CHAIN = Region(
    3,
    0,
    (
        Step(arithmetic.mul, (Ref(Source.INPUT, 0), Ref(Source.INPUT, 1))),
        Step(arithmetic.add, (Ref(Source.STEP, 0), Ref(Source.INPUT, 2), Ref(Source.LITERAL, literal=1))),
        Step(elementary.tanh, (Ref(Source.STEP, 1),)),
        Step(arithmetic.sub, (Ref(Source.STEP, 2), Ref(Source.INPUT, 0), Ref(Source.LITERAL, literal=1))),
        Step(comparison.gt, (Ref(Source.STEP, 3), Ref(Source.INPUT, 2))),
    ),
    (3, 4),
)


def operands(dtype, seed=0):
    random = np.random.default_rng(seed)
    return [tl.from_numpy(random.normal(size=(37, 41)).astype(np.float32)).to(dtype) for _ in range(3)]


@pytest.mark.parametrize("dtype", HALVES, ids=name_of)
def test_a_fused_chain_gives_what_its_ops_give(dtype):
    a, b, c = operands(dtype)
    value, above = RegionRunner(CHAIN)([a, b, c])
    expected = (a * b + c).tanh() - a
    np.testing.assert_array_equal(bits_of(value), bits_of(expected))
    np.testing.assert_array_equal(above.numpy(), (expected > c).numpy())


@pytest.mark.parametrize("dtype", HALVES, ids=name_of)
@pytest.mark.torch
def test_every_step_rounds_as_in_torch(dtype):
    torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")
    a, b, c = operands(dtype, seed=1)
    x, y, z = (torch.from_numpy(t.float().numpy()).to(getattr(torch, dtype.name)) for t in (a, b, c))
    for mine, theirs in [
        (a + b, x + y),
        (a * b - c, x * y - z),
        (a / b, x / y),
        (a * 0.1, x * 0.1),
        (a + 2049, x + 2049),
        (a - 0.1, x - 0.1),
        (a / 0.1, x / 0.1),
        (0.1 / a, 0.1 / x),
        (a.abs() ** 0.3, x.abs() ** 0.3),
        (a.sqrt(), x.sqrt()),
        (a + tl.tensor(0.1), x + torch.tensor(0.1)),
        (a * tl.tensor([2049] * 41), x * torch.tensor([2049] * 41)),
        (tl.where(a > b, a, c), torch.where(x > y, x, z)),
        (a == 0.1, x == 0.1),
        (a.sum(), x.sum()),
        (a.sum(0), x.sum(0)),
        (a.mean(1), x.mean(1)),
        (a.max(), x.max()),
        (a.argmin(0), x.argmin(0)),
    ]:
        assert f"torch.{mine.dtype.name}" == str(theirs.dtype)
        np.testing.assert_array_equal(mine.double().numpy(), theirs.double().numpy())


@pytest.mark.parametrize("dtype", HALVES, ids=name_of)
def test_a_number_is_compared_as_the_half_that_it_is_nearest_to(dtype):
    assert (tl.tensor([0.1], dtype=dtype) == 0.1).tolist() == [True]
    assert (tl.tensor([0.1], dtype=dtype) == tl.tensor(0.1)).tolist() == [True]


@pytest.mark.parametrize(("given", "made"), list(itertools.product(DTYPES, DTYPES)), ids=name_of)
@pytest.mark.torch
def test_every_dtype_becomes_every_other_as_in_torch(given, made):
    torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")
    values = np.array([0, 1, 2, 3.75, 100.5, 127, *([-1, -3.75, -128] if given.is_signed and made.is_signed else [])])
    wide = [2049, 40000, 70000] if given.itemsize > 2 and (made.is_floating_point or made.itemsize > 2) else []
    t = tl.tensor([*values.tolist(), *wide]).to(given)
    twin = torch.tensor([*values.tolist(), *wide]).to(getattr(torch, given.name))
    assert t.to(made).tolist() == twin.to(getattr(torch, made.name)).tolist()


def test_integers_wrap_around():
    assert (tl.tensor([127, -128], dtype=tl.int8) + 1).tolist() == [-128, -127]
    assert (tl.tensor([300, -300], dtype=tl.int16) * 300).tolist() == [24464, -24464]
    assert tl.tensor([300, -129, 128]).to(tl.int8).tolist() == [44, 127, -128]
    assert tl.tensor([300.5, -129.5]).to(tl.int8).tolist() == [44, 127]
    assert tl.tensor([70000.0, -1.5]).to(tl.int16).tolist() == [4464, -1]
    assert tl.tensor([200, 100], dtype=tl.uint8).sum().item() == 300


@pytest.mark.parametrize("dtype", HALVES, ids=name_of)
def test_a_sum_rounds_once(dtype):
    ones = tl.ones(5000, dtype=dtype)
    assert ones.sum().item() == tl.tensor(5000.0).to(dtype).item()
    assert ones.mean().item() == 1.0


@pytest.mark.parametrize("dtype", HALVES, ids=name_of)
def test_a_widened_body_sees_float32_and_gives_halves(dtype):
    seen = []

    @widened
    def body(tensors, index, number, kind):
        seen.append([*(t.dtype for t in tensors), index.dtype, kind])
        return tensors[0], (index, [tensors[1]])

    half, index = tl.tensor([1.5, 2.5], dtype=dtype), tl.tensor([1])
    first, (second, (third,)) = body([half, half.float()], index, 2, dtype)
    assert seen == [[tl.float32, tl.float32, tl.int64, tl.float32]]
    assert (first.dtype, second, third.dtype) == (dtype, index, dtype)
    assert first.tolist() == [1.5, 2.5]
    body([half.float(), half.float()], index, 2, None)
    assert seen[1] == [tl.float32, tl.float32, tl.int64, None]


def test_two_kinds_of_halves_meet_in_float32():
    @widened
    def total(a, b):
        return arithmetic.add.run((a, b, 1))

    a, b = tl.tensor([1.0], dtype=tl.float16), tl.tensor([2.0], dtype=tl.bfloat16)
    assert total(a, b).dtype is tl.float32
    assert (a + b).dtype is tl.float32
    assert (a.numpy().dtype, b.numpy().dtype) == (np.float16, ml_dtypes.bfloat16)

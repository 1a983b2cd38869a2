"""Programs over every dtype: traced, scripted, compiled, written as text and kept in an archive."""

import math

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.core.dtype import DTYPES, HALVES
from tensorlab.jit.parse import parse_graph

NUMBERS = [d for d in DTYPES if d is not tl.bool]


def name_of(dtype):
    return dtype.name


def operands(dtype):
    random = np.random.default_rng(3)
    values = [tl.tensor(random.integers(0, 9, (4, 5)).tolist()) for _ in range(2)]
    return [(v / 7 if dtype.is_floating_point else v).to(dtype) for v in values]


def whole(a, b):
    return (a + b) * 2 - a, a.max(), a > b, a.sum(0)


def fractions(a, b):
    c = (a * b + a * 0.3).tanh() - b
    return c, (c * c - a).sigmoid(), c.sum(1), c > 0.1


def same(mine, expected):
    for x, y in zip(mine, expected, strict=True):
        assert x.dtype is y.dtype
        # A loop may add a product without rounding it first; a half is rounded after each step, and so is an integer.
        wide = y.dtype in (tl.float32, tl.float64)
        np.testing.assert_allclose(x.double().numpy(), y.double().numpy(), rtol=0, atol=1e-6 if wide else 0)


@pytest.mark.parametrize("dtype", NUMBERS, ids=name_of)
def test_a_traced_program_gives_what_eager_gives(dtype, tmp_path):
    a, b = operands(dtype)
    function = fractions if dtype.is_floating_point else whole
    traced = tl.jit.trace(function, (a, b))
    assert f"{dtype.ir_name}(4, 5)" in str(traced.graph)
    assert str(parse_graph(str(traced.graph))) == str(traced.graph)
    same(traced(a, b), function(a, b))
    same(traced(b, a), function(b, a))
    traced.save(tmp_path / "program.zip")
    same(tl.jit.load(tmp_path / "program.zip")(a, b), function(a, b))


@pytest.mark.parametrize("dtype", HALVES, ids=name_of)
@pytest.mark.torch
def test_a_fused_chain_of_halves_rounds_as_torch_does(dtype):
    torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")

    def chain(a, b):
        return ((a * b + a) / (b + 2) - a * 0.3).sqrt()

    a, b = operands(dtype)
    x, y = (torch.from_numpy(t.float().numpy()).to(getattr(torch, dtype.name)) for t in (a, b))
    np.testing.assert_array_equal(tl.jit.trace(chain, (a, b))(a, b).float().numpy(), chain(x, y).float().numpy())


@pytest.mark.parametrize("dtype", DTYPES, ids=name_of)
def test_a_tensor_of_every_dtype_is_kept_in_an_archive(dtype, tmp_path):
    held = tl.tensor([[0, 1, 1], [1, 0, 1]], dtype=dtype)

    def program(a):
        return tl.where(a > 0, held, held.t().contiguous().t())

    traced = tl.jit.trace(program, (tl.ones(2, 3),))
    traced.save(tmp_path / "program.zip")
    loaded = tl.jit.load(tmp_path / "program.zip")(tl.ones(2, 3))
    assert loaded.dtype is dtype
    assert loaded.tolist() == held.tolist()


def converts(x: tl.Tensor) -> tl.Tensor:
    small = x.char() + x.short()
    return small.half() + x.to(tl.bfloat16) * 0.1 + x.half()


def test_a_scripted_program_converts():
    x = tl.tensor([1.25, -2.5, 100.0])
    scripted = tl.jit.script(converts)
    assert scripted(x).dtype is tl.float32
    assert scripted(x).tolist() == converts(x).tolist()
    assert not math.isnan(scripted(x).sum().item())

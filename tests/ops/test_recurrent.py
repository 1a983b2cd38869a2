"""All steps of a recurrent layer in one call: against steps of plain operations, forward and backward."""

from __future__ import annotations

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.autograd import gradcheck, gradgradcheck
from tensorlab.core.recurrent_loops import GATES
from tensorlab.errors import DTypeError, ShapeError
from tensorlab.ops import recurrent
from tensorlab.ops.recurrent import recurrent_steps
from tensorlab.ops.recurrent_formulas import step

KINDS = ("lstm", "gru", "tanh", "relu")


def operands(kind: str, dtype: str = "float64", steps: int = 4, batch: int = 3, n: int = 5) -> list[tl.Tensor | None]:
    random = np.random.default_rng(0)
    wide = GATES[kind] * n
    shapes = [(steps, batch, wide), (batch, n), (batch, n), (wide, n), (wide,)]
    made = [tl.from_numpy(random.standard_normal(shape)).to(getattr(tl, dtype)) for shape in shapes]
    return made if kind == "lstm" else [*made[:2], None, *made[3:]]


def by_steps(gates, hidden, cell, weight, bias, kind: str, *, backwards: bool) -> tuple[list, list]:
    outputs, cells = [None] * len(gates), [None] * len(gates)
    times = range(len(gates))
    for t in reversed(times) if backwards else times:
        hidden, cell, _ = step(gates[t], hidden, cell, weight, bias, kind)
        outputs[t], cells[t] = hidden, cell
    return outputs, cells


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_loop_does_what_the_steps_do(kind: str, dtype: str, backwards: bool) -> None:
    given = operands(kind, dtype, n=37)
    output, cells, _ = recurrent_steps.call((*given, kind, backwards))
    outputs, wanted = by_steps(*given, kind, backwards=backwards)
    room = 1e-12 if dtype == "float64" else 2e-5
    np.testing.assert_allclose(output.numpy(), tl.stack(outputs).numpy(), rtol=room, atol=room)
    if kind == "lstm":
        np.testing.assert_allclose(cells.numpy(), tl.stack(wanted).numpy(), rtol=room, atol=room)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_derivatives_to_second_order(kind: str, backwards: bool) -> None:
    given = operands(kind, steps=3, batch=2, n=2)
    asked = [t.requires_grad_() for t in given if t is not None]

    def run(*tensors: tl.Tensor) -> tuple[tl.Tensor, ...]:
        cell = tensors[2] if kind == "lstm" else None
        output, cells, _ = recurrent_steps.call((*tensors[:2], cell, *tensors[-2:], kind, backwards))
        return (output, cells) if kind == "lstm" else (output,)

    assert gradcheck(run, asked)
    assert gradgradcheck(run, asked)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_blas_to_call(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = operands(kind)
    asked = [t.requires_grad_() for t in given if t is not None]
    expected = recurrent_steps.call((*given, kind, False))[0]
    wanted = tl.autograd.grad(expected.sum(), asked)
    monkeypatch.setattr(recurrent, "address", lambda routine: 0)
    output = recurrent_steps.call((*given, kind, False))[0]
    np.testing.assert_allclose(output.detach().numpy(), expected.detach().numpy(), rtol=1e-12)
    for a, b in zip(tl.autograd.grad(output.sum(), asked), wanted, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-10, atol=1e-12)


def test_no_steps_and_no_batch() -> None:
    gates, hidden, _, weight, bias = operands("gru")
    assert recurrent_steps.call((gates[:0], hidden, None, weight, bias, "gru", False))[0].shape == (0, 3, 5)
    assert recurrent_steps.call((gates[:, :0], hidden[:0], None, weight, bias, "gru", False))[0].shape == (4, 0, 5)


def test_halves_are_rounded_from_float32() -> None:
    given = operands("lstm", "float16")
    output = recurrent_steps.call((*given, "lstm", False))[0]
    assert output.dtype is tl.float16
    wide = recurrent_steps.call((*(t.float() for t in given), "lstm", False))[0]
    assert tl.equal(output, wide.half())


def test_what_does_not_fit() -> None:
    gates, hidden, cell, weight, bias = operands("lstm")
    with pytest.raises(ShapeError) as error:
        recurrent_steps.call((gates, hidden[:2], cell, weight, bias, "lstm", False))
    assert str(error.value) == (
        "recurrent_steps: got gates [4, 3, 20], hidden [2, 5] and weight [20, 5]; takes [L, N, 4H], [N, H] and [4H, H]"
    )
    with pytest.raises(DTypeError) as error:
        recurrent_steps.call((gates, hidden.float(), cell, weight, bias, "lstm", False))
    assert str(error.value) == (
        "recurrent_steps: takes tensors of one floating point dtype, got float64, float32, float64, float64, float64"
    )

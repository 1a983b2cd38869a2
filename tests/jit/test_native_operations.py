"""Operations in native functions, a family in one function: what the interpreter gives, to the bit, errors included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tensorlab as tl
from tensorlab.errors import RunError
from tensorlab.jit.native_tier import WAIT
from tests.jit.test_native_functions import assert_same, native_of

F = tl.nn.functional
Tensors = tuple[tl.Tensor, ...]


def images(x: tl.Tensor, w: tl.Tensor, b: tl.Tensor, line: tl.Tensor) -> Tensors:
    y = F.conv2d(x, w, b, stride=2, padding=1)
    best, at = F.max_pool2d(x, 3, 2, 1, return_indices=True)
    return (
        F.relu(y),
        F.conv2d(x.transpose(2, 3), w[:, :1], groups=2, dilation=2),
        F.conv_transpose2d(y, w, stride=3),  # phases without a tap: the bias alone, which is not there
        F.conv_transpose1d(line, w[:2, :, 0], b[:2], stride=4),
        *(best, at, F.avg_pool2d(x, 2, count_include_pad=False, padding=1)),
        *(F.adaptive_avg_pool2d(x, (3, 2)), F.adaptive_max_pool2d(x, 3), F.adaptive_avg_pool2d(x, 1)),
    )


def chosen(x: tl.Tensor, i: tl.Tensor, k: tl.Tensor, g: tl.Tensor) -> Tensors:
    y = x * 2
    return (
        *(y[:, i], x[k % 2, i, 1], x.transpose(0, 2)[i], x.index_select(1, k), x.gather(1, g)),
        F.embedding(i % 2, x[:, :, 0]) + 1,
        *(y.index_put((k % 2,), x[:1]), y.index_put((k % 2, i), x[:1, :1, 0], accumulate=True)),
        *(y.scatter(1, g, x), y.scatter(1, g, 0.5), y.scatter_add(1, g, x), y.index_add(1, k, x[:, :2])),
        *(x.masked_fill(x > 0, 0.5), y.index_put((x[:, :, 0] > 0,), x[0, 0, 0])),
    )


def folded(x: tl.Tensor, n: tl.Tensor) -> Tensors:
    return (
        *(x.cumsum(1), n.cumprod(0), x.logcumsumexp(-1), *x.cummax(2), *n.cummin(0)),
        *(x.std(), x.var((0, 2), keepdim=True), x.logsumexp(1), x.norm(dim=0), n.any(0), (x > 9).all(), n.any()),
        *(x.flip(0, 2), x.roll((1, 2), (0, 2)), x.roll(5), x.repeat(2, 1, 1, 2), F.pad(x, (1, -1, 0, 2), value=0.5)),
    )


def halves(x: tl.Tensor, w: tl.Tensor, b: tl.Tensor, k: tl.Tensor) -> Tensors:
    y = F.linear(x, w, b)
    return (
        *(y, x @ w.t(), F.linear(x[None], w, b), F.softmax(y, 0), F.layer_norm(y, (3,), b), tl.zeros_like(y)),
        *(F.conv1d(x[None], w[:, :, None]), x.cumsum(0), x.std(1), x[k] * 2, F.max_pool1d(x[None], 2)),
    )


def losses(x: tl.Tensor, t: tl.Tensor, w: tl.Tensor) -> Tensors:
    rows, places = x.flatten(0, 1), t.flatten()
    return (
        F.cross_entropy(rows, places, w, ignore_index=1),
        *(F.nll_loss(x.transpose(1, 2), t, reduction="none"), F.batch_norm(x, None, None, w[:3], w[1:], training=True)),
    )


def _cases() -> dict[str, tuple[Callable[..., Any], list[tl.Tensor]]]:
    tl.manual_seed(0)
    x = tl.arange(24.0).reshape(2, 3, 4) * 0.5 - 3
    i, k = tl.tensor([[1, 0], [-1, 2]]), tl.tensor([2, 0])
    g = tl.tensor([[[0, 1], [1, 2]], [[2, 2], [0, 1]]]).transpose(1, 2)
    half = [tl.randn(4, 4).to(tl.bfloat16), tl.randn(3, 4).to(tl.bfloat16), tl.randn(3).to(tl.bfloat16)]
    return {
        "images": (images, [tl.randn(2, 2, 7, 7), tl.randn(4, 2, 3, 3), tl.randn(4)[:2].repeat(2), tl.randn(1, 2, 5)]),
        "chosen": (chosen, [x, i, k, g]),
        "folded": (folded, [x, tl.arange(6).reshape(2, 3) - 2]),
        "halves": (halves, [*half, tl.tensor([3, -1])]),
        "losses": (losses, [x, tl.tensor([[0, 3, 1], [2, 2, 1]]), tl.ones(4)]),
    }


@pytest.mark.parametrize("name", ["images", "chosen", "folded", "halves", "losses"])
def test_a_family(name: str) -> None:
    function, args = _cases()[name]
    traced = tl.jit.trace(function, tuple(args), check_trace=False)
    native = native_of(traced, *args)
    again = [a.flip(0) if a.dtype.is_floating_point else a for a in args]
    for given in (args, again):
        assert_same(native.run(*given), traced.interpret(*given))
    assert native.plan.arena_nbytes <= 1.1 * native.plan.lower_bound_nbytes


def written(x: tl.Tensor, i: tl.Tensor) -> tl.Tensor:
    y = x * 2
    y[i] = x[:2]
    y.index_put_((i,), x[1:], accumulate=True)
    y.scatter_(0, i[:1, None], 7.0)
    y[y > 9.0] = 0.0
    y.masked_fill_(y < -4.0, 1.0)
    return y


def test_what_is_the_functions_own_is_written_over() -> None:
    x, i = tl.arange(12.0).reshape(3, 4) - 3, tl.tensor([2, -3])
    traced = tl.jit.trace(written, (x, i), check_trace=False)
    assert_same(native_of(traced, x, i).run(x, i), written(x, i))


def rows_of(x: tl.Tensor, i: tl.Tensor) -> tl.Tensor:
    return x[i] * 2 + 1


def classes_of(x: tl.Tensor, i: tl.Tensor) -> tl.Tensor:
    return tl.nn.functional.cross_entropy(x, i) * 2


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (rows_of, "index: index 7 is out of bounds for dimension 0 with size 3"),
        (classes_of, "nll_loss: Target 7 is out of bounds; takes classes from 0 to 3"),
    ],
    ids=["rows", "classes"],
)
def test_an_index_out_of_range_is_told_as_the_interpreter_does(function: Callable[..., Any], text: str) -> None:
    scripted = tl.jit.script(function)
    x, i = tl.arange(12.0).reshape(3, 4), tl.tensor([0, 1, 2])
    for _ in range(WAIT + 1):
        scripted(x, i)
    assert native_of(scripted, x, i).plan.exits
    bad = tl.tensor([0, 7, 1])
    with pytest.raises(RunError) as expected:
        scripted.interpret(x, bad)
    with pytest.raises(RunError) as raised:
        scripted(x, bad)
    assert str(raised.value) == str(expected.value)
    assert text in str(raised.value)


def test_indices_of_nothing_and_masks_are_the_programs_to_take() -> None:
    x, nothing = tl.arange(6.0).reshape(2, 3), tl.zeros(0, dtype=tl.int64)
    for function, index, reason in (
        (lambda x, m: x[m] * 2, x > 1, "aten::index: how many elements a mask has set is not known beforehand"),
        (
            lambda x, i: x.index_select(1, i) * 2,
            nothing,
            "aten::index_select: indices of nothing, which are checked all the same",
        ),
    ):
        traced = tl.jit.trace(function, (x, index), check_trace=False)
        tier = traced.specialisation_for(x, index).program.native
        assert tier is not None
        tier.compiled()
        assert str(tier.refusal) == reason

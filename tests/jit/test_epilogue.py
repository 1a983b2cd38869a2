"""Epilogues: what follows a matrix product is computed in the product's own memory, where nobody else reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.core.region import Ref, Region, Source, Step
from tensorlab.jit.epilogue import FusedOver
from tensorlab.jit.function import compile_graph
from tensorlab.jit.pipeline import DEFAULT
from tensorlab.nn import functional
from tensorlab.ops.arithmetic import add

X, W, B = (
    tl.tensor(np.random.default_rng(k).standard_normal(s).astype("f")) for k, s in enumerate(((4, 8), (8, 8), (8,)))
)


def decided(traced: Any, *, refused: bool) -> list[str]:
    found = [d for r in traced.records for d in r.decisions if d.rule == "epilogue" and d.refused is refused]
    return [d.reason for d in found]


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (lambda x, w, b: (x @ w + b).relu(), "matmul"),
        (lambda x, w, b: functional.linear(x, w, b) * 2, "linear"),
        (lambda x, w, b: tl.addmm(b, x, w).sigmoid() + x, "addmm"),
        (lambda x, w, b: tl.bmm(x.unsqueeze(0), w.unsqueeze(0)) + x, "bmm"),
    ],
    ids=["matmul", "linear", "addmm", "bmm"],
)
def test_what_follows_a_product_is_written_over_it(function: Callable[..., Any], kind: str) -> None:
    traced = tl.jit.trace(function, (X, W, B), check_trace=False)
    np.testing.assert_allclose(traced(X, W, B).numpy(), function(X, W, B).numpy(), rtol=1e-6, atol=1e-6)
    (reason,) = decided(traced, refused=False)
    assert reason.startswith(f"epilogue of aten::{kind}: one loop computes ")
    (loop,) = compile_graph(traced.graph, [v.type for v in (X, W, B)], DEFAULT).program.loops
    assert isinstance(loop, FusedOver)


def test_a_product_that_others_read_keeps_its_memory() -> None:
    def function(x: Any, w: Any, b: Any) -> Any:
        twice, given, wide, several = x @ w, x @ (w + 1), x @ (w + 2), x @ (w + 3)
        t = twice + b
        s = several + b
        return twice @ w + t @ w, given, given * 2, (wide + b).to(tl.float64) + wide.to(tl.float64), s, s.exp()

    traced = tl.jit.trace(function, (X, W, B), check_trace=False)
    for got, wanted in zip(traced(X, W, B), function(X, W, B), strict=True):
        np.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=1e-5, atol=1e-5)
    reasons = decided(traced, refused=True)
    assert {"its product has another use", "its loop gives several results"} <= set(reasons)


def test_the_loop_gives_the_products_memory_where_the_result_lies_as_it_does() -> None:
    both = Step(add, (Ref(Source.INPUT, 0), Ref(Source.INPUT, 1), Ref(Source.LITERAL, literal=1)))
    loop = FusedOver("loop0", Region(2, 0, (both,), (0,)), (), 1)
    for a, b in ((tl.ones(3, 4), tl.ones(3, 4)), (tl.ones(4), tl.ones(3, 4)), (tl.ones(4, 3).t(), tl.ones(4, 3).t())):
        result = loop.call(a, b)
        assert result.data_ptr() == b.data_ptr() and result.tolist() == [[2.0] * 4] * 3
    for a, b in (
        (tl.ones(3, 4), tl.ones(4)),
        (tl.ones(4, 3).t(), tl.ones(3, 4)),
        (tl.ones(3, 4).double(), tl.ones(3, 4)),
    ):
        result = loop.call(a, b)
        assert result.data_ptr() != b.data_ptr() and result.tolist() == [[2.0] * 4] * 3 and b.sum().item() == b.numel()
    (source,) = {one.source for one in loop.loops if "a1 = o0" in one.source and "meta" not in one.source}
    assert "float32_at(a1_at)" not in source and "float32_at(a0_at)" in source


def test_gradients_of_an_epilogue_are_those_of_its_ops() -> None:
    def function(x: Any, w: Any, b: Any) -> Any:
        return ((x @ w + b).tanh() @ w) * 0.5

    w = W.clone().requires_grad_()
    traced = tl.jit.trace(function, (X, W, B), check_trace=False)
    (got,) = tl.autograd.grad(traced(X, w, B).sum(), w)
    (wanted,) = tl.autograd.grad(function(X, w, B).sum(), w)
    np.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=1e-5, atol=1e-5)


def test_a_product_made_outside_a_loop_is_there_for_every_turn() -> None:
    @tl.jit.script
    def function(x, w, n: int):
        product = x @ w
        total = x
        for _ in range(n):
            total = (product + total).relu()
        return total

    wanted = X
    for _ in range(3):
        wanted = (X @ W + wanted).relu()
    np.testing.assert_allclose(function(X, W, 3).numpy(), wanted.numpy(), rtol=1e-6, atol=1e-6)

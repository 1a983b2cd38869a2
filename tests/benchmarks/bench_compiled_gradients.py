"""Forwards and backwards through compiled functions: two fused programs, against the tape op by op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from readme_table import NOT_INSTALLED, Kind, Ratio, Row
from side_by_side import Statement, race

import tensorlab as tl

MANY = 1_000_000


def chain(a: Any, b: Any, c: Any) -> Any:
    return (a * b + c).tanh().sum()


def gates(x: Any, a: Any, b: Any, c: Any) -> Any:
    open_ = (x * a).sigmoid()
    return (open_ * (x * b).tanh() + (1 - open_) * c * x + (x * x + 1).log()).sum()


def perceptron(x: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    return ((((x @ w1 + b1).tanh() @ w2 + b2) - 1) ** 2).mean()


CASES = {
    "`tanh(a*b+c).sum()`, 10⁶": (chain, [(MANY,)] * 3),
    "`tanh(a*b+c).sum()`, 100": (chain, [(100,)] * 3),
    "a gated chain of 12 ops, 10⁶": (gates, [(MANY,)] * 4),
    "a perceptron 128-256-10, batch 64": (perceptron, [(64, 128), (128, 256), (256,), (256, 10), (10,)]),
}


def there_and_back(function: Callable[..., Any], inputs: list[Any]) -> Statement:
    def step() -> None:
        for t in inputs:
            t.grad = None
        function(*inputs).backward()

    return Statement("step()", {"step": step})


@pytest.mark.parametrize("name", CASES)
def bench_compiled_gradients(name: str, torch, record) -> None:
    """A step of all gradients, all inputs asking for one."""
    function, shapes = CASES[name]
    random = np.random.default_rng(0)
    arrays = [random.standard_normal(shape, dtype=np.float32) * np.float32(0.1) for shape in shapes]
    own = [tl.tensor(a, requires_grad=True) for a in arrays]
    compiled = tl.jit.trace(function, tuple(t.detach() for t in own), check_trace=False)
    assert not compiled.gradient_program(*own).refused
    entrants = {
        "fused": there_and_back(compiled, own),
        "op by op": there_and_back(compiled.interpret, own),
        "eager": there_and_back(function, own),
    }
    if torch is not None:
        theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
        entrants["torch"] = there_and_back(function, theirs)
        entrants["torch"].value()
        entrants["fused"].value()
        for mine, reference in zip(own, theirs, strict=True):
            np.testing.assert_allclose(mine.grad.numpy(), reference.grad.numpy(), rtol=1e-3, atol=1e-5)
    times = race(entrants, rounds=31)
    other = times.get("torch")
    record(
        entrants["fused"],
        Row(
            f"{name}, there and back, compiled; torch eager",
            times["fused"],
            other or NOT_INSTALLED,
            verdict=Ratio("torch", other, Kind.SPEED),
        ),
        Row(
            f"{name}, there and back, compiled, against its graph op by op",
            times["fused"],
            verdict=Ratio("op by op", times["op by op"], Kind.SPEED),
        ),
        Row(
            f"{name}, there and back, compiled, against eager tensorlab",
            times["fused"],
            verdict=Ratio("eager", times["eager"], Kind.SPEED),
        ),
    )

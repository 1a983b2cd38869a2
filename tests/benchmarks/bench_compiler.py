"""Pointwise chains, and softmax and layer norm written by hand: what a compiler makes one loop of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from compiled_by_others import QUIET, call_of, compare, installed, jax_waiting, torch_compiled
from readme_table import NOT_INSTALLED
from side_by_side import Statement

import tensorlab as tl

pytestmark = QUIET

SIZES = {1_000: "10³", 1_000_000: "10⁶", 10_000_000: "10⁷"}
ROUNDS = {1_000: 101, 1_000_000: 11, 10_000_000: 5}


def gate(lib: Any, a: Any, h: Any, c: Any, activation: Callable[[Any], Any]) -> Any:
    """Ten operations: how open the gate is, what is let through, and what stays."""
    open_ = lib.sigmoid(a * h + c)
    return open_ * activation(h - c) + (1 - open_) * h - a


def three(lib: Any, a: Any, b: Any, c: Any) -> Any:
    return lib.tanh(a * b + c)


def ten(lib: Any, a: Any, b: Any, c: Any) -> Any:
    return gate(lib, a, b, c, lib.tanh)


def thirty(lib: Any, a: Any, b: Any, c: Any) -> Any:
    first = gate(lib, a, b, c, lib.tanh)
    return gate(lib, a, gate(lib, a, first, c, lib.exp), c, lib.tanh)


def _gate_text(h: str, activation: str) -> str:
    open_ = f"(1 / (1 + exp(-(a * {h} + c))))"
    return f"({open_} * {activation}({h} - c) + (1 - {open_}) * {h} - a)"


# The function, its operations in words, and its text: numexpr has no sigmoid, and finds again what is written twice.
CHAINS = {
    3: (three, "`tanh(a*b+c)`", "tanh(a * b + c)"),
    10: (ten, "a gate of 10 ops (3 mul, 2 add, 3 sub, sigmoid, tanh)", _gate_text("b", "tanh")),
    30: (
        thirty,
        "three gates, 30 ops (3 sigmoid, 2 tanh, exp, 24 of arithmetic)",
        _gate_text(_gate_text(_gate_text("b", "tanh"), "exp"), "tanh"),
    ),
}


@pytest.fixture
def threads(request: pytest.FixtureRequest, torch: Any, numexpr: Any) -> Iterator[int]:
    """As many threads for all but JAX, whose number is that of its first call; one again afterwards."""
    setters = [lib.set_num_threads for lib in (tl, torch, numexpr) if lib is not None]
    for setter in setters:
        setter(request.param)
    yield request.param
    for setter in setters:
        setter(1)


def _words(lib: Any, jax: Any = None) -> Any:
    """What the chains call, under one name each."""

    class Words:
        tanh, exp = staticmethod(lib.tanh), staticmethod(lib.exp)
        sigmoid = staticmethod(lib.sigmoid if jax is None else jax.nn.sigmoid)

    return Words


CASES = [*((ops, size, 1) for ops in CHAINS for size in SIZES), (10, 10_000_000, 2)]


@pytest.mark.parametrize(("ops", "size", "threads"), CASES, indirect=["threads"])
def bench_chain(ops: int, size: int, threads: int, torch, jax, numexpr, record) -> None:
    """One loop over memory against as many as there are operations."""
    function, words, text = CHAINS[ops]
    arrays = [np.random.default_rng(k).standard_normal(size, dtype=np.float32) * np.float32(0.5) for k in range(3)]
    own = [tl.from_numpy(a) for a in arrays]
    traced = tl.jit.trace(lambda a, b, c: function(tl, a, b, c), own, check_trace=False)
    entrants: dict[str, Statement | str] = {"tensorlab": call_of(traced, own)}
    others = ("torch", "torch.jit", "torch.compile")
    if torch is None:
        entrants |= dict.fromkeys(others, NOT_INSTALLED)
    else:
        theirs = [torch.from_numpy(a) for a in arrays]

        def eager(a: Any, b: Any, c: Any) -> Any:
            return function(torch, a, b, c)

        makers = (
            lambda: eager,
            lambda: torch.jit.trace(eager, theirs, check_trace=False),
            lambda: torch_compiled(torch, eager, dynamic=True),
        )
        entrants |= {name: installed(torch, make, theirs) for name, make in zip(others, makers, strict=True)}
    if threads > 1:
        entrants["JAX"] = "on one thread only here"
    elif jax is not None:
        lib = _words(jax.numpy, jax)
        call = jax_waiting(jax, lambda a, b, c: function(lib, a, b, c))
        entrants["JAX"] = call_of(call, [jax.numpy.asarray(a) for a in arrays])
    else:
        entrants["JAX"] = NOT_INSTALLED
    entrants["numexpr"] = NOT_INSTALLED
    if numexpr is not None:
        named = dict(zip("abc", arrays, strict=True))
        numexpr.evaluate(text, named, {})
        entrants["numexpr"] = Statement("again(named)", {"again": numexpr.re_evaluate, "named": named})
    many = size >= 1_000_000
    what = f"{words}, {SIZES[size]} float32"
    statement, row = compare(
        what if threads == 1 else f"{what}; {threads} threads each",
        entrants,
        rounds=ROUNDS[size],
        faster_than={"torch": 5} if many else None,
        best=1.5 if many else None,
    )
    record(statement, row)


def softmax(lib: Any, x: Any) -> Any:
    e = lib.exp(x - lib.highest(x))
    return e / lib.total(e)


def layer_norm(lib: Any, x: Any) -> Any:
    d = x - lib.mean(x)
    return d / lib.sqrt(lib.mean(d * d) + 1e-5)


def _rows(lib: Any, exp: Any, sqrt: Any, keep: str) -> Any:
    """The reductions over a row, which is kept as one element."""
    options = {keep: True}

    class Words:
        highest = staticmethod(lambda x: lib.amax(x, 1, **options))
        total = staticmethod(lambda x: lib.sum(x, 1, **options))
        mean = staticmethod(lambda x: lib.mean(x, 1, **options))

    Words.exp, Words.sqrt = staticmethod(exp), staticmethod(sqrt)  # type: ignore[attr-defined]
    return Words


@pytest.mark.parametrize("shape", [(1000, 1000), (64, 10_000)], ids=lambda s: f"{s[0]} × {s[1]}")
@pytest.mark.parametrize("function", [softmax, layer_norm], ids=lambda f: f.__name__)
def bench_by_hand(function: Callable[..., Any], shape: tuple[int, int], torch, jax, record) -> None:
    """Reductions with what they read and what reads them."""
    x = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    words = _rows(tl, tl.exp, tl.sqrt, "keepdim")
    own = tl.from_numpy(x)
    entrants: dict[str, Statement | str] = {
        "tensorlab": call_of(tl.jit.trace(lambda x: function(words, x), [own], check_trace=False), [own])
    }
    others = ("torch", "torch.jit", "torch.compile")
    if torch is None:
        entrants |= dict.fromkeys(others, NOT_INSTALLED)
    else:
        t, torch_words = torch.from_numpy(x), _rows(torch, torch.exp, torch.sqrt, "keepdim")

        def eager(x: Any) -> Any:
            return function(torch_words, x)

        makers = (
            lambda: eager,
            lambda: torch.jit.trace(eager, [t], check_trace=False),
            lambda: torch_compiled(torch, eager, dynamic=True),
        )
        entrants |= {name: installed(torch, make, [t]) for name, make in zip(others, makers, strict=True)}
    entrants["JAX"] = NOT_INSTALLED
    if jax is not None:
        jnp = jax.numpy
        jax_words = _rows(jnp, jnp.exp, jnp.sqrt, "keepdims")
        entrants["JAX"] = call_of(jax_waiting(jax, lambda x: function(jax_words, x)), [jnp.asarray(x)])
    title = function.__name__.replace("_", " ")
    record(*compare(f"{title} by hand, {shape[0]} × {shape[1]}", entrants, rounds=25))

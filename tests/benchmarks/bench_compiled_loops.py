"""Scripts with loops: over numbers, over small tensors, and the hundred steps of an LSTM cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from compiled_by_others import QUIET, Array, call_of, compare, jax_waiting, torch_compiled
from readme_table import NOT_INSTALLED
from side_by_side import Statement

import tensorlab as tl

pytestmark = QUIET

TURNS = 1_000
UNROLLS = "not tried: it unrolls loops"


def over_numbers(n: int) -> float:
    total = 0.0
    for i in range(n):
        if i % 3 == 0:
            total = total + 0.5 * i
        else:
            total = total - 1.0 / (i + 1)
    return total


def over_tensors(x, n: int):
    y = x
    for i in range(n):
        y = (y * x + 0.5).tanh()
        if i % 2 == 0:
            y = y - x
    return y


def cells(x, h, c, w, u, b):
    for t in range(x.size(0)):
        i, f, g, o = (x[t] @ w + h @ u + b).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
    return h


def cell(x: Any, h: Any, c: Any, w: Any, u: Any, b: Any) -> tuple[Any, Any]:
    """One step alone: what torch.compile is given, which would unroll the loop."""
    i, f, g, o = (x @ w + h @ u + b).chunk(4, 1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def bench_loop_over_numbers(torch, jax, record) -> None:
    """No tensor at all; JAX in float32, in which its sum is counted too."""
    entrants: dict[str, Statement | str] = {
        "tensorlab": call_of(tl.jit.script(over_numbers), [TURNS]),
        "torch.jit": NOT_INSTALLED if torch is None else call_of(torch.jit.script(over_numbers), [TURNS]),
        "JAX": NOT_INSTALLED,
        "Python": call_of(over_numbers, [TURNS]),
    }
    if jax is not None:
        jnp = jax.numpy

        def step(i: Any, total: Any) -> Any:
            return jnp.where(i % 3 == 0, total + 0.5 * i, total - 1.0 / (i + 1))

        entrants["JAX"] = call_of(jax_waiting(jax, lambda n: jax.lax.fori_loop(0, n, step, 0.0)), [TURNS])
    record(*compare("a scripted loop over numbers, 1,000 turns", entrants, rounds=51, faster_than={"torch.jit": 20}))


def bench_loop_over_tensors(torch, jax, record) -> None:
    """Three or four operations on 16 elements a turn."""
    x = np.random.default_rng(0).standard_normal(16, dtype=np.float32)
    entrants: dict[str, Statement | str] = {
        "tensorlab": call_of(tl.jit.script(over_tensors), [tl.from_numpy(x), TURNS]),
        **dict.fromkeys(("torch", "torch.jit", "JAX"), NOT_INSTALLED),
        "torch.compile": UNROLLS,
    }
    if torch is not None:
        args = [torch.from_numpy(x), TURNS]
        entrants["torch"] = call_of(over_tensors, args)
        entrants["torch.jit"] = call_of(torch.jit.script(over_tensors), args)
    if jax is not None:
        jnp = jax.numpy

        def loop(x: Any, n: Any) -> Any:
            def step(i: Any, y: Any) -> Any:
                y = jnp.tanh(y * x + 0.5)
                return jnp.where(i % 2 == 0, y - x, y)

            return jax.lax.fori_loop(0, n, step, x)

        entrants["JAX"] = call_of(jax_waiting(jax, loop), [jnp.asarray(x), TURNS])
    what = "a scripted loop over tensors of 16 float32, 1,000 turns"
    record(*compare(what, entrants, rounds=11, faster_than={"torch.jit": 20}))


def _jax_cells(jax: Any) -> Callable[..., Any]:
    def steps(x: Any, h: Any, c: Any, w: Any, u: Any, b: Any) -> Any:
        def step(carry: tuple[Any, Any], at: Any) -> tuple[tuple[Any, Any], None]:
            h, c = carry
            i, f, g, o = jax.numpy.split(at @ w + h @ u + b, 4, 1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jax.numpy.tanh(g)
            return (jax.nn.sigmoid(o) * jax.numpy.tanh(c), c), None

        return jax.lax.scan(step, (h, c), x)[0][0]

    return steps


def _weights(batch: int, hidden: int) -> list[Array]:
    random = np.random.default_rng(0)
    shapes = [(100, batch, hidden), (batch, hidden), (batch, hidden), *[(hidden, 4 * hidden)] * 2, (4 * hidden,)]
    return [random.standard_normal(shape, dtype=np.float32) * np.float32(0.1) for shape in shapes]


@pytest.mark.parametrize(("batch", "hidden"), [(1, 16), (16, 64), (32, 128)])
def bench_lstm_cell(batch: int, hidden: int, torch, jax, record) -> None:
    """A hundred steps; torch.compile has the step, and Python the loop."""
    arrays = _weights(batch, hidden)
    entrants: dict[str, Statement | str] = {
        "tensorlab": call_of(tl.jit.script(cells), [tl.from_numpy(a) for a in arrays]),
        **dict.fromkeys(("torch", "torch.jit", "torch.compile", "JAX"), NOT_INSTALLED),
    }
    if torch is not None:
        args = [torch.from_numpy(a) for a in arrays]
        entrants["torch"] = call_of(cells, args)
        entrants["torch.jit"] = call_of(torch.jit.script(cells), args)
        step = torch_compiled(torch, cell, dynamic=True)

        def by_steps(x: Any, h: Any, c: Any, w: Any, u: Any, b: Any) -> Any:
            for t in range(x.size(0)):
                h, c = step(x[t], h, c, w, u, b)  # type: ignore[operator]
            return h

        entrants["torch.compile"] = step if isinstance(step, str) else call_of(by_steps, args)
    if jax is not None:
        entrants["JAX"] = call_of(jax_waiting(jax, _jax_cells(jax)), [jax.numpy.asarray(a) for a in arrays])
    record(*compare(f"an LSTM cell scripted, 100 steps, {batch} × {hidden}", entrants, rounds=11))

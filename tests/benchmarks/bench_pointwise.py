"""Pointwise work on ten million elements and on one."""

from __future__ import annotations

import numpy as np
import pytest
from readme_table import NOT_INSTALLED, Kind, Ratio, Row
from side_by_side import Statement, race

import tensorlab as tl

MANY = 10_000_000
ROUNDS = 31


@pytest.fixture(scope="module")
def arrays():
    random = np.random.default_rng(0)
    return [random.standard_normal(MANY, dtype=np.float32) for _ in range(3)]


def bench_fused(arrays, torch, record) -> None:
    """``tanh(a*b+c)``: one loop over memory against three, and against a copy of as many bytes."""
    x, y, z = arrays
    a, b, c = map(tl.from_numpy, arrays)
    f = tl.jit.trace(lambda a, b, c: tl.tanh(a * b + c), [a, b, c])
    out = np.empty_like(x)
    # Three tensors read and one written: a copy that reads two and writes two moves the same bytes.
    source, target = np.ones(2 * MANY, np.float32), np.zeros(2 * MANY, np.float32)
    entrants = {
        "traced": Statement("f(a, b, c)", {"f": f, "a": a, "b": b, "c": c}),
        "eager": Statement("tanh(a * b + c)", {"tanh": tl.tanh, "a": a, "b": b, "c": c}),
        "copy": Statement("copyto(target, source)", {"copyto": np.copyto, "target": target, "source": source}),
        "NumPy": Statement("tanh(x * y + z)", {"tanh": np.tanh, "x": x, "y": y, "z": z}),
        "NumPy out": Statement(
            "mul(x, y, out=out); add(out, z, out=out); tanh(out, out=out)",
            {"mul": np.multiply, "add": np.add, "tanh": np.tanh, "x": x, "y": y, "z": z, "out": out},
        ),
    }
    if torch is not None:
        p, q, r = map(torch.from_numpy, arrays)
        entrants["torch"] = Statement("tanh(p * q + r)", {"tanh": torch.tanh, "p": p, "q": q, "r": r})
        kept = torch.empty_like(p)
        entrants["torch out"] = Statement(
            "mul(p, q, out=out); add(out, r, out=out); tanh(out, out=out)",
            {"mul": torch.mul, "add": torch.add, "tanh": torch.tanh, "p": p, "q": q, "r": r, "out": kept},
        )
    np.testing.assert_allclose(f(a, b, c).numpy(), np.tanh(x * y + z), rtol=1e-5, atol=1e-6)
    times = race(entrants, rounds=ROUNDS)
    eager, written = times.get("torch"), times.get("torch out")
    record(
        entrants["traced"],
        Row(
            "`tanh(a*b+c)`, 10⁷ float32, traced; others eager",
            times["traced"],
            eager or NOT_INSTALLED,
            times["NumPy"],
            Ratio("torch", eager, Kind.SPEED, goal=8),
        ),
        Row(
            "`tanh(a*b+c)`, 10⁷ float32, traced; NumPy: `np.copyto` moving as many bytes",
            times["traced"],
            numpy=times["copy"],
            verdict=Ratio("the copy", times["copy"], Kind.TIME, goal=1.6),
        ),
        Row(
            "`tanh(a*b+c)`, 10⁷ float32, traced; others with `out=`",
            times["traced"],
            written or NOT_INSTALLED,
            times["NumPy out"],
            Ratio("torch", written, Kind.SPEED),
        ),
        Row(
            "`tanh(a*b+c)`, 10⁷ float32, all eager",
            times["eager"],
            eager or NOT_INSTALLED,
            times["NumPy"],
            Ratio("torch", eager, Kind.SPEED),
        ),
    )


def bench_add(arrays, torch, record) -> None:
    """``a + b`` into memory that was used before, against memory that the system hands out anew."""
    x, y, _ = arrays
    record(*_add(x, y, torch, "`a+b`, 10⁷ float32", Kind.SPEED, 2))


def bench_add_one(torch, record) -> None:
    """``a + b`` of one element: what a call costs."""
    x, y = np.ones(1, np.float32), np.full(1, 2, np.float32)
    record(*_add(x, y, torch, "`a+b`, one float32", Kind.TIME, 1.1))


def _add(x: np.ndarray, y: np.ndarray, torch, what: str, kind: Kind, goal: float) -> tuple[Statement, Row]:
    entrants = {
        "tensorlab": Statement("a + b", {"a": tl.from_numpy(x), "b": tl.from_numpy(y)}),
        "NumPy": Statement("a + b", {"a": x, "b": y}),
    }
    if torch is not None:
        entrants["torch"] = Statement("a + b", {"a": torch.from_numpy(x), "b": torch.from_numpy(y)})
    np.testing.assert_array_equal(entrants["tensorlab"].value().numpy(), x + y)
    times = race(entrants, rounds=ROUNDS if x.size == MANY else 301)
    other = times.get("torch")
    row = Row(what, times["tensorlab"], other or NOT_INSTALLED, times["NumPy"], Ratio("torch", other, kind, goal))
    return entrants["tensorlab"], row

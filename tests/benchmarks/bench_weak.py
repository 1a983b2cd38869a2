"""Where tensorlab is weakest: reductions, copies against the grain, and what a small call costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from readme_table import NOT_INSTALLED, Kind, Ratio, Row
from side_by_side import Statement, race

import tensorlab as tl

# What it is, its code for tensorlab and torch, its code for NumPy, and the shape of `x`.
CASES = [
    ("`x.sum()`, 10⁶ float32", "x.sum()", "x.sum()", (1000, 1000)),
    ("`x.max()`, 10⁶ float32", "x.max()", "x.max()", (1000, 1000)),
    (
        "`softmax(x, 1)`, 1000 × 1000 float32",
        "softmax(x, 1)",
        "e = exp(x - x.max(1, keepdims=True)); e /= e.sum(1, keepdims=True)",
        (1000, 1000),
    ),
    ("`x.t().contiguous()`, 3162 × 3162 float32", "x.t().contiguous()", "contiguous(x.T)", (3162, 3162)),
    ("`tanh(x)`, one float32", "tanh(x)", "tanh(x)", (1,)),
    ("`x[1:]`, a view", "x[1:]", "x[1:]", (1000,)),
]


def _names(library: Any, x: object) -> dict[str, object]:
    return {"x": x, "softmax": library.softmax, "tanh": library.tanh}


@pytest.mark.parametrize(("what", "code", "numpy_code", "shape"), CASES, ids=[case[1] for case in CASES])
def bench_weak(what: str, code: str, numpy_code: str, shape: tuple[int, ...], torch, record) -> None:
    """A row against torch; no goal is set."""
    x = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    numpy_names = {"x": x, "exp": np.exp, "tanh": np.tanh, "contiguous": np.ascontiguousarray}
    entrants = {"tensorlab": Statement(code, _names(tl, tl.from_numpy(x))), "NumPy": Statement(numpy_code, numpy_names)}
    if torch is not None:
        entrants["torch"] = Statement(code, _names(torch, torch.from_numpy(x)))
        expected = entrants["torch"].value().numpy()
        np.testing.assert_allclose(entrants["tensorlab"].value().numpy(), expected, rtol=1e-4, atol=1e-6)
    times = race(entrants, rounds=31 if x.size > 1_000_000 else 101)
    other = times.get("torch")
    verdict = Ratio("torch", other, Kind.TIME)
    record(entrants["tensorlab"], Row(what, times["tensorlab"], other or NOT_INSTALLED, times["NumPy"], verdict))

"""Work that no goal is set for, with what tensorlab is slow at: small calls, and what others do by hand-tuned code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from readme_table import NOT_INSTALLED, Kind, Ratio, Row
from side_by_side import Statement, race

import tensorlab as tl


@dataclass(frozen=True, slots=True)
class Case:
    """A line of code for tensorlab and torch, one for NumPy, and the shape of ``x``."""

    what: str
    code: str
    numpy: str
    shape: tuple[int, ...]
    same: bool = True  # whether all give the same numbers


CASES = [
    Case("`x.max(1)`, 1000 × 1000 float32", "x.max(1)", "x.max(1), x.argmax(1)", (1000, 1000)),
    Case("`randn(1000, 1000)`", "randn(1000, 1000)", "normal((1000, 1000), float32)", (1,), same=False),
    Case("`x @ x`, 256 × 256 float32", "x @ x", "x @ x", (256, 256)),
    Case("`x @ x`, 8 × 8 float32", "x @ x", "x @ x", (8, 8)),
]


def _names(library: Any, x: object) -> dict[str, object]:
    return {"x": x, "randn": library.randn}


def _numpy_names(x: np.ndarray) -> dict[str, object]:
    normal = np.random.default_rng(0).standard_normal
    return {"x": x, "normal": normal, "float32": np.float32}


def _array(value: Any) -> np.ndarray:
    """The values, where there are indices too."""
    return (value[0] if isinstance(value, tuple) else value).numpy()


@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def bench_without_goal(case: Case, torch, record) -> None:
    """A row against torch."""
    x = np.random.default_rng(0).standard_normal(case.shape, dtype=np.float32)
    own = Statement(case.code, _names(tl, tl.from_numpy(x)))
    entrants = {"tensorlab": own, "NumPy": Statement(case.numpy, _numpy_names(x))}
    if torch is not None:
        entrants["torch"] = Statement(case.code, _names(torch, torch.from_numpy(x)))
        if case.same:
            np.testing.assert_allclose(_array(own.value()), _array(entrants["torch"].value()), rtol=1e-4, atol=1e-4)
    times = race(entrants, rounds=31 if x.size > 1_000_000 else 101)
    other = times.get("torch")
    verdict = Ratio("torch", other, Kind.TIME)
    record(own, Row(case.what, times["tensorlab"], other or NOT_INSTALLED, times["NumPy"], verdict))

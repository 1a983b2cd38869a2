"""Convolution and pooling of images, against torch's oneDNN on one thread."""

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
    """A line of code on an image ``x`` and weights ``w``, and how many times torch's seconds it may take."""

    what: str
    code: str
    image: tuple[int, ...]
    weight: tuple[int, ...] = (1,)
    goal: float | None = 1.5


CASES = [
    Case("`conv2d`, 3 × 3, 64 → 64 at 56 × 56, batch 1", "conv2d(x, w, None, 1, 1)", (1, 64, 56, 56), (64, 64, 3, 3)),
    Case("`conv2d`, 3 × 3, 64 → 64 at 56 × 56, batch 8", "conv2d(x, w, None, 1, 1)", (8, 64, 56, 56), (64, 64, 3, 3)),
    Case("`conv2d`, 7 × 7 by 2, 3 → 64 at 224 × 224", "conv2d(x, w, None, 2, 3)", (1, 3, 224, 224), (64, 3, 7, 7)),
    Case("`conv2d`, 3 × 3, 512 → 512 at 7 × 7", "conv2d(x, w, None, 1, 1)", (1, 512, 7, 7), (512, 512, 3, 3)),
    Case("`conv2d`, 1 × 1, 64 → 256 at 56 × 56", "conv2d(x, w)", (1, 64, 56, 56), (256, 64, 1, 1)),
    Case(
        "`conv2d`, 3 × 3, each of 64 channels, at 56 × 56",
        "conv2d(x, w, None, 1, 1, 1, 64)",
        (1, 64, 56, 56),
        (64, 1, 3, 3),
        None,
    ),
    Case("`max_pool2d(x, 3, 2, 1)`, 64 × 112 × 112", "max_pool2d(x, 3, 2, 1)", (1, 64, 112, 112), goal=None),
    Case("`avg_pool2d(x, 2)`, 64 × 112 × 112", "avg_pool2d(x, 2)", (1, 64, 112, 112), goal=None),
]
NAMES = ("conv2d", "max_pool2d", "avg_pool2d")


def _names(functional: Any, x: object, w: object) -> dict[str, object]:
    return {"x": x, "w": w, **{name: getattr(functional, name) for name in NAMES}}


@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def bench_convolution(case: Case, torch, record) -> None:
    """A row against torch."""
    random = np.random.default_rng(0)
    x, w = (random.standard_normal(shape, dtype=np.float32) for shape in (case.image, case.weight))
    own = Statement(case.code, _names(tl.nn.functional, tl.from_numpy(x), tl.from_numpy(w)))
    entrants = {"tensorlab": own}
    if torch is not None:
        entrants["torch"] = Statement(case.code, _names(torch.nn.functional, torch.from_numpy(x), torch.from_numpy(w)))
        mine, reference = (entrant.value().numpy() for entrant in entrants.values())
        np.testing.assert_allclose(mine, reference, rtol=0, atol=1e-5 * float(np.abs(reference).max()))
    times = race(entrants, rounds=31)
    other = times.get("torch")
    verdict = Ratio("torch", other, Kind.TIME, goal=case.goal)
    record(own, Row(case.what, times["tensorlab"], other or NOT_INSTALLED, verdict=verdict))

"""Memory that changes hands, against torch: what an import or an export costs, whatever the number of elements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from readme_table import NOT_INSTALLED, Kind, Ratio, Row
from side_by_side import Statement, race

import tensorlab as tl


@dataclass(frozen=True, slots=True)
class Case:
    """A line of code; ``a`` is an ndarray, ``part`` a view of one, ``x`` a library's own tensor, ``y`` one of torch's.

    ``held`` says what lives meanwhile: an import of ``a`` or an export of ``x``.
    """

    what: str
    code: str
    goal: float | None = 1.0
    held: bool = False


CASES = [
    Case("`from_numpy(a)`", "lib.from_numpy(a)"),
    Case("`from_numpy(a)`, imported already", "lib.from_numpy(a)", held=True),
    Case("`from_numpy(a[2:])`", "lib.from_numpy(part)"),
    Case("`x.numpy()`", "x.numpy()"),
    Case("`x.numpy()`, exported already", "x.numpy()", held=True),
    Case("`x.__dlpack__(max_version=(1, 0))`", "x.__dlpack__(max_version=(1, 0))"),
    Case("`np.from_dlpack(x)`", "np.from_dlpack(x)"),
    Case("`from_dlpack(a)`", "lib.from_dlpack(a)"),
    Case("`from_dlpack` of a torch tensor", "lib.from_dlpack(y)"),
    Case("`frombuffer(bytearray)`", "lib.frombuffer(data, dtype=lib.float32)"),
]


def _names(library: Any, theirs: Any) -> dict[str, object]:
    array = np.zeros(10, np.float32)
    return {
        "lib": library,
        "np": np,
        "a": array,
        "part": array.copy()[2:],
        "x": library.zeros(10),
        "y": theirs,
        "data": bytearray(40),
    }


@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def bench_interop(case: Case, torch, record) -> None:
    """A row against torch."""
    if torch is None and "y" in case.code:
        pytest.skip("torch is not installed")
    theirs = None if torch is None else torch.zeros(10)
    held: list[object] = []
    hold: Callable[[Statement], None] = (lambda s: held.append(s.value())) if case.held else (lambda _: None)
    own = Statement(case.code, _names(tl, theirs))
    entrants = {"tensorlab": own}
    if torch is not None:
        entrants["torch"] = Statement(case.code, _names(torch, theirs))
    for statement in entrants.values():
        hold(statement)
    times = race(entrants, rounds=301)
    other = times.get("torch")
    row = Row(
        case.what, times["tensorlab"], other or NOT_INSTALLED, verdict=Ratio("torch", other, Kind.TIME, case.goal)
    )
    record(own, row)

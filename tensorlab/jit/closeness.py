"""How far two runs are apart: not at all, by so many ulps, or different; over everything that a caller can see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tensorlab.jit.edge_inputs import Case
from tensorlab.jit.equivalence import Difference, Outcome, difference

Verdict = Literal["equal", "ulp", "different"]


@dataclass(frozen=True, slots=True)
class Closeness:
    """``equal`` to the last bit, apart by at most ``ulps`` units in the last place, or ``different`` as ``difference``
    says. ``case`` is the input on which it is worst.

    ``compared`` counts the inputs that the first of the two runs took; those that it refused say nothing.
    """

    verdict: Verdict
    ulps: int
    case: str
    compared: int
    difference: Difference | None = None

    def __str__(self) -> str:
        if self.difference is not None:
            return f"different: {self.difference}"
        if self.verdict == "equal":
            return "equal"
        return f"at most {self.ulps} ulp apart, on {self.case}"

    def to_dict(self) -> dict[str, object]:
        return {
            "verdict": self.verdict,
            "ulps": self.ulps,
            "case": self.case,
            "compared": self.compared,
            "difference": None if self.difference is None else self.difference.to_dict(),
        }


def closeness(
    before: Sequence[Outcome], after: Sequence[Outcome], cases: Sequence[Case], *, tolerance: float = 0.0
) -> Closeness:
    """Compare the outcomes of two graphs, case by case.

    What is farther apart than ``tolerance`` (relative to values above 1), and every difference that is not one of
    rounding, is ``different``; what is within it is told in ulps.
    """
    compared = sum(not a.error for a in before)
    wrong = difference(before, after, cases, tolerance=tolerance)
    if wrong is not None:
        return Closeness("different", 0, wrong.case, compared, wrong)
    worst, where = 0, ""
    for case, a, b in zip(cases, before, after, strict=True):
        apart = 0 if a.error or a.draws != b.draws else _apart(dict(a.arrays), dict(b.arrays))
        if apart > worst:
            worst, where = apart, case.name
    return Closeness("ulp" if worst else "equal", worst, where, compared)


def _apart(a: Mapping[str, Any], b: Mapping[str, Any]) -> int:
    return max((ulps(x, b[name]) for name, x in a.items() if hasattr(x, "dtype")), default=0)


def ulps(x: Any, y: Any) -> int:
    """How many numbers of their dtype lie between two arrays of one shape, at most; NaN is next to NaN alone.

    Zeros of both signs are one number. Arrays of whole numbers differ by as much as the numbers do.
    """
    if not x.size:
        return 0
    if x.dtype.kind == "c":
        return max(ulps(x.real, y.real), ulps(x.imag, y.imag))
    if x.dtype.kind in "biu":
        wrong = np.flatnonzero((x != y).ravel())
        return max((abs(int(x.flat[i]) - int(y.flat[i])) for i in wrong), default=0)
    both = np.isnan(x) & np.isnan(y)
    if np.all((x == y) | both):
        return 0
    distance = np.abs(_ordered(x) - _ordered(y))
    return int(np.max(np.where(both, 0.0, distance)))


def _ordered(array: Any) -> Any:
    """Each number's place in the order of all numbers of its dtype; zeros of both signs have place 0."""
    bits = array.dtype.itemsize * 8
    raw = np.ascontiguousarray(array).view(f"u{array.dtype.itemsize}").astype(np.uint64)
    size = (raw & np.uint64((1 << (bits - 1)) - 1)).astype(np.int64)
    signed = np.where(raw >> np.uint64(bits - 1) == 1, -size, size)
    return signed.astype(object) if bits == 64 else signed  # the distance of two float64 does not fit an int64

"""The time of one call, measured: median and quartiles of several runs, in which everything takes turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import quantiles
from time import perf_counter
from typing import Any

_LEAST = 200e-6  # seconds that one measurement takes at least: a clock's own cost is far below
_LONG = 0.25  # seconds after which few measurements are enough: of long calls, which chance moves less
_FEWEST = 5  # measurements, which have quartiles still


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds a call: the median of ``runs`` measurements, and the quartiles around it."""

    median: float
    lower: float
    upper: float
    runs: int

    def apart(self, other: Timing) -> bool:
        """Whether the middle halves of the two do not overlap; else a difference may be chance."""
        return self.upper < other.lower or other.upper < self.lower

    def to_dict(self) -> dict[str, object]:
        return {"median": self.median, "lower": self.lower, "upper": self.upper, "runs": self.runs}


def measure(calls: Sequence[Callable[[], Any]], *, runs: int = 15, warm: int = 4) -> tuple[Timing, ...]:
    """Time several calls side by side: each runs ``warm`` times first, then they take turns, so that what disturbs the
    machine disturbs all. Long calls are warmed less, and measured as often as `Timing.runs` says: at least five times,
    if ``runs`` is not less.

    Cost: ``runs`` times 0.2 ms or one call each, whichever is longer; half a second, or about eight calls each.
    """
    start = perf_counter()
    repeats = [_repeats(call, warm, start + _LONG / 2) for call in calls]
    taken: list[list[float]] = [[] for _ in calls]
    for turn in range(runs):
        if turn >= _FEWEST and perf_counter() - start > _LONG:
            break
        for call, repeat, times in zip(calls, repeats, taken, strict=True):
            times.append(_once(call, repeat))
    return tuple(_timing(times) for times in taken)


def _repeats(call: Callable[[], Any], warm: int, until: float) -> int:
    """How often one measurement calls; warms first, once at least, and not much longer than ``until``."""
    for turn in range(warm):
        if turn and perf_counter() > until:
            break
        call()
    return max(1, round(_LEAST / max(_once(call, 1), 1e-9)))


def _once(call: Callable[[], Any], repeat: int) -> float:
    start = perf_counter()
    for _ in range(repeat):
        call()
    return (perf_counter() - start) / repeat


def _timing(times: Sequence[float]) -> Timing:
    lower, median, upper = quantiles(times, n=4) if len(times) > 1 else [times[0]] * 3
    return Timing(median, lower, upper, len(times))

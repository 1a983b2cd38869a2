"""Measuring: one way of timing a call for every figure that the project shows, and the fit of a batching curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from time import perf_counter

from tensorlab.errors import RangeError


@dataclass(frozen=True, slots=True)
class Measurement:
    """Time of one call: the median over runs and the interquartile range (``spread``).

    Units: ``median`` and ``spread`` in seconds. A run is ``calls`` calls in a row, timed together.
    """

    median: float
    spread: float
    runs: int
    calls: int

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


def measure(
    fn: Callable[[], object],
    *,
    repeat: int = 7,
    min_seconds: float = 0.01,
    clock: Callable[[], float] = perf_counter,
) -> Measurement:
    """Time ``fn()``: a warm-up call, then ``repeat`` runs of at least ``min_seconds`` each.

    The number of calls in a run is found by doubling; those runs warm caches and are not counted.
    Cost: about ``(repeat + 2) * min_seconds``, or ``repeat + 2`` calls where one call takes longer than that.
    Raises: `RangeError` for ``repeat`` below 1 or ``min_seconds`` below 0; whatever ``fn`` raises.
    """
    if repeat < 1:
        raise RangeError(f"measure: got repeat={repeat}; takes at least 1")
    if min_seconds < 0:
        raise RangeError(f"measure: got min_seconds={min_seconds:g}; takes at least 0")
    fn()
    calls = 1
    while (elapsed := _run(fn, calls, clock)) < min_seconds:
        # Straight to the estimate once the clock can see it, but never more than tenfold on one observation.
        wanted = int(calls * min_seconds / elapsed) + 1 if elapsed > 0 else calls * 10
        calls = min(max(wanted, calls * 2), calls * 10)
    per_call = [_run(fn, calls, clock) / calls for _ in range(repeat)]
    return Measurement(median(per_call), _interquartile_range(per_call), repeat, calls)


def _run(fn: Callable[[], object], calls: int, clock: Callable[[], float]) -> float:
    start = clock()
    for _ in range(calls):
        fn()
    return clock() - start


def _interquartile_range(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    low, _, high = quantiles(values, n=4, method="inclusive")
    return high - low


@dataclass(frozen=True, slots=True)
class BatchPoint:
    """One point of a batching curve: calls with ``batch`` items each, timed one by one.

    Units: seconds; ``seconds_per_call`` is the median call, ``p50_seconds`` and ``p99_seconds`` are what a caller
    waits (through a server: with the queue), ``runs`` is the number of calls behind them.
    """

    batch: int
    seconds_per_call: float
    items_per_second: float
    p50_seconds: float
    p99_seconds: float
    runs: int

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class CostFit:
    """A call of ``b`` items takes about ``fixed_seconds + seconds_per_item * b``.

    ``worst`` is the largest miss of that line, relative to what was measured.
    """

    fixed_seconds: float
    seconds_per_item: float
    worst: float

    def seconds(self, batch: int) -> float:
        """What the line says for a batch."""
        return self.fixed_seconds + self.seconds_per_item * batch

    @property
    def break_even(self) -> float | None:
        """The batch whose items together take as long as the fixed cost of the call."""
        if self.fixed_seconds <= 0 or self.seconds_per_item <= 0:
            return None
        return self.fixed_seconds / self.seconds_per_item

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


def fit_cost(points: Sequence[BatchPoint]) -> CostFit | None:
    """Least squares of relative errors of ``alpha + beta * batch`` against ``seconds_per_call``.

    Relative, because sizes go up in powers of two: absolute errors would let the largest batch alone place the
    line, and the fixed cost is what the small ones know. `None` for fewer than two different batches.
    """
    usable = [p for p in points if p.seconds_per_call > 0]
    if len({p.batch for p in usable}) < 2:
        return None
    # Divide each equation alpha + beta * b = t by t: rows (1/t, b/t) against 1; the normal equations are 2 x 2.
    rows = [(1 / p.seconds_per_call, p.batch / p.seconds_per_call) for p in usable]
    uu, uv, vv = (sum(x * y for x, y in pairs) for pairs in _products(rows))
    u, v = (sum(column) for column in zip(*rows, strict=True))
    determinant = uu * vv - uv * uv
    alpha, beta = (u * vv - v * uv) / determinant, (v * uu - u * uv) / determinant
    worst = max(abs((alpha + beta * p.batch) / p.seconds_per_call - 1) for p in usable)
    return CostFit(alpha, beta, worst)


def _products(rows: Sequence[tuple[float, float]]) -> tuple[list[tuple[float, float]], ...]:
    return [(u, u) for u, _ in rows], [(u, v) for u, v in rows], [(v, v) for _, v in rows]

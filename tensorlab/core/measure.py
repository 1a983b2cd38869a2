"""Measuring: one way of timing a call for every figure that the project shows, and the fit of a batching curve."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
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
    return compare({"": fn}, repeat=repeat, min_seconds=min_seconds, clock=clock)[""]


def compare(
    functions: Mapping[str, Callable[[], object]],
    *,
    repeat: int = 7,
    min_seconds: float = 0.01,
    clock: Callable[[], float] = perf_counter,
) -> dict[str, Measurement]:
    """Time several functions side by side: in each round every one of them has its turn, as `measure` times one.

    What slows the machine down for a while slows all of them down, so that their ratios hold.
    Raises: `RangeError` for ``repeat`` below 1 or ``min_seconds`` below 0; whatever a function raises.
    """
    if repeat < 1:
        raise RangeError(f"measure: got repeat={repeat}; takes at least 1")
    if min_seconds < 0:
        raise RangeError(f"measure: got min_seconds={min_seconds:g}; takes at least 0")
    calls = {name: _calls(fn, min_seconds, clock) for name, fn in functions.items()}
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(repeat):
        for name, fn in functions.items():
            times[name].append(_run(fn, calls[name], clock) / calls[name])
    return {
        name: Measurement(median(own), _interquartile_range(own), repeat, calls[name]) for name, own in times.items()
    }


def _calls(fn: Callable[[], object], min_seconds: float, clock: Callable[[], float]) -> int:
    """How many calls take ``min_seconds``."""
    fn()
    calls = 1
    while (elapsed := _run(fn, calls, clock)) < min_seconds:
        # Straight to the estimate once the clock can see it, but never more than tenfold on one observation.
        wanted = int(calls * min_seconds / elapsed) + 1 if elapsed > 0 else calls * 10
        calls = min(max(wanted, calls * 2), calls * 10)
    return calls


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


def undisturbed(times: Sequence[float]) -> float:
    """What a call takes where little gets in its way: the time that a quarter of the calls did not pass.

    On a machine with other work, calls that wait for a core, as threads of BLAS do for each other, may be half of all
    and take a hundred times as long. They never make a call faster, so the fast ones know what it costs.
    """
    return sorted(times)[(len(times) - 1) // 4]


@dataclass(frozen=True, slots=True)
class BatchTime:
    """What a server's batches of one size took: ``batches`` of them, each of ``rows`` items.

    Units: ``seconds`` of the function alone, `undisturbed`.
    """

    rows: int
    seconds: float
    batches: int


@dataclass(frozen=True, slots=True)
class BatchPoint:
    """One point of a batching curve.

    In one process: calls with ``batch`` items each, timed one by one. Through a server, where ``callers`` says how
    many there were: requests of one item each, to a server that joins up to ``batch`` of them; ``rows_per_batch`` is
    how many it joined on average, ``batches`` how long each size of batch took it, ``failures`` counts requests
    without an answer.

    Units: seconds; ``seconds_per_call`` is a call of the function, `undisturbed`; ``p50_seconds`` and ``p99_seconds``
    are what a caller waits (through a server: with the queue and the way), ``runs`` is the number of calls or answered
    requests behind them. ``items_per_second`` is that of the undisturbed call, or of the median round through a server,
    so that a burst of other load does not count.
    """

    batch: int
    seconds_per_call: float
    items_per_second: float
    p50_seconds: float
    p99_seconds: float
    runs: int
    callers: int | None = None
    rows_per_batch: float | None = None
    failures: int = 0
    batches: tuple[BatchTime, ...] = ()

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


_NEAR = 0.5


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
    def holds(self) -> bool:
        """Whether the times lie near enough to the line for it to say anything."""
        return self.worst <= _NEAR

    @property
    def break_even(self) -> float | None:
        """The batch whose items together take as long as the fixed cost of the call."""
        if self.fixed_seconds <= 0 or self.seconds_per_item <= 0:
            return None
        return self.fixed_seconds / self.seconds_per_item

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


def served(points: Sequence[BatchPoint]) -> bool:
    """Whether the points were measured through a server that joins requests."""
    return any(point.callers is not None for point in points)


def call_times(points: Sequence[BatchPoint]) -> list[BatchTime]:
    """How long a call of the function took against its items, smallest batch first.

    In one process that is the points themselves. A server's batches of one size are put together over all points;
    sizes that it made less than five times, as it does where the load begins and ends, are left out where enough
    others are there.
    """
    if not served(points):
        return sorted((BatchTime(p.batch, p.seconds_per_call, p.runs) for p in points), key=lambda t: t.rows)
    every = [time for point in points for time in point.batches]
    merged = [_together([time for time in every if time.rows == rows]) for rows in sorted({t.rows for t in every})]
    often = [time for time in merged if time.batches >= _OFTEN]
    return often if len(often) > 1 else merged


_OFTEN = 5


def _together(times: Sequence[BatchTime]) -> BatchTime:
    """The median over points, each counted as often as it stands for a batch."""
    batches = sum(time.batches for time in times)
    ordered = sorted(times, key=lambda time: time.seconds)
    middle = next(i for i, below in enumerate(accumulate(time.batches for time in ordered)) if 2 * below >= batches)
    return BatchTime(ordered[middle].rows, ordered[middle].seconds, batches)


def fit_cost(points: Sequence[BatchPoint]) -> CostFit | None:
    """Least squares of relative errors of ``alpha + beta * items`` against the time of a call of the function.

    Relative, because sizes go up in powers of two: absolute errors would let the largest batch alone place the line,
    and the fixed cost is what the small ones know. Calls in one process are fitted by ``batch`` and
    ``seconds_per_call``, each size alike; a server's by the batches that it made, each batch alike, since it makes
    some sizes hundreds of times and some a few. `None` for fewer than two different batches.
    """
    usable = [time for time in call_times(points) if time.seconds > 0]
    if len({time.rows for time in usable}) < 2:
        return None
    # Divide each equation alpha + beta * b = t by t: rows (1/t, b/t) against 1; the normal equations are 2 x 2.
    weights = [float(time.batches) if served(points) else 1.0 for time in usable]
    rows = [(w, 1 / t.seconds, t.rows / t.seconds) for w, t in zip(weights, usable, strict=True)]
    uu, uv, vv, u, v = (sum(column) for column in zip(*map(_products, rows), strict=True))
    determinant = uu * vv - uv * uv
    alpha, beta = (u * vv - v * uv) / determinant, (v * uu - u * uv) / determinant
    worst = max(abs((alpha + beta * t.rows) / t.seconds - 1) for t in usable)
    return CostFit(alpha, beta, worst)


def _products(row: tuple[float, float, float]) -> tuple[float, float, float, float, float]:
    """What one weighted equation ``w * (u * alpha + v * beta) = w`` adds to the normal equations."""
    w, u, v = row
    return w * u * u, w * u * v, w * v * v, w * u, w * v

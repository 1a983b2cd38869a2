"""A batching curve in one process: every size called in turn, over several rounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import perf_counter

from tensorlab.core.measure import BatchPoint, undisturbed
from tensorlab.errors import RangeError

ROUNDS = 5


def batch_curve(
    calls: Mapping[int, Callable[[], object]],
    *,
    seconds: float,
    rounds: int = ROUNDS,
    clock: Callable[[], float] = perf_counter,
) -> list[BatchPoint]:
    """Time one call for each batch size, again and again for ``seconds`` each, in the order of the sizes given.

    Sizes take turns, so that a burst of other load meets all of them; every other round goes backwards, so that none
    always runs behind the same neighbour. Throughput is that of the `undisturbed` call; the others are in the
    percentiles.

    Cost:   about ``len(calls) * seconds``, or ``rounds + 1`` calls of each where a call takes longer than its turn.
    Raises: `RangeError` for ``rounds`` below 1 or ``seconds`` below 0; whatever a call raises.
    """
    if rounds < 1 or seconds < 0:
        raise RangeError(f"batch_curve: got rounds={rounds}, seconds={seconds:g}; takes at least 1 round and 0 s")
    for call in calls.values():
        call()  # a new size may compile
    times: dict[int, list[float]] = {batch: [] for batch in calls}
    for turn in range(rounds):
        for batch in list(calls)[:: -1 if turn % 2 else 1]:
            times[batch] += _turn(calls[batch], seconds / rounds, clock)
    return [_point(batch, sorted(of_batch)) for batch, of_batch in times.items()]


def _turn(call: Callable[[], object], seconds: float, clock: Callable[[], float]) -> list[float]:
    """Times of calls for so long; the first does not count, unless it alone takes that long.

    It finds the caches full of another size's data, which is an effect of taking turns.
    """
    first = _time(call, clock)
    if first >= seconds:
        return [first]
    times: list[float] = []
    until = clock() + seconds
    while not times or clock() < until:
        times.append(_time(call, clock))
    return times


def _time(call: Callable[[], object], clock: Callable[[], float]) -> float:
    began = clock()
    call()
    return clock() - began


def _point(batch: int, times: Sequence[float]) -> BatchPoint:
    call = undisturbed(times)
    late = times[max(0, math.ceil(len(times) * 0.99) - 1)]
    return BatchPoint(batch, call, batch / call if call > 0 else 0.0, median(times), late, len(times))

"""A batching curve through a server: many callers with one item each, and a server that joins up to n of them."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median

import numpy as np

from tensorlab.core.measure import BatchPoint, BatchTime, undisturbed
from tensorlab.errors import RangeError, ServeError
from tensorlab.serve.batch import BatchRecord
from tensorlab.serve.crowd import Crowd
from tensorlab.serve.load import LoadResult
from tensorlab.serve.model import QUEUED_BATCHES, ServedModel
from tensorlab.serve.server import Server

# Even a server that makes batches of one lets so many wait, so that none is turned away.
MOST_CALLERS = QUEUED_BATCHES
_ROUNDS = 3
# A server keeps its newest 4096 records; a shorter round leaves them all there to be read.
_MOST_ROUND_SECONDS = 0.5
_FEWEST_ROUND_SECONDS = 0.001
_WARM_SECONDS = 2.0
_MOST_ROWS = 64
_MOST_ROW_NBYTES = 32 << 20


def server_curve(
    model: ServedModel, rows: Sequence[np.ndarray], sizes: Sequence[int], *, callers: int, seconds: float
) -> list[BatchPoint]:
    """Serve a model once for each largest batch, and let callers in another process send single rows to each.

    The callers form a closed loop: each has one request of one row under way, the rows taken in turn. Sizes take turns
    over several rounds, ``seconds`` each in all. What a point says of batches is from the server's own records.

    Before that the model is called here with 1, 2, 3 ... rows, as many as a batch can have, so that what it compiles
    for each is there; first with the sizes themselves, then with the others as far as two seconds go. Then each
    caller connects and calls once, which does not count.

    Shape:  each array has the batch first; the first 64 rows are used, or those in the first 32 MiB.
    Raises: `RangeError` for sizes below 1, callers outside 1 to 64, or no rows; `ServeError` where callers get no
            answers; whatever the model raises when it is first called.
    """
    if not sizes or min(sizes) < 1:
        raise RangeError(f"server_curve: sizes {list(sizes)}; takes at least one, each 1 or more")
    if not 1 <= callers <= MOST_CALLERS:
        raise RangeError(f"server_curve: {callers} callers; takes 1 to {MOST_CALLERS}")
    if not rows or not all(array.ndim and len(array) for array in rows):
        shapes = ", ".join(str(array.shape) for array in rows)
        raise RangeError(f"server_curve: rows of shapes {shapes or 'none'}; takes at least one row for each input")
    sizes = sorted(set(sizes))
    sent = _some(rows)
    _warm(model, sent, sizes, min(sizes[-1], callers))
    models = {size: replace(model, name=f"batches-of-{size}", max_batch_size=size) for size in sizes}
    measured = {size: _Measured() for size in sizes}
    rounds = max(_ROUNDS, math.ceil(seconds / _MOST_ROUND_SECONDS))
    each = max(seconds / rounds, _FEWEST_ROUND_SECONDS)
    with Server(list(models.values())) as server, Crowd(server.address, sent, callers=callers) as crowd:
        largest = models[sizes[-1]].name
        _answered(crowd.run(largest, _FEWEST_ROUND_SECONDS))
        measured[sizes[-1]].newest = server.records(largest)[-1]
        for turn in range(rounds):
            for size in sizes[:: -1 if turn % 2 else 1]:
                load = _answered(crowd.run(models[size].name, each))
                measured[size].add(load, server.records(models[size].name))
    return [_point(size, callers, measured[size]) for size in sizes]


@dataclass(slots=True, eq=False)
class _Measured:
    """What the rounds of one size left."""

    loads: list[LoadResult] = field(default_factory=list)
    records: list[BatchRecord] = field(default_factory=list)
    newest: BatchRecord | None = None

    def add(self, load: LoadResult, records: Sequence[BatchRecord]) -> None:
        """A round, and the server's records, of which those after the newest one seen before are the round's."""
        seen = next((i + 1 for i in reversed(range(len(records))) if records[i] is self.newest), 0)
        self.loads.append(load)
        self.records += records[seen:]
        self.newest = records[-1]


def _answered(load: LoadResult) -> LoadResult:
    if not load.latencies:
        raise ServeError(f"no request was answered: {', '.join(load.failures)}")
    return load


def _point(size: int, callers: int, measured: _Measured) -> BatchPoint:
    latencies = tuple(latency for load in measured.loads for latency in load.latencies)
    together = LoadResult(callers, sum(load.seconds for load in measured.loads), latencies)
    times: dict[int, list[float]] = defaultdict(list)
    for record in measured.records:
        if record.error_id is None:
            times[record.rows].append(record.compute_seconds)
    return BatchPoint(
        size,
        undisturbed([time for of_rows in times.values() for time in of_rows]),
        median(load.throughput for load in measured.loads),
        together.percentile(50),
        together.percentile(99),
        len(latencies),
        callers=callers,
        rows_per_batch=sum(record.rows for record in measured.records) / len(measured.records),
        failures=sum(sum(load.failures.values()) for load in measured.loads),
        batches=tuple(BatchTime(rows, undisturbed(times[rows]), len(times[rows])) for rows in sorted(times)),
    )


def _some(rows: Sequence[np.ndarray]) -> list[np.ndarray]:
    """As many rows as callers send in turn, the same number of each input."""
    row_nbytes = max(1, sum(array.nbytes // len(array) for array in rows))
    count = min(_MOST_ROWS, max(map(len, rows)), max(1, _MOST_ROW_NBYTES // row_nbytes))
    return [np.take(array, np.arange(count) % len(array), axis=0) for array in rows]


def _warm(model: ServedModel, rows: Sequence[np.ndarray], sizes: Sequence[int], most: int) -> None:
    until = time.perf_counter() + _WARM_SECONDS
    first = [size for size in sizes if size <= most]
    for count in [*first, *(count for count in range(1, most + 1) if count not in first)]:
        if count not in first and time.perf_counter() > until:
            return
        arrays = [np.take(array, np.arange(count) % len(array), axis=0) for array in rows]
        for array in arrays:
            array.setflags(write=False)  # as the server hands them over
        model.run(arrays)

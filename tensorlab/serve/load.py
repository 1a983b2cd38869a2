"""A closed loop of load: so many callers, each with one call under way at any time.

A closed loop slows down with the server, so it shows what throughput a server reaches, not how it behaves when
requests come faster than that.
"""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tensorlab.errors import RangeError, ServeError
from tensorlab.serve.errors import RemoteError


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a closed loop measured; each call leaves its latency.

    Units: `seconds` from the first call's start to the last one's end; `latencies` in seconds, of the calls that
           succeeded, in the order in which they ended. `failures` counts the others by status.
    """

    concurrency: int
    seconds: float
    latencies: tuple[float, ...]
    failures: dict[str, int] = field(default_factory=dict)

    @property
    def throughput(self) -> float:
        """Successful calls a second."""
        return len(self.latencies) / self.seconds if self.seconds > 0 else 0.0

    def percentile(self, percent: float) -> float:
        """The latency that this share of the calls did not pass (nearest rank); NaN if no call succeeded.

        >>> LoadResult(1, 1.0, (0.3, 0.1, 0.2)).percentile(50)
        0.2
        """
        if not 0 <= percent <= 100:
            raise RangeError(f"LoadResult.percentile: got {percent}; takes 0 to 100")
        if not self.latencies:
            return math.nan
        rank = max(1, math.ceil(percent / 100 * len(self.latencies)))
        return sorted(self.latencies)[rank - 1]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, to keep and compare; percentiles are `None` if no call succeeded, since JSON has no NaN."""
        return {
            "concurrency": self.concurrency,
            "seconds": self.seconds,
            "throughput": self.throughput,
            "p50": self.percentile(50) if self.latencies else None,
            "p99": self.percentile(99) if self.latencies else None,
            "latencies": list(self.latencies),
            "failures": dict(self.failures),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """What `to_dict` gave, again."""
        return cls(values["concurrency"], values["seconds"], tuple(values["latencies"]), dict(values["failures"]))


def closed_loop(
    call: Callable[[], object], *, concurrency: int, seconds: float | None = None, requests: int | None = None
) -> LoadResult:
    """Call from `concurrency` threads, again and again, for a time or for a number of calls in all.

    Within a time, each thread calls at least once, and finishes what it began.
    A `ServeError` counts as a failure and the loop goes on; anything else ends it and is raised here.

    Raises: `RangeError` unless there is one of `seconds` and `requests`, above 0, and 1 to 1024 threads.
    """
    if not 1 <= concurrency <= 1024:
        raise RangeError(f"closed_loop: concurrency {concurrency}; takes 1 to 1024")
    if (seconds is None) == (requests is None):
        raise RangeError(f"closed_loop: seconds {seconds} and requests {requests}; takes one of them")
    if (seconds is not None and seconds <= 0) or (requests is not None and requests <= 0):
        raise RangeError(f"closed_loop: seconds {seconds}, requests {requests}; takes more than 0")
    run = _Run(call, concurrency, math.inf if seconds is None else seconds, requests)
    threads = [threading.Thread(target=run.loop, name=f"load-{n}", daemon=True) for n in range(concurrency)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        run.over.set()  # an interrupt ends the callers too
    if run.broken:
        raise run.broken[0]
    calls = sorted(run.calls)
    began = min((end - latency for end, latency, _ in calls), default=0.0)
    ended = max((end for end, _, _ in calls), default=0.0)
    return LoadResult(
        concurrency,
        ended - began,
        tuple(latency for _, latency, status in calls if not status),
        dict(Counter(status for _, _, status in calls if status)),
    )


class _Run:
    """What the threads of one loop share."""

    def __init__(self, call: Callable[[], object], concurrency: int, seconds: float, requests: int | None) -> None:
        self.calls: list[tuple[float, float, str]] = []  # end, latency, status or ""; list.append is atomic
        self.broken: list[Exception] = []
        self.over = threading.Event()
        self._call = call
        self._seconds = seconds
        self._tickets = itertools.repeat(None) if requests is None else iter(range(requests))
        self._ticket_lock = threading.Lock()
        self._together = threading.Barrier(concurrency)

    def loop(self) -> None:
        """The work of one thread."""
        self._together.wait()
        until = time.perf_counter() + self._seconds
        while not self.over.is_set() and self._take_ticket():
            began = time.perf_counter()
            status = ""
            try:
                self._call()
            except ServeError as error:
                status = error.status if isinstance(error, RemoteError) else type(error).__name__
            except Exception as error:  # noqa: BLE001 - raised again by closed_loop, in the caller's thread
                self.broken.append(error)
                self.over.set()
                return
            ended = time.perf_counter()
            self.calls.append((ended, ended - began, status))
            if ended >= until:
                return

    def _take_ticket(self) -> bool:
        with self._ticket_lock:
            return next(self._tickets, False) is not False

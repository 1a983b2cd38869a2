"""The dynamic batcher: requests that wait together are computed together.

One task takes requests from a queue, one worker thread computes. While a batch runs the next one gathers, so
batches grow with the load by themselves; a delay adds waiting on purpose, for when calls are dear and rare.

Source: NVIDIA Triton, "Dynamic Batcher" (the rule of `decide`).
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from tensorlab.serve.batch import BatchRecord, compute
from tensorlab.serve.errors import DeadlineError, ModelError, OverloadedError, StoppingError, log_failure
from tensorlab.serve.model import ServedModel

_KEPT_RECORDS = 4096


@dataclass(slots=True, eq=False)
class Pending:
    """A request in the queue; times are those of the event loop's clock.

    `signature` is what requests must share to be computed together.
    """

    arrays: Sequence[np.ndarray]
    rows: int
    signature: Hashable
    arrived: float
    deadline: float
    future: asyncio.Future[list[np.ndarray]]


def signature(arrays: Sequence[np.ndarray]) -> Hashable:
    """Element types, and sizes beyond the rows."""
    return tuple((array.dtype, array.shape[1:]) for array in arrays)


def decide(queue: Iterable[Pending], *, max_rows: int, delay: float, now: float) -> tuple[int, float]:
    """How many requests at the head of a queue to send now, or else how long to wait.

    What fits into one batch goes at once when the next request does not fit in or has another signature, when the
    batch is full, or when the oldest has waited for `delay`. Otherwise the queue sleeps until that moment, or until
    the nearest deadline among those that would go.

    >>> decide([], max_rows=8, delay=0.0, now=0.0)
    (0, inf)
    """
    count, rows = 0, 0
    until = math.inf
    head = None
    for pending in queue:
        if head is None:
            head = pending
            until = pending.arrived + delay
        if rows + pending.rows > max_rows or pending.signature != head.signature:
            return count, 0.0
        count, rows = count + 1, rows + pending.rows
        until = min(until, pending.deadline)
    if rows >= max_rows or until <= now:
        return count, 0.0
    return 0, until - now


class Batcher:
    """The queue of one model, and the thread that computes it.

    Made and used inside one event loop; `records` may be read from any thread.
    """

    def __init__(self, model: ServedModel) -> None:
        self.model = model
        self._queue: deque[Pending] = deque()
        self._queued_rows = 0
        self._running: Sequence[Pending] = ()
        self._records: deque[BatchRecord] = deque(maxlen=_KEPT_RECORDS)
        self._records_lock = threading.Lock()
        self._wake = asyncio.Event()
        self._closing = False
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"tensorlab-serve-{model.name}")
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._serve())

    def records(self) -> tuple[BatchRecord, ...]:
        """The newest batches, oldest first."""
        with self._records_lock:
            return tuple(self._records)

    async def submit(
        self, tensors: Mapping[str, np.ndarray], *, timeout_seconds: float | None = None
    ) -> list[np.ndarray]:
        """The model's outputs for the rows of one request; cancelling it takes the request out of the queue.

        Raises: `RequestError` (see `ServedModel.arrange`), `StoppingError`, `DeadlineError`, `OverloadedError`,
                `ModelError`.
        """
        arrays = self.model.arrange(tensors)
        name, rows, now = self.model.name, self.model.rows(arrays), self._loop.time()
        if self._closing:
            raise StoppingError(f"model {name!r} is stopping and takes no new requests")
        if timeout_seconds is not None and timeout_seconds <= 0:
            raise DeadlineError(f"model {name!r}: the request's time was over when it arrived")
        if self._queued_rows + rows > self.model.max_queued_rows:
            raise OverloadedError(
                f"model {name!r}: {self._queued_rows} rows wait and {rows} more would pass "
                f"{self.model.max_queued_rows}; try again later"
            )
        deadline = math.inf if timeout_seconds is None else now + timeout_seconds
        pending = Pending(arrays, rows, signature(arrays), now, deadline, self._loop.create_future())
        self._put(pending)
        self._wake.set()
        try:
            return await pending.future
        except asyncio.CancelledError:
            # Left in place it would hold room in the queue and be computed for nobody.
            if pending in self._queue:
                self._queue.remove(pending)
                self._queued_rows -= rows
            raise

    def begin_close(self) -> None:
        """Take nothing new; what waits is sent without further delay."""
        self._closing = True
        self._wake.set()

    async def close(self, *, drain: bool = True) -> None:
        """Stop: when draining, once the queue is empty; otherwise now, and those who wait get `StoppingError`."""
        self.begin_close()
        if not drain:
            self._task.cancel()
        await asyncio.wait([self._task])
        self._worker.shutdown(wait=False)

    async def _serve(self) -> None:
        try:
            while self._queue or not self._closing:
                now = self._loop.time()
                self._prune(now)
                delay = 0.0 if self._closing else self.model.batch_delay_seconds
                count, wait = decide(self._queue, max_rows=self.model.max_rows, delay=delay, now=now)
                if count:
                    await self._execute([self._take() for _ in range(count)])
                else:
                    await self._sleep(wait)
        finally:
            self._closing = True
            name = self.model.name
            for pending in (*self._running, *self._queue):
                if not pending.future.done():
                    pending.future.set_exception(StoppingError(f"model {name!r} stopped before this request"))
            self._queue.clear()

    async def _sleep(self, seconds: float) -> None:
        if self._closing and not self._queue:
            return
        self._wake.clear()
        try:
            async with asyncio.timeout(None if seconds == math.inf else seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def _put(self, pending: Pending) -> None:
        self._queue.append(pending)
        self._queued_rows += pending.rows

    def _take(self) -> Pending:
        pending = self._queue.popleft()
        self._queued_rows -= pending.rows
        return pending

    def _prune(self, now: float) -> None:
        """Drop requests that nobody waits for any more, and those whose time is over."""
        if all(pending.deadline > now and not pending.future.done() for pending in self._queue):
            return
        name = self.model.name
        for pending in [self._take() for _ in range(len(self._queue))]:
            if pending.future.done():
                continue
            if pending.deadline > now:
                self._put(pending)
                continue
            waited = now - pending.arrived
            pending.future.set_exception(
                DeadlineError(f"model {name!r}: the request's time was over after {waited:.3f} s in the queue")
            )

    async def _execute(self, batch: Sequence[Pending]) -> None:
        self._running = batch
        waited = self._loop.time() - min(pending.arrived for pending in batch)
        requests = [pending.arrays for pending in batch]
        outcome = await self._loop.run_in_executor(self._worker, compute, self.model, requests)
        self._running = ()
        error_id = None
        if outcome.error is not None:
            error_id = log_failure(f"model {self.model.name!r} failed on {len(batch)} requests", outcome.error)
        record = BatchRecord(sum(p.rows for p in batch), len(batch), waited, outcome.seconds, error_id)
        with self._records_lock:
            self._records.append(record)
        for index, pending in enumerate(batch):
            if pending.future.done():
                continue
            if error_id is not None:
                pending.future.set_exception(ModelError(self.model.name, error_id))
            else:
                pending.future.set_result(outcome.results[index])

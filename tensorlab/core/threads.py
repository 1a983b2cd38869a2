"""Threads for loops: a few that wait for work, and the count of those that may be used.

A loop over many elements is cut into parts, and whoever is free takes the next one: the caller, and threads that wait
for it. They are Python's, which costs little: a loop lets go of the interpreter's lock while it runs. One call uses
them at a time; another, from a server's thread or from inside the first, does its work by itself meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import count
from queue import SimpleQueue
from threading import Lock, Thread
from time import sleep
from typing import Any

from tensorlab.core.config import config
from tensorlab.errors import RangeError

Call = tuple[Any, ...]  # the arguments of one part


def get_num_threads() -> int:
    """How many threads a loop over many elements runs on at most.

    It is what `set_num_threads` said last; before that what the environment says (``TENSORLAB_NUM_THREADS``, or
    ``OMP_NUM_THREADS``), else the number of processors that this process may use.

    >>> import tensorlab as tl
    >>> tl.set_num_threads(tl.get_num_threads())
    """
    return _pool.most or config().threads


def set_threads(threads: int) -> None:
    """Let loops run on so many threads from the next call on; results are the same on any number.

    Raises: `RangeError` for less than one.
    """
    if type(threads) is not int or threads < 1:
        raise RangeError(f"set_num_threads: got {threads!r}; takes a whole number, at least 1")
    _pool.most = threads


class _Work:
    """Parts of one call. Each is taken once, by whoever comes first; ``over`` is let go of with the last one's end."""

    __slots__ = ("_calls", "_claim", "_end", "_entry", "_helping", "_stopped", "error", "over")

    def __init__(self, entry: Callable[..., Any], calls: Sequence[Call]) -> None:
        self._entry = entry
        self._calls = calls
        self._claim = count().__next__  # atomic, as is everything that C does in one go
        self._end = count(1).__next__
        self._helping: list[None] = []
        self._stopped = False
        self.error: Exception | None = None
        self.over = Lock()
        self.over.acquire()

    def go(self) -> None:
        """Do parts until none is left; an error of any is kept for the caller."""
        calls, last = self._calls, len(self._calls)
        while not self._stopped:
            place = self._claim()
            if place >= last:
                return
            try:
                self._entry(*calls[place])
            except Exception as error:  # noqa: BLE001 - it belongs to the caller, who may wait in another thread
                self.error = error
            if self._end() == last:
                self.over.release()

    def help(self) -> None:
        """The same in another thread, which is never interrupted."""
        self._helping.append(None)
        self.go()
        self._helping.pop()

    def stop(self) -> None:
        """Return when no other thread is at it, whatever a signal's handler raises meanwhile.

        Until then they read and write memory that the caller would let go of.
        """
        self._stopped = True
        try:
            while self._helping:
                sleep(1e-4)
        finally:
            if self._helping:
                self.stop()


class _Pool:
    """The threads, made when they are first needed; they end with the process."""

    def __init__(self, most: int = 0) -> None:
        self.most = most  # 0 for what the settings say
        self.busy = Lock()
        self.work: _Work | None = None
        self._calls: SimpleQueue[None] = SimpleQueue()
        self._made = 0

    def call(self, helpers: int) -> None:
        """Wake so many threads, which look for work."""
        while self._made < helpers:
            try:
                Thread(target=self._serve, name=f"tensorlab loops {self._made + 1}", daemon=True).start()
            except RuntimeError:  # the system has no more, or the interpreter is about to end
                break
            self._made += 1
        for _ in range(min(helpers, self._made) - self._calls.qsize()):
            self._calls.put(None)

    def _serve(self) -> None:
        wait = self._calls.get
        while True:
            wait()
            work = self.work
            if work is not None:
                work.help()
            del work


_pool = _Pool()


def run_parts(entry: Callable[..., Any], calls: Sequence[Call]) -> None:
    """Call ``entry`` with each of the arguments, on as many threads as there may be; returns when all is done.

    Cost: about 3 us, and 20 to 40 us until a thread that slept takes part.
    Raises: what a call raises; where several do, one of them.
    """
    pool = _pool
    helpers = min(get_num_threads(), len(calls)) - 1
    if helpers < 1 or not pool.busy.acquire(blocking=False):
        for call in calls:
            entry(*call)
        return
    pool.work = work = _Work(entry, calls)
    done = False
    try:
        pool.call(helpers)
        work.go()
        done = work.over.acquire()
    finally:
        if not done:
            work.stop()
        pool.work = None
        pool.busy.release()
    if work.error is not None:
        raise work.error


def _forked() -> None:
    """A child has none of its parent's threads, and whoever held the lock is not there to give it back."""
    global _pool
    _pool = _Pool(_pool.most)


os.register_at_fork(after_in_child=_forked)

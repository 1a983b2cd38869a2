"""Threads for loops: each part is done once, errors reach the caller; forks, exits and signals leave no one hanging."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

import tensorlab as tl
from tensorlab.core import threads
from tensorlab.core.threads import run_parts
from tensorlab.errors import RangeError


@pytest.fixture(autouse=True)
def three() -> Iterator[None]:
    """Three threads, and afterwards as many as there were."""
    before = tl.get_num_threads()
    tl.set_num_threads(3)
    yield
    tl.set_num_threads(before)


def test_how_many_there_may_be() -> None:
    assert tl.get_num_threads() == 3
    for wrong in (0, -1, 1.5, True, "2"):
        with pytest.raises(RangeError) as caught:
            tl.set_num_threads(wrong)  # type: ignore[arg-type]
        assert str(caught.value) == f"set_num_threads: got {wrong!r}; takes a whole number, at least 1"
    assert tl.get_num_threads() == 3


def test_blas_hears_of_it() -> None:
    from tensorlab.ops import blas

    library = blas._library()  # pyright: ignore[reportPrivateUsage]
    if library is None:
        pytest.skip("NumPy has another BLAS")
    tl.set_num_threads(1)
    assert library.scipy_openblas_get_num_threads64_() == 1
    tl.set_num_threads(2)
    assert library.scipy_openblas_get_num_threads64_() == min(2, os.cpu_count() or 1)


def test_each_part_is_done_once_by_several_threads() -> None:
    together = threading.Barrier(3, timeout=20)
    done: list[tuple[int, int]] = []

    def part(number: int) -> None:
        together.wait()
        done.append((number, threading.get_ident()))

    run_parts(part, [(i,) for i in range(6)])
    assert sorted(number for number, _ in done) == list(range(6))
    assert len({thread for _, thread in done}) == 3


def test_one_thread_is_the_callers() -> None:
    tl.set_num_threads(1)
    done: list[int] = []
    run_parts(lambda _: done.append(threading.get_ident()), [(i,) for i in range(4)])
    assert done == [threading.get_ident()] * 4


def test_an_error_anywhere_reaches_the_caller_when_all_is_done() -> None:
    together = threading.Barrier(3, timeout=20)
    done: list[int] = []

    def part(number: int) -> None:
        together.wait()
        if number == 2:
            raise OverflowError("too large")
        done.append(number)

    with pytest.raises(OverflowError, match=r"^too large$"):
        run_parts(part, [(i,) for i in range(3)])
    assert sorted(done) == [0, 1]
    together.reset()
    run_parts(lambda i: done.append(i), [(3,), (4,)])
    assert sorted(done) == [0, 1, 3, 4]


def test_calls_meanwhile_do_their_work_alone() -> None:
    inner: list[tuple[int, int]] = []

    def part(number: int) -> None:
        me = threading.get_ident()
        run_parts(lambda i: inner.append((i, threading.get_ident() - me)), [(10 * number + i,) for i in range(3)])

    run_parts(part, [(1,), (2,)])
    assert sorted(inner) == [(n, 0) for n in (10, 11, 12, 20, 21, 22)]


def test_an_interrupted_caller_leaves_when_nobody_works_any_more() -> None:
    main, entered, interrupted = threading.get_ident(), threading.Event(), threading.Event()
    log: list[str] = []

    def part(_: int) -> None:
        if threading.get_ident() == main:
            entered.wait(20)
            interrupted.set()
            raise KeyboardInterrupt
        entered.set()
        interrupted.wait(20)
        log.append("worked")

    with pytest.raises(KeyboardInterrupt):
        run_parts(part, [(i,) for i in range(64)])
    assert 1 <= len(log) <= 2
    run_parts(lambda i: log.append(str(i)), [(1,), (2,)])
    assert sorted(log)[:2] == ["1", "2"]


def test_threads_that_cannot_be_made_are_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threads, "_pool", threads._Pool(3))  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(threading.Thread, "start", refuse)
    done: list[int] = []
    run_parts(done.append, [(i,) for i in range(5)])
    assert done == [0, 1, 2, 3, 4]


FORK = """
import os, signal, threading
import tensorlab as tl
from tensorlab.core.threads import run_parts
tl.set_num_threads(3)
a = tl.ones(1_000_000)
want = (a + a).sum().item()
inside, leave = threading.Event(), threading.Event()
def part(i):
    inside.set()
    leave.wait()
holder = threading.Thread(target=run_parts, args=(part, [(0,), (1,)]))
holder.start()
inside.wait()           # the threads are busy, and their lock is held, when the process is copied
child = os.fork()
if child == 0:
    signal.alarm(20)
    done = []
    together = threading.Barrier(2, timeout=15)
    def both(i):
        together.wait()
        done.append(i)
    run_parts(both, [(0,), (1,)])
    os._exit(0 if (a + a).sum().item() == want and sorted(done) == [0, 1] and tl.get_num_threads() == 3 else 1)
leave.set()
holder.join()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
def serve():
    while True:
        a + a
for _ in range(2):
    threading.Thread(target=serve, daemon=True).start()
for _ in range(20):
    a + a
print("done")
"""


def test_forks_and_exits() -> None:
    command = [sys.executable, "-W", "error", "-c", FORK]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("done\n", "", 0)


def test_a_signal_that_raises_waits_for_the_threads() -> None:
    helping, left = threading.Event(), threading.Event()
    main = threading.get_ident()

    def raising(_signal: int, _frame: object) -> None:
        left.set()
        raise TimeoutError("enough")

    def part(_: int) -> None:
        if threading.get_ident() == main:
            helping.wait(20)
            return
        helping.set()
        signal.pthread_kill(main, signal.SIGALRM)
        left.wait(20)
        done.append(1)

    done: list[int] = []
    before = signal.signal(signal.SIGALRM, raising)
    tl.set_num_threads(2)
    try:
        with pytest.raises(TimeoutError, match=r"^enough$"):
            run_parts(part, [(0,), (1,)])
        assert done == [1]
    finally:
        signal.signal(signal.SIGALRM, before)

"""The process with the callers, seen from the one with the server."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

import numpy as np

from tensorlab.errors import ServeError
from tensorlab.serve.load import LoadResult

_PROGRAM = "tensorlab.serve.callers"
# A process starts in well under a second; on a machine that is very busy, not in a minute.
_START_SECONDS = 60.0
# What a loop may take beyond its time: calls under way at its end, each at most a client's 30 s.
_LAST_CALLS_SECONDS = 60.0


class Crowd:
    """So many callers for the models of one server, in a process of their own that ends with its ``with``.

    Shape:  the arrays have a row for each request, in the order of the model's inputs; callers send them in turn.
    Raises: `ServeError` if the process cannot be started, fails, or does not answer in time.
    """

    def __init__(self, address: str, rows: Sequence[np.ndarray], *, callers: int) -> None:
        self._address = address
        self._rows = rows
        self._callers = callers
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as ends:  # so that an interrupt while it starts ends it too
            self._errors = ends.enter_context(tempfile.TemporaryFile())  # a file never fills up as a pipe would
            self._process = self._start(self._errors)
            ends.callback(_end, self._process)
            self._ask(b"".join(map(_npy, self._rows)), _START_SECONDS)
            self._ends = ends.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process = None
        self._ends.close()

    @property
    def pid(self) -> int | None:
        """The process, while it is there."""
        return None if self._process is None else self._process.pid

    def run(self, model: str, seconds: float) -> LoadResult:
        """All callers call a model for so long; ends when the last call has."""
        answer = self._ask(f"{model} {seconds}\n".encode(), seconds + _LAST_CALLS_SECONDS)
        return LoadResult.from_dict(json.loads(answer))

    def _start(self, errors: IO[bytes]) -> subprocess.Popen[bytes]:
        # -P: a json.py in the user's folder must not stand in for the standard library's.
        command = [sys.executable, "-P", "-m", _PROGRAM, self._address, str(self._callers)]
        root = str(Path(__file__).parents[2])
        paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
        try:
            return subprocess.Popen(
                [*command, "--inputs", str(len(self._rows))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, "PYTHONPATH": paths},
            )
        except OSError as error:
            raise ServeError(f"callers: {sys.executable!r} cannot be started: {error}") from error

    def _ask(self, order: bytes, seconds: float) -> bytes:
        """Write an order, and read the line that answers it."""
        process, errors = self._process, self._errors
        if process is None or errors is None:
            raise ServeError("Crowd: the callers are not there; use `with Crowd(...) as crowd:`")
        stdin, stdout = _pipes(process)
        with _time_limit(process, seconds) as passed:
            with suppress(BrokenPipeError):  # it ended: the answer is empty then
                stdin.write(order)
                stdin.flush()
            answer = stdout.readline()
        if answer.endswith(b"\n"):
            return answer
        if passed.is_set():
            raise ServeError(f"callers of {self._address}: no answer within {seconds:g} s")
        process.wait()
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip().splitlines()
        reason = said[-1].removeprefix("callers: ") if said else f"ended with {process.returncode}"
        raise ServeError(f"callers of {self._address}: {reason}")


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    return cast("tuple[IO[bytes], IO[bytes]]", (process.stdin, process.stdout))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill, whatever it does, and wait, so that no zombie is left."""
    process.kill()
    process.wait()
    for pipe in _pipes(process):
        with suppress(BrokenPipeError):  # of what was still to be written
            pipe.close()


@contextmanager
def _time_limit(process: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    """Kills a process that takes longer, which ends every read and write; the event says that it did."""
    passed = threading.Event()

    def stop() -> None:
        passed.set()
        process.kill()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield passed
    finally:
        timer.cancel()


def _npy(rows: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(rows), allow_pickle=False)
    return file.getvalue()

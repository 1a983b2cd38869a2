"""Callers in a process of their own: ``python -m tensorlab.serve.callers ADDRESS CALLERS``.

In the server's own process callers and server would share one interpreter, and the load would slow down what it
measures. Standard input is first the rows to send, an array in the .npy format for each input of the model, then a
line ``MODEL SECONDS`` for each closed loop; standard output is the line ``ready``, then a `LoadResult` as JSON for
each. The program ends with its input, so that it never outlives whoever started it by more than a loop.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import signal
import sys
from collections.abc import Callable, Sequence
from typing import BinaryIO

import numpy as np

from tensorlab.errors import ServeError, TensorlabError
from tensorlab.serve.client import Client
from tensorlab.serve.load import LoadResult, closed_loop
from tensorlab.serve.server import loopback

MOST_CALLERS = 1024
MOST_SECONDS = 600.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Read rows and loops, print results; 2 and one line on standard error for what cannot be done."""
    parser = argparse.ArgumentParser("python -m tensorlab.serve.callers", description="Callers for a server.")
    parser.add_argument("address", help="host:port of a server on this machine")
    parser.add_argument("callers", type=int, help="how many call at a time")
    parser.add_argument("--inputs", type=int, default=1, help="how many arrays of rows come first (default: 1)")
    args = parser.parse_args(arguments)
    try:
        _serve_orders(args.address, args.callers, args.inputs, sys.stdin.buffer)
    except (TensorlabError, BrokenPipeError) as error:
        print(f"callers: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _serve_orders(address: str, callers: int, inputs: int, orders: BinaryIO) -> None:
    address = _own(address)
    if not 1 <= callers <= MOST_CALLERS:
        raise ServeError(f"{callers} callers; takes 1 to {MOST_CALLERS}")
    if not 1 <= inputs <= 64:
        raise ServeError(f"{inputs} inputs; takes 1 to 64")
    with Client(address) as client:
        rows = _read_rows(orders, inputs)
        _say("ready")
        for line in orders:
            model, seconds = _order(line)
            turn = itertools.cycle([client.prepared(model, row) for row in rows])
            _say(json.dumps(_loop(lambda turn=turn: next(turn)(), callers, seconds).to_dict()))


def _own(address: str) -> str:
    """An address on this machine."""
    host, _, port = address.rpartition(":")
    try:
        known = loopback(host.strip("[]"))
    except ServeError:
        known = ""
    if not known or not port.isdecimal():
        raise ServeError(f"address {address!r}; takes one on loopback with its port, as 127.0.0.1:8001")
    return f"{known}:{port}"


def _loop(call: Callable[[], object], callers: int, seconds: float) -> LoadResult:
    return closed_loop(call, concurrency=callers, seconds=seconds)


def _read_rows(stream: BinaryIO, inputs: int) -> list[list[np.ndarray]]:
    """The requests: one row of each input."""
    try:
        arrays = [np.lib.format.read_array(_Plain(stream), allow_pickle=False) for _ in range(inputs)]
    except (ValueError, EOFError) as error:
        raise ServeError(f"standard input begins with no {inputs} arrays in the .npy format: {error}") from error
    shapes = [array.shape for array in arrays]
    counts = {shape[:1] for shape in shapes}
    if len(counts) > 1 or counts <= {(), (0,)}:
        shown = ", ".join(map(str, shapes))
        raise ServeError(f"the arrays have shapes {shown}; takes as many rows of each, at least one")
    return [[array[i : i + 1] for array in arrays] for i in range(len(arrays[0]))]


class _Plain:
    """A stream that only reads: NumPy would go behind the buffer of a file that it knows as one."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, count: int = -1, /) -> bytes:
        return self._stream.read(count)


def _order(line: bytes) -> tuple[str, float]:
    words = line.decode(errors="replace").split()
    try:
        model, seconds = words[0], float(words[1])
    except (IndexError, ValueError):
        model, seconds = "", math.nan
    if len(words) != 2 or not 0 < seconds <= MOST_SECONDS:
        raise ServeError(f"line {' '.join(words)!r}; takes MODEL SECONDS, the seconds above 0, to {MOST_SECONDS:g}")
    return model, seconds


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    # An interrupt of the whole group is for whoever started this; here it ends without a word.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(main())

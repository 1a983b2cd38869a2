"""What compiling takes in a new process, with the loops to be compiled and with the loops on disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from readme_table import Limit, Row
from side_by_side import Laps, Statement

SCRIPT = Path(__file__).with_name("compile_in_process.py")
GRAPHS = {"nodes": ("a graph of 20 nodes", 2, 1.5, 0.15), "resnet18": ("resnet18", 1, 20.0, 1.0)}


@pytest.mark.parametrize("name", GRAPHS)
def bench_compile_time(name: str, tmp_path: Path, record) -> None:
    """From a graph in a file to its first result, and from a Python function to it."""
    what, rounds, empty_goal, filled_goal = GRAPHS[name]
    file = tmp_path / "graph"
    full = tmp_path / "filled"
    _compiled("save", name, file, full)
    _compiled("trace", name, file, full)
    empty: dict[str, list[dict[str, float]]] = {"load": [], "trace": []}
    filled: dict[str, list[dict[str, float]]] = {"load": [], "trace": []}
    for turn in range(rounds):
        for mode in empty:
            empty[mode].append(_compiled(mode, name, file, tmp_path / f"{mode}{turn}"))
    for _ in range(3):
        for mode in filled:
            filled[mode].append(_compiled(mode, name, file, full))

    def rows(cache: str, runs: dict[str, list[dict[str, float]]], goal: float) -> list[Row]:
        def row(text: str, mode: str, steps: tuple[str, ...], limit: float | None = None) -> Row:
            laps = Laps(tuple(sum(run[step] for step in steps) for run in runs[mode]))
            return Row(f"{text}; {cache} cache", laps, verdict=Limit(limit))

        return [
            row(f"first call of {what}: passes and loops", "load", ("call",), goal),
            row(f"tracing {what}, and its first call", "trace", ("graph", "call"), goal),
            row(f"three more calls of {what}, a native function in the last", "trace", ("native",)),
        ]

    record(
        Statement("run('load', name, file, full)", {"run": _compiled, "name": name, "file": file, "full": full}),
        *rows("empty", empty, empty_goal),
        *rows("filled", filled, filled_goal),
    )


def _compiled(mode: str, name: str, file: Path, cache: Path) -> dict[str, float]:
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment = {**kept, "TENSORLAB_CACHE_DIR": str(cache), "TENSORLAB_NUM_THREADS": "1"}
    command = [sys.executable, str(SCRIPT), mode, name, str(file)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout or "{}")

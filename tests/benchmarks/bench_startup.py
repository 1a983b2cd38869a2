"""What a process pays before it computes: imports, and the first ``%%trace``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from readme_table import NOT_INSTALLED, Kind, Limit, Ratio, Row
from side_by_side import Laps, Statement, race

ROUNDS = 9
SCRIPT = Path(__file__).with_name("first_trace.py")
# Bytecode is kept between processes, as in any installation, whatever the shell around the benchmark says.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def bench_import(torch, record) -> None:
    """A process that imports, against one that does not."""
    programs = {"tensorlab": "import tensorlab", "Python": "pass", "NumPy": "import numpy"}
    if torch is not None:
        programs["torch"] = "import torch"
    entrants = {name: Statement("run(code)", {"run": _run, "code": code}) for name, code in programs.items()}
    times = race(entrants, rounds=ROUNDS)
    record(
        entrants["tensorlab"],
        Row(
            "`import tensorlab` (`torch`, `numpy`) in a new process",
            times["tensorlab"],
            times.get("torch", NOT_INSTALLED),
            times["NumPy"],
            Ratio("bare Python", times["Python"], Kind.MORE, goal=0.12),
        ),
    )


def bench_first_trace(tmp_path: Path, record) -> None:
    """The first ``%%trace`` of a process, with the loops to be compiled and with the loops on disk."""
    filled = tmp_path / "filled"
    _first_trace(filled)
    empty_times, filled_times = [], []
    for turn in range(ROUNDS):
        empty_times.append(_first_trace(tmp_path / f"empty{turn}"))
        filled_times.append(_first_trace(filled))

    def row(what: str, runs: list[dict[str, float]], steps: tuple[str, ...], goal: float | None = None) -> Row:
        return Row(what, Laps(tuple(sum(run[step] for step in steps) for run in runs)), verdict=Limit(goal))

    whole = ("load", "tensors", "trace")
    record(
        Statement("run(folder)", {"run": _first_trace, "folder": filled}),
        row("first `%%trace` of a process, empty cache", empty_times, ("trace",), 3.0),
        row("first `%%trace` of a process, filled cache", filled_times, ("trace",), 0.7),
        row("`%load_ext tensorlab`, three tensors, first `%%trace`; empty cache", empty_times, whole),
        row("`%load_ext tensorlab`, three tensors, first `%%trace`; filled cache", filled_times, whole),
        row("the same `%%trace` a second time", filled_times, ("again",)),
    )


def _run(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, check=True)


def _first_trace(cache: Path) -> dict[str, float]:
    environment = {**ENVIRONMENT, "TENSORLAB_CACHE_DIR": str(cache), "IPYTHONDIR": str(cache / "ipython")}
    done = subprocess.run([sys.executable, SCRIPT], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)

"""What benchmarks share: PyTorch on one thread if it is there, the rows so far, and the table at the end of the run."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import pytest
from machine import machine_line
from readme_table import Row, markdown
from side_by_side import Statement

ROWS: pytest.StashKey[list[Row]] = pytest.StashKey()


@pytest.fixture(scope="session")
def torch() -> Any:
    """PyTorch on one thread, as the loops of tensorlab are; None where it is not installed."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    torch.set_num_threads(1)
    return torch


@pytest.fixture
def record(request: pytest.FixtureRequest, benchmark: Any) -> Callable[..., None]:
    """Puts rows into the table, and tensorlab's side of them into pytest-benchmark's own record."""

    def rows_of(own: Statement, *rows: Row) -> None:
        request.config.stash.setdefault(ROWS, []).extend(rows)
        benchmark.extra_info["rows"] = [row.to_dict() for row in rows]
        benchmark.pedantic(own.loop(), args=(rows[0].tensorlab.calls,), rounds=5, warmup_rounds=1)

    return rows_of


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    rows = config.stash.get(ROWS, [])
    if rows:
        terminalreporter.section("benchmarks, for the README")
        terminalreporter.write_line(markdown(rows, machine_line()))

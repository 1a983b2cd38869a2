"""What benchmarks share: all on one thread, PyTorch if it is there, the rows so far, and the tables at the end."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from machine import machine_line
from readme_table import HEADINGS, Heading, Row, markdown
from side_by_side import Statement

import tensorlab as tl

ROWS: pytest.StashKey[dict[Heading, list[Row]]] = pytest.StashKey()


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Loops and BLAS of tensorlab on one thread, where a benchmark does not say another number."""
    before = tl.get_num_threads()
    tl.set_num_threads(1)
    yield
    tl.set_num_threads(before)


@pytest.fixture(scope="session")
def torch() -> Any:
    """PyTorch on one thread, as tensorlab is; None where it is not installed."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    torch.set_num_threads(1)
    return torch


@pytest.fixture(scope="session")
def jax() -> Any:
    """JAX on one thread, float32; None where it is not installed. Its threads are counted when it first computes."""
    if importlib.util.find_spec("jax") is None:
        return None
    import jax

    said = {"NPROC": "1", "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in said.items():
            patch.setenv(name, value)
        jax.block_until_ready(jax.numpy.zeros(1) + 1)
    return jax


@pytest.fixture(scope="session")
def numexpr() -> Any:
    """numexpr on one thread; None where it is not installed."""
    if importlib.util.find_spec("numexpr") is None:
        return None
    import numexpr

    numexpr.set_num_threads(1)
    return numexpr


@pytest.fixture
def record(request: pytest.FixtureRequest, benchmark: Any) -> Callable[..., None]:
    """Puts rows into the table, and tensorlab's side of them into pytest-benchmark's own record."""

    def rows_of(own: Statement, *rows: Row) -> None:
        heading = HEADINGS.get(request.module.__name__, Heading.EAGER)
        request.config.stash.setdefault(ROWS, {}).setdefault(heading, []).extend(rows)
        benchmark.extra_info["rows"] = [row.to_dict() for row in rows]
        benchmark.pedantic(own.loop(), args=(rows[0].tensorlab.calls,), rounds=5, warmup_rounds=1)

    return rows_of


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    rows = config.stash.get(ROWS, {})
    if rows:
        terminalreporter.section("benchmarks, for the README")
        terminalreporter.write_line(markdown(rows, machine_line()))

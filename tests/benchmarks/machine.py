"""What a table of times says of the machine that they come from."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("tensorlab", "numba", "numpy", "torch", "jax", "numexpr")


def machine_line() -> str:
    """Processor, threads, load, and versions, in two sentences."""
    cores = len(os.sched_getaffinity(0))
    model = cpu_model(Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    versions = ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name)) is not None)
    return (
        f"{model}, {cores} cores, load average {os.getloadavg()[0]:.1f}; one thread each where nothing else is said; "
        f"Python {platform.python_version()}, {versions}. Each figure is the median ± half the interquartile range "
        f"over rounds in which all of a row take turns in one process; ratios are taken round by round."
    )


def cpu_model(cpuinfo: str) -> str:
    """The processor's name in the text of ``/proc/cpuinfo``."""
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return " ".join(value.split())
    return platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None

"""Views of what the doctor found and of what is here, over records written here."""

from __future__ import annotations

from collections.abc import Callable

from syntax_samples import HOSTILE

from tensorlab.core.loop_files import CacheInfo
from tensorlab.doctor.inventory import FunctionEntry, Inventory, MagicEntry
from tensorlab.doctor.records import Check, Examination
from tensorlab.view.doctor import DoctorView
from tensorlab.view.mime import View
from tensorlab.view.overview import OverviewView


def examination(name: str = "loop and cache") -> Examination:
    found = f"{name}: a loop compiles and runs; its machine code cannot be kept, so each process compiles again"
    return Examination(
        (
            Check("tensor", "ok", "a tensor of 1000 numbers took 4,032 bytes and gave them back"),
            Check(name, "warning", found, "set TENSORLAB_CACHE_DIR to a folder that can be written"),
            Check("serving", "failed", "grpcio cannot be imported", "pip install --force-reinstall grpcio"),
        )
    )


def here(name: str = "half", functions: int = 1) -> Inventory:
    return Inventory(
        versions=(("tensorlab", "0.1.0"), ("CPython", "3.11.7"), ("numba", "0.68.1"), ("grpcio", "not installed")),
        machine="Linux x86_64",
        devices=("cpu",),
        threads=2,
        jit=True,
        allocator=None,
        allocator_name="host",
        cache=CacheInfo("/home/somebody/.cache/tensorlab/loops", 24, 81_000, 512 << 20, 3, 1, 0),
        magics=(MagicEntry("%ast, %%ast", "Draw Python's syntax tree of a line."), MagicEntry("%ir", "Show passes.")),
        functions=(FunctionEntry(name, "scripted", f"{name}(Tensor x) -> Tensor", 2, 1234),) * functions,
    )


DOCTOR_SAMPLES: dict[str, Callable[[], View]] = {
    "doctor": lambda: DoctorView(examination()),
    "doctor_hostile": lambda: DoctorView(examination(HOSTILE)),
    "overview": lambda: OverviewView(here()),
    "overview_many": lambda: OverviewView(here(functions=50), paths=True),
    "overview_hostile": lambda: OverviewView(here(HOSTILE)),
}

"""What is here: versions, devices, threads, the allocator, the cache of loops, magics and compiled functions."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from tensorlab.core.loop_files import CacheInfo
from tensorlab.jit.function import ScriptFunction
from tensorlab.memory.report import MemoryReport
from tensorlab.version import __version__

_PACKAGES = ("numba", "llvmlite", "numpy", "ipython")
_BESIDE = ("grpcio", "matplotlib")  # of extras, or for some magics alone


@dataclass(frozen=True, slots=True)
class MagicEntry:
    """A magic as the user writes it, and what it does in one line."""

    name: str
    about: str


@dataclass(frozen=True, slots=True)
class FunctionEntry:
    """A compiled function of the notebook: its name, how it came to be, its schema, how many programs it has."""

    name: str
    kind: str
    schema: str
    programs: int
    calls: int


@dataclass(frozen=True, slots=True)
class Inventory:
    """What there is at this moment. ``allocator`` is None where the one in use does not count."""

    versions: tuple[tuple[str, str], ...]
    machine: str
    devices: tuple[str, ...]
    threads: int
    jit: bool
    allocator: MemoryReport | None
    allocator_name: str
    cache: CacheInfo
    magics: tuple[MagicEntry, ...]
    functions: tuple[FunctionEntry, ...]

    def to_dict(self, *, paths: bool = False) -> dict[str, object]:
        """The record as plain values, without the cache's path unless asked for."""
        cache = self.cache.to_dict()
        if not paths:
            del cache["path"]
        report = self.allocator
        held = None if report is None else {"allocated": report.allocated_nbytes, "reserved": report.reserved_nbytes}
        return {
            "versions": dict(self.versions),
            "machine": self.machine,
            "devices": list(self.devices),
            "threads": self.threads,
            "jit": self.jit,
            "allocator": {"name": self.allocator_name, "nbytes": held},
            "cache": cache,
            "magics": {magic.name: magic.about for magic in self.magics},
            "functions": [
                {"name": f.name, "kind": f.kind, "schema": f.schema, "programs": f.programs, "calls": f.calls}
                for f in self.functions
            ],
        }


def inventory(magics: Sequence[MagicEntry] = (), functions: Sequence[tuple[str, ScriptFunction]] = ()) -> Inventory:
    """Look at everything. Packages are asked for their versions and not imported.

    Cost: a look at each file of the cache.
    """
    from tensorlab.core.config import config
    from tensorlab.core.threads import get_num_threads
    from tensorlab.errors import RangeError
    from tensorlab.jit.cache import cache_info
    from tensorlab.memory import current
    from tensorlab.memory.report import report

    try:
        held = report()
    except RangeError:  # no layer of it counts
        held = None
    return Inventory(
        versions=_versions(),
        machine=f"{platform.system()} {platform.machine()}",
        devices=("cpu",),
        threads=get_num_threads(),
        jit=config().jit,
        allocator=held,
        allocator_name=current.allocator.name,
        cache=cache_info(),
        magics=tuple(magics),
        functions=tuple(_entry(name, function) for name, function in functions),
    )


def _versions() -> tuple[tuple[str, str], ...]:
    found = [("tensorlab", __version__), (platform.python_implementation(), platform.python_version())]
    for name in (*_PACKAGES, *_BESIDE):
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            found.append((name, "not installed"))
    return tuple(found)


def _entry(name: str, function: ScriptFunction) -> FunctionEntry:
    kept = function.specialisations
    return FunctionEntry(name, function.kind, function.schema, len(kept), kept.hits + kept.misses)

"""Main memory as this process sees it: the machine's, the container's, and what is free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tensorlab.memory.host import memory_nbytes

_GROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of the machine, bytes that may be used at most, bytes of those that are free."""

    machine: int
    limit: int
    free: int

    @property
    def is_container(self) -> bool:
        """Whether there is a limit below what the machine has."""
        return self.limit < self.machine

    def to_dict(self) -> dict[str, int]:
        return asdict(self)


def room(groups: Path = _GROUPS, meminfo: Path = Path("/proc/meminfo"), limit: int | None = None) -> Room:
    """Look at the system; files that are taken for free memory count, since they give way.

    Source: the kernel's documentation, *The /proc filesystem*, 1.2, and *Control Group v2*, memory interface files.
    """
    found = _meminfo(meminfo)
    machine, available = found.get("MemTotal", 0), found.get("MemAvailable", 0)
    limit = min(memory_nbytes() if limit is None else limit, machine) if machine else memory_nbytes()
    used = _number(groups / "memory.current") or _number(groups / "memory" / "memory.usage_in_bytes")
    if used is not None and limit < machine:
        files = _stat(groups / "memory.stat").get("inactive_file", 0)
        available = min(available, max(0, limit - used + files))
    return Room(machine or limit, limit, available)


def _meminfo(path: Path) -> Mapping[str, int]:
    """``MemTotal: 1024 kB`` as bytes by name."""
    pairs = [line.split(":") for line in _lines(path) if ":" in line]
    return {name: int(rest.split()[0]) * 1024 for name, rest in pairs if rest.split() and rest.split()[0].isdigit()}


def _stat(path: Path) -> Mapping[str, int]:
    pairs = [line.split() for line in _lines(path)]
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def _number(path: Path) -> int | None:
    text = "".join(_lines(path)).strip()
    return int(text) if text.isdigit() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []

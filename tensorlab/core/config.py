"""What the environment sets, read once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tensorlab.errors import RangeError

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Config:
    """Settings for the length of a process.

    ``cache_dir``    compiled loops: ``TENSORLAB_CACHE_DIR``, else ``$XDG_CACHE_HOME/tensorlab``, else
                     ``~/.cache/tensorlab``
    ``cache_nbytes`` how large that folder may become: ``TENSORLAB_CACHE_MIB``, 512 where it is not set
    ``threads``      how many threads a loop may run on: ``TENSORLAB_NUM_THREADS``, else ``OMP_NUM_THREADS``, else as
                     many as this process has processors
    ``jit``          False with ``TENSORLAB_JIT=0``: traced and scripted functions run as plain Python
    ``tour_image``   the photograph that the tour reads: ``TENSORLAB_TOUR_IMAGE``, or empty for matplotlib's own sample
    """

    cache_dir: Path
    cache_nbytes: int
    threads: int
    jit: bool
    tour_image: str


@lru_cache(maxsize=1)
def config() -> Config:
    """The process's settings.

    Raises: `RangeError` for a variable that should be a number and is none.
    """
    env = os.environ
    xdg = env.get("XDG_CACHE_HOME", "")
    base = Path(xdg) if xdg else Path.home() / ".cache"
    chosen = env.get("TENSORLAB_CACHE_DIR", "")
    return Config(
        cache_dir=Path(chosen) if chosen else base / "tensorlab",
        cache_nbytes=_number("TENSORLAB_CACHE_MIB", least=0, otherwise=512) * MIB,
        threads=_number("TENSORLAB_NUM_THREADS", least=1, otherwise=_processors()),
        jit=env.get("TENSORLAB_JIT", "1") != "0",
        tour_image=env.get("TENSORLAB_TOUR_IMAGE", ""),
    )


def _number(name: str, *, least: int, otherwise: int) -> int:
    text = os.environ.get(name, "").strip()
    if not text:
        return otherwise
    if not text.isdecimal() or int(text) < least:
        raise RangeError(f"{name}: got {text!r}; takes a whole number, at least {least}")
    return int(text)


def _processors() -> int:
    """As many as OpenMP's variable says, where that is one number, else those that this process may run on."""
    said = os.environ.get("OMP_NUM_THREADS", "").strip()
    if said.isdecimal() and int(said) > 0:
        return int(said)
    return len(os.sched_getaffinity(0))

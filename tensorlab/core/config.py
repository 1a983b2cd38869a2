"""What the environment sets, read once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Config:
    """Settings for the length of a process.

    ``cache_dir``   compiled loops: ``TENSORLAB_CACHE_DIR``, else ``$XDG_CACHE_HOME/tensorlab``, else
                    ``~/.cache/tensorlab``
    ``jit``         False with ``TENSORLAB_JIT=0``: traced and scripted functions run as plain Python
    ``tour_image``  the photograph that the tour reads: ``TENSORLAB_TOUR_IMAGE``, or empty for matplotlib's own sample
    """

    cache_dir: Path
    jit: bool
    tour_image: str


@lru_cache(maxsize=1)
def config() -> Config:
    """The process's settings."""
    env = os.environ
    xdg = env.get("XDG_CACHE_HOME", "")
    base = Path(xdg) if xdg else Path.home() / ".cache"
    chosen = env.get("TENSORLAB_CACHE_DIR", "")
    return Config(
        cache_dir=Path(chosen) if chosen else base / "tensorlab",
        jit=env.get("TENSORLAB_JIT", "1") != "0",
        tour_image=env.get("TENSORLAB_TOUR_IMAGE", ""),
    )

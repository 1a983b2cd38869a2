"""Samples of the views around ``%storage``, over records that hold no addresses of this process."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tensorlab.core.contents import contents
from tensorlab.core.grid import GridRecord, grid
from tensorlab.core.holders import Chain, HoldersReport
from tensorlab.view.mime import View
from tensorlab.view.storage_grid import GridView
from tensorlab.view.storage_why import WhyView

_HOSTILE = '<script>alert("x")</script>&\u202e\x00\n"\'`${}'


def grid_of(value: object, name: str = "x") -> GridRecord:
    ((name, holding),) = contents({name: value}).holdings
    return grid(name, holding)


def crop() -> np.ndarray:
    """Two rows of three, of a grid of five columns."""
    return np.arange(20, dtype=np.int64).reshape(4, 5)[1:3, 1:4]


def held(name: str = "y", **more: object) -> HoldersReport:
    """A result that a name, a graph and IPython hold."""
    chains = (
        Chain(name, "name", name, "Tensor (3,)", f"%xdel {name}"),
        Chain("z", "name", "z → SumBackward0 → TanhBackward0 saved result", "a saved tensor", "del z"),
        Chain("Out[3]", "output", "Out[3]", "Tensor (3,)", f"%xdel {name}"),
        Chain("_4", "output", "_4[1:]", "Tensor (2,)", "%reset -f out"),
    )
    facts = {"chains": chains, "command": f"del z\n%xdel {name}\n%reset -f out", "unknown": ()} | more
    return HoldersReport(name, 4096, "caching allocator", **facts)


def stuck() -> HoldersReport:
    """What no statement of the notebook frees."""
    chains = (
        *held().chains[:1],
        Chain("the last error's traceback", "error", "the last error's traceback → a local of bad", "Tensor (3,)", ""),
        Chain("module cache", "module", "module cache.KEPT['y'][12]", "Tensor (3,)", ""),
        Chain("step (running)", "frame", "a local variable of step (running)", "Tensor (3,)", ""),
    )
    return held(chains=chains, command="", unknown=("2 of the references come from C code",), left_out=3)


STORAGE_SAMPLES: dict[str, Callable[[], View]] = {
    "grid": lambda: GridView(grid_of(crop(), "crop")),
    "grid_cube": lambda: GridView(grid_of(np.arange(24, dtype=np.float32).reshape(2, 3, 4))),
    "grid_large": lambda: GridView(grid_of(np.zeros((3, 480, 640), np.uint8)[1])),
    "grid_empty": lambda: GridView(grid_of(np.zeros((0, 3)))),
    "grid_one": lambda: GridView(grid_of(np.float32([[3]])[0, 0:1].reshape(()))),
    "grid_hostile": lambda: GridView(grid_of(np.array([_HOSTILE, "b"]), _HOSTILE)),
    "why": lambda: WhyView(held()),
    "why_stuck": lambda: WhyView(stuck()),
    "why_one": lambda: WhyView(held(chains=held().chains[:1], command="del y")),
    "why_nobody": lambda: WhyView(held(chains=(), command="")),
    "why_hostile": lambda: WhyView(held(_HOSTILE)),
}

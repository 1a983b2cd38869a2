"""Samples of the views around ``%storage``, over records that hold no addresses of this process."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tensorlab.core.contents import contents
from tensorlab.core.grid import GridRecord, grid
from tensorlab.core.holders import Chain, HoldersReport
from tensorlab.core.watching import WatchedName, WatchRecord
from tensorlab.view.mime import View
from tensorlab.view.storage_grid import GridView
from tensorlab.view.storage_watch import WatchView
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


def watched(name: str = "b", count: int = 0, **more: object) -> WatchRecord:
    """A cell that wrote to one name, and so to others."""

    def one(name: str, change: str, named: bool = True, **facts: object) -> WatchedName:
        return WatchedName(name, "Tensor", (3, 4), "float32", 48, change, named, **facts)

    names = (
        one(name, "changed", version_before=0, version_after=1),
        one("img", "changed", named=False, through=(name,)),
        one("batch[0]", "changed", named=False, version_before=0, version_after=1, through=(name,)),
        one("head", "rewritten", version_before=0, version_after=1),
        one("loss", "new", version_after=0),
        one("x", "rebound", version_after=2),
        one("old", "deleted", version_before=3),
        one("large", "unread", named=False, version_before=0, version_after=0),
        *(one(f"w{i}", "same", named=False, version_before=0, version_after=0) for i in range(4)),
        *(one(f"n{i}", "new") for i in range(count)),
    )
    facts = {"allocated": 12, "allocated_nbytes": 49152, "freed": 10, "freed_nbytes": 40960, "peak_nbytes": 16384}
    return WatchRecord(names, **(facts | {"released": 1, "released_nbytes": 4096} | more))


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
    "watch": lambda: WatchView(watched()),
    "watch_crowded": lambda: WatchView(watched(count=300, dropped=7)),
    "watch_error": lambda: WatchView(watched(error="ValueError")),
    "watch_nothing": lambda: WatchView(WatchRecord((), 0, 0, 0, 0, 0, 0, 0)),
    "watch_hostile": lambda: WatchView(watched(_HOSTILE, error=_HOSTILE)),
}

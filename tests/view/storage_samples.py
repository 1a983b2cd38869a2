"""Samples of the views around ``%storage``, over records that hold no addresses of this process."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tensorlab.core.contents import contents
from tensorlab.core.grid import GridRecord, grid
from tensorlab.view.mime import View
from tensorlab.view.storage_grid import GridView

_HOSTILE = '<script>alert("x")</script>&\u202e\x00\n"\'`${}'


def grid_of(value: object, name: str = "x") -> GridRecord:
    ((name, holding),) = contents({name: value}).holdings
    return grid(name, holding)


def crop() -> np.ndarray:
    """Two rows of three, of a grid of five columns."""
    return np.arange(20, dtype=np.int64).reshape(4, 5)[1:3, 1:4]


STORAGE_SAMPLES: dict[str, Callable[[], View]] = {
    "grid": lambda: GridView(grid_of(crop(), "crop")),
    "grid_cube": lambda: GridView(grid_of(np.arange(24, dtype=np.float32).reshape(2, 3, 4))),
    "grid_large": lambda: GridView(grid_of(np.zeros((3, 480, 640), np.uint8)[1])),
    "grid_empty": lambda: GridView(grid_of(np.zeros((0, 3)))),
    "grid_one": lambda: GridView(grid_of(np.float32([[3]])[0, 0:1].reshape(()))),
    "grid_hostile": lambda: GridView(grid_of(np.array([_HOSTILE, "b"]), _HOSTILE)),
}

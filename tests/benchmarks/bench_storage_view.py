"""``%storage`` on a notebook with 2,000 arrays: to find them, to compare them, to draw them."""

from __future__ import annotations

from time import perf_counter

import numpy as np
from readme_table import Limit, Row
from side_by_side import Laps, Statement

import tensorlab as tl
from tensorlab.core.sharing import describe
from tensorlab.view.storage import StorageView

COUNT = 2000
ROUNDS = 5


def bench_storage_of_many_arrays(record) -> None:
    """Arrays apart, tensors apart, and windows of one array that all overlap: the report, its text and its HTML."""
    whole = np.zeros((COUNT, 64))
    notebooks = {
        "arrays apart": {f"a{i}": np.zeros(100) for i in range(COUNT)},
        "tensors apart": {f"t{i}": tl.zeros(100) for i in range(COUNT)},
        "overlapping views of one array": {f"v{i}": whole[i:, i % 60 : i % 60 + 3] for i in range(COUNT)},
    }
    rows = [
        Row(f"`%storage`, {COUNT:,} {what}", Laps(tuple(_seconds(names) for _ in range(ROUNDS))), verdict=Limit(1.0))
        for what, names in notebooks.items()
    ]
    record(Statement("draw(names)", {"draw": _draw, "names": notebooks["arrays apart"]}), *rows)


def _draw(names: dict[str, object]) -> None:
    view = StorageView(describe(names))
    view.text()
    view.html()


def _seconds(names: dict[str, object]) -> float:
    start = perf_counter()
    _draw(names)
    return perf_counter() - start

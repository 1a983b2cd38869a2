"""One call of a model: requests put together along their rows, computed, and taken apart again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tensorlab.errors import ShapeError
from tensorlab.serve.model import ServedModel


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One call of a model.

    Units: `queue_seconds` is the longest wait among the requests of the batch; `compute_seconds` is the call alone,
           without putting together and taking apart. `error_id` is set when the call failed.
    """

    rows: int
    requests: int
    queue_seconds: float
    compute_seconds: float
    error_id: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, to keep and compare."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: results a request, or the error."""

    results: list[list[np.ndarray]]
    seconds: float
    error: BaseException | None


def compute(model: ServedModel, requests: Sequence[Sequence[np.ndarray]]) -> Outcome:
    """Call the model on requests put together, in the worker thread."""
    began = time.perf_counter()
    try:
        arrays = [_together(parts) for parts in zip(*requests, strict=True)]
        began = time.perf_counter()
        outputs = [np.asarray(output) for output in model.run(arrays)]
        seconds = time.perf_counter() - began
        rows = [model.rows(request) for request in requests]
        _check_outputs(model, outputs, sum(rows))
        return Outcome(_split(model, outputs, rows), seconds, None)
    # A model is anyone's code, and whatever it raises belongs to its callers: StopIteration would be lost on the way
    # through a future, and SystemExit would end the server's event loop.
    except BaseException as error:  # noqa: BLE001
        return Outcome([], time.perf_counter() - began, error)


def _together(parts: Sequence[np.ndarray]) -> np.ndarray:
    # A request that is alone is not copied, so its array is a view of the message and cannot be written to; the
    # others are made so too, lest a model that writes to its input work or fail as the load has it.
    array = np.asarray(parts[0], order="C").view() if len(parts) == 1 else np.concatenate(parts)
    array.setflags(write=False)
    return array


def _check_outputs(model: ServedModel, outputs: Sequence[np.ndarray], rows: int) -> None:
    if len(outputs) != len(model.outputs):
        raise ShapeError(f"model {model.name!r} gave {len(outputs)} outputs; it declares {len(model.outputs)}")
    for spec, output in zip(model.outputs, outputs, strict=True):
        if not spec.takes(output) or (model.batches and output.shape[0] != rows):
            declared = f"{spec}" + (f" with {rows} rows" if model.batches else "")
            got = f"{output.dtype} {list(output.shape)}"
            raise ShapeError(f"model {model.name!r} gave {got} for {spec.name!r}; it declares {declared}")


def _split(model: ServedModel, outputs: Sequence[np.ndarray], rows: Sequence[int]) -> list[list[np.ndarray]]:
    if not model.batches:
        return [list(outputs)]
    results: list[list[np.ndarray]] = []
    start = 0
    for count in rows:
        results.append([output[start : start + count] for output in outputs])
        start += count
    return results

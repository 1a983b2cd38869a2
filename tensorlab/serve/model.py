"""What is served: a function over NumPy arrays, and the tensors that it takes and gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tensorlab.errors import RangeError, ShapeError
from tensorlab.serve.datatypes import DATATYPES, MAX_RANK, clipped, datatype_of
from tensorlab.serve.errors import RequestError

_MODEL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
# How many full batches may wait. Every other limit of a queue follows from max_batch_size, so that none can fight it.
QUEUED_BATCHES = 64


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output: its name, its datatype in the protocol's words, its shape with -1 for any size."""

    name: str
    datatype: str
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= 64:
            raise RangeError(f"TensorSpec: name {clipped(self.name)} has {len(self.name)} characters; takes 1 to 64")
        if self.datatype not in DATATYPES:
            raise RangeError(f"TensorSpec {self.name!r}: datatype {self.datatype!r}; takes {', '.join(DATATYPES)}")
        if len(self.shape) > MAX_RANK or any(size < -1 for size in self.shape):
            raise ShapeError(
                f"TensorSpec {self.name!r}: shape {list(self.shape)}; takes at most {MAX_RANK} sizes, -1 or more each"
            )

    def takes(self, array: np.ndarray) -> bool:
        """Whether an array has this datatype and fits this shape."""
        return self.fits(array.shape) and array.dtype == DATATYPES[self.datatype]

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether sizes are the ones asked for, where -1 asks for none in particular."""
        return len(shape) == len(self.shape) and all(
            want in (-1, size) for want, size in zip(self.shape, shape, strict=True)
        )

    def __str__(self) -> str:
        return f"{self.datatype} {list(self.shape)}"


@dataclass(frozen=True, slots=True, eq=False)
class ServedModel:
    """A function and how requests for it are put together.

    `run` gets one C-contiguous, read-only array an input, in the order of `inputs`, and gives one an output. It is
    called from one thread at a time, never from the thread that made it, and must not write later into what it gave.

    Shape: with `max_batch_size` >= 1 every shape begins with -1, the rows of all requests in the batch; with 0 the
           model does not batch, and each request is a call of its own.
    Units: `batch_delay_seconds` is how long a request may wait for company; 0 sends what is there.
    """

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    run: Callable[[Sequence[np.ndarray]], Sequence[np.ndarray]]
    max_batch_size: int = 1
    batch_delay_seconds: float = 0.0

    def __post_init__(self) -> None:
        if not _MODEL_NAME.fullmatch(self.name):
            raise RangeError(f"ServedModel: name {clipped(self.name)}; takes 1 to 64 of A-Z a-z 0-9 _ . -")
        if self.max_batch_size < 0:
            raise RangeError(f"model {self.name!r}: max_batch_size {self.max_batch_size}; takes 0 or more")
        if not 0 <= self.batch_delay_seconds <= 60:
            raise RangeError(f"model {self.name!r}: batch_delay_seconds {self.batch_delay_seconds}; takes 0 to 60")
        for kind, specs in (("input", self.inputs), ("output", self.outputs)):
            if not specs:
                raise RangeError(f"model {self.name!r} has no {kind}; takes at least 1")
            if len({spec.name for spec in specs}) < len(specs):
                raise RangeError(f"model {self.name!r} has two {kind}s of one name: {[spec.name for spec in specs]}")
            for spec in specs:
                if self.batches and spec.shape[:1] != (-1,):
                    raise ShapeError(
                        f"model {self.name!r}: {kind} {spec.name!r} has shape {list(spec.shape)}; with max_batch_size "
                        f"{self.max_batch_size} it must begin with -1, the batch"
                    )

    @property
    def batches(self) -> bool:
        """Whether requests may share a call."""
        return self.max_batch_size > 0

    @property
    def max_rows(self) -> int:
        """Rows that one call takes; a request to a model that does not batch counts as one row."""
        return max(1, self.max_batch_size)

    @property
    def max_queued_rows(self) -> int:
        """Rows that may wait before requests are turned away."""
        return QUEUED_BATCHES * self.max_rows

    def rows(self, arrays: Sequence[np.ndarray]) -> int:
        """How many rows a request adds to a batch."""
        return arrays[0].shape[0] if self.batches else 1

    def arrange(self, tensors: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """A request's tensors in the order of `inputs`.

        Raises: `RequestError` for a missing or unknown name, another datatype or shape, rows that differ, no rows,
                or more rows than one batch takes.
        """
        names = [spec.name for spec in self.inputs]
        for name in tensors:
            if name not in names:
                raise RequestError(f"model {self.name!r} has no input {clipped(name)}; takes {', '.join(names)}")
        arrays: list[np.ndarray] = []
        for spec in self.inputs:
            array = tensors.get(spec.name)
            if array is None:
                raise RequestError(f"model {self.name!r}: input {spec.name!r} is missing; takes {', '.join(names)}")
            if not spec.takes(array):
                got = f"{datatype_of(array.dtype)} {list(array.shape)}"
                raise RequestError(f"model {self.name!r}: input {spec.name!r} got {got}; takes {spec}")
            arrays.append(array)
        if self.batches:
            self._check_rows([array.shape[0] for array in arrays])
        return arrays

    def _check_rows(self, rows: Sequence[int]) -> None:
        if len(set(rows)) > 1:
            each = ", ".join(f"{spec.name!r} {count}" for spec, count in zip(self.inputs, rows, strict=True))
            raise RequestError(f"model {self.name!r}: inputs differ in rows ({each}); takes one number of rows")
        if not 1 <= rows[0] <= self.max_batch_size:
            raise RequestError(f"model {self.name!r}: got {rows[0]} rows; takes 1 to {self.max_batch_size}")

    def choose(self, outputs: Sequence[str]) -> tuple[str, ...]:
        """The names of the outputs that a request wants; none means all.

        Raises: `RequestError` for a name that the model does not give, or one asked for twice.
        """
        names = tuple(spec.name for spec in self.outputs)
        for index, name in enumerate(outputs):
            if name not in names:
                raise RequestError(f"model {self.name!r} has no output {clipped(name)}; gives {', '.join(names)}")
            if name in outputs[:index]:
                raise RequestError(f"model {self.name!r}: output {name!r} is asked for twice")
        return tuple(outputs) or names

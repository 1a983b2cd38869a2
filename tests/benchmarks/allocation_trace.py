"""Ten hours of requests for memory, as training and serving make them, and what a policy holds while it serves them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import numpy as np

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory import Allocator, CachingAllocator, DataPtr, DeviceCachingAllocator
from tensorlab.memory.default import default_stack
from tensorlab.memory.device_api import MemoryInfo

HOURS = 10
_SECONDS = HOURS * 3600.0
_KIB, _MIB = 1 << 10, 1 << 20


@dataclass(frozen=True, slots=True)
class Trace:
    """Requests in the order in which they come; block ``i`` is the ``i``-th that is asked for.

    ``steps`` holds, for each event, a block's number where it is asked for, and ``-1 - number`` where it is given back.
    """

    nbytes: tuple[int, ...]
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy held. Units: bytes."""

    requested: int  # at the end
    reserved: int
    peak_requested: int
    peak_reserved: int
    segments: int  # requests to the system

    def to_dict(self) -> dict[str, float]:
        """The counts, and what follows from them."""
        return asdict(self) | {"fragmentation": self.fragmentation, "peak_overhead": self.peak_overhead}

    @property
    def fragmentation(self) -> float:
        """The part of what is held at the end that nobody has asked for."""
        return (self.reserved - self.requested) / self.reserved

    @property
    def peak_overhead(self) -> float:
        """The most that was held over the most that was asked for at once."""
        return self.peak_reserved / self.peak_requested


class CountingMemory:
    """Bytes that are only counted: an allocator and a device in one, whose addresses never come back."""

    name = "counting"
    device = "counting"

    def __init__(self, capacity: int = 1 << 50) -> None:
        self.capacity = capacity
        self.held = self.peak = self.given = 0
        self._next = 1 << 20
        self._sizes: dict[int, int] = {}

    def raw_alloc(self, nbytes: int) -> int:
        if self.held + nbytes > self.capacity:
            raise OutOfMemoryError(f"CountingMemory: no room for {nbytes} bytes")
        address = self._next
        self._next += nbytes + 4096
        self._sizes[address] = nbytes
        self.held += nbytes
        self.peak = max(self.peak, self.held)
        self.given += 1
        return address

    def raw_free(self, address: int) -> None:
        self.held -= self._sizes.pop(address)

    def allocate(self, nbytes: int) -> DataPtr:
        address = self.raw_alloc(nbytes)
        return DataPtr(address, nbytes, address, self.deallocate)

    def deallocate(self, data: DataPtr) -> None:
        self.raw_free(data.address)
        data.deleter = None

    def memcpy_async(self, target: int, source: int, nbytes: int, stream: int) -> None:
        raise RuntimeError("there are no bytes to copy")

    def event_record(self, stream: int) -> int:
        return 0

    def event_query(self, event: int) -> bool:
        return True

    def event_sync(self, event: int) -> None:
        return None

    def mem_info(self) -> MemoryInfo:
        return MemoryInfo(self.capacity - self.held, self.capacity)


Policy = Callable[[CountingMemory], Allocator]

TORCH = "PyTorch's"
DEFAULT = "tensorlab's for main memory"
POLICIES: dict[str, Policy] = {
    TORCH: DeviceCachingAllocator,
    "with a surplus of 0.1": lambda memory: DeviceCachingAllocator(memory, surplus=0.1),
    "lists by size, up to 16 GiB": lambda memory: CachingAllocator(memory, limit=16 << 30),
    DEFAULT: default_stack,
}


def ten_hours(events: int, seed: int = 0) -> Trace:
    """``events`` events of three kinds of work that share the memory.

    Half are training: steps of layers, forward and back, with batches whose length changes from step to step; weights
    and the optimiser's state stay for hours, then another model comes. A third are requests that a server keeps caches
    for, some for a millisecond and some for minutes, more in the third and the eighth hour. The rest are small things
    with any lifetime.
    """
    random = np.random.default_rng(seed)
    parts = [*_training(random, events // 4), _serving(random, events // 6), _small(random, events // 12 + 1)]
    begin, end, nbytes = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(begin, kind="stable")
    begin, end, nbytes = begin[order], end[order], nbytes[order]
    numbers = np.arange(len(begin))
    given_back = end < _SECONDS
    times = np.concatenate([begin, end[given_back]])
    steps = np.concatenate([numbers, -1 - numbers[given_back]])
    order = np.argsort(times, kind="stable")
    return Trace(tuple(nbytes.tolist()), tuple(steps[order].tolist()))


Part = tuple[np.ndarray, np.ndarray, np.ndarray]
"""When blocks are asked for, when they are given back, and their sizes."""


def _log_uniform(random: np.random.Generator, low: float, high: float, count: int) -> np.ndarray:
    return np.exp(random.uniform(np.log(low), np.log(high), count))


def _training(random: np.random.Generator, blocks: int) -> Iterator[Part]:
    models, layers = 6, 24
    steps = max(blocks // (3 * layers) // models, 1)
    hours = _SECONDS / models
    for model in range(models):
        start = model * hours
        width = _log_uniform(random, 256 * _KIB, 4 * _MIB, layers)
        weights = (width[:, None] * np.array([4.0, 4.0, 8.0])).ravel().astype(np.int64)  # two moments beside them
        yield np.full(len(weights), start), np.full(len(weights), start + hours), weights
        forward = np.arange(layers) / (2 * layers)
        backward = 1 - forward
        for step in range(steps):
            length = float(_log_uniform(random, 0.1, 1.0, 1)[0])
            at = start + hours * (step + 0.01) / steps
            took = hours / steps * 0.9
            kept = (width * 4 * length).astype(np.int64) + 1
            wide = (width * 16 * length).astype(np.int64) + 1
            yield at + took * forward, at + took * backward, kept  # activations wait for the way back
            yield at + took * (forward + 0.001), at + took * (forward + 0.015), wide  # gone before the next layer
            yield at + took * (backward - 0.015), at + took * (backward + 0.01), kept  # gradients


def _serving(random: np.random.Generator, blocks: int) -> Part:
    busy = random.random(blocks) < 0.5
    peaks = np.where(random.random(blocks) < 0.5, 2.5, 7.5) * 3600
    begin = np.where(busy, random.normal(peaks, 1800), random.uniform(0, _SECONDS, blocks)) % _SECONDS
    nbytes = _log_uniform(random, 2 * _KIB, 64 * _MIB, blocks).astype(np.int64)
    return begin, begin + _log_uniform(random, 0.001, 600, blocks), nbytes


def _small(random: np.random.Generator, blocks: int) -> Part:
    begin = random.uniform(0, _SECONDS, blocks)
    nbytes = _log_uniform(random, 8, _MIB, blocks).astype(np.int64)
    return begin, begin + _log_uniform(random, 0.001, _SECONDS / 3, blocks), nbytes


def play(trace: Trace, allocator: Allocator, memory: CountingMemory) -> Outcome:
    """Serve a trace; ``memory`` is what the allocator stands on."""
    live: dict[int, DataPtr] = {}
    requested = peak = 0
    nbytes, allocate = trace.nbytes, allocator.allocate
    for step in trace.steps:
        if step < 0:
            data = live.pop(-1 - step)
            requested -= nbytes[-1 - step]
            assert data.deleter is not None
            data.deleter(data)
            continue
        live[step] = allocate(nbytes[step])
        requested += nbytes[step]
        if requested > peak:
            peak = requested
    return Outcome(requested, memory.held, peak, memory.peak, memory.given)

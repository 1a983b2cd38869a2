"""How much memory the allocator in use has given and holds, by PyTorch's names; and how much it may hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, runtime_checkable

from tensorlab.errors import RangeError
from tensorlab.memory.adaptors import StatisticsAllocator
from tensorlab.memory.allocator import check_nbytes, layers
from tensorlab.memory.caching import CachingAllocator
from tensorlab.memory.counts import MemoryStats
from tensorlab.memory.default import current, layer_of


class _Record(Protocol):
    def to_dict(self) -> dict[str, int]: ...


@runtime_checkable
class Reserving(Protocol):
    """A layer that holds segments and counts them; the record's ``to_dict`` has PyTorch's flat names."""

    def stats(self) -> _Record:
        """The counts now."""
        ...

    def reset_peak(self) -> None:
        """Let the peaks begin again from what is now."""
        ...


@runtime_checkable
class Bounded(Reserving, Protocol):
    """A cache that holds at most so many bytes, in use and waiting."""

    limit_nbytes: int | None

    def empty_cache(self) -> int:
        """Give back what waits."""
        ...


def stats() -> MemoryStats:
    """The counts of the allocator in use: our names as attributes, PyTorch's as keys.

    >>> stats()["allocated_bytes.all.current"] == stats().allocated_bytes
    True

    Raises: `RangeError` if none of its layers counts.
    """
    counting = layer_of(current.allocator, StatisticsAllocator)
    if counting is None:
        raise RangeError(
            f"memory.stats: takes an allocator in use that has a StatisticsAllocator, got {current.allocator.name}"
        )
    below: dict[str, int] = {}
    for layer in layers(counting.inner):
        if isinstance(layer, Reserving) and not isinstance(layer, StatisticsAllocator):
            below = layer.stats().to_dict()
            break
    return replace(counting.stats(), below=below)


def memory_allocated() -> int:
    """Bytes of the blocks in use."""
    return stats().allocated_bytes


def max_memory_allocated() -> int:
    """The most bytes that were in use at once, since the start or `reset_peak_memory_stats`."""
    return stats().peak_bytes


def memory_reserved() -> int:
    """Bytes held from the system, in use and cached; without a cache what is in use."""
    counts = stats()
    return counts.get("reserved_bytes.all.current", counts.allocated_bytes)


def max_memory_reserved() -> int:
    """The most bytes that were held at once, since the start or `reset_peak_memory_stats`."""
    counts = stats()
    return counts.get("reserved_bytes.all.peak", counts.peak_bytes)


def reset_peak_memory_stats() -> None:
    """Let all peaks begin again from what is now."""
    stats()  # refuses an allocator that does not count
    for layer in layers(current.allocator):
        if isinstance(layer, (StatisticsAllocator, Reserving)):
            layer.reset_peak()


def reset_accumulated_memory_stats() -> None:
    """Let the sums of what was allocated and freed, of retries and failed requests begin again from nothing."""
    stats()
    for layer in layers(current.allocator):
        if isinstance(layer, (StatisticsAllocator, CachingAllocator)):
            layer.reset_accumulated()


def get_limit() -> int | None:
    """Bytes that the cache in use and the tensors may hold together; None if only the system says no."""
    return _cache("get_limit").limit_nbytes


def set_limit(nbytes: int | None) -> int | None:
    """Let the cache in use and the tensors hold at most ``nbytes`` bytes together, or any number; gives what it was.

    What is in use stays in use, even if it is more. Cached blocks are given back at once if they are too many, and
    later when they are in the way.

    Raises: `RangeError` if ``nbytes`` is not an int of at least 0, or the allocator in use has no cache.
    """
    if nbytes is not None:
        check_nbytes("memory.set_limit", nbytes)
    cache = _cache("set_limit")
    before = cache.limit_nbytes
    cache.limit_nbytes = nbytes
    if nbytes is not None and cache.stats().to_dict()["reserved_bytes.all.current"] > nbytes:
        cache.empty_cache()
    return before


def _cache(function: str) -> Bounded:
    for layer in layers(current.allocator):
        if isinstance(layer, Bounded):
            return layer
    raise RangeError(f"memory.{function}: takes an allocator in use that has a cache, got {current.allocator.name}")

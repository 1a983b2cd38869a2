"""Recording who asks for memory: a tracking layer in the allocator in use."""

from __future__ import annotations

from functools import partial
from typing import Literal

from tensorlab.errors import ArgumentError, RangeError, StateError
from tensorlab.memory.adaptors import StatisticsAllocator
from tensorlab.memory.allocator import Adaptor, Allocator, layers
from tensorlab.memory.caching import CachingAllocator
from tensorlab.memory.default import current, layer_of, set_allocator
from tensorlab.memory.device_caching import DeviceCachingAllocator
from tensorlab.memory.history import History
from tensorlab.memory.place import user_frames
from tensorlab.memory.tracking import TrackingAllocator


class Recorder(TrackingAllocator):
    """The tracking layer that `record_history` puts in and takes out."""

    __slots__ = ()


Enabled = Literal["all", "state", True, False]


def record_history(enabled: Enabled | None = "all", *, max_entries: int = 100_000, depth: int = 1) -> History | None:
    """Begin to note down each block given and freed from now on, with the user's lines; None ends it.

    ``"all"``, or True, keeps the latest ``max_entries`` events and the lines of live blocks, ``"state"`` those lines
    alone. ``depth`` is how many frames of the user's each has. Beginning anew drops what was recorded before.

    The layer stands right below the one that counts, so that blocks given before are seen when they are freed. Gives
    the history: the new one, or the one that ends here.

    Raises: `ArgumentError` for another ``enabled``; `RangeError` for no events or frames.
    """
    if enabled not in ("all", "state", True, False, None):
        raise ArgumentError(f"memory.record_history: enabled takes 'all', 'state' or None, got {enabled!r}")
    if enabled in (None, False):
        return _remove()
    if type(max_entries) is not int or max_entries < 1:
        raise RangeError(f"memory.record_history: max_entries takes an int of at least 1, got {max_entries!r}")
    if type(depth) is not int or depth < 1:
        raise RangeError(f"memory.record_history: depth takes an int of at least 1, got {depth!r}")
    _remove()
    counting = layer_of(current.allocator, StatisticsAllocator)
    below: Allocator = current.allocator if counting is None else counting.inner
    history = None if enabled == "state" else History(max_entries)
    cache = _cache(below)
    if isinstance(cache, DeviceCachingAllocator):  # it notes down all of its events itself, those of streams too
        recording = Recorder(below, depth=depth)
        cache.history, cache.frames = history, partial(user_frames, depth)
    else:
        recording = Recorder(below, history=history, depth=depth)
        if cache is not None:
            cache.history = history
    if counting is None:
        set_allocator(recording)
    else:
        counting.inner = recording
    return history


def recorder() -> TrackingAllocator | None:
    """The layer of the allocator in use that knows the lines of live blocks; None if there is none."""
    return layer_of(current.allocator, TrackingAllocator)


def recorded() -> History | None:
    """The events of the allocator in use; None if nobody keeps them."""
    for layer in layers(current.allocator):
        if isinstance(layer, (TrackingAllocator, DeviceCachingAllocator)) and layer.history is not None:
            return layer.history
    return None


def _remove() -> History | None:
    recording = layer_of(current.allocator, Recorder)
    if recording is None:
        return None
    if recording is current.allocator:
        set_allocator(recording.inner)
    for layer in layers(current.allocator):
        if isinstance(layer, Adaptor) and layer.inner is recording:
            _stand_on(layer, recording.inner)
    history = recording.history
    cache = _cache(recording.inner)
    if isinstance(cache, DeviceCachingAllocator):
        history, cache.history, cache.frames = cache.history, None, None
    elif cache is not None:
        cache.history = None
    return history


def _cache(allocator: Allocator) -> CachingAllocator | DeviceCachingAllocator | None:
    """The outermost cache: what one below it gives and takes is not what the program asks for."""
    kinds = (CachingAllocator, DeviceCachingAllocator)
    return next((layer for layer in layers(allocator) if isinstance(layer, kinds)), None)


def _stand_on(layer: Adaptor, inner: Allocator) -> None:
    try:
        layer.inner = inner  # pyright: ignore[reportAttributeAccessIssue] - a slot in those of the package
    except AttributeError:
        raise StateError(
            f"memory.record_history: cannot take its layer out from below {layer.name}, whose inner cannot be assigned"
        ) from None

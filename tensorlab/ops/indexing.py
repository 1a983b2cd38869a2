"""Basic indexing: integers, slices, None and Ellipsis, each a view of the one before.

The place that an index names is kept by layout and index, so that the second look-up of a kind is one dict look-up.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tensorlab.core.dispatch import MODES
from tensorlab.core.layout import Layout
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, DimError, RangeError
from tensorlab.ops import copying, movement
from tensorlab.ops.operands import as_int, as_number

LIMIT = 4096  # places; beyond it the table starts over
_places: dict[object, tuple[Layout, int]] = {}
_modes = MODES.get


def get(self: Tensor, index: Any) -> Tensor:
    """``self[index]``, a view.

    Raises: `DimError` out of range or for too many indices, `ArgumentError` for an index of another kind, `RangeError`
            for a slice that goes backwards.
    """
    part = None if self.tape is not None or _modes() else _part(index)
    if part is None:
        return _chain(self, index)
    key = (self.layout, part)
    place = _places.get(key)
    if place is None:
        result = _chain(self, index)
        if len(_places) >= LIMIT:
            _places.clear()
        _places[key] = (result.layout, result.offset - self.offset)
        return result
    return self.as_view(place[0], self.offset + place[1])


_PLAIN = (int, type(None))


def _part(item: Any) -> object | None:
    """An index as part of a key, or None for one that holds more than plain integers: a tensor may change."""
    kind = type(item)
    if kind is int:
        return item
    if kind is slice:
        start, stop, step = item.start, item.stop, item.step
        plain = type(start) in _PLAIN and type(stop) in _PLAIN and type(step) in _PLAIN
        return (slice, start, stop, step) if plain else None
    if kind is tuple:
        parts = tuple([_part(i) for i in item])
        return None if None in parts else parts
    return kind if item is None or item is Ellipsis else None


def _chain(self: Tensor, index: Any) -> Tensor:
    """The index as a chain of select, slice and unsqueeze."""
    dim, result = 0, self
    for item in _expanded(self, index if isinstance(index, tuple) else (index,)):
        if item is None:
            result = movement.unsqueeze.call((result, dim))
            dim += 1
        elif isinstance(item, slice):
            if item != slice(None):
                result = movement.slice_.call((result, dim, *_bounds(item)))
            dim += 1
        else:
            result = movement.select.call((result, dim, as_int(item, op="index", name="index")))
    return movement.alias.call((self,)) if result is self else result


def put(self: Tensor, index: Any, value: Any) -> None:
    """``self[index] = value``: the view that the index names is written to.

    Raises: as `get`; `ShapeError` for a value that does not broadcast to the view, `ArgumentError` for one that is
            neither a tensor nor a number nor an array, `RangeError` for a number that the dtype does not hold.
    """
    place = get(self, index)
    if not isinstance(value, (Tensor, np.ndarray)):
        copying.fill_.call((place, as_number(value, op="setitem", name="value")))
        return
    from tensorlab.ops.data import as_tensor

    source = as_tensor(value)
    while source.ndim > place.ndim and source.shape[0] == 1:  # as torch does
        source = movement.select.call((source, 0, 0))
    copying.copy_.call((place, source, False))


def _expanded(self: Tensor, items: tuple[Any, ...]) -> list[Any]:
    """Items with the Ellipsis written out.

    Raises: `DimError` for more than the tensor has, `ArgumentError` for another kind.
    """
    for item in items:
        if not _is_index(item):
            raise ArgumentError(f"index: takes integers, slices, None and Ellipsis, got {type(item).__name__}")
    used = sum(1 for i in items if i is not None and i is not Ellipsis)
    if used and not self.ndim:
        raise DimError("index: invalid index of a 0-dim tensor. Use .item() to convert a 0-dim tensor to a number")
    if used > self.ndim:
        raise DimError(f"index: too many indices for tensor of dimension {self.ndim}")
    at = next((k for k, i in enumerate(items) if i is Ellipsis), None)
    if at is None:
        return list(items)
    rest = [i for i in items[at + 1 :] if i is not Ellipsis]  # a second one stands for nothing, as in torch
    return [*items[:at], *[slice(None)] * (self.ndim - used), *rest]


def _is_index(item: Any) -> bool:
    if item is None or item is Ellipsis or isinstance(item, slice):
        return True
    if isinstance(item, Tensor):
        return item.layout.numel == 1 and not item.ndim and item.dtype.name in ("uint8", "int32", "int64")
    return hasattr(item, "__index__") and not isinstance(item, (bool, np.bool_, np.ndarray))


def _bounds(item: slice) -> tuple[int | None, int | None, int]:
    start, stop, step = (None if b is None else as_int(b, op="slice", name="bound") for b in _ends(item))
    if step is not None and step <= 0:
        raise RangeError(f"slice: step must be greater than zero, got {step}")
    return start, stop, 1 if step is None else step


def _ends(item: slice) -> tuple[object, object, object]:
    return item.start, item.stop, item.step

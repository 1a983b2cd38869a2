"""Reading an index: what is basic becomes views, tensors and masks go to `advanced_index`.

The place that a basic index names is kept by layout and index, so that the second look-up of a kind is one dict
look-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from tensorlab.core import filling
from tensorlab.core.dispatch import MODES
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.dtype import int64, uint8
from tensorlab.core.interop import from_numpy
from tensorlab.core.layout import Layout
from tensorlab.core.reading import brought_in
from tensorlab.core.tensor import Tensor, empty
from tensorlab.errors import ArgumentError, DimError, RangeError
from tensorlab.ops import advanced_index, copying, movement
from tensorlab.ops.copying import element
from tensorlab.ops.data import as_tensor, tensor
from tensorlab.ops.indexed_places import MASKS, check_index_dtype
from tensorlab.ops.operands import as_int, as_number

LIMIT = 4096  # places; beyond it the table starts over
_places: dict[object, tuple[Layout, int]] = {}
_modes = MODES.get
_LISTS = (list, tuple, range)
_PARTS = (slice, Tensor, list, tuple, range, np.ndarray)  # what makes a tuple of a list


def get(self: Tensor, index: Any) -> Tensor:
    """``self[index]``: a view for integers, slices, None and Ellipsis, a copy where tensors, masks or lists are in it.

    As in torch, a list with a list, a tensor, a slice, None or an Ellipsis in it counts as a tuple.

    Raises: `DimError` out of range, for too many indices or for what is no index, `RangeError` for a slice that goes
            backwards.
    """
    part = None if self.tape is not None or _modes() else _part(index)
    if part is None:
        if type(index) is Tensor and 0 < index.ndim <= self.ndim:
            return advanced_index.index.call((self, [index]))
        if type(index) is tuple and _are_places(index, self.ndim):
            return advanced_index.index.call((self, list(index)))
        view, slots = _chain(self, index)
        return advanced_index.index.call((view, slots)) if slots else view
    key = (self.layout, part)
    place = _places.get(key)
    if place is None:
        result, _ = _chain(self, index)
        if len(_places) >= LIMIT:
            _places.clear()
        _places[key] = (result.layout, result.offset - self.offset)
        return result
    return self.as_view(place[0], self.offset + place[1])


def _are_places(items: tuple[Any, ...], ndim: int) -> bool:
    """Whether a tuple is tensors of int64 alone, each with dimensions: it needs no chain of views."""
    if not 0 < len(items) <= ndim:
        return False
    for item in items:
        if type(item) is not Tensor or item.layout.dtype is not int64 or not item.layout.shape:
            return False
    return True


_PLAIN = (int, type(None))


def _part(item: Any) -> object | None:
    """A basic index as part of a key; None for one that holds more than plain integers: a tensor may change."""
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


def put(self: Tensor, index: Any, value: Any) -> None:
    """``self[index] = value``: written to the view that a basic index names, or where an advanced one says.

    Raises: as `get`; `ShapeError` for a value that does not broadcast to what is named, `ArgumentError` for one that is
            neither a tensor nor a number nor an array, `RangeError` for a number that the dtype does not hold,
            `DTypeError` for a tensor of another dtype, where the index is no basic one.
    """
    is_tensor = isinstance(value, (Tensor, np.ndarray))
    number = 0 if is_tensor else as_number(value, op="setitem", name="value")
    slots: list[Tensor | None] = []
    if type(index) is Tensor and 0 < index.ndim <= self.ndim:
        place = self
        slots.append(index)
    elif type(index) is tuple and _are_places(index, self.ndim):
        place, slots = self, list(index)
    elif self.tape is not None or _modes() or _part(index) is None:
        place, slots = _chain(self, index, writes=True)
    else:
        place = get(self, index)
    if is_tensor:
        source = _without_ones(as_tensor(value), place.ndim if not slots else 0)
    elif slots:
        source = brought_in(filling.number(element(number, self.dtype, op="setitem"), self.dtype))
    else:
        copying.fill_.call((place, number))
        return
    if slots:
        if source.numel() == 1 and [s.dtype for s in slots if s is not None] == [bool_dtype]:
            source = source.to(place.dtype)  # one value where a mask is set: filled in, as a number would be
        advanced_index.index_put_.call((place, slots, source, False))
    else:
        copying.copy_.call((place, source, False))


def _without_ones(source: Tensor, ndim: int) -> Tensor:
    """A value without leading dimensions of size 1 beyond those that there is room for, as torch takes it."""
    while source.ndim > ndim and source.shape[0] == 1:
        source = movement.select.call((source, 0, 0))
    return source


def _chain(self: Tensor, index: Any, *, writes: bool = False) -> tuple[Tensor, list[Tensor | None]]:
    """The basic part of an index as a chain of views, and the tensors that index dimensions of its result.

    With ``writes``, a single True is a basic index, and a single False names nothing.
    """
    if writes and isinstance(index, bool):
        return (movement.unsqueeze.call((self, 0)), []) if index else (self, [_chosen(value=False)])
    items = [_item(i) for i in _items(index)]
    used = sum(map(_takes, items))
    _check_count(self, items, used)
    dim, result, slots = 0, self, list[Tensor | None]()
    for item in _expanded(self, items, used):
        if isinstance(item, Tensor) and item.ndim:
            count = item.ndim if item.dtype in MASKS else 1
            slots += [None] * (dim - _width(slots)) + [item]
            dim += count
        elif item is None:
            result = movement.unsqueeze.call((result, dim))
            dim += 1
        elif isinstance(item, slice):
            if item != slice(None):
                result = movement.slice_.call((result, dim, *_bounds(item)))
            dim += 1
        elif _is_truth(item):
            result = movement.unsqueeze.call((result, dim))
            slots += [None] * (dim - _width(slots)) + [_chosen(value=bool(item))]
            dim += 1
        else:
            result = movement.select.call((result, dim, as_int(item, op="index", name="index")))
    if result is self and not slots:
        result = movement.alias.call((self,))
    return result, slots


def _width(slots: Sequence[Tensor | None]) -> int:
    """Dimensions that slots stand for: a mask's own, else one."""
    masks = sum(s.ndim - 1 for s in slots if s is not None and s.dtype in MASKS)
    return len(slots) + masks


def _chosen(*, value: bool) -> Tensor:
    """What a bool is as an index of a dimension of size 1: that one element, or none."""
    return tensor([0], int64) if value else empty(int64, (0,))


def _items(index: Any) -> Sequence[Any]:
    """An index as a tuple; a list of what is no number is one too, as in torch."""
    if isinstance(index, tuple):
        return cast("tuple[Any, ...]", index)
    if isinstance(index, list) and len(cast("list[Any]", index)) < 32:
        found = cast("list[Any]", index)
        if any(i is None or i is Ellipsis or isinstance(i, _PARTS) for i in found):
            return found
    return (index,)


def _item(item: Any) -> Any:
    """One item: lists and arrays as tensors of int64 or bool.

    Raises: `DimError` for what is no index.
    """
    if item is None or item is Ellipsis or isinstance(item, (slice, bool)):
        return item
    if isinstance(item, Tensor):
        if item.ndim or item.dtype.is_floating_point:
            check_index_dtype(item.dtype)
        return item
    if isinstance(item, np.ndarray):
        array = cast("np.ndarray[Any, Any]", item)
        if array.dtype.kind in "iu" and array.dtype != np.uint8:
            return tensor(array.astype(np.int64)) if array.ndim else int(array)
        if array.dtype.kind in "bu":
            return from_numpy(array.copy())
    if isinstance(item, _LISTS):
        found = tensor(item)
        if not found.numel():
            return empty(int64, tuple(found.shape))
        return found if found.dtype in (bool_dtype, int64) else tensor(item, int64)
    if hasattr(item, "__index__") and not isinstance(item, (np.bool_, np.ndarray)):
        return item
    raise DimError(
        "index: only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
        f"(got {type(item).__name__})"
    )


def as_slots(indices: Any) -> list[Tensor | None]:
    """The indices of `index_put`, tensors; torch takes no None among them there.

    Raises: `ArgumentError` for anything else.
    """
    if not isinstance(indices, (tuple, list)):
        raise ArgumentError(f"index_put: argument 'indices' takes a tuple of Tensors, got {type(indices).__name__}")
    for item in cast("Sequence[object]", indices):
        if not isinstance(item, Tensor):
            raise ArgumentError(f"index_put: argument 'indices' takes Tensors, got {type(item).__name__}")
    return list(cast("Sequence[Tensor | None]", indices))


def _is_truth(item: Any) -> bool:
    return isinstance(item, bool) or (isinstance(item, Tensor) and item.dtype in (bool_dtype, uint8))


def _takes(item: Any) -> int:
    """Dimensions that an item stands for."""
    if item is None or item is Ellipsis or isinstance(item, bool):
        return 0
    return item.ndim if isinstance(item, Tensor) and item.dtype in MASKS else 1


def _check_count(self: Tensor, items: Sequence[Any], used: int) -> None:
    if used <= self.ndim:
        return
    if not self.ndim and len(items) == 1 and not isinstance(items[0], slice) and not getattr(items[0], "ndim", 0):
        raise DimError("index: invalid index of a 0-dim tensor. Use .item() to convert a 0-dim tensor to a number")
    raise DimError(f"index: too many indices for tensor of dimension {self.ndim}")


def _expanded(self: Tensor, items: Sequence[Any], used: int) -> list[Any]:
    """Items with the Ellipsis written out."""
    at = next((k for k, i in enumerate(items) if i is Ellipsis), None)
    if at is None:
        return list(items)
    rest = [i for i in items[at + 1 :] if i is not Ellipsis]  # a second one stands for nothing, as in torch
    return [*items[:at], *[slice(None)] * (self.ndim - used), *rest]


def _bounds(item: slice) -> tuple[int | None, int | None, int]:
    start, stop, step = (None if b is None else as_int(b, op="slice", name="bound") for b in _ends(item))
    if step is not None and step <= 0:
        raise RangeError(f"slice: step must be greater than zero, got {step}")
    return start, stop, 1 if step is None else step


def _ends(item: slice) -> tuple[object, object, object]:
    return item.start, item.stop, item.step

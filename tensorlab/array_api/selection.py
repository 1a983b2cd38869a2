"""Keys of the standard in terms of Tensor's: slices that go backwards, integer arrays of every dtype, empty masks."""

from __future__ import annotations

from typing import Any, cast

from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.dtype import int64
from tensorlab.core.tensor import Tensor
from tensorlab.ops import conversion, create, rearranging_functions

Dims = tuple[int, ...]


def forwards(key: Any, array: Tensor) -> tuple[Any, Dims]:
    """A key that Tensor takes, and the dimensions of what it names, counted from the end, that are to be turned round.

    A slice that goes backwards becomes the one over the same elements that goes forwards, where no array is beside it.
    """
    if isinstance(key, Tensor):
        return _as_index(key, array), ()
    if isinstance(key, slice):
        return _sliced((key,), array) if _is_backwards(key) else (key, ())
    if not isinstance(key, tuple):
        return key, ()
    items = cast("tuple[Any, ...]", key)
    if any(isinstance(item, Tensor) for item in items):
        return tuple(_as_index(item, array) if isinstance(item, Tensor) else item for item in items), ()
    return _sliced(items, array) if any(map(_is_backwards, items)) else (items, ())


def turned(found: Tensor, backwards: Dims) -> Tensor:
    """What a key named, in the order in which its slices go."""
    return rearranging_functions.flip(found, backwards) if backwards else found


def restored(value: Tensor, backwards: Dims) -> Tensor:
    """A value in the order of the elements that a key names; dimensions that are broadcast have no order."""
    return turned(value, tuple(d for d in backwards if -d <= value.ndim and value.shape[d] != 1))


def _is_backwards(item: Any) -> bool:
    return isinstance(item, slice) and item.step is not None and item.step < 0


def _as_index(key: Tensor, array: Tensor) -> Tensor:
    if key.dtype is not bool_dtype:
        return key if key.dtype.is_floating_point else conversion.to(key, int64)
    shape = tuple(array.shape[: key.ndim])
    may_be = len(shape) == key.ndim and all(k in (0, n) for k, n in zip(key.shape, shape, strict=True))
    # A mask of no elements chooses none, whatever the array's sizes.
    return key if key.numel() or not may_be else create.zeros_op.call((shape, bool_dtype))


def _sliced(items: tuple[Any, ...], array: Tensor) -> tuple[Any, Dims]:
    taken = sum(1 for i in items if i is not None and i is not Ellipsis)
    rest = [slice(None)] * (array.ndim - taken)
    whole = list(items) if any(i is Ellipsis for i in items) else [*items, Ellipsis]
    at = next(k for k, i in enumerate(whole) if i is Ellipsis)
    key: list[Any] = []
    turned_round: list[int] = []
    dim = place = 0
    for item in [*whole[:at], *rest, *whole[at + 1 :]]:
        if _is_backwards(item) and dim < array.ndim:
            key.append(_reversed(item, array.shape[dim]))
            turned_round.append(place)
        else:
            key.append(item)
        dim += item is not None
        place += item is None or isinstance(item, slice)
    return tuple(key), tuple(d - place for d in turned_round)


def _reversed(item: slice, size: int) -> slice:
    """The slice over the same elements, from the lowest on."""
    chosen = range(size)[item]
    return slice(chosen[-1], chosen[0] + 1, -chosen.step) if chosen else slice(0, 0)

"""Basic indexing: integers, slices, None and Ellipsis, each a view of the one before."""

from __future__ import annotations

from typing import Any

from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, DimError
from tensorlab.ops import copying, movement


def get(self: Tensor, index: Any) -> Tensor:
    """``self[index]`` as a chain of select, slice and unsqueeze views.

    Raises: `DimError` out of range or for too many indices, `ArgumentError` for an index of another kind.
    """
    items = _expanded(self, index if isinstance(index, tuple) else (index,))
    dim, result = 0, self
    for item in items:
        if item is None:
            result = movement.unsqueeze.call((result, dim))
            dim += 1
        elif isinstance(item, slice):
            if item != slice(None):
                step = 1 if item.step is None else item.step
                result = movement.slice_.call((result, dim, _bound(item.start), _bound(item.stop), step))
            dim += 1
        else:
            result = movement.select.call((result, dim, int(item)))
    return result if result is not self else movement.slice_.call((self, 0, None, None, 1)) if self.ndim else self


def put(self: Tensor, index: Any, value: Any) -> None:
    """``self[index] = value``: the view that the index names is written to."""
    place = get(self, index)
    if isinstance(value, Tensor):
        copying.copy_.call((place, value, False))
    elif isinstance(value, (bool, int, float)):
        copying.fill_.call((place, value))
    else:
        from tensorlab.ops.create import as_tensor

        copying.copy_.call((place, as_tensor(value), False))


def _expanded(self: Tensor, items: tuple[Any, ...]) -> list[Any]:
    """Items with the Ellipsis written out.

    Raises: `DimError` for more than the tensor has.
    """
    for item in items:
        is_index = isinstance(item, int) or (hasattr(item, "__index__") and not isinstance(item, Tensor))
        if isinstance(item, bool) or not (item is None or item is Ellipsis or isinstance(item, slice) or is_index):
            raise ArgumentError(f"index: takes integers, slices, None and Ellipsis, got {type(item).__name__}")
    used = sum(1 for i in items if i is not None and i is not Ellipsis)
    if used > self.ndim:
        raise DimError(f"index: too many indices for tensor of dimension {self.ndim}")
    if sum(1 for i in items if i is Ellipsis) > 1:
        raise DimError("index: an index can only have a single ellipsis ('...')")
    missing = [slice(None)] * (self.ndim - used)
    at = next((k for k, i in enumerate(items) if i is Ellipsis), None)
    if at is None:
        return list(items)
    return [*items[:at], *missing, *items[at + 1 :]]


def _bound(value: Any) -> int | None:
    return None if value is None else int(value)

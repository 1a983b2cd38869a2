"""Where a tensor is not zero: positions and coordinates, for masks that index and for `nonzero`."""

from __future__ import annotations

import ctypes
from array import array

from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.dtype import int64, uint8
from tensorlab.core.index_loops import index_loop
from tensorlab.core.index_walk import count_set
from tensorlab.core.layout import layout
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor, empty
from tensorlab.ops.copying import contiguous, to

SMALL = 1 << 16  # elements of a mask whose positions may take eight times its bytes


def as_mask(a: Tensor) -> Tensor:
    """Row-major bytes that are 0 where an element is."""
    form = a.layout
    if form.dtype is bool_dtype and form.is_contiguous:
        return a
    if form.dtype not in (bool_dtype, uint8):
        a = to.run((a, bool_dtype, False, False))
    return contiguous.run((a,))


def positions(mask: Tensor) -> Tensor:
    """Row-major positions of a mask's elements that are set, in order."""
    total = mask.layout.numel
    if total <= SMALL:
        room = Storage.empty((total + 2) * int64.itemsize)
        index_loop("find").entry(total, mask.address, room.address)
        count = ctypes.c_int64.from_address(room.address + 8 * (total + 1)).value
        return Tensor(room, layout(int64, (count,)), 0)
    count = count_set(mask)
    result = Tensor(Storage.empty((count + 1) * int64.itemsize), layout(int64, (count,)), 0)
    index_loop("positions").entry(mask.layout.numel, mask.address, result.address)
    return result


def coordinates(a: Tensor) -> list[Tensor]:
    """The coordinates of the elements that are not zero: an int64 tensor a dimension; none of a 0-d tensor."""
    if not a.ndim:
        return []
    mask = as_mask(a)
    found = positions(mask)
    if a.ndim == 1:
        return [found]
    n = found.layout.numel
    held = empty(int64, (a.ndim, n))
    spread(found, a, held, row=1, column=n)
    return [held.as_view(layout(int64, (n,)), d * n) for d in range(a.ndim)]


def spread(found: Tensor, a: Tensor, held: Tensor, *, row: int, column: int) -> None:
    """Write the coordinates of positions in ``a``: those of one ``row`` apart, those along a dimension ``column``."""
    sizes = array("q", a.shape)
    n = found.layout.numel
    index_loop("coordinates").entry(n, a.ndim, sizes.buffer_info()[0], found.address, held.address, row, column)

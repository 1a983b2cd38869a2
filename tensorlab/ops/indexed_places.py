"""The places that tensors of integers name in a tensor: which dimensions, in what shape, how far apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tensorlab.core.dtype import DType, int32, int64, uint8
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.index_walk import OFFSETS, Walk, first_outside, resolve
from tensorlab.core.index_walk import Places as Named
from tensorlab.core.layout import Layout
from tensorlab.core.shape import Shape, broadcast_shapes
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.errors import DimError, ShapeError
from tensorlab.ops.copying import contiguous, to
from tensorlab.ops.movement import expand

Indices = Sequence[Tensor | None]
MASKS = (bool_dtype, uint8)


@dataclass(frozen=True, slots=True)
class Dims:
    """Dimensions of the indexed tensor: before the indices, indexed, after; and whether the indices' own go first."""

    before: tuple[int, ...]
    at: tuple[int, ...]
    after: tuple[int, ...]


def check_index_dtype(dtype: DType | None) -> None:
    """Refuse what is no index.

    Raises: `DimError`, in torch's words.
    """
    if dtype not in (int64, int32, *MASKS):
        name = f", got {dtype.name}" if dtype else ""
        raise DimError(f"index: tensors used as indices must be long, int, byte or bool tensors{name}")


def check_mask(mask: Shape, shape: Shape, at: int) -> None:
    """Refuse a mask of other sizes than those of the dimensions that it begins at.

    Raises: `DimError`.
    """
    for k, n in enumerate(mask):
        if at + k >= len(shape) or shape[at + k] != n:
            raise DimError(
                f"index: the shape of the mask {list(mask)} at index {k} does not match the shape of the indexed "
                f"tensor {list(shape)} at index {at + k}"
            )


def placed(slots: Sequence[object | None], ndim: int) -> Dims:
    """Which dimensions are indexed, and where the indices' own dimensions go.

    Raises: `DimError` for more than there are.
    """
    if len(slots) > ndim:
        raise DimError(f"index: too many indices for tensor of dimension {ndim} (got {len(slots)})")
    at = tuple(d for d, slot in enumerate(slots) if slot is not None)
    rest = tuple(d for d in range(ndim) if d not in at)
    if not at or any(b - a != 1 for a, b in pairwise(at)):
        return Dims((), at, rest)
    return Dims(rest[: at[0]], at, rest[at[0] :])


def together(shapes: Sequence[Shape]) -> Shape:
    """The shape that indices are broadcast to.

    Raises: `DimError`, in torch's words.
    """
    try:
        return broadcast_shapes(*shapes, op="index")
    except ShapeError as error:
        listed = ", ".join(str(list(s)) for s in shapes)
        raise DimError(
            f"index: shape mismatch: indexing tensors could not be broadcast together with shapes {listed}"
        ) from error


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """What indices of these layouts name in a tensor of this one.

    ``parts`` are, for each index, its position among the indices, the dimension, and the dimension's size and stride.
    ``whole`` is the shape of what is named.
    """

    dims: Dims
    shape: Shape
    whole: Shape
    parts: tuple[tuple[int, int, int, int], ...]

    def named(self) -> Named:
        """How a walk reads the indices: a single one as it is, several as offsets."""
        if len(self.parts) != 1:
            return OFFSETS
        _, _, n, stride = self.parts[0]
        return Named(stride, -n, n, math.prod(self.shape))

    def walk(self, steps: Walk, out: int, source: int, indices: Indices) -> None:
        """Run a walk between two addresses, by indices of these layouts.

        Raises: `DimError` for an index out of range; then nothing is written.
        """
        if len(self.parts) != 1:
            room = self.offsets(indices)
            steps.entry(steps.head, out, source, room.address)
            return
        at, d, n, _ = self.parts[0]
        item = indices[at]
        if item is None:
            return
        item = as_row_major(item)
        try:
            steps.entry(steps.head, out, source, item.address)
        except RuntimeError:
            outside = first_outside(item, -n, n)
            if outside is None:
                raise
            raise DimError(_outside(outside, d, n)) from None

    def offsets(self, indices: Indices) -> Storage:
        """An offset in elements for each place; all indices are checked.

        Raises: `DimError` for an index out of range.
        """
        shape = self.shape
        room = Storage.empty(math.prod(shape) * int64.itemsize)
        for at, d, n, stride in self.parts:
            item = indices[at]
            if item is None:
                continue
            if item.layout.shape != shape:
                item = expand.run((item, shape, False))
            outside = resolve(room, as_row_major(item), -n, n, stride, first=at == self.parts[0][0])
            if outside is not None:
                raise DimError(_outside(outside, d, n))
        return room


def _outside(outside: int, d: int, n: int) -> str:
    return f"index: index {outside} is out of bounds for dimension {d} with size {n}"


def find(a: Layout, indices: Indices) -> Places:
    """The places that tensors of integers name in a tensor.

    Raises: `DimError` for more than there are dimensions, for indices that do not broadcast, or for some into nothing.
    """
    dims = placed(indices, len(a.shape))
    given = [(at, indices[at]) for at in dims.at]
    shape = together([tuple(i.shape) for _, i in given if i is not None])
    if 0 not in shape and any(a.shape[d] == 0 for d in dims.at):
        raise DimError("index: index is out of bounds for dimension with size 0")
    before, after = (tuple(a.shape[d] for d in part) for part in (dims.before, dims.after))
    whole = (*before, *shape, *after)
    parts = tuple((at, at, a.shape[at], a.strides[at]) for at in dims.at) if 0 not in whole else ()
    return Places(dims, shape, whole, parts)


def as_row_major(item: Tensor) -> Tensor:
    """Indices as row-major int64."""
    if item.dtype is not int64:
        item = to.run((item, int64, False, False))
    return item if item.layout.is_contiguous else contiguous.run((item,))

"""Layouts: how a tensor's elements lie in its storage, interned so that equal layouts are one object.

Plans are keyed by layouts; identity makes the look-up a pointer comparison.
"""

from __future__ import annotations

import math

from tensorlab.core.dtype import DType
from tensorlab.core.shape import Shape, Size, contiguous_strides, is_contiguous
from tensorlab.core.types import TensorType


class Layout:
    """Element type, shape and strides (in elements), with what follows from them.

    ``first`` and ``last`` are the lowest and the highest element touched, counted from the tensor's first element;
    ``span`` is the same in bytes, up to and not with the second.
    """

    __slots__ = ("dtype", "first", "is_contiguous", "last", "nbytes", "numel", "shape", "span", "strides", "type")

    def __init__(self, dtype: DType, shape: Shape, strides: Shape) -> None:
        self.dtype = dtype
        self.shape = Size(shape)
        self.strides = strides
        self.numel = math.prod(shape)
        self.nbytes = self.numel * dtype.itemsize
        self.is_contiguous = is_contiguous(shape, strides)
        self.type = TensorType(dtype, tuple(shape))
        steps = [s * (n - 1) for n, s in zip(shape, strides, strict=True)] if self.numel else []
        self.first = sum(s for s in steps if s < 0)
        self.last = sum(s for s in steps if s > 0)
        size = dtype.itemsize
        self.span = (self.first * size, (self.last + 1) * size) if self.numel else (0, 0)

    def __repr__(self) -> str:
        return f"Layout({self.dtype.name}, shape={tuple(self.shape)}, strides={self.strides})"

    def __reduce__(self) -> tuple[object, ...]:
        return (layout, (self.dtype, tuple(self.shape), self.strides))


_interned: dict[tuple[DType, Shape, Shape], Layout] = {}
_row_major: dict[tuple[DType, Shape], Layout] = {}
_LIMIT = 16384  # a program with more distinct layouts only loses plan hits when the table starts over


def layout(dtype: DType, shape: Shape, strides: Shape | None = None) -> Layout:
    """The layout object for these facts; row-major where no strides are given."""
    if strides is None:
        found = _row_major.get((dtype, shape))
        if found is None:
            found = _row_major[dtype, shape] = layout(dtype, shape, contiguous_strides(shape))
        return found
    key = (dtype, shape, strides)
    found = _interned.get(key)
    if found is None:
        if len(_interned) >= _LIMIT:
            _interned.clear()
            _row_major.clear()
        found = _interned[key] = Layout(*key)
    return found

"""What functions with several results give: tuples with torch's names for their parts, printed as torch prints them."""

from __future__ import annotations

from typing import NamedTuple

from tensorlab.core.tensor import Tensor


class MaxMin(NamedTuple):
    """Elements chosen along a dimension, and where they were."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return _text(self)


class MinMax(NamedTuple):
    """The smallest and the largest elements."""

    min: Tensor
    max: Tensor

    def __repr__(self) -> str:
        return _text(self)


def _text(result: tuple[Tensor, ...]) -> str:
    names: tuple[str, ...] = result._fields  # pyright: ignore[reportAttributeAccessIssue] - each is a named tuple
    parts = [f"{name}={part!r}" for name, part in zip(names, result, strict=True)]
    return f"tensorlab.return_types.{type(result).__name__.lower()}(\n" + ",\n".join(parts) + ")"


class Max(MaxMin):
    """What ``max(x, dim)`` gives."""

    __slots__ = ()


class Min(MaxMin):
    """What ``min(x, dim)`` gives."""

    __slots__ = ()


class Sort(MaxMin):
    """What ``sort(x)`` gives."""

    __slots__ = ()


class TopK(MaxMin):
    """What ``topk(x, k)`` gives."""

    __slots__ = ()


class KthValue(MaxMin):
    """What ``kthvalue(x, k)`` gives."""

    __slots__ = ()


class Median(MaxMin):
    """What ``median(x, dim)`` gives."""

    __slots__ = ()


class NanMedian(MaxMin):
    """What ``nanmedian(x, dim)`` gives."""

    __slots__ = ()


class Mode(MaxMin):
    """What ``mode(x)`` gives."""

    __slots__ = ()


class CumMax(MaxMin):
    """What ``cummax(x, dim)`` gives."""

    __slots__ = ()


class CumMin(MaxMin):
    """What ``cummin(x, dim)`` gives."""

    __slots__ = ()


class AMinMax(MinMax):
    """What ``aminmax(x)`` gives."""

    __slots__ = ()

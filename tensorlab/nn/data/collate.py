"""Batches: samples stacked, through tuples, lists and dicts."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from tensorlab.autograd import Tensor
from tensorlab.core.dtype import float64
from tensorlab.errors import ArgumentError, ShapeError
from tensorlab.ops.data import as_tensor, tensor
from tensorlab.ops.joining_functions import stack


def default_collate(batch: Sequence[Any]) -> Any:
    """One batch of samples: tensors and arrays are stacked, numbers become a tensor, and what holds them is kept.

    Python floats become float64 and a tuple a list, as in torch; strings and bytes stay a list.

    Raises: `ArgumentError` for another kind of sample, `ShapeError` for lists of different lengths.

    >>> default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ['a', 'b']]
    """
    first = batch[0]
    match first:
        case Tensor():
            return stack(list(batch))
        case np.ndarray():
            if first.dtype.kind in "SUO":
                raise ArgumentError(_refusal(first.dtype))
            return stack([as_tensor(b) for b in batch])
        case np.generic():
            return as_tensor(np.stack(list(batch)))
        case float():
            return tensor(list(batch), float64)
        case int():
            return tensor(list(batch))
        case str() | bytes():
            return list(batch)
        case Mapping():
            return _rebuilt(first, {name: default_collate([sample[name] for sample in batch]) for name in first})
        case Sequence():
            return _sequence(first, batch)
        case _:
            raise ArgumentError(_refusal(type(first)))


def _sequence(first: Sequence[Any], batch: Sequence[Any]) -> Any:
    if any(len(sample) != len(first) for sample in batch):
        raise ShapeError("each element in list of batch should be of equal size")
    parts = [default_collate(part) for part in zip(*batch, strict=True)]
    if not isinstance(first, tuple):
        return _rebuilt(first, parts)
    return type(first)(*parts) if hasattr(first, "_fields") else parts


def default_convert(data: Any) -> Any:
    """Arrays and NumPy's numbers as tensors, within tuples, lists and dicts; all else as it is."""
    match data:
        case Tensor() | str() | bytes():
            return data
        case np.ndarray():
            return data if data.dtype.kind in "SUO" else as_tensor(data)
        case np.generic():
            return as_tensor(data)
        case Mapping():
            return _rebuilt(data, {name: default_convert(value) for name, value in data.items()})
        case tuple():
            parts = [default_convert(value) for value in data]
            return type(data)(*parts) if hasattr(data, "_fields") else parts
        case Sequence():
            return _rebuilt(data, [default_convert(value) for value in data])
        case _:
            return data


def _rebuilt(like: Any, found: Any) -> Any:
    """What was found as a thing of the sample's kind, or as it is where that kind takes nothing of the sort."""
    if isinstance(like, MutableMapping):
        whole = copy.copy(like)  # it may know more than its items
        whole.update(found)
        return whole
    make: Callable[[Any], Any] = type(like)
    try:
        return make(found)
    except TypeError:
        return found


def _refusal(kind: object) -> str:
    return f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {kind}"

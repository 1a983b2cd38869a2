"""The types that values of Python have in a graph."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any, cast

from tensorlab.core.device import device
from tensorlab.core.dtype import DType
from tensorlab.core.types import (
    BOOL,
    DEVICE,
    DTYPE,
    FLOAT,
    INT,
    NONE,
    STR,
    TENSOR,
    DictType,
    EnumType,
    ListType,
    TensorType,
    TupleType,
    Type,
    unify,
)
from tensorlab.errors import ArgumentError


def value_type(value: Any) -> Type:
    """The type of a run-time value: how arguments choose an overload and constants get their type."""
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return INT
    if isinstance(value, float):
        return FLOAT
    if value is None:
        return NONE
    from_layout = getattr(value, "type", None)
    if isinstance(from_layout, TensorType):
        return from_layout
    return _other_type(value)


def _other_type(value: Any) -> Type:
    if isinstance(value, DType):
        return DTYPE
    if isinstance(value, str):
        return STR
    if isinstance(value, device):
        return DEVICE
    if isinstance(value, Enum):
        return EnumType(type(value).__name__, value_type(value.value), type(value))
    if isinstance(value, dict):
        return _dict_type(cast(dict[object, object], value))
    names: tuple[str, ...] = getattr(value, "_fields", ())
    if isinstance(value, tuple) and names:
        parts = cast(Sequence[object], value)
        return TupleType(tuple(map(value_type, parts)), names, type(cast(object, value)))
    if isinstance(value, (list, tuple)):
        parts = [value_type(v) for v in cast(Sequence[object], value)]
        if not parts:
            return ListType(INT)
        element = parts[0]
        for part in parts[1:]:
            joined = unify(element, part)
            if joined is None:
                return TupleType(tuple(parts))
            element = joined
        return ListType(TENSOR if isinstance(element, TensorType) else element)
    raise ArgumentError(f"a value of type {type(value).__name__} has no type in a graph")


def _dict_type(value: dict[object, object]) -> Type:
    types = value_type(list(value)), value_type(list(value.values()))
    if isinstance(types[0], ListType) and isinstance(types[1], ListType):
        return DictType(types[0].element, types[1].element)
    raise ArgumentError("a dict with keys or values of several types has no type in a graph")

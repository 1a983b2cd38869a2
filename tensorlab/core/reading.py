"""Values on their way between tensors and Python, where a trace cannot follow them."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from tensorlab.core.dispatch import MODES

if TYPE_CHECKING:
    from tensorlab.core.tensor import Tensor

T = TypeVar("T")

_C_TYPES: dict[str, Any] = {
    "bool": ctypes.c_bool,
    "uint8": ctypes.c_uint8,
    "int8": ctypes.c_int8,
    "int16": ctypes.c_int16,
    "int32": ctypes.c_int32,
    "int64": ctypes.c_int64,
    "float32": ctypes.c_float,
    "float64": ctypes.c_double,
}
_AT = {name: c_type.from_address for name, c_type in _C_TYPES.items()}


def read_out(tensor: Tensor, what: str, read: Callable[[], T]) -> T:
    """Read something of a tensor into Python; a mode that has ``escaped`` hears of it first.

    ``what`` is what becomes of it: ``"bool"``, ``"item"``, ``"len"`` ... From here on a trace cannot see what depends
    on it.
    """
    for mode in reversed(MODES.get()):
        escaped = getattr(mode, "escaped", None)
        if escaped is not None:
            escaped(tensor, what)
            break
    return read()


def brought_in(tensor: Tensor, *, blank: bool = False) -> Tensor:
    """Tell of a tensor made of Python's data, or, if it is ``blank``, of nothing; a mode that has ``made`` hears of it.

    No operation gave it, so that a trace would take it for one that was there before.
    """
    for mode in reversed(MODES.get()):
        made = getattr(mode, "made", None)
        if made is not None:
            made(tensor, blank=blank)
            break
    return tensor


def moves(tensor: Tensor, name: str) -> None:
    """Tell that a tensor is about to change its shape or its memory; a mode that has ``moves`` hears of it.

    No operation does it, and in a trace each tensor has one of each: there it is refused.
    """
    for mode in reversed(MODES.get()):
        heard = getattr(mode, "moves", None)
        if heard is not None:
            heard(tensor, name)
            break


def first_element(tensor: Tensor) -> bool | int | float:
    """The first element as a Python number, unseen by a trace."""
    name = tensor.layout.dtype.name
    at = _AT.get(name)
    if at is not None:
        return at(tensor.address).value
    bits = ctypes.string_at(tensor.address, 2)  # the two halves, which C has no types for
    return struct.unpack("<e", bits)[0] if name == "float16" else struct.unpack("<f", b"\0\0" + bits)[0]

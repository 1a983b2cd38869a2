"""The beginning of an ndarray: the part of NumPy's C interface that compiled extensions read in place."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np

Array = np.ndarray[Any, Any]

OWNDATA, WRITEABLE = 0x4, 0x400  # NPY_ARRAY_OWNDATA, NPY_ARRAY_WRITEABLE
IN_ONE_PIECE = 0x3  # NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS
PLAIN = OWNDATA | WRITEABLE


class Head(ctypes.Structure):
    """An ndarray's fields; ``__array_interface__`` says the same, ten times slower."""

    _fields_ = (
        ("object", ctypes.c_char * object.__basicsize__),
        ("data", ctypes.c_size_t),
        ("ndim", ctypes.c_int),
        ("shape", ctypes.c_size_t),
        ("strides", ctypes.c_size_t),
        ("base", ctypes.c_size_t),
        ("dtype", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Told(NamedTuple):
    """What `Head` says, asked of the array itself."""

    data: int
    flags: int


def _asked(at: int) -> _Told:
    array = ctypes.cast(at, ctypes.py_object).value
    flags = array.flags
    pieces = flags.c_contiguous + 2 * flags.f_contiguous
    bits = flags.owndata * OWNDATA | flags.writeable * WRITEABLE | pieces
    return _Told(array.__array_interface__["data"][0], bits)


def _samples() -> tuple[Array, ...]:
    fixed = np.arange(3.0)
    fixed.setflags(write=False)
    return fixed, np.zeros((2, 3), np.int16)[1:], np.ones(2), np.array(1.0), np.zeros((2, 3, 4))[::-1, 1:, ::2]


def _reads() -> bool:
    """Whether data pointer and flags lie where they are expected."""
    return all(_reads_as_told(array) for array in _samples())


def _reads_as_told(array: Array) -> bool:
    head = Head.from_address(id(array))  # of an array that is alive: what was one may hold anything
    return (head.data, head.flags & (PLAIN | IN_ONE_PIECE)) == _asked(id(array))


def is_known() -> bool:
    """Whether each field lies where it is expected: what native code asks before it reads them."""
    return _IS_READ and all(_agrees(array) for array in _samples())


def _agrees(array: Array) -> bool:
    head = Head.from_address(id(array))
    if head.ndim != array.ndim or head.dtype != id(array.dtype):
        return False
    dims = ctypes.c_ssize_t * array.ndim
    shape, strides = (tuple(dims.from_address(at)) if array.ndim else () for at in (head.shape, head.strides))
    base = cast(object, array.base)
    return shape == array.shape and strides == array.strides and head.base == (0 if base is None else id(base))


_IS_READ = _reads()
head_at: Callable[[int], Any] = Head.from_address if _IS_READ else _asked


def address_of(array: Array) -> int:
    """Where an ndarray's first element is."""
    return head_at(id(array)).data

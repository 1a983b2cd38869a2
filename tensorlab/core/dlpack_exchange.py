"""DLPack's table of C functions: what a class of tensors offers to those who want its memory without a Python call.

The table hangs on the class, as ``__dlpack_c_exchange_api__``. A class that inherits one may mean something else by
``__dlpack__``, so that it is asked by that. Streams do not matter on the CPU, and other memory is refused elsewhere.
"""

from __future__ import annotations

import ctypes
import struct
from typing import Any, cast

from tensorlab.core.dtype import DTYPES, Category, DType, bfloat16
from tensorlab.core.foreign import storage_over
from tensorlab.core.layout import Layout, layout
from tensorlab.core.sharing_native import entries
from tensorlab.core.tensor import Tensor

HOST_KINDS = (1, 3, 11, 13)  # main memory, page-locked by CUDA or ROCm, managed: the CPU reads them all

_VERSION = 1  # of table and tensors; others of this number have the same fields in the same places
_READ_ONLY, _COPIED = 1, 2
# Major version; flags, data and kind of device; number of dimensions, type code, bits and lanes; offset in bytes.
_HEAD = struct.Struct("=I20xQQi4xiBBH16xQ")


def _type_code(dtype: DType) -> int:
    if dtype.category is Category.BOOL:
        return 6
    if dtype.category is Category.INT:
        return 0 if dtype.is_signed else 1
    return 4 if dtype is bfloat16 else 2


_TYPES = {(_type_code(dtype), 8 * dtype.itemsize, 1): dtype for dtype in DTYPES}  # by code, bits and lanes
_MOST_CLASSES = 64
_MOST_LAYOUTS = 4096
_functions: dict[type[Any], int] = {}
_Known = tuple[Layout, int, int, int]
_layouts: dict[bytes, _Known] = {}


def from_exchange(tensor: Any) -> Tensor | None:
    """A tensor over the memory of another library's tensor; None where that has to be asked in another way.

    Cost: two microseconds besides the look for the storage, once the native entries are there.
    """
    kind = cast("type[Any]", type(tensor))
    function = _functions[kind] if kind in _functions else _function_of(kind)
    if not function or getattr(tensor, "requires_grad", False):
        return None
    found = entries.from_exchange(tensor, function)
    if found is None:
        return None
    capsule, head = found
    version, flags, data, device, *_, offset = _HEAD.unpack_from(head)
    if version != _VERSION or flags & _COPIED or device not in HOST_KINDS:
        return None
    key = head[48:56] + head[80:]
    known = _layouts[key] if key in _layouts else _learn(key, head)
    if known is None:
        return None
    form, low, high, size = known
    address = data + offset
    if low == high or address % size:
        return None
    readonly = bool(flags & _READ_ONLY)
    start, stop = address + low, address + high
    storage = storage_over(start, stop, capsule, readonly=readonly, first=address, itemsize=size, ours=True)
    return Tensor(storage, form, (address - storage.address) // size)


def _learn(key: bytes, head: bytes) -> _Known | None:
    """What is known of tensors of one type, shape and strides; None for element types that tensors don't hold."""
    *_, dims, code, bits, lanes, _ = _HEAD.unpack_from(head)
    dtype = _TYPES.get((code, bits, lanes))
    if dtype is None:
        return None
    sizes = struct.unpack_from(f"={2 * dims}q", head, 80)
    if len(_layouts) >= _MOST_LAYOUTS:
        _layouts.clear()
    form = layout(dtype, sizes[:dims], sizes[dims:])
    low, high = form.span
    found = _layouts[key] = form, low, high, dtype.itemsize
    return found


class _Table(ctypes.Structure):
    """``DLPackExchangeAPI``: its version, an older table, a maker of tensors, and what gives a tensor's memory."""

    _fields_ = (
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("older", ctypes.c_void_p),
        ("make", ctypes.c_void_p),
        ("export", ctypes.c_void_p),
    )


def _function_of(kind: type[Any]) -> int:
    """The address of the function that exports tensors of a class; 0 if it has none."""
    capsule = vars(kind).get("__dlpack_c_exchange_api__")
    function = 0 if capsule is None else _exported_by(capsule)
    if len(_functions) >= _MOST_CLASSES:
        _functions.clear()
    _functions[kind] = function
    return function


def _exported_by(capsule: object) -> int:
    pointer_in = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi)
    )
    try:
        at = pointer_in(capsule, b"dlpack_exchange_api")
    except ValueError:  # something else of that name
        return 0
    while at:
        table = _Table.from_address(at)
        if table.major == _VERSION:
            return table.export or 0
        at = table.older
    return 0

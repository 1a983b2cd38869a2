"""NumPy in and out without a copy."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tensorlab.core.dtype import bfloat16, from_numpy_dtype
from tensorlab.core.layout import Layout, layout
from tensorlab.core.storage import Storage
from tensorlab.errors import ArgumentError
from tensorlab.memory.allocator import DataPtr
from tensorlab.memory.owners import OwnerRegistry

if TYPE_CHECKING:
    from tensorlab.core.tensor import Tensor

Array = np.ndarray[Any, Any]
_BFLOAT16 = bfloat16.numpy


class _Exporter:
    """What an exported ndarray has as its base: it holds the storage, so that the bytes outlive the tensor."""

    __slots__ = ("__array_interface__", "storage")

    def __init__(self, storage: Storage, interface: dict[str, object]) -> None:
        self.storage = storage
        self.__array_interface__ = interface


def to_numpy(tensor: Tensor) -> Array:
    """An ndarray over a tensor's bytes; read-only if the storage is.

    Cost: no copy; a few microseconds.
    """
    shape, typestr, strides = _numpy_form(tensor.layout)
    interface: dict[str, object] = {
        "version": 3,
        "shape": shape,
        "typestr": typestr,
        "strides": strides,
        "data": (tensor.address or _NOWHERE.ctypes.data, tensor.storage().readonly),
    }
    array = np.asarray(_Exporter(tensor.storage(), interface))
    return array.view(_BFLOAT16) if tensor.layout.dtype is bfloat16 else array


@lru_cache(maxsize=4096)
def _numpy_form(form: Layout) -> tuple[tuple[int, ...], str, tuple[int, ...]]:
    size = form.dtype.itemsize
    # The interface has no word for bfloat16: the bytes travel as integers.
    typestr = "<i2" if form.dtype is bfloat16 else form.dtype.numpy.str
    return tuple(form.shape), typestr, tuple(s * size for s in form.strides)


def borrowed(tensor: Tensor) -> Array:
    """An ndarray over a tensor's bytes for the length of one call: it does not keep the storage alive.

    Cost: a quarter of `to_numpy`'s, because nothing has to hold the bytes.
    """
    if not tensor.layout.numel:
        return to_numpy(tensor)
    kind, lowest, offset, shape, dtype, strides = _borrowed_form(tensor.layout)
    return np.ndarray(shape, dtype, kind.from_address(tensor.address + lowest), offset, strides)


@lru_cache(maxsize=4096)
def _borrowed_form(form: Layout) -> tuple[Any, int, int, tuple[int, ...], np.dtype[np.generic], tuple[int, ...]]:
    """A buffer type that reaches from the lowest to the highest element, and where in it the first one is."""
    size = form.dtype.itemsize
    kind = ctypes.c_char * ((form.last - form.first + 1) * size)
    strides = tuple(s * size for s in form.strides)
    return kind, form.first * size, -form.first * size, tuple(form.shape), form.dtype.numpy, strides


_NOWHERE = np.zeros(1, np.int64)  # NumPy refuses a null address even for no elements


def from_numpy(array: Array) -> Tensor:
    """A tensor over an ndarray's bytes: what one writes, the other shows.

    The storage covers the ndarray's root buffer, keeps it alive by its reference count, and is shared by all imports
    of that buffer, with its version; read-only and writable imports of one buffer have a storage each, so that a write
    is refused where it should be. Negative strides are kept.

    Raises: `ArgumentError` for something that is no ndarray, or whose elements do not lie at multiples of their size;
            `DTypeError` for strings, objects and other dtypes, and for foreign byte order.
    """
    from tensorlab.core.tensor import Tensor

    if not isinstance(array, np.ndarray):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
        raise ArgumentError(f"from_numpy: got {type(array).__name__}; takes a numpy.ndarray")
    dtype = from_numpy_dtype(array.dtype, "from_numpy")
    size = dtype.itemsize
    root = _root(array)
    step = _address(array) - root.address
    ragged = any(s % size for n, s in zip(array.shape, array.strides, strict=True) if n != 1)
    if array.size and (ragged or step % size or root.address % size):
        raise ArgumentError(
            f"from_numpy: got an array whose elements lie {array.strides} bytes apart, from byte {step} of a buffer at "
            f"{root.address % size} bytes past a multiple of {size}; takes multiples of the item size {size}: copy it "
            "first"
        )
    form = layout(dtype, tuple(array.shape), tuple(s // size for s in array.strides))
    return Tensor(_storage(array, root), form, step // size)


@dataclass(frozen=True, slots=True)
class _Root:
    """The buffer at the end of an ndarray's chain of bases, and its storage where it is one of ours."""

    address: int
    nbytes: int
    storage: Storage | None = None


def _root(array: Array) -> _Root:
    base = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    owner: object = base.base
    if isinstance(owner, _Exporter):  # pyright: ignore[reportUnnecessaryIsInstance] - NumPy says a base is an ndarray
        return _Root(owner.storage.address, owner.storage.nbytes, owner.storage)
    if not base.size:
        return _Root(_address(array), 0)
    low, high = np.lib.array_utils.byte_bounds(base)
    return _Root(int(low), int(high) - int(low))


def _address(array: Array) -> int:
    return array.__array_interface__["data"][0]


# Storages of imported buffers: writable ones, and read-only ones.
_imports: dict[bool, OwnerRegistry[Storage]] = {True: OwnerRegistry(), False: OwnerRegistry()}


def _storage(array: Array, root: _Root) -> Storage:
    writable = bool(array.flags.writeable)
    if root.storage is not None and root.storage.readonly is not writable:
        return root.storage

    def make() -> Storage:
        # The ndarray is the context: it keeps the bytes alive, and its reference count says so.
        return Storage(DataPtr(root.address, root.nbytes, array, None), root.nbytes, readonly=not writable)

    return _imports[writable].get_or_create(root.address, root.nbytes, make)

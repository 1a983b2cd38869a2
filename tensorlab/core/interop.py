"""NumPy in and out without a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensorlab.core.dtype import from_numpy_dtype
from tensorlab.core.layout import layout
from tensorlab.core.storage import Storage
from tensorlab.errors import ArgumentError
from tensorlab.memory.allocator import DataPtr
from tensorlab.memory.owners import OwnerRegistry

if TYPE_CHECKING:
    from tensorlab.core.tensor import Tensor

Array = np.ndarray[Any, Any]


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
    form = tensor.layout
    size = form.dtype.itemsize
    interface: dict[str, object] = {
        "version": 3,
        "shape": tuple(form.shape),
        "typestr": form.dtype.numpy.str,
        "strides": tuple(s * size for s in form.strides),
        "data": (tensor.address or _NOWHERE.ctypes.data, tensor.storage().readonly),
    }
    return np.asarray(_Exporter(tensor.storage(), interface))


_NOWHERE = np.zeros(1, np.int64)  # NumPy refuses a null address even for no elements


def from_numpy(array: Array) -> Tensor:
    """A tensor over an ndarray's bytes: what one writes, the other shows.

    The storage covers the ndarray's root buffer, keeps it alive by its reference count, and is shared by all imports
    of that buffer, with its version. A read-only ndarray gives a read-only tensor; negative strides are kept.

    Raises: `ArgumentError` for something that is no ndarray, `DTypeError` for strings, objects and other dtypes.
    """
    from tensorlab.core.tensor import Tensor

    if not isinstance(array, np.ndarray):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ArgumentError(f"from_numpy: got {type(array).__name__}; takes a numpy.ndarray")
    dtype = from_numpy_dtype(array.dtype, "from_numpy")
    size = dtype.itemsize
    address: int = array.__array_interface__["data"][0]
    root = _root(array)
    if any(s % size for s in array.strides) or (address - root[0]) % size:
        raise ArgumentError(
            f"from_numpy: strides {array.strides} or the offset are no multiple of the item size {size}"
        )
    storage = root[2] or _imports.get_or_create(root[0], root[1], lambda: _storage_over(array, root))
    if storage.readonly is array.flags.writeable:
        # One buffer with read-only and writable views: a storage of its own, so that a write is refused where it should be.
        storage = _storage_over(array, root)
    form = layout(dtype, array.shape, tuple(s // size for s in array.strides))
    return Tensor(storage, form, (address - root[0]) // size)


_imports: OwnerRegistry[Storage] = OwnerRegistry()

Root = tuple[int, int, Storage | None]


def _root(array: Array) -> Root:
    """The buffer at the end of the chain of bases: address, size in bytes, and its storage where it is one of ours."""
    base: Array = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    if isinstance(base.base, _Exporter):
        storage = base.base.storage
        return storage.address, storage.nbytes, storage
    if base.base is None and base.flags.c_contiguous:
        return base.__array_interface__["data"][0], base.nbytes, None
    low, high = np.lib.array_utils.byte_bounds(base)
    return int(low), int(high - low), None


def _storage_over(array: Array, root: Root) -> Storage:
    pointer = DataPtr(root[0], root[1], array, None)
    return Storage(pointer, root[1], readonly=not array.flags.writeable)

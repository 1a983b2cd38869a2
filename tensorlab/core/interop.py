"""NumPy in and out without a copy."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from functools import lru_cache
from typing import Any, cast

import numpy as np

from tensorlab.core.array_head import IN_ONE_PIECE, PLAIN, WRITEABLE, Array, head_at
from tensorlab.core.dtype import from_numpy_dtype
from tensorlab.core.foreign import storage_over, whole_storage
from tensorlab.core.layout import Layout, layout
from tensorlab.core.lending import lend
from tensorlab.core.sharing_native import entries
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError

_FORMS = 4096  # layouts remembered in either direction; beyond it a table starts over

# Out ------------------------------------------------------------------------------------------------------------------

_NDARRAY = np.ndarray
_Form = tuple[tuple[int, ...], "np.dtype[np.generic]", tuple[int, ...] | None, int]
_forms: dict[Layout, _Form] = {}


def to_numpy(tensor: Tensor) -> Array:
    """An ndarray over a tensor's bytes, which keeps the storage alive; read-only if the storage is.

    Cost: no copy; a microsecond, and half of that once there were many (see `core.sharing_native`).
    """
    array = entries.to_array(tensor)
    return _lent_array(tensor) if array is None else array


def _lent_array(tensor: Tensor) -> Array:
    form = tensor.layout
    shape, dtype, strides, size = _forms[form] if form in _forms else _form_of(form)
    storage = tensor._storage  # pyright: ignore[reportPrivateUsage] - a call of ``storage`` is a twentieth of this
    array = _NDARRAY(shape, dtype, lend(storage), tensor.offset * size, strides)
    if storage.readonly:
        array.setflags(write=False)
    return array


def _form_of(form: Layout) -> _Form:
    if len(_forms) >= _FORMS:
        _forms.clear()
    size = form.dtype.itemsize
    strides = None if form.is_contiguous else tuple(s * size for s in form.strides)
    # Without elements a tensor may begin beyond its storage, which an ndarray may not: it begins at the first byte.
    unit = size if form.numel else 0
    found = _forms[form] = tuple(form.shape), form.dtype.numpy, strides, unit
    entries.learn_form(form, unit)
    return found


def borrowed(tensor: Tensor) -> Array:
    """An ndarray over a tensor's bytes for the length of one call: it does not keep the storage alive.

    Cost: half of `to_numpy`'s, because nothing has to hold the bytes.
    """
    if not tensor.layout.numel:
        return to_numpy(tensor)
    kind, lowest, offset, shape, dtype, strides = _borrowed_form(tensor.layout)
    return np.ndarray(shape, dtype, kind.from_address(tensor.address + lowest), offset, strides)


@lru_cache(maxsize=_FORMS)
def _borrowed_form(form: Layout) -> tuple[Any, int, int, tuple[int, ...], np.dtype[np.generic], tuple[int, ...]]:
    """A buffer type that reaches from the lowest to the highest element, and where in it the first one is."""
    size = form.dtype.itemsize
    kind = ctypes.c_char * ((form.last - form.first + 1) * size)
    strides = tuple(s * size for s in form.strides)
    return kind, form.first * size, -form.first * size, tuple(form.shape), form.dtype.numpy, strides


# In -------------------------------------------------------------------------------------------------------------------


_CAPSULE = type(np.zeros(0).__dlpack__())
_new: Any = object.__new__
_Known = tuple[Layout, int, int, int]
_known: dict[tuple[Any, ...], _Known] = {}


def from_numpy(array: Array) -> Tensor:
    """A tensor over an ndarray's bytes: what one writes, the other shows.

    The storage covers the ndarray's root buffer, keeps it alive by its reference count, and is shared by all imports
    of that buffer, with its version; read-only and writable imports of one buffer have a storage each, so that a write
    is refused where it should be, and hear of each other's writes. Negative strides are kept. What NumPy writes raises
    no version: it tells nobody, and autograd takes a saved tensor for unchanged.

    Cost: a microsecond or two for an ndarray that owns its bytes; half of one once there were many (see
          `core.sharing_native`).
    Raises: `ArgumentError` for something that is no ndarray, or whose elements do not lie at multiples of their size;
            `DTypeError` for strings, objects and other dtypes, and for foreign byte order.
    """
    made = entries.from_array(array)
    return _imported(array) if made is None else made


def _imported(array: Array) -> Tensor:
    if type(array) is not _NDARRAY and not isinstance(array, _NDARRAY):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ArgumentError(f"from_numpy: got {type(array).__name__}; takes a numpy.ndarray")
    known = _known.get((array.dtype, array.shape, array.strides))
    form, low, high, size = _learn(array) if known is None else known
    head = head_at(id(array))
    address: int = head.data
    base = array.base
    # The common cases: an ndarray that owns its bytes and lets them be written, and a view of such a one.
    if base is None:
        if head.flags & PLAIN == PLAIN and not low and high and not address % size:
            tensor = _new(Tensor)  # written out, as in `core.tensor.fresh`
            tensor.tape = tensor.base = None
            tensor._storage = whole_storage(address, high, array)
            tensor.layout = form
            tensor.offset = 0
            tensor.address = address
            return tensor
    elif type(base) is _NDARRAY and base.base is None and low != high and head.flags & WRITEABLE:
        whole = head_at(id(base))
        start: int = whole.data
        if whole.flags & PLAIN == PLAIN and whole.flags & IN_ONE_PIECE and not (start | address) % size:
            return Tensor(whole_storage(start, base.nbytes, array), form, (address - start) // size)
    return _of_view(array, form, address, readonly=not head.flags & WRITEABLE)


def _learn(array: Array) -> _Known:
    """An ndarray's layout, the bytes it reaches from its first element on, and its item size."""
    dtype = from_numpy_dtype(array.dtype, "from_numpy")
    size = dtype.itemsize
    if array.size and any(s % size for n, s in zip(array.shape, array.strides, strict=True) if n != 1):
        raise _uneven(array, size)
    form = layout(dtype, tuple(array.shape), tuple(s // size for s in array.strides))
    if len(_known) >= _FORMS:
        _known.clear()
    low, high = form.span
    found = _known[array.dtype, array.shape, array.strides] = form, low, high, size
    entries.learn_array(array, form)
    return found


def _uneven(array: Array, size: int) -> ArgumentError:
    past = head_at(id(array)).data % size
    return ArgumentError(
        f"from_numpy: got an array whose elements lie {array.strides} bytes apart, the first at {past} bytes past a "
        f"multiple of {size}; takes multiples of the item size {size}: copy it first"
    )


def _of_view(array: Array, form: Layout, address: int, *, readonly: bool) -> Tensor:
    """A tensor over an ndarray whose bytes may be another object's.

    The storage covers that object's bytes where they can be seen: all imports of it then have the same one.
    """
    low, high = form.span
    if low != high and address % form.dtype.itemsize:
        raise _uneven(array, form.dtype.itemsize)
    if type(cast(object, array.base)) is _CAPSULE:  # DLPack shows a part and nothing of the whole
        return _over(array, form, address, (address + low, address + high), readonly=readonly)
    start, stop, storage = _root(array)
    if storage is not None and storage.readonly is readonly and not (address - storage.address) % form.dtype.itemsize:
        return Tensor(storage, form, (address - storage.address) // form.dtype.itemsize)
    if not (start <= address + low and address + high <= stop) or (address - start) % form.dtype.itemsize:
        start, stop = address + low, address + high
    return _over(array, form, address, (start, stop), readonly=readonly)


def _over(array: Array, form: Layout, address: int, ends: tuple[int, int], *, readonly: bool) -> Tensor:
    size = form.dtype.itemsize
    # An ndarray that owns its bytes cannot show ours.
    ours = array.base is not None
    storage = storage_over(*ends, array, readonly=readonly, first=address, itemsize=size, ours=ours)
    return Tensor(storage, form, (address - storage.address) // size)


def _root(array: Array) -> tuple[int, int, Storage | None]:
    """Where the buffer at the end of an ndarray's chain of bases begins and ends; its storage where it is ours."""
    base, owner = array, cast(object, array.base)
    while isinstance(owner, (np.ndarray, memoryview)):
        if isinstance(owner, np.ndarray):
            base, owner = cast(Array, owner), cast(object, owner.base)
        else:
            owner = owner.obj
    if owner is not None:
        storage = getattr(owner, "storage", None)
        if isinstance(storage, Storage):
            return storage.address, storage.address + storage.nbytes, storage
        with suppress(BufferError, TypeError, ValueError, AttributeError):  # it exports nothing, or not in one piece
            base = np.frombuffer(cast(Any, owner), np.uint8)
    address = head_at(id(base)).data
    if not base.size:
        return address, address, None
    reach = [(n - 1) * s for n, s in zip(base.shape, base.strides, strict=True)]
    return address + sum(s for s in reach if s < 0), address + sum(s for s in reach if s > 0) + base.itemsize, None

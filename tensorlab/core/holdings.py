"""Holdings: the bytes behind an object, ours or foreign, found without importing, copying or changing anything.

A foreign object can only be there where the module of its class is loaded, so classes are looked up among the loaded
modules. What shows its values only as a copy has no bytes to compare: it is told with the reason (`Unseen`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, cast

import numpy as np
from numpy.lib.array_utils import byte_bounds

from tensorlab.core import columns
from tensorlab.core.frameworks import of_jax, of_torch, root_of_torch
from tensorlab.core.holding import Found, Holding, Root, Unseen, dense, reach
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.memory import describe as describe_block

Array = np.ndarray[Any, Any]


Finder = Callable[[Any], Found]
# Numbers, texts and code: looked at more often than all else, and never with bytes to share.
_CODE = (type, ModuleType, FunctionType, BuiltinFunctionType)
_PLAIN: tuple[type, ...] = (int, float, complex, bool, str, type(None), np.generic, np.dtype, *_CODE)
_CPU_DEVICES = (1, 3, 11, 13)  # DLPack: main memory, page-locked by CUDA, by ROCm, managed
_COPIES = {"PIL": "it gives its pixels only as a copy"}


class Holdings:
    """Finds the bytes behind objects; keeps what it learned of each class for as long as it is used."""

    __slots__ = ("_finders",)

    def __init__(self) -> None:
        self._finders: dict[type, Finder | None] = {}

    def of(self, value: object) -> Found:
        """The pieces of memory that a value shows, empty for one that shows none."""
        kind = type(value)
        if kind not in self._finders:
            self._finders[kind] = _finder(value)
        finder = self._finders[kind]
        if finder is not None:
            return finder(value)
        if not isinstance(value, _PLAIN) and "__array_interface__" in getattr(value, "__dict__", ()):
            return _of_interface(value)
        return ()


def _finder(value: object) -> Finder | None:
    if isinstance(value, _PLAIN):
        return None
    for class_, finder in _loaded():
        if isinstance(value, class_):
            return finder
    top = type(value).__module__.partition(".")[0]
    if top in _COPIES:
        return lambda value: (Unseen(_kind(value), _COPIES[top]),) if hasattr(value, "tobytes") else ()
    try:
        memoryview(cast(Any, value)).release()
    except TypeError:  # exports no buffer
        pass
    except (BufferError, ValueError):
        return _of_buffer  # it does, but not now
    else:
        return _of_buffer
    protocols = {"__array_interface__": _of_interface, "__cuda_array_interface__": _of_cuda, "__dlpack__": _of_dlpack}
    return next((finder for name, finder in protocols.items() if hasattr(type(value), name)), None)


def _loaded() -> Iterator[tuple[type, Finder]]:
    yield Tensor, _of_tensor
    yield Storage, _of_storage
    yield np.ndarray, _of_array
    for module, name, finder in _FOREIGN:
        class_ = getattr(sys.modules.get(module), name, None)
        if isinstance(class_, type):
            yield class_, finder


def _kind(value: object) -> str:
    kind = type(value)
    top = kind.__module__.partition(".")[0]
    return kind.__name__ if top in ("builtins", "numpy", "tensorlab", "__main__") else f"{top}.{kind.__name__}"


def _of_tensor(value: Tensor) -> Found:
    storage, size = value.storage(), value.dtype.itemsize
    return (
        Holding(
            kind="Tensor",
            shape=tuple(value.shape),
            steps=tuple(s * size for s in value.strides),
            dtype=value.dtype.name,
            itemsize=size,
            address=value.address,
            root=root_of_storage(storage),
            thing=value,
            base=storage.address,
            version=storage.version,
            readonly=storage.readonly,
            typestr=value.dtype.numpy.name,
        ),
    )


def _of_storage(value: Storage) -> Found:
    root = root_of_storage(value)
    piece = Holding("Storage", (value.nbytes,), (1,), "byte", 1, value.address, root, value, value.address)
    return (replace(piece, version=value.version, readonly=value.readonly, typestr="uint8"),)


def root_of_storage(storage: Storage) -> Root:
    """A tensor's storage, or the array behind it: the tensor may have been made from a part of that array."""
    storage = storage.owner
    pointer = storage.pointer
    if isinstance(pointer.context, np.ndarray):
        return _root_of_array(cast(Array, pointer.context))
    root = Root(storage, storage.address, storage.nbytes, "", place=pointer.device)
    block = describe_block(pointer)
    if block is not None:
        return replace(root, origin="caching allocator", block_nbytes=block.nbytes, pointer=pointer)
    if storage.allocator is not None:
        name = f"allocator {storage.allocator.name}"
        return replace(root, origin=name, block_nbytes=pointer.nbytes, pointer=pointer)
    return replace(root, origin=_buffer_of(pointer.context))


def _of_array(value: Array) -> Found:
    root = _root_of_array(value)
    return (
        Holding(
            kind="ndarray" if type(value) is np.ndarray else _kind(value),
            shape=value.shape,
            steps=value.strides,
            dtype=str(value.dtype),
            itemsize=value.itemsize,
            address=_address(value),
            root=root,
            thing=value,
            base=root.address,
            readonly=not value.flags.writeable,
            typestr="" if value.dtype.hasobject else _numpy_word(value.dtype),
        ),
    )


def _numpy_word(dtype: np.dtype[Any]) -> str:
    return dtype.name if dtype.kind == "V" and dtype.names is None else dtype.str if dtype.names is None else ""


def _root_of_array(array: Array) -> Root:
    """The buffer at the end of an array's chain of bases."""
    base = array
    while isinstance(base.base, np.ndarray):
        base = cast(Array, base.base)
    owner: Any = base.base
    while isinstance(owner, memoryview):
        owner = owner.obj
    if owner is None:
        return Root(base, _address(base), base.nbytes, "NumPy array")
    storage = getattr(owner, "storage", None)
    if isinstance(storage, Storage):  # what `Tensor.numpy` gave
        return root_of_storage(storage)
    torch_tensor = getattr(sys.modules.get("torch"), "Tensor", None)
    if torch_tensor is not None and isinstance(owner, torch_tensor):
        return root_of_torch(owner)
    low, high = byte_bounds(base)
    span = Root(owner, low, high - low if base.size else 0, _buffer_of(owner))
    whole = _whole_buffer(owner)
    return span if whole is None else replace(span, address=_address(whole), nbytes=whole.nbytes)


def _whole_buffer(owner: Any) -> Array | None:
    """All bytes of an object that exports them in one piece."""
    try:
        return np.frombuffer(owner, np.uint8)
    except (BufferError, TypeError, ValueError):  # no buffer, an empty one, or one that is not contiguous
        return None


def _buffer_of(owner: object) -> str:
    name = type(owner).__name__
    return "DLPack export" if name == "PyCapsule" else f"buffer of {article(name)} {name}"


def _memory_of(value: object) -> str:
    name = type(value).__name__
    return f"memory of {article(name)} {name}"


def article(name: str) -> str:
    """``a`` or ``an``, as the name sounds."""
    return "an" if name.startswith((*"aeioAEIO", "nd", "mm")) else "a"


def _address(array: Array) -> int:
    return array.__array_interface__["data"][0]


def _of_buffer(value: Any) -> Found:
    """What exports a buffer: bytearray, mmap, memoryview, array.array, ctypes."""
    kind = _kind(value)
    try:
        view = memoryview(value)
    except (BufferError, ValueError) as error:
        return (Unseen(kind, str(error)),)
    with view:
        if view.suboffsets and any(s >= 0 for s in view.suboffsets):
            return (Unseen(kind, "its rows lie in separate pieces of memory"),)
        try:
            seen = np.frombuffer(view, np.uint8) if view.c_contiguous and view.nbytes else np.asarray(view)
        except (BufferError, TypeError, ValueError) as error:
            return (Unseen(kind, str(error)),)
        address = _address(seen) if view.nbytes else 0
        owner: Any = view.obj
        root = _root_of_array(seen) if owner is not None else Root(value, address, view.nbytes, _buffer_of(value))
        piece = Holding(kind, view.shape or (), view.strides or (), "", view.itemsize, address, root, value, 0)
        found = replace(
            piece,
            dtype=_format_name(view.format),
            base=root.address,
            readonly=view.readonly,
            typestr=_format_name(view.format, ""),
        )
        del seen, owner
    return (found,)


_FORMATS = {"B": "uint8", "b": "int8", "c": "uint8", "?": "bool", "f": "float32", "d": "float64", "e": "float16"}


def _format_name(form: str, unknown: str = "bytes") -> str:
    """NumPy's name for a buffer's format."""
    plain = form.removeprefix("@").removeprefix("<")
    if plain in _FORMATS:
        return _FORMATS[plain]
    return np.dtype(plain).name if len(plain) == 1 and plain in "hHiIlLqQ" else unknown


def _of_interface(value: Any) -> Found:
    kind = _kind(value)
    interface = value.__array_interface__
    if not isinstance(interface.get("data"), tuple):
        return (Unseen(kind, "its array interface gives the values as a copy"),)
    return _of_described(value, kind, interface, "cpu")


def _of_cuda(value: Any) -> Found:
    return _of_described(value, _kind(value), value.__cuda_array_interface__, "cuda")


def _of_described(value: object, kind: str, interface: dict[str, Any], place: str) -> Found:
    """What an array interface says; nothing is read through it."""
    dtype = np.dtype(interface["typestr"])
    shape = tuple(interface["shape"])
    steps = interface.get("strides") or dense(shape, dtype.itemsize)
    address, readonly = interface["data"]
    low, high = reach(address, shape, steps, dtype.itemsize)
    root = Root(value, low, high - low, _memory_of(value), place=place)
    piece = Holding(kind, shape, tuple(steps), str(dtype), dtype.itemsize, address, root, value, low)
    return (replace(piece, readonly=bool(readonly), typestr=_numpy_word(dtype)),)


def _of_dlpack(value: Any) -> Found:
    kind = _kind(value)
    device, number = value.__dlpack_device__()
    if int(device) not in _CPU_DEVICES:
        return (Unseen(kind, f"its bytes are on device {int(device)}:{number}"),)
    try:
        seen = np.from_dlpack(value, copy=False)
    except TypeError:  # made before DLPack could be asked for no copy: then none is ever made
        seen = np.from_dlpack(value)
    except (BufferError, RuntimeError, ValueError) as error:
        return (Unseen(kind, str(error).partition("\n")[0]),)
    (found,) = cast(tuple[Holding], _of_array(seen))
    root = replace(found.root, owner=value, origin=_memory_of(value))
    return (replace(found, kind=kind, root=root, thing=value),)


def _of_columns(value: Any) -> Found:
    """The buffers of a pandas or Arrow object, each found as what it is itself."""
    found: list[Holding | Unseen] = []
    for part in columns.parts(value):
        if isinstance(part, columns.Hidden):
            found.append(Unseen(part.kind, part.reason, part.part))
        elif isinstance(part, columns.Span):
            root = Root(part.owner, part.root_address, part.root_nbytes, "Arrow buffer")
            piece = Holding(
                part.kind, part.shape, part.steps, part.dtype, part.itemsize, part.address, root, part.owner, 0
            )
            found.append(replace(piece, base=part.root_address, part=part.part, readonly=True, typestr=part.typestr))
        else:
            found += [
                replace(piece, kind=part.kind, part=part.part + piece.part)
                for piece in _of_array(part.array)
                if isinstance(piece, Holding)
            ]
    return tuple(found)


_FOREIGN: tuple[tuple[str, str, Finder], ...] = (
    ("torch", "Tensor", of_torch),
    ("jax", "Array", of_jax),
    ("pandas", "DataFrame", _of_columns),
    ("pandas", "Series", _of_columns),
    ("pandas", "Index", _of_columns),
    ("pyarrow", "Table", _of_columns),
    ("pyarrow", "RecordBatch", _of_columns),
    ("pyarrow", "ChunkedArray", _of_columns),
    ("pyarrow", "Array", _of_columns),
)

"""A storage as torch shows it: bytes that can be read, written and resized, and nothing about what they mean."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from weakref import WeakValueDictionary

from tensorlab.core.device import CPU, device
from tensorlab.core.resizing_storage import resize_storage
from tensorlab.core.shared_storage import is_shared, share
from tensorlab.core.storage import Storage
from tensorlab.errors import AliasError, ArgumentError, DimError, RangeError, ShapeError
from tensorlab.memory.pinned import is_pinned


class UntypedStorage:
    """The bytes of a storage, one by one; a new one has ``nbytes`` uninitialised bytes.

    One object a storage while it is used: `Tensor.untyped_storage` gives the same one again. Writing raises the version
    of all tensors over it.
    """

    __slots__ = ("__weakref__", "_storage")

    def __init__(self, nbytes: int = 0) -> None:
        if type(nbytes) is not int or nbytes < 0:
            raise RangeError(f"UntypedStorage: takes a number of bytes of at least 0, got {nbytes!r}")
        self._storage = Storage.empty(nbytes)
        _shown[id(self._storage)] = self

    @property
    def record(self) -> Storage:
        """The storage itself: data pointer, allocator, version."""
        return self._storage

    @property
    def device(self) -> device:
        """Where the bytes are."""
        return CPU

    def nbytes(self) -> int:
        """How many bytes there are."""
        return self._storage.nbytes

    size = nbytes
    __len__ = nbytes

    def element_size(self) -> int:
        """Bytes of an element: they are the elements."""
        return 1

    def data_ptr(self) -> int:
        """Address of the first byte."""
        return self._storage.address

    def resizable(self) -> bool:
        """Whether the bytes are an allocator's, and not imported."""
        return self._storage.owner.allocator is not None and not self.is_shared()

    def is_pinned(self, device: object = None) -> bool:
        """Whether the pages that the bytes are in are locked; ``device`` is taken and changes nothing."""
        return is_pinned(self._storage.owner.pointer)

    def is_shared(self) -> bool:
        """Whether other processes can have these bytes too."""
        return is_shared(self._storage)

    def share_memory_(self) -> UntypedStorage:
        """Move the bytes to memory that other processes can have too.

        Raises: `AliasError` for imported memory, or memory that is lent to NumPy or another library.
        """
        share(self._storage, "share_memory_")
        return self

    def resize_(self, nbytes: int) -> UntypedStorage:
        """Become larger or smaller, under all tensors over the storage.

        Raises: as `core.resizing_storage.resize_storage`.
        """
        if type(nbytes) is not int:
            raise ArgumentError(f"resize_: argument 'size' takes an int, got {type(nbytes).__name__}")
        resize_storage(self._storage, nbytes, "resize_")
        return self

    def copy_(self, source: UntypedStorage) -> UntypedStorage:
        """Take over another storage's bytes, which may be in part the same.

        Raises: `ShapeError` for another number of them; `AliasError` for read-only memory.
        """
        if source.nbytes() != self.nbytes():
            raise ShapeError(
                f"copy_: size does not match, self was {self.nbytes()} bytes but src was {source.nbytes()} bytes"
            )
        self._check_writable("copy_")
        ctypes.memmove(self._storage.address, source.data_ptr(), self.nbytes())
        self._storage.written()
        return self

    def fill_(self, value: int) -> UntypedStorage:
        """Set every byte.

        Raises: `RangeError` for what is no byte; `AliasError` for read-only memory.
        """
        self._check_writable("fill_")
        ctypes.memset(self._storage.address, _byte(value, "fill_"), self.nbytes())
        self._storage.written()
        return self

    def clone(self) -> UntypedStorage:
        """A copy of the bytes."""
        return UntypedStorage(self.nbytes()).copy_(self)

    def tolist(self) -> list[int]:
        """The bytes as integers from 0 to 255."""
        return list(ctypes.string_at(self._storage.address, self.nbytes())) if self.nbytes() else []

    def __iter__(self) -> Iterator[int]:
        return iter(self.tolist())

    def __getitem__(self, index: int) -> int:
        return ctypes.string_at(self._storage.address + self._place(index), 1)[0]

    def __setitem__(self, index: int, value: int) -> None:
        place = self._place(index)
        self._check_writable("storage")
        ctypes.memset(self._storage.address + place, _byte(value, "storage"), 1)
        self._storage.written()

    def _place(self, index: int) -> int:
        if type(index) is not int:
            raise ArgumentError(f"storage: takes an int as index, got {type(index).__name__}")
        nbytes = self.nbytes()
        if not -nbytes <= index < nbytes:
            raise DimError(f"storage: index {index} out of range for storage of size {nbytes}")
        return index % nbytes

    def _check_writable(self, op: str) -> None:
        if self._storage.readonly:
            raise AliasError(f"{op}: the storage is read-only: it was imported from a read-only buffer")

    def __repr__(self) -> str:
        bytes_ = self.tolist()
        shown = bytes_ if len(bytes_) <= 1000 else [*bytes_[:10], "...", *bytes_[-10:]]
        lines = "\n".join(f" {b}" for b in shown)
        end = f"[tensorlab.UntypedStorage(device=cpu) of size {self.nbytes()}]"
        return f"{lines}\n{end}" if lines else end


def _byte(value: object, op: str) -> int:
    if type(value) is not int or not 0 <= value <= 255:
        raise RangeError(f"{op}: takes a byte, an int from 0 to 255, got {value!r}")
    return value


_shown: WeakValueDictionary[int, UntypedStorage] = WeakValueDictionary()  # by the storage's id, which it keeps taken


def shown(storage: Storage) -> UntypedStorage:
    """The one `UntypedStorage` of a storage."""
    found = _shown.get(id(storage))
    if found is None:
        found = UntypedStorage.__new__(UntypedStorage)
        found._storage = storage  # pyright: ignore[reportPrivateUsage] - of this file
        found = _shown.setdefault(id(storage), found)
    return found

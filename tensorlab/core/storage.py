"""Storage: bytes with an owner, and nothing about what they mean."""

from __future__ import annotations

from tensorlab.core.place import CodePlace, user_place
from tensorlab.memory import current
from tensorlab.memory.allocator import Allocator, DataPtr

_WRITES_KEPT = 64


class Storage:
    """A `DataPtr`, its size, the allocator it came from, and a version that every in-place write raises.

    ``writes`` is a list once somebody depends on the bytes staying as they are (autograd has saved them): from then on
    it holds the last versions, each with the user's line that made it.

    Units: ``nbytes`` in bytes, as asked for; the allocator's block may be larger.
    The storage is the one owner of its data pointer: when the storage dies, the deleter runs.
    """

    __slots__ = ("__weakref__", "address", "allocator", "nbytes", "pointer", "readonly", "version", "writes")

    def __init__(
        self, pointer: DataPtr, nbytes: int, allocator: Allocator | None = None, *, readonly: bool = False
    ) -> None:
        self.pointer = pointer
        self.address = pointer.address
        self.nbytes = nbytes
        self.allocator = allocator
        self.readonly = readonly
        self.version = 0
        self.writes: list[tuple[int, CodePlace | None]] | None = None

    @classmethod
    def empty(cls, nbytes: int) -> Storage:
        """A storage of uninitialised bytes from the current allocator."""
        allocator = current.allocator
        return cls(allocator.allocate(nbytes), nbytes, allocator)

    def __del__(self) -> None:
        try:
            pointer = self.pointer
            free = pointer.deleter
        except AttributeError:  # making it did not come to its end: there is nothing to give back
            return
        if free is not None:
            free(pointer)

    def written(self, place: CodePlace | None = None) -> None:
        """Raise the version, and note who wrote where that is asked for; who writes to many finds the place once."""
        self.version += 1
        if self.writes is not None:
            self.writes[_WRITES_KEPT:] = []
            self.writes.insert(0, (self.version, place or user_place()))

    def unwatched(self) -> Storage:
        """The same bytes under a version of their own: writes through it are not seen here, nor those here there."""
        owner = self.owner
        return Storage(
            DataPtr(self.address, self.nbytes, owner, None), self.nbytes, self.allocator, readonly=self.readonly
        )

    @property
    def owner(self) -> Storage:
        """The storage that the bytes are given back with: itself, but for one that is `unwatched`."""
        context = self.pointer.context
        return context if isinstance(context, Storage) else self

    def data_ptr(self) -> int:
        """Address of the first byte."""
        return self.address

    def __len__(self) -> int:
        return self.nbytes

    def __repr__(self) -> str:
        source = "imported" if self.allocator is None else self.allocator.name
        return f"Storage({self.nbytes} bytes, {source}, version {self.version})"

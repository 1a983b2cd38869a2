"""Storages over bytes that somebody else owns: one for one buffer, whatever protocol it came by."""

from __future__ import annotations

import gc
from typing import Any
from weakref import ref

from tensorlab.core.lending import lenders
from tensorlab.core.linked_storage import LINKED, link, written_by_kin
from tensorlab.core.place import CodePlace
from tensorlab.core.storage import Storage
from tensorlab.memory.allocator import DataPtr
from tensorlab.memory.owners import OwnerRegistry


class ImportedStorage(Storage):
    """A writable storage over bytes that ``keeper`` owns or keeps alive, such as an ndarray.

    The data pointer is made when it is asked for: importing is to cost little.
    """

    __slots__ = ("keeper",)

    keeper: object
    allocator = None
    readonly = False

    @property
    def pointer(self) -> DataPtr:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The bytes, with what keeps them."""
        return DataPtr(self.address, self.nbytes, self.keeper, None)

    # Nothing is given back: the ndarray goes with its last reference. What is called for that had better cost nothing.
    __del__: Any = gc.isenabled


class LinkedImport(ImportedStorage):
    """One with others over bytes of its own."""

    __slots__ = ()

    def written(self, place: CodePlace | None = None) -> None:
        """Raise the version here and in each storage that is linked."""
        written_by_kin(self, place)


LINKED[ImportedStorage] = LinkedImport

imports: OwnerRegistry[Storage] = OwnerRegistry()
"""The living storages over foreign bytes, by where these are; without those of `wholes`."""

wholes: dict[int, ref[ImportedStorage]] = {}
"""Storages over ndarrays that own their bytes, by address; some are dead.

Such ndarrays do not overlap each other, so that they need no order among themselves: they get one in `imports` when
something is imported that may overlap them.
"""

MOST_WHOLES = 1024
"""How many `wholes` there may be before the dead ones are looked for."""

_new: Any = object.__new__


def whole_storage(address: int, nbytes: int, array: object) -> Storage:
    """The storage over a writable ndarray that owns its bytes.

    Cost: a look-up where nothing else than such ndarrays is imported at the time.
    """
    seen = wholes[address] if address in wholes else None  # noqa: SIM401 - ``get`` is a call, and those cost
    if seen is not None:
        known = seen()
        if known is not None and known.nbytes == nbytes:
            return known
    changes = imports.changes
    if imports.regions and imports.meeting(address, address + nbytes):
        return storage_over(address, address + nbytes, array, readonly=False, first=address, itemsize=1)
    storage = _imported(address, nbytes, array)
    own = ref(storage)
    # No call between the question and the change, so no other thread either.
    if (wholes[address] if address in wholes else None) is not seen:  # noqa: SIM401 - ``get`` is a call
        return whole_storage(address, nbytes, array)
    wholes[address] = own
    if changes != imports.changes or len(wholes) > MOST_WHOLES:
        _settle()
        _meet(storage)
    return storage


def _imported(address: int, nbytes: int, keeper: object) -> ImportedStorage:
    storage = _new(ImportedStorage)
    storage.address = address
    storage.nbytes = nbytes
    storage.version = 0
    storage.writes = None
    storage.keeper = keeper
    return storage


def _settle() -> None:
    """Give the living `wholes` their place in `imports`, and forget the dead ones."""
    for address, known in list(wholes.items()):
        storage = known()
        if storage is not None:
            imports.add(address, address + storage.nbytes, storage)
        if address in wholes and wholes[address] is known:
            del wholes[address]


def _meet(storage: Storage) -> None:
    """Link a storage with those that came in at the same time."""
    met = imports.meeting(storage.address, storage.address + storage.nbytes)
    if any(other is not storage for other in met):
        link((storage, *met))


def storage_over(
    start: int, stop: int, keeper: object, *, readonly: bool, first: int, itemsize: int, ours: bool = False
) -> Storage:
    """The storage for the bytes from ``start`` up to, not with, ``stop``, which ``keeper`` keeps alive.

    A known storage that has all of them is given again, if it is as writable and the element at the address ``first``
    lies at a multiple of ``itemsize`` in it. Else there is a new one, linked with those that have some of them, so
    that a write to one raises the version of all. ``ours`` says to look among the bytes that we have lent, too.
    """
    while True:
        if wholes:
            _settle()
        changes = imports.changes
        known: tuple[Storage, ...] = imports.meeting(start, stop)
        if ours:
            known = (*lenders(start, stop), *known)
        for storage in known:
            inside = storage.address <= start and stop <= storage.address + storage.nbytes
            if inside and storage.readonly is readonly and not (first - storage.address) % itemsize:
                return storage
        if readonly:
            new = Storage(DataPtr(start, stop - start, keeper, None), stop - start, readonly=True)
        else:
            new = _imported(start, stop - start, keeper)
        if not imports.add(start, stop, new, changes):
            continue
        if known:
            link((new, *known))
        if wholes:
            _settle()
            _meet(new)
        return new

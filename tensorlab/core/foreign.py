"""Storages over bytes that somebody else owns: one for one buffer, whatever protocol it came by."""

from __future__ import annotations

from tensorlab.core.lending import lenders
from tensorlab.core.linked_storage import link
from tensorlab.core.storage import Storage
from tensorlab.memory.allocator import DataPtr
from tensorlab.memory.owners import OwnerRegistry

imports: OwnerRegistry[Storage] = OwnerRegistry()
"""The living storages over foreign bytes, by where these are."""


def storage_over(
    start: int, stop: int, keeper: object, *, readonly: bool, first: int, itemsize: int, ours: bool = False
) -> Storage:
    """The storage for the bytes from ``start`` up to, not with, ``stop``, which ``keeper`` keeps alive.

    A known storage that has all of them is given again, if it is as writable and the element at the address ``first``
    lies at a multiple of ``itemsize`` in it. Else there is a new one, linked with those that have some of them, so
    that a write to one raises the version of all. ``ours`` says to look among the bytes that we have lent, too.
    """

    def choose(met: tuple[Storage, ...]) -> Storage:
        known = (*lenders(start, stop), *met) if ours else met
        for storage in known:
            inside = storage.address <= start and stop <= storage.address + storage.nbytes
            if inside and storage.readonly is readonly and not (first - storage.address) % itemsize:
                return storage
        new = Storage(DataPtr(start, stop - start, keeper, None), stop - start, readonly=readonly)
        if known:
            link((new, *known))
        return new

    if start >= stop:
        return choose(())
    while True:
        changes = imports.changes
        met = imports.meeting(start, stop)
        storage = choose(met)
        if storage.allocator is not None or storage in met or imports.add(start, stop, storage, changes):
            return storage

"""Storages that show the same bytes without being one: a write through the one is a write to the others."""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary, WeakSet

from tensorlab.core.place import CodePlace, user_place
from tensorlab.core.storage import Storage

_kin: WeakKeyDictionary[Storage, WeakSet[Storage]] = WeakKeyDictionary()


class LinkedStorage(Storage):
    """A storage with others over bytes of its own: each write raises the version of all of them.

    An import that covers more than a known one, or the same bytes read-only, or elements that do not lie at multiples
    of their size from where the known one begins, needs a storage of its own. Each counts from where it stood. As with
    views of one storage, a write to a part raises the version for all of it.
    """

    __slots__ = ()

    def written(self, place: CodePlace | None = None) -> None:
        """Raise the version here and in each storage that is linked."""
        written_by_kin(self, place)


LINKED: dict[type[Storage], type[Storage]] = {Storage: LinkedStorage}
"""What a storage of each class becomes when it is linked."""


def written_by_kin(storage: Storage, place: CodePlace | None) -> None:
    """Raise the version of a storage and of each that is linked with it."""
    others = _kin[storage]
    if place is None and any(other.writes is not None for other in others):
        place = user_place()
    for other in others:
        Storage.written(other, place)


def link(storages: Iterable[Storage]) -> None:
    """Let storages tell each other of writes, with those that they told before."""
    everyone: WeakSet[Storage] = WeakSet()
    for storage in storages:
        everyone.update(_kin.get(storage, (storage,)))
    for storage in everyone:
        _kin[storage] = everyone
        # The linked class has no slots of its own: a storage can become one, so that those without kin pay nothing.
        storage.__class__ = LINKED.get(type(storage), type(storage))


def linked(storage: Storage) -> tuple[Storage, ...]:
    """The other storages that hear of this one's writes."""
    return tuple(other for other in _kin.get(storage, ()) if other is not storage)

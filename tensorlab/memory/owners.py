"""Who owns an imported buffer: one owner for one buffer, however often it is imported."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from tensorlab.errors import AliasError

OwnerT = TypeVar("OwnerT")


class OwnerRegistry(Generic[OwnerT]):
    """The living owner of each imported buffer, by the buffer's address and size.

    Two imports of one array must share one storage, and so one version counter: with two, a write through the one
    would not be seen by what autograd saved of the other. The key is the whole buffer at the root of the array, not
    the part that a view of it shows.

    Owners are held weakly. An owner keeps its buffer alive, so while it lives its address is no one else's; once it
    is dead the address may come back with other bytes, and then there is no owner to be found. Owners need a
    ``__weakref__`` slot.
    """

    __slots__ = ("_lock", "_owners")

    def __init__(self) -> None:
        # Reentrant: a collection during a creation may run a finaliser that imports something itself.
        self._lock = threading.RLock()
        self._owners: WeakValueDictionary[tuple[int, int], OwnerT] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._owners)

    def owner_of(self, address: int, nbytes: int) -> OwnerT | None:
        """The living owner of a buffer, or None."""
        return self._owners.get((address, nbytes))

    def register(self, address: int, nbytes: int, owner: OwnerT) -> None:
        """Make known who owns a buffer.

        Raises: `AliasError` if another living owner is known.
        """
        if nbytes == 0:
            return
        with self._lock:
            known = self._owners.get((address, nbytes))
            if known is not None and known is not owner:
                raise AliasError(
                    f"OwnerRegistry.register: the {nbytes:,} bytes at {address:#x} have an owner already; "
                    "a second one would count their versions apart"
                )
            self._owners[address, nbytes] = owner

    def get_or_create(self, address: int, nbytes: int, factory: Callable[[], OwnerT]) -> OwnerT:
        """The living owner of a buffer, or a new one of ``factory``, which is then known.

        Without bytes there is nothing to share, and each call makes an owner of its own.
        """
        if nbytes == 0:
            return factory()
        owner = self._owners.get((address, nbytes))
        if owner is not None:
            return owner
        with self._lock:
            owner = self._owners.get((address, nbytes))  # another thread may have been quicker
            if owner is None:
                owner = factory()
                self._owners[address, nbytes] = owner
            return owner

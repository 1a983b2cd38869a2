"""Storages in memory that several processes have: the bytes are in one place, and what one writes the others see."""

from __future__ import annotations

import ctypes
from weakref import WeakValueDictionary

from tensorlab.core.relocation import check_movable, move, users
from tensorlab.core.storage import Storage
from tensorlab.memory.allocator import DataPtr
from tensorlab.memory.shared import SHARED, SharedBlock

# The storages of this process over shared memory: what comes back, or comes twice, is the one that is here.
_storages: WeakValueDictionary[tuple[int, int], Storage] = WeakValueDictionary()


def block_of(storage: Storage) -> SharedBlock | None:
    """The shared memory that a storage's bytes are in, if they are."""
    context = storage.owner.pointer.context
    return context if isinstance(context, SharedBlock) else None


def is_shared(storage: Storage) -> bool:
    """Whether other processes can have these bytes too; no bytes can be had by anybody."""
    return block_of(storage) is not None or not storage.nbytes


def share(storage: Storage, op: str) -> None:
    """Move a storage's bytes to shared memory, under all tensors over it.

    Raises: `AliasError` for imported memory, or memory that is lent to NumPy or another library: those would go on
            using the old bytes.
    """
    owner = storage.owner
    if is_shared(owner):
        return
    found = users(owner)
    check_movable(found, op)
    block = SharedBlock.new(owner.nbytes)
    ctypes.memmove(block.address, owner.address, owner.nbytes)
    # Without a deleter: while a storage dies another thread may be given it again, and finds its bytes there.
    move(found, DataPtr(block.address, block.nbytes, block, None), block.nbytes, SHARED)
    _storages[block.key] = owner


def storage_over_block(block: SharedBlock) -> Storage:
    """The storage over shared memory: the one that is here already, if there is one."""
    known = _storages.get(block.key)
    if known is not None:
        return known
    storage = Storage(DataPtr(block.address, block.nbytes, block, None), block.nbytes, SHARED)
    return _storages.setdefault(block.key, storage)


def note(storage: Storage, block: SharedBlock) -> None:
    """Remember a storage whose memory was shared from the start, so that it is known when it comes back."""
    _storages.setdefault(block.key, storage)

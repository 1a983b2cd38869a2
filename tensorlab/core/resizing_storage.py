"""Storages and tensors of another size, where that leaves no view without its bytes."""

from __future__ import annotations

import ctypes
import sys

from tensorlab.core.layout import Layout
from tensorlab.core.relocation import Users, check_movable, described, move, users
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.errors import AliasError, RangeError
from tensorlab.memory import current


def resize_storage(storage: Storage, nbytes: int, op: str) -> None:
    """Give a storage another number of bytes; what is there of both sizes is kept, in a block that may be a new one.

    Raises: `RangeError` for less than 0 bytes; `AliasError` for memory that is not ours alone, and where a tensor would
            be left without bytes, which it names. Nothing has changed then.
    """
    if nbytes < 0:
        raise RangeError(f"{op}: takes a number of bytes of at least 0, got {nbytes}")
    if nbytes == storage.nbytes:
        return
    _resize(users(storage), nbytes, op)


def _resize(found: Users, nbytes: int, op: str) -> None:
    check_movable(found, op)
    owner = found.storages[0]
    cut = [t for t in found.tensors if _end(t) > nbytes]
    if cut:
        raise AliasError(
            f"{op}: a storage of {nbytes} bytes would leave {len(cut)} of the tensors over it without their elements: "
            f"{described(cut)}"
        )
    allocator = owner.allocator or current.allocator
    pointer = allocator.allocate(nbytes)
    ctypes.memmove(pointer.address, owner.address, min(nbytes, owner.nbytes))
    move(found, pointer, nbytes, allocator)


def _end(tensor: Tensor) -> int:
    """One past the last byte that a tensor reaches; 0 for one without elements."""
    return tensor.offset * tensor.itemsize + tensor.layout.span[1] if tensor.layout.numel else 0


def resize_tensor(tensor: Tensor, form: Layout, op: str) -> None:
    """Give a tensor another layout from where it begins; its storage grows where it is too small, for all its tensors.

    Raises: `AliasError` for a storage that would have to grow and cannot. The tensor has not changed then.
    """
    # Asked before a name is given to the storage: from then on there is one reference more.
    alone = sys.getrefcount(tensor.storage()) <= _ONE_TENSOR and tensor.storage().owner is tensor.storage()
    storage, needed = tensor.storage(), tensor.offset * tensor.itemsize + form.span[1]
    if form.numel and needed > storage.nbytes:
        _resize(Users([storage], [tensor]) if alone else users(storage), needed, op)
    tensor.layout = form
    tensor.address = storage.address + tensor.offset * tensor.itemsize


_ONE_TENSOR = 2  # references to a storage that one tensor has, and a call that asks how many there are

"""Who looks at a storage's bytes, and moving these to another place under all of them."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tensorlab.core.lending import borrowed_from
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.errors import AliasError
from tensorlab.memory.allocator import Allocator, DataPtr
from tensorlab.memory.shared import SharedBlock


@dataclass(frozen=True, slots=True, eq=False)
class Users:
    """Who looks at one storage's bytes: itself and the storages over them under other versions; all their tensors."""

    storages: Sequence[Storage]
    tensors: Sequence[Tensor]


def users(storage: Storage) -> Users:
    """The living users, found as the garbage collector finds them.

    A storage does not know its tensors: each would pay for a list that next to nobody asks for.

    Cost: a look at every container in the process, some milliseconds in a notebook.
    """
    owner = storage.owner
    holders = gc.get_referrers(owner)
    pointers = [r for r in holders if isinstance(r, DataPtr)]
    others = [r for r in gc.get_referrers(*pointers) if isinstance(r, Storage) and r is not owner] if pointers else []
    if others:
        holders += gc.get_referrers(*others)
    return Users([owner, *others], [r for r in holders if isinstance(r, Tensor)])


def check_movable(found: Users, op: str) -> None:
    """Refuse to move bytes that are not ours alone, or that somebody holds by their address.

    Raises: `AliasError`.
    """
    owner = found.storages[0]
    context = owner.pointer.context
    reason = ""
    if owner.allocator is None:
        reason = f"its memory was imported from a {type(context).__name__}"
    elif isinstance(context, SharedBlock):
        reason = "its memory is shared with other processes, which would keep what they have"
    elif any(borrowed_from(each) is not None for each in found.storages):
        reason = "its memory is lent to NumPy or another library, which would go on using it"
    elif gc.get_freeze_count():
        reason = "gc.freeze() hides who uses it; call gc.unfreeze() first"
    if reason:
        raise AliasError(f"{op}: Trying to resize storage that is not resizable: {reason}")


def move(found: Users, pointer: DataPtr, nbytes: int, allocator: Allocator) -> None:
    """Let a storage have other bytes, which hold what is to be kept already; give the old ones back.

    The caller has asked `check_movable`. All users look at the new bytes from here on.
    """
    owner = found.storages[0]
    old = owner.pointer
    owner.pointer = pointer
    for each in found.storages:
        each.address, each.nbytes, each.allocator = pointer.address, nbytes, allocator
        if each is not owner:
            each.pointer = DataPtr(pointer.address, nbytes, owner, None)
    for tensor in found.tensors:
        tensor.address = pointer.address + tensor.offset * tensor.itemsize
    if old.deleter is not None:
        old.deleter(old)


def described(tensors: Sequence[Tensor]) -> str:
    """Tensors as an error names them: by their names in the notebook where they have one, with their bytes."""
    return ", ".join(_described(tensor) for tensor in tensors)


def _described(tensor: Tensor) -> str:
    names = list(_names(tensor))
    low, high = tensor.layout.span
    start = tensor.offset * tensor.itemsize
    what = " = ".join(names) if names else "a tensor"
    return f"{what} of shape {tuple(tensor.shape)} at bytes {start + low} to {start + high}"


def _names(tensor: Tensor) -> Iterator[str]:
    main = sys.modules.get("__main__")
    names: dict[str, Any] = {} if main is None else vars(main)
    return (name for name, value in list(names.items()) if value is tensor and not name.startswith("_"))

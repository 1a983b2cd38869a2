"""What backward gives back: of the storages that a graph has saved, those that nobody else holds.

Who else holds a tensor or a storage, its count of references tells: it dies with the graph's own notes where all of
its references are theirs.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

from tensorlab.autograd.tape import Saved
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor

_OWN = 2  # references of a look at it: that of the dict here, and that of the count itself


def storages_of(saved: Sequence[Saved]) -> list[Storage]:
    """The storages whose bytes are kept, each once, in order."""
    return list({id(s.storage.owner): s.storage.owner for s in saved}.values())


def given_back(saved: Sequence[Saved]) -> set[int]:
    """Identities of the storages that die when these are let go.

    Cost: some 2 us for each that is saved.
    """
    tensors: dict[int, Tensor] = {}
    storages: dict[int, Storage] = {}
    tensor_notes: Counter[int] = Counter()
    storage_notes: Counter[int] = Counter()
    for s in saved:
        tensors[id(s.tensor)] = s.tensor
        tensor_notes[id(s.tensor)] += 1
        storages[id(s.storage)] = s.storage
        storage_notes[id(s.storage)] += 1
    for key in list(tensors):
        base = tensors[key].base
        if base is not None:
            tensors[id(base)] = base
        del base
    for key in list(storages):
        owner = storages[key].owner
        storages[id(owner)] = owner
        del owner
    dying = _dying_tensors(tensors, tensor_notes)
    for key in dying:
        storage_notes[id(tensors[key].storage())] += 1
    return _dying_storages(storages, storage_notes)


def _dying_tensors(tensors: dict[int, Tensor], notes: Counter[int]) -> set[int]:
    """Tensors that only notes hold, and views that die themselves."""
    dying = set(tensors)
    while True:
        holders = notes + Counter(id(tensors[key].base) for key in dying if tensors[key].base is not None)
        living = {key for key in dying if sys.getrefcount(tensors[key]) - _OWN > holders[key]}
        if not living:
            return dying
        dying -= living


def _dying_storages(storages: dict[int, Storage], notes: Counter[int]) -> set[int]:
    """Storages that only notes and dying tensors hold, and `unwatched` ones that die themselves."""
    dying = set(storages)
    while True:
        unwatched = Counter(id(storages[key].owner) for key in dying if storages[key].owner is not storages[key])
        living = {key for key in dying if sys.getrefcount(storages[key]) - _OWN > notes[key] + unwatched[key]}
        if not living:
            return dying
        dying -= living

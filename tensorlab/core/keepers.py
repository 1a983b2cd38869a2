"""Keepers: what holds storages besides the names that reach them, in few words and at little cost.

The whole of it, way by way, is told by `tensorlab.core.holders`.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import Any, cast

from tensorlab.core.holding import Holding, Root
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor

MOST_STORAGES = 30
_AROUND = 2  # references of the count itself: the table of storages, and the call


def keepers(holdings: Sequence[Holding]) -> dict[int, tuple[str, ...]]:
    """By a storage's address, what holds it that has no name among the holdings.

    Cost: reference counts, and one walk over the process's containers where some count is not explained by names.
    """
    storages: dict[int, Storage] = {}
    known: dict[int, int] = {}
    tensors: set[int] = set()
    for holding in holdings:
        owner = holding.root.owner
        if not isinstance(owner, Storage):
            continue
        if id(owner) not in storages and len(storages) >= MOST_STORAGES:
            continue
        storages[id(owner)] = owner
        known[id(owner)] = known.get(id(owner), 0) + 1 + (holding.thing is owner)
        if isinstance(holding.thing, Tensor) and id(holding.thing) not in tensors:
            tensors.add(id(holding.thing))
            known[id(owner)] += 1
    owner = None
    held = [key for key in storages if sys.getrefcount(storages[key]) > known[key] + _AROUND]
    if not held:
        return {}
    lent = [h.root for h in holdings if not isinstance(h.thing, (Tensor, Storage))]
    exported = {key for key in held if any(_reaches(storages[key], root) for root in lent)}
    return _found([storages[key] for key in held], tensors, exported)


def _reaches(storage: Storage, root: Root) -> bool:
    return root.address < storage.address + storage.nbytes and storage.address < root.address + root.nbytes


def _found(storages: Sequence[Storage], tensors: set[int], exported: set[int]) -> dict[int, tuple[str, ...]]:
    words: dict[int, dict[str, None]] = {}
    saved: list[Any] = []
    spare: list[Tensor] = []
    referrers: list[Any] = gc.get_referrers(*storages)
    for referrer in referrers:
        name = type(referrer).__name__
        if isinstance(referrer, Tensor):
            spare += [referrer] if id(referrer) not in tensors else []
        elif name == "Saved":
            saved.append(referrer)
        elif name == "Loan" and id(referrer.storage) not in exported:
            words.setdefault(referrer.storage.address, {})["an array without a name here"] = None
    nodes = _nodes(saved)
    for one in saved:
        text = f"a saved tensor of {nodes[id(one)]}" if id(one) in nodes else "a saved tensor"
        words.setdefault(one.storage.address, {})[text] = None
    of_saved = {id(one.tensor) for one in saved}
    for tensor in spare:
        if id(tensor) not in of_saved:
            words.setdefault(tensor.storage().address, {})["a tensor without a name here"] = None
    return {address: tuple(found) for address, found in words.items()}


def _nodes(saved: Sequence[Any]) -> dict[int, str]:
    """By the id of what was saved, the name of the node that saved it."""
    if not saved:
        return {}
    found: dict[int, str] = {}
    ids = set(map(id, saved))
    referrers: list[Any] = gc.get_referrers(*saved)
    lists = [cast(Any, value) for value in referrers if isinstance(value, (list, tuple))]
    nodes: list[Any] = gc.get_referrers(*lists) if lists else []
    for node in nodes:
        if not hasattr(cast(object, type(node)), "next_functions"):
            continue
        stored: tuple[Any, ...] = tuple(node.stored or ())
        several: list[Any] = [one for kept in stored for one in cast(Any, kept if type(kept) is tuple else (kept,))]
        found |= {id(one): node.name for one in several if id(one) in ids}
    return found

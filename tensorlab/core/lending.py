"""Bytes of ours in foreign hands: what an exported array holds, and whose bytes come back by an address."""

from __future__ import annotations

import ctypes
from bisect import bisect_left
from operator import itemgetter
from typing import Any, Protocol, cast
from weakref import ref

from tensorlab.core.storage import Storage


class Loan(Protocol):
    """A C array over a storage's bytes that keeps the storage alive: the base of each ndarray over them."""

    storage: Storage


_loans: dict[int, ref[Loan]] = {}  # by the storage's id; the dead ones go when there are many
_most = 1024  # how full that table may be before it is looked through
_sorted: list[tuple[int, int, ref[Loan]]] = []  # start, stop and loan, in order; empty after a new loan
_kinds: dict[int, Any] = {}
_MOST_KINDS = 4096


def lend(storage: Storage) -> Loan:
    """What keeps a storage alive for a borrower; one object for all its borrowers.

    Cost: half a microsecond for the first of them.
    """
    known = _loans.get(id(storage))
    if known is not None:
        loan = known()
        if loan is not None and loan.storage is storage:
            return loan
    loan = _loan(storage)
    if len(_loans) >= _most:
        _forget_dead()
    _sorted.clear()
    _loans[id(storage)] = ref(loan)
    return loan


def _loan(storage: Storage) -> Loan:
    nbytes = storage.nbytes
    kind = _kinds.get(nbytes)
    if kind is None:
        if len(_kinds) >= _MOST_KINDS:
            _kinds.clear()
        # Slots would let a cycle collector see the storage; a dict of its own would not be freed with it any sooner.
        kind = _kinds[nbytes] = type("Loan", (ctypes.c_char * max(nbytes, 1),), {"__slots__": ("storage",)})
    # Without bytes there is no address that NumPy would take.
    loan = kind.from_address(storage.address) if nbytes else kind()
    loan.storage = storage
    return loan


def _forget_dead() -> None:
    global _most
    for key, known in list(_loans.items()):
        if known() is None and _loans.get(key) is known:
            del _loans[key]
    _most = max(1024, 2 * len(_loans))


def borrowed_from(storage: Storage) -> Loan | None:
    """The loan on a storage's bytes, if there is one now."""
    known = _loans.get(id(storage))
    loan = None if known is None else known()
    return loan if loan is not None and loan.storage is storage else None


def lenders(start: int, stop: int) -> list[Storage]:
    """The storages on loan that have a byte from ``start`` up to, not with, ``stop``.

    Cost: a search in a sorted list, which is made anew after a new loan.
    """
    if not _sorted:
        found = [(loan.storage, known) for known in list(_loans.values()) if (loan := known()) is not None]
        rows = [(s.address, s.address + s.nbytes, known) for s, known in found if s.nbytes]
        _sorted[:] = sorted(rows, key=itemgetter(0))
    # Storages of ours do not overlap each other, but for those that are one storage under several versions.
    owners: dict[int, Storage] = {}
    i = bisect_left(_sorted, stop, key=itemgetter(0))
    while i and _sorted[i - 1][1] > start:
        i -= 1
        loan = _sorted[i][2]()
        if loan is not None:
            owner = loan.storage.owner
            owners[id(owner)] = owner
    return list(owners.values())


def as_buffer(loan: Loan) -> Any:
    """The loan as what it is to NumPy."""
    return cast(Any, loan)

"""Bytes of ours in foreign hands: what an exported array holds, and whose bytes come back by an address."""

from __future__ import annotations

import ctypes
from bisect import bisect_left
from operator import itemgetter
from typing import Any, cast
from weakref import ref

from tensorlab.core.storage import Storage


class Loan:
    """What keeps a storage alive for those who have its bytes: the base of each ndarray over them.

    NumPy takes it as that from native code only. What Python gives it is a C array, with the same name and field.
    """

    __slots__ = ("__weakref__", "storage")

    storage: Storage


_START = itemgetter(0)


class Loans:
    """All loans that somebody has now, by the storage's id, and in order of address for who asks by that."""

    ROOM = 1024  # loans before the dead ones are looked for

    __slots__ = ("_most", "_rows", "by_storage", "is_sorted")

    def __init__(self) -> None:
        self.by_storage: dict[int, ref[Loan]] = {}  # the dead ones go when there are many
        self._most = self.ROOM
        self._rows: list[tuple[int, int, ref[Loan]]] = []  # start, stop and loan, in order
        self.is_sorted = True  # whether there was no new loan since

    def lend(self, storage: Storage) -> Any:
        """What keeps a storage alive for a borrower: a `Loan`, which NumPy takes as a buffer, one for all borrowers.

        Cost: half a microsecond for the first of them.
        """
        loans, key = self.by_storage, id(storage)
        if key in loans:
            loan = loans[key]()
            if loan is not None and loan.storage is storage:
                return loan if type(loan) is not Loan else _array_over(loan)
        nbytes = storage.nbytes
        kind = _kinds[nbytes] if nbytes in _kinds else _kind(nbytes)
        # Without bytes there is no address that NumPy would take.
        loan = kind.from_address(storage.address) if nbytes else kind()
        loan.storage = storage
        loans[key] = ref(loan)
        self.is_sorted = False
        if len(loans) > self._most:
            self._forget_dead()
        return loan

    def of(self, storage: Storage) -> Loan | None:
        """The loan on a storage's bytes, if there is one now."""
        known = self.by_storage.get(id(storage))
        loan = None if known is None else known()
        return loan if loan is not None and loan.storage is storage else None

    def lenders(self, start: int, stop: int) -> list[Storage]:
        """The storages on loan that have a byte from ``start`` up to, not with, ``stop``.

        Cost: a search in a sorted list, which is made anew after a new loan.
        """
        if not self.is_sorted:
            self.is_sorted = True
            self._forget_dead()
            found = [(loan.storage, known) for known in self.by_storage.values() if (loan := known()) is not None]
            rows = [(s.address, s.address + s.nbytes, known) for s, known in found if s.nbytes]
            self._rows = sorted(rows, key=_START)
        # Storages of ours do not overlap each other, but for those that are one storage under several versions.
        rows = self._rows
        owners: list[Storage] = []
        i = bisect_left(rows, stop, key=_START) if rows else 0
        while i and rows[i - 1][1] > start:
            i -= 1
            loan = rows[i][2]()
            if loan is not None and loan.storage.owner not in owners:
                owners.append(loan.storage.owner)
        return owners

    def _forget_dead(self) -> None:
        loans = self.by_storage
        for key, known in list(loans.items()):
            if known() is None and key in loans and loans[key] is known:
                del loans[key]
        self._most = max(self.ROOM, 2 * len(loans))


_kinds: dict[int, Any] = {}
_MOST_KINDS = 4096


def _kind(nbytes: int) -> Any:
    """The class of loans of this many bytes."""
    if len(_kinds) >= _MOST_KINDS:
        _kinds.clear()
    array: Any = ctypes.c_char * max(nbytes, 1)
    kind = _kinds[nbytes] = cast(Any, type("Loan", (array,), {"__slots__": ("known", "storage")}))
    return kind


def _array_over(known: Loan) -> Any:
    """The same loan in the form that Python gives to NumPy."""
    storage = known.storage
    kind = _kind(storage.nbytes)
    loan = kind.from_address(storage.address)
    loan.storage, loan.known = storage, known
    return loan


loans = Loans()
lend = loans.lend
borrowed_from = loans.of
lenders = loans.lenders

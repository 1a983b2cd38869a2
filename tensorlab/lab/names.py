"""The names that a call sees: those of the place where it stands, and new ones for things that have none there."""

from __future__ import annotations

from types import FrameType
from typing import Any


class Names:
    """The names of a caller, for the length of a call.

    In a module, and in a notebook's cell, they are its own: what a cell binds, stays. In a function they are a copy of
    the module's and the function's, as for `exec`.
    """

    def __init__(self, caller: FrameType) -> None:
        there = caller.f_globals
        self.all: dict[str, Any] = there if caller.f_locals is there else {**there, **caller.f_locals}
        self._lent: dict[str, object] = {}

    def __enter__(self) -> Names:
        return self

    def __exit__(self, *_: object) -> None:
        for name, value in self._lent.items():
            if self.all.get(name) is value:
                del self.all[name]
        self._lent.clear()

    def of(self, value: object, kind: str) -> str:
        """The name of a thing; one of its own, or of its kind, for as long as the call runs, where it has none."""
        for name, there in list(self.all.items()):  # other threads may bind names
            if there is value and name.isidentifier() and not name.startswith("_"):
                return name
        own = getattr(value, "__name__", None) or getattr(value, "name", None)
        base = own if isinstance(own, str) and own.isidentifier() else kind.removesuffix("s")
        name, number = base, 1
        while name in self.all:
            number += 1
            name = f"{base}{number}"
        self.all[name] = self._lent[name] = value
        return name

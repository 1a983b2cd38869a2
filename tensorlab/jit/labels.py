"""Names for the text of a program: the user's own where Python takes them, and no two alike."""

from __future__ import annotations

import keyword
import unicodedata


class Labels:
    """Gives names out; ``reserved`` are never given."""

    def __init__(self, *reserved: str) -> None:
        self._taken = {"__debug__", *reserved}
        self._counts: dict[str, int] = {}

    def new(self, hint: str, fallback: str) -> str:
        """A name like ``hint``, numbered if it is taken; where the hint is no name, ``fallback`` and a number.

        Cost: constant on average, however many want the same name.
        """
        base = unicodedata.normalize("NFKC", hint).replace(".", "_")  # as Python reads names
        if base.isidentifier() and not keyword.iskeyword(base):
            return self._numbered(base, f"{base}_", first=base)
        return self._numbered(f"{fallback} ", fallback)  # counted apart from a hint that reads the same

    def _numbered(self, family: str, stem: str, *, first: str = "") -> str:
        name, count = first, self._counts.get(family, 1 if first else -1)
        while not name or name in self._taken:
            count += 1
            name = f"{stem}{count}"
        self._counts[family] = count
        self._taken.add(name)
        return name

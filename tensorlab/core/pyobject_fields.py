"""Reading one C struct member by member: each is decoded, compared with what Python says, and kept as a record."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tensorlab.core.pyobject_layouts import Member

MOST_BYTES = 16  # bytes of one member that a record keeps; text and digits may be long
_LONGEST_REPR = 24


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a struct, as it lies in memory.

    ``raw`` is its first `MOST_BYTES` bytes. ``value`` says what they mean and is the same in every run; ``exact`` is
    the address or the number where that differs from run to run, and ``stable`` says that it does not.
    """

    part: str
    ctype: str
    name: str
    offset: int
    nbytes: int
    raw: bytes
    value: str
    exact: str = ""
    stable: bool = True

    def to_dict(self, *, addresses: bool = False) -> dict[str, object]:
        """Bytes that differ from run to run only with ``addresses``."""
        shown = self.stable or addresses
        facts: dict[str, object] = {
            "part": self.part,
            "type": self.ctype,
            "name": self.name,
            "offset": self.offset,
            "nbytes": self.nbytes,
            "bytes": self.raw.hex(" ") if shown else None,
            "value": self.value,
        }
        return facts | {"exact": self.exact} if addresses and self.exact else facts


@dataclass(frozen=True, slots=True)
class Struct:
    """A piece of memory with its members: the object itself, or an array that it owns and points to.

    ``left_out``: in words, members that are there and not listed. Units: ``nbytes`` of the whole piece.
    """

    name: str
    nbytes: int
    fields: tuple[Field, ...]
    left_out: str = ""

    def to_dict(self, *, addresses: bool = False) -> dict[str, object]:
        fields = [field.to_dict(addresses=addresses) for field in self.fields]
        return {"name": self.name, "nbytes": self.nbytes, "fields": fields, "left_out": self.left_out}


class Disagreement(Exception):  # noqa: N818 - a way out of the reader, caught by `pyobject.examine`
    """Memory does not hold what Python says by the layout at hand; the message says where."""


class Reader:
    """The bytes of one piece of memory, copied at once, and the members decoded so far.

    Nothing outside of the ``nbytes`` at ``address`` is read: a member that does not lie inside is a `Disagreement`.
    """

    def __init__(self, address: int, nbytes: int, labels: Mapping[int, str]) -> None:
        self.raw = ctypes.string_at(address, nbytes)
        self.labels = labels  # what the notebook calls objects, by id
        self.fields: list[Field] = []

    def bytes_of(self, member: Member) -> bytes:
        end = member.offset + member.nbytes
        if member.offset < 0 or end > len(self.raw):
            raise Disagreement(f"{member.name}: bytes {member.offset} to {end - 1} of {len(self.raw)}")
        return self.raw[member.offset : end]

    def number(self, member: Member) -> Any:
        """The member decoded, without a record of it."""
        return member.decoded(self.bytes_of(member))

    def add(self, member: Member, expected: Any, value: str = "", *, stable: bool = True) -> None:
        """Record a member that must decode to ``expected``."""
        found = self.number(member)
        if repr(found) != repr(expected):  # as text, in which a NaN is itself and -0.0 is not 0.0
            raise Disagreement(f"{member.name} at offset {member.offset} reads {found}, where Python says {expected}")
        self._keep(member, value or str(found), "" if stable else str(found), stable=stable)

    def note(self, member: Member, value: str, *, stable: bool = True) -> None:
        """Record a member that Python has no word for; ``value`` says what it is."""
        found = self.number(member)
        exact = f"0x{found:x}" if member.is_pointer and found else str(found)
        self._keep(member, value, "" if stable else exact, stable=stable)

    def point(self, member: Member, target: object, value: str = "") -> None:
        """Record a pointer that must be the address of ``target``."""
        self.address(member, id(target), value or f"-> {self.label(target)}")

    def address(self, member: Member, expected: int, value: str) -> None:
        """Record a pointer that must be ``expected``; NULL has the same bytes in every run."""
        found = self.number(member)
        if found != expected:
            raise Disagreement(f"{member.name} at offset {member.offset} points elsewhere than Python says")
        self._keep(member, value, f"0x{found:x}" if found else "", stable=not found)

    def stretch(self, part: str, ctype: str, name: str, offset: int, nbytes: int, value: str) -> None:
        """Record several bytes as one member, as the characters of a text."""
        if offset < 0 or offset + nbytes > len(self.raw):
            raise Disagreement(f"{name}: bytes {offset} to {offset + nbytes - 1} of {len(self.raw)}")
        raw = self.raw[offset : offset + min(nbytes, MOST_BYTES)]
        self.fields.append(Field(part, ctype, name, offset, nbytes, raw, value))

    def struct(self, name: str, nbytes: int, left_out: str = "") -> Struct:
        """What was read, in the order of memory, with the bytes between members as padding."""
        ordered = sorted(self.fields, key=lambda field: field.offset)
        filled: list[Field] = []
        end = 0
        for field in ordered:
            if field.offset > end:
                filled.append(self._gap(end, field.offset, "padding" if field.offset - end < 8 else "not told"))
            filled.append(field)
            end = max(end, field.offset + field.nbytes)
        if end < nbytes and not left_out:
            filled.append(self._gap(end, nbytes, "padding" if nbytes - end < 8 else "not told"))
        return Struct(name, nbytes, tuple(filled), left_out)

    def label(self, target: object) -> str:
        """An object in a few words: its value where that is short, else its kind and what the notebook calls it."""
        kind = type(target)
        if target is None or kind in (bool, int, float, complex, str, bytes):
            return brief(target)
        if isinstance(target, type):
            return f"the type {target.__name__}"
        name = self.labels.get(id(target))
        return f"{name}, {article(kind.__name__)}" if name else article(kind.__name__)

    def _keep(self, member: Member, value: str, exact: str, *, stable: bool) -> None:
        raw = self.bytes_of(member)
        self.fields.append(
            Field(member.part, member.ctype, member.name, member.offset, member.nbytes, raw, value, exact, stable)
        )

    def _gap(self, start: int, stop: int, what: str) -> Field:
        words = "up to where the next member may begin" if what == "padding" else "members that no layout names"
        return Field(
            "", "", what, start, stop - start, self.raw[start : min(stop, start + MOST_BYTES)], words, "", False
        )


def brief(value: object) -> str:
    """A plain value as Python writes it, cut short; a long int is not written out, which Python may refuse."""
    if isinstance(value, int) and value.bit_length() > 80:
        return f"an int of {value.bit_length():,} bits"
    if isinstance(value, (str, bytes)) and len(value) > _LONGEST_REPR:
        return f"{value[:_LONGEST_REPR]!r}..."
    return repr(value)


def article(noun: str) -> str:
    return f"{'an' if noun.startswith((*'aeiouAEIOU', 'nd')) else 'a'} {noun}"

"""Object files compared: whether two of them put the same bytes into memory."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

_HEADER = Struct("<16sHHIQQQIHHHHHH")  # of an ELF file of 64 bits
_SECTION = Struct("<IIQQQQIIQQ")
_SYMBOL = Struct("<IBBHQQ")
_MOVE = Struct("<QQq")
_LOADED = 2  # the flag of a section that is part of the program
_UNWINDING = ".eh_frame"  # how registers are found again up the stack: debug information adds to it
_NO_BITS, _MOVES = 8, 4  # kinds of sections: without bytes in the file, places to be filled in


@dataclass(frozen=True, slots=True)
class _Section:
    name: str
    kind: int
    flags: int
    content: bytes
    link: int
    about: int


def code_difference(one: bytes, other: bytes) -> str:
    """What differs in what two object files put into memory; empty where nothing does.

    Instructions, constants and the addresses to be filled in are compared; the names of local symbols, and what only
    debuggers and unwinders of the stack read, are not.

    Source: *Tool Interface Standard, Executable and Linking Format*, 1995; System V ABI for x86-64, 4.
    """
    first, second = _loaded(one), _loaded(other)
    if first is None or second is None:
        return "no object file in the form of this system"
    if list(first) != list(second):
        return f"sections {', '.join(first)} and {', '.join(second)}"
    return next((f"the bytes of {name}" for name in first if first[name] != second[name]), "")


def _loaded(content: bytes) -> dict[str, tuple[bytes, tuple[tuple[object, ...], ...]]] | None:
    """Each section that is part of the program: its bytes, and the places in it that are filled in."""
    if content[:5] != b"\x7fELF\x02" or len(content) < _HEADER.size:
        return None
    sections = _sections(content)
    found: dict[str, tuple[bytes, tuple[tuple[object, ...], ...]]] = {}
    for number, section in enumerate(sections):
        if section.flags & _LOADED and section.content and section.name != _UNWINDING:
            moves = [m for s in sections if s.kind == _MOVES and s.about == number for m in _moves(s, sections)]
            found[f"{section.name}{'' if section.name not in found else number}"] = section.content, tuple(moves)
    return found


def _sections(content: bytes) -> list[_Section]:
    header = _HEADER.unpack_from(content)
    start, size, count, names = header[6], header[11], header[12], header[13]
    rows = [_SECTION.unpack_from(content, start + i * size) for i in range(count)]
    titles = content[rows[names][4] : rows[names][4] + rows[names][5]]
    return [
        _Section(
            _text(titles, row[0]),
            row[1],
            row[2],
            b"" if row[1] == _NO_BITS else content[row[4] : row[4] + row[5]],
            row[6],
            row[7],
        )
        for row in rows
    ]


def _moves(section: _Section, sections: list[_Section]) -> list[tuple[object, ...]]:
    """The places that are filled in: where, how, and with the address of what."""
    symbols = sections[section.link]
    names = sections[symbols.link].content
    found: list[tuple[object, ...]] = []
    for offset, info, addend in _MOVE.iter_unpack(section.content):
        name, _, _, within, value, _ = _SYMBOL.unpack_from(symbols.content, (info >> 32) * _SYMBOL.size)
        outside = within == 0
        target = _text(names, name) if outside else (_name_of(within, sections), value)
        found.append((offset, info & 0xFFFFFFFF, addend, target))
    return found


def _name_of(number: int, sections: list[_Section]) -> str:
    return sections[number].name if number < len(sections) else str(number)  # common symbols have no section


def _text(names: bytes, start: int) -> str:
    return names[start : names.index(b"\0", start)].decode()

"""The machine code of a loop: how many bytes it is, and its innermost loop as assembly."""

from __future__ import annotations

import re
from struct import Struct

from tensorlab.core.compile import Loop
from tensorlab.core.loop_files import loop_files

_HEADER = Struct("<16sHHIQQQIHHHHHH")  # of an ELF file of 64 bits
_SECTION = Struct("<IIQQQQIIQQ")
_EXECUTABLE = 4  # the flag of a section that holds instructions
_LABEL = re.compile(r"^(\.L\w+):")
_JUMP = re.compile(r"^\tj\w+\t(\.L\w+)")
_PACKED = re.compile(r"^\tv?\w+[pP][sdSD]\t|^\tvp\w+\t|%[yz]mm")


def code_nbytes(loop: Loop) -> int | None:
    """Bytes of instructions in a loop's object file, its entry for CPython included; None where there is no file."""
    try:
        content = loop_files().object_path(loop.name).read_bytes()
    except OSError:
        return None
    return executable_nbytes(content)


def executable_nbytes(content: bytes) -> int | None:
    """Bytes of the sections of an ELF file that hold instructions; None for another kind of file.

    Source: *Tool Interface Standard, Executable and Linking Format*, 1995; System V ABI for x86-64, 4.
    """
    if content[:5] != b"\x7fELF\x02" or len(content) < _HEADER.size:
        return None
    header = _HEADER.unpack_from(content)
    start, size, count = header[6], header[11], header[12]
    sections = [_SECTION.unpack_from(content, start + i * size) for i in range(count)]
    return sum(section[5] for section in sections if section[2] & _EXECUTABLE)


def innermost(assembly: str) -> list[str]:
    """The lines of the block that jumps back to its own beginning and works on the most numbers at once.

    Where no block does, the first instructions.
    """
    lines = [line for line in assembly.splitlines() if _LABEL.match(line) or not line.startswith("\t.")]
    best: list[str] = []
    for start, line in enumerate(lines):
        label = _LABEL.match(line)
        if label is None:
            continue
        block = [line]
        for following in lines[start + 1 :]:
            if _LABEL.match(following):
                break
            block.append(following)
            jump = _JUMP.match(following)
            if jump is not None and jump[1] == label[1]:
                best = max(best, block, key=_packed)  # the first one of several
                break
    return best or [line for line in lines if line.startswith("\t")][:8]


def is_vector(line: str) -> bool:
    """Whether an instruction works on several numbers at once."""
    return _PACKED.search(line) is not None


def _packed(block: list[str]) -> tuple[int, int]:
    return sum(map(is_vector, block)), len(block) > 0

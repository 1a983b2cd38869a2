"""The innermost loop in LLVM's text or in assembly, and how many numbers it works on at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_FORMS = {
    # A label, and the names that a line jumps to.
    "llvm": (re.compile(r"([\w.$-]+|\"[^\"]+\"):"), re.compile(r"label %([\w.$-]+|\"[^\"]+\")")),
    "asm": (re.compile(r"(\.L\w+):"), re.compile(r"^\tj\w+\t(\.L\w+)")),
}
_VECTOR = re.compile(r"<(\d+) x (float|double|half|bfloat|i(\d+))>")
_FLOATS = {"float": 32, "double": 64, "half": 16, "bfloat": 16}
_REGISTERS = {"z": 512, "y": 256, "x": 128}
_PACKED = re.compile(r"^\tv?\w*?p([sd])\t.*%([xyz])mm|^\tvp\w+\t.*%([xyz])mm|^\tv\w*p([sd])[xyz]?\t.*%([xyz])mm")
_REGISTER = re.compile(r"%([xyz])mm")
_ELEMENT = re.compile(r"^\tv?\w*?p([sd])[xyz]?\t")
_SIZES = {"s": 32, "d": 64}


@dataclass(frozen=True, slots=True)
class HotBlock:
    """The lines of a loop. ``bits`` is the width of its vectors, 0 where it works on one number at a time; ``lanes`` is
    how many numbers a vector holds, 0 where that is not known. ``numbers`` are those of the lines in the text, from 0.
    """

    lines: tuple[str, ...]
    bits: int
    lanes: int
    numbers: tuple[int, ...] = ()


def hot_block(text: str, form: Literal["llvm", "asm"]) -> HotBlock:
    """The loop that works on the most numbers at once, or the longest one of those that work on one; blocks that jump
    back to their beginning, or to that of a block before. Without a loop, all instructions.
    """
    kept = [(i, line) for i, line in enumerate(text.splitlines()) if line.strip() and not _is_remark(line, form)]
    numbers, lines = tuple(i for i, _ in kept), [line for _, line in kept]
    label, jump = _FORMS[form]
    starts = {found[1]: i for i, line in enumerate(lines) if (found := label.match(line))}
    loops: list[tuple[int, int]] = []
    for end, line in enumerate(lines):
        for name in jump.findall(line):
            start = starts.get(name)
            if start is not None and start <= end:
                loops.append((start, end))
    innermost = [a for a in loops if not any(a != b and a[0] <= b[0] and b[1] <= a[1] for b in loops)]
    if not innermost:
        return HotBlock(tuple(lines), 0, 0, numbers)
    measured = [(*_width(lines[start : end + 1], form), end - start, start, end) for start, end in innermost]
    bits, lanes, _, start, end = max(measured, key=lambda m: (m[0], m[2]))
    return HotBlock(tuple(lines[start : end + 1]), bits, lanes, numbers[start : end + 1])


def _is_remark(line: str, form: str) -> bool:
    """Whether a line is a comment, or a directive of the assembler (labels begin with a dot too)."""
    if form == "llvm":
        return line.startswith((";", "target ", "source_filename", "attributes ", "!"))
    return line.startswith(("\t.", "\t#", "#"))


def _width(lines: Sequence[str], form: str) -> tuple[int, int]:
    """Bits and lanes of the widest vectors of numbers that lines work on; truth values are no such numbers."""
    if form == "llvm":
        found = [(int(m[1]), _FLOATS.get(m[2]) or int(m[3])) for line in lines for m in _VECTOR.finditer(line)]
        found = [(lanes, size) for lanes, size in found if size > 1]
        if not found:
            return 0, 0
        lanes, size = Counter(found).most_common(1)[0][0]
        return lanes * size, lanes
    packed = [line for line in lines if _PACKED.match(line)]
    if not packed:
        return 0, 0
    bits = max(_REGISTERS[letter] for line in packed for letter in _REGISTER.findall(line))
    sizes = Counter(_SIZES[m[1]] for line in packed if (m := _ELEMENT.match(line)))
    return bits, bits // sizes.most_common(1)[0][0] if sizes else 0

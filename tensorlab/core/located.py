"""The line of a loop's text behind each instruction of LLVM's code and of machine code.

Loops are compiled without debug information. To tell the lines, a loop is compiled a second time with it, and the two
are compared: LLVM's code line by line, and the machine code of the second with the file that runs, byte by byte. Where
they are not the same, no line is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tensorlab.core import native
from tensorlab.core.compile import Loop
from tensorlab.core.loop_files import loop_files
from tensorlab.core.object_code import code_difference
from tensorlab.core.own_process import run_module

# Lines of the loop's text: the innermost one, then the call that it was inlined from, and so on. 0 stands for places
# that LLVM merged; an instruction that LLVM made up has no lines.
Chain = tuple[int, ...]
Chains = tuple[Chain, ...]  # two, where an instruction does what two did

_SECONDS = 60
_LOCATION = re.compile(r"^!(\d+) = (?:distinct )?!DILocation\((line: (\d+).*)\)$", re.MULTILINE)
_SCOPE = re.compile(r"^!(\d+) = (?:distinct )?!DISubprogram\(.*?\bfile: !(\d+), line: (\d+)", re.MULTILINE)
_FILE = re.compile(r'^!(\d+) = !DIFile\(filename: "([^"]*)"', re.MULTILINE)
_PLACE = re.compile(r",? !dbg !(\d+)")
_SERIAL = re.compile(r"B\d+v\d+B")  # in Numba's names: the number of a compilation
_SUM = re.compile(r'\s+(%"[^"]*"|%[\w.$-]+) = (fmul|fadd|fsub) (.*)')
_NAME = re.compile(r'%"[^"]*"|%[\w.$-]+')
_LOC = re.compile(r"^\t\.loc\t\d+ (\d+)")
_FUSED = re.compile(r"\tvfn?m(?:add|sub)")
_PRODUCT = re.compile(r"\tv?mul[sp][sd]\t")


@dataclass(frozen=True, slots=True)
class Located:
    """The lines behind each line of `Loop.llvm` and of `Loop.asm`; nothing for what is no instruction.

    ``compared`` is what the code with places was found to be the same as: the ``object`` file that runs, or LLVM's
    ``text`` that it was made of, where this process made it and keeps no file. ``reason`` says why no lines are told.
    """

    llvm: tuple[Chains, ...]
    asm: tuple[Chains, ...]
    compared: str
    reason: str = ""
    asm_reason: str = ""


@dataclass(frozen=True, slots=True)
class _Placed:
    """LLVM's text with places."""

    text: str
    function: str
    chains: Mapping[int, Chain] = field(repr=False)

    @property
    def numbered(self) -> str:
        """The same with the number of each place, from 1, for its line; that of a function is where it begins."""
        text = _LOCATION.sub(lambda m: m[0].replace("line: " + m[3], f"line: {int(m[1]) + 1}", 1), self.text)
        return re.sub(
            r"^!(\d+) = (?:distinct )?!DISubprogram\(.*",
            lambda m: re.sub(r"\b(line|scopeLine): \d+", rf"\1: {int(m[1]) + 1}", m[0]),
            text,
            flags=re.MULTILINE,
        )


def locate(loops: Sequence[Loop], *, asm: bool = True) -> list[Located]:
    """The lines behind the code of loops; ``asm`` has those of machine code too, for which a process is started.

    Cost: 0.1 to 0.4 s a loop, and 0.3 s for the process.
    """
    found = [_located(loop) for loop in loops]
    if not asm:
        return [located for located, _ in found]
    asked = [placed.numbered for _, placed in found if placed is not None]
    texts = iter(_assembled(asked) if asked else ())
    return [
        located if placed is None else _with_asm(located, loop, placed, next(texts, ""))
        for loop, (located, placed) in zip(loops, found, strict=True)
    ]


@lru_cache(maxsize=32)
def _placed(loop: Loop) -> _Placed:
    """The second compilation of a loop.

    Raises: Numba's own errors.
    """
    from tensorlab.core.located_lowering import lower_located

    loop.llvm()  # the first one, which loads what Numba needs
    lowered = lower_located(loop.source, loop.path, loop.signature, loop.name)
    text = lowered.llvm()
    return _Placed(text, lowered.function, _chains(text, Path(loop.path).name))


def _located(loop: Loop) -> tuple[Located, _Placed | None]:
    """The lines of LLVM's code, and the text with places where it is the code that runs."""
    from numba.core.errors import NumbaError

    text = loop.llvm()
    try:
        placed = _placed(loop)
    except NumbaError as error:
        return Located((), (), "", f"Numba cannot note places: {error}"), None
    lines, others = text.splitlines(), placed.text.splitlines()
    code, placed_code = list(_code(lines)), list(_code(others))
    if len(code) != len(placed_code):
        return Located((), (), "", "LLVM's code with places has another number of lines"), None
    chains: list[Chains] = [()] * len(lines)
    for (at, one), (number, other) in zip(code, placed_code, strict=True):
        if one != other:
            return Located((), (), "", f"LLVM's code with places differs: {other.strip()}"), None
        chains[at] = _chains_at(others, number, placed.chains)
    compared, reason = _same_object(loop, placed)
    return Located(() if reason else tuple(chains), (), compared, reason), None if reason else placed


def _same_object(loop: Loop, placed: _Placed) -> tuple[str, str]:
    """What the machine code of a text with places is the same as, or why it is not."""
    try:
        runs = loop_files().object_path(loop.name).read_bytes()
    except OSError:
        return ("", "what runs is not in the cache any more") if loop.from_cache else ("text", "")
    arguments = re.findall(r"int64|float64", loop.signature)
    made = native.emit_object(placed.numbered, placed.function, loop.name, arguments)
    difference = code_difference(runs, made)
    return ("", f"the machine code with places differs from what runs: {difference}") if difference else ("object", "")


def _code(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The lines that are code, with their numbers from 0, without places and without what is counted anew each time."""
    for number, line in enumerate(lines):
        if line.strip() and not line.startswith(("!", ";")):
            yield number, _SERIAL.sub("BvB", re.sub(r"!\d+", "!", _PLACE.sub("", line)))


def _chains(text: str, file: str) -> dict[int, Chain]:
    """The lines behind each place, those of other files left out."""
    own = {number for number, name in _FILE.findall(text) if name == file}
    scopes = {number: int(line) for number, file_number, line in _SCOPE.findall(text) if file_number in own}
    fields = {m[1]: (int(m[3]), _number("scope", m[2]), _number("inlinedAt", m[2])) for m in _LOCATION.finditer(text)}
    found: dict[int, Chain] = {int(number): (line,) for number, line in scopes.items()}
    for number in fields:
        chain: list[int] = []
        place: str = number
        while place in fields:
            line, scope, place = fields[place]
            if scope in scopes:
                chain.append(line)
        found[int(number)] = tuple(chain)
    return found


def _number(name: str, text: str) -> str:
    match = re.search(rf"\b{name}: !(\d+)", text)
    return "" if match is None else match[1]


def _chains_at(lines: Sequence[str], number: int, chains: Mapping[int, Chain]) -> Chains:
    """The lines behind a line of LLVM's text; one that goes on below has its place at its end."""
    end = number
    while end + 1 < len(lines) and (lines[end].endswith("[") or lines[end].startswith("    ")):
        end += 1
    place = _PLACE.search(lines[end]) if lines[number].startswith("  ") else None
    chain = chains.get(int(place[1]), ()) if place is not None else ()
    return (chain,) if chain else ()


# Machine code --------------------------------------------------------------------------------------------------------


def _assembled(texts: Sequence[str]) -> list[str]:
    """Texts as assembly with places; nothing where no other process can be had."""
    done = run_module("tensorlab.core.located_assembly", json.dumps(texts), seconds=_SECONDS)
    return [] if done is None else json.loads(done.stdout)


def _with_asm(located: Located, loop: Loop, placed: _Placed, text: str) -> Located:
    if not text:
        reason = "no process could be had for it"
        return Located(located.llvm, (), located.compared, located.reason, reason)
    lines = loop.asm().splitlines()
    own = list(_instructions(lines))
    others = list(_instructions(text.splitlines()))
    if [line for _, line, _ in own] != [line for _, line, _ in others]:
        reason = "machine code with places differs from that without"
        return Located(located.llvm, (), located.compared, located.reason, reason)
    products = {place for _, line, place in others if _PRODUCT.match(line)}
    fused = _fused(placed)
    chains: list[Chains] = [()] * len(lines)
    for (at, line, _), (_, _, place) in zip(own, others, strict=True):
        chain = placed.chains.get(place, ())
        taken = fused.get(place, set()) if _FUSED.match(line) else set[int]()
        more = set[int]() if place in taken else taken - products if len(taken) > 1 else taken
        second = [placed.chains.get(p, ()) for p in more] if len(more) == 1 else []
        chains[at] = tuple(c for c in (chain, *second) if c)
    return Located(located.llvm, tuple(chains), located.compared, located.reason)


def _instructions(lines: Sequence[str]) -> Iterator[tuple[int, str, int]]:
    """The instructions and labels: number of the line, text, number of the place or -1. What is no code is left out."""
    place, inside = -1, True
    for number, line in enumerate(lines):
        if line.startswith("\t.section"):
            inside = ".debug" not in line
        elif line.startswith("\t.text"):
            inside = True
        elif (found := _LOC.match(line)) is not None:
            place = int(found[1]) - 1
        elif inside and line.strip() and not line.startswith(("\t.", "\t#", "#", ".Ltmp", ".Lfunc", ".Ldebug")):
            if not line.startswith(("\t", ".")):
                place = -1  # a function begins
            yield number, _SERIAL.sub("BvB", line), place if line.startswith("\t") else -1


def _fused(placed: _Placed) -> dict[int, set[int]]:
    """The places of sums that may be one instruction with a product, and of the products that each takes."""
    found: dict[int, set[int]] = {}
    products: dict[str, int] = {}
    for line in placed.text.splitlines():
        if line.startswith("define "):
            products.clear()
        match, place = _SUM.match(line), _PLACE.search(line)
        if match is None or place is None or "contract" not in match[3]:
            continue
        if match[2] == "fmul":
            products[match[1]] = int(place[1])
            continue
        taken = {products[name] for name in _NAME.findall(match[3]) if name in products}
        if taken:
            found.setdefault(int(place[1]), set()).update(taken)
    return found

"""The instructions that do the work of some nodes: of LLVM's code and of machine code, in whichever loops they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tensorlab.core.compile import Loop
from tensorlab.core.located import locate
from tensorlab.jit.code_parts import CodeLine, CodePart, machine_part
from tensorlab.jit.loop_callers import LoopCallers
from tensorlab.jit.loop_lines import LoopLines, steps_of
from tensorlab.jit.program import Program

_MOST_LOOPS = 8  # that are compiled again for it


@dataclass(frozen=True, slots=True)
class NodeCode:
    """The instructions of one function that are for some nodes: how many, and those in its hot block.

    ``lines`` are the hot ones, or all where none is hot, with their numbers in the text, from 1; ``moves`` are the
    numbers of those that read and write memory, or find the place in it. ``total`` counts the lines of the text.
    ``reason`` says why no instruction is told.
    """

    stage: Literal["llvm", "asm"]
    name: str
    count: int
    hot: int
    bits: int
    lines: tuple[tuple[int, str], ...]
    moves: tuple[int, ...]
    total: int
    reason: str = ""

    @property
    def title(self) -> str:
        """In words: whose, how many, how wide."""
        form = "LLVM's code" if self.stage == "llvm" else "machine code"
        if self.reason:
            return f"{form} of {self.name}: which instructions are its own is not known: {self.reason}"
        many = f"{self.count} instruction{'' if self.count == 1 else 's'}"
        wide = f", vectors of {self.bits} bits" if self.bits else ", one number at a time"
        return f"{form} of {self.name}: {many} of its own, {self.hot} in the hot block{wide if self.hot else ''}"


def node_code(program: Program, serials: Collection[int]) -> tuple[NodeCode, ...]:
    """The instructions of nodes, by their serials, in what runs; LLVM's first for each function.

    Cost: 0.1 to 0.4 s for each loop that a node is in, and 0.3 s for a process that writes machine code.
    """
    callers = LoopCallers(program)
    loops = [loop for loop in callers.loops if _has(loop, callers, serials)][:_MOST_LOOPS]
    if not loops:
        return ()
    located = locate(loops)
    return tuple(
        _of_part(machine_part(loop, callers, stage, one), stage, serials)
        for loop, one in zip(loops, located, strict=True)
        for stage in ("llvm", "asm")
    )


def _has(loop: Loop, callers: LoopCallers, serials: Collection[int]) -> bool:
    """Whether a line of a loop is for some of the nodes; loops that none of them calls are not looked at."""
    native = callers.native is not None and callers.native.loop is loop
    if not native and not any(step.serial in serials for node in callers.of(loop) for step in steps_of(node)):
        return False
    lines = LoopLines(loop, callers)
    numbers = range(1, len(loop.source.splitlines()) + 1)
    return any(not lines.at(number).serials.isdisjoint(serials) for number in numbers)


def _of_part(part: CodePart, stage: Literal["llvm", "asm"], serials: Collection[int]) -> NodeCode:
    own = list(_own(part.all_lines, serials))
    # Lines are values: those of the hot block are the same objects as among all.
    inside = {id(line) for line in part.lines}
    hot = [number for number in own if id(part.all_lines[number]) in inside]
    lines = tuple((number + 1, part.all_lines[number].text) for number in hot or own)
    moves = tuple(n for n, _ in lines if part.all_lines[n - 1].origins.roles <= {"reads", "writes"})
    return NodeCode(stage, part.name, len(own), len(hot), part.bits or 0, lines, moves, part.total, part.reason)


def _own(lines: Sequence[CodeLine], serials: Collection[int]) -> Iterator[int]:
    """The numbers of the instructions that are for some of the nodes."""
    for number, line in enumerate(lines):
        if line.is_instruction and not line.origins.serials.isdisjoint(serials):
            yield number

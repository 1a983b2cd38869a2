"""Where in what runs a node is: the line of the program, the loop and its step, and what the compiler made of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tensorlab.core.compile import Loop
from tensorlab.jit.fused import FusedLoop
from tensorlab.jit.ir import CONSTANT, Graph, Node
from tensorlab.jit.lives_ends import End
from tensorlab.jit.native_function import NativeFunction
from tensorlab.jit.program import Program

Stage = Literal["native", "loop", "llvm", "asm"]
MOST_LINES = 8  # of one excerpt

_BLOCK = re.compile(r"^([\w.$\"-]+):")
_VECTOR = re.compile(r"<(\d+) x (?:float|double|half|bfloat|i\d+)>")
_ARITHMETIC = re.compile(
    r" = (?:fast |tail |nnan |contract )*(?:f\w+|call|add|sub|mul|sdiv|and|or|xor|shl|[al]shr|select)\b"
)
_PACKED = re.compile(r"^\s*v?\w+(?:ps|pd|ph|dqa|dqu|b|w|d|q)\b.*%[xyz]mm")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A few lines of a longer text, with their numbers from 1; ``total`` counts all of the lines."""

    stage: Stage
    title: str
    lines: tuple[tuple[int, str], ...]
    total: int

    @property
    def left_out(self) -> int:
        return self.total - len(self.lines)

    def to_dict(self) -> dict[str, object]:
        return {
            "stage": self.stage,
            "title": self.title,
            "lines": [list(line) for line in self.lines],
            "total": self.total,
            "left_out": self.left_out,
        }


@dataclass(frozen=True, slots=True)
class Place:
    """Where the work of a node is done. ``step`` is its number in the loop, from 0; `None` where there is no loop.

    ``native`` names the function that later calls run instead of the program, where there is one.
    """

    line: int
    text: str
    loop: str = ""
    step: int | None = None
    steps: int = 0
    native: str = ""
    excerpts: tuple[Excerpt, ...] = ()

    def to_dict(self) -> dict[str, object]:
        return {
            "line": self.line,
            "text": self.text,
            "loop": self.loop,
            "step": self.step,
            "steps": self.steps,
            "native": self.native,
            "excerpts": [excerpt.to_dict() for excerpt in self.excerpts],
        }


def place_of(end: End, program: Program, *, code: bool = True) -> Place | None:
    """Where an end is in a program; `None` for what is not in its text. ``code`` adds excerpts of the loop."""
    serial = end.node if end.group is None else end.group
    found = next(((n, node) for n, node in program.nodes.items() if node.serial == serial), None)
    if found is None or not end.lives:
        return None
    number, node = found
    text = program.python.splitlines()[number - 1].strip()
    function = None if program.native is None else program.native.function
    native = "" if function is None else function.loop.name
    inside = _in_native(function, node) if code and function is not None else ()
    loop = next((loop for loop in program.loops if f"{loop.name}(" in text), None)
    if loop is None:
        return Place(number, text, native=native, excerpts=inside)
    step = _step(end, node)
    compiled = loop.loops
    excerpts = _excerpts(compiled[-1], step) if code and compiled else ()
    return Place(number, text, loop.name, step, len(loop.region.steps), native, (*inside, *excerpts))


def loop_of(end: End, program: Program) -> FusedLoop | None:
    """The loop that an end is in."""
    place = place_of(end, program, code=False)
    return next((loop for loop in program.loops if place is not None and loop.name == place.loop), None)


def _step(end: End, node: Node) -> int | None:
    """The number of a node among the steps of its loop: constants are none."""
    subgraph = node.attributes.get("subgraph")
    if not isinstance(subgraph, Graph):
        return 0
    steps = [inner.serial for inner in subgraph.block.nodes if inner.kind != CONSTANT]
    return steps.index(end.node) if end.node in steps else None


def _in_native(function: NativeFunction, node: Node) -> tuple[Excerpt, ...]:
    """The lines of a node in the native function of the whole graph."""
    found = function.plan.places.get(node.serial)
    if found is None:
        return ()
    first, last = found
    lines = function.plan.source.splitlines()
    return (_picked("native", f"the native function {function.loop.name}", lines, range(first - 1, last)),)


def _excerpts(loop: Loop, step: int | None) -> tuple[Excerpt, ...]:
    llvm, asm = loop.llvm(), loop.asm()
    return (_of_source(loop, step), _of_llvm(llvm), _of_asm(asm))


def _of_source(loop: Loop, step: int | None) -> Excerpt:
    """The lines of the loop's Python that give the step, or where the loop begins."""
    lines = loop.source.splitlines()
    begin = next((i for i, line in enumerate(lines) if line.startswith("def loop(")), 0)
    head = next((i for i in range(begin, len(lines)) if lines[i].lstrip().startswith("for ")), begin)
    if step is None:
        return _picked("loop", f"Numba's Python, {loop.name}", lines, [head])
    made = {int(m[1]): i for i in range(begin, len(lines)) if (m := re.match(r"\s+v(\d+) = ", lines[i]))}
    last = made.get(step, head)
    first = max([i for number, i in made.items() if number < step and i < last], default=last - 1)
    chosen = list(range(first + 1, last + 1))
    return _picked("loop", f"Numba's Python, {loop.name}", lines, chosen[-MOST_LINES:])


def _of_llvm(text: str) -> Excerpt:
    """What the hottest block computes: of the blocks that repeat themselves the one with most work on vectors."""
    lines = text.splitlines()
    best = _hottest(lines, _llvm_blocks(lines), _VECTOR, _ARITHMETIC)
    if best is None:
        return Excerpt("llvm", "LLVM's code: no block repeats itself", (), len(lines))
    name, inside = best
    widths = [int(m[1]) for i in inside for m in [_VECTOR.search(lines[i])] if m]
    how = f"vectors of {max(set(widths), key=widths.count)}" if widths else "one element at a time"
    work = [i for i in inside if _ARITHMETIC.search(lines[i]) and "add i64" not in lines[i]]
    moved = [i for i in inside if "store " in lines[i] or " load " in lines[i]]
    return _picked("llvm", f"LLVM's code, block {name}: {how}", lines, _both(work, moved))


def _llvm_blocks(lines: Sequence[str]) -> list[tuple[str, list[int]]]:
    """The blocks that jump back to themselves, each with the lines in it."""
    blocks: list[tuple[str, list[int]]] = []
    for i, line in enumerate(lines):
        found = _BLOCK.match(line)
        if found:
            blocks.append((found[1], []))
        elif blocks and line.startswith("  "):
            blocks[-1][1].append(i)
    return [(name, inside) for name, inside in blocks if any(f"label %{name}," in f"{lines[i]}," for i in inside[-1:])]


def _of_asm(text: str) -> Excerpt:
    """The same of the machine code."""
    lines = text.splitlines()
    starts = {found[1]: i for i, line in enumerate(lines) if (found := re.match(r"^(\.LBB\w+):", line))}
    loops: list[tuple[str, list[int]]] = []
    for i, line in enumerate(lines):
        jump = re.match(r"^\s+j\w+\s+(\.LBB\w+)", line)
        if jump and starts.get(jump[1], i) < i:
            inside = range(starts[jump[1]] + 1, i + 1)
            if not any(lines[j].startswith(".LBB") for j in inside):  # an innermost one
                loops.append((jump[1], [j for j in inside if not lines[j].lstrip().startswith((".", "#"))]))
    best = _hottest(lines, loops, _PACKED, _PACKED)
    if best is None:
        return Excerpt("asm", "machine code: no loop in it", (), len(lines))
    name, inside = best
    moved = [i for i in inside if re.match(r"\s+v?mov|\s+v?broadcast", lines[i])]
    work = [i for i in inside if i not in moved and _PACKED.match(lines[i])] or inside
    return _picked("asm", f"machine code, loop {name}", lines, _both(work, moved))


def _both(work: Sequence[int], moved: Sequence[int]) -> list[int]:
    """The first lines that compute, and some of those that read and write, in order."""
    few = [*moved[:1], *moved[-1:]]
    return sorted({*few, *[i for i in work if i not in few][: MOST_LINES - len(few)]})


def _hottest(
    lines: Sequence[str], blocks: Sequence[tuple[str, list[int]]], *patterns: re.Pattern[str]
) -> tuple[str, list[int]] | None:
    def heat(block: tuple[str, list[int]]) -> tuple[int, ...]:
        inside = [lines[i] for i in block[1]]
        return (sum(all(p.search(line) for p in patterns) for line in inside), len(inside))

    return max(blocks, key=heat, default=None)


def _picked(stage: Stage, title: str, lines: Sequence[str], chosen: Sequence[int]) -> Excerpt:
    shown = tuple((i + 1, lines[i].rstrip().expandtabs(4)) for i in chosen[:MOST_LINES])
    return Excerpt(stage, title, shown, len(lines))

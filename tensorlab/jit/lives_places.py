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
from tensorlab.jit.node_code import NodeCode, node_code
from tensorlab.jit.program import Program

Stage = Literal["native", "loop", "llvm", "asm"]
MOST_LINES = 8  # of one excerpt
_CALL = re.compile(r"\b(\w+)\(")


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


class Places:
    """Where in a program the nodes of its graph are; what all of them are looked up in is made once."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._texts = program.python.splitlines()
        self._nodes: dict[int, tuple[int, Node]] = {}
        for number, node in program.nodes.items():
            self._nodes.setdefault(node.serial, (number, node))
        self._loops = {loop.name: loop for loop in program.loops}
        self._function = None if program.native is None else program.native.function

    def of(self, end: End, *, code: bool = True) -> Place | None:
        """Where an end is; `None` for what is not in the program's text. ``code`` adds excerpts of the loop.

        Cost: with ``code`` that of `node_code`.
        """
        found = self._found(end)
        if found is None:
            return None
        number, node = found
        function, text, loop = self._function, self._texts[number - 1].strip(), self._called(number)
        native = "" if function is None else function.loop.name
        inside = _in_native(function, node) if code and function is not None else ()
        machine = _machine(self._program, end) if code else ()
        if loop is None:
            return Place(number, text, native=native, excerpts=(*inside, *machine))
        step = _step(end, node)
        source = (_of_source(loop.loops[-1], step),) if code and loop.loops else ()
        return Place(number, text, loop.name, step, len(loop.region.steps), native, (*inside, *source, *machine))

    def loop(self, end: End) -> FusedLoop | None:
        """The loop that an end is in."""
        found = self._found(end)
        return None if found is None else self._called(found[0])

    def _found(self, end: End) -> tuple[int, Node] | None:
        serial = end.node if end.group is None else end.group
        return None if serial is None or not end.lives else self._nodes.get(serial)

    def _called(self, number: int) -> FusedLoop | None:
        """The loop that a line of the program calls."""
        names = _CALL.findall(self._texts[number - 1])
        return next((self._loops[name] for name in names if name in self._loops), None)


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


def _machine(program: Program, end: End) -> tuple[Excerpt, ...]:
    """The instructions that do the work of a node, in whatever runs."""
    return () if end.node is None else tuple(map(excerpt_of, node_code(program, {end.node})))


def excerpt_of(code: NodeCode) -> Excerpt:
    """Instructions of a node: the first that compute, and some of those that read and write, in order."""
    moves = [number for number, _ in code.lines if number in code.moves]
    few = [*moves[:1], *moves[1:][-1:]]
    work = [number for number, _ in code.lines if number not in code.moves]
    chosen = [*few, *work[: MOST_LINES - len(few)], *moves[1:-1]][:MOST_LINES]
    lines = tuple((number, text.rstrip().expandtabs(4)) for number, text in code.lines if number in chosen)
    return Excerpt(code.stage, code.title, lines, code.total)


def _of_source(loop: Loop, step: int | None) -> Excerpt:
    """The lines of the loop's Python that give the step, or where the loop begins."""
    lines = loop.source.splitlines()
    begin = next((i for i, line in enumerate(lines) if line.startswith("def loop(")), 0)
    head = next((i for i in range(begin, len(lines)) if lines[i].lstrip().startswith("for ")), begin)
    if step is None:
        return _picked("loop", f"the Python of {loop.name}", lines, [head])
    made = {int(m[1]): i for i in range(begin, len(lines)) if (m := re.match(r"\s+v(\d+) = ", lines[i]))}
    last = made.get(step, head)
    first = max([i for number, i in made.items() if number < step and i < last], default=last - 1)
    chosen = list(range(first + 1, last + 1))
    return _picked("loop", f"the Python of {loop.name}", lines, chosen[-MOST_LINES:])


def _picked(stage: Stage, title: str, lines: Sequence[str], chosen: Sequence[int]) -> Excerpt:
    shown = tuple((i + 1, lines[i].rstrip().expandtabs(4)) for i in chosen[:MOST_LINES])
    return Excerpt(stage, title, shown, len(lines))

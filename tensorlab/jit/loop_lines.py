"""The operation behind each line of a loop's text, and so behind each instruction whose line is known.

tensorlab wrote the text, so the way back is known: what comes before ``v3 = `` belongs to the third step of the region,
``x2 = a2[i0]`` is read for the first step that takes it, ``o0[i0] = v3`` writes the third step. In a native function
each node has lines of its own; the loops that it calls are inlined from there, or called by their addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from typing import Literal

from tensorlab.core.compile import Loop
from tensorlab.core.located import Chain, Chains
from tensorlab.jit.ir import CONSTANT, FUSION_GROUP, LOOP, Graph, Node, Span
from tensorlab.jit.loop_callers import LoopCallers
from tensorlab.jit.source import own_span

# What a line does: it computes a node, reads for it, writes it or calls its loop; or it counts a loop's turns, begins
# the function or ends it; or LLVM made one instruction of several lines.
Place = tuple[str, int]  # a file and a line
Role = Literal["computes", "reads", "writes", "calls", "loop", "entry", "exit", "merged"]

_DEF = re.compile(r"def (\w+)\(")
_STEP = re.compile(r"(?:v|h|acc|part|mean|squares|d)(\d+) [-+*]?= ")
_READ = re.compile(r"x(\d+) = ")
_READ_BACK = re.compile(r"v(\d+) = .*\b[ot]\d+\[")  # from a result, or from room for values on their way
_WRITE = re.compile(r"[ot]\d+\[.*?\] = (.*)")
_BOUND = re.compile(r"(?:\w+_row|e\d+) = ")
_CARRIED = re.compile(r"\b[vh](\d+)\b")
_CALL = re.compile(r"\b(\w+)\(")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a line of code is for. ``node`` is `None` for what belongs to a loop, or to no node alone."""

    role: Role
    node: Node | None = field(default=None, repr=False)

    @property
    def span(self) -> Span | None:
        """The user's place; that of a call of a fused loop is that of no one operation."""
        return None if self.node is None or self.role == "calls" else own_span(self.node.span)

    @property
    def op(self) -> str:
        """The operation in a word: ``mul``; for what is none, the role."""
        if self.node is None:
            return self.role
        if self.node.kind == FUSION_GROUP:
            return "calls"
        return self.node.kind.partition("::")[2] or self.node.kind

    def to_dict(self) -> dict[str, object]:
        span = self.span
        return {
            "role": self.role,
            "op": self.op,
            "node": None if self.node is None else self.node.serial,
            "span": None if span is None else span.to_dict(),
        }


class Origins(tuple[Origin, ...]):
    """What a line of code is for, all of it: of a loop that thousands of nodes call, thousands of operations.

    Lines that are for the same share one of these, so that what is asked of all of them is found once. ``chains`` says
    how many lines of the loop's text are behind it: two, where LLVM made one instruction of two operations.
    """

    chains: int = 1

    @cached_property
    def spans(self) -> Mapping[Place, Span]:
        """The user's places, one for each line of his, in the order of the operations."""
        found: dict[Place, Span] = {}
        for span in (origin.span for origin in self):
            if span is not None:
                found[span.filename, span.line] = span
        return found

    @cached_property
    def ops(self) -> Mapping[Place, Sequence[str]]:
        """The operations on each of the user's lines; the call of a loop is none."""
        found: dict[Place, dict[str, None]] = {}
        for origin in self:
            span = origin.span
            if span is not None and origin.op != "calls":
                found.setdefault((span.filename, span.line), {})[origin.op] = None
        return {at: tuple(ops) for at, ops in found.items()}

    @cached_property
    def distinct(self) -> Sequence[Origin]:
        """The first origin of each role, operation and line of the user's."""
        found: dict[object, Origin] = {}
        for origin in self:
            span = origin.span
            found.setdefault((origin.role, origin.op, span and (span.filename, span.line)), origin)
        return tuple(found.values())

    @cached_property
    def serials(self) -> frozenset[int]:
        """The nodes."""
        return frozenset(origin.node.serial for origin in self if origin.node is not None)

    @cached_property
    def roles(self) -> frozenset[Role]:
        return frozenset(origin.role for origin in self)


@dataclass(frozen=True, slots=True)
class _Function:
    """A function of the text: its lines, from 1, and which steps they are for, -1 for none."""

    name: str
    lines: range
    steps: Mapping[int, tuple[int, Role]]


class LoopLines:
    """The origins of the lines of a loop that a program calls, or of a program's native function."""

    def __init__(self, loop: Loop, callers: LoopCallers) -> None:
        self._lines = loop.source.splitlines()
        self._functions = list(_functions(self._lines))
        self._places: Mapping[int, tuple[int, int]] | None = None
        self._nodes: Mapping[int, Node] = {}
        self._callers: Sequence[Node] = ()
        self._steps: dict[int, Sequence[Node]] = {}
        self._told: dict[Chains, Origins] = {}
        native = callers.native
        if native is not None and native.loop is loop:
            self._places, self._nodes = native.plan.places, callers.nodes
        else:
            self._callers = callers.of(loop)

    @property
    def callers(self) -> int:
        """How many nodes call the loop; 0 for a native function, which is for all of them."""
        return len(self._callers)

    def at(self, number: int) -> Origins:
        """What a line of the text, from 1, is for; several operations where several call its function."""
        return self.of(((number,),))

    def of(self, chains: Chains) -> Origins:
        """What an instruction is for whose line is the first of a chain, inlined at the second, and so on; of several
        where LLVM made it of several. The same chains give the same object.
        """
        found = self._told.get(chains)
        if found is None:
            # Of several chains the first caller's operations stand together, then the second one's.
            rows = zip_longest(*map(self._of_chain, chains))
            found = Origins(dict.fromkeys(origin for row in rows for origin in row if origin is not None))
            found.chains = len(chains)
            self._told[chains] = found
        return found

    def _of_chain(self, chain: Chain) -> tuple[Origin, ...]:
        if not chain:
            return ()
        number = chain[0]
        if number == 0:
            return (Origin("merged"),)
        function = next((f for f in self._functions if number in f.lines), None)
        if function is None:
            return ()
        if self._places is None:
            callers = self._callers
        elif function.name == "loop":
            return self._of_node(number, self._places)
        else:
            lines = chain[-1:] if len(chain) > 1 else tuple(self._calling(function.name))
            callers = [node for line in lines if (node := self._node(line, self._places)) is not None]
        return tuple(origin for node in callers for origin in _of_step(function, number, self._steps_of(node)))

    def _steps_of(self, node: Node) -> Sequence[Node]:
        found = self._steps.get(node.serial)
        if found is None:
            found = self._steps[node.serial] = steps_of(node)
        return found

    def _of_node(self, number: int, places: Mapping[int, tuple[int, int]]) -> tuple[Origin, ...]:
        node = self._node(number, places)
        if node is None:
            return (Origin("exit" if any(last < number for _, last in places.values()) else "entry"),)
        if node.kind == FUSION_GROUP:
            return (Origin("calls", node),)
        turns = node.kind == LOOP or self._lines[number - 1].lstrip().startswith(("for ", "while "))
        return (Origin("loop" if turns else "computes", node),)

    def _node(self, number: int, places: Mapping[int, tuple[int, int]]) -> Node | None:
        """The node whose lines a line is among: of several the one with the fewest, which the others hold."""
        around = [(last - first, serial) for serial, (first, last) in places.items() if first <= number <= last]
        return self._nodes.get(min(around)[1]) if around else None

    def _calling(self, name: str) -> Iterator[int]:
        for function in self._functions:
            if function.name == "loop":
                yield from (n for n in function.lines if name in _CALL.findall(self._lines[n - 1]))


def _functions(lines: Sequence[str]) -> Iterator[_Function]:
    starts = [n for n, line in enumerate(lines, 1) if _DEF.match(line)]
    for start in starts:
        end = start + 1
        while end <= len(lines) and (not lines[end - 1].strip() or lines[end - 1].startswith(" ")):
            end += 1
        match = _DEF.match(lines[start - 1])
        if match is not None:
            yield _Function(match[1], range(start, end), _step_lines(lines, range(start + 1, end)))


def _step_lines(lines: Sequence[str], inside: range) -> dict[int, tuple[int, Role]]:
    """Which step each line of a function is for, and how."""
    found: dict[int, tuple[int, Role]] = {}
    waiting: list[int] = []
    reads: dict[str, int] = {}
    begun = False
    for number in inside:
        code = lines[number - 1].strip()
        if code.startswith(("for ", "while ")):
            found[number] = -1, "loop"
            begun = True
            waiting.clear()
        elif match := _WRITE.match(code):
            made = _CARRIED.findall(match[1])
            found[number] = int(made[-1]) if made else -1, "writes"
        elif match := _READ.match(code):
            reads[f"x{match[1]}"] = number
        elif match := _READ_BACK.match(code):
            found[number] = int(match[1]), "reads"  # until a step takes it
            reads[f"v{match[1]}"] = number
        elif match := _STEP.match(code):
            step = int(match[1])
            waiting.append(number)
            found.update((n, (step, "computes")) for n in waiting)
            words = set(re.findall(r"\w+", " ".join(lines[n - 1] for n in waiting)))
            found.update((reads.pop(name), (step, "reads")) for name in words & set(reads))
            waiting.clear()
        elif _BOUND.match(code):
            found[number] = -1, "loop"
        elif begun:
            waiting.append(number)
        elif code:
            found[number] = -1, "entry"
    return found


def _of_step(function: _Function, number: int, steps: Sequence[Node]) -> tuple[Origin, ...]:
    """The origin of a line of a loop whose steps are these nodes; a loop of one node is all its own."""
    step, role = function.steps.get(number, (-1, "computes"))
    if 0 <= step < len(steps):
        return (Origin(role, steps[step]),)
    if role in ("loop", "entry") or number == function.lines.start:
        return (Origin("loop" if role == "loop" else "entry"),)
    return (Origin(role, steps[0]),) if len(steps) == 1 else ()


def steps_of(node: Node) -> Sequence[Node]:
    """The nodes that the steps of a node's loop compute: constants are none."""
    subgraph = node.attributes.get("subgraph")
    if isinstance(subgraph, Graph):
        return [inner for inner in subgraph.block.nodes if inner.kind != CONSTANT]
    return [node]

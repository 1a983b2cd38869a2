"""The instructions of a graph as a walk shows them: nodes as they print, lines of source, blocks; copies to run."""

from __future__ import annotations

import copy
import linecache
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.jit.instructions import Code, Instruction, Opcode
from tensorlab.jit.interpret import EMPTY
from tensorlab.jit.ir import PYTHON_OP, Block, Graph, Span, Value
from tensorlab.jit.state import reached, storages_of
from tensorlab.jit.text import Names, Style, format_graph, format_node
from tensorlab.jit.walk_records import CodeRecord, InsideRecord

_NO_LIMIT = 1 << 62  # a while loop counts its turns up to a number that none reaches


@dataclass(frozen=True, slots=True)
class _Region:
    """Instructions ``first`` up to and without ``stop``, which are a branch of an if or the body of a loop."""

    kind: Literal["loop", "then", "else"]
    first: int
    stop: int
    line: int
    limit: int = -1  # registers of a loop
    turn: int = -1


class Listing:
    """A function's instructions with all that is known of them before they run."""

    def __init__(self, graph: Graph, code: Code, style: Style) -> None:
        names = Names()
        format_graph(graph, names=names, style=style)  # the names come in the order of the text
        self.names = {code.places[v.serial]: names.of(v) for v in _values(graph.block) if v.serial in code.places}
        self.variables = code.names
        nodes = {node.serial: format_node(node, names, style=style) for node in graph.nodes()}
        regions = _regions(code.instructions)
        self._regions = [tuple(r for r in regions if r.first <= pc < r.stop) for pc in range(len(code.instructions))]
        self.records = tuple(
            CodeRecord(
                pc,
                each.opcode.value,
                str(each),
                nodes.get(-1 if each.serial is None else each.serial, ""),
                each.span,
                source_line(each.span).strip(),
                len(self._regions[pc]),
                each.target,
            )
            for pc, each in enumerate(code.instructions)
        )
        self.calls_python = any(_calls_python(each) for each in code.instructions)

    def inside(self, pc: int, registers: Mapping[int, Any]) -> tuple[InsideRecord, ...]:
        """The blocks around an instruction, the outermost first, with the turns that registers count."""
        return tuple(_inside(region, registers) for region in self._regions[pc])

    @property
    def lines(self) -> tuple[int, ...]:
        """Lines of source that an instruction comes from, calls to it included."""
        return tuple(sorted({line for record in self.records for line in lines_of(record.span)}))

    def of_line(self, line: int) -> frozenset[int]:
        """Places of a line's instructions: without its constants, which are loaded long before, where it has others."""
        found = [record for record in self.records if line in lines_of(record.span)]
        others = [record for record in found if record.opcode != Opcode.CONST.value]
        return frozenset(record.pc for record in others or found)

    def registers_of(self, name: str) -> frozenset[int]:
        """Registers of a value: ``%y`` as the graph prints it, or ``y``, each value that the source calls so."""
        if name.startswith("%"):
            return frozenset(r for r, printed in self.names.items() if printed == name)
        return frozenset(r for r, variable in enumerate(self.variables) if variable == name and name)

    @property
    def known(self) -> tuple[str, ...]:
        """Every name that `registers_of` takes."""
        return tuple(dict.fromkeys([*self.names.values(), *filter(None, self.variables)]))


def source_line(span: Span | None) -> str:
    """The text of a place's line, or nothing where it cannot be read."""
    return "" if span is None else linecache.getline(span.filename, span.line).rstrip()


def lines_of(span: Span | None) -> tuple[int, ...]:
    """The line of a place, and the lines that it was called from."""
    return () if span is None else (span.line, *lines_of(span.caller))


def copied(code: Code, args: Sequence[Any]) -> tuple[Code, list[Any], tuple[Storage, ...]]:
    """A function and its arguments over storages of their own, and those.

    What shares bytes among them shares the copy. Nothing that a run writes to is left but what Python functions reach.
    """
    held = [*args, *(each.value for each in _constants(code))]
    memo: dict[int, Any] = {}
    for thing in reached(held):
        if isinstance(thing, Tensor):
            own = memo[id(thing)] = copy.deepcopy(thing.detach(), memo)
            if thing.requires_grad:
                own.requires_grad_()
    made = _code_copy(code, memo)
    given = [copy.deepcopy(value, memo) for value in args]
    fresh = storages_of([*given, *(each.value for each in _constants(made))])
    return made, given, tuple(fresh.values())


def _constants(code: Code) -> list[Instruction]:
    inner = [each for i in code.instructions if i.code is not None for each in _constants(i.code)]
    return [*(i for i in code.instructions if i.opcode is Opcode.CONST), *inner]


def _code_copy(code: Code, memo: dict[int, Any]) -> Code:
    return replace(code, instructions=tuple(_instruction_copy(each, memo) for each in code.instructions))


def _instruction_copy(instruction: Instruction, memo: dict[int, Any]) -> Instruction:
    if instruction.code is not None:
        return replace(instruction, code=_code_copy(instruction.code, memo))
    if instruction.opcode is not Opcode.CONST:
        return instruction
    return replace(instruction, value=copy.deepcopy(instruction.value, memo))


def _calls_python(instruction: Instruction) -> bool:
    inner = instruction.code.instructions if instruction.code is not None else ()
    return instruction.kind == PYTHON_OP or any(map(_calls_python, inner))


def _values(block: Block) -> list[Value]:
    found = list(block.params)
    for node in block.nodes:
        found += node.outputs
        for inner in node.blocks:
            found += _values(inner)
    return found


def _regions(instructions: Sequence[Instruction]) -> list[_Region]:
    """Branches and bodies, each before those inside it."""
    found: list[_Region] = []
    for pc, each in enumerate(instructions):
        line = each.span.line if each.span is not None else 0
        if each.target is None or each.opcode is Opcode.JUMP:
            continue
        if each.opcode is Opcode.JUMP_UNLESS_NEXT:
            limit, turn = (i.register for i in each.inputs[:2])
            found.append(_Region("loop", pc + 1, each.target - 1, line, limit, turn))  # the jump back is no part of it
            continue
        found.append(_Region("then", pc + 1, each.target, line))
        leave = instructions[each.target - 1]
        if leave.opcode is Opcode.JUMP and leave.serial == each.serial and leave.target is not None:
            found.append(_Region("else", each.target, leave.target, line))
    return found


def _inside(region: _Region, registers: Mapping[int, Any]) -> InsideRecord:
    if region.kind != "loop":
        return InsideRecord(region.kind, region.line)
    turn, limit = registers.get(region.turn, EMPTY), registers.get(region.limit, EMPTY)
    known = isinstance(limit, int) and limit < _NO_LIMIT
    return InsideRecord("loop", region.line, turn + 1 if isinstance(turn, int) else 0, limit if known else None)

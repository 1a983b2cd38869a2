"""The reference interpreter: a register machine that runs a graph one instruction at a time.

Every optimised program must give what this gives. `run` goes to the end; `steps` yields a record of each instruction,
so that a run can be looked at forwards and backwards.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tensorlab.errors import ArgumentError, Place, RunError
from tensorlab.jit.instructions import Code, Input, Instruction, Opcode, summary, translate
from tensorlab.jit.ir import (
    CREATE_OBJECT,
    DICT_CONSTRUCT,
    ENUM_NAME,
    ENUM_VALUE,
    FORMAT,
    GET_ATTR,
    LIST_CONSTRUCT,
    LIST_UNPACK,
    PRINT,
    PYTHON_OP,
    RAISE,
    SET_ATTR,
    TUPLE_CONSTRUCT,
    TUPLE_UNPACK,
    UNINITIALIZED,
    Graph,
    Span,
)

__all__ = ["Code", "Instruction", "Machine", "Opcode", "Step", "run", "steps", "translate"]


@dataclass(frozen=True, slots=True)
class Step:
    """What one instruction did.

    ``index`` counts the steps of the run, ``pc`` is the place in the code. ``before`` and ``after`` say what each full
    register holds (`summary`, so that a kept step keeps no tensor alive); ``freed`` are the registers that it emptied.
    """

    index: int
    pc: int
    instruction: Instruction
    before: Mapping[int, str]
    after: Mapping[int, str]
    freed: tuple[int, ...]

    @property
    def serial(self) -> int | None:
        """The node's serial."""
        return self.instruction.serial

    @property
    def span(self) -> Span | None:
        """The node's place in the source."""
        return self.instruction.span

    def to_dict(self) -> dict[str, object]:
        return {
            "index": self.index,
            "pc": self.pc,
            "instruction": self.instruction.to_dict(),
            "before": dict(self.before),
            "after": dict(self.after),
            "freed": list(self.freed),
        }


def run(function: Graph | Code, args: Sequence[Any]) -> tuple[Any, ...]:
    """Run a function to its end and give its results.

    Raises: `ArgumentError` for the wrong number of arguments; `RunError`, caused by the original error, with the
            user's line where an operation fails.
    """
    code = function if isinstance(function, Code) else translate(function)
    return _run(code, list(args))


def steps(code: Code, args: Sequence[Any]) -> Iterator[Step]:
    """Run a function one instruction at a time; each is done when its step is taken from the iterator.

    Raises: as `run`.
    """
    return Machine(code, list(args)).steps()


class Machine:
    """Registers and a place in the code. ``registers`` is the list of arguments itself, made longer.

    It takes that list over, so that a caller who passes its only reference to a tensor lets go of it.
    """

    __slots__ = ("code", "done", "pc", "registers", "results")

    def __init__(self, code: Code, registers: list[Any]) -> None:
        if len(registers) != code.inputs:
            raise ArgumentError(f"{code.name}: takes {code.inputs} arguments, got {len(registers)}")
        self.code = code
        self.registers = registers
        registers.extend([EMPTY] * (code.registers - code.inputs))
        self.pc = 0
        self.done = False
        self.results: tuple[Any, ...] = ()

    def step(self) -> None:
        """Do one instruction."""
        instruction = self.code.instructions[self.pc]
        self.pc += 1
        values = self._take(instruction.inputs)
        match instruction.opcode:
            case Opcode.OP | Opcode.PRIM | Opcode.GROUP:
                self._give(instruction.outputs, _call(instruction, values))
            case Opcode.CONST:
                self.registers[instruction.outputs[0]] = instruction.value
            case Opcode.MOVE:
                self._give(instruction.outputs, values)
            case Opcode.NEXT:
                self.registers[instruction.outputs[0]] = values[0] + 1
            case Opcode.DROP:
                pass  # taking them emptied their registers
            case Opcode.RETURN:
                self.results = tuple(values)
                self.done = True
            case Opcode.JUMP | Opcode.JUMP_IF_FALSE | Opcode.JUMP_UNLESS_NEXT:
                self._jump(instruction, values)

    def steps(self) -> Iterator[Step]:
        """Go on to the end, yielding a record after each instruction; ``results`` are there after the last."""
        before = {r: summary(v) for r, v in enumerate(self.registers) if v is not EMPTY}
        index = 0
        while not self.done:
            pc = self.pc
            instruction = self.code.instructions[pc]
            self.step()
            after = before
            moved = [i.register for i in instruction.inputs if i.move]
            if moved or instruction.outputs:
                after = {r: text for r, text in before.items() if r not in moved}
                after |= {r: summary(self.registers[r]) for r in instruction.outputs}
            freed = tuple(r for r in moved if r not in after)
            yield Step(index, pc, instruction, before, after, freed)
            before = after
            index += 1

    def _take(self, inputs: tuple[Input, ...]) -> list[Any]:
        registers = self.registers
        values = [registers[register] for register, _ in inputs]
        for register, move in inputs:
            if move:
                registers[register] = EMPTY
        return values

    def _give(self, outputs: tuple[int, ...], values: Sequence[Any]) -> None:
        for register, value in zip(outputs, values, strict=True):
            self.registers[register] = value

    def _jump(self, instruction: Instruction, values: list[Any]) -> None:
        match values:
            case [limit, turn, condition]:
                stay = turn < limit and bool(condition)
            case [condition]:
                stay = bool(condition)
            case _:
                stay = False
        if not stay and instruction.target is not None:
            self.pc = instruction.target


class _Empty:
    """What a register holds that holds nothing."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "empty"


EMPTY = _Empty()


def _call(instruction: Instruction, values: list[Any]) -> Sequence[Any]:
    """The results of an operation, one an output.

    An error inside it is told as the user's own: its message, and below that the line that asked for the operation.
    """
    if instruction.kind == RAISE:
        raise RunError(f"{values[0]}{place(instruction.span)}")
    try:
        if instruction.op is not None:
            given = instruction.op.record(tuple(values))  # on the tape, where an argument is
            return given if len(instruction.outputs) > 1 else (given,)[: len(instruction.outputs)]
        if instruction.code is not None:
            return _run(instruction.code, values)
        if instruction.kind in _PYTHON:
            return _PYTHON[instruction.kind](instruction.value, values)[: len(instruction.outputs)]
        found = _PRIMS[instruction.kind](values)
        if len(found) != len(instruction.outputs):
            count = f"need {len(instruction.outputs)} but found {len(found)}"
            raise RunError(f"a list of another length to unpack: {count}{place(instruction.span)}")
        if instruction.value is not None:
            return (instruction.value(*found[0]),)
        return found
    except RunError:  # from inside a group: it says its place already
        raise
    except Exception as error:
        raise RunError(f"{str(error) or type(error).__name__}{place(instruction.span)}") from error


def _run(code: Code, registers: list[Any]) -> tuple[Any, ...]:
    machine = Machine(code, registers)
    while not machine.done:
        machine.step()
    return machine.results


def format_text(text: str, *values: Any) -> str:
    """``"{} {}".format(a, b)``."""
    return text.format(*values)


def _print(values: list[Any]) -> tuple[()]:
    sys.stdout.write(" ".join(map(str, values)) + "\n")
    return ()


def set_attribute(name: str, values: list[Any]) -> tuple[()]:
    """``values[0].name = values[1]``."""
    setattr(values[0], name, values[1])
    return ()


# Operations that need something of Python's besides their inputs: a class, a function, an attribute's name.
_PYTHON: dict[str, Callable[[Any, list[Any]], Sequence[Any]]] = {
    CREATE_OBJECT: lambda python, _: (object.__new__(python),),
    GET_ATTR: lambda name, values: (getattr(values[0], name),),
    SET_ATTR: set_attribute,
    PYTHON_OP: lambda python, values: (python(*values),),
}

_PRIMS: dict[str, Callable[[list[Any]], Sequence[Any]]] = {
    TUPLE_CONSTRUCT: lambda values: (tuple(values),),
    TUPLE_UNPACK: lambda values: tuple(values[0]),
    LIST_CONSTRUCT: lambda values: (values,),
    LIST_UNPACK: lambda values: tuple(values[0]),
    DICT_CONSTRUCT: lambda values: (dict(zip(values[::2], values[1::2], strict=True)),),
    ENUM_NAME: lambda values: (values[0].name,),
    ENUM_VALUE: lambda values: (values[0].value,),
    FORMAT: lambda values: (format_text(*values),),
    PRINT: _print,
    UNINITIALIZED: lambda values: (None,),
}


def place(span: Span | None) -> str:
    """Lines to put under an error's message: where, and the line itself with carets where it can be read.

    Of a function put in place, also where it was called, and where its caller was.
    """
    if span is None:
        return ""
    if span.caller is not None:
        called = f"\n  {span.function!r} was called from {span.caller.function!r}:"
        return f"{_line(span)}{called}{place(span.caller)}"
    return _line(span)


def _line(span: Span) -> str:
    text = linecache.getline(span.filename, span.line).rstrip()
    if not text:
        return f"\n  {span.filename}, line {span.line}"
    end = span.end_column if span.end_line == span.line else len(text)
    return f"\n{Place(span.filename, span.line, span.column, end, text)}"

"""A run of the interpreter that goes forwards and backwards, one instruction at a time.

Before an instruction runs, what it may change is kept: registers, the bytes that it writes to, lists, dicts, objects,
the state of the random numbers. Going back puts that back, so that each state is what it was to the last bit, and going
forwards again gives the same states again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from types import MappingProxyType
from typing import Any

from tensorlab.autograd.modes import no_grad
from tensorlab.errors import RangeError
from tensorlab.jit.instructions import Code, Instruction, Opcode, summary, translate
from tensorlab.jit.interpret import EMPTY, Machine, Step
from tensorlab.jit.ir import PYTHON_OP, SET_ATTR, Graph, Value
from tensorlab.jit.state import Kept, digest, reached, storages_of


@dataclass(frozen=True, slots=True)
class Moment:
    """A step, and what it did to memory. Units: bytes of storages that registers reach, each once.

    ``moved`` are the registers that it emptied, ``written`` those whose content it wrote to in place; ``freed_nbytes``
    lie in storages that no register reaches any more, ``made_nbytes`` in those that none reached before.
    """

    step: Step
    moved: tuple[int, ...]
    written: tuple[int, ...]
    live_nbytes: int
    made_nbytes: int
    freed_nbytes: int
    printed: str

    def to_dict(self) -> dict[str, object]:
        return {
            **self.step.to_dict(),
            "moved": list(self.moved),
            "written": list(self.written),
            "live_nbytes": self.live_nbytes,
            "made_nbytes": self.made_nbytes,
            "freed_nbytes": self.freed_nbytes,
            "printed": self.printed,
        }


@dataclass(frozen=True, slots=True)
class _Undo:
    """The machine before a step."""

    pc: int
    registers: dict[int, Any]
    kept: Kept


class Stepper:
    """A run of a function that stands before its first instruction.

    It takes the arguments as a call does, writes to them included, and gives what it wrote back when it goes back.
    Nothing goes onto the tape. Prints are kept and not shown.

    Cost:   all that a step overwrote or let go of is kept until it is undone: a loop over a large tensor that it
            writes to in place holds a copy for each turn.
    Raises: `ArgumentError` for the wrong number of arguments.
    """

    def __init__(self, function: Graph | Code, args: Sequence[Any]) -> None:
        self.code = function if isinstance(function, Code) else translate(function)
        self._machine = Machine(self.code, list(args))
        self._full = {r for r, v in enumerate(self._machine.registers) if v is not EMPTY}
        self._undo: list[_Undo] = []
        self._moments: list[Moment] = []

    @property
    def index(self) -> int:
        """How many steps are done."""
        return len(self._undo)

    @property
    def done(self) -> bool:
        """Whether the function has returned."""
        return self._machine.done

    @property
    def results(self) -> tuple[Any, ...]:
        """What the function returned; nothing before its end."""
        return self._machine.results

    @property
    def pc(self) -> int | None:
        """The place in the code of the next instruction, or `None` at the end."""
        return None if self.done else self._machine.pc

    @property
    def next(self) -> Instruction | None:
        """The instruction that the next step does, or `None` at the end."""
        return None if self.done else self.code.instructions[self._machine.pc]

    @property
    def moments(self) -> tuple[Moment, ...]:
        """A record of each step that is done."""
        return tuple(self._moments)

    @property
    def registers(self) -> Mapping[int, Any]:
        """What the full registers hold."""
        held = self._machine.registers
        return MappingProxyType({r: held[r] for r in sorted(self._full)})

    @property
    def live_nbytes(self) -> int:
        """Bytes of the storages that registers reach."""
        return sum(s.nbytes for s in self._storages().values())

    @property
    def printed(self) -> str:
        """What was printed so far."""
        return "".join(m.printed for m in self._moments)

    def digest(self) -> str:
        """A hash of the state: the same in each state that is the same to the last bit, on one machine."""
        machine = self._machine
        held = {**self.registers, **{-1 - i: v for i, v in enumerate(machine.results)}}
        return digest(held, machine.pc, machine.done, self.printed)

    def forward(self) -> Moment:
        """Do one instruction.

        Raises: `RangeError` at the end; what the instruction raises (see `run`), and then nothing has changed.
        """
        instruction = self.next
        if instruction is None:
            raise RangeError(f"forward: {self.code.name} has come to its end after {self.index} steps")
        before, storages = self._summaries(), self._storages()
        undo = self._keep(instruction)
        printed = StringIO()
        try:
            with no_grad(), redirect_stdout(printed):
                self._machine.step()
        except BaseException:
            self._put_back(undo)
            raise
        self._undo.append(undo)
        self._look(undo.registers)
        moment = self._moment(instruction, undo, before, storages, printed.getvalue())
        self._moments.append(moment)
        return moment

    def back(self) -> Moment:
        """Undo the last step; gives its record.

        Raises: `RangeError` at the beginning.
        """
        if not self._undo:
            raise RangeError(f"back: {self.code.name} stands before its first step")
        self._put_back(self._undo.pop())
        return self._moments.pop()

    def at(self, index: int) -> Moment | None:
        """Go to where so many steps are done, forwards or backwards; gives the last one's record, `None` for 0.

        Raises: `RangeError` where the run has fewer steps: it stands at its end then; as `forward`.
        """
        if index < 0:
            raise RangeError(f"at: got {index}; takes a number of steps, at least 0")
        while self.index > index:
            self.back()
        while self.index < index:
            if self.done:
                raise RangeError(f"at: got {index}; {self.code.name} comes to its end after {self.index} steps")
            self.forward()
        return self._moments[-1] if self._moments else None

    def until(self, value: Value | str) -> Moment:
        """Go forwards until a value of the graph, or a variable of this name, is given anew.

        Raises: `RangeError` where the code has no such value, or the run ends before; as `forward`.
        """
        wanted = self._registers_of(value)
        while not self.done:
            moment = self.forward()
            if wanted.intersection(moment.step.instruction.outputs):
                return moment
        raise RangeError(f"until: {self.code.name} came to its end, and {_named(value)} was not given")

    def end(self) -> tuple[Any, ...]:
        """Go forwards to the end; gives the results.

        Raises: as `forward`.
        """
        while not self.done:
            self.forward()
        return self.results

    def __iter__(self) -> Iterator[Moment]:
        """The steps that are left, each done when it is taken."""
        while not self.done:
            yield self.forward()

    def __repr__(self) -> str:
        return f"<stepper of {self.code.name} after {self.index} steps>"

    # What a step does

    def _moment(
        self, instruction: Instruction, undo: _Undo, before: dict[int, str], storages: Mapping[int, Any], printed: str
    ) -> Moment:
        after, left = self._summaries(), self._storages()
        moved = tuple(dict.fromkeys(i.register for i in instruction.inputs if i.move))
        freed = tuple(r for r in moved if r not in after)
        step = Step(self.index - 1, undo.pc, instruction, before, after, freed)
        made = sum(s.nbytes for key, s in left.items() if key not in storages)
        gone = sum(s.nbytes for key, s in storages.items() if key not in left)
        live = sum(s.nbytes for s in left.values())
        written = tuple(dict.fromkeys(instruction.inputs[i].register for i in _written(instruction)))
        return Moment(step, moved, written, live, made, gone, printed)

    def _summaries(self) -> dict[int, str]:
        return {r: summary(v) for r, v in self.registers.items()}

    def _storages(self) -> dict[int, Any]:
        return storages_of([*self.registers.values(), *self.results])

    def _keep(self, instruction: Instruction) -> _Undo:
        registers = self._machine.registers
        changed = {*instruction.outputs, *(i.register for i in instruction.inputs if i.move)}
        values = [registers[i.register] for i in instruction.inputs]
        things: Iterator[Any]
        if _is_closed(instruction):
            things = reached(values)
        else:
            things = (values[i] for i in _written(instruction) if values[i] is not None)
        random = _is_closed(instruction) or (instruction.op is not None and instruction.op.random)
        return _Undo(self._machine.pc, {r: registers[r] for r in changed}, Kept.of(things, random=random))

    def _put_back(self, undo: _Undo) -> None:
        machine = self._machine
        undo.kept.restore()
        for register, value in undo.registers.items():
            machine.registers[register] = value
        self._look(undo.registers)
        machine.pc, machine.done, machine.results = undo.pc, False, ()

    def _look(self, changed: Iterable[int]) -> None:
        """Note which of these registers are full: most of a long function's are empty at any time."""
        for register in changed:
            if self._machine.registers[register] is EMPTY:
                self._full.discard(register)
            else:
                self._full.add(register)

    def _registers_of(self, value: Value | str) -> set[int]:
        if isinstance(value, str):
            found = {r for r, name in enumerate(self.code.names) if name == value}
        else:
            found = {self.code.places[value.serial]} if value.serial in self.code.places else set[int]()
        if not found or (isinstance(value, str) and not value):
            raise RangeError(f"until: {self.code.name} has no value {_named(value)}")
        return found


def _named(value: Value | str) -> str:
    return value if isinstance(value, str) else f"%{value.name or value.serial}"


def _written(instruction: Instruction) -> tuple[int, ...]:
    """Positions of the inputs that an instruction writes to in place, as far as it says."""
    if instruction.opcode is Opcode.OP and instruction.op is not None:
        return instruction.op.schema.writes
    return (0,) if instruction.kind == SET_ATTR else ()


def _is_closed(instruction: Instruction) -> bool:
    """Whether what it writes to cannot be told from outside: a function that is called, or Python's own."""
    if instruction.code is not None:
        inner = instruction.code.instructions
        return any(_written(i) or _is_closed(i) or (i.op is not None and i.op.random) for i in inner)
    return instruction.kind == PYTHON_OP

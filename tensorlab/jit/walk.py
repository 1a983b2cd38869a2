"""A walk through a run of a function that a person takes: one step, many, back, or until something happens.

It runs on copies, with random numbers of its own, so that nothing of the caller's changes while it stands somewhere.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from tensorlab.core.tensor import Tensor
from tensorlab.errors import RangeError, RunError
from tensorlab.jit.instructions import Opcode, summary, translate
from tensorlab.jit.interpret import place
from tensorlab.jit.ir import Graph
from tensorlab.jit.state import storages_of
from tensorlab.jit.stepper import Moment, Stepper
from tensorlab.jit.text import Style
from tensorlab.jit.walk_code import Listing, copied, source_line
from tensorlab.jit.walk_records import (
    CodeRecord,
    FailureRecord,
    Outcome,
    RegisterRecord,
    StepRecord,
    WalkRecord,
    live_curve,
)
from tensorlab.ops.generator import default_generator

STEPS = 20_000  # that one move makes at most: each is kept, to be undone
_BEFORE, _AFTER = 6, 5  # steps that a record shows around the present one
_WHOLE, _FIRST = 8, 4  # elements of a tensor that are told: all of so many, else the first


class Walk:
    """A walk that stands before the first step of a graph's run.

    It copies the arguments and the tensors that the graph holds. Each move goes as far as it can and says in the next
    record why it went no further; an error of the program is one such reason, and changes nothing.

    Cost:   as `Stepper`; a move makes at most `STEPS` steps.
    Raises: `ArgumentError` for the wrong number of arguments.
    """

    def __init__(self, graph: Graph, args: Sequence[Any], *, name: str = "", style: Style = "2") -> None:
        code, own, lent = copied(translate(graph), args)
        self.name = name or graph.name
        self._copied_nbytes = sum(storage.nbytes for storage in lent)
        self._held = lent  # so that no other storage gets the identity of one of these
        self._lent = frozenset(map(id, lent))
        self._listing = Listing(graph, code, style)
        self._stepper = Stepper(code, own)
        self._seen: list[StepRecord] = []  # those done, and those undone since
        self._live = [self._stepper.live_nbytes]
        self._count: int | None = None
        self._failure: tuple[int, FailureRecord] | None = None
        self._outcome: Outcome = ""
        self._wanted = ""
        self._random = default_generator.get_state()

    @property
    def index(self) -> int:
        """How many steps are done."""
        return self._stepper.index

    @property
    def pc(self) -> int | None:
        """The place in the code of the next instruction, or `None` at the end."""
        return self._stepper.pc

    @property
    def names(self) -> tuple[str, ...]:
        """Values that `until` takes: as the graph prints them, and as the source calls them."""
        return self._listing.known

    @property
    def lines(self) -> tuple[int, ...]:
        """Lines that `until_line` takes."""
        return self._listing.lines

    @property
    def code(self) -> tuple[CodeRecord, ...]:
        """All instructions."""
        return self._listing.records

    def __repr__(self) -> str:
        return f"<walk through {self.name} after {self.index} steps>"

    # Moves

    def forward(self, count: int = 1) -> None:
        """So many steps on."""
        self._begin(f"step {self.index + count}")
        self._go(self.index + count)

    def back(self, count: int = 1) -> None:
        """Undo so many steps, or all there are."""
        self._begin(f"step {self.index - count}")
        if count > self.index:
            self._outcome = "beginning"
        self._undo(max(self.index - count, 0))

    def at(self, index: int) -> None:
        """To where so many steps are done, forwards or backwards.

        Raises: `RangeError` for a negative number.
        """
        if index < 0:
            raise RangeError(f"at: got {index}; takes a number of steps, at least 0")
        self._begin(f"step {index}")
        self._undo(index)
        self._go(index)

    def end(self) -> None:
        """To the end."""
        self._begin("the end")
        self._go(None)

    def until(self, name: str) -> None:
        """On until a value is given: ``%7`` as the graph prints it, or a variable of the source.

        Raises: `RangeError` where there is no such value.
        """
        registers = self._listing.registers_of(name)
        if not registers:
            raise RangeError(f"until: {self.name} has no value {name}")
        self._begin(name)
        with self._own_random():
            for _ in range(STEPS):
                if not self._step():
                    break
                if registers.intersection(r.register for r in self._seen[self.index - 1].gave):
                    return
        self._outcome = "not met" if self._stepper.done else self._outcome or "limit"

    def until_line(self, line: int) -> None:
        """On until an instruction of a line comes next; from inside that line, until it comes again.

        Raises: `RangeError` where no instruction comes from that line.
        """
        places = self._listing.of_line(line)
        if not places:
            raise RangeError(f"until: {self.name} has no instruction from line {line}")
        self._begin(f"line {line}")
        entered = self.pc in places
        with self._own_random():
            for _ in range(STEPS):
                if not self._step():
                    break
                comes = self.pc in places
                if comes and not entered:
                    return
                following = self._stepper.next
                entered = comes or (entered and following is not None and following.span is None)
        self._outcome = "not met" if self._stepper.done else self._outcome or "limit"

    def _begin(self, wanted: str) -> None:
        self._wanted, self._outcome = wanted, ""

    def _go(self, index: int | None) -> None:
        with self._own_random():
            for _ in range(STEPS):
                if index is not None and self.index >= index:
                    return
                if not self._step():
                    break
            else:
                self._outcome = "" if self._stepper.done or self.index == index else "limit"
        if index is None and self._stepper.done:
            self._outcome = ""

    def _undo(self, index: int) -> None:
        with self._own_random():
            while self.index > index:
                self._stepper.back()

    def _step(self) -> bool:
        """Do one step and keep its record; False at the end, and where the program fails."""
        stepper = self._stepper
        following = stepper.next
        if following is None:
            self._outcome = "end"
            return False
        pc, before = stepper.pc or 0, dict(stepper.registers)
        inside = self._listing.inside(pc, before)
        try:
            moment = stepper.forward()
        except RunError as error:
            self._failure = (self.index, _failure(error, self.code[pc]))
            self._outcome = "error"
            return False
        record = self._record(moment, self.code[pc], inside, before)
        known = self._seen[record.number - 1 : record.number]
        if not known or known[0] != record:  # another way than the time before: what followed then is no more known
            del self._seen[record.number - 1 :], self._live[record.number :]
            self._count = None
            self._seen.append(record)
            self._live.append(record.live_nbytes)
        self._failure = None if self._failure and self._failure[0] < self.index else self._failure
        if stepper.done:
            self._count = self.index
        return True

    @contextmanager
    def _own_random(self) -> Generator[None]:
        """The walk's own random numbers, those that a call would draw; the caller's stay where they were."""
        outside = default_generator.get_state()
        default_generator.set_state(self._random)
        try:
            yield
        finally:
            self._random = default_generator.get_state()
            default_generator.set_state(outside)

    # Records

    def _record(self, moment: Moment, code: CodeRecord, inside: Any, before: Mapping[int, Any]) -> StepRecord:
        now, outputs = self._stepper.registers, moment.step.instruction.outputs
        lost = {r: before[r] for r in (*moment.moved, *outputs) if r in before}
        freed, let_go = self._gone(lost) if moment.freed_nbytes else ((), ())
        return StepRecord(
            moment.step.index + 1,
            code,
            "done",
            inside,
            tuple(self._told(r, now[r]) for r in outputs),
            tuple(self._told(r, before[r]) for r in moment.moved),
            tuple(self._told(r, before[r]) for r in moment.written if r in before),
            freed,
            let_go,
            moment.made_nbytes,
            moment.freed_nbytes,
            moment.live_nbytes,
            moment.printed,
            -1 if self._stepper.pc is None else self._stepper.pc,
        )

    def _gone(self, lost: Mapping[int, Any]) -> tuple[tuple[RegisterRecord, ...], tuple[RegisterRecord, ...]]:
        """Of what a step took out of registers: what nobody holds any more, and what its owner outside still holds."""
        left = set(storages_of([*self._stepper.registers.values(), *self._stepper.results]))
        freed: list[RegisterRecord] = []
        let_go: list[RegisterRecord] = []
        for register, value in lost.items():
            own = {key: s.nbytes for key, s in storages_of([value]).items() if key not in left}
            left |= own.keys()
            for kind, keys in ((freed, own.keys() - self._lent), (let_go, own.keys() & self._lent)):
                if keys:
                    kind.append(replace(self._told(register, value), nbytes=sum(own[key] for key in keys)))
        return tuple(freed), tuple(let_go)

    def _told(self, register: int, value: Any) -> RegisterRecord:
        """A register in a few words; a tensor by its type alone."""
        if isinstance(value, Tensor):
            return RegisterRecord(register, self._listing.names.get(register, ""), str(value.type))
        return RegisterRecord(register, self._listing.names.get(register, ""), type(value).__name__, summary(value))

    def record(self) -> WalkRecord:
        """The walk as it stands."""
        index, stepper = self.index, self._stepper
        first = max(index - _BEFORE, 0)
        done = [replace(s, state="now" if s.number == index else "done") for s in self._seen[first:index]]
        undone = [replace(s, state="undone") for s in self._seen[index : index + _AFTER]]
        failed = self._failure is not None and self._failure[0] == index
        ahead, open_end = self._ahead(index + len(undone), _AFTER - len(undone), failed=failed)
        return WalkRecord(
            self.name,
            index,
            stepper.done,
            self._count,
            (*done, *undone, *ahead),
            first,
            open_end,
            () if stepper.pc is None else self._listing.inside(stepper.pc, stepper.registers),
            self._registers(),
            len(stepper.code.names) - len(stepper.registers),
            stepper.printed,
            live_curve(self._live, index),
            self._results(),
            self._failure[1] if self._failure is not None and failed else None,
            self._outcome,
            self._wanted,
            self._copied_nbytes,
            self._listing.calls_python,
        )

    def _results(self) -> tuple[RegisterRecord, ...]:
        """What the function returned; of a tuple its parts."""
        found = self._stepper.results
        if len(found) == 1 and isinstance(found[0], tuple):
            found = cast("tuple[Any, ...]", found[0])
        return tuple(replace(self._told(i, v), name="", value=value_text(v)) for i, v in enumerate(found))

    def _registers(self) -> tuple[RegisterRecord, ...]:
        held = {r: storages_of([v]) for r, v in self._stepper.registers.items()}
        users: dict[int, list[int]] = {}
        for register, storages in held.items():
            for key in storages:
                users.setdefault(key, []).append(register)
        return tuple(
            replace(
                self._told(r, v),
                value=value_text(v),
                nbytes=sum(s.nbytes for s in held[r].values()),
                shares=tuple(sorted({other for key in held[r] for other in users[key]} - {r})),
            )
            for r, v in self._stepper.registers.items()
        )

    def _ahead(self, done: int, count: int, *, failed: bool) -> tuple[list[StepRecord], bool]:
        """Instructions that come for certain, and whether a condition says what comes after them."""
        if count <= 0 or (self._stepper.done and done == self.index):
            return [], False
        pc = self._seen[done - 1].then if done else 0
        found: list[StepRecord] = []
        while len(found) < count and 0 <= pc < len(self.code):
            code = self.code[pc]
            number = done + len(found) + 1
            found.append(
                StepRecord(number, code, "failed" if failed else "next" if number == self.index + 1 else "ahead")
            )
            if failed or code.opcode == Opcode.RETURN.value:
                return found, False
            if code.target is not None and code.opcode != Opcode.JUMP.value:
                return found, True
            pc = code.target if code.target is not None else pc + 1
        return found, False


def value_text(value: Any) -> str:
    """A value in a few words; of a tensor its elements, or the first of them and how many more there are."""
    if not isinstance(value, Tensor):
        return summary(value)
    if value.device.type != "cpu":
        return f"on {value.device}"
    array = value.detached_numpy()
    if array.size == 0:
        return "no elements"
    if array.size <= _WHOLE:
        return _nested(array.tolist())
    return f"{', '.join(_number(array.flat[i].item()) for i in range(_FIRST))}, … {array.size - _FIRST:,} more"


def _nested(value: object) -> str:
    return f"[{', '.join(map(_nested, cast('list[object]', value)))}]" if isinstance(value, list) else _number(value)


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _failure(error: RunError, code: CodeRecord) -> FailureRecord:
    message = str(error).removesuffix(place(code.span))
    return FailureRecord(message, code.span, source_line(code.span))

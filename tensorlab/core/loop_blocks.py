"""Blocks of a loop in LLVM's language: places for variables, ranges, calls that LLVM puts in place.

Everything is written as Numba writes it, down to what LLVM removes at once: the order of blocks and of instructions
decides how LLVM lays out the machine code, which is to be the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.core.loop_values import LLVM, Numbers, Value, number

_RANGE = "{i64, i64, i64}"  # start, stop, step
_TURNS = "{ptr, i64, i64, ptr}"  # where the next number is, stop, step, where the count of those to come is
_NEXT = "{i64, i1}"  # a number, and whether there is one
_UNLIKELY = '!0 = !{!"branch_weights", i32 1, i32 99}'
_ATTRIBUTES = "nounwind alignstack(32)"  # as `lowering` says of the stack
_STANDING = "@loop.standing = internal constant i8 0"  # stands for the error of a range that does not move
_PLACES = "ptr noalias captures(none) %retptr, ptr noalias captures(none) %excinfo"


class Blocks:
    """Writes blocks; ``numbers`` writes the instructions of the one that was begun last.

    ``helpers`` are the functions that LLVM puts in place where they are called, by name.
    """

    def __init__(self) -> None:
        self.numbers = Numbers()
        self.helpers: dict[str, str] = {}
        self.ended = False
        self._blocks: list[tuple[str, list[str]]] = []
        self._later: list[tuple[str, list[str]]] = []  # blocks that Numba puts behind all others
        self._slots: list[str] = []
        self._notes: list[str] = [_UNLIKELY]

    def function(self, name: str, arguments: Sequence[str]) -> str:
        """The text of the function that was written, with what it calls declared; ``arguments`` with types."""
        lines = [
            f"define i32 @{name}({', '.join([_PLACES, *arguments])}) {_ATTRIBUTES} {{",
            "entry:",
            *self._slots,
            "br label %B0",
        ]
        for label, own in [*self._blocks, *self._later]:
            lines += [f"{label}:", *own]
        return "\n".join([*lines, "}", *self.numbers.declared.values(), *self._notes, ""])

    # One block after the other

    def label(self) -> str:
        """A name for a block."""
        return f"b{self.numbers.name().removeprefix('%t')}"

    def begin(self, label: str, *, later: bool = False) -> None:
        """Begin a block, in the order of the text, or behind all those."""
        self.numbers.lines = []
        (self._later if later else self._blocks).append((label, self.numbers.lines))
        self.ended = False

    def end(self, line: str) -> None:
        """End the block with an instruction that leaves it."""
        self.numbers.lines.append(line)
        self.ended = True

    def go(self, label: str) -> None:
        """Go on with another block, if this one is not left yet."""
        if not self.ended:
            self.end(f"br label %{label}")

    def back(self, head: str, vectors: int) -> None:
        """Go back to a loop's head; ``vectors`` is how many LLVM is asked to go at once, 0 for as many as it likes."""
        if not vectors or self.ended:
            self.go(head)
            return
        asked = len(self._notes)
        self._notes.append(f'!{asked} = !{{!"llvm.loop.interleave.count", i32 {vectors}}}')
        self._notes.append(f"!{asked + 1} = !{{!{asked + 1}, !{asked}}}")  # LLVM knows such a node by its first part
        self.end(f"br label %{head}, !llvm.loop !{asked + 1}")

    def branch(self, test: Value, then: str, other: str, *, unlikely: bool = False) -> None:
        """Go on with one of two blocks."""
        self.end(f"br {test}, label %{then}, label %{other}{', !prof !0' * unlikely}")

    def leave(self) -> None:
        """Leave the function: all is well."""
        self.numbers.lines.append("store ptr null, ptr %retptr")
        self.end("ret i32 0")

    # Places in memory, which LLVM makes registers

    def slot(self, type_: str, name: str = "") -> str:
        """A new place for a value of one of LLVM's types."""
        name = name or self.numbers.name()
        self._slots += [f"{name} = alloca {type_}", f"store {type_} zeroinitializer, ptr {name}"]
        return name

    def room(self, nbytes: int) -> Value:
        """The address of so many bytes of the stack, there until the function is left."""
        name = self.numbers.name()
        self._slots.append(f"{name} = alloca [{nbytes} x i8], align 64")
        return self.numbers.make("int64", f"ptrtoint ptr {name} to i64")

    def put(self, value: object, place: str) -> None:
        """Store a value."""
        self.numbers.lines.append(f"store {value}, ptr {place}")

    def got(self, kind: str, place: str) -> Value:
        """Load a value."""
        return self.numbers.make(kind, f"load {'ptr' if kind.endswith('*') else LLVM[kind]}, ptr {place}")

    def _copy(self, type_: str, source: str, target: str) -> str:
        whole = self.numbers.name()
        self.numbers.lines.append(f"{whole} = load {type_}, ptr {source}")
        self.put(f"{type_} {whole}", target)
        return f"{type_} {whole}"

    def _part(self, type_: str, place: str, i: int) -> str:
        name = self.numbers.name()
        self.numbers.lines.append(f"{name} = getelementptr inbounds {type_}, ptr {place}, i32 0, i32 {i}")
        return name

    def _got_part(self, type_: str, place: str, i: int, kind: str = "int64") -> Value:
        return self.got(kind, self._part(type_, place, i))

    # Ranges

    def begin_turns(self, start: Value, stop: Value, step: Value) -> tuple[Value, str, str]:
        """Begin the block of one turn of a range; gives its number, and the blocks of the next turn and of the end.

        ``step`` is written out in the text.
        """
        numbers = self.numbers
        head, inner, after = self.label(), self.label(), self.label()
        kept = self._begin_range(start, stop, step)
        self.end(f"br label %{head}")
        self.begin(head)
        result, used, first, second, value_at = (self.slot(t) for t in (_NEXT, _TURNS, _NEXT, _NEXT, "i64"))
        turn, met = self.label(), self.label()
        whole = numbers.name()
        numbers.lines.append(f"{whole} = load {_TURNS}, ptr {kept}")
        self.put(f"{_NEXT} zeroinitializer", result)
        self.put(f"{_TURNS} {whole}", used)
        count_at = self._got_part(_TURNS, used, 3, "int64*").text
        count = self.got("int64", count_at)
        valid = numbers.make("bool", f"icmp sgt {count}, 0")
        self.put(valid, self._part(_NEXT, result, 1))
        self.branch(valid, turn, met)
        self.begin(turn, later=True)
        value = self.got("int64", self._got_part(_TURNS, used, 0, "int64*").text)
        self.put(value, self._part(_NEXT, result, 0))
        self.put(numbers.make("int64", f"sub nsw {count}, 1"), count_at)
        pace = self._got_part(_TURNS, used, 2)
        following = numbers.make("int64", f"add {value}, {pace.text}")
        self.put(following, self._got_part(_TURNS, used, 0, "int64*").text)
        self.end(f"br label %{met}")
        self.begin(met, later=True)
        whole = self._copy(_NEXT, result, first)
        value = self._got_part(_NEXT, first, 0)
        self.put(whole, second)
        valid = self._got_part(_NEXT, second, 1, "bool")
        self.put(value, value_at)
        self.branch(valid, inner, after)
        self.begin(inner)
        return self.got("int64", value_at), head, after

    def _begin_range(self, start: Value, stop: Value, step: Value) -> str:
        """Work out how many numbers there are; gives the place of all that the turns need."""
        numbers = self.numbers
        types = (_RANGE, _RANGE, _TURNS, "i64", "i64", _TURNS)
        given, own, made, next_at, count_at, kept = (self.slot(type_) for type_ in types)
        for i, value in enumerate((start, stop, step)):
            self.put(value, self._part(_RANGE, given, i))
        self._copy(_RANGE, given, own)
        start, stop, step = (self._got_part(_RANGE, own, i) for i in range(3))
        self.put(start, next_at)
        for i, value in enumerate((f"ptr {next_at}", stop, step, f"ptr {count_at}")):
            self.put(value, self._part(_TURNS, made, i))
        difference = numbers.make("int64", f"sub {stop}, {start.text}")
        up = numbers.make("bool", f"icmp sgt {difference}, 0")
        forward = numbers.make("bool", f"icmp sgt {step}, 0")
        never = numbers.make("bool", f"xor {up}, {forward.text}")
        zero = numbers.make("bool", f"icmp eq {step}, 0")
        wrong, right, none, some, known = (self.label() for _ in range(5))
        self.branch(zero, wrong, right, unlikely=True)
        self.begin(wrong, later=True)
        numbers.declared["loop.standing"] = _STANDING
        self.put("ptr @loop.standing", "%excinfo")
        self.end("ret i32 1")
        self.begin(right, later=True)
        self.branch(never, none, some)
        self.begin(none, later=True)
        self.put("i64 0", self._got_part(_TURNS, made, 3, "int64*").text)
        self.end(f"br label %{known}")
        self.begin(some, later=True)
        rest = numbers.make("int64", f"srem {difference}, {step.text}")
        left = numbers.select(up, rest, numbers.make("int64", f"sub i64 0, {rest.text}"))
        more = numbers.make("bool", f"icmp sgt {left}, 0")
        whole = numbers.make("int64", f"sdiv {difference}, {step.text}")
        one = numbers.select(more, number(1, "int64"), number(0, "int64"))
        count = numbers.make("int64", f"add {whole}, {one.text}")
        self.put(count, self._got_part(_TURNS, made, 3, "int64*").text)
        self.end(f"br label %{known}")
        self.begin(known, later=True)
        self._copy(_TURNS, made, kept)
        return kept

    # Functions of Numba's own

    def quotient(self, a: Value, b: Value) -> Value:
        """``a / b`` for floats of one kind; Numba looks whether to raise, which loops do not."""
        test = self.numbers.make("bool", f"fcmp contract oeq {b}, 0.0")
        zero, after = self.label(), self.label()
        self.branch(test, zero, after, unlikely=True)
        self.begin(zero, later=True)
        self.end(f"br label %{after}")
        self.begin(after, later=True)
        return self.numbers.binary("Div", a, b)

    def seen_as(self, value: Value, kind: str) -> Value:
        """``value.view(kind)`` of a number of the same width."""
        body = [f"%seen = bitcast {value.type} %a0 to {LLVM[kind]}", f"store {LLVM[kind]} %seen, ptr %retptr"]
        return self._inlined(f"view_{value.kind}_{kind}", kind, [value], ["ptr"], body)

    def least(self, values: Sequence[Value], comparison: str) -> Value:
        """``min(a, b)`` for two int64, or ``max``; ``comparison`` is LLVM's."""
        body = [f"%less = icmp {comparison} i64 %a1, %a0", "%best = select i1 %less, i64 %a1, i64 %a0"]
        return self._inlined(f"best_{comparison}", "int64", values, [], [*body, "store i64 %best, ptr %retptr"])

    def _inlined(
        self, name: str, kind: str, values: Sequence[Value], more: Sequence[str], body: Sequence[str]
    ) -> Value:
        """A call of a function that is optimised by itself before it is put in place, with the look at its status.

        ``more`` are the types of arguments that nobody looks at.
        """
        numbers, type_ = self.numbers, LLVM[kind]
        given = [f"{v.type} %a{i}" for i, v in enumerate(values)] + [f"{t} %m{i}" for i, t in enumerate(more)]
        head = f"define i32 @{name}({', '.join([_PLACES, *given])}) {{"
        self.helpers[name] = "\n".join([head, "entry:", "br label %B0", "B0:", *body, "ret i32 0", "}", ""])
        types = ", ".join(["ptr noalias captures(none)"] * 2 + [v.type for v in values] + list(more))
        numbers.declared[name] = f"declare i32 @{name}({types})"
        slot, error, attempt = self.slot(type_), self.slot("ptr"), self.slot("i64")
        self.put(number(0, kind), slot)
        taken = ", ".join([f"ptr {slot}", f"ptr {error}", *map(str, values), *(f"{t} null" for t in more)])
        status = numbers.make("int32", f"call i32 @{name}({taken})")
        found = self.got("int64*", error)
        fine, none = (numbers.make("bool", f"icmp eq {status}, {code}") for code in (0, -2))
        good = numbers.make("bool", f"or {fine}, {none.text}")
        bad = numbers.make("bool", f"xor {good}, true")
        raised = numbers.make("bool", f"icmp sge {status}, 1")
        info = numbers.make("int64*", f"select {raised}, {found}, ptr undef")
        result = self.got(kind, slot)
        failed, done, leave, stay = (self.label() for _ in range(4))
        self.branch(bad, failed, done, unlikely=True)
        self.begin(failed, later=True)
        inside = numbers.make("bool", f"icmp ugt {self.got('int64', attempt)}, 0")
        self.put(info, "%excinfo")
        outside = numbers.make("bool", f"xor {inside}, true")
        self.branch(outside, leave, stay)
        self.begin(done, later=True)
        going_on = numbers.lines
        self.begin(leave, later=True)
        self.end(f"ret {status}")
        self.begin(stay, later=True)
        self.end(f"br label %{done}")
        numbers.lines, self.ended = going_on, False
        return result

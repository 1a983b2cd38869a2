"""Writing a native function: lines, names, rooms and their lives, the loops that it calls, the ways out of it."""

from __future__ import annotations

import ast
import builtins
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.compile import __file__ as compile_module
from tensorlab.core.dtype import HALVES
from tensorlab.core.index_walk import Walk
from tensorlab.core.layout import Layout
from tensorlab.core.loops import LoopText
from tensorlab.jit.ir import Node, Value
from tensorlab.jit.labels import Labels
from tensorlab.jit.native_values import Number, Place, RefusedError, Room, Thing, literal, plus

_ELEMENTS = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")
_PRIMITIVES = ("floor_quotient", "floor_remainder", "shifted_left", "shifted_right", "rounded_to_even", "call_at")
_INTRINSICS = (*(f"{e}_at" for e in _ELEMENTS), *(f"{d.name}_up" for d in HALVES), *_PRIMITIVES)
_INNER = ("inner", "table", "status_at", "sum_overflows", "difference_overflows", "product_overflows", "move_bytes")
_OWN = ("loop", "math", "np", "cells", "cells_at", "numbers", "room", "loops", "loops_at")
_CALL = re.compile(r"\b([a-z_0-9]+)\(")


Argument = Place | Number | str | float | None  # of a loop: an address, a number, or its text; None for no tensor


def _texts(signature: str, arguments: Sequence[Argument]) -> str:
    """The arguments of a loop, by its signature."""
    kinds = signature.removeprefix("void(").removesuffix(")").split(", ")
    return ", ".join(_text(a, kind) for a, kind in zip(arguments, kinds, strict=True))


def _text(argument: Argument, kind: str) -> str:
    """An argument as a loop takes it, ``int64`` or ``float64``: at the other end of an address nothing converts it."""
    match argument:
        case None:
            return "0"
        case str():
            return argument
        case Place():
            return argument.at
        case Number():
            found = argument
        case _:
            found = literal(argument)
    if kind == "float64":
        return found.as_float() if found.value is None else literal(float(found.value)).text
    return (
        found.text if found.kind != "bool" else f"int({found.text})" if found.value is None else str(int(found.value))
    )


@dataclass(frozen=True, slots=True)
class Exit:
    """A way out: the status that the function leaves with, and what it means."""

    status: int
    node: Node | None
    reason: str

    def to_dict(self) -> dict[str, object]:
        node = self.node
        span = None if node is None or node.span is None else node.span.to_dict()
        return {"status": self.status, "serial": node.serial if node else None, "reason": self.reason, "span": span}


@dataclass(eq=False, slots=True)
class Turning:
    """A loop that is being written: where it began, and the rooms from outside that it needs."""

    serial: int
    start: int
    touched: set[Room] = field(default_factory=set[Room])


class Writer:
    """The text so far. Lines are kept apart from their places, so that a line may be filled in later.

    ``takes_in``: the loops of operations are compiled once more as a part of the function, where LLVM sees the sizes;
    else they are called by their addresses, as they were compiled for the program.
    """

    def __init__(self, *, writes: bool, writes_lists: bool = False, takes_in: bool = True) -> None:
        self.lines: list[list[str]] = []
        self.indent = "    "
        self.things: dict[int, Thing] = {}
        self.rooms: list[Room] = []
        self.turnings: list[Turning] = []
        self.exits: list[Exit] = []
        self.routines: dict[str, str] = {}  # of BLAS, by name: the argument with its address
        self.writes = writes  # whether the graph writes over tensors
        self.writes_lists = writes_lists
        self.dividable: tuple[tuple[int, float], ...] = ()  # loops that threads may share: elements, and seconds on one
        self.written: set[Room] = set()  # of the arguments
        self.takes_in = takes_in
        self.called: dict[str, Loop | Walk] = {}  # loops, and tables of walks, by the names of their addresses
        self.labels = Labels(*dir(builtins), *_INTRINSICS, *_INNER, *_OWN)
        self._functions: dict[tuple[str, str], str] = {}
        self._texts: list[str] = []
        self._imports: dict[str, set[str]] = {}
        self._tables: dict[tuple[int, ...], str] = {}

    # Lines

    def line(self, text: str) -> None:
        self.lines.append([self.indent + text])

    def gap(self) -> list[str]:
        """A place for lines that are not known yet: append them with ``indent`` as it is now."""
        self.lines.append([])
        return self.lines[-1]

    @property
    def now(self) -> int:
        return len(self.lines)

    def name(self, hint: str, fallback: str = "v") -> str:
        return self.labels.new(hint, fallback)

    def number(self, hint: str, kind: str, text: str) -> Number:
        """A number with a name of its own."""
        name = self.name(hint)
        self.line(f"{name} = {text}")
        return Number(name, kind)

    def leave(self, condition: str, node: Node | None, reason: str) -> None:
        """Leave the function where a condition holds."""
        self.line(f"if {condition}:" if condition else "if True:")
        self.exits.append(Exit(len(self.exits) + 1, node, reason))
        self.line(f"    cells[0] = {len(self.exits)}")
        self.line("    return")

    # Values and rooms

    def of(self, value: Value) -> Thing:
        return self.things[value.serial]

    def place(self, value: Value, node: Node) -> Place:
        """A tensor that a node takes.

        Raises: `RefusedError` for what is none.
        """
        found = self.of(value)
        if not isinstance(found, Place):
            raise RefusedError("takes a tensor that is not always one", node)
        self.touch(found.room)
        return found

    @property
    def loops(self) -> tuple[int, ...]:
        return tuple(t.serial for t in self.turnings)

    def is_open(self, loop: int) -> bool:
        return loop in self.loops

    def touch(self, room: Room) -> None:
        """A room is needed here: to this line, and to the end of each loop that it is older than."""
        room.last = max(room.last, self.now)
        for turning in self.turnings[_common(room.loops, self.loops) :]:
            turning.touched.add(room)
        for inner in room.of:
            self.touch(inner)

    def fresh(self, form: Layout, hint: str = "") -> Place:
        """A new tensor of a layout."""
        low, high = form.span
        room = Room(self.name(f"{hint}_at" if hint else "", "b"), max(high - low, 1), self.loops, self.now, self.now)
        self.rooms.append(room)
        return Place(room, plus(room.name, -low), -low, form)

    def pointer(self, hint: str, form: Layout, of: list[Room], carried: int | None = None) -> Place:
        """A tensor whose address is worked out at run time."""
        name = self.name(f"{hint}_at" if hint else "", "at")
        room = Room(name, 0, self.loops, self.now, self.now, pointer=True, carried=carried, of=of)
        return Place(room, name, None, form)

    # What is called

    def run(self, text: LoopText, *arguments: Argument) -> None:
        """Call a small loop, which may become a part of the function."""
        if self.takes_in:
            self.line(f"{self.function(text)}({_texts(text.signature, arguments)})")
            self._touch(arguments)
        else:
            self.call(compile_loop(text.source, text.signature, label=text.label), *arguments)

    def call(self, loop: Loop, *arguments: Argument, node: Node | None = None, fails: str = "") -> None:
        """Call a loop by its address. One that ``fails``, which says with what, leaves the function."""
        name, given = self._address(loop, f"{loop.name.rpartition('_')[0]}_loop"), _texts(loop.signature, arguments)
        if fails:
            self.leave(f"status_at({name}, ({given})) != 0", node, fails)
        else:
            self.line(f"call_at({name}, ({given}))")
        self._touch(arguments)

    def walk(self, steps: Walk, out: Place, source: Place, index: Place, node: Node) -> None:
        """Walk by indices; where one is out of range, which is seen before anything is written, leave the function."""
        fails = "an index out of range" if steps.places.count else ""
        self.call(steps.loop, self._address(steps, "walk"), out, source, index, node=node, fails=fails)

    @property
    def addresses(self) -> dict[str, Loop | Walk]:
        """What is called by its address, loops first, in the order in which the caller gives the addresses."""
        walks = {name: of for name, of in self.called.items() if not isinstance(of, Loop)}
        return {name: of for name, of in self.called.items() if name not in walks} | walks

    def _address(self, of: Loop | Walk, hint: str) -> str:
        """The name of an address that the caller gives."""
        name = next((n for n, there in self.called.items() if there is of), None)
        if name is None:
            name = self.name(hint)
            self.called[name] = of
        return name

    def _touch(self, arguments: Iterable[Argument]) -> None:
        for argument in arguments:
            if isinstance(argument, Place):
                self.touch(argument.room)

    def function(self, text: LoopText) -> str:
        """The name of a loop in the module; the same text is there once."""
        key = (text.source, text.signature)
        if key not in self._functions:
            self._functions[key] = name = self.name(f"{text.label}_loop")
            self._texts.append(f'@inner("{text.signature}")\n{self._taken_in(text.source, name)}')
        return self._functions[key]

    def _taken_in(self, source: str, name: str) -> str:
        """The one function of a module under another name; what it imports is imported here too."""
        tree = ast.parse(source)
        kept: list[str] = []
        for part in tree.body:
            if isinstance(part, ast.ImportFrom):
                self._imports.setdefault(part.module or "", set()).update(a.name for a in part.names)
            elif isinstance(part, ast.FunctionDef) and part.name == "loop":
                text = ast.get_source_segment(source, part) or ""
                kept.append(text.replace("def loop(", f"def {name}(", 1))
            elif not isinstance(part, (ast.Import, ast.Expr)):
                raise RefusedError(f"the loop {name} is more than a function")
        (text,) = kept
        return text

    def table(self, numbers: tuple[int, ...]) -> str:
        """The text of the address of some integers."""
        if numbers not in self._tables:
            self._tables[numbers] = self.name("", "table")
        return f"{self._tables[numbers]}()"

    def routine(self, name: str) -> str:
        """The argument that has the address of one of BLAS's routines."""
        if name not in self.routines:
            self.routines[name] = self.name(name)
        return self.routines[name]

    # The whole

    def module(self, title: str, arguments: list[str], offsets: Mapping[str, str]) -> str:
        """The text of the module; ``offsets`` say where each room begins."""
        body = [line for lines in self.lines for line in lines]
        starts = [f"    {name} = {text}" for name, text in offsets.items()]
        starts += ["    loops = int64_at(loops_at)"] * bool(self.called)
        starts += [f"    {name} = loops[{k}]" for k, name in enumerate(self.addresses)]
        used = set(_CALL.findall("\n".join(body)))
        head = ["    cells = int64_at(cells_at)", "    numbers = float64_at(cells_at)"]
        imports = {name: set(found) for name, found in self._imports.items()}
        intrinsics = imports.setdefault("tensorlab.core.intrinsics", set())
        intrinsics |= {name for name in _INTRINSICS if name in used} | {"int64_at", "float64_at"}
        helpers = {name for name in _INNER if name in used}
        helpers |= {"inner"} if self._texts else set()
        helpers |= {"table"} if self._tables else set()
        imports["tensorlab.core.inner_loops"] = helpers
        lines = [f"from {name} import {', '.join(sorted(found))}" for name, found in sorted(imports.items()) if found]
        tables = [f"{name} = table({', '.join(map(str, numbers))})" for numbers, name in self._tables.items()]
        text = "\n".join([f"def loop({', '.join(arguments)}):", *head, *starts, *body])
        parts = [
            f'"""{title}"""\n# with inner_loops of {_edition()}',
            "import math",
            "import numpy as np",
            "\n".join(lines),
        ]
        return "\n\n".join([*parts, *(["\n".join(tables)] if tables else []), *self._texts, text]) + "\n"


@lru_cache(maxsize=1)
def _edition() -> str:
    """The digest of what compiles loops inside of one another: machine code made by another is not taken."""
    return hashlib.sha256(Path(compile_module).with_name("inner_loops.py").read_bytes()).hexdigest()[:12]


def _common(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    """How many loops two places share, from the outermost on."""
    count = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        count += 1
    return count

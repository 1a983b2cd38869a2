"""Native functions made callable: what Python does before and after the one call.

Before it: storages for the results, one for the temporaries, and the addresses of all. After it: tensors over those
storages. A status other than 0 is a way out; the program then runs on the same arguments, which the function has not
written to, and says what comes out or what is wrong.
"""

from __future__ import annotations

import linecache
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import Any

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.jit.labels import Labels
from tensorlab.jit.native_plan import NativePlan
from tensorlab.jit.native_values import Fixed, Number, Place, Several, Thing
from tensorlab.memory import current
from tensorlab.ops import blas

_NAMES = (
    *("program", "entry", "current", "Storage", "Tensor", "are_writable", "array", "empty_cells", "unpack"),
    *("loops", "loops_at", "called"),
)
_CODES = {"int": "q", "bool": "q", "float": "d"}


@dataclass(frozen=True, slots=True, eq=False)
class NativeFunction:
    """A whole graph as one compiled function: ``loop`` is what runs, ``text`` is what Python does around it."""

    plan: NativePlan
    loop: Loop
    text: str
    run: Callable[..., Any] = field(repr=False)

    def to_dict(self) -> dict[str, object]:
        return {"name": self.loop.name, **self.plan.to_dict()}


def build_native(plan: NativePlan, label: str, program: Callable[..., Any]) -> NativeFunction:
    """Compile a plan; ``program`` runs where the function leaves early.

    Cost: 0.3 to 1.5 s for a new text, milliseconds from the disk cache.
    Raises: `CompileError`.
    """
    loop = compile_loop(plan.source, plan.signature, label=f"{label}_native")
    wrapper = _Wrapper(plan, loop, program)
    text = wrapper.text()
    filename = f"<tensorlab {loop.name}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    exec(compile(text, filename, "exec"), wrapper.names)  # noqa: S102 - the text above
    return NativeFunction(plan, loop, text, wrapper.names["native"])


def are_writable(written: Sequence[Tensor], others: Sequence[Tensor]) -> bool:
    """Whether tensors may be written over, and share no bytes with one another or with others."""
    for i, a in enumerate(written):
        if a.storage().readonly:
            return False
        low, high = a.layout.span
        for b in (*written[:i], *others):
            first, last = b.layout.span
            if a.address + low < b.address + last and b.address + first < a.address + high:
                return False
    return True


class _Wrapper:
    """Writes the function that calls."""

    def __init__(self, plan: NativePlan, loop: Loop, program: Callable[..., Any]) -> None:
        self.plan = plan
        self.labels = Labels(
            *_NAMES, "native", "allocator", "cells", "room", "status", *(s.name for s in plan.storages)
        )
        self.names: dict[str, Any] = {
            "program": program,
            "entry": loop.entry,
            "current": current,
            "Storage": Storage,
            "Tensor": Tensor,
            "are_writable": are_writable,
            "array": array,
            "empty_cells": [0] * (1 + len(plan.cells)),
            "loops": (loops := array("q", plan.addresses)),
            "loops_at": loops.buffer_info()[0],
            "called": plan.called,  # walks own the numbers that their addresses point to
            "unpack": Struct("=q" + "".join(_CODES[c] for c in plan.cells)).unpack,
        }
        self.made: dict[int, str] = {}
        self.inputs = [self.labels.new(i.name.removesuffix("_at"), "a") for i in plan.inputs]

    def text(self) -> str:
        plan = self.plan
        given = [n for n, i in zip(self.inputs, plan.inputs, strict=True) if i.constant is None]
        for name, one in zip(self.inputs, plan.inputs, strict=True):
            if one.constant is not None:
                self.names[name] = one.constant
        lines = [f"def native({', '.join(given)}):"]
        written = [n for n, i in zip(self.inputs, plan.inputs, strict=True) if i.written]
        if written:
            others = [n for n, i in zip(self.inputs, plan.inputs, strict=True) if i.form is not None and not i.written]
            lines.append(f"    if not are_writable({_tuple(written)}, {_tuple(others)}):")
            lines.append(f"        return program({', '.join(given)})")
        if plan.storages or plan.arena_nbytes:
            lines.append("    allocator = current.allocator")
        for s in plan.storages:
            lines.append(f"    {s.name} = Storage(allocator.allocate({s.nbytes}), {s.nbytes}, allocator)")
        if plan.arena_nbytes:
            nbytes, count = plan.arena_nbytes, "all temporaries"
            lines.append(f"    room = Storage(allocator.allocate({nbytes}), {nbytes}, allocator)  # {count}")
        reads = bool(plan.exits or plan.cells)
        if reads:
            lines.append("    cells = array('q', empty_cells)")
        arguments = [f"{n}.address" for n, i in zip(self.inputs, plan.inputs, strict=True) if i.form is not None]
        arguments += [f"{s.name}.address" for s in plan.storages]
        arguments += ["room.address" if plan.arena_nbytes else "0", "cells.buffer_info()[0]" if reads else "0"]
        arguments += ["loops_at"] if plan.called else []
        arguments += [str(blas.address(r)) for r in plan.routines]
        arguments += [n for n, i in zip(self.inputs, plan.inputs, strict=True) if i.kind not in ("tensor", "none")]
        call = f"entry({', '.join(arguments)})"
        if any(i.kind == "int" for i in plan.inputs):
            lines += ["    try:", f"        {call}", "    except OverflowError:  # an int of more than 64 bits"]
            lines.append(f"        return program({', '.join(given)})")
        else:
            lines.append(f"    {call}")
        if reads:
            cells = "".join(f", cell{i + 1}" for i in range(len(plan.cells)))
            lines.append(f"    status{cells}{'' if cells else ','} = unpack(cells)")
        if plan.exits:
            lines += ["    if status:  # left early", f"        return program({', '.join(given)})"]
        lines += [f"    {name}.written()" for name in written]
        results = [self._one(r, lines) for r in plan.results]
        lines.append(f"    return {results[0] if len(results) == 1 else _tuple(results)}")
        return "\n".join(lines) + "\n"

    def _one(self, thing: Thing, lines: list[str]) -> str:
        match thing:
            case Several():
                parts = [self._one(p, lines) for p in thing.parts]
                if thing.is_list:
                    return f"[{', '.join(parts)}]"
                if thing.python is not None:
                    return f"{self._object(thing.python.__name__, thing.python)}({', '.join(parts)})"
                return _tuple(parts)
            case Number():
                text = thing.text if thing.value is None else self._object("number", thing.value)
                return f"{text} != 0" if thing.kind == "bool" and thing.value is None else text
            case Fixed():
                return self._object("constant", thing.value)
            case Place():
                return self._tensor(thing, lines)
            case _:
                return "None"

    def _tensor(self, place: Place, lines: list[str]) -> str:
        """A tensor over a storage of a result, or a view of an argument."""
        if id(place) in self.made:
            return self.made[id(place)]
        form, offset = place.form, (place.offset or 0) // place.form.dtype.itemsize
        name = self.made[id(place)] = self.labels.new("", "r")
        shown = self._object("form", form)
        if place.room.outside:
            pairs = zip(self.inputs, self.plan.inputs, strict=True)
            owner, given = next((n, i) for n, i in pairs if i.name == place.room.name)
            own = f"{owner}.as_view({shown}, {owner}.offset + {offset})"
            lines.append(f"    {name} = {owner if given.place is place else own}")
        else:
            storage = self.plan.storages[place.room.output or 0]
            lines.append(f"    {name} = Tensor({storage.name}, {shown}, {offset})")
        return name

    def _object(self, base: str, thing: object) -> str:
        name = self.labels.new(base, "c")
        self.names[name] = thing
        return name


def _tuple(parts: Sequence[str]) -> str:
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"

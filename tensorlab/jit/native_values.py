"""What the values of a graph are in a native function: places of tensors, numbers, what is known beforehand.

A tensor is a room (bytes with an address), a layout that is known, and an address that may be worked out at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tensorlab.core.layout import Layout
from tensorlab.core.types import BOOL, FLOAT, INT, Type
from tensorlab.jit.ir import Node, Span


@dataclass(frozen=True, slots=True)
class NativeRefusal:
    """Why a graph has no native function: the reason, and the node that it is about, where it is about one."""

    reason: str
    kind: str = ""
    serial: int | None = None
    span: Span | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}" if self.kind else self.reason

    def to_dict(self) -> dict[str, object]:
        place = None if self.span is None else self.span.to_dict()
        return {"reason": self.reason, "kind": self.kind, "serial": self.serial, "span": place}


class RefusedError(Exception):
    """Thrown where a graph turns out to have no native function; never leaves this floor."""

    def __init__(self, reason: str, node: Node | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.node = node

    def record(self) -> NativeRefusal:
        """The refusal as data."""
        node = self.node
        if node is None:
            return NativeRefusal(self.reason)
        return NativeRefusal(self.reason, node.kind, node.serial, node.span)


@dataclass(eq=False, slots=True)
class Room:
    """Bytes, by the variable that has their address.

    ``loops`` are the loops that it is made in, ``first`` and ``last`` the lines between which it is needed.
    ``outside``: an argument's, or a constant's, with ``low`` bytes before the address. ``of``: of a pointer, the rooms
    that it may point into; ``carried`` is the loop that hands it from turn to turn. ``other`` is the name of a second
    one, with which it changes places from turn to turn. ``output`` is the place of its storage among the results.
    """

    name: str
    nbytes: int
    loops: tuple[int, ...] = ()
    first: int = 0
    last: int = 0
    outside: bool = False
    pointer: bool = False
    carried: int | None = None
    other: str = ""
    of: list[Room] = field(default_factory=list["Room"])
    output: int | None = None
    low: int = 0
    constant: bool = False

    def roots(self, is_open: Callable[[int], bool] = lambda _: False) -> set[Room]:
        """Itself, or the rooms that it may point into; one that an open loop carries stands for itself."""
        if not self.pointer or (self.carried is not None and is_open(self.carried)):
            return {self}
        return set[Room]().union(*(r.roots(is_open) for r in self.of))


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A tensor: ``at`` is the text of its address; ``offset`` the bytes from the room's first, where they are known."""

    room: Room
    at: str
    offset: int | None
    form: Layout

    def moved(self, form: Layout, nbytes: int) -> Place:
        """A view that begins so many bytes further on."""
        offset = None if self.offset is None else self.offset + nbytes
        if self.offset is not None:
            return Place(self.room, plus(self.room.name, self.offset + nbytes), offset, form)
        return Place(self.room, plus(self.at, nbytes), offset, form)


@dataclass(frozen=True, slots=True)
class Number:
    """An int (of 64 bits), a float or a bool: its text, and its value where that is known beforehand."""

    text: str
    kind: str
    value: bool | int | float | None = None

    def as_float(self) -> str:
        return self.text if self.kind == "float" else f"float({self.text})"


@dataclass(frozen=True, slots=True)
class Fixed:
    """What is known beforehand and is no number: None, a text, a dtype, a device."""

    value: Any


class Absent:
    """What no one reads: the value of a branch that is left otherwise."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Several:
    """A tuple, a named tuple (``python`` makes it) or a list, whose elements are known at each line.

    ``indent`` is how deep a list was made: only there may it change. None where others have it too.
    """

    parts: list[Thing]
    is_list: bool = False
    python: Any = None
    indent: str | None = None

    def with_parts(self, parts: list[Thing]) -> Several:
        return Several(parts, self.is_list, self.python)


Thing = Place | Number | Fixed | Several | Absent

_KINDS: dict[Type, str] = {INT: "int", FLOAT: "float", BOOL: "bool"}


def kind_of(type_: Type, node: Node | None = None) -> str:
    """The kind of number that a type says.

    Raises: `RefusedError` for any other type.
    """
    found = _KINDS.get(type_)
    if found is None:
        raise RefusedError(f"a value of type {type_} is no tensor and no number of a known kind", node)
    return found


def plus(text: str, nbytes: int) -> str:
    """The text of an address further on."""
    return text if not nbytes else f"{text} + {nbytes}" if nbytes > 0 else f"{text} - {-nbytes}"


def literal(value: float) -> Number:
    """A number that is known beforehand."""
    kind = type(value).__name__
    if kind != "float":
        return Number(repr(value) if value >= 0 else f"({value!r})", kind, value)
    if value != value:  # noqa: PLR0124 - NaN alone differs from itself
        return Number("math.nan", kind, value)
    if value in (float("inf"), float("-inf")):
        return Number("math.inf" if value > 0 else "(-math.inf)", kind, value)
    return Number(repr(value) if str(value)[0] != "-" else f"({value!r})", kind, value)


def wrapped(value: Any, node: Node | None = None) -> Thing:
    """A Python value, known beforehand, as a thing.

    Raises: `RefusedError` for what a native function has no form for.
    """
    if type(value) is int and not -(2**63) <= value < 2**63:
        raise RefusedError("an integer of more than 64 bits", node)
    if type(value) in (bool, int, float):
        return literal(value)
    if isinstance(value, (tuple, list)):
        parts = [wrapped(v, node) for v in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        python = type(value) if isinstance(value, tuple) and type(value) is not tuple else None  # pyright: ignore
        return Several(parts, isinstance(value, list), python)
    return Fixed(value)


def known(thing: Thing) -> bool:
    """Whether a thing is known beforehand, with all that is in it."""
    if isinstance(thing, Several):
        return all(map(known, thing.parts))
    return isinstance(thing, Fixed) or (isinstance(thing, Number) and thing.value is not None)


def python_of(thing: Thing) -> Any:
    """The Python value of what is `known`."""
    if isinstance(thing, Several):
        parts = [python_of(p) for p in thing.parts]
        return parts if thing.is_list else tuple(parts) if thing.python is None else thing.python(*parts)
    if isinstance(thing, (Fixed, Number)):
        return thing.value
    raise RefusedError("a value that is not known beforehand")


def leaves(thing: Thing) -> Iterator[Thing]:
    """What a thing is made of, in order."""
    if isinstance(thing, Several):
        for part in thing.parts:
            yield from leaves(part)
    else:
        yield thing


def rebuilt(thing: Thing, parts: Iterator[Thing]) -> Thing:
    """A thing of the same build with other leaves."""
    if isinstance(thing, Several):
        return thing.with_parts([rebuilt(p, parts) for p in thing.parts])
    return next(parts)

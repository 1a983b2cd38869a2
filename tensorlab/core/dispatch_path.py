"""The way of a call, as it was really taken: from the Python function through modes and autograd to the compiled loop.

An expression is run once under watch (`call_tree`), and each call of ours that says something about the way becomes a
leg (`dispatch_legs`): what only passes arguments on is part of the leg that called it.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import CodeType, FrameType
from typing import Any

from tensorlab.core import compile as compiling
from tensorlab.core.call_tree import Call, Watch, preorder
from tensorlab.core.dispatch import MODES
from tensorlab.core.dispatch_legs import Known, Leg, Reading, described
from tensorlab.core.sharing_native import entries
from tensorlab.errors import ArgumentError

MOST_LEGS = 120


class NoOperationError(ArgumentError):
    """An expression ran, and none of our operations with it."""


@dataclass(frozen=True, slots=True)
class Way:
    """The legs of one call from outside: ``source`` is the part of the expression that made it.

    ``short_cut``: whether one was taken, None where the function has none. ``recorded``: whether autograd was asked.
    """

    source: str
    ops: tuple[str, ...]
    short_cut: bool | None
    recorded: bool
    legs: tuple[Leg, ...]
    left_out: int = 0

    def to_dict(self, *, times: bool = False) -> dict[str, object]:
        facts: dict[str, object] = {"source": self.source, "ops": list(self.ops), "short_cut": self.short_cut}
        legs = [leg.to_dict(times=times) for leg in self.legs]
        return facts | {"recorded": self.recorded, "legs": legs, "left_out": self.left_out}


@dataclass(frozen=True, slots=True)
class DispatchRecord:
    """What an expression ran, in order; ``modes`` are those that it ran under, ``result`` what came out."""

    expression: str
    ways: tuple[Way, ...]
    modes: tuple[str, ...]
    result: str

    def to_dict(self, *, times: bool = False) -> dict[str, object]:
        ways = [way.to_dict(times=times) for way in self.ways]
        return {"expression": self.expression, "ways": ways, "modes": list(self.modes), "result": self.result}


@dataclass(eq=False, slots=True)
class Watched:
    """A watched run: its record, and for each leg the calls whose time is its own, by their place in the tree."""

    record: DispatchRecord
    owners: dict[int, tuple[int, int]]  # place of a call in the tree -> way and leg
    shape: tuple[tuple[object, ...], ...]


def watch_dispatch(code: CodeType, names: Mapping[str, Any], local: Mapping[str, Any], *, text: str) -> Watched:
    """Run an expression once, under watch, and tell what it ran.

    Raises: whatever the expression raises; `NoOperationError` where it runs no op of ours.
    """
    before = len(compiling.compiled_log)
    modes = tuple(type(mode).__name__ for mode in MODES.get())
    known = Known()
    watch = Watch(known.look, _is_loop, keep=True)
    value = watch.run(code, names, local)
    known.added = set(map(id, compiling.compiled_log[before:]))
    places = {id(call): i for i, call in enumerate(preorder(watch.root))}
    ways: list[Way] = []
    owners: dict[int, tuple[int, int]] = {}
    for entry in _entries(watch.root):
        reading = Reading(known, under_modes=bool(modes))
        reading.read(entry, 0, None, None)
        if not reading.says_something:
            continue
        # The time of legs that are left out counts as what lies between those that are told.
        owners.update({places[id(call)]: (len(ways), leg) for call, leg in reading.owned if leg < MOST_LEGS})
        legs = [*reading.legs, Leg("result", described(entry.result), "", "", 0)]
        ops = tuple(dict.fromkeys(op.name for op in reading.ops))
        shown, left_out = tuple(legs[:MOST_LEGS]), max(len(legs) - MOST_LEGS, 0)
        ways.append(Way(_source(entry, code, text), ops, reading.short_cut, reading.recorded, shown, left_out))
    if not ways:
        raise NoOperationError(f"dispatch: {text} runs no operation of tensorlab, so there is no way to show")
    record = DispatchRecord(text, tuple(ways), modes, described(value))
    return Watched(record, owners, shape_of(watch.root))


def shape_of(root: Call) -> tuple[tuple[object, ...], ...]:
    """What ran, without its times: equal for two runs that took the same way."""
    return tuple((call.kind, call.name, call.line, len(call.calls)) for call in preorder(root))


def watch_again(code: CodeType, names: Mapping[str, Any], local: Mapping[str, Any]) -> Call:
    """Run an expression once more under watch, with nothing looked at but what is called, and when."""
    watch = Watch(_nothing, _is_loop)
    watch.run(code, names, local)
    return watch.root


def _nothing(frame: FrameType) -> dict[str, Any]:
    return {}


def _is_loop(function: Any) -> bool:
    """Whether a built-in function is a loop: those of modules have a module behind them, entries move no element."""
    return function.__self__ is None and function not in entries.made.values()


def _entries(call: Call) -> Iterator[Call]:
    """The outermost calls into the package, made by code of the user."""
    for inner in call.calls:
        if inner.kind == "user":
            yield from _entries(inner)
        elif inner.kind == "ours":
            yield inner


def _source(entry: Call, code: CodeType, text: str) -> str:
    """The part of the expression that made a call; of a call in another function, the part of its line."""
    if entry.at is None:
        return text
    caller, instruction = entry.at
    line, end_line, column, end_column = next(islice(caller.co_positions(), instruction // 2, None), (None,) * 4)
    written = text if caller is code else linecache.getline(caller.co_filename, line or 0).rstrip("\n")
    if column is not None and end_column is not None and line == end_line and (line == 1 or caller is not code):
        written = written.encode()[column:end_column].decode()
    return written if caller is code else f"{written.strip() or '...'} (line {line} of {caller.co_name})"

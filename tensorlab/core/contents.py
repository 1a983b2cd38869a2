"""Contents: what a name reaches that has bytes, itself or inside lists, tuples, dicts, dataclasses and modules.

Each thing gets the words that a person would write to reach it: ``batch[0]``, ``cfg['w']``, ``net.fc1.weight``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from tensorlab.core.holding import Found, Holding, Unseen
from tensorlab.core.holdings import Holdings
from tensorlab.core.tensor import Tensor

MOST_DEEP = 6
MOST_LOOKED_AT = 20_000
_TABLES = ("_parameters", "_buffers", "_modules")
_SPELLED: tuple[type, ...] = (str, int, float, bool, tuple, bytes, type(None))
_PLAIN = (str, bytes, int, float, complex, type(None), Tensor)


@dataclass(slots=True)
class Contents:
    """What was found, by the words that reach it, and how much was not looked at."""

    holdings: list[tuple[str, Holding]] = field(default_factory=list)
    unseen: list[tuple[str, Unseen]] = field(default_factory=list)
    left_out: int = 0


def contents(names: Mapping[str, object], holdings: Holdings | None = None) -> Contents:
    """Walk names into containers, at most six deep and through at most 20,000 items; what is left out is counted.

    ``holdings`` knows the classes that were met before.
    """
    walk = _Walk(holdings or Holdings())
    for name, value in names.items():
        walk.into(name, value)
    return walk.found


class _Walk:
    __slots__ = ("_holdings", "_inside", "_room", "found")

    def __init__(self, holdings: Holdings) -> None:
        self.found = Contents()
        self._holdings = holdings
        self._inside: set[int] = set()  # containers on the way here: one that holds itself is walked once
        self._room = MOST_LOOKED_AT

    def into(self, name: str, value: object) -> None:
        found = self._holdings.of(value)
        if found:
            self._keep(name, found)
            return
        if isinstance(value, _PLAIN) or id(value) in self._inside:
            return
        items = _items(name, value)
        if items is None:
            return
        if len(self._inside) >= MOST_DEEP and not _is_module(value):
            self.found.left_out += items.count
            return
        self._inside.add(id(value))
        walked = 0
        for inner, item in items.each:
            if self._room <= 0:
                break
            self._room -= 1
            walked += 1
            self.into(inner, item)
        self.found.left_out += max(items.count - walked, 0)
        self._inside.discard(id(value))

    def _keep(self, name: str, found: Found) -> None:
        for piece in found:
            if isinstance(piece, Holding):
                self.found.holdings.append((name + piece.part, piece))
            else:
                self.found.unseen.append((name + piece.part, piece))


@dataclass(slots=True)
class _Items:
    count: int
    each: Iterator[tuple[str, Any]]


def _items(name: str, value: object) -> _Items | None:
    """What a container holds, each with the words that reach it; `None` for what is no container."""
    if isinstance(value, dict):
        pairs = list(cast("dict[Any, Any]", value).items())
        return _Items(len(pairs), ((f"{name}[{_key(key)}]", item) for key, item in pairs))
    if isinstance(value, (list, tuple)):
        listed = cast("list[Any] | tuple[Any, ...]", value)
        fields = getattr(type(listed), "_fields", None)
        if fields is not None:  # a named tuple
            return _Items(len(listed), ((f"{name}.{f}", item) for f, item in zip(fields, listed, strict=True)))
        return _Items(len(listed), ((f"{name}[{i}]", item) for i, item in enumerate(listed)))
    if _is_module(value):
        members = [(key, item) for table in _TABLES for key, item in vars(value)[table].items() if item is not None]
        return _Items(len(members), ((f"{name}.{key}", item) for key, item in members))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        held = [f.name for f in dataclasses.fields(value) if hasattr(value, f.name)]
        return _Items(len(held), ((f"{name}.{f}", getattr(value, f)) for f in held))
    return None


def _key(key: Any) -> str:
    text = repr(key) if type(key) in _SPELLED else f"<{type(key).__name__}>"
    return text if len(text) <= 40 else f"{text[:37]}..."


def _is_module(value: object) -> bool:
    """A module of ours or of torch: its tables say what it holds."""
    tables: dict[str, Any] = getattr(value, "__dict__", {})
    return all(isinstance(tables.get(name), dict) for name in _TABLES)

"""What a run can change, kept so that it can be put back: bytes of tensors, lists, dicts, objects, random numbers.

`reached` finds it from values, `Kept` holds it as it was, and `digest` tells two states apart by their bytes.
"""

from __future__ import annotations

import ctypes
import enum
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from tensorlab.core.device import device
from tensorlab.core.dtype import DType
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.ops.generator import default_generator


@dataclass(frozen=True, slots=True)
class Kept:
    """Things as they were. Lists, dicts and objects by their content alone: what is inside of them is kept apart."""

    storages: tuple[tuple[Storage, bytes, int], ...] = ()
    lists: tuple[tuple[list[Any], list[Any]], ...] = ()
    dicts: tuple[tuple[dict[Any, Any], dict[Any, Any]], ...] = ()
    random: Tensor | None = None

    @staticmethod
    def of(things: Iterable[Any], *, random: bool) -> Kept:
        """``things`` as they are now: tensors, lists, dicts, and objects; with ``random`` the generator's state too."""
        storages: dict[int, tuple[Storage, bytes, int]] = {}
        lists: list[tuple[list[Any], list[Any]]] = []
        dicts: list[tuple[dict[Any, Any], dict[Any, Any]]] = []
        for thing in things:
            if isinstance(thing, Tensor):
                for storage in (thing.storage(), thing.storage().owner):
                    storages[id(storage)] = (storage, _bytes(storage), storage.version)
            elif isinstance(thing, list):
                lists.append((cast("list[Any]", thing), list(cast("list[Any]", thing))))
            else:
                content = cast("dict[Any, Any]", thing if isinstance(thing, dict) else vars(thing))
                dicts.append((content, dict(content)))
        state = default_generator.get_state() if random else None
        return Kept(tuple(storages.values()), tuple(lists), tuple(dicts), state)

    def restore(self) -> None:
        """Put all of it back, in place: whoever holds one of these sees it."""
        for storage, content, version in self.storages:
            ctypes.memmove(storage.address, content, len(content))
            storage.version = version
        for things, content in self.lists:
            things[:] = content
        for things, content in self.dicts:
            things.clear()
            things.update(content)
        if self.random is not None:
            default_generator.set_state(self.random)

    @property
    def nbytes(self) -> int:
        """Bytes of tensors that are held twice for this."""
        return sum(len(content) for _, content, _ in self.storages)


def reached(values: Iterable[Any]) -> Iterator[Any]:
    """Tensors, lists, dicts and objects that values hold, those inside of them too; each once, in order."""
    seen: set[int] = set()
    waiting = list(values)[::-1]
    while waiting:
        value = waiting.pop()
        inside = _inside(value)
        if inside is None or id(value) in seen:
            continue
        seen.add(id(value))
        if not isinstance(value, tuple):
            yield value
        waiting += list(inside)[::-1]


def storages_of(values: Iterable[Any]) -> dict[int, Storage]:
    """The storages that tensors among the values lie in, by identity; one that shares another's bytes is that one."""
    owners = (thing.storage().owner for thing in reached(values) if isinstance(thing, Tensor))
    return {id(owner): owner for owner in owners}


def digest(values: Mapping[int, Any], *more: object) -> str:
    """A hash of registers and of all that they hold: types, numbers, layouts, bytes, versions, and what is shared.

    Addresses are no part of it. The state of the generator is, and what else is given.
    """
    found = hashlib.sha256()
    numbers: dict[int, int] = {}
    told: list[str] = [repr(more)]
    for register, value in values.items():
        told.append(f"{register}: {_told(value, numbers, found.update)}")
    found.update("\n".join(told).encode())
    found.update(default_generator.get_state().numpy().tobytes())
    return found.hexdigest()


def _told(value: Any, numbers: dict[int, int], add: Callable[[bytes], None]) -> str:
    """A value as text; bytes go into the hash, and what was told before is told by its number."""
    inside = _inside(value)
    if inside is None:
        return f"{type(value).__qualname__} {value!r}" if _is_plain(value) else type(value).__qualname__
    known = id(value) in numbers
    number = numbers.setdefault(id(value), len(numbers))
    if known:
        return f"#{number}"
    if isinstance(value, Tensor):
        storage = value.storage()
        place = numbers.setdefault(id(storage.owner), len(numbers))
        if place == len(numbers) - 1:
            add(_bytes(storage.owner))
        return f"#{number} {value.layout.type} {value.strides} {value.offset} in {place}, version {storage.version}"
    parts = ", ".join(_told(part, numbers, add) for part in inside)
    return f"#{number} {type(value).__qualname__}({parts})"


def _inside(value: Any) -> Sequence[Any] | None:
    """What a value holds that can be changed, or holds something that can be; `None` for what cannot be changed."""
    match value:
        case Tensor():
            return ()
        case list() | tuple():
            return cast("Sequence[Any]", value)
        case dict():
            items = cast("dict[Any, Any]", value)
            return [*items.keys(), *items.values()]
        case enum.Enum() | type():
            return None
        case _:
            return (
                list(cast("dict[str, Any]", vars(value)).values())
                if hasattr(value, "__dict__") and not callable(value)
                else None
            )


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str, enum.Enum, DType, device))


def _bytes(storage: Storage) -> bytes:
    return ctypes.string_at(storage.address, storage.nbytes) if storage.nbytes else b""

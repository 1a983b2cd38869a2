"""Who refers to an object: the notebook's names for it, and the containers that the garbage collector knows."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from types import FrameType
from typing import Any, cast

from tensorlab.core.pyobject_fields import article, brief

MOST_REFERRERS = 12
_MOST_LOOKED_THROUGH = 100_000


@dataclass(frozen=True, slots=True)
class Referrer:
    """A container with ``count`` references to the object; ``where`` is how the notebook would write the place."""

    where: str
    kind: str
    count: int

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Referrers:
    """``names`` of the notebook, results that it ``kept`` (``_``, ``Out``), and other containers.

    ``more``: references by containers that are not listed.
    """

    names: tuple[str, ...]
    kept: int
    containers: tuple[Referrer, ...]
    more: int = 0

    @property
    def count(self) -> int:
        """References that are accounted for."""
        return len(self.names) + self.kept + sum(referrer.count for referrer in self.containers) + self.more

    def to_dict(self) -> dict[str, object]:
        containers = [container.to_dict() for container in self.containers]
        return {"names": list(self.names), "kept": self.kept, "containers": containers, "more": self.more}


def names_of(x: object, namespace: Mapping[str, Any]) -> tuple[str, ...]:
    """What the notebook calls an object; names that begin with an underscore are IPython's, or hidden."""
    found: list[str] = []
    for name, value in list(namespace.items()):  # no comprehension: its cell would be one more that refers to x
        if value is x and not name.startswith("_"):
            found.append(name)
    return tuple(found)


def _holding(containers: Iterable[object], x: object) -> list[Any]:
    found: list[Any] = []
    for container in containers:
        if _holds(container, x):
            found.append(container)
    return found


def _holds(container: Any, x: object) -> bool:
    """Whether an item, a key or a value is the object; a container too large to look through is left out."""
    if len(container) > _MOST_LOOKED_THROUGH:
        return False
    values = list(cast("dict[object, object]", container).values()) if isinstance(container, dict) else []
    return _times(x, cast("list[object]", [*container, *values])) > 0


def _times(x: object, values: Iterable[object]) -> int:
    """How many of the values are the object."""
    target, count = id(x), 0
    for value in values:
        count += id(value) == target
    return count


def find_referrers(x: object, namespace: Mapping[str, Any]) -> Referrers:
    """Everything that refers to an object and can be found; what C code and running functions hold cannot.

    Cost: one walk over all containers in the process, some 10 ms in a notebook that has loaded torch.
    """
    owners = {id(value): name for name, value in list(namespace.items()) if not name.startswith("_")}
    out: Any = namespace.get("_oh")  # what IPython keeps of the results of cells
    seen = {id(namespace), id(out)}
    results = cast("dict[object, object]", out) if isinstance(out, dict) else {}
    kept = _times(x, [value for name, value in list(namespace.items()) if name.startswith("_")])
    kept += _times(x, list(results.values()))
    found: list[Referrer] = []
    # The collector passes over containers that hold plain values alone: those with a name are looked into here.
    named = [value for value in list(namespace.values()) if id(value) in owners and type(value) in (list, tuple, dict)]
    seen.add(id(named))  # which holds the object too, where it is such a container itself
    for container in gc.get_referrers(x) + _holding(named, x):
        if id(container) not in seen and not isinstance(container, FrameType):
            seen.add(id(container))
            found.append(_described(container, x, owners))
    found.sort(key=lambda referrer: (not referrer.where, referrer.kind, referrer.where))
    more = sum(referrer.count for referrer in found[MOST_REFERRERS:])
    return Referrers(names_of(x, namespace), kept, tuple(found[:MOST_REFERRERS]), more)


def _described(container: object, x: object, owners: Mapping[int, str]) -> Referrer:
    name = owners.get(id(container), "")
    kind = article(type(container).__name__)
    if type(container) in (list, tuple):
        sequence = cast("list[object]", container)
        places = _places(x, enumerate(sequence))
        kind = f"{kind} of {len(sequence):,} item{'' if len(sequence) == 1 else 's'}"
        return Referrer(_at(name, [str(i) for i in places[:1]]), kind, max(len(places), 1))
    if type(container) is dict:
        items = cast("dict[object, object]", container)
        keys = _places(x, list(items.items()))
        module = _module_of(items)
        if module:
            return Referrer(f"{module}.{keys[0]}" if keys else module, "a module's names", max(len(keys), 1))
        plain = [brief(key) if type(key) in (str, int, float, bool, bytes, type(None)) else "..." for key in keys[:1]]
        itself = _times(x, list(items))
        under = f"{kind}, under {plain[0]}" if plain and not name else kind
        return Referrer(_at(name, plain), under, max(len(keys) + itself, 1))
    attribute = _slot_of(container, x)
    if name and attribute:
        return Referrer(f"{name}.{attribute}", kind, 1)
    return Referrer(name, f"{kind}, as its {attribute}" if attribute else kind, 1)


def _places(x: object, pairs: Iterable[tuple[object, object]]) -> list[object]:
    """Indices or keys under which the object is."""
    found: list[object] = []
    for place, value in pairs:
        if value is x:
            found.append(place)
    return found


def _at(name: str, keys: list[str]) -> str:
    return f"{name}[{keys[0]}]" if name and keys else name


def _module_of(items: dict[object, object]) -> str:
    name = items.get("__name__")
    module = sys.modules.get(name) if isinstance(name, str) else None
    return name if isinstance(name, str) and module is not None and getattr(module, "__dict__", None) is items else ""


def _slot_of(container: object, x: object) -> str:
    """The slot of an instance that refers to the object; nothing of the user's runs to find it."""
    for owner in type(container).__mro__:
        for name, descriptor in vars(owner).items():
            if type(descriptor).__name__ == "member_descriptor" and _read(descriptor, container) is x:
                return name
    return ""


def _read(descriptor: Any, container: object) -> object:
    try:
        return descriptor.__get__(container)
    except (AttributeError, TypeError):  # a slot that is not set, or one of another class
        return _UNSET


_UNSET = object()

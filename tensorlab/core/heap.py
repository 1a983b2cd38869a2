"""The process's objects as the garbage collector and the interpreter know them: containers, frames, counts."""

from __future__ import annotations

import gc
import itertools
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, cast

import numpy as np

from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor

_CHUNK = 20_000
_PACKAGE = str(Path(__file__).resolve().parent.parent)
_MACHINERY = ("IPython", "ipykernel", "traitlets", "tornado", "asyncio")


def unseen_references(things: Sequence[Any], unlisted: Mapping[int, Sequence[Any]]) -> int:
    """References to things that no container, no NumPy view and no running function accounts for."""
    counts = [0] * len(things)
    index = {id(thing): i for i, thing in enumerate(things)}
    referrers = gc.get_referrers(*things)
    holding = [gc.get_referents(container) for container in (*referrers, *running())]
    _count(referrers, index, counts)  # this list holds them too, and did not see itself
    _count(itertools.chain.from_iterable(holding), index, counts)
    del referrers, holding
    for key, i in index.items():
        counts[i] += sum(_times(holder, key) for holder in unlisted.get(key, ()))
    return sum(max(sys.getrefcount(things[i]) - 1 - counts[i], 0) for i in range(len(things)))


def _times(holder: Any, key: int) -> int:
    if type(holder) is tuple or type(holder) is dict:
        return list(map(id, _items(holder))).count(key)
    return 1  # a NumPy view


def _count(values: Iterable[Any], index: Mapping[int, int], counts: list[int]) -> None:
    for key in map(id, values):  # ids alone: a variable would be one more reference
        if key in index:
            counts[index[key]] += 1


def byte_things(own: set[int], unlisted: dict[int, list[Any]]) -> Iterator[Any]:
    """Everything in the process's containers that may reach bytes, once each.

    The collector leaves out tuples and dicts that hold nothing it could collect, such as a dict of arrays: what those
    hold goes into ``unlisted``, by the id of the thing. ``own`` takes the ids of lists made here.
    """
    kinds: dict[Any, bool] = {}
    bases = _byte_kinds()
    seen: set[int] = set()
    objects = gc.get_objects()
    own.add(id(objects))
    for first in range(0, len(objects), _CHUNK):
        referents = gc.get_referents(*objects[first : first + _CHUNK])
        own.add(id(referents))
        found: list[Any] = []
        own.add(id(found))
        while referents:
            inside: list[Any] = []
            own.add(id(inside))
            for value in referents:
                kind = _kind(value)
                if kind is tuple or kind is dict:
                    if value and not gc.is_tracked(value) and id(value) not in seen:
                        seen.add(id(value))
                        inside += _unlisted_items(value, kinds, bases, unlisted, own)
                    continue
                known = kinds.get(kind)
                if known is None:
                    known = kinds[kind] = issubclass(kind, bases)
                if known and id(value) not in seen:
                    seen.add(id(value))
                    found.append(value)
            referents = inside
        yield from found


def _items(container: Any) -> Iterable[Any]:
    return cast("dict[Any, Any]", container).values() if type(container) is dict else container


def _kind(value: Any) -> Any:
    return cast(Any, type(value))  # not by its attribute: foreign objects run code when they are asked for one


def _unlisted_items(
    container: Any, kinds: dict[Any, bool], bases: tuple[type, ...], unlisted: dict[int, list[Any]], own: set[int]
) -> list[Any]:
    """What an unlisted container holds that may reach bytes, or is such a container itself."""
    items: list[Any] = []
    own.add(id(items))
    for item in _items(container):
        kind = _kind(item)
        known = kinds.get(kind)
        if known is None:
            known = kinds[kind] = issubclass(kind, bases)
        if known or ((kind is tuple or kind is dict) and item and not gc.is_tracked(item)):
            items.append(item)
            holders = unlisted.setdefault(id(item), [])
            own.add(id(holders))
            if not any(holder is container for holder in holders):
                holders.append(container)
    return items


def _byte_kinds() -> tuple[type, ...]:
    places = (("torch", "Tensor"), ("jax", "Array"), ("pyarrow", "Array"), ("pyarrow", "ChunkedArray"))
    tables = (("pyarrow", "Table"), ("pyarrow", "RecordBatch"))
    found = [getattr(sys.modules.get(module), name, None) for module, name in (*places, *tables)]
    kinds = [kind for kind in found if isinstance(kind, type)]
    return (Tensor, Storage, np.ndarray, memoryview, *kinds)


def running() -> Iterator[FrameType]:
    """The frames of all threads, innermost first."""
    for innermost in list(sys._current_frames().values()):  # pyright: ignore[reportPrivateUsage] - the documented way
        frame: FrameType | None = innermost
        del innermost  # it is this one too: from Python 3.12 on a frame that names itself outlives its call
        while frame is not None:
            yield frame
            frame = frame.f_back


def is_machinery(frame: FrameType) -> bool:
    """Whether a frame is of this package or of the shell's own code: what it holds goes when the call returns."""
    top = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return top in _MACHINERY or frame.f_code.co_filename.startswith(_PACKAGE)

"""Words for the way from a holder down to bytes: ``['w']``, ``.grad_fn``, a closure's variable, a saved result."""

from __future__ import annotations

from collections.abc import Sequence
from types import CellType, FrameType, FunctionType, GeneratorType, MethodType, TracebackType
from typing import Any, cast

import numpy as np

from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.memory.allocator import DataPtr

_QUIET = ("Tape", "Edge", "Saved", "Loan", "TypedStorage", "UntypedStorage", "managedbuffer")


def words(way: Sequence[Any]) -> tuple[str, str]:
    """The path from the first object to the last, as a person would write it, and what it comes to."""
    end = len(way) - 1
    while end > 0 and _is_inside(way[end]):
        end -= 1
    text = "".join(_link(way, at) for at in range(end))
    saved = any(type(value).__name__ == "Saved" for value in way[end:])
    return text, "a saved tensor" if saved else _what(way, end)


def _is_inside(value: object) -> bool:
    """What stands between a tensor or an array and its bytes."""
    return isinstance(value, (Storage, DataPtr)) or type(value).__name__ in _QUIET


def _what(way: Sequence[Any], at: int) -> str:
    value = way[at]
    if isinstance(value, Tensor):
        return f"Tensor {_shape(value.shape)}"
    if isinstance(value, np.ndarray):
        array = cast("np.ndarray[Any, Any]", value)
        return f"ndarray {_shape(array.shape)}{' (a view)' if array.base is not None else ''}"
    return type(value).__name__


def _shape(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _link(way: Sequence[Any], at: int) -> str:
    """How one object holds the next one; empty for what no person wrote."""
    holder, held = way[at], way[at + 1]
    before = way[at - 1] if at else None
    if _is_node(holder):
        return _node_link(holder, way, at)
    if type(holder) is dict:
        return _key(cast("dict[Any, Any]", holder), held, of_instance=getattr(before, "__dict__", None) is holder)
    if isinstance(holder, (list, tuple)):
        holder = cast("list[Any] | tuple[Any, ...]", holder)
        inside = isinstance(before, FunctionType) or _is_inside(holder) or _of_node(way, at)
        return "" if inside else _item(holder, held)
    if isinstance(holder, CellType):
        return ""
    if isinstance(holder, FunctionType):
        return _closure(holder, way, at)
    if isinstance(holder, MethodType):
        return ".__self__"
    if isinstance(holder, GeneratorType):
        return " → a local of the generator"
    if isinstance(holder, FrameType):
        return f" → a local of {holder.f_code.co_name}"
    if isinstance(holder, TracebackType):
        return " → traceback" if not isinstance(before, TracebackType) else ""
    if isinstance(holder, Tensor) or type(holder) is np.ndarray or _is_inside(holder):
        of_tape = type(holder).__name__ == "Tape"
        return ".grad" if of_tape and vars(holder).get("grad") is held else ""
    return _attribute(holder, held)


def _is_node(value: object) -> bool:
    return hasattr(type(value), "next_functions") and type(value).__module__.startswith("tensorlab.")


def _node_link(node: Any, way: Sequence[Any], at: int) -> str:
    """A node of the tape, and what of it leads on: a saved tensor, an input, or the node before it."""
    saved = next((value for value in way[at + 1 : at + 4] if type(value).__name__ == "Saved"), None)
    if saved is None:
        leads_to_node = any(_is_node(value) for value in way[at + 1 : at + 5])
        return f" → {node.name}" if leads_to_node else f" → {node.name}, an input"
    names = getattr(getattr(node, "recipe", None), "saved", ())
    for name, kept in zip(names, node.stored or (), strict=False):
        several: tuple[Any, ...] = kept if type(kept) is tuple else (kept,)
        if any(one is saved for one in several):
            return f" → {node.name} saved {name}"
    return f" → {node.name} saved it"


def _key(table: dict[Any, Any], held: Any, *, of_instance: bool) -> str:
    key = next((k for k, v in list(table.items()) if v is held), None)
    if of_instance and isinstance(key, str):
        return f".{key}"
    text = repr(key) if isinstance(key, (str, int, float, bool, bytes)) else f"<{type(key).__name__}>"
    return f"[{text if len(text) <= 40 else text[:37] + '...'}]"


def _of_node(way: Sequence[Any], at: int) -> bool:
    """Whether a tuple or list is how a node of the tape keeps what it holds."""
    while at > 0 and isinstance(way[at], (list, tuple)):
        at -= 1
    return _is_node(way[at])


def _item(items: list[Any] | tuple[Any, ...], held: Any) -> str:
    at = next((i for i, item in enumerate(items) if item is held), None)
    fields = getattr(type(items), "_fields", None)
    return f"[{at}]" if fields is None or at is None else f".{fields[at]}"


def _closure(function: FunctionType, way: Sequence[Any], at: int) -> str:
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        if any(cell is value for value in way[at + 1 : at + 3]):
            return f" → its closure's {name}"
    return " → a default argument" if way[at + 1] is function.__defaults__ else _attribute(function, way[at + 1])


def _attribute(holder: Any, held: Any) -> str:
    table = getattr(holder, "__dict__", None)
    if table is held:
        return ""
    if isinstance(table, dict):
        name = next((n for n, v in list(cast("dict[str, Any]", table).items()) if v is held), None)
        if name is not None:
            return f".{name}"
    for kind in type(holder).__mro__:
        slots: Any = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if getattr(holder, name, None) is held:
                return f".{name}"
    return f" → a {type(holder).__name__}"

"""What a notebook holds: the names of tensors, arrays and compiled functions, found without importing anything.

A thing of a kind can only be there where the module of its class is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from tensorlab.magics.errors import MagicError, a_kind, listed, nearest

_TENSOR = ("tensorlab.core.tensor", "Tensor")
_ARRAY = ("numpy", "ndarray")
_FUNCTION = ("tensorlab.jit.function", "ScriptFunction")


def tensors(names: Mapping[str, Any]) -> list[str]:
    """Names of tensors, in the order in which they were first bound."""
    return list(_of_kind(names, _TENSOR))


def arrays(names: Mapping[str, Any]) -> list[str]:
    """Names of NumPy arrays."""
    return list(_of_kind(names, _ARRAY))


def functions(names: Mapping[str, Any]) -> list[str]:
    """Names of traced and scripted functions."""
    return list(_of_kind(names, _FUNCTION))


def is_tensor(value: object) -> bool:
    """Whether a value is one of our tensors."""
    class_ = _class(_TENSOR)
    return class_ is not None and isinstance(value, class_)


def is_array(value: object) -> bool:
    """Whether a value is a NumPy array."""
    class_ = _class(_ARRAY)
    return class_ is not None and isinstance(value, class_)


def is_function(value: object) -> bool:
    """Whether a value is a traced or scripted function."""
    class_ = _class(_FUNCTION)
    return class_ is not None and isinstance(value, class_)


def tensor_named(names: Mapping[str, Any], name: str, magic: str, option: str) -> Any:
    """The tensor of a name that the user wrote after an option.

    Raises: `MagicError` naming what is there instead, and the nearest name of a tensor.
    """
    known = tensors(names)
    if name not in names:
        message = f"{option}: nothing is named {name!r}; tensors here: {listed(known)}"
        raise MagicError(magic, message, nearest(name, known))
    if not is_tensor(names[name]):
        kind = type(names[name]).__name__
        hint = f"tensorlab.from_numpy({name}) shares its memory" if kind == "ndarray" else nearest(name, known)
        raise MagicError(
            magic, f"{option}: {name} is {a_kind(names[name])}, not a tensor; tensors here: {listed(known)}", hint
        )
    return names[name]


def function_named(names: Mapping[str, Any], name: str, magic: str) -> Any:
    """The compiled function of a name.

    Raises: `MagicError` naming what is there instead, and the nearest name of a compiled function.
    """
    known = functions(names)
    if name not in names:
        message = f"nothing is named {name!r}; compiled functions here: {listed(known)}"
        raise MagicError(magic, message, nearest(name, known))
    if not is_function(names[name]):
        kind = type(names[name]).__name__
        message = f"{name} is {a_kind(names[name])}, not a compiled function; compiled functions here: {listed(known)}"
        hint = f"tensorlab.jit.script({name}) compiles it" if kind == "function" else nearest(name, known)
        raise MagicError(magic, message, hint)
    return names[name]


def need_jit(magic: str) -> None:
    """Raise a `MagicError` where ``TENSORLAB_JIT=0`` has compiled functions run as plain Python."""
    from tensorlab.core.config import config

    if not config().jit:
        raise MagicError(magic, "TENSORLAB_JIT=0 turns the compiler off", "start the kernel without it")


def _class(place: tuple[str, str]) -> type | None:
    module = sys.modules.get(place[0])
    return getattr(module, place[1], None)


def _of_kind(names: Mapping[str, Any], place: tuple[str, str]) -> Iterator[str]:
    class_ = _class(place)
    if class_ is not None:
        # IPython keeps results under _, _1, __ ...: they are not names that anybody gave.
        yield from (n for n, value in list(names.items()) if isinstance(value, class_) and not n.startswith("_"))

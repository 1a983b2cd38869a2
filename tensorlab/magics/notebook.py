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
_METHOD = ("tensorlab.jit.script_module", "ScriptMethod")
_MODULE = ("tensorlab.jit.script_module", "ScriptModule")


def tensors(names: Mapping[str, Any]) -> list[str]:
    """Names of tensors, in the order in which they were first bound."""
    return list(_of_kind(names, _TENSOR))


def arrays(names: Mapping[str, Any]) -> list[str]:
    """Names of NumPy arrays."""
    return list(_of_kind(names, _ARRAY))


def functions(names: Mapping[str, Any]) -> list[str]:
    """Names of traced and scripted functions and modules."""
    return [n for n in names if not n.startswith("_") and compiled(names[n]) is not None]


def compiled(value: object) -> Any:
    """The compiled function that a value is, or that a scripted module runs in its present modes; None for others."""
    function, method, module = map(_class, (_FUNCTION, _METHOD, _MODULE))
    if function is not None and isinstance(value, function):
        return value
    if module is not None and isinstance(value, module):
        value = value.forward  # type: ignore[attr-defined]
    if method is not None and isinstance(value, method):
        return value.function()  # type: ignore[attr-defined]
    return None


def name_of(names: Mapping[str, Any], function: object) -> str | None:
    """The first name under which a compiled function is here."""
    return next((n for n in functions(names) if compiled(names[n]) is function), None)


def is_tensor(value: object) -> bool:
    """Whether a value is one of our tensors."""
    class_ = _class(_TENSOR)
    return class_ is not None and isinstance(value, class_)


def is_array(value: object) -> bool:
    """Whether a value is a NumPy array."""
    class_ = _class(_ARRAY)
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
    """The compiled function of a name: a function, a scripted module or, ``net.encode``, one of its methods.

    Raises: `MagicError` naming what is there instead, and the nearest name of a compiled function.
    """
    known = functions(names)
    first, *parts = name.split(".")
    if first not in names:
        message = f"nothing is named {first!r}; compiled functions here: {listed(known)}"
        raise MagicError(magic, message, nearest(first, known))
    value, whole = names[first], first
    for part in parts:
        owner = value
        value, whole = getattr(owner, part, None), f"{whole}.{part}"
        if value is None:
            message = f"{whole.removesuffix(f'.{part}')} is {a_kind(owner)} and has no {part!r}"
            raise MagicError(magic, f"{message}; compiled functions here: {listed(known)}", nearest(name, known))
    found = compiled(value)
    if found is None:
        kind = type(value).__name__
        message = f"{whole} is {a_kind(value)}, not a compiled function; compiled functions here: {listed(known)}"
        hint = f"tensorlab.jit.script({name}) compiles it" if kind == "function" else nearest(name, known)
        raise MagicError(magic, message, hint)
    return found


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

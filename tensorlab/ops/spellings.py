"""torch's second spellings of arguments, which are NumPy's: ``axis`` for ``dim``, ``keepdims`` for ``keepdim``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

from tensorlab.errors import ArgumentError

F = TypeVar("F", bound=Callable[..., Any])

SECOND = {"axis": "dim", "keepdims": "keepdim"}


@lru_cache(maxsize=256)
def _names(function: Callable[..., Any]) -> dict[str, str]:
    """The second spellings that a function knows, and what each stands for."""
    parameters = inspect.signature(function).parameters
    return {second: name for second, name in SECOND.items() if name in parameters and second not in parameters}


def respelled(function: Callable[..., Any], options: dict[str, Any]) -> dict[str, Any]:
    """Options of a call under the names that the function has for them.

    Raises: `ArgumentError` for an argument that is given by both.
    """
    names, found = _names(function), dict(options)
    for second, name in names.items():
        if second in options:
            if name in options:
                raise ArgumentError(f"{function.__name__}: got argument {name!r} twice, once as {second!r}")
            found[name] = found.pop(second)
    return found


def takes_axis(function: F) -> F:
    """Let a public function that takes no ``out`` (`ops.out.takes_out` does the same) know the second spellings."""

    @wraps(function)
    def spelled(*args: Any, **options: Any) -> Any:
        return function(*args, **respelled(function, options)) if options else function(*args)

    return cast(F, spelled)

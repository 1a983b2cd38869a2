"""Functions of neural layers under torch's names; each stands with its op in `tensorlab.ops`."""

from __future__ import annotations

from typing import Any

from tensorlab.ops.families import table

_FUNCTIONS = table("FUNCTIONAL")
__all__ = sorted(_FUNCTIONS)  # pyright: ignore[reportUnsupportedDunderAll] - the table says it


def __getattr__(name: str) -> Any:
    try:
        return _FUNCTIONS[name]
    except KeyError:
        raise AttributeError(f"module 'tensorlab.nn.functional' has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return list(__all__)

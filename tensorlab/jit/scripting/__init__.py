"""Scripting: Python functions read from their source, checked and turned into graphs.

`compile_function` takes a function, `compile_def` a definition in a parsed cell, `compile_source` a text. They are
resolved on first use: a trace takes one small part from here, and the rest is a third of the compiler's import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_FRONTEND = ("compile_class", "compile_def", "compile_function", "compile_source", "graph_of")

__all__ = ["LABELS", "compile_class", "compile_def", "compile_function", "compile_source", "graph_of"]

if TYPE_CHECKING:
    from tensorlab.jit.scripting.frontend import compile_class, compile_def, compile_function, compile_source, graph_of
    from tensorlab.jit.scripting.source import LABELS


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "frontend" if name in _FRONTEND else "source"
    return getattr(import_module(f"{__name__}.{home}"), name)

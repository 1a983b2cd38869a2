"""The compiler: trace, script, IR, passes, lowering, interpreter, archive.

Public names are resolved on first use, so that the parts can be imported one by one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOME = {
    "trace": "tensorlab.jit.api",
    "trace_module": "tensorlab.jit.api",
    "script": "tensorlab.jit.api",
    "load": "tensorlab.jit.api",
    "freeze": "tensorlab.jit.freezing",
    "optimize_for_inference": "tensorlab.jit.freezing",
    "cache_info": "tensorlab.jit.cache",
    "clear_cache": "tensorlab.jit.cache",
    "explain": "tensorlab.jit.explanation",
    "find_disagreement": "tensorlab.jit.explain_search",
    "ScriptFunction": "tensorlab.jit.function",
    "ScriptModule": "tensorlab.jit.script_module",
    "Pipeline": "tensorlab.jit.pipeline",
    "CompilationUnit": "tensorlab.jit.compilation_unit",
    "annotate": "tensorlab.jit.scripting.markers",
    "export": "tensorlab.jit.scripting.markers",
    "Final": "tensorlab.jit.scripting.markers",
    "ignore": "tensorlab.jit.scripting.markers",
    "is_scripting": "tensorlab.jit.scripting.markers",
    "unused": "tensorlab.jit.scripting.markers",
    "parse_ir": "tensorlab.jit.parse",
    "check_passes": "tensorlab.jit.pass_checks",
    "what_if": "tensorlab.jit.otherwise",
}

__all__ = [
    "CompilationUnit",
    "Final",
    "Pipeline",
    "ScriptFunction",
    "ScriptModule",
    "annotate",
    "cache_info",
    "check_passes",
    "clear_cache",
    "explain",
    "export",
    "find_disagreement",
    "freeze",
    "ignore",
    "is_scripting",
    "load",
    "optimize_for_inference",
    "parse_ir",
    "script",
    "trace",
    "trace_module",
    "unused",
    "what_if",
]

if TYPE_CHECKING:
    from tensorlab.jit.api import load, script, trace, trace_module
    from tensorlab.jit.cache import cache_info, clear_cache
    from tensorlab.jit.compilation_unit import CompilationUnit
    from tensorlab.jit.explain_search import find_disagreement
    from tensorlab.jit.explanation import explain
    from tensorlab.jit.freezing import freeze, optimize_for_inference
    from tensorlab.jit.function import ScriptFunction
    from tensorlab.jit.otherwise import what_if
    from tensorlab.jit.parse import parse_graph as parse_ir
    from tensorlab.jit.pass_checks import check_passes
    from tensorlab.jit.pipeline import Pipeline
    from tensorlab.jit.script_module import ScriptModule
    from tensorlab.jit.scripting.markers import Final, annotate, export, ignore, is_scripting, unused


def __getattr__(name: str) -> Any:
    """Import the module behind a public name, once."""
    if name not in _HOME:
        raise AttributeError(f"module 'tensorlab.jit' has no attribute {name!r}")
    attribute = {"parse_ir": "parse_graph"}.get(name, name)
    value = getattr(import_module(_HOME[name]), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

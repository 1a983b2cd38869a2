"""The public face of the compiler: trace, script, load."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tensorlab.core.config import config
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.jit.check import check_trace as run_check
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.pipeline import DEFAULT, Pipeline
from tensorlab.jit.tracing import record


def trace(
    func: Callable[..., Any],
    example_inputs: Tensor | Sequence[Tensor],
    *,
    check_trace: bool = True,
    check_tolerance: float = 1e-5,
    name: str | None = None,
    pipeline: Pipeline = DEFAULT,
) -> ScriptFunction:
    """Run ``func`` on example inputs and compile what it did.

    Control flow is not recorded: the branch taken is baked in, with a `TracerWarning` at the line that took it.
    ``check_trace`` runs the function once more, and compares graphs and results.

    Raises: `ArgumentError` for inputs that are no tensors, `TraceError` for results that are none, or where the check
    finds another graph.
    """
    if not callable(func):
        raise ArgumentError(f"trace: takes a function, got {type(func).__name__}")
    inputs = (example_inputs,) if isinstance(example_inputs, Tensor) else tuple(example_inputs)
    names = parameter_names(func, len(inputs))
    title = name or getattr(func, "__name__", type(func).__name__)
    before = [t.clone() if isinstance(t, Tensor) else t for t in inputs] if check_trace else []  # pyright: ignore
    found = record(func, inputs, names, title if title.isidentifier() else "traced")
    function = ScriptFunction(
        found.graph, kind="traced", pipeline=pipeline, escapes=found.escapes, doc=inspect.getdoc(func)
    )
    if check_trace:
        run_check(func, before, names, function, tolerance=check_tolerance)
    function.specialisation_for(*inputs)
    return function


def script(fn: Callable[..., Any]) -> Any:
    """Compile an annotated function, control flow included; parameters without annotation are tensors.

    With ``TENSORLAB_JIT=0`` the function itself comes back.

    Raises: `ScriptError` at the place of what is outside the language.
    """
    if isinstance(fn, ScriptFunction):
        return fn
    if not config().jit:
        return fn
    from tensorlab.jit.scripting import compile_function

    function = ScriptFunction(compile_function(fn), kind="scripted", doc=inspect.getdoc(fn))
    functools.update_wrapper(function, fn, assigned=("__module__", "__qualname__"), updated=())
    return function


def load(path: str | Path) -> ScriptFunction:
    """Open an archive that `ScriptFunction.save` wrote; its tensors stay in the file until they are read.

    Raises: `ArchiveError` where it is cut short, changed, or no archive.
    """
    from tensorlab.jit.archive import load_function

    return load_function(path)


def parameter_names(func: Callable[..., Any], count: int) -> list[str]:
    """The names of a function's first positional parameters, as far as Python knows them."""
    try:
        parameters = inspect.signature(func).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in kinds][:count]

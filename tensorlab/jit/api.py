"""The public face of the compiler: trace, script, load."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from tensorlab.core.config import config
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.jit.check import check_trace as run_check
from tensorlab.jit.check import copies
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.pipeline import DEFAULT, Pipeline
from tensorlab.jit.tracing import record


def trace(
    func: Callable[..., Any],
    example_inputs: Tensor | Iterable[Tensor],
    *,
    check_trace: bool = True,
    check_inputs: Iterable[Tensor | Iterable[Tensor]] = (),
    check_tolerance: float = 1e-5,
    name: str | None = None,
    pipeline: Pipeline = DEFAULT,
) -> Any:
    """Run ``func`` on example inputs and compile what it did, as a `ScriptFunction`.

    Control flow is not recorded: the branch taken is baked in, with a `TracerWarning` at the line that took it. What
    Python works out from shapes is baked in too, without one. ``func`` writes to the example inputs if that is what it
    does. ``check_trace`` runs it once more, on copies, and compares graphs and results; ``check_inputs`` are more
    inputs to do that with: other shapes show what shapes decide.

    With ``TENSORLAB_JIT=0`` the function itself comes back, and nothing runs.

    Raises: `ArgumentError` for inputs that are no tensors, `TraceError` for results that are none, where the check
            finds another graph, and inside another trace.
    """
    if not callable(func):
        raise ArgumentError(f"trace: takes a function, got {type(func).__name__}")
    if not config().jit:
        return func
    inputs = _listed(example_inputs, "example_inputs")
    others = [_listed(more, "check_inputs") for more in check_inputs]
    names = parameter_names(func, len(inputs))
    title = name or getattr(func, "__name__", type(func).__name__)
    again = [copies(inputs), *map(copies, others)] if check_trace else []
    found = record(func, inputs, names, title if title.isidentifier() else "traced")
    function = ScriptFunction(
        found.graph, kind="traced", pipeline=pipeline, escapes=found.escapes, doc=inspect.getdoc(func)
    )
    for given in again:
        run_check(func, given, names, function, tolerance=check_tolerance)
    function.specialisation_for(*inputs)
    return function


def script(fn: Callable[..., Any]) -> Any:
    """Compile an annotated function, control flow included, as a `ScriptFunction`.

    Parameters without an annotation are tensors. With ``TENSORLAB_JIT=0`` the function itself comes back.

    Raises: `ScriptError` at the place of what is outside the language.
    """
    if isinstance(fn, ScriptFunction) or not config().jit:
        return fn
    from tensorlab.jit.scripting import compile_function

    graph = compile_function(fn)
    function = ScriptFunction(graph, kind="scripted", doc=inspect.getdoc(fn), defaults=_defaults(fn))
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


def _defaults(func: Callable[..., Any]) -> dict[str, Any]:
    parameters = inspect.signature(func).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}


def _listed(inputs: Any, what: str) -> tuple[Any, ...]:
    """One tensor, or several, as a tuple.

    Raises: `ArgumentError` for what is no sequence, or one of names.
    """
    if isinstance(inputs, Tensor):
        return (inputs,)
    if isinstance(inputs, (str, Mapping)) or not isinstance(inputs, Iterable):
        kind = type(cast("object", inputs)).__name__
        raise ArgumentError(f"trace: {what} takes a Tensor, or a tuple or list of Tensors, got {kind}")
    return tuple(cast("Iterable[Any]", inputs))

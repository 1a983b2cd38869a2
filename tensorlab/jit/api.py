"""The public face of the compiler: trace, script, load."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from tensorlab.core.config import config
from tensorlab.errors import ArgumentError
from tensorlab.jit.check import check_trace as run_check
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.pipeline import DEFAULT, Pipeline
from tensorlab.jit.subject import Origin, Subject, calling
from tensorlab.jit.watch import Watch
from tensorlab.nn.module import Module


def trace(
    func: Callable[..., Any],
    example_inputs: Any = None,
    *,
    check_trace: bool = True,
    check_inputs: Iterable[Any] | None = None,
    check_tolerance: float = 1e-5,
    strict: bool = True,
    example_kwarg_inputs: Mapping[str, Any] | None = None,
    watch: bool = False,
    name: str | None = None,
    pipeline: Pipeline = DEFAULT,
) -> Any:
    """Run ``func`` on example inputs and compile what it did, as a `ScriptFunction`.

    Inputs and results are tensors, or tuples, lists and dicts of them. Control flow is not recorded: the branch taken
    is baked in, with a `TracerWarning` at the line that took it. What Python works out from shapes is baked in too,
    without one; `explain` shows both. ``func`` writes to the example inputs if that is what it does. Of a module, the
    result is a `TracedModule`, which shares its parameters and buffers.

    ``check_trace`` runs ``func`` once more, on copies, and compares graphs and results; ``check_inputs`` are more
    inputs to do that with: other shapes show what shapes decide. ``strict`` refuses a dict as the result, and warns of
    a list. ``watch`` keeps what `explain` needs of this very run, which else runs ``func`` again.

    With ``TENSORLAB_JIT=0`` the function itself comes back, and nothing runs.

    Raises: `ArgumentError` for inputs that hold anything but tensors, `TraceError` for such results, and inside another
            trace, `TracingCheckError` where the check finds another graph.
    """
    if not callable(func):
        raise ArgumentError(f"trace: takes a function, got {type(func).__name__}")
    if not config().jit:
        return func
    if example_inputs is None and example_kwarg_inputs is None:
        raise ArgumentError("trace: takes example_inputs, example_kwarg_inputs, or both, got neither")
    call = calling(func, example_inputs, example_kwarg_inputs)
    others = [calling(func, *_check_input(more, example_kwarg_inputs)) for more in check_inputs or ()]
    title = name or getattr(func, "__name__", type(func).__name__)
    again = [call.copy(), *(other.copy() for other in others)] if check_trace else []
    examples = call.copy()
    subject = Subject(func, title if title.isidentifier() else "traced", strict=strict)
    watched = Watch() if watch else None
    found = subject.record(call, watch=watched)
    function = subject.function(found, pipeline)
    for given in again:
        run_check(subject, given, function, tolerance=check_tolerance)
    function.specialisation_for(*call.args, **call.kwargs)
    function.origin = Origin(subject, examples, replace(found, result=None), watched)
    return function


def trace_module(module: Module, inputs: Mapping[str, Any], **options: Any) -> Any:
    """Trace several methods of a module, each on the example inputs under its name, as one `TracedModule`.

    ``forward`` is what calling it does, or the first method where that is left out. ``options`` are those of `trace`.

    Raises: `ArgumentError` where there is no such method, and as `trace`.
    """
    for name in inputs:
        if not callable(getattr(module, name, None)):
            raise ArgumentError(f"trace_module: {type(module).__name__} has no method {name!r}")
    if not inputs:
        raise ArgumentError("trace_module: takes at least one method with its example inputs, got none")
    if not config().jit:
        return module
    traced = {name: trace(getattr(module, name), given, **options) for name, given in inputs.items()}
    main = traced["forward"] if "forward" in traced else next(iter(traced.values()))
    main.methods.update({name: function for name, function in traced.items() if function is not main})
    return main


def script(fn: Callable[..., Any], *, pipeline: Pipeline = DEFAULT) -> Any:
    """Compile an annotated function, control flow included, as a `ScriptFunction`; check a class, which comes back.

    Of a module, the result is a `ScriptModule`: its ``forward``, what that calls, and what is marked ``export``.
    Parameters without an annotation are tensors. ``pipeline`` optimises the graphs. With ``TENSORLAB_JIT=0`` the
    function itself comes back.

    Raises: `ScriptError` at the place of what is outside the language.
    """
    if isinstance(fn, ScriptFunction) or not config().jit:
        return fn
    if isinstance(fn, Module):
        from tensorlab.jit.script_module import script_module

        return script_module(fn, pipeline=pipeline)
    if isinstance(fn, type):
        from tensorlab.jit.scripting import compile_class

        compile_class(fn)
        return fn
    from tensorlab.jit.scripting import compile_function

    graph = compile_function(fn)
    function = ScriptFunction(graph, kind="scripted", pipeline=pipeline, doc=inspect.getdoc(fn), defaults=_defaults(fn))
    functools.update_wrapper(function, fn, assigned=("__module__", "__qualname__"), updated=())
    return function


def load(path: str | Path) -> ScriptFunction:
    """Open an archive that `ScriptFunction.save` wrote; its tensors stay in the file until they are read.

    Raises: `ArchiveError` where it is cut short, changed, or no archive.
    """
    from tensorlab.jit.archive import load_function

    return load_function(path)


def _defaults(func: Callable[..., Any]) -> dict[str, Any]:
    parameters = inspect.signature(func).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}


def _check_input(inputs: Any, keywords: Mapping[str, Any] | None) -> tuple[Any, Mapping[str, Any] | None]:
    """One of ``check_inputs`` as arguments and keywords: a dict is keywords where the examples were."""
    if keywords is not None and isinstance(inputs, Mapping):
        return None, cast("Mapping[str, Any]", inputs)
    return inputs, None

"""What is traced: a function or a module, and how it is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.pipeline import Pipeline
from tensorlab.jit.source import definition_span
from tensorlab.jit.structure import copied
from tensorlab.jit.traced_module import State, TracedModule, named_tensors
from tensorlab.jit.tracing import Trace, record
from tensorlab.jit.watch import Watch
from tensorlab.nn.module import Module


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """Arguments of a call, and the names of the positional ones as far as they are known."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    names: tuple[str, ...]

    def copy(self) -> Call:
        """The same call on copies of the tensors; what is one tensor stays one."""
        args, kwargs = copied((self.args, dict(self.kwargs)), lambda t: t.clone())
        return Call(args, kwargs, self.names)


def calling(func: Callable[..., Any], inputs: Any, keywords: Mapping[str, Any] | None) -> Call:
    """A call with one tensor or dict, or with several arguments, and with keywords.

    Raises: `ArgumentError` for what is no sequence, or one of names.
    """
    if inputs is None:
        args: tuple[Any, ...] = ()
    elif isinstance(inputs, (Tensor, Mapping)):
        args = (cast("Any", inputs),)
    elif isinstance(inputs, str) or not isinstance(inputs, Iterable):
        kind = type(cast("object", inputs)).__name__
        raise ArgumentError(f"trace: example_inputs takes a Tensor, or a tuple, list or dict of Tensors, got {kind}")
    else:
        args = tuple(cast("Iterable[Any]", inputs))
    if keywords is not None and not isinstance(keywords, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ArgumentError(f"trace: example_kwarg_inputs takes a dict, got {type(keywords).__name__}")
    return Call(args, dict(keywords or {}), tuple(parameter_names(func, len(args))))


def parameter_names(func: Callable[..., Any], count: int) -> list[str]:
    """The names of a function's first positional parameters, as far as Python knows them."""
    try:
        called = func.forward if isinstance(func, Module) else func
        parameters = inspect.signature(called).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in kinds][:count]


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A function, a bound method or a module under the name that its graph has."""

    func: Callable[..., Any]
    name: str
    strict: bool = field(kw_only=True, default=True)

    @property
    def module(self) -> Module | None:
        """The module that is traced, or whose method is."""
        owner = self.func if isinstance(self.func, Module) else getattr(self.func, "__self__", None)
        return owner if isinstance(owner, Module) else None

    def record(self, call: Call, *, watch: Watch | None = None, undo: bool = False) -> Trace:
        """Trace one call; with ``undo``, a module's buffers are brought back to what they held."""
        module = self.module
        state = State(module) if module is not None else None
        known = {id(t): n for n, t in named_tensors(module).items()} if module is not None else {}
        func = self.func if watch is None else watch.over(self.func)
        try:
            return record(
                func,
                call.args,
                call.names,
                self.name,
                keywords=call.kwargs,
                strict=self.strict,
                known=known,
                settle=state.settle if state is not None else lambda: None,
            )
        finally:
            if undo and state is not None:
                state.restore()

    def state(self) -> State | None:
        """The buffers as they are, to be brought back."""
        return None if self.module is None else State(self.module)

    def function(self, found: Trace, pipeline: Pipeline) -> ScriptFunction:
        """The compiled function of a trace."""
        module, doc = self.module, inspect.getdoc(self.func)
        found.graph.span = definition_span(module.forward if module is self.func and module is not None else self.func)
        if module is not None:
            return TracedModule(found, module, pipeline=pipeline, doc=doc)
        return ScriptFunction(
            found.graph, kind="traced", pipeline=pipeline, escapes=found.escapes, doc=doc, trace=found
        )


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Where a traced function comes from: what was traced, copies of the example inputs, the trace, and what ran.

    The trace is without its result, and what ran is there if it was watched.
    """

    subject: Subject
    call: Call
    trace: Trace
    watch: Watch | None

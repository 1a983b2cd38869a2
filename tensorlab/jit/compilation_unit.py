"""Functions scripted from a text: `CompilationUnit`."""

from __future__ import annotations

import ast
import inspect
import sys
import typing
from collections.abc import Mapping
from typing import Any

from tensorlab.core.place import user_frame
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ScriptError
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.ir import Graph
from tensorlab.jit.scripting.frontend import compile_def, graph_of
from tensorlab.jit.scripting.source import parse, split_lines

_TYPING = {name: getattr(typing, name) for name in ("Any", "Dict", "Final", "List", "Optional", "Tuple", "Union")}


class CompilationUnit:
    """The functions of a source text, scripted, as attributes: ``CompilationUnit("def f(x): ...").f(x)``.

    They may call each other in any order. Other names are those of the caller, and the types that annotations need.

    Raises: `ScriptError` at the place of what is outside the language.
    """

    def __init__(self, source: str | None = None) -> None:
        self._functions: dict[str, ScriptFunction] = {}
        if source is not None:
            self._define(source, _callers_names())

    def define(self, source: str) -> None:
        """Add the functions of another text; none of them if one cannot be scripted."""
        self._define(source, _callers_names())

    def get_functions(self) -> list[ScriptFunction]:
        """Every function, in the order of the text."""
        return list(self._functions.values())

    def _define(self, source: str, names: Mapping[str, Any]) -> None:
        filename = "<compilation unit>"
        definitions = [node for node in parse(source, filename).body if isinstance(node, ast.FunctionDef)]
        waiting = {node.name: _Definition(node, source, filename) for node in definitions}
        space: dict[str, Any] = {**_base_names(), **names, **self._functions, **waiting}
        made = {name: one.compiled(space) for name, one in waiting.items()}
        for name, graph in made.items():
            defaults = waiting[name].defaults
            self._functions[name] = ScriptFunction(graph, kind="scripted", defaults=defaults)

    def __getattr__(self, name: str) -> ScriptFunction:
        functions: dict[str, ScriptFunction] = self.__dict__.get("_functions", {})
        if name in functions:
            return functions[name]
        raise AttributeError(f"this compilation unit has no function {name!r}; it has {', '.join(functions) or 'none'}")

    def __dir__(self) -> list[str]:
        return sorted([*super().__dir__(), *self._functions])

    def __repr__(self) -> str:
        return f"<compilation unit of {', '.join(self._functions) or 'nothing'}>"


class _Definition:
    """A function of the text; it becomes a graph when it, or one that calls it, is asked for."""

    def __init__(self, node: ast.FunctionDef, source: str, filename: str) -> None:
        self.node, self.lines, self.filename = node, split_lines(source), filename
        self.graph: Graph | None = None
        self.busy = False
        self.defaults = self._defaults()
        given = inspect.Parameter.POSITIONAL_OR_KEYWORD
        self.__signature__ = inspect.Signature(
            [inspect.Parameter(name, given, default=value) for name, value in self.defaults.items()]
        )

    def _defaults(self) -> dict[str, Any]:
        """The defaults of the last parameters, which are written out."""
        args = self.node.args
        params = [*args.posonlyargs, *args.args]
        pairs = [*zip(params[len(params) - len(args.defaults) :], args.defaults, strict=True)]
        pairs += [(p, d) for p, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d is not None]
        try:
            return {param.arg: ast.literal_eval(default) for param, default in pairs}
        except ValueError:
            raise ScriptError(f"{self.node.name}: takes defaults that are written out") from None

    def compiled(self, names: Mapping[str, Any]) -> Graph:
        """The graph.

        Raises: `ScriptError`, also where the function calls itself.
        """
        if self.busy:
            raise ScriptError(f"{self.node.name} calls itself, which cannot be scripted", hint="write a loop")
        if self.graph is None:
            self.busy = True

            def resolve(thing: Any) -> Graph | None:
                return thing.compiled(names) if isinstance(thing, _Definition) else graph_of(thing)

            try:
                self.graph = compile_def(self.node, self.lines, self.filename, names, resolve=resolve)
            finally:
                self.busy = False
        return self.graph

    def __call__(self) -> None:
        raise ScriptError(f"{self.node.name} is called in scripts alone")


def _base_names() -> dict[str, Any]:
    return {**_TYPING, "Tensor": Tensor, "tensorlab": sys.modules["tensorlab"]}


def _callers_names() -> dict[str, Any]:
    frame = user_frame()
    return {} if frame is None else {**frame.f_globals, **frame.f_locals}

"""From a Python function to a graph: the three ways in."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from tensorlab.core.types import ClassType, OptionalType, Type
from tensorlab.errors import ScriptError
from tensorlab.jit.build import Builder
from tensorlab.jit.ir import Graph, Span
from tensorlab.jit.scripting import layers
from tensorlab.jit.scripting.annotations import annotation_type, said_type
from tensorlab.jit.scripting.classes import class_type, is_scripted_class, methods_of
from tensorlab.jit.scripting.derivations import Derivations
from tensorlab.jit.scripting.exits import ReturnTypeError
from tensorlab.jit.scripting.finish import finish
from tensorlab.jit.scripting.forms import Argument, Form, bound
from tensorlab.jit.scripting.markers import mark_of
from tensorlab.jit.scripting.merge import assigned_names
from tensorlab.jit.scripting.module_types import class_of, module_type
from tensorlab.jit.scripting.names import Attributes, Names, load_ops
from tensorlab.jit.scripting.scope import Resolver
from tensorlab.jit.scripting.source import Source, function_source, parse, split_lines
from tensorlab.jit.scripting.statements import Statements
from tensorlab.jit.scripting.type_comments import with_type_comments
from tensorlab.jit.uncollected import uncollected
from tensorlab.nn import Module


def graph_of(thing: Any) -> Graph | None:
    """The graph of a compiled function, whatever its class; the `Resolver` used where none is given."""
    graph = getattr(thing, "graph", None)
    return graph if isinstance(graph, Graph) else None


def compile_function(
    function: object, *, resolve: Resolver = graph_of, derivations: Derivations | None = None
) -> Graph:
    """The graph of a Python function; ``derivations`` notes the types of its variables.

    A parameter without an annotation is a tensor. Functions that it calls are scripted too and put in place; of
    compiled ones, which ``resolve`` knows, the graph is.

    Raises: `ScriptError` at the place of whatever is outside the language.
    """
    try:
        with uncollected():
            return _Session(resolve, derivations).function(function)
    except ScriptError as error:  # the frames of the frontend would only hide the user's line
        raise error.with_traceback(None) from error.__cause__


def compile_class(thing: type, *, resolve: Resolver = graph_of) -> None:
    """Check that every method of a class can be scripted.

    Raises: `ScriptError`, as `compile_function`.
    """
    if not is_scripted_class(thing):
        raise ScriptError(f"{thing.__name__} cannot be scripted: takes a class of your own without a base")
    session = _Session(resolve)
    try:
        session.attributes_of(thing)
        for method in methods_of(thing).values():
            if not mark_of(method):
                session.function(method, owner=class_type(thing))
    except ScriptError as error:
        raise error.with_traceback(None) from error.__cause__


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a module as a graph, whose first input is the module, and the defaults of its parameters."""

    graph: Graph
    defaults: Mapping[str, Any]
    doc: str | None


def compile_methods(module: Module, names: Sequence[str], *, resolve: Resolver = graph_of) -> dict[str, Method]:
    """The graphs of methods of a module.

    Raises: `ScriptError`, as `compile_function`.
    """
    session, found = _Session(resolve), dict[str, Method]()
    try:
        for name in names:
            function = inspect.getattr_static(class_of(module), name, None)
            if not isinstance(function, FunctionType):
                raise ScriptError(f"Module {class_of(module).__name__!r} has no method {name!r}")
            found[name] = session.method(module, function)
    except ScriptError as error:
        raise error.with_traceback(None) from error.__cause__
    return found


def compile_def(
    node: ast.FunctionDef,
    lines: Sequence[str],
    filename: str,
    namespace: Mapping[str, Any],
    *,
    resolve: Resolver = graph_of,
    derivations: Derivations | None = None,
) -> Graph:
    """The graph of a definition in a tree parsed from ``lines``; names come from ``namespace``.

    ``derivations`` notes the types of its variables.

    Raises: `ScriptError`, as `compile_function`.
    """
    source = Source(filename, tuple(lines), node.name)
    try:
        return _Session(resolve, derivations).definition(node, source, Names(namespace))
    except ScriptError as error:
        raise error.with_traceback(None) from error.__cause__


def compile_source(
    text: str, name: str, namespace: Mapping[str, Any], filename: str = "<script>", *, resolve: Resolver = graph_of
) -> Graph:
    """The graph of the function ``name`` at the top of a source text.

    Raises: `ScriptError`, as `compile_function`, and where the text has no such function.
    """
    for node in parse(text, filename).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return compile_def(node, split_lines(text), filename, namespace, resolve=resolve)
    raise ScriptError(f"{filename} defines no function {name}")


class _Session:
    """One call from outside, with the functions that are being compiled, each called by the one before."""

    def __init__(self, resolve: Resolver, derivations: Derivations | None = None) -> None:
        self.resolve = resolve
        self.derivations = derivations
        self.active: list[tuple[FunctionType, Type | None]] = []
        self.expanded: dict[tuple[Any, ...], Graph] = {}
        self.trying = False  # a suggested edit
        self.classes: dict[Any, dict[str, Type]] = {}
        load_ops()

    def attributes_of(self, thing: Any) -> dict[str, Type]:
        """The attributes of a scripted class: what it annotates, and what its ``__init__`` assigns."""
        if thing not in self.classes:
            said: dict[str, Any] = getattr(thing, "__annotations__", {})
            self.classes[thing] = {
                name: said_type(t, Names(vars(sys.modules[thing.__module__]))) for name, t in said.items()
            }
            init = methods_of(thing).get("__init__")
            if init is not None:
                self.function(init, owner=class_type(thing))
        return self.classes[thing]

    def function(self, function: object, *, owner: Type | None = None) -> Graph:
        node, source = function_source(function)
        assert isinstance(function, FunctionType)
        if (function, owner) in self.active:
            raise source.error(node, f"{node.name} calls itself, which cannot be scripted", hint="write a loop")
        self.active.append((function, owner))
        try:
            return self.definition(node, source, Names.of(function), owner)
        finally:
            self.active.pop()

    def method(self, module: Module, function: FunctionType) -> Method:
        """A method of a module by itself; of the library's own layers, in the form that it has in scripts."""
        form, type_ = layers.form_of(module, function), module_type(module)
        if form is None:
            graph, parameters = self.function(function, owner=type_), inspect.signature(function).parameters.values()
        else:
            graph = self.definition(form.node, form.source, form.names, type_, annotated=form.typed, folds=True)
            parameters = form.signature.parameters.values()
        defaults = {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}
        return Method(graph, defaults, inspect.getdoc(function))

    def expand(self, form: Form, given: Mapping[str, Argument]) -> Graph:
        """The graph of a form for arguments like these; made once."""
        key = (form, *given.items())
        if key not in self.expanded:
            self.expanded[key] = self.definition(form.node, form.source, form.names, given=given)
        return self.expanded[key]

    def definition(
        self,
        node: ast.FunctionDef,
        source: Source,
        names: Names,
        owner: Type | None = None,
        given: Mapping[str, Argument] | None = None,
        *,
        annotated: bool = True,
        folds: bool = False,
    ) -> Graph:
        """The graph of a definition; made again where what it returns from inside of loops was not known."""
        if given is None:
            node = with_type_comments(node, source)
        trusted = annotated and given is None
        returns = annotation_type(node.returns, names, source) if trusted and node.returns is not None else None
        while True:
            try:
                return self.attempt(
                    node, source, names, returns, owner, given, trusted=trusted, folds=folds or given is not None
                )
            except ReturnTypeError as found:
                returns = found.type
            except ScriptError as error:
                if error.edit is not None and not error.calls:
                    edited = source.edited(*error.edit)
                    error.edit = error.edit if self._compiles(node, edited, names, owner) else None
                raise

    def _compiles(self, node: ast.FunctionDef, source: Source, names: Names, owner: Type | None) -> bool:
        """Whether a definition compiles as its source has been edited; an error in there is not looked into."""
        if self.trying:
            return False
        self.trying = True
        try:
            for found in ast.walk(parse("".join(source.lines), source.filename)):
                if isinstance(found, ast.FunctionDef) and (found.name, found.lineno) == (node.name, node.lineno):
                    self.definition(found, source, names, owner)
                    return True
        except ScriptError:
            pass
        finally:
            self.trying = False
        return False

    def attempt(
        self,
        node: ast.FunctionDef,
        source: Source,
        names: Names,
        returns: Type | None,
        owner: Type | None,
        given: Mapping[str, Argument] | None,
        *,
        trusted: bool,
        folds: bool,
    ) -> Graph:
        place = Span(source.filename, node.lineno, 0, node.end_lineno or node.lineno, 0, node.name)
        graph = Graph(node.name, span=place)
        builder = Builder(graph.block)
        init_of = owner.python if isinstance(owner, ClassType) and node.name == "__init__" else None
        scope = Statements(
            source,
            names,
            builder,
            compile_called=self.function,
            resolve=self.resolve,
            expand_form=self.expand,
            attributes_of=self.attributes_of,
            init_of=init_of,
        )
        scope.folds = folds
        if given is None:
            scope.derivations = None if folds or self.trying else self.derivations
            _params(scope, node, owner)
        else:
            scope.frame.names.update({name: bound(scope, argument, name) for name, argument in given.items()})
        scope.locals = frozenset(assigned_names(node.body))
        scope.returns, scope.is_annotated = returns, node.returns is not None and trusted
        builder.results(scope.tail(node.body, node).value)
        finish(graph)
        return graph


def _params(scope: Statements, node: ast.FunctionDef, owner: Type | None) -> None:
    given = node.args
    for many, sign in ((given.vararg, "*"), (given.kwarg, "**")):
        if many is not None:
            scope.fail(many, f"a parameter {sign}{many.arg} cannot be scripted", "write the parameters out")
    params = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    if params and params[0].arg == "self" and isinstance(scope.names.get("self"), Attributes):
        params = params[1:]
    if owner is not None and params:
        first, *params = params
        scope.frame.names[first.arg] = scope.builder.param(owner, first.arg)
    for param in params:
        any_ = scope.folds and isinstance(param.annotation, ast.Name) and param.annotation.id == "Any"
        type_ = annotation_type(None if any_ else param.annotation, scope.names, scope.source)
        value = scope.frame.names[param.arg] = scope.builder.param(type_, param.arg)
        scope.frame.places[param.arg] = scope.span(param)
        if scope.derivations is not None:
            annotated = param.annotation is not None
            scope.derivations.parameter(param.arg, value, scope.span(param), annotated=annotated)
        if isinstance(type_, OptionalType):
            scope.frame.declared[param.arg] = type_
            scope.optional_params.add(param.arg)

"""``with``: objects of scripted classes, and the modes of gradients.

An object's ``__enter__`` and ``__exit__`` are put in place around the body; after an exception ``__exit__`` does not
run, as in TorchScript. The body under a mode becomes a graph of its own, which runs inside of the mode: the mode ends
with it, however it ends.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tensorlab.autograd import enable_grad, no_grad
from tensorlab.autograd.modes import set_grad_enabled
from tensorlab.core.types import BOOL, ClassType, TupleType, general
from tensorlab.jit import interpret
from tensorlab.jit.alias import may_join_tape
from tensorlab.jit.build import Builder
from tensorlab.jit.instructions import Code, translate
from tensorlab.jit.ir import PYTHON_OP, Graph, Value
from tensorlab.jit.scripting import flow, magic
from tensorlab.jit.scripting.exits import Returned
from tensorlab.jit.scripting.finish import finish
from tensorlab.jit.scripting.merge import assigned_names
from tensorlab.jit.scripting.scope import Frame

if TYPE_CHECKING:
    from tensorlab.jit.scripting.statements import Statements

_MODES: tuple[Any, ...] = (no_grad, enable_grad, set_grad_enabled)


@dataclass(frozen=True, slots=True)
class Within:
    """Runs code inside of a mode of gradients; with ``asks``, the first argument says whether they are on."""

    mode: Callable[..., Any]
    code: Code
    asks: bool
    joins_tape: bool  # whether what it gives may have a history that its arguments do not have

    def __call__(self, *args: Any) -> tuple[Any, ...]:
        given = args[:1] if self.asks else ()
        with self.mode(*given):
            return interpret.run(self.code, args[len(given) :])


def emit(scope: Statements, node: ast.With) -> Returned | None:
    """The nodes of a with; the function's value where it ends in a return.

    Raises: `ScriptError` for what is no context of the language.
    """
    first, *others = node.items
    if others:
        inner = ast.copy_location(ast.With(others, node.body), node)
        node = ast.copy_location(ast.With([first], [inner]), node)
    given = first.context_expr
    if isinstance(given, ast.Call) and not scope.is_value(given.func):
        mode = scope.outside(given.func)
        if any(mode is known for known in _MODES):
            return _in_mode(scope, node, mode, given, first.optional_vars)
    entered = scope.value(given)
    if not isinstance(entered.type, ClassType):
        scope.fail(given, f"with takes an object with __enter__ and __exit__, got {general(entered.type)}")
    value = magic.call(scope, entered, "__enter__", [], given)
    if first.optional_vars is not None:
        scope.assign_to(first.optional_vars, value)
    found = None
    if any(map(flow.returns_somewhere, node.body)):
        found = _last(scope, node)
    else:
        scope.body(node.body)
    nothing = [scope.constant(None, node) for _ in range(3)]
    magic.call(scope, entered, "__exit__", nothing, given)
    return found


def _last(scope: Statements, node: ast.With) -> Returned:
    """The value of a body that ends in a return, and returns nowhere else."""
    *before, last = node.body
    if not isinstance(last, ast.Return) or any(map(flow.returns_somewhere, before)):
        scope.fail(node, "a return inside of a with has to be its last statement", "assign, and return after the with")
    scope.body(before)
    return Returned(scope.returned(last))


def _in_mode(
    scope: Statements, node: ast.With, mode: Callable[..., Any], given: ast.Call, target: ast.expr | None
) -> Returned | None:
    """The body under a mode: a call into Python, which runs a graph of the body."""
    asked = [scope.value(scope.unstarred(a)) for a in given.args]
    asks = mode is set_grad_enabled
    if len(asked) != asks or given.keywords or any(general(a.type) != BOOL for a in asked):
        scope.fail(given, f"{ast.unparse(given.func)} takes {'a bool' if asks else 'no arguments'}")
    if target is not None and not isinstance(target, ast.Name):
        scope.fail(target, "a mode of gradients has one name")
    ends = any(map(flow.returns_somewhere, node.body))
    if not ends and any(map(flow.exits_somewhere, node.body)):
        scope.fail(node, "break and continue inside of a with cannot be scripted", "leave the loop after the with")
    read = {n.id for s in node.body for n in ast.walk(s) if isinstance(n, ast.Name)}
    names = [n for n in scope.frame.visible() if n in read and isinstance(scope.frame.find(n), Value)]
    values = [v for v in map(scope.frame.find, names) if isinstance(v, Value)]
    graph, found, assigned = _body_graph(scope, node, names, values, ends=ends)
    types = tuple(v.type for v in graph.outputs)
    joins = mode is not no_grad and any(map(may_join_tape, graph.nodes()))
    attributes = {"name": ast.unparse(given.func), "python": Within(mode, translate(graph), asks, joins)}
    span = scope.span(given)
    made = scope.builder.node(PYTHON_OP, [*asked, *values], [TupleType(types)], attributes=attributes, span=span)
    results = scope.unpacked(made.output, len(types), given) if types else []
    for name, value in zip(assigned, results, strict=False):
        scope.assign(name, value, node)
    if target is not None:
        scope.forget(target.id, f"{target.id} is a mode of gradients, which is no value in a script")
    return Returned(results[-1]) if found is not None else None


def _body_graph(
    scope: Statements, node: ast.With, names: Sequence[str], values: Sequence[Value], *, ends: bool
) -> tuple[Graph, Returned | None, list[str]]:
    """The body as a graph over the variables that it reads; it gives those that it assigns, and its value at last."""
    graph = Graph("with")
    outer, builder, flags = scope.frame, scope.builder, scope.flags
    scope.builder, scope.flags, frame = Builder(graph.block), {}, Frame()
    for name, value in zip(names, values, strict=True):
        frame.names[name] = scope.builder.param(general(value.type), name)
        said = outer.declaration(name)
        if said is not None:
            frame.declared[name] = said
    scope.frame = frame
    found: Returned | None = None
    try:
        if ends:
            found = _last(scope, node)
        else:
            scope.body(node.body)
        ended = [(n, frame.names[n]) for n in assigned_names(node.body) if n in frame.names]
        kept = [(n, v) for n, v in ended if isinstance(v, Value)]
        scope.builder.results(*(v for _, v in kept), *([found.value] if found is not None else []))
    finally:
        scope.frame, scope.builder, scope.flags = outer, builder, flags
    finish(graph)
    return graph, found, [n for n, _ in kept]

"""Loops: what the body assigns and the function had before goes round as the loop's own values."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tensorlab.core.types import INT, NONE, OptionalType, Type, general
from tensorlab.jit.ir import LOOP, Value
from tensorlab.jit.scripting import flow, iteration
from tensorlab.jit.scripting.merge import assigned_names
from tensorlab.jit.scripting.scope import BROKE, LEFT

if TYPE_CHECKING:
    from tensorlab.jit.scripting.statements import Statements

NO_LIMIT = 2**63 - 1  # the trip count of a while


def emit_while(scope: Statements, node: ast.While) -> None:
    """A loop that tests a condition before each turn."""
    _no_else(scope, node)
    condition = scope.condition(node.test)
    if condition.value is False:
        return
    assigned = [*assigned_names(node.body), *scope.loop_begins(node)]

    def body(turn: Value) -> Value:
        scope.turn_begins(node)
        scope.refine(condition.if_true, node)
        scope.body(node.body)
        return scope.turn_ends(node)

    start = scope.truth_value(condition, node.test)
    _loop(scope, node, scope.constant(NO_LIMIT, node), start, assigned, body)


def emit_for(scope: Statements, node: ast.For) -> None:
    """A loop over something with a length; over a tuple, whose parts may differ in type, the body once for each."""
    _no_else(scope, node)
    assigned = assigned_names([ast.Assign([node.target], ast.Constant(0)), *node.body])
    assigned += scope.loop_begins(node)
    turns = iteration.turns_of(scope, node.iter)
    if turns.parts is not None:
        _unrolled(scope, node, turns.parts)
    elif turns.count is not None:
        _counted(scope, node, turns.count, assigned, turns.element)


def _counted(
    scope: Statements, node: ast.For, trips: Value, assigned: Sequence[str], target: Callable[[Value], Value]
) -> None:
    def body(turn: Value) -> Value:
        scope.turn_begins(node)
        scope.assign_to(node.target, target(turn))
        scope.body(node.body)
        return scope.turn_ends(node)

    _loop(scope, node, trips, scope.constant(True, node), assigned, body)


def _unrolled(scope: Statements, node: ast.For, parts: Sequence[Value]) -> None:
    """The body once for each value; the flags of the loop around this one are as they were, afterwards."""
    outer = {name: scope.frame.find(name) for name in (LEFT, BROKE)}

    def turns(left: Sequence[Value]) -> None:
        if not left:
            return
        scope.turn_begins(node)
        scope.assign_to(node.target, left[0])
        scope.body(node.body)
        if any(map(flow.stops_somewhere, node.body)):
            scope.guarded(BROKE, lambda: turns(left[1:]), node)
        else:
            turns(left[1:])

    scope.in_loops += 1
    turns(parts)
    scope.in_loops -= 1
    for name, value in outer.items():
        if value is None:
            scope.frame.names.pop(name, None)
        else:
            scope.frame.names[name] = value


def _loop(
    scope: Statements,
    node: ast.stmt,
    trips: Value,
    start: Value,
    assigned: Sequence[str],
    body: Callable[[Value], Value],
) -> None:
    """The node, its body, and what its variables are afterwards.

    ``body`` makes the nodes of one turn and gives the condition for the next.
    """
    carried: list[tuple[str, Value]] = []
    for name in scope.frame.visible():
        value = scope.frame.find(name)
        if name in assigned and isinstance(value, Value):
            carried.append((name, value))
    made = scope.builder.node(LOOP, [trips, start, *(v for _, v in carried)], span=scope.span(node))
    types = [_carried_type(scope, name, value) for name, value in carried]
    with scope.inside(scope.builder.block(made)) as frame:
        turn = scope.builder.param(INT)
        for (name, _), type_ in zip(carried, types, strict=True):
            frame.names[name] = scope.builder.param(type_, "" if name.startswith("$") else name)
            frame.declared[name] = type_
        scope.in_loops += 1
        go_on = body(turn)
        scope.in_loops -= 1
        ends = [scope.read(name, node) for name, _ in carried]
        scope.builder.results(go_on, *(v for v in ends if v is not None))
    for (name, _), type_ in zip(carried, types, strict=True):
        scope.frame.names[name] = scope.builder.output(made, type_, "" if name.startswith("$") else name)
    known = {name for name, _ in carried}
    for name in assigned:
        if name not in known:
            hint = f"give {name} a value before the loop"
            scope.forget(name, f"{name} is not defined after the loop, whose body may not run", hint)


def _carried_type(scope: Statements, name: str, value: Value) -> Type:
    """What a variable may be in every turn: as declared, but for a parameter that is known not to be None by now."""
    declared = scope.frame.declaration(name)
    may_be_none = value.type == NONE or isinstance(value.type, OptionalType)
    if declared is None or (name in scope.optional_params and not may_be_none):
        return general(value.type)
    return declared


def _no_else(scope: Statements, node: ast.While | ast.For) -> None:
    if node.orelse:
        scope.fail(node.orelse[0], "else after a loop cannot be scripted", "put it after the loop")

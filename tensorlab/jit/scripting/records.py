"""Named tuples and enumerations: how they are made and what their parts are."""

from __future__ import annotations

import ast
from enum import Enum
from typing import TYPE_CHECKING, Any

from tensorlab.core.types import STR, EnumType, TupleType, accepts, general
from tensorlab.jit.ir import ENUM_NAME, ENUM_VALUE, TUPLE_CONSTRUCT, Value
from tensorlab.jit.scripting.annotations import named_tuple_type

if TYPE_CHECKING:
    from tensorlab.jit.scripting.expressions import Expressions


def is_named_tuple(thing: Any) -> bool:
    """Whether something is a named tuple's class."""
    return isinstance(thing, type) and issubclass(thing, tuple) and hasattr(thing, "_fields")  # pyright: ignore


def make(scope: Expressions, thing: Any, node: ast.Call) -> Value:
    """``Point(1, y=2)``.

    Raises: `ScriptError` for arguments that the class does not take.
    """
    type_ = named_tuple_type(thing, scope.names, scope.source)
    given: dict[str, ast.expr] = dict(zip(type_.names, node.args, strict=False))
    name = thing.__name__
    if len(node.args) > len(type_.names):
        takes = f"{name} takes {len(type_.names)} arguments, got {len(node.args)}"
        scope.fail(node, f"arguments for call are not valid: {takes}")
    for keyword in node.keywords:
        if keyword.arg not in type_.names or keyword.arg in given:
            why = f"{name} has no further argument {keyword.arg}"
            scope.fail(node, f"arguments for call are not valid: {why}")
        given[keyword.arg] = keyword.value
    values: list[Value] = []
    for field, wanted in zip(type_.names, type_.elements, strict=True):
        if field in given:
            value = scope.value_as(scope.unstarred(given[field]), wanted, None)
        elif field in thing._field_defaults:
            value = scope.constant(thing._field_defaults[field], node)
        else:
            scope.fail(node, f"arguments for call are not valid: {name} misses its argument {field}")
        if not accepts(wanted, value.type):
            got = general(value.type)
            scope.fail(node, f"arguments for call are not valid: {name} takes {wanted} for {field}, got {got}")
        values.append(value)
    return scope.builder.node(TUPLE_CONSTRUCT, values, [type_], span=scope.span(node)).output


def member(scope: Expressions, thing: Enum, node: ast.expr) -> Value:
    """A member of an enumeration, as a constant."""
    type_ = EnumType(type(thing).__name__, scope.constant(thing.value, node).type, type(thing))
    return scope.builder.constant(thing, type_=type_, span=scope.span(node))


def part(scope: Expressions, value: Value, node: ast.Attribute) -> Value | None:
    """``p.x`` of a named tuple, ``c.name`` and ``c.value`` of a member; `None` for something else."""
    match value.type:
        case TupleType(elements, names) if node.attr in names:
            return scope.unpacked(value, len(elements), node)[names.index(node.attr)]
        case EnumType() if node.attr == "value":
            return scope.builder.node(ENUM_VALUE, [value], [value.type.value], span=scope.span(node)).output
        case EnumType() if node.attr == "name":
            return scope.builder.node(ENUM_NAME, [value], [STR], span=scope.span(node)).output
        case _:
            return None

"""How a call of an op chooses its overload, and what arguments become on the way.

Python's callers write ``x.view(2, 3)``, ``x.sum(1)`` and ``zeros((2, 3))`` where the schemas take lists.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tensorlab.core.op import Op, lookup, mismatch
from tensorlab.core.schema import Param
from tensorlab.core.types import FLOAT, INT, ListType, OptionalType, TupleType, Type, accepts, general
from tensorlab.jit.ir import Value
from tensorlab.jit.scripting.names import near_op
from tensorlab.jit.scripting.scope import refused

if TYPE_CHECKING:
    from tensorlab.jit.scripting.expressions import Expressions


def op_call(
    scope: Expressions, kind: str, given: Sequence[Value], keywords: Mapping[str, Value], node: ast.Call
) -> Value:
    """The value of an op for these arguments: as they are if an overload takes them, else made to fit.

    Raises: `ScriptError` where no overload takes them, with each and why.
    """
    named = {"self" if name == "input" else name: v for name, v in keywords.items()}  # torch's functions say input
    types, named_types = [v.type for v in given], {n: v.type for n, v in named.items()}
    if any(_takes(op, types, named_types) for op in lookup(kind)):
        return scope.single(kind, given, node, named)
    for op in lookup(kind):
        params = {p.name: p for p in op.schema.params}
        fitted = [_fitted(p, t) for p, t in zip(op.schema.params, types, strict=False)]
        fitted_named = {n: _fitted(params[n], t) if n in params else t for n, t in named_types.items()}
        if len(fitted) == len(types) and _takes(op, fitted, fitted_named):
            values = [_made(scope, v, t, node) for v, t in zip(given, fitted, strict=True)]
            return scope.single(
                kind, values, node, {n: _made(scope, named[n], t, node) for n, t in fitted_named.items()}
            )
    first = next((i for i in range(len(types)) if all(t == INT for t in types[i:])), len(types))
    gathered = [*types[:first], ListType(INT)]
    if first < len(types) - 1 and any(_takes(op, gathered, named_types) for op in lookup(kind)):
        return scope.single(kind, [*given[:first], scope.list_of(given[first:], node)], node, named)
    if not lookup(kind):
        scope.fail(node, f"unknown builtin op {kind}", near_op(kind))
    scope.fail(node, refused(kind, [general(t) for t in types], {n: general(t) for n, t in named_types.items()}))


def _takes(op: Op, types: Sequence[Type], named: dict[str, Type]) -> bool:
    """Whether an overload takes arguments of these types; keyword-only parameters take none by position."""
    positional = sum(not p.keyword_only for p in op.schema.params)
    return len(types) <= positional and mismatch(op.schema, types, named) is None


def _fitted(param: Param, given: Type) -> Type:
    """The type that an argument can become for a parameter: a list for a tuple or one element, a float for an int."""
    wanted = param.type.element if isinstance(param.type, OptionalType) else param.type
    if accepts(param.type, given):
        return given
    if wanted == FLOAT and given == INT:
        return FLOAT
    if isinstance(wanted, ListType):
        parts = given.elements if isinstance(given, TupleType) else (given,)
        if parts and all(accepts(wanted.element, p) for p in parts):
            return wanted
    return given


def _made(scope: Expressions, value: Value, wanted: Type, node: ast.AST) -> Value:
    if value.type == wanted:
        return value
    if wanted == FLOAT:
        return scope.single("aten::Float", [value], node)
    if isinstance(value.type, TupleType):
        return scope.list_of(scope.unpacked(value, len(value.type.elements), node), node)
    return scope.list_of([value], node)

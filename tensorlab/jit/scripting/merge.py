"""Where branches and loops end: the variables that they assigned become results of the node.

Every variable that may matter becomes one; `finish` takes away those that turn out unused.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from tensorlab.core.types import NONE, OptionalType, Type, accepts, general, unify
from tensorlab.jit import edit
from tensorlab.jit.ir import Node, Span, Value
from tensorlab.jit.scripting.scope import Frame, Missing, Scope

BRANCHES = ("true", "false")


def merge_branches(scope: Scope, node: Node, frames: Sequence[Frame]) -> None:
    """Give an if one output for each variable assigned in a branch, and let the variable have it.

    A variable without a value on one side, or with types that don't go together, is missing from here on; but not if
    control has left on that side.
    """
    left = [f.has_left for f in frames]
    assigned = dict.fromkeys(name for f in frames for name in f.names if name not in f.refined)
    for name in assigned:
        found = [f.names[name] if name in f.names else scope.frame.find(name) for f in frames]
        merged = _merged(scope, node, name, found, [f.places.get(name) or scope.frame.place(name) for f in frames])
        if isinstance(merged, Missing) and left[0] != left[1]:
            merged = _of_one_side(scope, node, name, found, side=left.index(False)) or merged
        scope.frame.names[name] = merged
        scope.frame.refined.discard(name)


def _merged(
    scope: Scope, node: Node, name: str, found: Sequence[Value | Missing | None], places: Sequence[Span | None]
) -> Value | Missing:
    values = [v for v in found if isinstance(v, Value)]
    if len(values) < len(found):
        side = next(s for s, v in zip(BRANCHES, found, strict=True) if not isinstance(v, Value))
        return Missing(f"{name} is not defined in the {side} branch", f"give {name} a value before the if")
    if values[0] is values[1]:
        return values[0]
    type_ = common_type([v.type for v in values], scope.frame.declaration(name))
    if type_ is None:
        a, b = (general(v.type) for v in values)
        message = f"Type mismatch: {name} is set to type {a} in the true branch and type {b} in the false branch"
        told = zip((a, b), BRANCHES, places, strict=True)
        derivations = tuple((f"type {t} in the {side} branch", at) for t, side, at in told if at is not None)
        return Missing(message, derivations=derivations)
    merged = add_result(scope, node, values, type_, name)
    if scope.derivations is not None and node.span is not None:
        scope.derivations.merged(name, merged, values, node.span, scope.source)
    return merged


def _of_one_side(
    scope: Scope, node: Node, name: str, found: Sequence[Value | Missing | None], *, side: int
) -> Value | None:
    """The merged variable where control comes from one side only."""
    value = found[side]
    if not isinstance(value, Value):
        return None
    type_ = general(value.type)
    with scope.builder.inside(node.blocks[1 - side]):
        other = scope.uninitialized(type_, node.span or Span("", 0))
    return add_result(scope, node, [value, other] if side == 0 else [other, value], type_, name)


def common_type(types: Sequence[Type], declared: Type | None = None) -> Type | None:
    """The narrowest type that takes both, else the declared one if it does; with None on one side an optional."""
    found = unify(types[0], types[1])
    others = [t for t in types if t != NONE]
    if found is None and len(others) == 1:
        found = OptionalType(general(others[0]))
    if declared is None or (found is not None and accepts(declared, found)):
        return found
    return declared if all(accepts(declared, t) for t in types) else None


def add_result(scope: Scope, node: Node, values: Sequence[Value], type_: Type, name: str = "") -> Value:
    """One more result of an if: a value from each of its blocks."""
    for block, value in zip(node.blocks, values, strict=True):
        edit.insert_result(block, len(block.results), value)
    return scope.builder.output(node, type_, "" if name.startswith("$") else name)


def assigned_names(statements: Sequence[ast.stmt]) -> list[str]:
    """The variables that statements assign, each once, in the order of the text."""
    found: dict[str, None] = {}
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
                found[node.id] = None
    return list(found)

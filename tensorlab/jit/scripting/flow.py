"""What the text alone tells: where statements lead, and which variables a test shows not to be None."""

from __future__ import annotations

import ast
from collections.abc import Sequence


def returns_somewhere(node: ast.stmt) -> bool:
    """Whether a return stands in a statement, at any depth of ifs and loops."""
    if isinstance(node, ast.If | ast.For | ast.While):
        return any(map(returns_somewhere, [*node.body, *node.orelse]))
    if isinstance(node, ast.With):
        return any(map(returns_somewhere, node.body))
    return isinstance(node, ast.Return)


def exits_somewhere(node: ast.stmt) -> bool:
    """Whether control can leave the body that a statement stands in: by break, continue or return."""
    if isinstance(node, ast.If):
        return any(map(exits_somewhere, [*node.body, *node.orelse]))
    if isinstance(node, ast.With):
        return any(map(exits_somewhere, node.body))
    return isinstance(node, ast.Break | ast.Continue) or returns_somewhere(node)


def stops_somewhere(node: ast.stmt) -> bool:
    """Whether control can leave the loop that a statement stands in: by break or return."""
    if isinstance(node, ast.If):
        return any(map(stops_somewhere, [*node.body, *node.orelse]))
    return isinstance(node, ast.Break) or returns_somewhere(node)


def breaks_somewhere(node: ast.stmt) -> bool:
    """Whether control can go on behind the loop that a statement stands in: by a break."""
    if isinstance(node, ast.If):
        return any(map(breaks_somewhere, [*node.body, *node.orelse]))
    return isinstance(node, ast.Break)


def is_endless(node: ast.stmt) -> bool:
    """Whether a loop never goes on to what follows it: ``while True`` without a break."""
    if not isinstance(node, ast.While) or any(map(breaks_somewhere, node.body)):
        return False
    return isinstance(node.test, ast.Constant) and bool(node.test.value)


def leaves(statements: Sequence[ast.stmt]) -> bool:
    """Whether statements never go on to what follows them."""
    return any(_leaves(s) for s in statements)


def _leaves(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):
        return leaves(node.body) and leaves(node.orelse)
    if isinstance(node, ast.With):
        return leaves(node.body)
    return isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue) or is_endless(node)


def raises(statements: Sequence[ast.stmt]) -> bool:
    """Whether statements end in an exception on every way, and in a return, break or continue on none."""
    for node in statements:
        if exits_somewhere(node):
            return False
        if isinstance(node, ast.Raise):
            return True
        if isinstance(node, ast.If) and raises(node.body) and raises(node.orelse):
            return True
    return False


def not_none(test: ast.expr, truth: bool) -> tuple[str, ...]:  # noqa: FBT001 - the second half of the question
    """The variables that are not None where a test turns out so."""
    match test:
        case ast.UnaryOp(ast.Not(), operand):
            return not_none(operand, not truth)
        case ast.BoolOp(operator, parts) if isinstance(operator, ast.And) is truth:
            return tuple(name for part in parts for name in not_none(part, truth))
        case ast.Compare(ast.Name(name), [ast.Is() | ast.IsNot() as operator], [ast.Constant(None)]):
            return (name,) if isinstance(operator, ast.IsNot) is truth else ()
        case ast.Call(ast.Name("isinstance"), [ast.Name(name), ast.Name(kind)]):
            return (name,) if truth is (kind != "NoneType") else ()
        case _:
            return ()

"""What the text alone tells: where statements lead, and which variables a test shows not to be None."""

from __future__ import annotations

import ast
from collections.abc import Sequence


def returns_somewhere(node: ast.stmt) -> bool:
    """Whether a return stands in a statement, at any depth of ifs."""
    if isinstance(node, ast.If):
        return any(map(returns_somewhere, [*node.body, *node.orelse]))
    return isinstance(node, ast.Return)


def leaves(statements: Sequence[ast.stmt]) -> bool:
    """Whether statements never go on to what follows them."""
    return any(_leaves(s) for s in statements)


def _leaves(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):
        return leaves(node.body) and leaves(node.orelse)
    return isinstance(node, ast.Return | ast.Raise)


def raises(statements: Sequence[ast.stmt]) -> bool:
    """Whether statements end in an exception on every way, and in a return on none."""
    for node in statements:
        if returns_somewhere(node):
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
        case _:
            return ()

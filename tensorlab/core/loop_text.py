"""What is read in the Python text of a loop before anything is written: its function, numbers, vectors asked for."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable

from tensorlab.core.loop_values import UnknownError

_VECTORS = re.compile(r"# (\d+) vectors a turn$")  # as `lowering` reads it
_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda a, b: a / b,
}


def only_function(source: str) -> ast.FunctionDef:
    """The one function of a module that holds nothing else but imports.

    Raises: `UnknownError` where there is more.
    """
    tree = ast.parse(source)
    functions = [s for s in tree.body if isinstance(s, ast.FunctionDef)]
    others = [s for s in tree.body if not isinstance(s, (ast.FunctionDef, ast.Expr, ast.Import, ast.ImportFrom))]
    if len(functions) != 1 or others:
        raise UnknownError("more than one function")
    return functions[0]


def vectors_a_turn(line: str) -> int:
    """How many vectors a loop is to go at once, as a comment on its line says; 0 where none does."""
    asked = _VECTORS.search(line)
    return int(asked[1]) if asked else 0


def written_out(node: ast.expr) -> float | None:
    """The number that is written there, if it is one."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            below = written_out(operand)
            return None if below is None else -below
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case _:
            return None


def folded(node: ast.expr) -> float | None:
    """The number that Python makes of arithmetic with numbers alone before anybody else sees it."""
    if not isinstance(node, ast.BinOp) or type(node.op) not in _ARITHMETIC:
        return None
    a, b = (written_out(x) if folded(x) is None else folded(x) for x in (node.left, node.right))
    if a is None or b is None or (isinstance(node.op, ast.Div) and not b):
        return None
    return _ARITHMETIC[type(node.op)](a, b)


def is_choice(node: ast.IfExp) -> bool:
    """Whether one comparison decides between two values that are there already."""
    return isinstance(node.test, ast.Compare) and _is_there(node.body) and _is_there(node.orelse)


def _is_there(node: ast.expr) -> bool:
    """Whether a value is known without computing: that of a variable, or a number of a dtype of NumPy's."""
    match node:
        case ast.Name() | ast.Attribute(value=ast.Name(id="np")):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np")), args=[argument]):
            return written_out(argument) is not None
        case _:
            return False

"""Magic methods of scripted classes: what an operator, a subscript or ``len`` of an object stands for.

Source: the list of them in TorchScript's language reference.
"""

from __future__ import annotations

import ast
from types import FunctionType
from typing import TYPE_CHECKING, cast

from tensorlab.core.types import ClassType, general
from tensorlab.jit.ir import Value

if TYPE_CHECKING:
    from tensorlab.jit.scripting.comparisons import Comparisons

BINARY: dict[type[ast.operator], str] = {
    ast.Add: "__add__",
    ast.Sub: "__sub__",
    ast.Mult: "__mul__",
    ast.Div: "__truediv__",
    ast.FloorDiv: "__floordiv__",
    ast.Mod: "__mod__",
    ast.Pow: "__pow__",
    ast.MatMult: "__matmul__",
    ast.BitAnd: "__and__",
    ast.BitOr: "__or__",
    ast.BitXor: "__xor__",
    ast.LShift: "__lshift__",
    ast.RShift: "__rshift__",
}
COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "__eq__",
    ast.NotEq: "__ne__",
    ast.Lt: "__lt__",
    ast.LtE: "__le__",
    ast.Gt: "__gt__",
    ast.GtE: "__ge__",
}
UNARY: dict[type[ast.unaryop], str] = {ast.USub: "__neg__", ast.Invert: "__invert__", ast.UAdd: "__pos__"}


def has(value: Value, name: str) -> bool:
    """Whether a value is an object whose class defines a method."""
    python = value.type.python if isinstance(value.type, ClassType) else None
    return isinstance(python, type) and isinstance(vars(python).get(name), FunctionType)


def call(scope: Comparisons, receiver: Value, name: str, args: list[Value], node: ast.AST) -> Value:
    """``receiver.name(*args)`` for values that are there.

    Raises: `ScriptError` where the class has no such method.
    """
    if not has(receiver, name) or not isinstance(receiver.type, ClassType):
        scope.fail(node, f"a value of type {general(receiver.type)} has no {name}", f"define {name}")
    return scope.call_method(_method(receiver.type.python, name), receiver, args, node)


def _method(python: type, name: str) -> FunctionType:
    return cast("FunctionType", vars(python)[name])

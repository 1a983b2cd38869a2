"""Textual inlining of scalar rules: a straight-line Python function becomes statements of a generated loop.

A rule is a docstring, assignments to plain names, one ``return``. Calls of other straight-line functions are inlined in
turn, and ``exp``, ``log`` and their kin are taken from `scalar_math`, whose versions LLVM vectorises. Functions of
`primitives` stay calls; the loop imports their native forms.
Numbers in the text become numbers of the dtype that is computed in, so that nothing widens on the way.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, cast

import numpy as np

from tensorlab.core import primitives, scalar_math
from tensorlab.errors import CompileError

Scalar = Callable[..., Any]
Number = bool | int | float
_CAST = {"bool": "np.bool_"}
AS_WRITTEN = ""  # the dtype of functions that say the dtype of each number themselves: those of `scalar_math`


def cast_name(dtype: str) -> str:
    """The NumPy constructor that a generated loop writes for a dtype's name."""
    return _CAST.get(dtype, f"np.{dtype}")


def parse_rule(fn: Scalar) -> ast.FunctionDef:
    """The definition of a rule, a tree of the caller's own: transformers work in place.

    Cost: a tenth of what a copy of a tree takes.
    Raises: `CompileError` where it is not straight-line, with the line.
    """
    definition = ast.parse(_rule(fn)[0]).body[0]
    assert isinstance(definition, ast.FunctionDef)  # it was looked at
    return definition


@lru_cache(maxsize=512)
def _rule(fn: Scalar) -> tuple[str, bool]:
    """The text of a rule, and whether it makes names."""
    text = textwrap.dedent(inspect.getsource(fn))
    definition = ast.parse(text).body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise CompileError(f"{fn.__qualname__}: a scalar rule is a function definition")
    for i, statement in enumerate(definition.body):
        last = i == len(definition.body) - 1
        is_doc = i == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not (isinstance(statement, ast.Return) if last else isinstance(statement, ast.Assign) or is_doc):
            line = fn.__code__.co_firstlineno + statement.lineno - 1
            raise CompileError(
                f"{fn.__qualname__}, line {line}: a scalar rule is assignments and one return at its end"
            )
    return text, any(isinstance(s, ast.Assign) for s in definition.body)


class Inliner:
    """Collects the statements of one loop body; ``dtype`` is the name of the dtype that the next rule computes in."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.primitives: set[str] = set()  # names that the loop has to import from `intrinsics`
        self._prefixes: Counter[str] = Counter()

    def call(self, fn: Scalar, arguments: Sequence[str], dtype: str) -> str:
        """Inline ``fn(*arguments)``; arguments and the result are expressions in the loop's names."""
        nodes = [ast.parse(a, mode="eval").body for a in arguments]
        return ast.unparse(self.inline(fn, nodes, dtype, self.prefix(fn)))

    def prefix(self, fn: Scalar) -> str:
        """What the names of an inlined function begin with: its own name, with a number from the second time on."""
        base = fn.__name__.partition("_")[0]
        if not _rule(fn)[1]:
            return base  # it makes no names
        self._prefixes[base] += 1
        count = self._prefixes[base]
        return base if count == 1 else f"{base}{count}"

    def inline(self, fn: Scalar, arguments: Sequence[ast.expr], dtype: str, prefix: str) -> ast.expr:
        definition = parse_rule(fn)
        names = [a.arg for a in definition.args.args]
        if len(names) != len(arguments):
            raise CompileError(f"{fn.__qualname__}: takes {len(names)} arguments, got {len(arguments)}")
        scope = dict(zip(names, arguments, strict=True))
        for statement in definition.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=local)], value=value):
                    text = ast.unparse(_Expression(self, fn, scope, dtype, prefix).visit(value))
                    scope[local] = ast.Name(id=f"{prefix}_{local}", ctx=ast.Load())
                    self.statements.append(f"{prefix}_{local} = {text}")
                case ast.Return(value=ast.expr() as value):
                    return _Expression(self, fn, scope, dtype, prefix).visit(value)
                case _:
                    continue
        raise CompileError(f"{fn.__qualname__}: no return")


class _Expression(ast.NodeTransformer):
    """Rewrites one expression of a rule into the loop's names and literals."""

    def __init__(self, inliner: Inliner, fn: Scalar, scope: dict[str, ast.expr], dtype: str, prefix: str) -> None:
        self.inliner = inliner
        self.globals: dict[str, Any] = fn.__globals__
        self.scope = scope
        self.dtype = dtype
        self.prefix = prefix

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.scope:
            return self.scope[node.id]
        value = self.globals.get(node.id)
        if isinstance(value, np.generic):
            number = cast(Any, value)
            return _literal(number.item(), number.dtype.name)
        if isinstance(value, (bool, int, float)) and self.dtype:
            return _literal(value, self.dtype)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return _literal(node.value, self.dtype) if isinstance(node.value, (int, float)) and self.dtype else node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """A negative literal is one number, not one with its sign changed: as a bool, -1 is True."""
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if self.dtype:
                return _literal(-value, self.dtype)
            case _:
                return ast.UnaryOp(op=node.op, operand=self.visit(node.operand))

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        match self.visit(node.test):
            case ast.Compare(left=ast.Constant(value=None), ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
                return self.visit(node.body)
            case ast.Compare(ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
                return self.visit(node.orelse)
            case ast.Compare(left=ast.Constant(value=str() as a), comparators=[ast.Constant(value=str() as b)]):
                return self.visit(node.body if a == b else node.orelse)
            case test:
                return ast.IfExp(test=test, body=self.visit(node.body), orelse=self.visit(node.orelse))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if _is_constructor(node):
            return self._constructor(node)
        arguments = [self.visit(a) for a in node.args]
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        vector = scalar_math.TABLE.get((name, self.dtype))
        target = vector or self._straight_line(node.func)
        if target is not None and target.__module__ == primitives.__name__:
            self.inliner.primitives.add(target.__name__)
            return ast.Call(func=ast.Name(id=target.__name__, ctx=ast.Load()), args=arguments, keywords=[])
        if target is None:
            func = node.func if _is_module_attribute(node.func, self.globals) else self.visit(node.func)
            return ast.Call(func=func, args=arguments, keywords=[])
        inner = self.inliner.prefix(target)
        held = [self._hold(a, f"{inner}_of{i or ''}") for i, a in enumerate(arguments)]
        return self.inliner.inline(target, held, AS_WRITTEN if vector is not None else self.dtype, inner)

    def _constructor(self, node: ast.Call) -> ast.expr:
        """``np.float32(x)``: a literal inside stays as it is written."""
        (argument,) = node.args
        inner = argument if isinstance(argument, (ast.Constant, ast.UnaryOp)) else self.visit(argument)
        return ast.Call(func=node.func, args=[inner], keywords=[])

    def _hold(self, argument: ast.expr, name: str) -> ast.expr:
        """An argument that is more than a name is computed once."""
        if isinstance(argument, (ast.Name, ast.Constant)) or _is_number(argument):
            return argument
        self.inliner.statements.append(f"{name} = {ast.unparse(argument)}")
        return ast.Name(id=name, ctx=ast.Load())

    def _straight_line(self, func: ast.expr) -> Scalar | None:
        value = self.globals.get(func.id) if isinstance(func, ast.Name) else None
        return value if isinstance(value, types.FunctionType) else None


def _is_constructor(node: ast.Call) -> bool:
    match node.func:
        case ast.Attribute(value=ast.Name(id="np"), attr=attr):
            return isinstance(getattr(np, attr, None), type) and len(node.args) == 1
        case _:
            return False


def _is_number(node: ast.expr) -> bool:
    match node:
        case ast.Call(args=[ast.Constant() | ast.UnaryOp(operand=ast.Constant())]):
            return _is_constructor(node)
        case _:
            return False


def _is_module_attribute(func: ast.expr, scope: dict[str, Any]) -> bool:
    match func:
        case ast.Attribute(value=ast.Name(id=name)):
            return isinstance(scope.get(name), types.ModuleType)
        case ast.Name(id=name):
            return name in ("abs", "min", "max")
        case _:
            return False


def _literal(value: Number, dtype: str) -> ast.expr:
    """A number of the dtype; NaN and infinities have no literal in Python."""
    if isinstance(value, float) and not np.isfinite(value):
        text = "np.nan" if np.isnan(value) else "np.inf" if value > 0 else "-np.inf"
        return ast.parse(f"{cast_name(dtype)}({text})", mode="eval").body
    if dtype == "bool":
        value = bool(value)  # Numba keeps the bits of another number
    return ast.parse(f"{cast_name(dtype)}({value!r})", mode="eval").body


def literal_text(value: Number | str | None, dtype: str) -> str:
    """A literal for generated source. What is chosen by a text (``approximate == "tanh"``) is chosen while inlining."""
    return repr(value) if value is None or isinstance(value, str) else ast.unparse(_literal(value, dtype))

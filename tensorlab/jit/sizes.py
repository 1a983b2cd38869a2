"""Reads of sizes in the user's code: ``x.shape[0]``, ``x.size(1) // 2``; their values while the code runs.

A trace bakes in what Python works out of sizes, without a word. What is read here once more has no effect and cannot
change: attributes and sizes of tensors that are held by names, and arithmetic on them.
"""

from __future__ import annotations

import ast
import linecache
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any, Self, cast

from tensorlab.core.tensor import Tensor
from tensorlab.jit.ir import Span
from tensorlab.jit.scripting.source import Source
from tensorlab.nn.module import Module

_ATTRIBUTES = ("shape", "ndim")
_METHODS = ("size", "dim", "numel", "ndimension", "nelement")
_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: cast("Callable[..., Any]", operator.floordiv),
    ast.Mod: operator.mod,
    ast.Div: cast("Callable[..., Any]", operator.truediv),
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
}
_KEPT = 8  # values kept a place
_NUMBERS = (bool, int, float)


class UnreadableError(Exception):
    """An expression that cannot be read again without effect."""


class SizeReads:
    """The expressions of a code object that read sizes, by the instructions that give them."""

    def __init__(self, at: Mapping[int, ast.expr]) -> None:
        self.at = at

    @classmethod
    @lru_cache(maxsize=256)
    def of(cls, code: CodeType) -> Self:
        """Those of a code object; none where its source cannot be found."""
        wanted = {place_of(node): node for node in _reads(code.co_filename)}
        found: dict[int, ast.expr] = {}
        for index, (line, end_line, column, end_column) in enumerate(code.co_positions()):
            node = wanted.get((line, end_line, column, end_column))
            if node is not None:
                found[2 * index] = node
        return cls(found)

    def note(self, at: int, frame: FrameType, sizes: dict[Any, list[str]]) -> None:
        """Read the expression of an instruction that is about to run, and keep its value."""
        node = self.at[at]
        try:
            value = read(node, frame)
        except (UnreadableError, ArithmeticError, IndexError):
            return
        values = sizes.setdefault(place_of(node), [])
        text = repr(tuple(cast("tuple[Any, ...]", value))) if isinstance(value, tuple) else repr(value)
        if text not in values and len(values) < _KEPT:
            values.append(text)


def place_of(node: Any) -> Any:
    """The place of a piece of syntax as instructions have it."""
    return (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)


@lru_cache(maxsize=64)
def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except SyntaxError:
        return None


def tree_of(filename: str) -> ast.Module | None:
    """The syntax tree of a file or a cell; `None` where it cannot be read."""
    lines = linecache.getlines(filename)
    return _parsed("".join(lines)) if lines else None


def iterated(span: Span) -> Span:
    """What a loop or a comprehension goes over; Python places the start of a loop at the whole of it."""
    tree = tree_of(span.filename)
    source = Source(span.filename, tuple(linecache.getlines(span.filename)), span.function)
    for node in ast.walk(tree) if tree is not None else ():
        match node:
            case ast.For(iter=over):
                pass
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                over = node.generators[0].iter
            case _:
                continue
        if (node.lineno, source.column(node.lineno, node.col_offset)) == (span.line, span.column):
            return source.span(over)
    return span


def _reads(filename: str) -> list[ast.expr]:
    tree = tree_of(filename)
    return [] if tree is None else _reads_in(tree)


@lru_cache(maxsize=64)
def _reads_in(tree: ast.Module) -> list[ast.expr]:
    """The expressions that read a size somewhere inside."""
    return [n for n in ast.walk(tree) if isinstance(n, ast.expr) and _is_candidate(n)]


def _is_candidate(node: ast.expr) -> bool:
    match node:
        case ast.Attribute(attr=name):
            return name in _ATTRIBUTES
        case ast.Call(func=ast.Attribute(attr=name), args=args, keywords=[]):
            return name in _METHODS and all(isinstance(a, (ast.Constant, ast.UnaryOp)) for a in args)
        case ast.Subscript(value=value):
            return _is_candidate(value)
        case ast.BinOp(left=left, right=right) | ast.Compare(left=left, comparators=[right]):
            return _is_candidate(left) or _is_candidate(right)
        case ast.UnaryOp(operand=operand):
            return _is_candidate(operand)
        case _:
            return False


def read(node: ast.expr, frame: FrameType) -> Any:
    """The value of an expression in a frame.

    Raises: `UnreadableError` where reading it might do something.
    """
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return _name(name, frame)
        case ast.Attribute(value=value, attr=attribute):
            return _attribute(read(value, frame), attribute)
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=args) if name in _METHODS:
            owner = read(value, frame)
            if not isinstance(owner, Tensor):
                raise UnreadableError
            return getattr(owner, name)(*(read(a, frame) for a in args))
        case ast.Subscript(value=value, slice=index):
            held, at = read(value, frame), _index(index, frame)
            if not isinstance(held, tuple):
                raise UnreadableError
            return cast("tuple[Any, ...]", held)[at]
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            return _applied(op, (read(left, frame), read(right, frame)))
        case ast.UnaryOp(op=op, operand=operand):
            return _applied(op, (read(operand, frame),))
        case _:
            raise UnreadableError


def _name(name: str, frame: FrameType) -> Any:
    for names in (frame.f_locals, frame.f_globals):
        if name in names:
            return names[name]
    raise UnreadableError


def _attribute(owner: Any, name: str) -> Any:
    if isinstance(owner, Tensor) and name in _ATTRIBUTES:
        return getattr(owner, name)
    if isinstance(owner, Module):
        for table in ("_parameters", "_buffers", "_modules"):
            if name in owner.__dict__[table]:
                return owner.__dict__[table][name]
    raise UnreadableError


def _index(node: ast.expr, frame: FrameType) -> Any:
    if isinstance(node, ast.Slice):
        parts = [None if p is None else read(p, frame) for p in (node.lower, node.upper, node.step)]
        return slice(*parts)
    at = read(node, frame)
    if not isinstance(at, int):
        raise UnreadableError
    return at


def _applied(op: ast.AST, values: Sequence[Any]) -> Any:
    apply = _OPERATORS.get(type(op))
    if apply is None or not all(isinstance(v, (*_NUMBERS, tuple)) for v in values):
        raise UnreadableError
    return apply(*values)

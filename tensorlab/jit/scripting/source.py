"""The user's source: found, parsed, and pointed at.

A `Source` is a whole file or cell. Functions are looked up in its tree by their line, so that every place is the user's
own: nothing is cut out, dedented and counted again.
"""

from __future__ import annotations

import ast
import io
import linecache
import re
import warnings
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

from tensorlab.autograd.graph import source_name
from tensorlab.errors import Place, ScriptError
from tensorlab.jit.ir import Span

# Names that readers know cells by, for files whose own names mean nothing to them: a kernel's "/tmp/.../1234.py".
LABELS: dict[str, str] = {}

_CELL = re.compile(r"<ipython-input-(\d+)-\w+>")


def label_of(filename: str) -> str:
    """What readers call a file: its label, ``cell 3`` for IPython's own names, ``cell`` for a kernel's, or its name."""
    cell = _CELL.fullmatch(filename)
    if filename in LABELS or cell is None:
        return LABELS.get(filename, "cell" if source_name(filename) == "cell" else filename)
    return f"cell {cell[1]}"


@dataclass(frozen=True, slots=True)
class Source:
    """A file's or a cell's lines, and the function in it that is being scripted."""

    filename: str
    lines: tuple[str, ...]
    function: str = ""

    def inside(self, function: str) -> Source:
        """The same source, seen from a function in it."""
        return replace(self, function=function)

    def line(self, number: int) -> str:
        """One line, counted from 1, without its end; empty where there is none."""
        return self.lines[number - 1].rstrip("\r\n") if 1 <= number <= len(self.lines) else ""

    def column(self, line: int, offset: int) -> int:
        """A column in characters for one in bytes of UTF-8, which is what the parser counts."""
        text = self.lines[line - 1] if 1 <= line <= len(self.lines) else ""
        if text.isascii() and offset < len(text):
            return offset
        return len(self.line(line).encode()[:offset].decode(errors="ignore"))

    def span(self, node: ast.AST) -> Span:
        """The place of a piece of syntax; of a statement with a body, its first line up to the body."""
        at: Any = node
        end: Any = getattr(at, "test", None) or getattr(at, "iter", None) if isinstance(node, ast.stmt) else None
        last = end if end is not None else at
        return Span(
            self.filename,
            at.lineno,
            self.column(at.lineno, at.col_offset),
            last.end_lineno,
            self.column(last.end_lineno, last.end_col_offset),
            self.function,
        )

    def place(self, at: ast.AST | Span) -> Place:
        """The first line of a piece of syntax, as errors show it."""
        span = at if isinstance(at, Span) else self.span(at)
        text = self.line(span.line)
        end = span.end_column if span.end_line == span.line else len(text)
        return Place(span.filename, span.line, span.column, end, text, label_of(span.filename))

    def name_place(self, node: ast.AST) -> Place:
        """The last name of a dotted one."""
        place = self.place(node)
        width = len(node.attr) if isinstance(node, ast.Attribute) else place.end_column - place.column
        return replace(place, column=place.end_column - width)

    def edited(self, place: Place, text: str) -> Source:
        """The source with something else written in a place."""
        line = self.lines[place.line - 1]
        changed = f"{line[: place.column]}{text}{line[place.end_column :]}"
        return replace(self, lines=(*self.lines[: place.line - 1], changed, *self.lines[place.line :]))

    def error(self, at: ast.AST | Span, message: str, *, hint: str = "") -> ScriptError:
        """An error at a place, to be raised."""
        return ScriptError(message, self.place(at), hint=hint)


def split_lines(text: str) -> tuple[str, ...]:
    """Lines as Python's parser counts them: `str.splitlines` also splits at form feeds and other marks."""
    return tuple(io.StringIO(text, newline=None))


def parse(text: str, filename: str) -> ast.Module:
    """The tree of a source.

    Raises: `ScriptError` at the place of a syntax error.
    """
    with warnings.catch_warnings():  # an odd escape was told when the source was compiled the first time
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text, filename)
        except (ValueError, RecursionError, MemoryError) as error:  # null bytes; nested too deep for the parser
            raise ScriptError(f"{label_of(filename)} cannot be parsed: {error or 'it is nested too deep'}") from error
        except SyntaxError as error:
            line, offset = error.lineno or 1, (error.offset or 1) - 1
            end = (error.end_offset or 0) - 1 if error.end_lineno == line else offset + 1
            span = Span(filename, line, max(0, offset), line, max(end, offset + 1))
            raise Source(filename, split_lines(text)).error(span, error.msg) from error


def function_source(function: object) -> tuple[ast.FunctionDef, Source]:
    """The definition of a Python function and the source that it stands in.

    Raises: `ScriptError` for what is no function, for a lambda, and where the source is not to be had.
    """
    if not isinstance(function, FunctionType):
        raise ScriptError(f"{type(function).__name__} {_name(function)} cannot be scripted: it is no Python function")
    code = function.__code__
    linecache.checkcache(code.co_filename)
    lines = tuple(linecache.getlines(code.co_filename, function.__globals__))
    if not lines:
        raise ScriptError(
            f"the source of {code.co_name} is not to be had",
            hint="define it in a file or a notebook cell, where it can be read",
        )
    source = Source(code.co_filename, lines, code.co_name)
    found = _find(parse("".join(lines), code.co_filename), code.co_name, code.co_firstlineno)
    if isinstance(found, ast.FunctionDef):
        return found, source
    if isinstance(found, ast.Lambda):
        raise source.error(found, "a lambda cannot be scripted", hint="write a function with def")
    if found is not None:
        raise source.error(found, "an async function cannot be scripted")
    raise ScriptError(f"the source of {code.co_name} in {label_of(code.co_filename)} has changed since it was defined")


def _name(thing: object) -> str:
    return str(getattr(thing, "__name__", "")) or repr(thing)


def _find(tree: ast.Module, name: str, line: int) -> ast.AST | None:
    """The definition called ``name`` that begins, decorators included, in ``line``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if node.name == name and first == line:
                return node
        elif isinstance(node, ast.Lambda) and name == "<lambda>" and node.lineno == line:
            return node
    return None

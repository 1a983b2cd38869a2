"""Annotations in comments: ``# type: (Tensor, int) -> Tensor`` under a def, ``# type: int`` behind a parameter or an
assignment, as Python 2 had them and scripts still have.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Mapping
from typing import cast

from tensorlab.jit.ir import Span
from tensorlab.jit.scripting.source import Source

_TYPE = re.compile(r"#\s*type:(?!\s*ignore\b)\s*(.*?)\s*(?:#.*)?$")  # those to ignore are a checker's


def with_type_comments(node: ast.FunctionDef, source: Source) -> ast.FunctionDef:
    """The definition with its comments as annotations; itself where there are none.

    Raises: `ScriptError` for a comment that cannot be read, or is for another number of parameters.
    """
    comments = _comments(node, source)
    if not comments:
        return node
    copied = _copy(node, source)
    params = [*copied.args.posonlyargs, *copied.args.args, *copied.args.kwonlyargs]
    for param in params:
        if param.lineno in comments and "->" not in comments[param.lineno][0]:
            param.annotation = _expression(*comments[param.lineno], source)
    for statement in ast.walk(copied):
        for name, body in ast.iter_fields(statement):
            if name in ("body", "orelse") and isinstance(body, list):
                statements = cast("list[ast.stmt]", body)
                statements[:] = [_annotated(s, comments, source) for s in statements]
    first = copied.body[0].lineno
    for line in range(node.lineno, first + 1):
        text, at = comments.get(line, ("", None))
        if "->" in text and at is not None:
            _sign(copied, params, text, at, source)
            break
    return copied


def _comments(node: ast.FunctionDef, source: Source) -> Mapping[int, tuple[str, Span]]:
    """The type comments in a definition's lines, by line."""
    last = node.end_lineno or node.lineno
    if not any("# type:" in source.line(n) or "#type:" in source.line(n) for n in range(node.lineno, last + 1)):
        return {}
    found: dict[int, tuple[str, Span]] = {}
    text = "".join(source.line(n) + "\n" for n in range(node.lineno, last + 1))
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            said = _TYPE.match(token.string) if token.type == tokenize.COMMENT else None
            if said is not None:
                line = token.start[0] + node.lineno - 1
                span = Span(source.filename, line, token.start[1], line, token.end[1], source.function)
                found[line] = said[1], span
    except (tokenize.TokenError, IndentationError):  # the last lines of an indented definition
        pass
    return found


def _copy(node: ast.FunctionDef, source: Source) -> ast.FunctionDef:
    """A definition of its own, places and all, for the tree of a file is read again."""
    for statement in ast.walk(ast.parse("".join(source.lines), source.filename)):
        if isinstance(statement, ast.FunctionDef) and statement.lineno == node.lineno and statement.name == node.name:
            return statement
    return node


def _annotated(node: ast.stmt, comments: Mapping[int, tuple[str, Span]], source: Source) -> ast.stmt:
    """``x = []  # type: List[int]`` as ``x: List[int] = []``."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
        return node
    comment = comments.get(node.end_lineno or node.lineno)
    if comment is None or "->" in comment[0]:
        return node
    annotation = _expression(*comment, source)
    return ast.copy_location(ast.AnnAssign(node.targets[0], annotation, node.value, 1), node)


def _sign(node: ast.FunctionDef, params: list[ast.arg], text: str, at: Span, source: Source) -> None:
    given, _, returned = text.partition("->")
    node.returns = _expression(returned.strip(), at, source)
    if given.strip() == "(...)":
        return
    types = _expression(f"({given.strip()[1:-1]},)" if given.strip() != "()" else "()", at, source)
    parts = types.elts if isinstance(types, ast.Tuple) else [types]
    bare = params[1:] if params and params[0].arg == "self" and len(parts) == len(params) - 1 else params
    if len(parts) != len(bare):
        count = f"{len(parts)} parameter{'' if len(parts) == 1 else 's'}"
        raise source.error(at, f"the type comment is for {count}, {node.name} has {len(bare)}")
    for param, part in zip(bare, parts, strict=True):
        param.annotation = part


def _expression(text: str, at: Span, source: Source) -> ast.expr:
    try:
        found = ast.parse(text, mode="eval").body
    except SyntaxError:
        raise source.error(at, f"the type comment {text!r} cannot be read") from None
    for part in ast.walk(found):
        if isinstance(part, ast.expr):
            part.lineno, part.end_lineno = at.line, at.line
            part.col_offset, part.end_col_offset = at.column, at.end_column
    return found

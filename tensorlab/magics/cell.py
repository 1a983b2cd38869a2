"""Running the body of a cell as the notebook would: its lines, its names, its last value, its errors.

The way is that of IPython's own ``%%time``: transform, parse, transform the tree, compile, run in ``user_ns``. The body
is never pasted into other text, so its line numbers are those that the user sees.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.interactiveshell import InteractiveShell

from tensorlab.magics.errors import CellError, MagicError
from tensorlab.magics.options import Given

BODY_LINE = 2  # the first line of a body: the magic's own line is the first of the cell


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's body, ready to run. ``filename`` is what frames call it, ``label`` what its readers do.

    ``first`` is the number of its first line; ``silent``: it ends in a semicolon.
    """

    tree: ast.Module
    filename: str
    label: str
    first: int
    silent: bool


def read_cell(shell: InteractiveShell, magic: str, line: str, body: str) -> Cell:
    """Parse the body under a cell magic's line.

    Raises: `MagicError` for an empty cell, or one that waits at its top level; `CellError` for a syntax error, at the
            user's own line.
    """
    __tracebackhide__ = True
    if not body.strip():
        raise MagicError(magic, "the cell is empty", f"write what to run below the line that says {magic}")
    source, name, label = _as_python(shell, f"{magic} {line}".rstrip(), line, body)
    try:
        tree = shell.compile.ast_parse(source, filename=name)
    except SyntaxError as error:
        raise CellError(magic, f"{error.msg} in line {error.lineno} of the cell", _rendered(shell, error)) from None
    tree = shell.transform_ast(tree)
    if not tree.body:
        raise MagicError(magic, "the cell holds comments alone", f"write what to run below the line that says {magic}")
    waiting = _first_await(tree.body) if "await" in source or "async" in source else None
    if waiting is not None:
        raise MagicError(
            magic,
            f"'await' in line {waiting} of the cell: it runs at once, and cannot wait",
            "await the value in a cell above, and use it here",
        )
    try:
        compile(tree, name, "exec", shell.compile.flags, dont_inherit=True)
    except SyntaxError as error:  # what parses and yet is no code, such as a return outside of a function
        raise CellError(magic, f"{error.msg} in line {error.lineno} of the cell", _rendered(shell, error)) from None
    first = 1 if isinstance(line, Given) else BODY_LINE
    return Cell(tree, name, label, first, _is_silent(source))


def _is_silent(source: str) -> bool:
    """Whether a cell ends in a semicolon; IPython reads all of its tokens to tell."""
    return ";" in source and bool(DisplayHook.semicolon_at_end_of_expression(source))


def run_cell(shell: InteractiveShell, cell: Cell) -> Any:
    """Run a cell in the notebook's names; gives the value of its last expression, or None.

    What it assigned before an exception stays assigned, as in any cell.
    """
    __tracebackhide__ = True
    return execute(shell, cell, cell.tree.body)


def execute(shell: InteractiveShell, cell: Cell, statements: Sequence[ast.stmt]) -> Any:
    """Run some statements of a cell; gives the value of the last one, if it is an expression."""
    __tracebackhide__ = True
    *others, last = statements
    if not isinstance(last, ast.Expr):
        _execute(shell, ast.Module([*others, last], []), cell.filename, "exec")
        return None
    if others:
        _execute(shell, ast.Module(others, []), cell.filename, "exec")
    return _execute(shell, ast.Expression(last.value), cell.filename, "eval")


def _execute(shell: InteractiveShell, tree: ast.Module | ast.Expression, filename: str, mode: str) -> Any:
    __tracebackhide__ = True
    code = compile(tree, filename, mode, shell.compile.flags, dont_inherit=True)
    return eval(code, shell.user_global_ns, shell.user_ns)


def _as_python(shell: InteractiveShell, head: str, line: str, body: str) -> tuple[str, str, str]:
    """The source of a cell, the name of the file that it is in, and what readers call that."""
    if isinstance(line, Given):  # plain Python, under no line of a magic
        return body, line.filename, line.label
    try:
        source = _lines_above(head, body) + shell.transform_cell(body)
    except SyntaxError:  # IPython's tokens do not come out: Python's own parser says it better
        source = f"# {head}\n{body}"
    number, raw = _whole_cell(shell, f"{head}\n{body}")
    return source, shell.compile.cache(source, number, raw_code=raw), f"cell {number}"


def _whole_cell(shell: InteractiveShell, rebuilt: str) -> tuple[int, str]:
    """The number and the text of the cell that is running: what its frames, and debuggers, know it by."""
    running = shell.displayhook.exec_result
    if running is None or running.execution_count is None or not running.info.raw_cell.lstrip().startswith("%%"):
        return shell.execution_count, rebuilt
    return running.execution_count, running.info.raw_cell


def _lines_above(head: str, body: str) -> str:
    """The magic's own line as a comment, and the empty lines at the top of the body, which the transformation drops."""
    lines = body.splitlines()
    dropped = next(i for i, line in enumerate(lines) if line.strip())
    return f"# {head}\n" + "\n" * dropped


def _rendered(shell: InteractiveShell, error: SyntaxError) -> list[str]:
    """A syntax error as the shell shows it in any cell, without the frames that led here."""
    return shell.SyntaxTB.structured_traceback(type(error), error)


def _first_await(nodes: Iterable[ast.AST]) -> int | None:
    """The line of the first ``await`` that belongs to the cell and to no function in it."""
    for node in nodes:
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            return node.lineno
        if isinstance(node, ast.comprehension) and node.is_async:
            return node.iter.lineno
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        found = _first_await(ast.iter_child_nodes(node))
        if found is not None:
            return found
    return None

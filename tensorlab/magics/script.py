"""``%%script``: the functions that a cell defines, compiled with their control flow; or IPython's own ``%%script``."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from IPython.core.magic import cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments
from IPython.display import display

from tensorlab.magics import notebook
from tensorlab.magics.cell import BODY_LINE, Cell, execute, read_cell
from tensorlab.magics.errors import CellError, MagicError
from tensorlab.magics.options import help_option, identifier, parse
from tensorlab.magics.session import NotebookMagics

if TYPE_CHECKING:
    from tensorlab.jit.function import ScriptFunction


@magics_class
class TensorlabScriptMagic(NotebookMagics):
    """``%%script``; the class is not called ScriptMagic, since IPython's is all but that."""

    @no_var_expand
    @cell_magic
    @magic_arguments("%script")
    @help_option
    @argument("--name", type=identifier, help="bind the last function to this name too")
    def script(self, line: str, cell: str) -> Any:
        """Script the functions that the cell defines: compile them with their control flow, and bind them.

        Parameters without an annotation are tensors. The rest of the cell runs as it is, after the functions above it
        have been compiled; the value of its last expression is the cell's.

        A line that names a program runs the cell with that program, as IPython's own ``%%script`` does:
        ``%%script bash``.
        """
        __tracebackhide__ = True
        builtin = self.session.replaced("cell", "script")
        if builtin is not None and _names_a_program(line, builtin):
            return builtin(self.session.shell.var_expand(line), cell)
        args = parse(self.script, line)
        if args is None:
            return None
        notebook.need_jit("%%script")
        body = read_cell(self.session.shell, "%%script", line, cell)
        if not any(map(_is_definition, body.tree.body)):
            raise MagicError(
                "%%script", "the cell defines no function", "define one with def, or trace the cell with %%trace"
            )
        value = None
        for are_definitions, statements in groupby(body.tree.body, _is_definition):
            nodes = list(statements)
            value = execute(self.session.shell, body, nodes)
            if are_definitions:
                for definition in _last_of_each_name(nodes):
                    self._script(definition, body, cell.splitlines())
        if args.name is not None and self.session.latest is not None:
            self.bind(args.name, self.session.latest)
        return None if body.silent else value

    def _script(self, definition: ast.FunctionDef, body: Cell, lines: list[str]) -> None:
        """Compile one function of the cell, bind it, and show its graph."""
        __tracebackhide__ = True
        name = definition.name
        from tensorlab.errors import ScriptError
        from tensorlab.jit.api import script
        from tensorlab.jit.scripting.source import LABELS

        LABELS[body.filename] = f"cell {body.number}"  # a kernel's own name for a cell is a file under /tmp
        try:
            function: ScriptFunction = script(self.names[name])
        except ScriptError as error:
            shown = [f"{type(error).__name__}: {error}"]
            raise CellError("%%script", f"{name}: {error.message}", shown) from None
        self.bind(name, function)
        self.session.latest = function

        from tensorlab.view.trace import TraceView

        records = function.records
        after = records[-1].after if records else function.graph
        first = min(node.lineno for node in (definition, *definition.decorator_list))
        above = BODY_LINE - 1
        display(
            TraceView(
                name,
                function.graph,
                after,
                source="\n".join(lines[first - 1 - above : (definition.end_lineno or first) - above]),
                first_line=first,
                filename=body.filename,
                records=records,
                how="scripted",
                style=self.session.graph_style,
            )
        )


def _is_definition(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef)


def _last_of_each_name(nodes: Sequence[ast.stmt]) -> list[ast.FunctionDef]:
    """The definitions that are bound when all have run."""
    return list({node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}.values())


def _names_a_program(line: str, builtin: Callable[..., Any]) -> bool:
    """Whether a line is for IPython's magic: it starts with a program, or with one of that magic's options."""
    try:
        words = shlex.split(line)
    except ValueError:
        return False
    if not words:
        return False
    theirs = builtin.parser._option_string_actions  # type: ignore[attr-defined]
    return not words[0].startswith("-") or words[0].partition("=")[0] in theirs

"""``%%script``: the functions that a cell defines, compiled with their control flow; or IPython's own ``%%script``."""

from __future__ import annotations

import argparse
import ast
import shlex
from collections.abc import Callable, Sequence
from itertools import groupby
from types import FunctionType
from typing import TYPE_CHECKING, Any

from IPython.core.magic import cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics import notebook
from tensorlab.magics.cell import Cell, execute, read_cell
from tensorlab.magics.errors import CellError, MagicError
from tensorlab.magics.names import CellNames, free_names
from tensorlab.magics.options import help_option, identifier, parse
from tensorlab.magics.script_statements import Statements
from tensorlab.magics.session import NotebookMagics

if TYPE_CHECKING:
    from tensorlab.jit.function import ScriptFunction
    from tensorlab.jit.scripting.derivations import Derivations
    from tensorlab.view.mime import View

UNNAMED = "_scripted"


@magics_class
class TensorlabScriptMagic(NotebookMagics):
    """``%%script``; the class is not called ScriptMagic, since IPython's is all but that."""

    @no_var_expand
    @cell_magic
    @magic_arguments("%script")
    @help_option
    @argument(
        "--name", type=identifier, help="bind the last function to this name too; a cell without one is called so"
    )
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view that is shown last to this name")
    @argument("--types", action="store_true", help="show the type of each variable at its line too, and why it has it")
    @argument(
        "--refused",
        action="store_true",
        help="show why the cell does not compile, and let the notebook go on; a cell that does is an error then",
    )
    def script(self, line: str, cell: str) -> Any:
        """Script the cell: compile the functions that it defines with their control flow, and bind them.

        Parameters without an annotation are tensors. The rest of the cell runs as it is, after the functions above it
        have been compiled; the value of its last expression is the cell's.

        A cell that defines no function becomes one itself: of the tensors, numbers, texts and lists of them that it
        uses. It runs on those at once, and what it assigned has its names. The function gives what the cell assigns on
        every path, in that order, and then the cell's value; where that is one value, the value itself.

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
        defines = any(map(_is_definition, body.tree.body))
        _check_new_names(args, free_names(body.tree), defines=defines)
        if not defines:
            return self._statements(body, args, cell)
        value, refusals = None, 0
        for are_definitions, statements in groupby(body.tree.body, _is_definition):
            nodes = list(statements)
            value = execute(self.session.shell, body, nodes)
            if are_definitions:
                for definition in _last_of_each_name(nodes):
                    refusals += not self._script(definition, body, cell.splitlines(), args)
        _check_refused(args, refusals)
        if args.name is not None and not refusals and self.session.latest is not None:
            self.bind(args.name, self.session.latest)
        return None if body.silent else value

    def _statements(self, body: Cell, args: argparse.Namespace, cell: str) -> Any:
        """Make the whole cell one function, run it, and bind what it assigned."""
        __tracebackhide__ = True
        from tensorlab.jit.scripting.derivations import Derivations

        name = args.name or UNNAMED
        made = Statements.of(body.tree, self.names)
        derivations = Derivations("the notebook gives it as")
        make = lambda: made.function(name, body.filename, derivations)
        function = self._compiled(name, body, cell, args, make)
        _check_refused(args, function is None)
        if function is None:
            return None
        self._show(function, body, cell.rstrip("\n"), body.first, args, derivations)
        value = made.run(function, self.names)
        self.bind(name, function)
        self.session.latest = function
        return None if body.silent else value

    def _script(self, definition: ast.FunctionDef, body: Cell, lines: list[str], args: argparse.Namespace) -> bool:
        """Compile one function of the cell, bind it, and show its graph; or show why not, and give False."""
        __tracebackhide__ = True
        name = definition.name
        from tensorlab.jit.api import script
        from tensorlab.jit.scripting.derivations import Derivations
        from tensorlab.jit.scripting.frontend import compile_function

        written = self.names[name]
        function = self._compiled(name, body, "\n".join(lines), args, lambda: script(written))
        if function is None:
            return False
        self.bind(name, function)
        self.session.latest = function
        first = min(node.lineno for node in (definition, *definition.decorator_list))
        above = body.first - 1
        own = "\n".join(lines[first - 1 - above : (definition.end_lineno or first) - above])
        derivations = Derivations()
        if args.types and isinstance(written, FunctionType):
            compile_function(written, derivations=derivations)  # once more, noting what it finds
        self._show(function, body, own, first, args, derivations)
        return True

    def _compiled(
        self, name: str, body: Cell, cell: str, args: argparse.Namespace, make: Callable[[], ScriptFunction]
    ) -> ScriptFunction | None:
        """A function of the cell. What is outside of the language is shown in the cell: an error, or None as asked."""
        __tracebackhide__ = True
        from tensorlab.errors import ScriptError
        from tensorlab.jit.scripting.source import LABELS
        from tensorlab.view.script_error import ScriptErrorView, error_text

        LABELS[body.filename] = body.label  # a kernel's own name for a cell is a file under /tmp
        try:
            return make()
        except ScriptError as error:
            shown = error_text(error, cell.splitlines(), body.first, body.filename)
            if args.refused:
                view = ScriptErrorView(name, error, shown)
                self.show(view)
                self.bind(args.output, view)
                return None
            raise CellError("%%script", f"{name}: {error.message}", [shown]) from None

    def _show(
        self,
        function: ScriptFunction,
        body: Cell,
        source: str,
        first: int,
        args: argparse.Namespace,
        derivations: Derivations,
    ) -> None:
        """Show the graph beside the source, which begins at line ``first`` of the cell, and the types below it."""
        from tensorlab.view.trace import TraceView
        from tensorlab.view.types import TypesView

        name, records = function.name, function.records
        view: View = TraceView(
            name,
            function.graph,
            records[-1].after if records else function.graph,
            source=source,
            first_line=first,
            filename=body.filename,
            records=records,
            how="scripted",
            style=self.session.graph_style,
        )
        self.show(view)
        if args.types:
            variables = derivations.variables
            view = TypesView(name, variables, source=source, first_line=first, filename=body.filename)
            self.show(view)
        self.bind(args.output, view)


def _check_refused(args: argparse.Namespace, refusals: int) -> None:
    """See that a cell that is said not to compile does not."""
    if args.refused and not refusals:
        raise MagicError("%%script", "--refused: the cell compiles", "leave the option out")


def _check_new_names(args: argparse.Namespace, known: CellNames, *, defines: bool) -> None:
    """See that what the options bind takes no name that the cell needs; its last function may be called as it is."""
    for option, name in (("--name", None if defines else args.name), ("-o", args.output)):
        if name in (*known.assigned, *known.read):
            raise MagicError("%%script", f"{option} {name}: the cell uses the name {name} itself", "take another name")
    if args.output is not None and args.output == (args.name or (None if defines else UNNAMED)):
        raise MagicError("%%script", f"-o {args.output}: the function takes that name already", "take another name")


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

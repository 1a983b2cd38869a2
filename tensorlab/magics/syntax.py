"""``%ast`` and ``%%ast``: Python's syntax tree of an expression, a function or a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics import notebook
from tensorlab.magics.errors import MagicError, listed
from tensorlab.magics.expression import parse_expression
from tensorlab.magics.options import Given, help_option, identifier
from tensorlab.magics.session import NotebookMagics

if TYPE_CHECKING:
    from tensorlab.jit.syntax_tree import SyntaxTree
    from tensorlab.view.mime import View


@magics_class
class SyntaxMagic(NotebookMagics):
    """``%ast``."""

    @no_var_expand
    @line_cell_magic
    @magic_arguments()
    @help_option
    @argument("--tokens", action="store_true", help="instead of the tree, the tokens that it is parsed from")
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view to this name")
    @argument("expression", nargs="?", help="any Python expression or statement; or the name of a function")
    def ast(self, line: str, cell: str | None = None) -> View | None:
        """Draw Python's syntax tree of a line, of the function of a name, or of the cell below; nothing of it runs.

        Of a traced or scripted function each piece of syntax shows the nodes of the graph that came of it.
        """
        name = "%ast" if cell is None else "%%ast"
        read = parse_expression(self.ast, line, name=name)
        if read is None:
            return None
        args, text = read
        tree = self._of_line(text) if cell is None else self._of_cell(text, line, cell)
        if not tree.nodes or (tree.nodes[0].size == 1 and tree.nodes[0].kind == "Module"):
            raise MagicError(name, "there are comments alone", "write an expression or a statement")
        view: View
        if args.tokens:
            from tensorlab.view.tokens import TokensView

            view = TokensView(tree)
        else:
            from tensorlab.view.syntax_tree import SyntaxTreeView

            view = SyntaxTreeView(tree)
        self.bind(args.output, view)
        return view

    def _of_line(self, text: str) -> SyntaxTree:
        if not text:
            known = listed(self._functions())
            raise MagicError("%ast", f"an expression is missing; functions here: {known}", "%ast print(1 + 2)")
        from types import FunctionType

        from tensorlab.errors import ScriptError
        from tensorlab.jit.syntax_of_graph import syntax_of_graph
        from tensorlab.jit.syntax_tree import syntax_of_function, syntax_of_text

        value: Any = self.names.get(text)
        compiled = notebook.compiled(value)
        try:
            if compiled is not None:
                return syntax_of_graph(compiled.graph, text)
            if isinstance(value, FunctionType):
                return syntax_of_function(value)
            return syntax_of_text(text, text, "")
        except ScriptError as error:
            raise _explained("%ast", error) from None

    def _of_cell(self, text: str, line: str, cell: str) -> SyntaxTree:
        if text:
            raise MagicError("%%ast", f"takes options alone above a cell, got {text!r}", f"%ast {text}")
        if not cell.strip():
            raise MagicError("%%ast", "the cell is empty", "write what to parse below the line that says %%ast")
        from tensorlab.errors import ScriptError
        from tensorlab.jit.syntax_tree import syntax_of_text

        head = f"# %%ast {line}".rstrip()
        try:
            if isinstance(line, Given):
                return syntax_of_text(cell, line.label, "")
            return syntax_of_text(f"{head}\n{cell}", "the cell", "", skip=1)
        except ScriptError as error:
            raise _explained("%%ast", error) from None

    def _functions(self) -> list[str]:
        from types import FunctionType

        found = [n for n, value in self.names.items() if isinstance(value, FunctionType) and not n.startswith("_")]
        hidden = self.session.shell.user_ns_hidden
        return [*notebook.functions(self.names), *(n for n in found if n not in hidden)]


def _explained(magic: str, error: Exception) -> MagicError:
    """A syntax error at the user's own place, in the two lines of a magic."""
    place = getattr(error, "place", None)
    message = getattr(error, "message", str(error))
    if place is None or not place.text:
        return MagicError(magic, message)
    return MagicError(magic, f"{message} in line {place.line}", f"{place.text.strip()}")

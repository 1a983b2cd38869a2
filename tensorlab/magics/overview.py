"""``%tensorlab``: what is here, and whether it works."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from IPython.core.magic import line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics import notebook
from tensorlab.magics.options import help_option, identifier, parse
from tensorlab.magics.session import NotebookMagics

if TYPE_CHECKING:
    from tensorlab.doctor.inventory import MagicEntry
    from tensorlab.view.mime import View


@magics_class
class OverviewMagic(NotebookMagics):
    """``%tensorlab``."""

    @no_var_expand
    @line_magic
    @magic_arguments()
    @help_option
    @argument("--paths", action="store_true", help="also where things are on this machine")
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view to this name")
    @argument("action", nargs="?", choices=["doctor"], help="check that all of it works, and say what to do")
    def tensorlab(self, line: str) -> View | None:
        """Show what is here: versions, devices, the allocator, caches, compiled functions, magics."""
        args = parse(self.tensorlab, line)
        if args is None:
            return None
        view = self._doctor(paths=args.paths) if args.action == "doctor" else self._overview(paths=args.paths)
        self.bind(args.output, view)
        return view

    def _overview(self, *, paths: bool) -> View:
        from tensorlab.doctor.inventory import inventory
        from tensorlab.view.overview import OverviewView

        functions = [(name, notebook.compiled(self.names[name])) for name in notebook.functions(self.names)]
        return OverviewView(inventory(list(self._entries()), functions), paths=paths)

    def _doctor(self, *, paths: bool) -> View:
        from tensorlab.doctor.examine import examine
        from tensorlab.jit.syntax_tree import syntax_of_text
        from tensorlab.view.doctor import DoctorView
        from tensorlab.view.syntax_tree import SyntaxTreeView

        page = SyntaxTreeView(syntax_of_text("print(1 + 2)", "print(1 + 2)", ""))
        return DoctorView(examine(page=page.html, paths=paths))

    def _entries(self) -> Iterator[MagicEntry]:
        """The magics of this session with the first sentence of their help."""
        from tensorlab.doctor.inventory import MagicEntry
        from tensorlab.magics.table import forms

        for kinds in forms().values():
            several = {form.method: form for form in kinds.values()}
            for form in several.values():
                spelled = ", ".join(f.spelled for f in kinds.values() if f.method is form.method)
                yield MagicEntry(spelled, form.summary)

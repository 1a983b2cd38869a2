"""``%phases``: a function from its source to machine code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics import notebook
from tensorlab.magics.errors import MagicError, listed
from tensorlab.magics.options import count, help_option, identifier, parse
from tensorlab.magics.session import NotebookMagics

if TYPE_CHECKING:
    from tensorlab.view.phases import PhasesView


@magics_class
class PhasesMagic(NotebookMagics):
    """``%phases``."""

    @no_var_expand
    @line_magic
    @magic_arguments()
    @help_option
    @argument("--line", type=count, metavar="N", help="mark what came of this line of the source in every phase")
    @argument("--times", action="store_true", help="what each phase took, where it was measured; new in each run")
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view to this name")
    @argument("function", nargs="?", help="a traced or scripted function (default: the one compiled last)")
    def phases(self, line: str) -> PhasesView | None:
        """Show a function from source and tokens over syntax tree, graph and instructions to native code.

        The later phases are those for the arguments of the function's latest call.
        """
        args = parse(self.phases, line)
        if args is None:
            return None
        function, name = self._function(args.function)

        from tensorlab.errors import RangeError
        from tensorlab.jit.phases import phases_of
        from tensorlab.view.phases import PhasesView

        try:
            record = phases_of(function, name, line=args.line)
        except RangeError as error:
            raise MagicError("%phases", f"--line: {str(error).removeprefix('phases: ')}") from None
        view = PhasesView(record, times=args.times)
        self.bind(args.output, view)
        return view

    def _function(self, name: str | None) -> tuple[Any, str]:
        """The function of a name, or the one compiled last and its name."""
        if name is not None:
            return notebook.function_named(self.names, name, "%phases"), name
        latest = self.session.latest
        known = notebook.functions(self.names)
        if latest is None:
            message = f"which function? compiled functions here: {listed(known)}"
            raise MagicError("%phases", message, "script a cell with %%script")
        return latest, notebook.name_of(self.names, latest) or latest.name

"""``%storage``: which names of the notebook share bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics import notebook
from tensorlab.magics.errors import MagicError, a_kind, listed, nearest
from tensorlab.magics.options import help_option, identifier, parse
from tensorlab.magics.session import NotebookMagics

if TYPE_CHECKING:
    from tensorlab.view.storage import StorageView


@magics_class
class StorageMagic(NotebookMagics):
    """``%storage``."""

    @no_var_expand
    @line_magic
    @magic_arguments()
    @help_option
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view to this name")
    @argument("names", nargs="*", help="tensors and NumPy arrays; all of the notebook's where none is given")
    def storage(self, line: str) -> StorageView | None:
        """Show which names share bytes: names, the tensors behind them, and storages drawn to scale.

        A NumPy array stands beside the tensors that were made over its memory. Names that begin with an underscore
        are left out unless they are asked for.
        """
        args = parse(self.storage, line)
        if args is None:
            return None
        wanted = args.names or [*notebook.tensors(self.names), *notebook.arrays(self.names)]
        held = {name: _named(self.names, name) for name in wanted}

        from tensorlab.core.sharing import describe
        from tensorlab.view.storage import StorageView

        view = StorageView(describe(held))
        self.bind(args.output, view)
        return view


def _named(names: dict[str, Any], name: str) -> Any:
    value = names.get(name)
    if notebook.is_tensor(value) or notebook.is_array(value):
        return value
    known = [*notebook.tensors(names), *notebook.arrays(names)]
    there = f"{name} is {a_kind(value)}" if name in names else f"nothing is named {name!r}"
    message = f"{there}; tensors and arrays here: {listed(known)}"
    raise MagicError("%storage", message, nearest(name, known))

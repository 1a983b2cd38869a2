"""``%bigpicture``: from a name of the notebook down to the bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.magic import line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics import notebook
from tensorlab.magics.options import help_option, identifier, parse
from tensorlab.magics.session import NotebookMagics

if TYPE_CHECKING:
    from tensorlab.view.big_picture import BigPictureView


@magics_class
class BigPictureMagic(NotebookMagics):
    """``%bigpicture``."""

    @no_var_expand
    @line_magic
    @magic_arguments()
    @help_option
    @argument("--addresses", action="store_true", help="where in memory the storage lies, which is new in each run")
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view to this name")
    @argument("tensor", help="the name of a tensor")
    def bigpicture(self, line: str) -> BigPictureView | None:
        """Draw what stands behind a name: Python object, tensor, storage, allocator and memory, with real values."""
        args = parse(self.bigpicture, line)
        if args is None:
            return None
        notebook.tensor_named(self.names, args.tensor, "%bigpicture", "tensor")

        from tensorlab.core.big_picture import big_picture
        from tensorlab.view.big_picture import BigPictureView

        view = BigPictureView(big_picture(self.names, args.tensor), addresses=args.addresses)
        self.bind(args.output, view)
        return view

"""``%pyobject``: the C struct behind a Python object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.errors import ArgumentError
from tensorlab.magics.errors import MagicError
from tensorlab.magics.expression import compiled, parse_expression, run_expression
from tensorlab.magics.options import help_option, identifier
from tensorlab.magics.session import NotebookMagics

if TYPE_CHECKING:
    from tensorlab.view.mime import View


@magics_class
class PyObjectMagic(NotebookMagics):
    """``%pyobject``."""

    @no_var_expand
    @line_magic
    @magic_arguments()
    @help_option
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view to this name")
    @argument("--addresses", action="store_true", help="also what differs from run to run: addresses, hashes")
    @argument("--small-ints", action="store_true", help="instead of an object, the ints that CPython makes once")
    @argument("expression", nargs="?", help="a name, or any expression: what it gives is looked at")
    def pyobject(self, line: str) -> View | None:
        """Show the C struct behind a Python object, read from memory: each member's bytes and what they mean.

        With its reference count and who refers to it. Of a tensor, PyTorch's is shown beside it where torch is loaded.
        """
        parsed = parse_expression(self.pyobject, line)
        if parsed is None:
            return None
        args, text = parsed
        if args.small_ints and text:
            raise MagicError("%pyobject", f"--small-ints looks at no object, got {text!r}")
        view = self._small_ints(args) if args.small_ints else self._object(args, text)
        self.bind(args.output, view)
        return view

    def _small_ints(self, args: Any) -> View:
        from tensorlab.core.small_ints import find_small_ints
        from tensorlab.view.pyobject import SmallIntsView

        return SmallIntsView(find_small_ints(), addresses=args.addresses)

    def _object(self, args: Any, text: str) -> View:
        from tensorlab.core.pyobject import examine
        from tensorlab.view.pyobject import PyObjectView

        try:
            # The value has no name here, so that nothing but the look holds it besides the notebook.
            record = examine(self._value(text), label=text, namespace=self.names)
        except ArgumentError as error:
            raise MagicError("%pyobject", str(error)) from None
        return PyObjectView(record, addresses=args.addresses)

    def _value(self, text: str) -> Any:
        # The code ends with this call: it holds the expression's constants.
        shell = self.session.shell
        return run_expression(shell, self.pyobject, text, compiled(shell, self.pyobject, text))

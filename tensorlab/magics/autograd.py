"""``%autograd``: the graph behind a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics import notebook
from tensorlab.magics.errors import MagicError, a_kind, listed, nearest
from tensorlab.magics.options import help_option, identifier, parse
from tensorlab.magics.session import NotebookMagics
from tensorlab.magics.storage_names import Held, everything

if TYPE_CHECKING:
    from tensorlab.core.tensor import Tensor
    from tensorlab.view.autograd import GraphReportView


@magics_class
class AutogradMagic(NotebookMagics):
    """``%autograd``."""

    @no_var_expand
    @line_magic
    @magic_arguments()
    @help_option
    @argument("--addresses", action="store_true", help="where in memory storages lie, which is new in each run")
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view to this name")
    @argument("tensor", help="the name of a tensor, or of one in a list, a dict or a module: losses[0]")
    def autograd(self, line: str) -> GraphReportView | None:
        """Show the graph behind a tensor: nodes, the lines that made them, what they have saved for backward.

        It says what a backward pass would free, and where it would fail: a saved tensor that was written over since is
        marked, with the line that saved it and the line that wrote. Nothing is computed and nothing changes.
        """
        args = parse(self.autograd, line)
        if args is None:
            return None
        held = everything(self.names)
        tensors: dict[str, Any] = {
            name: holding.thing for name, holding in held.holdings if notebook.is_tensor(holding.thing)
        }
        tensor = self._tensor(args.tensor, tensors)

        from tensorlab.autograd.graph import describe
        from tensorlab.view.autograd import GraphReportView

        report = describe(tensor, args.tensor, names=tensors, letters=_letters(held))
        view = GraphReportView(report, addresses=args.addresses)
        self.bind(args.output, view)
        return view

    def _tensor(self, name: str, tensors: dict[str, Tensor]) -> Tensor:
        value: Any = tensors.get(name, self.names.get(name))
        if notebook.is_tensor(value):
            return value
        there = f"{name} is {a_kind(value)}, not a tensor" if name in self.names else f"nothing is named {name!r}"
        raise MagicError("%autograd", f"{there}; tensors here: {listed(tensors)}", nearest(name, tensors))


def _letters(held: Held) -> dict[str, range]:
    """The letters that ``%storage`` has for the notebook's storages, by the bytes that they are."""
    return {s.letter: range(s.address, s.address + s.nbytes) for s in held.report().storages}

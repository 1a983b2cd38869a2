"""``%autograd``: the graph behind a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics import notebook
from tensorlab.magics.errors import MagicError, a_kind, listed, nearest
from tensorlab.magics.expression import compiled, parse_expression, run_expression
from tensorlab.magics.options import help_option, identifier
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
    @argument("tensor", nargs="?", help="its name, or any expression that gives one: losses[0], (x * w).sum()")
    def autograd(self, line: str) -> GraphReportView | None:
        """Show the graph behind a tensor: nodes, the lines that made them, what they have saved for backward.

        It says what a backward pass would free, and where it would fail: a saved tensor that was written over since is
        marked, with the line that saved it and the line that wrote. Nothing is computed and nothing changes.
        """
        parsed = parse_expression(self.autograd, line)
        if parsed is None:
            return None
        args, text = parsed
        held = everything(self.names)
        tensors: dict[str, Any] = {
            name: holding.thing for name, holding in held.holdings if notebook.is_tensor(holding.thing)
        }
        tensor = tensors[text] if text in tensors else self._tensor(text, tensors)

        from tensorlab.autograd.graph import describe
        from tensorlab.view.autograd import GraphReportView

        report = describe(tensor, text, names=tensors, letters=_letters(held))
        view = GraphReportView(report, addresses=args.addresses)
        self.bind(args.output, view)
        return view

    def _tensor(self, text: str, tensors: dict[str, Tensor]) -> Tensor:
        """What an expression gives."""
        if text.isidentifier() and text not in self.names:
            message = f"nothing is named {text!r}; tensors here: {listed(tensors)}"
            raise MagicError("%autograd", message, nearest(text, tensors))
        shell = self.session.shell
        value = run_expression(shell, self.autograd, text, compiled(shell, self.autograd, text))
        if notebook.is_tensor(value):
            return value
        message = f"{text} is {a_kind(value)}, not a tensor; tensors here: {listed(tensors)}"
        raise MagicError("%autograd", message, nearest(text, tensors))


def _letters(held: Held) -> dict[str, range]:
    """The letters that ``%storage`` has for the notebook's storages, by the bytes that they are."""
    return {s.letter: range(s.address, s.address + s.nbytes) for s in held.report().storages}

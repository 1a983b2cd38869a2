"""``%dispatch``: the way of a call from the Python method to the compiled loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics.errors import MagicError
from tensorlab.magics.expression import compiled, failed, parse_expression
from tensorlab.magics.options import help_option, identifier
from tensorlab.magics.session import NotebookMagics

if TYPE_CHECKING:
    from tensorlab.core.dispatch_path import Watched
    from tensorlab.view.dispatch import DispatchView


@magics_class
class DispatchMagic(NotebookMagics):
    """``%dispatch``."""

    @no_var_expand
    @line_magic
    @magic_arguments()
    @help_option
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view to this name")
    @argument(
        "--times",
        action="store_true",
        help="measure each leg, for which the expression runs many times, as under %%timeit; name the loops' files",
    )
    @argument("expression", nargs="?", help="what is run, and watched: a + b, F.relu(x)")
    def dispatch(self, line: str) -> DispatchView | None:
        """Run an expression and show the way of each call: Python, short cut, op, autograd, plan, compiled loop.

        The expression is run once under watch, and what is drawn is what ran: a first call makes a plan and goes the
        long way, later ones find it.
        """
        parsed = parse_expression(self.dispatch, line)
        if parsed is None:
            return None
        args, text = parsed
        view = self._watched(args, text)
        self.bind(args.output, view)
        return view

    def _watched(self, args: Any, text: str) -> DispatchView:
        from tensorlab.core.dispatch_path import NoOperationError, watch_dispatch
        from tensorlab.core.dispatch_times import time_dispatch
        from tensorlab.view.dispatch import DispatchView

        shell = self.session.shell
        if not text:
            raise MagicError("%dispatch", "an expression is missing", "%dispatch a + b")
        code = compiled(shell, self.dispatch, text)
        names = shell.user_global_ns, shell.user_ns
        try:
            first = watch_dispatch(code, *names, text=text)
            if not args.times:
                return DispatchView(first.record)
            then, times = time_dispatch(code, *names, text=text)
        except NoOperationError as error:
            message = str(error).removeprefix("dispatch: ")
            raise MagicError("%dispatch", message, "%dispatch a + b, with a tensor among them") from None
        except Exception as error:
            raise failed(shell, self.dispatch, text, error) from error
        return DispatchView(then.record, times, first=_otherwise(first, then))


def _otherwise(first: Watched, then: Watched) -> Any:
    """What the first run was, where the later ones went another way."""
    return None if first.record.to_dict() == then.record.to_dict() else first.record

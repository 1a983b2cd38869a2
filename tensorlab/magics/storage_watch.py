"""``%%storage --watch``: what a cell did to memory, and whose values it changed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from IPython.core.magic import cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics import frames
from tensorlab.magics.cell import Cell, read_cell, run_cell
from tensorlab.magics.errors import MagicError
from tensorlab.magics.options import help_option, identifier, parse
from tensorlab.magics.session import NotebookMagics
from tensorlab.magics.storage_names import asked, everything, still

if TYPE_CHECKING:
    from tensorlab.core.watching import Watch


@magics_class
class StorageWatchMagic(NotebookMagics):
    """``%%storage``."""

    @no_var_expand
    @cell_magic
    @magic_arguments("%storage")
    @help_option
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view to this name")
    @argument("--watch", action="store_true", help="watch the cell; what this magic is for")
    @argument("names", nargs="*", help="what to watch; all of the notebook's where none is given")
    def storage(self, line: str, cell: str) -> Any:
        """Run the cell and show what it did: whose values changed, whose version rose, what was allocated and freed.

        Names that the cell does not mention and whose values are others afterwards come first: they share bytes with
        what it wrote to. Values are compared by digests of their bytes, up to 128 MiB of them.
        """
        __tracebackhide__ = True
        args = parse(self.storage, line)
        if args is None:
            return None
        if not args.watch:
            raise MagicError("%%storage", "says nothing about what to do with the cell", "%%storage --watch watches it")
        body = read_cell(self.session.shell, "%%storage", line, cell)
        watch = self._watch(args.names)
        try:
            with watch:
                value = run_cell(self.session.shell, body)
        except BaseException as error:
            error.__traceback__ = frames.from_file(error, body.filename)
            self._show(watch, args.names, body, args.output, type(error).__name__)
            raise
        self._show(watch, args.names, body, args.output)
        return None if body.silent else value

    def _watch(self, words: list[str]) -> Watch:
        from tensorlab.core.watching import Watch

        every = everything(self.names)
        return Watch((asked(self.names, words, every, "%%storage") if words else every).holdings)

    def _show(self, watch: Watch, words: list[str], body: Cell, output: str | None, error: str = "") -> None:
        from tensorlab.view.storage_watch import WatchView

        now = still(self.names, words) if words else everything(self.names)
        named = {node.id for node in ast.walk(body.tree) if isinstance(node, ast.Name)}
        view = WatchView(watch.record(now.holdings, named, error))
        self.bind(output, view)
        self.show(view)

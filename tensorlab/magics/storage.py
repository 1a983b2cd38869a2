"""``%storage``: which names of the notebook share bytes, what keeps them, how they lie in memory."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from IPython.core.magic import line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics.errors import MagicError
from tensorlab.magics.options import help_option, identifier, parse
from tensorlab.magics.session import NotebookMagics
from tensorlab.magics.storage_names import Held, asked, everything, first, one

if TYPE_CHECKING:
    from tensorlab.core.sharing import SharingReport
    from tensorlab.view.mime import View


@magics_class
class StorageMagic(NotebookMagics):
    """``%storage``."""

    @no_var_expand
    @line_magic
    @magic_arguments()
    @help_option
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view to this name")
    @argument("--addresses", action="store_true", help="show addresses too: they differ from run to run")
    @argument("--why", metavar="NAME", help="what holds the bytes behind one name, and what would free them")
    @argument("--grid", metavar="NAME", help="the logical grid of one tensor over its bytes, strides as arrows")
    @argument(
        "names",
        nargs="*",
        help="tensors, arrays, columns, buffers, or what holds them: batch[0], net.fc1.weight; "
        "all of the notebook's where none is given",
    )
    def storage(self, line: str) -> View | None:
        """Show which names share bytes: names, the tensors behind them, and storages drawn to scale.

        Tensors of tensorlab and PyTorch, arrays of NumPy and JAX, columns of pandas and Arrow and all that exports a
        buffer stand side by side, also those inside lists, dicts and modules. Nothing is copied to look. Names that
        begin with an underscore are left out unless they are asked for.
        """
        if "--watch" in line.split():
            hint = "write %%storage --watch above the cell's lines"
            raise MagicError("%storage", "--watch watches the cell that it stands above", hint)
        args = parse(self.storage, line)
        if args is None:
            return None
        _check_alone(args)
        view = self._grid(args) if args.grid else self._why(args) if args.why else self._sharing(args)
        self.bind(args.output, view)
        return view

    def _sharing(self, args: argparse.Namespace) -> View:
        from tensorlab.view.storage import StorageView

        every = everything(self.names)
        if not args.names:
            return StorageView(every.report(), addresses=args.addresses)
        held = asked(self.names, args.names, every, "%storage")
        shown = held.report()
        return StorageView(shown, others=_others(shown, every.joined(held)), addresses=args.addresses)

    def _why(self, args: argparse.Namespace) -> View:
        from tensorlab.core.holders import holders
        from tensorlab.view.storage_why import WhyView

        name, holding = first(self.names, args.why, everything(self.names), "%storage", "--why")
        return WhyView(holders(name, holding, self.names))

    def _grid(self, args: argparse.Namespace) -> View:
        from tensorlab.core.grid import grid
        from tensorlab.view.storage_grid import GridView

        name, holding = one(self.names, args.grid, everything(self.names), "%storage", "--grid")
        return GridView(grid(name, holding), addresses=args.addresses)


def _check_alone(args: argparse.Namespace) -> None:
    """See that the line asks one question."""
    asking = [f"--{option}" for option in ("grid", "why") if getattr(args, option)]
    if len(asking) > 1:
        raise MagicError("%storage", f"{' and '.join(asking)} are two questions", "ask them one by one")
    if asking and args.names:
        raise MagicError("%storage", f"{asking[0]} takes one name, and {args.names[0]!r} is another", "")


def _others(shown: SharingReport, every: Held) -> dict[str, list[str]]:
    """By a shown storage's letter, the names that reach its bytes and were not asked for."""
    drawn = {name.name for name in shown.names}
    by_name = {name.name: storage for storage in every.report().storages for name in storage.names}
    others: dict[str, list[str]] = {}
    for storage in shown.storages:
        sharing = {id(s): s for s in (by_name[name.name] for name in storage.names)}
        found = [name.name for s in sharing.values() for name in s.names if name.name not in drawn]
        if found:
            others[storage.letter] = found
    return others

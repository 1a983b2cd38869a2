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
    from tensorlab.core.sharing import SharingReport
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
        every = {name: self.names[name] for name in _known(self.names)}
        wanted = [name for word in args.names for name in word.split(",") if name] or list(every)
        held = {name: _named(self.names, name) for name in wanted}

        from tensorlab.core.sharing import describe
        from tensorlab.view.storage import StorageView

        report = describe(held)
        view = StorageView(report, others=_others(report, describe(every | held)) if args.names else None)
        self.bind(args.output, view)
        return view


def _others(shown: SharingReport, every: SharingReport) -> dict[str, list[str]]:
    """By a shown storage's letter, the names that reach its bytes and were not asked for."""
    drawn = {name.name for name in shown.names}
    others: dict[str, list[str]] = {}
    for storage in shown.storages:
        names = {name.name for name in storage.names}
        sharing = [s for s in every.storages if not names.isdisjoint(name.name for name in s.names)]
        found = [name.name for s in sharing for name in s.names if name.name not in drawn]
        if found:
            others[storage.letter] = found
    return others


def _known(names: dict[str, Any]) -> list[str]:
    return [*notebook.tensors(names), *notebook.arrays(names)]


def _named(names: dict[str, Any], name: str) -> Any:
    value = names.get(name)
    if notebook.is_tensor(value) or notebook.is_array(value):
        return value
    known = _known(names)
    there = f"{name} is {a_kind(value)}" if name in names else f"nothing is named {name!r}"
    message = f"{there}; tensors and arrays here: {listed(known)}"
    raise MagicError("%storage", message, nearest(name, known))

"""Every magic in one table: the shell's magics, the functions of ``tensorlab.lab`` and the commands are read from it.

A form is a magic on a line or above a cell. What it takes is what its own parser says, so that a word means the same
wherever it is written.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from inspect import cleandoc
from typing import Any

from tensorlab.magics.errors import MagicError
from tensorlab.magics.options import help_option, parser_of
from tensorlab.magics.session import Kind, NotebookMagics

_APART = {*help_option.args, "-o"}  # what becomes of a view is each front end's own affair


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a magic: ``method`` is the function of ``owner`` that runs it."""

    name: str
    kind: Kind
    owner: type[NotebookMagics]
    method: Callable[..., Any]

    @property
    def spelled(self) -> str:
        """As the user writes it, ``%ir`` or ``%%trace``."""
        return f"{'%%' if self.kind == 'cell' else '%'}{self.name}"

    @property
    def about(self) -> str:
        """What it does, at length."""
        return cleandoc(parser_of(self.method).description or "")

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return " ".join(self.about.split("\n\n")[0].split())

    @property
    def options(self) -> list[argparse.Action]:
        """Its options, without those for help and for a view's name."""
        return [a for a in parser_of(self.method)._actions if a.option_strings and not _APART & {*a.option_strings}]

    @property
    def words(self) -> list[argparse.Action]:
        """What it takes by place."""
        return [a for a in parser_of(self.method)._actions if not a.option_strings]


@cache
def magic_classes() -> tuple[type[NotebookMagics], ...]:
    """The classes of magics, in the order in which a shell gets them."""
    from tensorlab.magics.allocator import AllocatorMagic
    from tensorlab.magics.autograd import AutogradMagic
    from tensorlab.magics.batching import BatchingMagic
    from tensorlab.magics.big_picture import BigPictureMagic
    from tensorlab.magics.dispatch import DispatchMagic
    from tensorlab.magics.ir import IrMagic
    from tensorlab.magics.ir_edit import IrEditMagic
    from tensorlab.magics.overview import OverviewMagic
    from tensorlab.magics.phases import PhasesMagic
    from tensorlab.magics.pyobject import PyObjectMagic
    from tensorlab.magics.script import TensorlabScriptMagic
    from tensorlab.magics.step import StepMagic
    from tensorlab.magics.storage import StorageMagic
    from tensorlab.magics.storage_watch import StorageWatchMagic
    from tensorlab.magics.syntax import SyntaxMagic
    from tensorlab.magics.trace import TraceMagic

    return (
        *(TraceMagic, TensorlabScriptMagic, IrMagic, StorageMagic, StorageWatchMagic, BigPictureMagic, AllocatorMagic),
        *(BatchingMagic, PyObjectMagic, AutogradMagic, DispatchMagic, SyntaxMagic, PhasesMagic, StepMagic),
        *(OverviewMagic, IrEditMagic),
    )


@cache
def forms() -> dict[str, dict[Kind, Form]]:
    """By a magic's name, its forms; names in alphabetical order."""
    found: dict[str, dict[Kind, Form]] = {}
    for owner in magic_classes():
        for kind in ("line", "cell"):
            for name, method in owner.magics[kind].items():
                found.setdefault(name, {})[kind] = Form(name, kind, owner, getattr(owner, method))
    return dict(sorted(found.items()))


def option_actions(several: Sequence[Form]) -> list[argparse.Action]:
    """The options of some forms of a magic, each once."""
    return list({a.option_strings[-1]: a for form in several for a in form.options}.values())


def word_actions(several: Sequence[Form]) -> list[argparse.Action]:
    """What some forms of a magic take by place, each once."""
    return list({a.dest: a for form in several for a in form.words}.values())


def given(actions: Sequence[argparse.Action], args: argparse.Namespace) -> list[argparse.Action]:
    """Those of some options and words that say anything."""
    return [a for a in actions if getattr(args, a.dest, a.default) not in (a.default, [], None)]


def form_for(name: str, args: argparse.Namespace, *, cell: bool) -> Form:
    """The form of a magic that takes these options, above a cell or not.

    Raises: `MagicError` for options of two forms, and for one that is missing.
    """
    kinds = forms()[name]
    form = kinds.get("cell" if cell else "line")
    if form is None:
        other = next(iter(kinds.values()))
        raise MagicError(other.spelled, "the cell is missing" if other.kind == "cell" else "takes no cell")
    takes = {a.dest for a in (*form.options, *form.words)}
    several = list(kinds.values())
    for action in given([*option_actions(several), *word_actions(several)], args):
        if action.dest not in takes:
            what = action.option_strings[-1] if action.option_strings else repr(getattr(args, action.dest))
            raise MagicError(form.spelled, f"{what} goes {'without' if cell else 'with'} a cell")
    for action in (*form.options, *form.words):
        if action.required and action.nargs != "*" and getattr(args, action.dest, None) is None:
            what = "/".join(action.option_strings) or action.dest
            raise MagicError(form.spelled, f"{what} is missing")
    return form

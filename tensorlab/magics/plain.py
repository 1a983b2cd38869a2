"""Magics without a notebook: names in place of IPython's shell, and views that are handed over and not displayed."""

from __future__ import annotations

import argparse
import ast
import linecache
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from tensorlab.magics import notebook
from tensorlab.magics.options import Given
from tensorlab.magics.session import Kind, Tensorlab

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from tensorlab.magics.table import Form
    from tensorlab.view.mime import View


class _Compiler:
    """Python's own compiler, where a shell has one that remembers cells."""

    flags = 0

    def ast_parse(self, source: str, filename: str) -> ast.Module:
        return ast.parse(source, filename)


class _SyntaxErrors:
    @staticmethod
    def structured_traceback(kind: type[SyntaxError], error: SyntaxError) -> list[str]:
        return "".join(traceback.format_exception_only(kind, error)).splitlines()


class PlainShell:
    """What the magics ask of a shell, over a dict of names; a cell's text is Python's, not IPython's."""

    SyntaxTB = _SyntaxErrors()

    def __init__(self, names: dict[str, Any]) -> None:
        self.user_ns = self.user_global_ns = names
        self.user_ns_hidden: dict[str, Any] = {}
        self.compile = _Compiler()
        self.next_input = ""

    def transform_ast(self, tree: ast.Module) -> ast.Module:
        return tree

    def set_next_input(self, text: str) -> None:
        """Keep the text of a cell that a magic writes."""
        self.next_input = text


class PlainSession(Tensorlab):
    """A session in which no shell runs. ``shown`` are the views that its magics showed, in order."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.plain = PlainShell(names)
        super().__init__(cast("InteractiveShell", self.plain))
        self.shown: list[View] = []

    def show(self, view: View) -> None:
        self.shown.append(view)

    def replaced(self, kind: Kind, name: str) -> None:
        """Ours stand in front of nobody's."""

    def run(
        self, form: Form, args: argparse.Namespace, cell: str = "", *, filename: str = "", label: str = ""
    ) -> list[View]:
        """Run a form of a magic with options that are read, above a cell that stands in a file; gives what it showed.

        Raises: what the magic raises, and what the cell does.
        """
        self.shown = []
        if self.latest is None and any(a.dest == "function" and a.nargs == "?" for a in form.words):
            self.latest = self._last_bound()
        line = Given(argparse.Namespace(**{**vars(args), "output": None}), filename=filename, label=label)
        method = getattr(form.owner(self), form.method.__name__)
        if form.kind == "line":
            view = method(line)
            written = self.plain.next_input
            self.plain.next_input = ""
            return [_as_view(written) if written else view]
        remember(filename, cell)
        given = method(line, cell)
        return self.shown or [given]  # a magic that shows nothing gives its view as the cell's value

    def _last_bound(self) -> Any:
        """The compiled function that was bound last, for magics that take the one that was compiled last."""
        names = self.plain.user_ns
        return next((notebook.compiled(names[last]) for last in reversed(notebook.functions(names))), None)


def remember(filename: str, text: str) -> None:
    """Let a text be found as the source of a file that is not on disk."""
    if filename.startswith("<"):
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)


def joined(views: Sequence[View]) -> View:
    """One view that shows several."""
    from tensorlab.view.several import SeveralViews

    return views[0] if len(views) == 1 else SeveralViews(views)


def _as_view(text: str) -> View:
    from tensorlab.view.written import WrittenView

    return WrittenView(text)

"""The one error of the magics: short in the notebook, and still an error to whoever runs the notebook.

IPython prints a plain ``UsageError`` to stderr and reports the cell as run; a subclass that renders itself goes out as
an error message, so that nbclient, nbval and Run All stop at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from IPython.core.error import UsageError


class MagicError(UsageError):
    """What is wrong with a magic's line or cell, in two or three lines.

    ``magic`` is written as the user does, ``%ir`` or ``%%trace``; ``hint`` is the nearest thing that would work.
    ``failed``: nothing is wrong with the line, but a check that it asked for has failed.
    """

    def __init__(self, magic: str, message: str, hint: str = "", *, failed: bool = False) -> None:
        super().__init__(f"{magic}: {message}")
        self.magic = magic
        self.message = message
        self.hint = hint
        self.failed = failed

    def _render_traceback_(self) -> list[str]:
        hint = [f"  {self.hint}"] if self.hint else []
        return [f"{type(self).__name__}: {self}", *hint, f"  see {self.magic}?"]


class CellError(MagicError):
    """A cell that cannot be read, by Python or as script, shown by lines of its own.

    It is no `SyntaxError`: under one of those, IPython prints every frame between the cell and the parser.
    """

    def __init__(self, magic: str, message: str, shown: Sequence[str]) -> None:
        super().__init__(magic, message)
        self.shown = list(shown)

    def _render_traceback_(self) -> list[str]:
        return self.shown


def nearest(word: str, known: Iterable[str]) -> str:
    """``nearest: --name`` for a word that is almost a known one, else an empty text."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"nearest: {close[0]}" if close else ""


def listed(words: Iterable[str], limit: int = 8) -> str:
    """``a, b, c``, cut short, or ``none``."""
    words = list(words)
    more = f", ... ({len(words) - limit} more)" if len(words) > limit else ""
    return ", ".join(words[:limit]) + more or "none"


def a_kind(value: object) -> str:
    """``a Tensor``, ``an int``, ``an ndarray``."""
    name = type(value).__name__
    return f"{'an' if name.startswith((*'aeiouAEIOU', 'nd')) else 'a'} {name}"

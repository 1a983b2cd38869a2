"""The IPython magics: each parses its line, calls the library, and returns a view.

Loading is silent and cheap: the library's heavy parts are imported by the first magic that needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["load", "unload"]


def load(shell: InteractiveShell) -> None:
    """Register the magics in a shell, once."""
    from tensorlab.magics.complete import matcher
    from tensorlab.magics.empty import filler
    from tensorlab.magics.session import session_of, settled
    from tensorlab.magics.table import magic_classes
    from tensorlab.magics.trace import explanation_view

    if session_of(shell) is not None:
        return
    session = settled(shell)
    session.install([magic(session) for magic in magic_classes()])
    session.draw("tensorlab.jit.explanation.Explanation", explanation_view)
    session.add(shell.input_transformers_cleanup, filler(session))
    session.add(shell.Completer.custom_matchers, matcher(session))


def unload(shell: InteractiveShell) -> None:
    """Leave the shell as it was before `load`."""
    from tensorlab.magics.session import session_of

    session = session_of(shell)
    if session is not None:
        session.uninstall()

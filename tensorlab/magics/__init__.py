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
    from tensorlab.magics.allocator import AllocatorMagic
    from tensorlab.magics.autograd import AutogradMagic
    from tensorlab.magics.batching import BatchingMagic
    from tensorlab.magics.big_picture import BigPictureMagic
    from tensorlab.magics.complete import matcher
    from tensorlab.magics.dispatch import DispatchMagic
    from tensorlab.magics.empty import filler
    from tensorlab.magics.ir import IrMagic
    from tensorlab.magics.ir_edit import IrEditMagic
    from tensorlab.magics.overview import OverviewMagic
    from tensorlab.magics.phases import PhasesMagic
    from tensorlab.magics.pyobject import PyObjectMagic
    from tensorlab.magics.script import TensorlabScriptMagic
    from tensorlab.magics.session import session_of, settled
    from tensorlab.magics.step import StepMagic
    from tensorlab.magics.storage import StorageMagic
    from tensorlab.magics.storage_watch import StorageWatchMagic
    from tensorlab.magics.syntax import SyntaxMagic
    from tensorlab.magics.trace import TraceMagic, explanation_view

    if session_of(shell) is not None:
        return
    session = settled(shell)
    magics = (
        *(TraceMagic, TensorlabScriptMagic, IrMagic, StorageMagic, StorageWatchMagic, BigPictureMagic, AllocatorMagic),
        *(BatchingMagic, PyObjectMagic, AutogradMagic, DispatchMagic, SyntaxMagic, PhasesMagic, StepMagic),
        *(OverviewMagic, IrEditMagic),
    )
    session.install([magic(session) for magic in magics])
    session.draw("tensorlab.jit.explanation.Explanation", explanation_view)
    session.add(shell.input_transformers_cleanup, filler(session))
    session.add(shell.Completer.custom_matchers, matcher(session))


def unload(shell: InteractiveShell) -> None:
    """Leave the shell as it was before `load`."""
    from tensorlab.magics.session import session_of

    session = session_of(shell)
    if session is not None:
        session.uninstall()

"""What calls share, as cells of a notebook do: the function compiled last, the walk of `step`, the settings."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tensorlab.magics.plain import PlainSession
from tensorlab.magics.session import Tensorlab, session_of

_SHARED = ("latest", "walk", "style", "batching_seconds")
_alone = PlainSession({})  # where no notebook is


@contextmanager
def going_on(names: dict[str, Any]) -> Iterator[PlainSession]:
    """A session over these names, that goes on where the notebook, or the last call, was."""
    home = _home()
    session = PlainSession(names)
    for what in _SHARED:
        setattr(session, what, getattr(home, what))
    try:
        yield session
    finally:
        home.latest, home.walk = session.latest, session.walk


def _home() -> Tensorlab:
    """The session of the notebook, where the extension is loaded in one."""
    shells = sys.modules["IPython.core.interactiveshell"].InteractiveShell
    return (session_of(shells.instance()) if shells.initialized() else None) or _alone

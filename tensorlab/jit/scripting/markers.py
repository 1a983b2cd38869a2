"""What users write around scripted code: ``annotate``, ``is_scripting``, ``Final``, and the marks on functions.

In plain Python each does next to nothing; scripting knows them by identity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

__all__ = ["Final", "annotate", "export", "ignore", "is_scripting", "mark_of", "uninitialized", "unused"]

MARK = "__tensorlab_script__"

F = TypeVar("F", bound=Callable[..., Any])


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value itself; scripting takes it as of that type, where the value alone does not tell: ``[]``, ``None``."""
    del the_type
    return the_value


def uninitialized(the_type: Any) -> Any:
    """In the text of a graph, a value that nothing reads; None in Python."""
    del the_type


def is_scripting() -> bool:
    """Whether the code runs as a script: False in Python, True in a scripted function."""
    return False


def export(fn: F) -> F:
    """Decorator: script this method of a module too, though ``forward`` does not call it."""
    setattr(fn, MARK, "export")
    return fn


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """Decorator: leave this function to Python; a script that calls it calls into Python. ``@ignore`` or ``@ignore()``.

    With ``drop=True`` a call of it raises instead, as with `unused`.
    """
    if callable(drop):
        setattr(drop, MARK, "ignore")
        return drop

    def mark(fn: F) -> F:
        setattr(fn, MARK, "unused" if drop or kwargs.get("drop_on_export") else "ignore")
        return fn

    return mark


def unused(fn: F) -> F:
    """Decorator: a script may name this function, and raises where it would run it."""
    setattr(fn, MARK, "unused")
    return fn


def mark_of(thing: Any) -> str:
    """``export``, ``ignore``, ``unused``, or an empty text."""
    return str(getattr(thing, MARK, ""))

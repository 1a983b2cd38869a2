"""The magics as Python functions: ``tl.lab.ir(f, stage="asm")`` is ``%ir f --stage asm``, in a notebook or out of one.

There is one function for each magic, and its words are the magic's options: ``help(tl.lab.ir)`` lists them. Where a
magic takes names, a function takes them too, as text, or the things themselves; expressions are text. Names and
expressions mean what they mean where the function is called. What a function gives is the view that the magic shows:
text, `to_html`, `to_dict` and `to_json`.

Importing this imports nothing; the first function that is asked for imports IPython, whose parsers the magics use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tensorlab.view.mime import View


def __getattr__(name: str) -> Callable[..., View]:
    """The function of a magic, made of its parser once."""
    from tensorlab.lab.functions import function_of
    from tensorlab.magics.table import forms

    if name.startswith("_") or name not in forms():
        raise AttributeError(f"module 'tensorlab.lab' has no attribute {name!r}")
    function = function_of(name)
    globals()[name] = function
    return function


def __dir__() -> list[str]:
    from tensorlab.magics.table import forms

    return list(forms())

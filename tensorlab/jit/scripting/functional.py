"""Which of the library's functions have a form in the language, by identity; the others are ops by themselves."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import FunctionType
from typing import Any

from tensorlab.jit.scripting.forms import Form
from tensorlab.jit.scripting.names import is_ours

_HOME = "tensorlab.jit.scripting"
_MODULES = (f"{_HOME}.neural_forms", f"{_HOME}.image_forms", f"{_HOME}.loss_forms", f"{_HOME}.layer_forms")


@cache
def form_of_function(function: FunctionType) -> Form:
    """The form that a function's source is, read once."""
    return Form.of(function, typed=function.__module__ == _MODULES[3])


@cache
def _table() -> dict[int, FunctionType]:
    """Forms by the identity of the public function that each stands for: that of the same name."""
    from tensorlab.nn import functional

    found: dict[int, FunctionType] = {}
    for home in _MODULES[:3]:
        for name, form in vars(import_module(home)).items():
            if isinstance(form, FunctionType) and form.__module__ == home and not name.startswith("_"):
                found[id(getattr(functional, name))] = form
    return found


def form_of(thing: Any) -> Form | None:
    """The form of a public function, or of one that forms call; `None` for everything else."""
    if not isinstance(thing, FunctionType):
        return None
    if thing.__module__ in _MODULES:
        return form_of_function(thing)
    found = _table().get(id(thing)) if is_ours(thing) else None
    return None if found is None else form_of_function(found)

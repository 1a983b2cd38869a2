"""Which of the library's functions have a form in the language, by identity; the others are ops by themselves."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import FunctionType
from typing import Any

from tensorlab.core.op import lookup
from tensorlab.jit.scripting.forms import Form
from tensorlab.jit.scripting.names import is_ours
from tensorlab.ops import families, linear_algebra

_HOME = "tensorlab.jit.scripting"
_FUNCTIONAL = (f"{_HOME}.neural_forms", f"{_HOME}.image_forms", f"{_HOME}.loss_forms")
_LAYERS, _TENSORS = f"{_HOME}.layer_forms", f"{_HOME}.tensor_forms"
_MODULES = (*_FUNCTIONAL, _LAYERS, _TENSORS)
_OPEN = {"empty": "aten::zeros", "empty_like": "aten::zeros_like"}


@cache
def form_of_function(function: FunctionType) -> Form:
    """The form that a function's source is, read once."""
    return Form.of(function, typed=function.__module__ == _LAYERS)


@cache
def _table() -> dict[int, FunctionType]:
    """Forms by the identity of the public function that each stands for."""
    from tensorlab.nn import functional

    found: dict[int, FunctionType] = {}
    for home in _FUNCTIONAL:
        found |= {id(getattr(functional, name)): form for name, form in _forms(home).items()}
    for name, form in _forms(_TENSORS).items():
        found[id(_public(name))] = form
    return found


def _public(name: str) -> Any:
    """What a form of `tensor_forms` stands for."""
    home, _, plain = name.partition("_")
    if home == "linalg":
        return getattr(linear_algebra, plain)
    return _methods()[plain] if home == "method" else families.table("FUNCTIONS")[name]


def _forms(home: str) -> dict[str, FunctionType]:
    there = vars(import_module(home)).items()
    return {n: f for n, f in there if isinstance(f, FunctionType) and f.__module__ == home and not n.startswith("_")}


def form_of(thing: Any) -> Form | None:
    """The form of a public function, or of one that forms call; `None` for everything else."""
    if not isinstance(thing, FunctionType):
        return None
    if thing.__module__ in _MODULES:
        return form_of_function(thing)
    found = _table().get(id(thing)) if is_ours(thing) else None
    return None if found is None else form_of_function(found)


def form_of_method(name: str) -> Form | None:
    """The form of a tensor's method that is no op of its own."""
    return form_of(_methods().get(name))


def kind_of_function(thing: Any) -> str | None:
    """The op that stands for a function which leaves the elements open: they are zeros."""
    name = getattr(thing, "__name__", "")
    return _OPEN[name] if name in _OPEN and thing is families.table("FUNCTIONS").get(name) else None


def kind_of_method(name: str) -> str | None:
    """The op that a method is another name of: ``multiply`` is ``mul``."""
    kind = f"aten::{getattr(_methods().get(name), '__name__', name)}"
    return kind if lookup(kind) else None


@cache
def _methods() -> dict[str, Any]:
    return families.table("METHODS")

"""A module's tables of parameters, buffers and modules: which of them a name is in, and what may be assigned to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tensorlab.autograd import Tensor
from tensorlab.errors import ArgumentError, AssignmentError, AttributeKeyError

if TYPE_CHECKING:
    from tensorlab.nn.module import Module

TABLES = ("_parameters", "_buffers", "_modules")

# What an entry of a table is called, and what may be assigned to the name of one.
_KINDS = {
    "_parameters": ("parameter", "tensorlab.nn.Parameter or None"),
    "_buffers": ("buffer", "tensorlab.nn.Buffer, tensorlab.Tensor or None"),
    "_modules": ("child module", "tensorlab.nn.Module or None"),
}


def holder(module: Module, name: str) -> str | None:
    """The table that has the name; None also before ``Module.__init__()``."""
    tables = module.__dict__
    if "_parameters" not in tables:
        return None
    return next((table for table in TABLES if name in tables[table]), None)


def replace(module: Module, table: str, name: str, value: Any) -> None:
    """Assign what is no parameter and no module to a name that a table holds.

    Raises: `ArgumentError` for a kind that the table does not hold.
    """
    if value is not None and not (table == "_buffers" and isinstance(value, Tensor)):
        what, takes = _KINDS[table]
        raise ArgumentError(f"cannot assign '{type_name(value)}' as {what} '{name}' ({takes} expected)")
    module.__dict__[table][name] = value


def forget(module: Module, name: str, *, but: str) -> None:
    """Take a name out of the module, except for one table: a name is in one place at most."""
    module.__dict__.pop(name, None)
    for table in TABLES:
        if table != but:
            module.__dict__[table].pop(name, None)
    module.__dict__["_non_persistent_buffers_set"].discard(name)


def check_started(module: Module, kind: str) -> None:
    """Raise `AssignmentError` before ``Module.__init__()`` has run."""
    if "_parameters" not in module.__dict__:
        raise AssignmentError(f"cannot assign {kind} before Module.__init__() call")


def check_name(module: Module, name: object, kind: str, table: str) -> None:
    """Whether a name may be that of a parameter, a buffer or a module.

    Raises: `AssignmentError` before ``Module.__init__()``, `ArgumentError` for no string, `AttributeKeyError` for one
            that is empty, has a dot, or is another attribute's.
    """
    check_started(module, kind)
    if not isinstance(name, str):
        raise ArgumentError(f"{kind} name should be a string. Got {type_name(name)}")
    if "." in name:
        raise AttributeKeyError(f'{kind} name can\'t contain "."' + (f", got: {name}" if kind == "module" else ""))
    if not name:
        raise AttributeKeyError(f'{kind} name can\'t be empty string ""')
    if name not in module.__dict__[table] and hasattr(module, name):
        raise AttributeKeyError(f"attribute '{name}' already exists")


def type_name(value: object) -> str:
    """What a message calls a value's type."""
    if isinstance(value, Tensor):
        return "tensorlab.Tensor"
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"

"""The tree that modules form: what is in it by dotted name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tensorlab.errors import AssignmentError

if TYPE_CHECKING:
    from tensorlab.nn.module import Module


def dotted(prefix: str, name: str) -> str:
    """A name below another."""
    return f"{prefix}.{name}" if prefix else name


def members(module: Module, table: str, prefix: str, *, recurse: bool, once: bool) -> Iterator[tuple[str, Any]]:
    """Entries of one of the tables by dotted name, those of modules below too; shared ones once, if asked."""
    seen: set[int] = set()
    parts = module.named_modules(prefix=prefix, remove_duplicate=once) if recurse else [(prefix, module)]
    for path, part in parts:
        for name, value in part.__dict__[table].items():
            if value is None or (once and id(value) in seen):
                continue
            seen.add(id(value))
            yield dotted(path, name), value


def submodule(module: Module, target: str) -> Module:
    """The module of a dotted name; the module itself for an empty one.

    Raises: `AssignmentError` naming the part that is missing.
    """
    found: Any = module
    for part in target.split(".") if target else ():
        if not hasattr(found, part):
            raise AssignmentError(f"{found._get_name()} has no attribute `{part}`")
        parent, found = found, getattr(found, part)
        if all(found is not child for child in parent.__dict__["_modules"].values()):
            raise AssignmentError(f"`{part}` is not an nn.Module")
    return found


_WORDS = {"_parameters": "an nn.Parameter", "_buffers": "a buffer"}


def entry(module: Module, target: str, table: str) -> Any:
    """The parameter or the buffer of a dotted name.

    Raises: `AssignmentError` where there is none.
    """
    path, _, name = target.rpartition(".")
    part = submodule(module, path)
    if not hasattr(part, name):
        raise AssignmentError(f"{part._get_name()} has no attribute `{name}`")
    if name not in part.__dict__[table]:
        raise AssignmentError(f"`{name}` is not {_WORDS[table]}")
    return part.__dict__[table][name]

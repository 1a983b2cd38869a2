"""The modules whose public names are tensorlab's: each has tables of functions and methods, from name to function.

``FUNCTIONS`` are names of the package (``tl.sin``), ``METHODS`` of Tensor, ``LINALG`` of ``tl.linalg``, ``FUNCTIONAL``
of ``tl.nn.functional``. A later module's entry replaces an earlier one's of the same name.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tensorlab.ops import api, create, reduce_functions

FAMILIES: tuple[ModuleType, ...] = (
    api,
    create,
    reduce_functions,
)

TABLES = ("FUNCTIONS", "METHODS", "LINALG", "FUNCTIONAL")


def table(name: str) -> dict[str, Any]:
    """All entries of one of `TABLES`."""
    found: dict[str, Any] = {}
    for family in FAMILIES:
        found.update(getattr(family, name, {}))
    return found


def homes(name: str) -> dict[str, str]:
    """The module that holds each public name of one of `TABLES`."""
    return {key: family.__name__ for family in FAMILIES for key in getattr(family, name, {})}

"""Sizes and dimensions as methods take them: one by one, or as one list."""

from __future__ import annotations

from typing import Any

from tensorlab.ops.operands import as_ints


def listed_sizes(given: tuple[Any, ...], op: str, name: str) -> tuple[int, ...]:
    """``x.view(2, 3)`` and ``x.view((2, 3))`` alike.

    Raises: `ArgumentError` for what is no integer.
    """
    listed = len(given) == 1 and isinstance(given[0], (tuple, list))
    return as_ints(given[0] if listed else given, op=op, name=name)

"""How modules print: a line each, what is inside indented, equal neighbours of a list as one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tensorlab.nn.module import Module


def module_text(name: str, extra: str, parts: Iterable[tuple[str, str]]) -> str:
    """A module of this name: its own words, and the texts of what is inside, each with its label."""
    own = extra.split("\n") if extra else []
    inside = [f"({label}): {_indented(text)}" for label, text in parts]
    if not inside and len(own) <= 1:
        return f"{name}({extra})"
    return f"{name}(\n  " + "\n  ".join([*own, *inside]) + "\n)"


def runs(modules: Iterable[Module | None]) -> list[tuple[str, str]]:
    """Labels and texts of a list, neighbours that print alike as ``(0-2): 3 x ...``."""
    found: list[tuple[int, int, str]] = []
    for i, module in enumerate(modules):
        text = repr(module)
        if found and found[-1][2] == text:
            found[-1] = (found[-1][0], i, text)
        else:
            found.append((i, i, text))
    return [
        (f"{first}", text) if first == last else (f"{first}-{last}", f"{last - first + 1} x {text}")
        for first, last, text in found
    ]


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")

"""A small program in the scripted language: a source, and the arguments of its calls.

``f`` is what runs. ``tl`` is tensorlab, or PyTorch where that runs the program. A call is a tuple of arguments; a
nested list of floats under `T` is a tensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class T:
    """A tensor among the arguments."""

    data: Any


@dataclass(frozen=True, slots=True)
class Program:
    """One program and its calls."""

    name: str
    source: str
    calls: tuple[tuple[Any, ...], ...]


def program(name: str, source: str, *calls: tuple[Any, ...]) -> Program:
    """A program of a source that is written as Python is, with a first empty line."""
    return Program(name, source.lstrip("\n"), calls)


INTS = tuple((n,) for n in (-2, 0, 1, 3, 6, 9, 13))
X = (T([[1.0, -2.0, 3.0], [0.5, 0.25, -4.0]]),)

"""Where a random program's choices come from: Hypothesis, which shrinks them, or a seed, which is quick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Choices(Protocol):
    """Numbers of somebody's choosing."""

    def integer(self, low: int, high: int) -> int: ...


class Drawn:
    """Choices of Hypothesis."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def integer(self, low: int, high: int) -> int:
        return self.data.draw(st.integers(low, high))


class Seeded:
    """Choices of a seed."""

    def __init__(self, seed: int) -> None:
        import random

        self.random = random.Random(seed)

    def integer(self, low: int, high: int) -> int:
        return self.random.randint(low, high)


def pick(choices: Choices, values: Sequence[T]) -> T:
    return values[choices.integer(0, len(values) - 1)]


def chance(choices: Choices, percent: int) -> bool:
    """Rather no where it shrinks."""
    return choices.integer(0, 99) >= 100 - percent

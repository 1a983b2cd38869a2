"""The cache of small integers: found by asking which ints are the same object, and where they lie."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from itertools import pairwise

_TALK = (200, 300)
_FURTHEST = 2000  # beyond any limit that CPython has had: -5 to 256, up to 1024 from 3.15 on


@dataclass(frozen=True, slots=True)
class Identity:
    """Whether two ints of one value are one object: ``a = value`` and ``b = value``, compiled apart or together."""

    value: int
    together: bool
    same: bool

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SmallInts:
    """Ints from ``low`` to ``high`` are made once, when Python starts.

    ``step`` is the distance from each to the next in memory, None where it is not the same throughout; ``outside`` is
    how far the first int of ``identities`` that is not cached lay from the cache. Units: bytes.
    """

    low: int
    high: int
    step: int | None
    sizeof: int
    address: int
    identities: tuple[Identity, ...]

    @property
    def nbytes(self) -> int | None:
        """Bytes of the whole array."""
        return None if self.step is None else self.step * (self.high - self.low + 1)

    def offset(self, value: int) -> int | None:
        """Where a cached int lies, from the first one on."""
        inside = self.low <= value <= self.high
        return self.step * (value - self.low) if inside and self.step is not None else None

    def to_dict(self, *, addresses: bool = False) -> dict[str, object]:
        facts: dict[str, object] = {
            "low": self.low,
            "high": self.high,
            "step": self.step,
            "sizeof": self.sizeof,
            "nbytes": self.nbytes,
            "identities": [identity.to_dict() for identity in self.identities],
        }
        return facts | ({"address": self.address} if addresses else {})


def find_small_ints(values: tuple[int, ...] = _TALK) -> SmallInts:
    """Find the cache's limits by trying, and repeat the talk's ``a is b`` for each value.

    Values that are written in one piece of code are one constant of it, so each is tried in two pieces compiled
    apart, as two lines of an interactive session are, and then in one.
    """
    high = next(n for n in range(_FURTHEST) if not _made_once(n)) - 1
    low = next(n for n in range(0, -_FURTHEST, -1) if not _made_once(n)) + 1
    places = [id(n) for n in range(low, high + 1)]
    steps = {after - before for before, after in pairwise(places)}
    identities = [Identity(v, together, _same(v, together=together)) for v in values for together in (False, True)]
    return SmallInts(
        low, high, steps.pop() if len(steps) == 1 else None, sys.getsizeof(1), places[0], tuple(identities)
    )


def _made_once(value: int) -> bool:
    """Whether computing an int twice gives one object; both are alive while they are compared."""
    text = str(value)
    first, second = int(text), int(text)
    return first is second


def _same(value: int, *, together: bool) -> bool:
    """``a = value; b = value; a is b``, really run."""
    names: dict[str, object] = {}
    lines = [f"a = {value}", f"b = {value}"]
    for source in ["\n".join(lines)] if together else lines:
        exec(compile(source, "<small ints>", "exec"), names)  # noqa: S102 - an assignment of a number
    return names["a"] is names["b"]

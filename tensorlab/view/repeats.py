"""Where lines repeat: stretches that come again and again, alike but for names, as the blocks of a large network do."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from tensorlab.view.text import grouped

_LONGEST_PERIOD = 400  # lines that may repeat together
_LEAST_REPEATS = 3
_MOST_TRIED = 24  # periods, at one place
# Names of values, and numbers of groups: `%12`, `%x.1`, `FusionGroup_3`; in a program `v3`, `loop0_`, `# line 7`.
_NAMES = re.compile(r"%[\w.]+|(?<=Group)_\d+")
_PROGRAM_NAMES = re.compile(r"\bv\d+\b|(?<=\bloop)\d+(?=_)|  # line .*")


class Run(NamedTuple):
    """``repeats`` times ``period`` items, from item ``start`` on."""

    start: int
    period: int
    repeats: int

    @property
    def stop(self) -> int:
        return self.start + self.period * self.repeats


def again(run: Run, hidden: int) -> str:
    """What is left out where a stretch is shown once: so many lines."""
    these = "that line" if run.period == 1 else f"these {grouped(run.period)} lines"
    return f"{these} {grouped(run.repeats - 1)} times more, but for names: {grouped(hidden)} alike"


def runs(kinds: Sequence[Hashable]) -> list[Run]:
    """Where items repeat, in their order: at each place the period that reaches farthest, the shortest of them.

    Cost: a few comparisons an item where things repeat, at most 24 an item elsewhere in long near-repetitions.

    >>> runs("xabababy")
    [Run(start=1, period=2, repeats=3)]
    """
    known: dict[Hashable, int] = {}
    items = [known.setdefault(kind, len(known)) for kind in kinds]
    following = _following(items)
    found: list[Run] = []
    i = 0
    while i < len(items):
        run = _run(items, following, i)
        if run is None:
            i += 1
        else:
            found.append(run)
            i = run.stop
    return found


def _following(items: Sequence[int]) -> list[int]:
    """By item, where the next one of its kind is; 0 where there is none."""
    following = [0] * len(items)
    last: dict[int, int] = {}
    for i in reversed(range(len(items))):
        following[i] = last.get(items[i], 0)
        last[items[i]] = i
    return following


def _run(items: Sequence[int], following: Sequence[int], start: int) -> Run | None:
    best: Run | None = None
    again = following[start]
    for _ in range(_MOST_TRIED):
        period = again - start
        if not again or period > _LONGEST_PERIOD:
            break
        at = again
        while at < len(items) and items[at] == items[at - period]:
            at += 1
        repeats = (at - start) // period
        if repeats >= _LEAST_REPEATS and (best is None or period * repeats > best.stop - start):
            best = Run(start, period, repeats)
        again = following[again]
    return best


def without_names(code: str) -> str:
    """A line of a graph or of a program less the names in it: what lines of one form have in common."""
    return _NAMES.sub("%", without_program_names(code))


def without_program_names(code: str) -> str:
    """A line of a program less the names in it; of machine code, which has registers, all of the line."""
    return _PROGRAM_NAMES.sub("%", code)

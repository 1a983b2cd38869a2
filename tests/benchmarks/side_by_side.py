"""Timing the same work done by several libraries: in turns, in one process.

A machine that slows down half-way slows all of them down: within a round, which is short, they meet the same machine.
So times are compared round by round, and the median is taken of the ratios, not only of the times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from time import perf_counter

from tensorlab.core.measure import Measurement

Loop = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Statement:
    """A line of code and the names in it. It is timed inside a loop of its own, so that no call is added to it."""

    code: str
    names: Mapping[str, object] = field(default_factory=dict)

    def loop(self) -> Loop:
        """A function of ``n`` that runs the line ``n`` times; the names are its locals."""
        parameters = ", ".join(["n", *(f"{name}={name}" for name in self.names)])
        source = f"def loop({parameters}):\n    for _ in range(n):\n        {self.code}\n"
        namespace = dict(self.names)
        exec(compile(source, f"<{self.code}>", "exec"), namespace)
        return namespace["loop"]  # type: ignore[return-value]

    def value(self) -> object:
        """What the line gives, if it is an expression."""
        return eval(self.code, dict(self.names))


@dataclass(frozen=True, slots=True)
class Laps:
    """Seconds of one call in each round, where a turn was ``calls`` calls."""

    seconds: tuple[float, ...]
    calls: int = 1

    def measurement(self) -> Measurement:
        """Median and interquartile range."""
        return Measurement(median(self.seconds), interquartile_range(self.seconds), len(self.seconds), self.calls)

    def over(self, other: Laps) -> tuple[float, ...]:
        """This time divided by the other's, round by round."""
        return tuple(own / its for own, its in zip(self.seconds, other.seconds, strict=True))

    def minus(self, other: Laps) -> tuple[float, ...]:
        """How much longer it took than the other, round by round."""
        return tuple(own - its for own, its in zip(self.seconds, other.seconds, strict=True))


def interquartile_range(values: Sequence[float]) -> float:
    """Distance between the quartiles; 0 for a single value."""
    if len(values) < 2:
        return 0.0
    low, _, high = quantiles(values, n=4, method="inclusive")
    return high - low


def race(
    entrants: Mapping[str, Statement],
    *,
    rounds: int = 101,
    min_seconds: float = 0.001,
    clock: Callable[[], float] = perf_counter,
) -> dict[str, Laps]:
    """Time each entrant once a round; a turn is as many calls as take ``min_seconds``.

    Each round starts with another entrant, because what ran before leaves its mark on caches and on the allocator.
    Turns are short and many: most of them then fit between two interruptions by other programs.
    """
    loops = {name: statement.loop() for name, statement in entrants.items()}
    calls = {name: _calls(loop, min_seconds, clock) for name, loop in loops.items()}
    names = list(loops)
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            times[name].append(_seconds(loops[name], calls[name], clock) / calls[name])
    return {name: Laps(tuple(times[name]), calls[name]) for name in names}


def _calls(loop: Loop, min_seconds: float, clock: Callable[[], float]) -> int:
    """Calls that take ``min_seconds`` together; finding out also warms the entrant up."""
    loop(1)
    calls = 1
    while (seconds := _seconds(loop, calls, clock)) < min_seconds:
        wanted = int(calls * min_seconds / seconds) + 1 if seconds > 0 else calls * 10
        calls = min(max(wanted, calls * 2), calls * 10)
    return calls


def _seconds(loop: Loop, calls: int, clock: Callable[[], float]) -> float:
    start = clock()
    loop(calls)
    return clock() - start

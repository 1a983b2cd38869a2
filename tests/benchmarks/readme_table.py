"""The table of benchmarks in Markdown, as the README holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum

from tensorlab.core.measure import Measurement

NOT_INSTALLED = "not installed"
NONE = "–"
HEADER = ("what", "tensorlab", "torch", "NumPy", "ratio", "goal")


class Kind(Enum):
    """How tensorlab's time stands against another."""

    SPEED = "times the other's speed"
    TIME = "times the other's time"
    MORE = "seconds more than the other"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A comparison: with whom, how, and what the project set out to reach.

    Units: ``goal`` is a factor, or seconds where ``kind`` is `Kind.MORE`. Speed is to be at least the goal, time and
    seconds at most. ``time`` is the other's, or None where it is not installed.
    """

    against: str
    time: Measurement | None
    kind: Kind
    goal: float | None = None

    def value(self, own: Measurement) -> float | None:
        """The factor or the seconds; None without the other's time."""
        if self.time is None:
            return None
        match self.kind:
            case Kind.SPEED:
                return self.time.median / own.median
            case Kind.TIME:
                return own.median / self.time.median
            case Kind.MORE:
                return own.median - self.time.median

    def met(self, own: Measurement) -> bool | None:
        """Whether the goal is reached; None without one, or without the other's time."""
        value = self.value(own)
        if value is None or self.goal is None:
            return None
        return value >= self.goal if self.kind is Kind.SPEED else value <= self.goal

    def text(self, own: Measurement) -> str:
        """``14.3× the speed of torch``."""
        value = self.value(own)
        if value is None:
            return NONE
        match self.kind:
            case Kind.SPEED:
                return f"{factor(value)} the speed of {self.against}"
            case Kind.TIME:
                return f"{factor(value)} the time of {self.against}"
            case Kind.MORE:
                return f"{signed(value)} over {self.against}"

    def goal_text(self, own: Measurement) -> str:
        """``≥ 8×, met``."""
        if self.goal is None:
            return NONE
        limit = signed(self.goal) if self.kind is Kind.MORE else f"{self.goal:g}×"
        return goal_text("≥" if self.kind is Kind.SPEED else "≤", limit, self.met(own))


@dataclass(frozen=True, slots=True)
class Limit:
    """A goal for tensorlab's own time, in seconds; None sets none."""

    goal: float | None = None

    def value(self, own: Measurement) -> float:
        """The time itself."""
        return own.median

    def met(self, own: Measurement) -> bool | None:
        """Whether it is short enough."""
        return None if self.goal is None else own.median <= self.goal

    def text(self, own: Measurement) -> str:
        """There is no other time to divide by."""
        return NONE

    def goal_text(self, own: Measurement) -> str:
        """``≤ 3 s, missed``."""
        return NONE if self.goal is None else goal_text("≤", f"{self.goal:g} s", self.met(own))


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. A cell without a measurement says why in its own words."""

    what: str
    tensorlab: Measurement
    torch: Measurement | str = NONE
    numpy: Measurement | str = NONE
    verdict: Ratio | Limit = Limit()

    def cells(self) -> tuple[str, ...]:
        """The texts from left to right."""
        times = [cell if isinstance(cell, str) else spread(cell) for cell in (self.tensorlab, self.torch, self.numpy)]
        return (self.what, *times, self.verdict.text(self.tensorlab), self.verdict.goal_text(self.tensorlab))

    def to_dict(self) -> dict[str, object]:
        """For the JSON that ``--benchmark-json`` writes."""
        times = {"tensorlab": self.tensorlab, "torch": self.torch, "numpy": self.numpy}
        return {
            "what": self.what,
            **{name: cell if isinstance(cell, str) else asdict(cell) for name, cell in times.items()},
            "value": self.verdict.value(self.tensorlab),
            "goal": self.verdict.goal,
            "met": self.verdict.met(self.tensorlab),
        }


def markdown(rows: Sequence[Row], machine: str) -> str:
    """The table, those rows first that have a goal, and under it where and how it was measured."""
    ordered = sorted(rows, key=lambda row: row.verdict.goal is None)
    lines = [HEADER, ("---", "--:", "--:", "--:", "--:", "--:"), *(row.cells() for row in ordered)]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"{table}\n\n{machine}\n"


def goal_text(sign: str, limit: str, met: bool | None) -> str:
    """A goal, and whether it was reached, where that is known."""
    return f"{sign} {limit}" if met is None else f"{sign} {limit}, {'met' if met else 'missed'}"


def factor(value: float) -> str:
    """Three digits: ``14.3×``."""
    return f"{digits(value)}×"


def signed(seconds: float) -> str:
    """``+25 ms``."""
    return f"{'-' if seconds < 0 else '+'}{duration(abs(seconds))}"


def duration(seconds: float) -> str:
    """Seconds in a unit that leaves one to three digits before the point."""
    scale, unit = _unit(seconds)
    return f"{digits(seconds * scale)} {unit}"


def spread(time: Measurement) -> str:
    """Median and half the interquartile range, in one unit: ``9.76 ± 0.31 ms``."""
    scale, unit = _unit(time.median)
    middle = digits(time.median * scale)
    places = len(middle.partition(".")[2])
    return f"{middle} ± {time.spread / 2 * scale:.{places}f} {unit}"


def digits(value: float) -> str:
    """Three significant digits from 1 on; two decimals below."""
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"


def _unit(seconds: float) -> tuple[float, str]:
    for scale, unit in ((1e9, "ns"), (1e6, "µs"), (1e3, "ms")):
        if seconds * scale < 999.5:
            return scale, unit
    return 1, "s"

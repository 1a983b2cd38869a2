"""The table of benchmarks in Markdown, as the README holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from statistics import median

from side_by_side import Laps, interquartile_range

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
    seconds at most. ``laps`` are the other's, or None where it is not installed.
    """

    against: str
    laps: Laps | None
    kind: Kind
    goal: float | None = None

    def rounds(self, own: Laps) -> tuple[float, ...]:
        """The factor or the seconds of each round; none without the other's times."""
        if self.laps is None:
            return ()
        match self.kind:
            case Kind.SPEED:
                return self.laps.over(own)
            case Kind.TIME:
                return own.over(self.laps)
            case Kind.MORE:
                return own.minus(self.laps)

    def value(self, own: Laps) -> float | None:
        """The median over rounds; None without the other's times."""
        rounds = self.rounds(own)
        return median(rounds) if rounds else None

    def met(self, own: Laps) -> bool | None:
        """Whether the goal is reached; None without one, or without the other's times."""
        value = self.value(own)
        if value is None or self.goal is None:
            return None
        return value >= self.goal if self.kind is Kind.SPEED else value <= self.goal

    def text(self, own: Laps) -> str:
        """``14.3 ± 0.5× the speed of torch``."""
        rounds = self.rounds(own)
        if not rounds:
            return NONE
        match self.kind:
            case Kind.SPEED:
                return f"{factor(rounds)} the speed of {self.against}"
            case Kind.TIME:
                return f"{factor(rounds)} the time of {self.against}"
            case Kind.MORE:
                return f"{duration(rounds, sign='+')} over {self.against}"

    def goal_text(self, own: Laps) -> str:
        """``≥ 8×, met``."""
        if self.goal is None:
            return NONE
        limit = f"+{self.goal:g} s" if self.kind is Kind.MORE else f"{self.goal:g}×"
        return goal_text("≥" if self.kind is Kind.SPEED else "≤", limit, self.met(own))


@dataclass(frozen=True, slots=True)
class Limit:
    """A goal for tensorlab's own time, in seconds; None sets none."""

    goal: float | None = None

    def value(self, own: Laps) -> float:
        """The time itself."""
        return median(own.seconds)

    def met(self, own: Laps) -> bool | None:
        """Whether it is short enough."""
        return None if self.goal is None else self.value(own) <= self.goal

    def text(self, own: Laps) -> str:
        """There is no other time to divide by."""
        return NONE

    def goal_text(self, own: Laps) -> str:
        """``≤ 3 s, missed``."""
        return NONE if self.goal is None else goal_text("≤", f"{self.goal:g} s", self.met(own))


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. A cell without times says why in its own words."""

    what: str
    tensorlab: Laps
    torch: Laps | str = NONE
    numpy: Laps | str = NONE
    verdict: Ratio | Limit = Limit()

    def cells(self) -> tuple[str, ...]:
        """The texts from left to right."""
        laps = (self.tensorlab, self.torch, self.numpy)
        times = [cell if isinstance(cell, str) else duration(cell.seconds) for cell in laps]
        return (self.what, *times, self.verdict.text(self.tensorlab), self.verdict.goal_text(self.tensorlab))

    def to_dict(self) -> dict[str, object]:
        """For the JSON that ``--benchmark-json`` writes."""
        laps = {"tensorlab": self.tensorlab, "torch": self.torch, "numpy": self.numpy}
        return {
            "what": self.what,
            **{name: cell if isinstance(cell, str) else asdict(cell.measurement()) for name, cell in laps.items()},
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


def factor(values: Sequence[float]) -> str:
    """``14.3 ± 0.5×``."""
    return f"{middle_and_spread(values, 1)}×"


def duration(seconds: Sequence[float], *, sign: str = "") -> str:
    """``9.76 ± 0.31 ms``: a unit that leaves one to three digits before the point; ``sign`` is that of a plus."""
    middle = median(seconds)
    scale, unit = _unit(abs(middle))
    return f"{sign if middle >= 0 else ''}{middle_and_spread(seconds, scale)} {unit}"


def middle_and_spread(values: Sequence[float], scale: float) -> str:
    """The median, and half the interquartile range to the same number of places."""
    middle = median(values) * scale
    places = 2 if abs(middle) < 9.995 else 1 if abs(middle) < 99.95 else 0
    return f"{middle:.{places}f} ± {interquartile_range(values) / 2 * scale:.{places}f}"


def _unit(seconds: float) -> tuple[float, str]:
    for scale, unit in ((1e9, "ns"), (1e6, "µs"), (1e3, "ms")):
        if seconds * scale < 999.5:
            return scale, unit
    return 1, "s"

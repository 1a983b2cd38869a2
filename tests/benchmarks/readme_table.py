"""The tables of benchmarks in Markdown, as the README holds them: one under each heading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from statistics import median

from side_by_side import Laps, interquartile_range

NOT_INSTALLED = "not installed"
NONE = "–"
COLUMNS = ("what", "tensorlab", "torch", "NumPy", "best other", "the others", "ratio", "goal")
LEFT = ("what", "the others")


class Heading(Enum):
    """What a table is of; tables stand in this order."""

    MEMORY = "Memory"
    EAGER = "Operations, one by one"
    COMPILED = "Compiled functions"
    WHOLE = "Training and models"
    STARTUP = "Imports, tracing and compiling"


# The modules that are not of operations one by one.
HEADINGS = {
    "bench_memory": Heading.MEMORY,
    "bench_interop": Heading.MEMORY,
    "bench_storage_view": Heading.MEMORY,
    "bench_allocator_trace": Heading.MEMORY,
    "bench_pointwise": Heading.COMPILED,
    "bench_compiled_gradients": Heading.COMPILED,
    "bench_compiler": Heading.COMPILED,
    "bench_compiled_loops": Heading.COMPILED,
    "bench_compiled_models": Heading.COMPILED,
    "bench_training": Heading.WHOLE,
    "bench_compile_time": Heading.STARTUP,
    "bench_startup": Heading.STARTUP,
}


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
    """A line of a table. A cell without times says why in its own words.

    ``torch`` is PyTorch eager. ``others`` are more libraries, or the same in another way, by name; the best other is
    found among torch and these. ``more`` are verdicts beside the first.
    """

    what: str
    tensorlab: Laps
    torch: Laps | str = NONE
    numpy: Laps | str = NONE
    verdict: Ratio | Limit = Limit()
    others: Mapping[str, Laps | str] = field(default_factory=dict)
    more: tuple[Ratio | Limit, ...] = ()

    @property
    def verdicts(self) -> tuple[Ratio | Limit, ...]:
        """All of them."""
        return (self.verdict, *self.more)

    def cells(self) -> tuple[str, ...]:
        """The texts from left to right."""
        times = [_cell(laps) for laps in (self.tensorlab, self.torch, self.numpy)]
        name, laps = best_other({"torch": self.torch, **self.others}) if self.others else (NONE, None)
        best = NONE if laps is None else f"{name}, {duration(laps.seconds)}"
        others = ", ".join(f"{other} {_cell(laps)}" for other, laps in self.others.items()) or NONE
        # Without the other's times there is no ratio to tell, but there is still a goal.
        ratios = [verdict.text(self.tensorlab) for verdict in self.verdicts]
        goals = [verdict.goal_text(self.tensorlab) for verdict in self.verdicts]
        return (self.what, *times, best, others, _listed(ratios), _listed(goals))

    def to_dict(self) -> dict[str, object]:
        """For the JSON that ``--benchmark-json`` writes."""
        laps = {"tensorlab": self.tensorlab, "torch": self.torch, "numpy": self.numpy}
        return {
            "what": self.what,
            **{name: _dict_cell(cell) for name, cell in laps.items()},
            **self._verdict_dict(self.verdict),
            "others": {name: _dict_cell(laps) for name, laps in self.others.items()},
            "more": [self._verdict_dict(verdict) for verdict in self.more],
        }

    def _verdict_dict(self, verdict: Ratio | Limit) -> dict[str, object]:
        own = self.tensorlab
        return {"value": verdict.value(own), "goal": verdict.goal, "met": verdict.met(own)}


def best_other(others: Mapping[str, Laps | str]) -> tuple[str, Laps | None]:
    """The one with the least median, and its times; None where none was timed."""
    timed = {name: laps for name, laps in others.items() if isinstance(laps, Laps)}
    if not timed:
        return NONE, None
    name = min(timed, key=lambda name: median(timed[name].seconds))
    return name, timed[name]


def markdown(rows: Mapping[Heading, Sequence[Row]], machine: str) -> str:
    """A table under each heading that has rows, and at the end where and how they were measured."""
    tables = [f"### {heading.value}\n\n{table(rows[heading])}\n" for heading in Heading if rows.get(heading)]
    return "\n".join((*tables, f"{machine}\n"))


def table(rows: Sequence[Row]) -> str:
    """One table, those rows first that have a goal. A column that would say nothing in any row is left out."""
    ordered = sorted(rows, key=lambda row: all(verdict.goal is None for verdict in row.verdicts))
    lines = [row.cells() for row in ordered]
    shown = [k for k, name in enumerate(COLUMNS) if name in COLUMNS[:2] or any(line[k] != NONE for line in lines)]
    names = [COLUMNS[k] for k in shown]
    rules = ["---" if name in LEFT else "--:" for name in names]
    return "\n".join(map(_line, (names, rules, *([line[k] for k in shown] for line in lines))))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(laps: Laps | str) -> str:
    return laps if isinstance(laps, str) else duration(laps.seconds)


def _dict_cell(laps: Laps | str) -> object:
    return laps if isinstance(laps, str) else asdict(laps.measurement())


def _listed(texts: Sequence[str]) -> str:
    """The texts with something to say, one after another."""
    return "; ".join(text for text in texts if text != NONE) or NONE


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

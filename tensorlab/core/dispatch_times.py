"""What each leg of a way takes, so that the legs and what lies between them add up to the time of the plain call.

A plain call is measured by itself (`measure`). Under watch every Python call is slower, native loops are not: so the
time of a loop is what it took under watch, less what a call that does nothing takes there, and the Python legs are
scaled by one factor. Where loops take less than half of the time, it is the factor that makes all add up to the plain
call. Where they take more, what they leave is lost in their spread: then it is the factor by which watching slows
plain Python calls down, and what is missing to the total is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import perf_counter
from types import CodeType
from typing import Any

from tensorlab.core.call_tree import Watch, preorder
from tensorlab.core.dispatch_path import Watched, shape_of, watch_again, watch_dispatch
from tensorlab.core.measure import Measurement, measure

_RUNS, _SECONDS = 300, 0.5  # watched runs: at most so many, and no more once they took so long


@dataclass(frozen=True, slots=True)
class LegTime:
    """``measured``: a loop's own time; else the leg's share of what Python took, scaled."""

    seconds: float
    measured: bool

    def to_dict(self) -> dict[str, object]:
        return {"seconds": self.seconds, "measured": self.measured}


@dataclass(frozen=True, slots=True)
class DispatchTimes:
    """Times of the legs of each way, None for a leg without a time of its own (a result).

    ``total`` is the plain expression; ``between`` what of it no leg has: evaluating the expression, and the user's own
    functions. ``slowdown`` is how much slower Python's part was under watch, over ``runs`` watched runs; ``left_out``
    of them took another way. ``fitted``: that factor was chosen so that all add up to the total.
    Units: seconds.
    """

    total: Measurement
    legs: tuple[tuple[LegTime | None, ...], ...]
    between: float
    slowdown: float
    fitted: bool
    runs: int
    left_out: int

    @property
    def loops(self) -> float:
        """Seconds in native loops."""
        return sum(time.seconds for way in self.legs for time in way if time is not None and time.measured)

    @property
    def python(self) -> float:
        """Seconds in Python legs."""
        return sum(time.seconds for way in self.legs for time in way if time is not None and not time.measured)

    @property
    def missing(self) -> float:
        """What the parts lack to the total, or have beyond it where it is below zero."""
        return self.total.median - self.loops - self.python - self.between

    def to_dict(self) -> dict[str, object]:
        legs = [[None if time is None else time.to_dict() for time in way] for way in self.legs]
        facts: dict[str, object] = {"total": self.total.to_dict(), "legs": legs, "between": self.between}
        return facts | {
            "slowdown": self.slowdown,
            "fitted": self.fitted,
            "missing": self.missing,
            "runs": self.runs,
            "left_out": self.left_out,
        }


def time_dispatch(
    code: CodeType, names: Mapping[str, Any], local: Mapping[str, Any], *, text: str
) -> tuple[Watched, DispatchTimes]:
    """Time an expression that has run before: the way that it takes from then on, and what each leg of it takes.

    Cost: about half a second, in which the expression runs as often as it can.
    Raises: whatever the expression raises.
    """
    # The notebook's own mappings: `eval` reads them, as it does for a cell.
    plain = partial(eval, code, names, local)  # type: ignore[arg-type]
    total = measure(plain)
    watched = watch_dispatch(code, names, local, text=text)
    own, runs, left_out = _watched_times(watched, code, names, local)
    idle = _idle_ns()
    loops = {place: max(ns - idle, 0.0) * 1e-9 for place, ns in own.items() if watched.shape[place][0] == "loop"}
    python = {place: ns * 1e-9 for place, ns in own.items() if place not in loops}
    in_loops, in_python = sum(loops.values()), sum(python.values())
    left = total.median - in_loops
    fitted = in_loops < total.median / 2 and in_python >= left  # watching makes nothing faster
    slowdown = in_python / left if fitted else _slowdown()
    scale = 1 / slowdown if slowdown else 0.0
    seconds: dict[tuple[int, int], float] = defaultdict(float)
    measured: set[tuple[int, int]] = set()
    between = 0.0
    for place in own:
        spent = loops.get(place, python.get(place, 0.0) * scale)
        owner = watched.owners.get(place)
        if owner is None:
            between += spent
            continue
        seconds[owner] += spent
        if place in loops:
            measured.add(owner)
    legs = tuple(
        tuple(LegTime(seconds[w, i], (w, i) in measured) if (w, i) in seconds else None for i in range(len(way.legs)))
        for w, way in enumerate(watched.record.ways)
    )
    return watched, DispatchTimes(total, legs, between, slowdown, fitted, runs, left_out)


def _watched_times(
    watched: Watched, code: CodeType, names: Mapping[str, Any], local: Mapping[str, Any]
) -> tuple[dict[int, float], int, int]:
    """The median time of each call in the tree, over runs that took the way; how many did, and how many did not."""
    times: list[list[int]] = []
    left_out = 0
    end = perf_counter() + _SECONDS
    while len(times) + left_out < _RUNS and (perf_counter() < end or len(times) + left_out < 3):
        root = watch_again(code, names, local)
        if shape_of(root) == watched.shape:
            times.append([call.self_ns for call in preorder(root)])
        else:
            left_out += 1
    return {place: median(column) for place, column in enumerate(zip(*times, strict=True))}, len(times), left_out


_CALLS = """
def outer(n):
    return middle(n) + middle(n)
def middle(n):
    return inner(n) + inner(n)
def inner(n):
    return n + 1
"""


def _slowdown() -> float:
    """How much slower plain calls of Python functions are under watch: of functions that it takes for ours."""
    names: dict[str, Any] = {}
    exec(compile(_CALLS, __file__, "exec"), names)  # noqa: S102 - the text above
    code = compile("outer(1)", "<calls>", "eval")
    plain = measure(partial(eval, code, names)).median
    found: list[int] = []
    for _ in range(100):
        root = watch_again(code, names, names)
        found.append(sum(call.self_ns for call in preorder(root)))
    return median(found) * 1e-9 / plain


def _idle_ns() -> float:
    """What a native call that does next to nothing takes under watch."""
    code = compile("len(())", "<idle>", "eval")
    found: list[int] = []
    for _ in range(200):
        watch = Watch(lambda _frame: {}, lambda function: function is len)
        watch.run(code, {}, {})
        found += [call.self_ns for call in preorder(watch.root) if call.kind == "loop"]
    return median(found)

"""What a `DispatchRecord` says, in words: for both the HTML and the text of its view."""

from __future__ import annotations

from pathlib import PurePath

from tensorlab.core.dispatch_legs import Leg
from tensorlab.core.dispatch_path import DispatchRecord, Way
from tensorlab.core.dispatch_times import DispatchTimes, LegTime
from tensorlab.view.text import counted, grouped, listed, seconds

MARKS = {"loop": "●", "library": "●", "view": "●", "result": "◆"}
STEP = "○"


def answer(record: DispatchRecord) -> tuple[str, str]:
    """The first line: which operations ran, and by which way."""
    ops = [op for way in record.ways for op in way.ops or _without_op(way)]
    calls = counted(len(record.ways), "call")
    return (
        f"{record.expression} runs {listed(list(dict.fromkeys(ops)), 5)}",
        f", in {calls} from Python: {_ways(record)}.",
    )


def _without_op(way: Way) -> list[str]:
    """What a call ran that went through no op: a compiled function's loops, or a view that was met before."""
    return [f"the loop {leg.title}" for leg in way.legs if leg.kind == "loop"] or ["a view"]


def _ways(record: DispatchRecord) -> str:
    taken = sum(way.short_cut is True for way in record.ways)
    if len(record.ways) == 1:
        return {True: "by a short cut", False: "by the long way", None: "a function without a short cut"}[
            record.ways[0].short_cut
        ]
    if taken in (0, len(record.ways)):
        return "all by short cuts" if taken else "none by a short cut"
    return f"{taken} by a short cut, {len(record.ways) - taken} without"


def way_title(index: int, way: Way) -> str:
    return f"{index + 1}. {way.source}"


def mark(kind: str) -> str:
    """A disc where the work is done, a ring for what leads there."""
    return MARKS.get(kind, STEP)


def kind(name: str) -> str:
    return "Python" if name == "python" else name


def leg(found: Leg) -> str:
    """A leg in one line: its kind, and what it is about."""
    return ": ".join(filter(None, [kind(found.kind), found.title]))


def time(found: LegTime | None) -> str:
    if found is None:
        return ""
    return f"{'' if found.measured else '~ '}{seconds(found.seconds)}"


def share(found: LegTime | None, times: DispatchTimes) -> float:
    """A leg's part of the whole."""
    return 0.0 if found is None or not times.total.median else min(found.seconds / times.total.median, 1.0)


def sums(times: DispatchTimes) -> list[str]:
    """How the parts make the total."""
    total = times.total
    lines = [
        f"A plain run takes {seconds(total.median)} (median of {total.runs} runs of {counted(total.calls, 'call')}, "
        f"spread {seconds(total.spread)}) = {seconds(times.loops)} in loops + {seconds(times.python)} in Python legs "
        f"+ {seconds(times.between)} between (evaluating the expression, letting go of results)"
    ]
    if times.fitted:
        lines[0] += "."
        how = "so that all add up to the plain run"
    else:
        more = "that is missing" if times.missing >= 0 else "too much"
        lines[0] += f", and {seconds(abs(times.missing))} {more}."
        how = (
            "as plain Python calls are slowed down by watching; the loops take too large a part to tell from the total"
        )
    lines.append(
        f"Loops: measured in {counted(times.runs, 'watched run')}. Python legs, marked ~: their time in those runs "
        f"divided by {times.slowdown:.2g}, {how}."
    )
    if times.left_out:
        lines.append(f"{counted(times.left_out, 'watched run')} took another way, and do not count.")
    return lines


def notes(record: DispatchRecord, times: DispatchTimes | None, first: DispatchRecord | None) -> list[str]:
    lines: list[str] = []
    if record.modes:
        lines.append(f"Modes were on: {listed(list(record.modes))}. Under a mode no short cut is taken.")
    else:
        lines.append("No mode was on.")
    if not any(way.recorded for way in record.ways):
        lines.append("Autograd was not asked: no tensor of these calls is on the tape.")
    if first is not None:
        lines.append("The first run took another way, which %dispatch without --times shows for a new shape.")
    if times is None:
        lines.append("● does the work, ○ leads there. --times measures each leg, and names the loops' files.")
    else:
        folders = sorted({str(PurePath(leg.exact).parent) for way in record.ways for leg in way.legs if _is_file(leg)})
        if folders:
            lines.append(f"The loops' files are in {listed(folders)}.")
        lines.append(f"● does the work, ○ leads there. The expression ran some {grouped(_runs(times))} times.")
    return lines


def _is_file(leg: Leg) -> bool:
    return leg.kind == "loop" and bool(leg.exact)


def _runs(times: DispatchTimes) -> int:
    return times.total.runs * times.total.calls + times.runs + times.left_out

"""Words about a batching curve: what it comes to, what each number is, what the fitted line means."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.core.measure import BatchPoint, CostFit, call_times, fit_cost, served
from tensorlab.view.text import counted, grouped, ratio, seconds, significant

_CALLS = ("batch", "time of a call", "an item", "items a second", "half within", "99 of 100 within", "calls")
_ANSWERS = (
    "joins at most",
    "joined on average",
    "time of a batch",
    "items a second",
    "half within",
    "99 of 100 within",
    "answers",
)
# What counts as a batch that was far from full.
_FULL = 0.75
# How many times the usual call the slowest may take before it is told.
_STALLED = 10
_FAST = "Time of a call, and items a second: a quarter of the calls were as fast."


def answer(points: Sequence[BatchPoint]) -> list[str]:
    """The gain in a few words: how much more in a second, at what price in waiting."""
    if not points:
        return ["nothing was measured"]
    first, best = points[0], max(points, key=lambda p: p.items_per_second)
    rate = significant(first.items_per_second)
    if served(points):
        alone = "single items" if first.batch == 1 else f"batches of up to {grouped(first.batch)}"
        if best is first:
            return [f"{rate} items a second with {alone}, and no more with larger batches"]
        return [
            f"batches of up to {grouped(best.batch)} do {_gain(first, best)} the items a second of {alone}",
            f"half of the answers come within {seconds(best.p50_seconds)} instead of {seconds(first.p50_seconds)}",
        ]
    if best is first:
        return [f"{rate} items a second at batch {first.batch}, and no more at any other"]
    return [
        f"batch {grouped(best.batch)} does {_gain(first, best)} the items a second of batch {grouped(first.batch)}",
        f"each call then takes {ratio(best.seconds_per_call / first.seconds_per_call)} as long",
    ]


def _gain(first: BatchPoint, best: BatchPoint) -> str:
    return ratio(best.items_per_second / first.items_per_second)


def load(points: Sequence[BatchPoint]) -> list[str]:
    """Who called."""
    callers = max((point.callers or 0 for point in points), default=0)
    return [f"{counted(callers, 'caller')} at a time, one item a request"] if callers else []


def titles(points: Sequence[BatchPoint]) -> tuple[str, ...]:
    """The columns of the table."""
    if not served(points):
        return _CALLS
    return (*_ANSWERS, "failed") if any(point.failures for point in points) else _ANSWERS


def numbers(point: BatchPoint) -> dict[str, str]:
    """A point by the titles of columns."""
    joined = point.rows_per_batch
    return {
        "batch": grouped(point.batch),
        "joins at most": grouped(point.batch),
        "joined on average": "–" if joined is None else significant(joined),
        "time of a call": seconds(point.seconds_per_call),
        "time of a batch": seconds(point.seconds_per_call),
        "an item": seconds(point.seconds_per_call / point.batch),
        "items a second": significant(point.items_per_second),
        "half within": seconds(point.p50_seconds),
        "99 of 100 within": seconds(point.p99_seconds),
        "calls": grouped(point.runs),
        "answers": grouped(point.runs),
        "failed": grouped(point.failures),
    }


def caption(points: Sequence[BatchPoint]) -> str:
    """What a row of the table is."""
    return f"The numbers of the chart, one line a {'largest batch' if served(points) else 'batch size'}"


def meaning(points: Sequence[BatchPoint]) -> list[str]:
    """What the points say beyond themselves, in sentences."""
    if not served(points):
        return [*_line(points), *_stalls(points)]
    return [*_share(points[0]), *_line(points), *_filled(points[-1]), *_failed(points)]


def _line(points: Sequence[BatchPoint]) -> list[str]:
    """The fitted line."""
    fit = fit_cost(points)
    if fit is None and served(points):
        return ["All of the server's batches held as many items, which gives no line."]
    if fit is None:
        return ["One batch size gives no line: measure two or more to see what a call costs before its first item."]
    if not fit.holds:
        off = f"{fit.worst * 100:.0f} % off"
        return [f"The times lie near no line (it is up to {off}), so that a fixed cost cannot be told from them."]
    costs = _costs(fit, "batch" if served(points) else "call")
    if len({times.rows for times in call_times(points)}) < 3:
        return [*costs, "A line goes through any two points: a third would tell whether it holds."]
    return [*costs, f"The line is at most {fit.worst * 100:.0f} % off a measured point."]


def _costs(fit: CostFit, what: str) -> list[str]:
    item = seconds(fit.seconds_per_item)
    if fit.seconds_per_item <= 0:
        return [f"A {what} takes about {seconds(fit.fixed_seconds)}, however many items it carries."]
    if fit.fixed_seconds <= 0 or fit.break_even is None:
        return [f"Each item takes about {item}; a fixed cost of the {what} does not show, so batching gains little."]
    both = f"A {what} takes about {seconds(fit.fixed_seconds)} before its first item, and {item} more for each."
    if fit.break_even < 1:
        return [both, "The items outweigh the fixed cost from the first on, so batching gains little."]
    if fit.break_even < 2:
        return [both, "The items outweigh the fixed cost from the second on, so batching gains little."]
    even = f"At {significant(fit.break_even)} items the two are equal: below that, a larger batch is nearly free."
    return [both, even]


def _stalls(points: Sequence[BatchPoint]) -> list[str]:
    """Calls that took far longer than the usual one."""
    worst = max(points, key=lambda p: p.p99_seconds / p.seconds_per_call if p.seconds_per_call > 0 else 0.0)
    if worst.p99_seconds <= _STALLED * worst.seconds_per_call:
        return []
    late, usual = seconds(worst.p99_seconds), seconds(worst.seconds_per_call)
    return [
        f"Some calls took far longer than others, {late} and not {usual} at batch {grouped(worst.batch)}: something "
        "else may be at work on this machine. Items a second leave them out."
    ]


def _share(first: BatchPoint) -> list[str]:
    """How much of a request is the function's: joining saves nothing of the rest."""
    if first.batch != 1 or first.items_per_second <= 0:
        return []
    between = 1 / first.items_per_second
    share = min(first.seconds_per_call / between, 1.0)
    return [
        f"Without joining an answer comes every {seconds(between)}, and the function is {share * 100:.0f} % of that; "
        "the rest is the way of a request, most of which joining does not shorten."
    ]


def _filled(last: BatchPoint) -> list[str]:
    """Why the largest batches were not full, where they were not."""
    if last.callers is not None and last.callers < last.batch:
        return [f"With {counted(last.callers, 'caller')} no batch can hold more than {counted(last.callers, 'item')}."]
    if last.rows_per_batch is None or last.rows_per_batch >= _FULL * last.batch:
        return []
    return [
        f"Batches of up to {grouped(last.batch)} held {significant(last.rows_per_batch)} on average: "
        "no more were waiting when the server was free for the next."
    ]


def _failed(points: Sequence[BatchPoint]) -> list[str]:
    failures = sum(point.failures for point in points)
    return [f"{counted(failures, 'request')} failed and count nowhere else."] if failures else []


def times(points: Sequence[BatchPoint]) -> list[str]:
    """Which of the measured times the table has."""
    return [] if served(points) else [_FAST]


def how(points: Sequence[BatchPoint]) -> list[str]:
    """How to read the chart, and what its numbers hold for."""
    now = "Measured here and now: another machine, or this one when busy, gives other numbers."
    if not served(points):
        return [f"Both axes go up in powers. {_FAST} Dashed: its fitted cost.", now]
    return [
        "Both axes go up in powers. Squares, and the line if there is one: the function alone, by the server's own "
        "records, where a quarter of its batches were as fast. "
        "The callers are another process on this machine, each with one request under way, and share its cores with "
        "the server.",
        now,
    ]


def alt(points: Sequence[BatchPoint]) -> str:
    """The chart for those who do not see it."""
    a, b = points[0], points[-1]
    times = call_times(points)
    if not served(points) or not times:
        charts, what = f"Two charts against batch size {grouped(a.batch)} to {grouped(b.batch)}.", "calls end"
    else:
        charts = (
            f"Three charts. Against the largest batch that the server may make, {grouped(a.batch)} to "
            f"{grouped(b.batch)}, and a batch's time against its items, {seconds(times[0].seconds)} with "
            f"{grouped(times[0].rows)} and {seconds(times[-1].seconds)} with {grouped(times[-1].rows)}."
        )
        what = "answers come"
    return (
        f"{charts} "
        f"Items a second go from {significant(a.items_per_second)} to {significant(b.items_per_second)}; "
        f"half of the {what} within {seconds(a.p50_seconds)} at first and {seconds(b.p50_seconds)} at last, "
        f"99 of 100 within {seconds(a.p99_seconds)} and {seconds(b.p99_seconds)}."
    )

"""A tour's summary as text for the terminal: a pure function of the record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tensorlab.tour.summary import BatchPoint, PassLine, Summary, Times

WIDTH = 100
BAR = 32
CHANGED, UNCHANGED = "●", "○"


def format_summary(summary: Summary) -> str:
    """The whole summary: graph before and after, passes, times, distance from a copy, batching curve."""
    sections = [
        [f"tensorlab tour · {summary.function} · {summary.image}"],
        ["graph before", *_indent(summary.graph_before.splitlines())],
        ["graph after", *_indent(summary.graph_after.splitlines())],
        [_passes_title(summary.passes), *_indent(_passes(summary.passes))],
        ["time of one call", *_indent(_times(summary.times))],
        ["batching", *_indent(_batching(summary.batching))],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections)


def format_seconds(seconds: float) -> str:
    """A time in three significant figures and the unit that suits it."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1:
            return f"{_three(seconds * scale)} {unit}"
    return f"{_three(seconds * 1e9)} ns"


def format_bytes(nbytes: int) -> str:
    """A size in three significant figures and a binary unit."""
    amount = float(nbytes)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{_three(amount)} {unit}"
        amount /= 1024
    return f"{_three(amount)} GiB"


def _three(value: float) -> str:
    """Three significant figures and no exponent; above 999 whole numbers."""
    return f"{value:.0f}" if value >= 999.5 else f"{value:.3g}"


def _indent(lines: Iterable[str]) -> list[str]:
    return [f"  {line}".rstrip() for line in lines]


def _bar(value: float, largest: float) -> str:
    """A bar that is never invisible: the smallest value still has one cell."""
    return "█" * max(1, round(BAR * value / largest)) if largest > 0 else ""


def _passes_title(passes: Sequence[PassLine]) -> str:
    changed = sum(line.changed for line in passes)
    return f"passes: {changed} of {len(passes)} changed the graph"


def _passes(passes: Sequence[PassLine]) -> list[str]:
    rows = [
        (
            f"{CHANGED if line.changed else UNCHANGED} {line.name}",
            "changed" if line.changed else "unchanged",
            f"{line.rewrites}",
            f"{line.refusals}",
            f"{line.nodes_before} -> {line.nodes_after}",
            format_seconds(line.seconds),
        )
        for line in passes
    ]
    return _table(("pass", "graph", "rewrites", "refusals", "nodes", "time"), rows, left=2)


def _times(times: Times) -> list[str]:
    forms = [
        ("eager", times.eager_seconds, ""),
        ("interpreted", times.interpreted_seconds, _against_eager(times.interpreted_seconds, times.eager_seconds)),
        ("compiled", times.compiled_seconds, _against_eager(times.compiled_seconds, times.eager_seconds)),
        ("plain copy", times.copy_seconds, f"of the same {format_bytes(times.nbytes)}"),
    ]
    largest = max(seconds for _, seconds, _ in forms)
    lines = [
        f"{name:<12} {format_seconds(seconds):>8}  {_bar(seconds, largest):<{BAR}}  {note}"
        for name, seconds, note in forms
    ]
    return [*lines, _against_copy(times)]


def _against_eager(seconds: float, eager: float) -> str:
    if seconds <= 0 or eager <= 0:
        return ""
    faster = eager / seconds
    if _three(max(faster, 1 / faster)) == "1":
        return "as fast as eager"
    return f"{_three(faster)}x faster than eager" if faster >= 1 else f"{_three(1 / faster)}x slower than eager"


def _against_copy(times: Times) -> str:
    if times.compiled_seconds <= 0 or times.copy_seconds <= 0:
        return "the clock was too coarse to compare the compiled form with a copy"
    rate, copy_rate = times.nbytes / times.compiled_seconds / 1e9, times.nbytes / times.copy_seconds / 1e9
    ratio = times.compiled_seconds / times.copy_seconds
    return f"compiled takes {ratio:.2f}x a plain copy of the same bytes ({rate:.2f} against {copy_rate:.2f} GB/s)"


def _batching(points: Sequence[BatchPoint]) -> list[str]:
    largest = max((point.items_per_second for point in points), default=0.0)
    rows = [
        (
            f"{point.batch}",
            format_seconds(point.seconds),
            f"{_three(point.items_per_second)} /s",
            _bar(point.items_per_second, largest),
        )
        for point in points
    ]
    return _table(("batch", "latency", "throughput", ""), rows, left=0, bars=True)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, left: int, bars: bool = False) -> list[str]:
    """Columns two spaces apart: the first ``left`` and a last one of bars to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    flush_left = {*range(left), *((len(head) - 1,) if bars else ())}
    lines = []
    for row in (head, *rows):
        cells = [
            f"{c:<{w}}" if i in flush_left else f"{c:>{w}}" for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells))
    return lines

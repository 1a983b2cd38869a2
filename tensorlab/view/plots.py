"""Charts: matplotlib figures without pyplot and without touching the user's settings, on a ground of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

from tensorlab.core.measure import BatchPoint, call_times, fit_cost, served
from tensorlab.view.html import Html, image
from tensorlab.view.text import grouped, seconds, significant

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours: apart for every kind of colour vision; each line also has a shape and its name beside it.
BLUE, VERMILLION, BLACK = "#0072b2", "#d55e00", "#000000"
_GROUND, _WORDS, _GRID = "#ffffff", "#1b1f24", "#d8dee4"
_SETTINGS: dict[str, Any] = {
    "figure.facecolor": _GROUND,
    "axes.facecolor": _GROUND,
    "axes.edgecolor": _WORDS,
    "axes.labelcolor": _WORDS,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "grid.color": _GRID,
    "grid.linewidth": 0.8,
    "text.color": _WORDS,
    "xtick.color": _WORDS,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "ytick.color": _WORDS,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Arial", "sans-serif"],
    "font.size": 10,
    # Words stay words: a third of the size, and the reader's own search finds them.
    "svg.fonttype": "none",
    # Names inside the file from its content alone, so that equal records give equal bytes.
    "svg.hashsalt": "tensorlab",
}
_SIZE, _WIDE = (8.8, 3.4), (9.9, 3.3)


@contextmanager
def settings() -> Iterator[None]:
    """Our settings over matplotlib's own defaults, whatever the user has set; theirs are back afterwards."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        for key, value in _SETTINGS.items():
            mpl.rcParams[key] = value  # pyright: ignore[reportArgumentType]
        yield


def batching_figure(points: Sequence[BatchPoint]) -> Figure:
    """Throughput and waiting time against batch size, with the fitted cost of a call as a dashed line.

    Through a server, what callers wait and what a batch costs are two things: the latter has a chart of its own.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    points = sorted(points, key=lambda p: p.batch)
    joins = served(points)
    sizes = "largest batch the server may make" if joins else "items in a batch"
    with settings():
        figure = Figure(figsize=_WIDE if joins else _SIZE, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08))
        rate, wait, *cost = figure.subplots(1, 3 if joins else 2)
        batches, rates = [p.batch for p in points], [p.items_per_second for p in points]
        rate.plot(batches, rates, "o-", color=BLUE, markersize=5)
        _axes(rate, "items a second", sizes, batches, rates, significant)
        _waits(wait, points, sizes, joins=joins)
        for axes in cost:
            _costs(axes, points)
    return figure


def _waits(axes: Axes, points: Sequence[BatchPoint], sizes: str, *, joins: bool) -> None:
    """What a caller waits: half of the calls, and all but the slowest."""
    batches = [p.batch for p in points]
    slow, usual = [p.p99_seconds for p in points], [p.p50_seconds for p in points]
    axes.plot(batches, slow, "^-", color=VERMILLION, markersize=5)
    axes.plot(batches, usual, "o-", color=BLUE, markersize=5)
    drawn = [*slow, *usual, *([] if joins else _fitted(axes, points, batches, "call"))]
    title, what = ("time until the answer", "answers") if joins else ("time of one call", "calls")
    _axes(axes, title, sizes, batches, drawn, seconds, room=2.0 if joins else 1.6)
    axes.set_xticks(_thinned(batches, 5 if joins else 9))
    _label(axes, batches[-1:], slow[-1:], f"99 of 100\n{what} within", above=True)
    _label(axes, batches[-1:], usual[-1:], f"half of the\n{what} within", above=False)


def _costs(axes: Axes, points: Sequence[BatchPoint]) -> None:
    """What the server's batches took, each size of batch that it made a mark."""
    times = call_times(points)
    rows = [t.rows for t in times]
    axes.plot(rows, [t.seconds for t in times], "s", color=BLUE, markersize=5)
    drawn = [*(t.seconds for t in times), *_fitted(axes, points, rows, "batch")]
    powers = [1 << n for n in range(max(rows, default=1).bit_length())]
    _axes(axes, "time of one batch", "items that it held", [*powers, *rows[-1:]], drawn, seconds)
    axes.set_xticks(_thinned(powers))


def _fitted(axes: Axes, points: Sequence[BatchPoint], batches: Sequence[int], what: str) -> list[float]:
    """The fitted line, and the fixed cost that it says a call has; gives the heights drawn."""
    fit = fit_cost(points)
    if fit is None or not fit.holds or fit.fixed_seconds <= 0 or fit.seconds_per_item <= 0:
        return []
    line = [fit.seconds(b) for b in batches]
    axes.plot(batches, line, "--", color=BLACK, linewidth=1.2)
    axes.axhline(fit.fixed_seconds, color=BLACK, linewidth=0.9, linestyle=":")
    axes.annotate(
        f"fixed cost of a {what}: {seconds(fit.fixed_seconds)}",
        (batches[0], fit.fixed_seconds),
        xytext=(0, -4),
        textcoords="offset points",
        va="top",
        fontsize=9,
    )
    return [*line, fit.fixed_seconds * 0.8]


def _axes(
    axes: Axes,
    title: str,
    sizes: str,
    batches: Sequence[int],
    values: Sequence[float],
    label: Callable[[float], str],
    *,
    room: float = 1.0,
) -> None:
    """Both directions in powers, a mark at each batch that was measured, labels in our own units.

    ``sizes`` says what the batches are; ``room`` widens the axis to the right, for the names at the ends of the lines.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_title(title)
    axes.set_xlabel(sizes)
    axes.set_xscale("log", base=2)
    axes.set_xticks(_thinned(sorted(set(batches))))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: grouped(round(value))))
    axes.xaxis.set_minor_locator(NullLocator())
    first, last = min(batches, default=1), max(batches, default=1)
    edge = (last / first) ** 0.05 if last > first else 1.2
    axes.set_xlim(first / edge, last * edge * max(last / first, 2) ** (room - 1))
    axes.set_yscale("log")
    low, high = min(values, default=1.0), max(values, default=1.0)
    axes.set_ylim(low / 1.6, high * 1.6)
    axes.yaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0), numticks=7))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: label(value)))


def _thinned(batches: Sequence[int], most: int = 9) -> Sequence[int]:
    step = -(-len(batches) // most) if batches else 1
    return batches[::step]


def _label(axes: Axes, x: Sequence[float], y: Sequence[float], name: str, *, above: bool) -> None:
    """A line's name at its right end, in the ink of words."""
    for place in zip(x, y, strict=True):
        axes.annotate(
            name,
            place,
            xytext=(8, 2 if above else -2),
            textcoords="offset points",
            va="bottom" if above else "top",
            fontsize=9,
        )


def figure_html(figure: Figure, alt: str) -> Html:
    """The figure as an SVG inside an ``<img alt>``: sharp at any size, and alike for equal records."""
    out = BytesIO()
    with settings():
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    width, height = (round(inches * 96) for inches in figure.get_size_inches())
    return image(_compact(out.getvalue().decode()).encode(), "svg+xml", alt, width=width, height=height)


def _compact(svg: str) -> str:
    """A third less: hundredths of a point are enough, and indentation says nothing."""
    return re.sub(r"\s*\n\s*", " ", re.sub(r"(\.\d\d)\d+", r"\1", svg))

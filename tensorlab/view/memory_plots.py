"""The chart of live bytes over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorlab.memory.timeline import LineCurve, Timeline
from tensorlab.view import allocator_words as words
from tensorlab.view.plots import settings
from tensorlab.view.text import grouped, nbytes, seconds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's, light enough for black words on them; each area also has a hatching of its own.
_FILLS = ("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#d8dee4", "#ffffff")
_HATCHES = ("", "//", "--", "\\\\", "xx", "", "")  # dots would be 46 kB


def timeline_figure(history: Timeline, *, times: bool) -> Figure:
    """Live bytes as areas on top of each other, one for each line, over events or over seconds."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.ticker import FuncFormatter

    across = history.seconds if times else history.marks
    curves, below = _above(history)
    with settings():
        figure = Figure(figsize=(8.8, 3.0), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08))
        axes = figure.subplots()
        low = [0] * len(across)
        for i, curve in reversed(list(enumerate(curves))):
            high = [a + b for a, b in zip(low, curve.live, strict=True)]
            axes.fill_between(
                across,
                low,
                high,
                facecolor=_FILLS[i % len(_FILLS)],
                hatch=_HATCHES[i % len(_HATCHES)],
                edgecolor="#1b1f24",
                linewidth=0.5,
                label=words.curve_name(curve),
            )
            low = high
        axes.set_title(f"live bytes, on top of {nbytes(below)} from before" if below else "live bytes")
        axes.set_xlabel("time since the first event" if times else "event")
        top = max(history.peak - below, 1)
        axes.set_ylim(0, top * 1.08)
        if len(across) > 1:
            axes.set_xlim(across[0], across[-1])
        axes.locator_params(axis="x", integer=not times)  # there is no half event
        axes.set_yticks(range(0, top + 1, 1 << max((top // 5).bit_length(), 0)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: nbytes(round(value))))
        axes.xaxis.set_major_formatter(
            FuncFormatter(lambda value, _: seconds(value) if times else grouped(round(value)))
        )
        handles, labels = axes.get_legend_handles_labels()
        axes.legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return figure


def _above(history: Timeline) -> tuple[tuple[LineCurve, ...], int]:
    """The curves to draw, and what stays below them all: what was there before, if nothing becomes of it."""
    *others, last = history.curves or (None,)
    if last is None or last.frame is not None or last.others > 1 or not others or min(last.live) != max(last.live):
        return history.curves, 0
    return tuple(curve for curve in others if curve is not None), last.live[0]

"""Memory as strips: what the bytes held are, and segments with their blocks, to scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from tensorlab.memory.segments import Segment
from tensorlab.view.ink import ACCENT, LINE
from tensorlab.view.svg import HEIGHT

WIDTH = 420
Fill = Literal["full", "half", "stripes", "dots", "none"]
_OPACITY = {"full": 1.0, "half": 0.45}
_PERIOD = {"stripes": 6.0, "dots": 3.0}
_LEAST = 1.5  # pixels of anything that is there


def parts_strip(parts: Sequence[tuple[int, Fill]]) -> str:
    """Bytes that come apart into these, side by side, with their shares of the width and a fill for each."""
    total = sum(nbytes for nbytes, _ in parts)
    body = ""
    x = 0.0
    for nbytes, fill in parts:
        width = WIDTH * nbytes / total if total else 0.0
        body += _filled(x, max(width, _LEAST) if nbytes else 0.0, fill)
        x += width
    return _framed(body, WIDTH)


def sample(fill: Fill) -> str:
    """A small piece of a fill, to stand beside its name."""
    return _framed(_filled(0.0, 24.0, fill), 24, 24)


def segment_strip(segment: Segment, widest: int) -> str:
    """A segment with its blocks: full where in use, striped where another stream still needs it, empty where free.

    Cost: at most `WIDTH` rectangles, however many blocks there are.
    """
    width = max(WIDTH * segment.nbytes / widest, 8.0) if widest else WIDTH
    return _framed("".join(_filled(x, w, fill) for x, w, fill in _runs(segment, width)), width)


def _runs(segment: Segment, width: float) -> Iterator[tuple[float, float, Fill]]:
    """Neighbouring blocks of one state as one rectangle; of those finer than a pixel the fuller ones are kept."""
    scale = width / segment.nbytes
    start, end, state = 0.0, 0.0, "inactive"
    for block in segment.blocks:
        left = (block.address - segment.address) * scale
        right = left + block.nbytes * scale
        if block.state == state or (right - end < 1.0 and state != "inactive"):
            end = right
            continue
        if state != "inactive":
            yield start, end - start, "full" if state == "active_allocated" else "stripes"
        start, end, state = left, right, block.state
    if state != "inactive":
        yield start, end - start, "full" if state == "active_allocated" else "stripes"


def _filled(x: float, width: float, fill: Fill) -> str:
    if width <= 0 or fill == "none":
        return ""
    if fill in _OPACITY:
        return (
            f'<rect x="{x:.1f}" y="1" width="{max(width, _LEAST):.1f}" height="{HEIGHT - 2}" fill="{ACCENT}" '
            f'fill-opacity="{_OPACITY[fill]:g}"/>'
        )
    period = _PERIOD[fill]
    lines = "".join(
        f"M{x + i * period:.1f} 1h{min(period / 2, width):.1f}v{HEIGHT - 2}h-{min(period / 2, width):.1f}z"
        for i in range(max(int(width / period), 1))
    )
    return f'<path fill="{ACCENT}" d="{lines}"/>'


def _framed(body: str, width: float, room: int = WIDTH) -> str:
    frame = f'<rect x=".5" y=".5" width="{max(width - 1, 1):.1f}" height="{HEIGHT - 1}" fill="none" stroke="{LINE}"/>'
    box = f'width="{room}" height="{HEIGHT}" viewBox="0 0 {room} {HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{body}{frame}</svg>'

"""Small pictures as SVG: no words, no ids, mid-tones on no ground, so that they read the same in every theme."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlab.core.footprint import Footprint
from tensorlab.view.ink import LINE

WIDTH, HEIGHT = 280, 14
# A run whose pieces are closer than this many pixels is drawn as stripes that stand for it.
_FINEST = 4.0
# Width of a stripe and its gap together, in pixels.
_PERIOD = 16.0
# The least width of anything that is there.
_LEAST = 1.5


def footprint_strip(
    footprint: Footprint, size: int, colour: str, *, width: float = WIDTH, enlarged: bool = False
) -> str:
    """A storage of ``size`` bytes as a frame ``width`` pixels wide, with the bytes that a tensor reaches filled in.

    Pieces at least four pixels apart are drawn to scale, each one. Finer ones become stripes: their share of the
    width is the share of the bytes, and their phase is that of the pieces, so that the red and the green channel of
    an image interleave in the picture as they do in memory. A dashed frame says that the storage is ``enlarged``.
    Cost: at most about 160 rectangles, whatever the footprint.
    """
    dashes = ' stroke-dasharray="3 3"' if enlarged else ""
    gap = 2 if enlarged else 0  # between a dashed frame and what is in it, so that both can be seen
    frame = (
        f'<rect x=".5" y=".5" width="{_px(max(width - 1, 1))}" height="{HEIGHT - 1}" fill="none" '
        f'stroke="{LINE}"{dashes}/>'
    )
    bars = "".join(
        f"M{_px(gap + x)} {gap + 1}h{_px(w)}v{HEIGHT - 2 - 2 * gap}h-{_px(w)}z"
        for x, w in _bars(footprint, size, width - 2 * gap)
    )
    body = f'{frame}<path fill="{colour}" d="{bars}"/>' if bars else frame
    return _document(body, WIDTH, HEIGHT)


def _document(body: str, width: int, height: int) -> str:
    box = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{body}</svg>'


def _px(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _bars(footprint: Footprint, size: int, width: float) -> Iterator[tuple[float, float]]:
    """Left edge and width of every rectangle, in pixels."""
    if size == 0 or footprint.width == 0:
        return
    scale = width / size
    coarse = 0
    while coarse < len(footprint.runs) and footprint.runs[coarse].stride * scale >= _FINEST:
        coarse += 1
    # The runs drawn one by one, each repetition holding what the finer runs inside make.
    inside = Footprint(0, footprint.runs[coarse:], footprint.width)
    for start, stop in Footprint(footprint.start, footprint.runs[:coarse], inside.stop).spans():
        if inside.runs:
            yield from _stripes(start, stop, inside, scale, width)
        else:
            yield _kept_inside(start * scale, (stop - start) * scale, width)


def _stripes(start: int, stop: int, inside: Footprint, scale: float, width: float) -> Iterator[tuple[float, float]]:
    left, right = start * scale, stop * scale
    share = inside.nbytes / (inside.stop - inside.start)
    if right - left < 2 * _PERIOD:  # no room for stripes: as much ink in one piece
        yield _kept_inside(left, (right - left) * share, width)
        return
    stride = inside.runs[0].stride
    x = (start % stride) / stride * _PERIOD
    x += (left - x) // _PERIOD * _PERIOD
    while x < right:
        low, high = max(x, left), min(x + _PERIOD * share, right)
        if high > low:
            yield low, high - low
        x += _PERIOD


def _kept_inside(left: float, span: float, width: float) -> tuple[float, float]:
    """A rectangle that can be seen and that stays in the frame."""
    span = min(max(span, _LEAST), width)
    return min(left, width - span), span

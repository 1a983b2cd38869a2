"""Live bytes over the steps of a run as a small picture: what was walked is filled, what was undone is an outline."""

from __future__ import annotations

from tensorlab.jit.walk_records import LiveCurve
from tensorlab.view.ink import ACCENT, LINE, REMOVED

WIDTH, HEIGHT = 640, 72
_TOP, _EDGE = 8.0, 6.0  # room for marks above the highest moment, and at the sides


def curve_svg(curve: LiveCurve, index: int) -> str:
    """A curve with the present step marked by a line and a disc, the highest moment by a ring.

    Cost: two points for each column of the curve.
    """
    done = [(step, live) for step, live in zip(curve.steps, curve.live, strict=True) if step < index]
    done.append((index, curve.now))
    undone = [(index, curve.now)]
    undone += [(step, live) for step, live in zip(curve.steps, curve.live, strict=True) if step > index]
    if undone[-1][0] < curve.count:
        undone.append((curve.count, curve.last))
    floor = HEIGHT - 1.0
    path = _stairs(done, curve)
    area = f"M{_x(0, curve)} {floor:g}{path.replace('M', 'L', 1)}V{floor:g}z"
    body = f'<path d="M0 {floor:g}H{WIDTH}" stroke="{LINE}" fill="none"/>'
    body += f'<path d="{area}" fill="{ACCENT}" fill-opacity=".35"/>'
    body += f'<path d="{path}" fill="none" stroke="{ACCENT}" stroke-width="1.5"/>'
    if len(undone) > 1:
        body += f'<path d="{_stairs(undone, curve)}" fill="none" stroke="{LINE}" stroke-dasharray="3 3"/>'
    x, y = _x(index, curve), _y(curve.now, curve)
    body += f'<path d="M{x} 0V{floor:g}" stroke="{REMOVED}" stroke-width="1.5"/>'
    body += f'<circle cx="{x}" cy="{y}" r="4" fill="{REMOVED}"/>'
    ring = f'cx="{_x(curve.peak_step, curve)}" cy="{_y(curve.peak, curve)}" r="5"'
    body += f'<circle {ring} fill="none" stroke="{ACCENT}" stroke-width="1.5"/>'
    box = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{body}</svg>'


def _stairs(points: list[tuple[int, int]], curve: LiveCurve) -> str:
    """Flat from one moment to the next: bytes change at a step, and not between two."""
    (first, live), *rest = points
    path = f"M{_x(first, curve)} {_y(live, curve)}"
    return path + "".join(f"H{_x(step, curve)}V{_y(amount, curve)}" for step, amount in rest)


def _x(step: int, curve: LiveCurve) -> str:
    return f"{_EDGE + (WIDTH - 2 * _EDGE) * step / max(curve.count, 1):.1f}"


def _y(live: int, curve: LiveCurve) -> str:
    return f"{HEIGHT - 1 - (HEIGHT - 1 - _TOP) * live / max(curve.peak, 1):.1f}"

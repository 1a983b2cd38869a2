"""Correlations over two affine axes: sizes and steps in, the numbers that the compiled loop takes out.

A convolution, its derivative by the weights, and each phase of a transposed one are such correlations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.convolution_loops import DEPTH, FIELDS, HELD, LAID_OUT, ROWS, VECTORS, correlation_loop, lanes
from tensorlab.core.dtype import DType
from tensorlab.core.storage import Storage

Steps = tuple[int, ...]  # in elements: to the next image, group, channel, line and column


@dataclass(frozen=True, slots=True)
class Axis:
    """Where an axis is read: result ``i`` and tap ``k`` meet at ``i * stride + k * step + origin``, of ``size``."""

    size: int
    taps: int
    out: int
    stride: int
    step: int
    origin: int


@dataclass(frozen=True, slots=True)
class Places:
    """The places of an axis that are read at all, ``unit`` apart from ``low`` on; [first, last) of them exist."""

    low: int
    unit: int
    count: int
    first: int
    last: int
    stride: int
    step: int
    shift: int


def places(axis: Axis) -> Places:
    """The places of an axis, with strides and steps counted in them."""
    stride = axis.stride if axis.out > 1 else abs(axis.step)
    step = axis.step if axis.taps > 1 else stride
    unit = math.gcd(stride, step) or 1
    low = axis.origin + min(0, (axis.taps - 1) * step)
    count = ((axis.out - 1) * stride + (axis.taps - 1) * abs(step)) // unit + 1
    first = min(count, max(0, -(low // unit)))
    last = max(first, min(count, -((low - axis.size) // unit)))
    shift = max(0, -(axis.taps - 1) * step) // unit
    return Places(low, unit, count, first, last, max(1, stride // unit), step // unit, shift)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Images, groups of channels, channels in and out of each group, and the two axes."""

    n: int
    groups: int
    channels: int
    out_channels: int
    y: Axis
    x: Axis


@dataclass(frozen=True, slots=True, eq=False)
class CorrelationPlan:
    """The loop, its table of numbers, and how much scratch memory it takes."""

    loop: Loop
    numbers: np.ndarray[tuple[int], np.dtype[np.int64]]
    scratch_nbytes: int

    def run(self, x_at: int, w_at: int, bias_at: int, y_at: int) -> None:
        """Compute, from and to addresses; without a bias its address is 0."""
        scratch = Storage.empty(self.scratch_nbytes)
        self.loop.entry(self.numbers.ctypes.data, x_at, w_at, bias_at, y_at, scratch.address)


def correlation(dtype: DType, sizes: Sizes, x: Steps, w: Steps, y: Steps) -> CorrelationPlan:
    """Plan a correlation of sizes that are at least 1. The weights' first step is to the next channel that comes out.

    Cost: scratch memory for the images laid out (one, or as many as take 1 MB), and for panels and sums.
    """
    rows, cols = places(sizes.y), places(sizes.x)
    xn, xg, xc, xy, xx = x
    wo, wg, wc, wy, wx = w
    yn, yg, yo, yy, yx = y
    taps_y, taps_x, out_y, out_x = sizes.y.taps, sizes.x.taps, sizes.y.out, sizes.x.out
    x_line, x_step = xy * rows.unit, xx * cols.unit
    x_origin = rows.low * xy + cols.low * xx
    whole = (rows.first, rows.last, cols.first, cols.last) == (0, rows.count, 0, cols.count)
    channelwise = sizes.channels == 1 and sizes.out_channels < ROWS
    direct = not channelwise and whole and cols.stride == 1 and (x_step == 1 or cols.count == 1)
    if direct and taps_x == 1 and taps_y == 1 and rows.stride * x_line == out_x and yy == out_x * yx:
        # A row goes on where the one before it ends: all of an image is one row.
        out_y, out_x = 1, out_y * out_x
    k = sizes.channels * taps_y * taps_x
    slots = -(-cols.count // cols.stride)
    image = sizes.channels * rows.count * cols.stride * slots
    images = 1 if channelwise else max(1, min(sizes.n, LAID_OUT // image))
    width = VECTORS * lanes(dtype)
    depth = -(-k // -(-k // DEPTH))
    padded_rows = -(-sizes.out_channels // ROWS) * ROWS
    columns = -(-images * out_y * out_x // width)
    panels = max(1, min(columns, HELD // (width * (padded_rows + depth))))
    w_copy = (wx != 1 and taps_x > 1) or (wy != taps_x and taps_y > 1)
    w_copy = w_copy or (wc != taps_y * taps_x and sizes.channels > 1) or (wo != k and padded_rows > 1)
    spare = width  # elements that vectors may reach beyond an end
    room = {
        "taps_at": 8 * k,
        "runs_at": 8 * 5 * panels * width,
        "weights_at": dtype.itemsize * (k * sizes.out_channels if w_copy else 0),
        "images_at": dtype.itemsize * (0 if direct else images * image + spare),
        "panels_at": dtype.itemsize * (panels * depth * width + spare),
        "sums_at": dtype.itemsize * panels * padded_rows * width,
    }
    numbers = {"n": sizes.n, "groups": sizes.groups, "c": sizes.channels, "oc": sizes.out_channels}
    numbers |= {"taps_y": taps_y, "taps_x": taps_x, "out_y": out_y, "out_x": out_x}
    numbers |= {"images": images, "panels": panels, "depth": depth, "direct": int(direct), "w_copy": int(w_copy)}
    numbers |= {"stride_y": rows.stride, "step_y": rows.step, "shift_y": rows.shift}
    numbers |= {"stride_x": cols.stride, "step_x": cols.step, "shift_x": cols.shift}
    numbers |= {"rows": rows.count, "rows_first": rows.first, "rows_last": rows.last}
    numbers |= {"cols": cols.count, "cols_first": cols.first, "cols_last": cols.last, "slots": slots}
    numbers |= {"xn": xn, "xg": xg, "xc": xc, "xy": x_line, "xx": x_step, "x_origin": x_origin}
    numbers |= {"wg": wg, "wo": wo, "wc": wc, "wy": wy, "wx": wx}
    numbers |= {"yn": yn, "yg": yg, "yo": yo, "yy": yy, "yx": yx}
    total = 0
    for name, nbytes in room.items():
        numbers[name] = total
        total += -(-nbytes // 64) * 64
    text = correlation_loop(dtype, channelwise=channelwise)
    loop = compile_loop(text.source, text.signature, label=text.label)
    return CorrelationPlan(loop, np.array([numbers[name] for name in FIELDS], np.int64), total)

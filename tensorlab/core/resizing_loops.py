"""Texts of the loops that resize images: each result a sum of a few elements, by tables of places and weights.

A table has a row for each result of an axis, with as many places and weights as the method has taps. Nearest, linear
and cubic interpolation are tables of one, two and four.
"""

from __future__ import annotations

from string import Template

from tensorlab.core.dtype import DType
from tensorlab.core.loops import LoopText

SIGNATURE = f"void({', '.join(['int64'] * 12)})"


def resizing_loop(dtype: DType, *, backward: bool) -> LoopText:
    """The loop from images to resized ones, or from gradients of these back."""
    text = (_BACK if backward else _FORWARD).substitute(type=dtype.name)
    return LoopText(text, SIGNATURE, "resize_backward" if backward else "resize")


_HEAD = '''"""Images of (planes, h, w) ${how} (planes, out_h, out_w), by tables for rows and columns: $${type}."""

import numpy as np

from tensorlab.core.intrinsics import $${type}_at, int64_at


def loop(planes, h, w, out_h, out_w, taps, x_at, y_at, rows_at, row_weights_at, cols_at, col_weights_at):
    x = $${type}_at(x_at)
    y = $${type}_at(y_at)
    rows = int64_at(rows_at)
    cols = int64_at(cols_at)
    by_row = $${type}_at(row_weights_at)
    by_col = $${type}_at(col_weights_at)
'''

_FORWARD = Template(
    Template(_HEAD).substitute(how="to")
    + """\
    for plane in range(planes):
        for i in range(out_h):
            to = (plane * out_h + i) * out_w
            if taps == 1:
                base = (plane * h + rows[i]) * w
                for j in range(out_w):
                    y[to + j] = x[base + cols[j]]
            elif taps == 2:
                top = (plane * h + rows[2 * i]) * w
                bottom = (plane * h + rows[2 * i + 1]) * w
                a = by_row[2 * i]
                b = by_row[2 * i + 1]
                for j in range(out_w):
                    left = cols[2 * j]
                    right = cols[2 * j + 1]
                    c = by_col[2 * j]
                    d = by_col[2 * j + 1]
                    y[to + j] = a * (c * x[top + left] + d * x[top + right]) + b * (
                        c * x[bottom + left] + d * x[bottom + right]
                    )
            else:
                for j in range(out_w):
                    total = np.${type}(0)
                    for r in range(taps):
                        base = (plane * h + rows[taps * i + r]) * w
                        part = np.${type}(0)
                        for s in range(taps):
                            part += x[base + cols[taps * j + s]] * by_col[taps * j + s]
                        total += part * by_row[taps * i + r]
                    y[to + j] = total
"""
)

_BACK = Template(
    Template(_HEAD).substitute(how="back from gradients of")
    + """\
    for i in range(planes * h * w):
        y[i] = 0
    for plane in range(planes):
        for i in range(out_h):
            start = (plane * out_h + i) * out_w
            for r in range(taps):
                base = (plane * h + rows[taps * i + r]) * w
                a = by_row[taps * i + r]
                for j in range(out_w):
                    g = x[start + j] * a
                    for s in range(taps):
                        y[base + cols[taps * j + s]] += g * by_col[taps * j + s]
"""
)

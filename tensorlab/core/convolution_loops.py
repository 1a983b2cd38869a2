"""Text of the one loop that convolutions are made of: a correlation over any two affine axes.

``y[n, o, i, j] = bias[o] + sum over c, a, b of x[n, c, i*s + a*d + z, j*s + b*d + z] * w[o, c, a, b]``, with zeros
outside of ``x``. A matrix product, in other words, of ``w`` with a matrix of columns that is never made as a whole:
panels of a few columns are gathered from ``x`` into the first cache, and tiles of ``ROWS`` rows by up to ``VECTORS``
vectors are summed up in registers.

Source: Goto, van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008, for the blocking.
"""

from __future__ import annotations

from string import Template

from tensorlab.core.dtype import DType
from tensorlab.core.loops import LoopText

ROWS, VECTORS = 4, 3  # a tile: 12 sums, 3 vectors of a panel and one number of the weights fill the 16 registers
DEPTH = 256  # rows of a panel: with 24 columns of float32, 24 KB, as much as stays in a first cache of 32 KB
HELD = 65536  # elements of the panels and sums in work together, which stay in the second cache
LAID_OUT = 262144  # elements of the images that are laid out together
VECTOR_NBYTES = 32

SIGNATURE = f"void({', '.join(['int64'] * 6)})"

# What the table of numbers holds, in this order. `x`, `w` and `y` steps are in elements; `_at` are byte offsets into
# the scratch memory. An axis: `count` places of which [first, last) lie in `x`, `phases` and `slots` of each.
FIELDS = (
    *("n", "groups", "c", "oc", "taps_y", "taps_x", "out_y", "out_x", "images", "panels", "depth", "direct"),
    *("stride_y", "step_y", "shift_y", "stride_x", "step_x", "shift_x"),
    *("rows", "rows_first", "rows_last", "cols", "cols_first", "cols_last", "slots", "x_origin"),
    *("xn", "xg", "xc", "xy", "xx", "w_copy", "wg", "wo", "wc", "wy", "wx", "yn", "yg", "yo", "yy", "yx"),
    *("taps_at", "weights_at", "images_at", "panels_at", "sums_at", "runs_at"),
)


def lanes(dtype: DType) -> int:
    """Elements of a vector."""
    return VECTOR_NBYTES // dtype.itemsize


def correlation_loop(dtype: DType, *, channelwise: bool) -> LoopText:
    """The loop for one element type; the sizes are arguments."""
    width = lanes(dtype)
    names = {
        "type": dtype.name,
        "how": "a channel at a time" if channelwise else f"in panels of {VECTORS * width} columns",
        "lanes": str(width),
        "columns": str(VECTORS * width),
        "rows": str(ROWS),
        "numbers": "\n    ".join(f"{name} = p[{i}]" for i, name in enumerate(FIELDS)),
        "copies": "\n                                ".join(
            f"put_vector(panels_to, to + {v * width}, vector_at(a, run + {v * width}))" for v in range(VECTORS)
        ),
        "tiles": _tiles(width),
    }
    body = _CHANNELWISE if channelwise else _PANELS
    return LoopText(_HEAD.substitute(names) + body.substitute(names), SIGNATURE, "correlation")


def _tiles(width: int) -> str:
    """The innermost loop for a panel of three, two and one vectors."""
    parts: list[str] = []
    for vectors in range(VECTORS, 0, -1):
        held = [(r, v) for r in range(ROWS) for v in range(vectors)]
        if vectors == VECTORS:
            head = f"if wide > {(vectors - 1) * width}:"
        elif vectors == 1:
            head = "else:"
        else:
            head = f"elif wide > {(vectors - 1) * width}:"
        lines = [head]
        lines += [f"    s{r}{v} = vector_at(sums, tile + {r * VECTORS * width + v * width})" for r, v in held]
        lines += ["    for k in range(deep):"]
        lines += [f"        b{v} = vector_at(panels_to, from_panel + {v * width})" for v in range(vectors)]
        for r in range(ROWS):
            lines += [f"        a{r} = spread(w[row{r} + k])"]
            lines += [f"        s{r}{v} = multiply_add(a{r}, b{v}, s{r}{v})" for v in range(vectors)]
        lines += [f"        from_panel += {VECTORS * width}"]
        lines += [f"    put_vector(sums, tile + {r * VECTORS * width + v * width}, s{r}{v})" for r, v in held]
        parts += lines
    return "\n                            ".join(parts)


_HEAD = Template('''"""Correlation over two affine axes, ${how}: ${type}."""

import numpy as np

from tensorlab.core.intrinsics import ${type}_at, int64_at
from tensorlab.core.vectors import multiply_add, put_vector, spread, vector_at


def loop(numbers_at, x_at, w_at, bias_at, y_at, scratch_at):
    p = int64_at(numbers_at)
    ${numbers}
    zero = np.${type}(0)
    one = spread(np.${type}(1))
    x = ${type}_at(x_at)
    given = ${type}_at(w_at)
    bias = ${type}_at(bias_at)
    y = ${type}_at(y_at)
    taps = int64_at(scratch_at + taps_at)
    panels_to = ${type}_at(scratch_at + panels_at)
    sums = ${type}_at(scratch_at + sums_at)
    runs = int64_at(scratch_at + runs_at)
    laid = ${type}_at(scratch_at + images_at)
    copied = ${type}_at(scratch_at + weights_at)
    k_all = c * taps_y * taps_x
    padded_rows = (oc + ${rows} - 1) // ${rows} * ${rows}
    area = out_y * out_x
    # Where an image's channels, rows and phases lie, once it is laid out: as they are, or in memory of our own.
    row_step = stride_x * slots
    by_n, by_c, by_y, by_phase = c * rows * row_step, rows * row_step, row_step, slots
    if direct:
        by_n, by_c, by_y, by_phase = xn, xc, xy, 0
    at = 0
    for channel in range(c):
        for tap_y in range(taps_y):
            for tap_x in range(taps_x):
                t = tap_x * step_x + shift_x
                taps[at] = (
                    channel * by_c + (tap_y * step_y + shift_y) * by_y + t % stride_x * by_phase + t // stride_x
                )
                at += 1
    for group in range(groups):
        w = given
        w_first = group * wg
        if w_copy:
            w = copied
            w_first = 0
            at = 0
            for o in range(oc):
                for channel in range(c):
                    for tap_y in range(taps_y):
                        from_w = group * wg + o * wo + channel * wc + tap_y * wy
                        for tap_x in range(taps_x):
                            copied[at] = given[from_w + tap_x * wx]
                            at += 1
        for n_first in range(0, n, images):
            n_here = min(images, n - n_first)
            a = x
            a_first = n_first * xn + group * xg + x_origin
            if not direct:
                a = laid
                a_first = 0
                for image in range(n_here):
                    for channel in range(c):
                        from_x = (n_first + image) * xn + group * xg + channel * xc + x_origin
                        plane = image * by_n + channel * by_c
                        for row in range(rows):
                            to = plane + row * by_y
                            if row < rows_first or row >= rows_last:
                                for i in range(row_step):
                                    laid[to + i] = zero
                            elif stride_x == 1:
                                line = from_x + row * xy
                                for i in range(cols_first):
                                    laid[to + i] = zero
                                if xx == 1:
                                    for i in range(cols_first, cols_last):
                                        laid[to + i] = x[line + i]
                                else:
                                    for i in range(cols_first, cols_last):
                                        laid[to + i] = x[line + i * xx]
                                for i in range(cols_last, cols):
                                    laid[to + i] = zero
                            else:
                                line = from_x + row * xy
                                for i in range(row_step):
                                    laid[to + i] = zero
                                for phase in range(stride_x):
                                    start = (cols_first - phase + stride_x - 1) // stride_x
                                    stop = (cols_last - phase + stride_x - 1) // stride_x
                                    left = line + phase * xx
                                    jump = stride_x * xx
                                    for i in range(start, stop):
                                        laid[to + phase * slots + i] = x[left + i * jump]
''')

_PANELS = Template("""\
            columns = n_here * area
            for q_first in range(0, columns, panels * ${columns}):
                q_here = min(panels * ${columns}, columns - q_first)
                # Runs of columns that are neighbours in memory: panel, column in it, count, place in x, place in y.
                found = 0
                q = q_first
                while q < q_first + q_here:
                    image = q // area
                    i = q % area // out_x
                    j = q % out_x
                    inside = (q - q_first) % ${columns}
                    count = min(min(out_x - j, ${columns} - inside), q_first + q_here - q)
                    runs[found] = (q - q_first) // ${columns}
                    runs[found + 1] = inside
                    runs[found + 2] = count
                    runs[found + 3] = a_first + image * by_n + i * stride_y * by_y + j
                    runs[found + 4] = (n_first + image) * yn + group * yg + i * yy + j * yx
                    found += 5
                    q += count
                panels_here = (q_here + ${columns} - 1) // ${columns}
                for i in range(panels_here * padded_rows * ${columns}):
                    sums[i] = zero
                for k_first in range(0, k_all, depth):
                    deep = min(depth, k_all - k_first)
                    at = 0
                    for panel in range(panels_here):
                        first_run = at
                        while at < found and runs[at] == panel:
                            at += 5
                        if at == first_run + 5 and runs[first_run + 2] == ${columns}:
                            to = panel * depth * ${columns}
                            from_a = runs[first_run + 3]
                            for k in range(k_first, k_first + deep):
                                run = from_a + taps[k]
                                ${copies}
                                to += ${columns}
                        else:
                            for k in range(deep):
                                base = taps[k_first + k]
                                line = (panel * depth + k) * ${columns}
                                for r in range(first_run, at, 5):
                                    to = line + runs[r + 1]
                                    count = runs[r + 2]
                                    run = base + runs[r + 3]
                                    i = 0
                                    while i + ${lanes} <= count:
                                        put_vector(panels_to, to + i, vector_at(a, run + i))
                                        i += ${lanes}
                                    if i < count:
                                        if direct:
                                            while i < count:
                                                panels_to[to + i] = a[run + i]
                                                i += 1
                                        else:
                                            put_vector(panels_to, to + i, vector_at(a, run + i))
                    for panel in range(panels_here):
                        wide = min(${columns}, q_here - panel * ${columns})
                        for o in range(0, oc, ${rows}):
                            row0 = w_first + o * k_all + k_first
                            row1 = w_first + min(o + 1, oc - 1) * k_all + k_first
                            row2 = w_first + min(o + 2, oc - 1) * k_all + k_first
                            row3 = w_first + min(o + 3, oc - 1) * k_all + k_first
                            tile = (panel * padded_rows + o) * ${columns}
                            from_panel = panel * depth * ${columns}
                            ${tiles}
                for o in range(oc):
                    start = spread(zero)
                    extra = zero
                    if bias_at != 0:
                        extra = bias[group * oc + o]
                        start = spread(extra)
                    for r in range(0, found, 5):
                        at = (runs[r] * padded_rows + o) * ${columns} + runs[r + 1]
                        to = runs[r + 4] + o * yo
                        count = runs[r + 2]
                        if yx == 1:
                            i = 0
                            while i + ${lanes} <= count:
                                put_vector(y, to + i, multiply_add(vector_at(sums, at + i), one, start))
                                i += ${lanes}
                            while i < count:
                                y[to + i] = sums[at + i] + extra
                                i += 1
                        else:
                            for i in range(count):
                                y[to + i * yx] = sums[at + i] + extra
""")

# One channel of each group goes into a few: nothing is shared between rows of a tile, so there is no tile.
_CHANNELWISE = Template("""\
            for image in range(n_here):
                for o in range(oc):
                    start = spread(bias[group * oc + o]) if bias_at != 0 else spread(zero)
                    weights = w_first + o * k_all
                    for i in range(out_y):
                        line = image * by_n + i * stride_y * by_y
                        to = (n_first + image) * yn + group * yg + o * yo + i * yy
                        for j in range(0, out_x, ${lanes}):
                            total = start
                            for k in range(k_all):
                                total = multiply_add(spread(w[weights + k]), vector_at(a, line + taps[k] + j), total)
                            if yx == 1 and j + ${lanes} <= out_x:
                                put_vector(y, to + j, total)
                            else:
                                put_vector(sums, 0, total)
                                for r in range(min(${lanes}, out_x - j)):
                                    y[to + (j + r) * yx] = sums[r]
""")

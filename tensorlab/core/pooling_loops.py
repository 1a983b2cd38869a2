"""Texts of loops over windows: windows of fixed size, windows that share an image out evenly, and the ways back.

All run over planes, rows of the result, and taps of the window, and inside of that along a row of the result: the
compiler makes vectors of it, whatever the window. ``numbers`` is a table; see `FIELDS`.
"""

from __future__ import annotations

from string import Template

from tensorlab.core.dtype import DType
from tensorlab.core.loops import LoopText

FIELDS = (
    *("planes", "h", "w", "out_h", "out_w", "taps_y", "taps_x", "stride_y", "stride_x", "pad_y", "pad_x"),
    *("step_y", "step_x", "divisor", "with_pad"),
)
SIGNATURE = f"void({', '.join(['int64'] * 5)})"


def pooling_loop(kind: str, dtype: DType) -> LoopText:
    """One of `TEXTS` for an element type; it takes ``(numbers, x, y, at, scratch)``, all of them addresses."""
    floating = dtype.is_floating_point
    fields = "\n    ".join(f"{name} = p[{i}]" for i, name in enumerate(FIELDS))
    source = TEXTS[kind].substitute(
        type=dtype.name,
        numbers=fields,
        lowest="-np.inf" if floating else f"np.iinfo(np.{dtype.name}).min",
        # NaN is above all. The last of several is taken, as it is by torch.
        above="(value > best) | (value != value)" if floating else "value > best",
        quotient=f"value / np.{dtype.name}(count)" if floating else "abs(value) // count * (1 if value > 0 else -1)",
    )
    return LoopText(source, SIGNATURE, kind)


def _template(doc: str, body: str) -> Template:
    return Template(
        f'"""{doc}: ${{type}}."""\n\nimport numpy as np\n\n'
        "from tensorlab.core.intrinsics import ${type}_at, int64_at\n\n\n"
        "def loop(numbers_at, x_at, y_at, at_at, scratch_at):\n"
        "    p = int64_at(numbers_at)\n    ${numbers}\n"
        "    x = ${type}_at(x_at)\n    y = ${type}_at(y_at)\n    at = int64_at(at_at)\n"
        "    line = ${type}_at(scratch_at)\n    zero = np.${type}(0)\n" + body.lstrip("\n")
    )


# Columns [left, right) of a row of results whose tap lies inside the image.
_REACH = """
                    start = tap_x * step_x - pad_x
                    left = max(0, (stride_x - 1 - start) // stride_x)
                    right = min(out_w, (w - 1 - start) // stride_x + 1)
"""

_MAX = _template(
    "The largest element of each window, and its place in the plane",
    """
    for plane in range(planes):
        for i in range(out_h):
            to = (plane * out_h + i) * out_w
            top = i * stride_y - pad_y
            first_y = top if top >= 0 else top + (step_y - 1 - top) // step_y * step_y
            for j in range(out_w):
                first_x = j * stride_x - pad_x
                if first_x < 0:
                    first_x += (step_x - 1 - first_x) // step_x * step_x
                y[to + j] = ${lowest}
                at[to + j] = first_y * w + first_x
            for tap_y in range(taps_y):
                row = top + tap_y * step_y
                if row < 0 or row >= h:
                    continue
                for tap_x in range(taps_x):"""
    + _REACH
    + """
                    base = (plane * h + row) * w + start
                    place = row * w + start
                    if stride_x == 1:
                        for j in range(left, right):
                            value = x[base + j]
                            best = y[to + j]
                            won = ${above}
                            y[to + j] = value if won else best
                            at[to + j] = place + j if won else at[to + j]
                    else:
                        for j in range(left, right):
                            value = x[base + j * stride_x]
                            best = y[to + j]
                            won = ${above}
                            y[to + j] = value if won else best
                            at[to + j] = place + j * stride_x if won else at[to + j]
""",
)

# How many elements a window's sum is divided by.
_COUNT = """
            top = i * stride_y - pad_y
            high = min(top + taps_y, h + pad_y) - top
            inner_y = min(top + taps_y, h) - max(top, 0)
"""
_DIVISOR = """
                from_x = j * stride_x - pad_x
                wide = min(from_x + taps_x, w + pad_x) - from_x
                inner_x = min(from_x + taps_x, w) - max(from_x, 0)
                count = divisor if divisor != 0 else (high * wide if with_pad else inner_y * inner_x)
"""

_AVERAGE = _template(
    "The mean of each window",
    """
    for plane in range(planes):
        for i in range(out_h):
            to = (plane * out_h + i) * out_w"""
    + _COUNT
    + """
            for j in range(out_w):
                y[to + j] = 0
            for tap_y in range(taps_y):
                row = top + tap_y
                if row < 0 or row >= h:
                    continue
                for tap_x in range(taps_x):"""
    + _REACH
    + """
                    base = (plane * h + row) * w + start
                    if stride_x == 1:
                        for j in range(left, right):
                            y[to + j] += x[base + j]
                    else:
                        for j in range(left, right):
                            y[to + j] += x[base + j * stride_x]
            for j in range(out_w):"""
    + _DIVISOR
    + """
                value = y[to + j]
                y[to + j] = ${quotient}
""",
)

_AVERAGE_BACK = _template(
    "Each gradient (x) in equal parts to the elements (y) of its window",
    """
    for i in range(planes * h * w):
        y[i] = 0
    for plane in range(planes):
        for i in range(out_h):
            to = (plane * out_h + i) * out_w"""
    + _COUNT
    + """
            for j in range(out_w):"""
    + _DIVISOR
    + """
                value = x[to + j]
                line[j] = ${quotient}
            for tap_y in range(taps_y):
                row = top + tap_y
                if row < 0 or row >= h:
                    continue
                for tap_x in range(taps_x):"""
    + _REACH
    + """
                    base = (plane * h + row) * w + start
                    for j in range(left, right):
                        y[base + j * stride_x] += line[j]
""",
)

# Window i of an image shared out evenly: from i * h // out_h up to the same of i + 1, rounded up.
_SHARE = """
    for plane in range(planes):
        for i in range(out_h):
            top, bottom = i * h // out_h, ((i + 1) * h + out_h - 1) // out_h
            for j in range(out_w):
                left, right = j * w // out_w, ((j + 1) * w + out_w - 1) // out_w
                to = (plane * out_h + i) * out_w + j
"""

_SHARED_MAX = _template(
    "The largest element of each share, and its place in the plane",
    _SHARE
    + """
                best = x[(plane * h + top) * w + left]
                found = top * w + left
                for row in range(top, bottom):
                    for column in range(left, right):
                        value = x[(plane * h + row) * w + column]
                        if ${above}:
                            best = value
                            found = row * w + column
                y[to] = best
                at[to] = found
""",
)

_SHARED_AVERAGE = _template(
    "The mean of each share",
    _SHARE
    + """
                value = zero
                for row in range(top, bottom):
                    for column in range(left, right):
                        value += x[(plane * h + row) * w + column]
                count = bottom - top
                value = ${quotient}
                count = right - left
                y[to] = ${quotient}
""",
)

_SHARED_AVERAGE_BACK = _template(
    "Each gradient (x) in equal parts to the elements (y) of its share",
    """
    for i in range(planes * h * w):
        y[i] = 0
"""
    + _SHARE.lstrip("\n")
    + """
                value = x[to]
                count = bottom - top
                value = ${quotient}
                count = right - left
                value = ${quotient}
                for row in range(top, bottom):
                    for column in range(left, right):
                        y[(plane * h + row) * w + column] += value
""",
)

_ADDED_AT = _template(
    "Each element (x) added to what is at its place in a plane (y) of zeros",
    """
    for i in range(planes * h * w):
        y[i] = 0
    for plane in range(planes):
        base = plane * h * w
        for i in range(plane * out_h * out_w, (plane + 1) * out_h * out_w):
            y[base + at[i]] += x[i]
""",
)

_PUT_AT = _template(
    "Each element (x) put at its place in a plane (y) of zeros",
    """
    for i in range(planes * h * w):
        y[i] = 0
    for plane in range(planes):
        base = plane * h * w
        for i in range(plane * out_h * out_w, (plane + 1) * out_h * out_w):
            y[base + at[i]] = x[i]
""",
)

_COLUMNS = _template(
    "What each tap of a window meets, one tap after another; 0 in the padding",
    """
    for plane in range(planes):
        for tap_y in range(taps_y):
            for tap_x in range(taps_x):
                to = ((plane * taps_y + tap_y) * taps_x + tap_x) * out_h * out_w
                for i in range(out_h):
                    row = i * stride_y - pad_y + tap_y * step_y
                    for j in range(out_w):
                        y[to + i * out_w + j] = zero
                    if row < 0 or row >= h:
                        continue"""
    + _REACH
    + """
                    base = (plane * h + row) * w + start
                    for j in range(left, right):
                        y[to + i * out_w + j] = x[base + j * stride_x]
""",
)

_COLUMNS_BACK = _template(
    "What windows hold (x) added to where it was taken from (y)",
    """
    for i in range(planes * h * w):
        y[i] = 0
    for plane in range(planes):
        for tap_y in range(taps_y):
            for tap_x in range(taps_x):
                to = ((plane * taps_y + tap_y) * taps_x + tap_x) * out_h * out_w
                for i in range(out_h):
                    row = i * stride_y - pad_y + tap_y * step_y
                    if row < 0 or row >= h:
                        continue"""
    + _REACH
    + """
                    base = (plane * h + row) * w + start
                    for j in range(left, right):
                        y[base + j * stride_x] += x[to + i * out_w + j]
""",
)

TEXTS = {
    "im2col": _COLUMNS,
    "col2im": _COLUMNS_BACK,
    "max_pool": _MAX,
    "avg_pool": _AVERAGE,
    "avg_pool_backward": _AVERAGE_BACK,
    "adaptive_max_pool": _SHARED_MAX,
    "adaptive_avg_pool": _SHARED_AVERAGE,
    "adaptive_avg_pool_backward": _SHARED_AVERAGE_BACK,
    "added_at": _ADDED_AT,
    "put_at": _PUT_AT,
}

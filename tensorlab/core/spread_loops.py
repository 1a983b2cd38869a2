"""Source text of reductions that go over their elements twice: variance with the mean, and log-sum-exp.

An input is seen as (outer, n, inner), along rows (``inner`` is 1) or down columns side by side: see `reduction_loops`.
The second pass is why float32 keeps its digits: differences from the mean, or from the largest element, are small.
"""

from __future__ import annotations

import math
from string import Template
from textwrap import indent
from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.inline import Inliner
from tensorlab.core.loops import LoopText

SIDE_BY_SIDE = 256  # accumulators down columns, where these are fewer: several rows go together
VARIANCE = f"void({', '.join(['int64'] * 7)}, float64, int64)"
LOG_SUM_EXP = f"void({', '.join(['int64'] * 6)})"


def scratch_nbytes(inner: int) -> int:
    """Room for two float64 a column."""
    return 16 * max(inner, SIDE_BY_SIDE)


def variance_loop(dtype: DType, *, columns: bool) -> LoopText:
    """Sums of squared differences from the mean over ``divisor``; with ``root``, their square roots.

    Takes ``(outer, n, inner, out_at, mean_at, in_at, scratch_at, divisor, root)``; a ``mean_at`` of 0 keeps no means.
    """
    template = _VARIANCE_COLUMNS if columns else _VARIANCE_ROWS
    return LoopText(template.substitute(type=dtype.name, side_by_side=SIDE_BY_SIDE), VARIANCE, "variance")


def weight(x: Any, top: Any) -> Any:
    return math.exp(x - top)


def log_sum_exp_loop(dtype: DType, *, columns: bool) -> LoopText:
    """Logarithms of sums of exponentials; takes ``(outer, n, inner, out_at, in_at, scratch_at)``."""
    inliner = Inliner()
    value = inliner.call(weight, ["x", "top[j]" if columns else "top"], dtype.name)
    statements = indent("\n".join(inliner.statements), " " * 16).lstrip()
    template = _LOG_SUM_EXP_COLUMNS if columns else _LOG_SUM_EXP_ROWS
    text = template.substitute(type=dtype.name, statements=statements, weight=value)
    return LoopText(text, LOG_SUM_EXP, "log_sum_exp")


_VARIANCE_ROWS = Template('''"""Variance along the rows of (outer, n): ${type}."""

import math

import numpy as np

from tensorlab.core.intrinsics import ${type}_at, free_sum


def loop(outer, n, inner, out_at, mean_at, in_at, scratch_at, divisor, root):
    out = ${type}_at(out_at)
    means = ${type}_at(mean_at)
    a = ${type}_at(in_at)
    for o in range(outer):
        row = o * n
        total = np.float64(0)
        for i in range(n):
            total = free_sum(total, np.float64(a[row + i]))
        mean = total / n
        squares = np.float64(0)
        for i in range(n):
            d = np.float64(a[row + i]) - mean
            squares = free_sum(squares, d * d)
        squares = squares / divisor
        out[o] = np.${type}(math.sqrt(squares) if root else squares)
        if mean_at != 0:
            means[o] = np.${type}(mean)
''')

_VARIANCE_COLUMNS = Template('''"""Variance down the columns of (outer, n, inner): ${type}."""

import math

import numpy as np

from tensorlab.core.intrinsics import ${type}_at, float64_at


def loop(outer, n, inner, out_at, mean_at, in_at, scratch_at, divisor, root):
    out = ${type}_at(out_at)
    means = ${type}_at(mean_at)
    a = ${type}_at(in_at)
    together = max(1, min(${side_by_side} // inner, n))
    width = together * inner
    mean = float64_at(scratch_at)
    squares = float64_at(scratch_at + 8 * width)
    for o in range(outer):
        first = o * n * inner
        last = first + n // together * width
        left = n % together * inner
        for j in range(width):
            mean[j] = np.float64(0)
            squares[j] = np.float64(0)
        for i in range(n // together):
            base = first + i * width
            for j in range(width):
                mean[j] += np.float64(a[base + j])
        for j in range(left):
            mean[j] += np.float64(a[last + j])
        for i in range(1, together):
            for j in range(inner):
                mean[j] += mean[i * inner + j]
        for j in range(inner):
            mean[j] = mean[j] / n
        for i in range(1, together):
            for j in range(inner):
                mean[i * inner + j] = mean[j]
        for i in range(n // together):
            base = first + i * width
            for j in range(width):
                d = np.float64(a[base + j]) - mean[j]
                squares[j] += d * d
        for j in range(left):
            d = np.float64(a[last + j]) - mean[j]
            squares[j] += d * d
        for i in range(1, together):
            for j in range(inner):
                squares[j] += squares[i * inner + j]
        to = o * inner
        for j in range(inner):
            found = squares[j] / divisor
            out[to + j] = np.${type}(math.sqrt(found) if root else found)
        if mean_at != 0:
            for j in range(inner):
                means[to + j] = np.${type}(mean[j])
''')

_LOG_SUM_EXP_ROWS = Template('''"""Log-sum-exp along the rows of (outer, n): ${type}."""

import math

import numpy as np

from tensorlab.core.intrinsics import ${type}_at, free_sum, maximum


def loop(outer, n, inner, out_at, in_at, scratch_at):
    out = ${type}_at(out_at)
    a = ${type}_at(in_at)
    for o in range(outer):
        row = o * n
        top = np.${type}(-np.inf)
        for i in range(n):
            top = maximum(top, a[row + i])
        top = np.${type}(0) if abs(top) == np.inf else top
        total = np.float64(0)
        for start in range(0, n, 512):
            part = np.${type}(0)
            for i in range(start, min(start + 512, n)):
                x = a[row + i]
                ${statements}
                part = free_sum(part, ${weight})
            total += np.float64(part)
        out[o] = np.${type}(math.log(total) + np.float64(top))
''')

_LOG_SUM_EXP_COLUMNS = Template('''"""Log-sum-exp down the columns of (outer, n, inner): ${type}."""

import math

import numpy as np

from tensorlab.core.intrinsics import ${type}_at, float64_at, maximum


def loop(outer, n, inner, out_at, in_at, scratch_at):
    out = ${type}_at(out_at)
    a = ${type}_at(in_at)
    total = float64_at(scratch_at)
    top = ${type}_at(scratch_at + 8 * inner)
    for o in range(outer):
        first = o * n * inner
        for j in range(inner):
            top[j] = np.${type}(-np.inf)
            total[j] = np.float64(0)
        for i in range(n):
            base = first + i * inner
            for j in range(inner):
                top[j] = maximum(top[j], a[base + j])
        for j in range(inner):
            top[j] = np.${type}(0) if abs(top[j]) == np.inf else top[j]
        for i in range(n):
            base = first + i * inner
            for j in range(inner):
                x = a[base + j]
                ${statements}
                total[j] += np.float64(${weight})
        to = o * inner
        for j in range(inner):
            out[to + j] = np.${type}(math.log(total[j]) + np.float64(top[j]))
''')

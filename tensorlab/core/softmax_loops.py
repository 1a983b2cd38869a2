"""Source text of softmax loops: softmax, its logarithm, and the gradients of both, in the middle of (outer, n, inner).

Along rows (``inner`` is 1), or down columns side by side. A loop forward takes ``(outer, n, inner, out_at, in_at,
scratch_at)``; one backward takes ``(outer, n, inner, out_at, g_at, y_at, scratch_at)``, with the gradient and what came
out. ``scratch`` has room for a float64 and an element a column.
"""

from __future__ import annotations

import math
from string import Template
from textwrap import indent
from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.inline import Inliner
from tensorlab.core.loops import LoopText

FORWARD = f"void({', '.join(['int64'] * 6)})"
BACKWARD = f"void({', '.join(['int64'] * 7)})"


def softmax_weight(x: Any, top: Any) -> Any:
    return math.exp(x - top)


def softmax_loop(dtype: DType, *, columns: bool, log: bool = False) -> LoopText:
    """Softmax or log-softmax."""
    inliner = Inliner()
    weight = inliner.call(softmax_weight, ["x", "top[j]" if columns else "top"], dtype.name)
    deep = columns or log
    statements = indent("\n".join(inliner.statements), " " * (16 if deep else 12)).lstrip()
    template = (_LOG_COLUMNS if columns else _LOG_ROWS) if log else (_COLUMNS if columns else _ROWS)
    text = template.substitute(type=dtype.name, statements=statements, weight=weight)
    return LoopText(text, FORWARD, "log_softmax" if log else "softmax")


def identity_exp(x: Any) -> Any:
    return math.exp(x)


def softmax_backward_loop(dtype: DType, *, columns: bool, log: bool = False) -> LoopText:
    """The gradient of what went in, from the gradient and the value of what came out."""
    inliner = Inliner()
    total = "total[j]" if columns else "total"
    if log:
        term, value = "d", f"d - {inliner.call(identity_exp, ['v'], dtype.name)} * np.{dtype.name}({total})"
    else:
        term, value = "d * v", f"v * (d - np.{dtype.name}({total}))"
    statements = "".join(f"{line}\n" + " " * (16 if columns else 12) for line in inliner.statements)
    text = (_BACK_COLUMNS if columns else _BACK_ROWS).substitute(
        name="log-softmax" if log else "softmax", type=dtype.name, term=term, statements=statements, value=value
    )
    if "math." in statements + value:
        text = text.replace("import numpy as np", "import math\n\nimport numpy as np", 1)
    return LoopText(text, BACKWARD, "log_softmax_backward" if log else "softmax_backward")


_ROWS = Template('''"""Softmax along the rows of (outer, n): ${type}."""

import math

import numpy as np

from tensorlab.core.intrinsics import ${type}_at, free_sum, maximum


def loop(outer, n, inner, out_at, in_at, scratch_at):
    out = ${type}_at(out_at)
    a = ${type}_at(in_at)
    for o in range(outer):
        row = o * n
        top = a[row]
        for i in range(n):
            top = maximum(top, a[row + i])
        for i in range(n):
            x = a[row + i]
            ${statements}
            out[row + i] = ${weight}
        total = np.float64(0)
        for start in range(0, n, 512):
            part = np.${type}(0)
            for i in range(start, min(start + 512, n)):
                part = free_sum(part, out[row + i])
            total += np.float64(part)
        whole = np.${type}(total)
        for i in range(n):
            out[row + i] = out[row + i] / whole
''')

_COLUMNS = Template('''"""Softmax down the columns of (outer, n, inner): ${type}."""

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
            top[j] = a[first + j]
            total[j] = np.float64(0)
        for i in range(1, n):
            base = first + i * inner
            for j in range(inner):
                top[j] = maximum(top[j], a[base + j])
        for i in range(n):
            base = first + i * inner
            for j in range(inner):
                x = a[base + j]
                ${statements}
                out[base + j] = ${weight}
        for i in range(n):
            base = first + i * inner
            for j in range(inner):
                total[j] += np.float64(out[base + j])
        for i in range(n):
            base = first + i * inner
            for j in range(inner):
                out[base + j] = out[base + j] / np.${type}(total[j])
''')

_LOG_ROWS = Template('''"""Log-softmax along the rows of (outer, n): ${type}."""

import math

import numpy as np

from tensorlab.core.intrinsics import ${type}_at, free_sum, maximum


def loop(outer, n, inner, out_at, in_at, scratch_at):
    out = ${type}_at(out_at)
    a = ${type}_at(in_at)
    for o in range(outer):
        row = o * n
        top = a[row]
        for i in range(n):
            top = maximum(top, a[row + i])
        total = np.float64(0)
        for start in range(0, n, 512):
            part = np.${type}(0)
            for i in range(start, min(start + 512, n)):
                x = a[row + i]
                ${statements}
                part = free_sum(part, ${weight})
            total += np.float64(part)
        whole = np.${type}(math.log(total))
        for i in range(n):
            out[row + i] = a[row + i] - top - whole
''')

_LOG_COLUMNS = Template('''"""Log-softmax down the columns of (outer, n, inner): ${type}."""

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
            top[j] = a[first + j]
            total[j] = np.float64(0)
        for i in range(1, n):
            base = first + i * inner
            for j in range(inner):
                top[j] = maximum(top[j], a[base + j])
        for i in range(n):
            base = first + i * inner
            for j in range(inner):
                x = a[base + j]
                ${statements}
                total[j] += np.float64(${weight})
        for j in range(inner):
            total[j] = math.log(total[j])
        for i in range(n):
            base = first + i * inner
            for j in range(inner):
                out[base + j] = a[base + j] - top[j] - np.${type}(total[j])
''')

_BACK_ROWS = Template('''"""The gradient of ${name} along the rows of (outer, n): ${type}."""

import numpy as np

from tensorlab.core.intrinsics import ${type}_at, free_sum


def loop(outer, n, inner, out_at, g_at, y_at, scratch_at):
    out = ${type}_at(out_at)
    g = ${type}_at(g_at)
    y = ${type}_at(y_at)
    for o in range(outer):
        row = o * n
        total = np.float64(0)
        for start in range(0, n, 512):
            part = np.${type}(0)
            for i in range(start, min(start + 512, n)):
                d = g[row + i]
                v = y[row + i]
                part = free_sum(part, ${term})
            total += np.float64(part)
        for i in range(n):
            d = g[row + i]
            v = y[row + i]
            ${statements}out[row + i] = ${value}
''')

_BACK_COLUMNS = Template('''"""The gradient of ${name} down the columns of (outer, n, inner): ${type}."""

import numpy as np

from tensorlab.core.intrinsics import ${type}_at, float64_at


def loop(outer, n, inner, out_at, g_at, y_at, scratch_at):
    out = ${type}_at(out_at)
    g = ${type}_at(g_at)
    y = ${type}_at(y_at)
    total = float64_at(scratch_at)
    for o in range(outer):
        first = o * n * inner
        for j in range(inner):
            total[j] = np.float64(0)
        for i in range(n):
            base = first + i * inner
            for j in range(inner):
                d = g[base + j]
                v = y[base + j]
                total[j] += np.float64(${term})
        for i in range(n):
            base = first + i * inner
            for j in range(inner):
                d = g[base + j]
                v = y[base + j]
                ${statements}out[base + j] = ${value}
''')

"""Source text of normalisation loops: rows of (outer, n), and channels of (batch, channels, inner).

A weight or a bias at address 0 stands for none.

Sums go by blocks in the element's own precision, so that they are vector code, and from block to block in 64 bits.
"""

from __future__ import annotations

from string import Template

from tensorlab.core.dtype import DType
from tensorlab.core.inline import cast_name
from tensorlab.core.loops import LoopText

_BLOCK = 512

_HEAD = '''"""$title, $dtype."""

import math

import numpy as np

from tensorlab.core.intrinsics import ${dtype}_at, float64_at, free_sum


def loop($arguments):
'''

_ROWS = """    out = ${dtype}_at(out_at)
    means = ${dtype}_at(mean_at)
    rstds = ${dtype}_at(rstd_at)
    a = ${dtype}_at(in_at)
    w = ${dtype}_at(weight_at)
    b = ${dtype}_at(bias_at)
    for o in range(outer):
        row = o * n
        total = np.float64(0)
        for start in range(0, n, $block):
            part = $cast(0)
            for i in range(start, min(start + $block, n)):
                part = free_sum(part, a[row + i])
            total += np.float64(part)
        mean = $cast(total / n)
        total = np.float64(0)
        for start in range(0, n, $block):
            part = $cast(0)
            for i in range(start, min(start + $block, n)):
                d = a[row + i] - mean
                part = free_sum(part, d * d)
            total += np.float64(part)
        rstd = $cast(1 / math.sqrt(total / n + eps))
        means[o] = mean
        rstds[o] = rstd
        if weight_at == 0 and bias_at == 0:
            for i in range(n):
                out[row + i] = (a[row + i] - mean) * rstd
        else:
            for i in range(n):
                factor = w[i] if weight_at != 0 else $cast(1)
                more = b[i] if bias_at != 0 else $cast(0)
                out[row + i] = (a[row + i] - mean) * rstd * factor + more
"""

_ROWS_BACKWARD = """    out = ${dtype}_at(out_at)
    dw = float64_at(dweight_at)
    db = float64_at(dbias_at)
    g = ${dtype}_at(grad_at)
    a = ${dtype}_at(in_at)
    means = ${dtype}_at(mean_at)
    rstds = ${dtype}_at(rstd_at)
    w = ${dtype}_at(weight_at)
    for i in range(n):
        dw[i] = 0
        db[i] = 0
    for o in range(outer):
        row = o * n
        mean = means[o]
        rstd = rstds[o]
        plain = np.float64(0)
        along = np.float64(0)
        for start in range(0, n, $block):
            part = $cast(0)
            turned = $cast(0)
            for i in range(start, min(start + $block, n)):
                gw = g[row + i] * w[i] if weight_at != 0 else g[row + i]
                part = free_sum(part, gw)
                turned = free_sum(turned, gw * (a[row + i] - mean))
            plain += np.float64(part)
            along += np.float64(turned)
        flat = $cast(plain / n)
        slope = $cast(along / n) * rstd * rstd
        for i in range(n):
            d = a[row + i] - mean
            gw = g[row + i] * w[i] if weight_at != 0 else g[row + i]
            out[row + i] = rstd * (gw - flat - d * slope)
        for i in range(n):
            dw[i] += np.float64(g[row + i] * (a[row + i] - mean) * rstd)
            db[i] += np.float64(g[row + i])
"""

_STATISTICS = """    means = ${dtype}_at(mean_at)
    stds = ${dtype}_at(invstd_at)
    a = ${dtype}_at(in_at)
    count = batch * inner
    for c in range(channels):
        total = np.float64(0)
        for k in range(batch):
            base = (k * channels + c) * inner
            for start in range(0, inner, $block):
                part = $cast(0)
                for i in range(base + start, base + min(start + $block, inner)):
                    part = free_sum(part, a[i])
                total += np.float64(part)
        mean = $cast(total / count)
        total = np.float64(0)
        for k in range(batch):
            base = (k * channels + c) * inner
            for start in range(0, inner, $block):
                part = $cast(0)
                for i in range(base + start, base + min(start + $block, inner)):
                    d = a[i] - mean
                    part = free_sum(part, d * d)
                total += np.float64(part)
        means[c] = mean
        stds[c] = $cast(1 / math.sqrt(total / count + eps))
"""

_APPLY = """    out = ${dtype}_at(out_at)
    a = ${dtype}_at(in_at)
    means = ${dtype}_at(mean_at)
    stds = ${dtype}_at(invstd_at)
    w = ${dtype}_at(weight_at)
    b = ${dtype}_at(bias_at)
    for k in range(batch):
        for c in range(channels):
            base = (k * channels + c) * inner
            scale = stds[c] * w[c] if weight_at != 0 else stds[c]
            shift = (b[c] if bias_at != 0 else $cast(0)) - means[c] * scale
            for i in range(base, base + inner):
                out[i] = a[i] * scale + shift
"""

_CHANNELS_BACKWARD = """    out = ${dtype}_at(out_at)
    dw = ${dtype}_at(dweight_at)
    db = ${dtype}_at(dbias_at)
    g = ${dtype}_at(grad_at)
    a = ${dtype}_at(in_at)
    means = ${dtype}_at(mean_at)
    stds = ${dtype}_at(invstd_at)
    w = ${dtype}_at(weight_at)
    count = batch * inner
    for c in range(channels):
        mean = means[c]
        plain = np.float64(0)
        along = np.float64(0)
        for k in range(batch):
            base = (k * channels + c) * inner
            for start in range(0, inner, $block):
                part = $cast(0)
                turned = $cast(0)
                for i in range(base + start, base + min(start + $block, inner)):
                    part = free_sum(part, g[i])
                    turned = free_sum(turned, g[i] * (a[i] - mean))
                plain += np.float64(part)
                along += np.float64(turned)
        invstd = stds[c]
        dw[c] = $cast(along) * invstd
        db[c] = $cast(plain)
        scale = invstd * w[c] if weight_at != 0 else invstd
        flat = $cast(plain / count) if training else $cast(0)
        slope = $cast(along / count) * invstd * invstd if training else $cast(0)
        for k in range(batch):
            base = (k * channels + c) * inner
            for i in range(base, base + inner):
                out[i] = scale * (g[i] - flat - (a[i] - mean) * slope)
"""

_RUNNING = """    means = ${dtype}_at(mean_at)
    stds = ${dtype}_at(invstd_at)
    kept = ${dtype}_at(running_mean_at)
    spread = ${dtype}_at(running_var_at)
    for c in range(channels):
        means[c] = kept[c]
        stds[c] = $cast(1 / math.sqrt(np.float64(spread[c]) + eps))
"""

_LOOPS = {
    "running": (_RUNNING, "channels", "eps", "mean invstd running_mean running_var"),
    "rows": (_ROWS, "outer n", "eps", "out mean rstd in weight bias"),
    "rows_backward": (_ROWS_BACKWARD, "outer n", "", "out dweight dbias grad in mean rstd weight"),
    "statistics": (_STATISTICS, "batch channels inner", "eps", "mean invstd in"),
    "apply": (_APPLY, "batch channels inner", "", "out in mean invstd weight bias"),
    "channels_backward": (
        *(_CHANNELS_BACKWARD, "batch channels inner training", ""),
        "out dweight dbias grad in mean invstd weight",
    ),
}


def normalisation_loop(name: str, dtype: DType) -> LoopText:
    """One of the loops for a dtype: one of `_LOOPS`.

    Each takes its sizes, then ``eps`` where it has one, then the addresses, in the order of `_LOOPS`.
    """
    body, sizes, numbers, places = _LOOPS[name]
    arguments = [*sizes.split(), *numbers.split(), *(f"{p}_at" for p in places.split())]
    kinds = ["int64"] * len(sizes.split()) + ["float64"] * len(numbers.split()) + ["int64"] * len(places.split())
    text = Template(_HEAD + body).substitute(
        title=f"normalisation: {name}",
        dtype=dtype.name,
        cast=cast_name(dtype.name),
        block=_BLOCK,
        arguments=", ".join(arguments),
    )
    if dtype.name == "float64":
        text = text.replace("float64_at, float64_at,", "float64_at,")
    return LoopText(text, f"void({', '.join(kinds)})", f"norm_{name}")

"""Source text of the loops of losses over classes: (outer, classes, inner) numbers, a class for each (outer, inner).

A weight at address 0 stands for none. Sums are kept in 64 bits.
"""

from __future__ import annotations

from tensorlab.core.dtype import DType
from tensorlab.core.inline import cast_name
from tensorlab.core.loops import LoopText

_FORWARD = '''"""The negative log-likelihood of classes, $type: each (reduction 0), their weighed mean (1) or sum (2).

A target that is no class makes the loop fail; then nothing is written.
"""

import numpy as np

from tensorlab.core.intrinsics import $imports


def loop(outer, classes, inner, reduction, ignored, out_at, total_at, in_at, target_at, weight_at):
    out = $type_at(out_at)
    a = $type_at(in_at)
    target = int64_at(target_at)
    w = $type_at(weight_at)
    bad = 0
    for k in range(outer * inner):
        bad |= (target[k] != ignored) & ((target[k] < 0) | (target[k] >= classes))
    if bad != 0:
        raise IndexError
    total = np.float64(0)
    loss = np.float64(0)
    for o in range(outer):
        for i in range(inner):
            k = o * inner + i
            t = target[k]
            if t == ignored:
                if reduction == 0:
                    out[k] = $cast(0)
                continue
            factor = $cast(1)
            if weight_at != 0:
                factor = w[t]
            value = -a[(o * classes + t) * inner + i] * factor
            total += np.float64(factor)
            if reduction == 0:
                out[k] = value
            else:
                loss += np.float64(value)
    if reduction == 1:
        out[0] = $cast(loss / total)
    elif reduction == 2:
        out[0] = $cast(loss)
    $type_at(total_at)[0] = $cast(total)
'''

_BACKWARD = '''"""The gradient of the negative log-likelihood of classes, $type; the targets have been looked at."""

import numpy as np

from tensorlab.core.intrinsics import $imports


def loop(outer, classes, inner, reduction, ignored, out_at, total_at, grad_at, target_at, weight_at):
    out = $type_at(out_at)
    g = $type_at(grad_at)
    target = int64_at(target_at)
    w = $type_at(weight_at)
    for k in range(outer * classes * inner):
        out[k] = $cast(0)
    share = $cast(1)
    if reduction == 1:
        share = $cast(1) / $type_at(total_at)[0]
    for o in range(outer):
        for i in range(inner):
            k = o * inner + i
            t = target[k]
            if t == ignored:
                continue
            factor = $cast(1)
            if weight_at != 0:
                factor = w[t]
            own = g[k] if reduction == 0 else g[0]
            out[(o * classes + t) * inner + i] = -own * share * factor
'''


def class_loss_loop(dtype: DType, *, backward: bool) -> LoopText:
    """``(outer, classes, inner, reduction, ignored, out_at, total_at, in_at, target_at, weight_at)``.

    Backward, ``in_at`` is where the gradient is, and what came out before is ``total_at``.
    """
    imports = ", ".join(sorted(("int64_at", f"{dtype.name}_at")))
    text = (_BACKWARD if backward else _FORWARD).replace("$imports", imports)
    text = text.replace("$type", dtype.name).replace("$cast", cast_name(dtype.name))
    return LoopText(text, f"void({', '.join(['int64'] * 10)})", "nll_backward" if backward else "nll")

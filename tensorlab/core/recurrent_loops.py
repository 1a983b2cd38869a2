"""Source text of the loops of recurrent layers: all steps of one layer in one call, forward and backward.

Each step is one product by BLAS, called by its address, and passes over rows that are short enough for the first cache;
a pass writes one row, so that LLVM sees that nothing overlaps and vectorises it.

Gates lie side by side in a row: input, forget, cell, output of an LSTM; reset, update, new of a GRU, which keeps its
hidden state's share of the last beside them, since the reset gate multiplies it before the tanh.
"""

from __future__ import annotations

from string import Template
from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.inline import AS_WRITTEN, Inliner
from tensorlab.core.loops import LoopText
from tensorlab.core.scalar_math import TABLE

GATES = {"lstm": 4, "gru": 3, "tanh": 1, "relu": 1}
KEPT = {"lstm": 4, "gru": 4, "tanh": 0, "relu": 0}  # of a step's rows, how many are kept for the way back
FORWARD = f"void({', '.join(['int64'] * 14)})"
BACKWARD = f"void({', '.join(['int64'] * 18)})"


def cut(x: Any) -> Any:
    return x if x > 0 else 0


def forward_loop(kind: str, dtype: DType) -> LoopText:
    """``(routine, steps, backward, batch, n, out, cells, kept, x, hidden, cell, weight, bias, room)``.

    ``out`` (steps, batch, n) gets the hidden states, ``cells`` those of an LSTM's cells, ``kept`` the gates. ``x`` is
    the inputs' share of the gates. ``room`` has a step's gates. ``bias`` may be 0.
    """
    text = _FORWARD.substitute(
        kind=kind, type=dtype.name, size=dtype.itemsize, gates=GATES[kind], steps=_filled(_FORWARD_ROWS[kind], dtype)
    )
    return LoopText(text, FORWARD, f"{kind}_steps")


def backward_loop(kind: str, dtype: DType) -> LoopText:
    """``(routine, steps, backward, batch, n, dx, du, dh, dc, g, gc, out, cells, kept, hidden, cell, weight, room)``.

    ``dx`` gets the gradient of the inputs' share of the gates, ``du`` that of the hidden state's (for a GRU; else they
    are one), ``dh`` and ``dc`` those of the first states. ``g`` and ``gc`` are the gradients of ``out`` and ``cells``;
    ``gc`` may be 0.
    """
    text = _BACKWARD.substitute(
        kind=kind,
        type=dtype.name,
        size=dtype.itemsize,
        gates=GATES[kind],
        steps=_filled(_BACKWARD_ROWS[kind], dtype),
        source="du_at" if kind == "gru" else "dx_at",
    )
    return LoopText(text, BACKWARD, f"{kind}_steps_backward")


def _filled(rows: str, dtype: DType) -> str:
    """Passes with their functions inlined: a line ``target = name(argument)`` becomes the function's statements."""
    lines: list[str] = []
    for line in rows.splitlines():
        target, _, value = line.partition(" = ")
        name, _, argument = value.partition("(")
        known = {"squashed": TABLE["sigmoid", dtype.name], "bent": TABLE["tanh", dtype.name], "cut": cut}
        rule = known.get(name)
        if rule is None:
            lines.append(line)
            continue
        inliner = Inliner()
        pad = target[: len(target) - len(target.lstrip())]
        lines.append(f"{pad}p = {argument.removesuffix(')')}")
        found = inliner.call(rule, ["p"], dtype.name if rule is cut else AS_WRITTEN)
        lines += [pad + statement for statement in inliner.statements]
        lines.append(f"{target} = {found}")
    return "\n".join(" " * 12 + line for line in lines).lstrip().replace("${type}", dtype.name)


_FORWARD_ROWS = {
    "lstm": """\
for j in range(2 * n):
    kept[a + j] = squashed(x[a + j] + u[q + j])
for j in range(2 * n, 3 * n):
    kept[a + j] = bent(x[a + j] + u[q + j])
for j in range(3 * n, 4 * n):
    kept[a + j] = squashed(x[a + j] + u[q + j])
if k == 0:
    for j in range(n):
        cells[o + j] = kept[a + n + j] * cell[r * n + j] + kept[a + j] * kept[a + 2 * n + j]
else:
    for j in range(n):
        cells[o + j] = kept[a + n + j] * cells[before + j] + kept[a + j] * kept[a + 2 * n + j]
for j in range(n):
    out[o + j] = bent(cells[o + j])
for j in range(n):
    out[o + j] = out[o + j] * kept[a + 3 * n + j]""",
    "gru": """\
s = (t * batch + r) * 4 * n
for j in range(2 * n):
    kept[s + j] = squashed(x[a + j] + u[q + j])
for j in range(n):
    kept[s + 3 * n + j] = u[q + 2 * n + j]
for j in range(n):
    kept[s + 2 * n + j] = bent(x[a + 2 * n + j] + kept[s + j] * u[q + 2 * n + j])
if k == 0:
    for j in range(n):
        out[o + j] = kept[s + 2 * n + j] + kept[s + n + j] * (hidden[r * n + j] - kept[s + 2 * n + j])
else:
    for j in range(n):
        out[o + j] = kept[s + 2 * n + j] + kept[s + n + j] * (out[before + j] - kept[s + 2 * n + j])""",
    "tanh": """\
for j in range(n):
    out[o + j] = bent(x[a + j] + u[q + j])""",
    "relu": """\
for j in range(n):
    out[o + j] = cut(x[a + j] + u[q + j])""",
}

_FORWARD = Template('''"""Steps of a recurrent layer, ${kind}: ${type}."""

import math

import numpy as np

from tensorlab.core.intrinsics import ${type}_at, call_at


def loop(routine, steps, backward, batch, n, out_at, cells_at, kept_at, x_at, hidden_at, cell_at, w_at, b_at, u_at):
    out = ${type}_at(out_at)
    cells = ${type}_at(cells_at)
    kept = ${type}_at(kept_at)
    x = ${type}_at(x_at)
    hidden = ${type}_at(hidden_at)
    cell = ${type}_at(cell_at)
    b = ${type}_at(b_at)
    u = ${type}_at(u_at)
    wide = ${gates} * n
    for k in range(steps):
        t = steps - 1 - k if backward else k
        last = t + 1 if backward else t - 1
        h_at = hidden_at if k == 0 else out_at + last * batch * n * ${size}
        call_at(routine, (np.int32(101), np.int32(111), np.int32(112), batch, wide, n, np.${type}(1), h_at, n, w_at, n,
                          np.${type}(0), u_at, wide))
        for r in range(batch):
            q = r * wide
            a = (t * batch + r) * wide
            o = (t * batch + r) * n
            before = (last * batch + r) * n
            if b_at != 0:
                for j in range(wide):
                    u[q + j] = u[q + j] + b[j]
            ${steps}
''')

_BACKWARD_ROWS = {
    "lstm": """\
# The gradient of this step's hidden state gathers in dh, that of its cell in dc.
for j in range(n):
    tanh[r * n + j] = bent(cells[o + j])
for j in range(n):
    y = tanh[r * n + j]
    dc[r * n + j] = dc[r * n + j] + dh[r * n + j] * kept[a + 3 * n + j] * (np.${type}(1) - y * y)
for j in range(n):
    v = kept[a + 3 * n + j]
    dx[a + 3 * n + j] = dh[r * n + j] * tanh[r * n + j] * v * (np.${type}(1) - v)
for j in range(n):
    v = kept[a + j]
    dx[a + j] = dc[r * n + j] * kept[a + 2 * n + j] * v * (np.${type}(1) - v)
for j in range(n):
    v = kept[a + 2 * n + j]
    dx[a + 2 * n + j] = dc[r * n + j] * kept[a + j] * (np.${type}(1) - v * v)
if k == steps - 1:
    for j in range(n):
        v = kept[a + n + j]
        dx[a + n + j] = dc[r * n + j] * cell[r * n + j] * v * (np.${type}(1) - v)
else:
    for j in range(n):
        v = kept[a + n + j]
        dx[a + n + j] = dc[r * n + j] * cells[before + j] * v * (np.${type}(1) - v)
for j in range(n):
    dc[r * n + j] = dc[r * n + j] * kept[a + n + j]
for j in range(n):
    dh[r * n + j] = np.${type}(0)""",
    "gru": """\
s = (t * batch + r) * 4 * n
for j in range(n):
    v = kept[s + 2 * n + j]
    dx[a + 2 * n + j] = dh[r * n + j] * (np.${type}(1) - kept[s + n + j]) * (np.${type}(1) - v * v)
if k == steps - 1:
    for j in range(n):
        v = kept[s + n + j]
        dx[a + n + j] = dh[r * n + j] * (hidden[r * n + j] - kept[s + 2 * n + j]) * v * (np.${type}(1) - v)
else:
    for j in range(n):
        v = kept[s + n + j]
        dx[a + n + j] = dh[r * n + j] * (out[before + j] - kept[s + 2 * n + j]) * v * (np.${type}(1) - v)
for j in range(n):
    v = kept[s + j]
    dx[a + j] = dx[a + 2 * n + j] * kept[s + 3 * n + j] * v * (np.${type}(1) - v)
for j in range(2 * n):
    du[a + j] = dx[a + j]
for j in range(n):
    du[a + 2 * n + j] = dx[a + 2 * n + j] * kept[s + j]
for j in range(n):
    dh[r * n + j] = dh[r * n + j] * kept[s + n + j]""",
    "tanh": """\
for j in range(n):
    y = out[o + j]
    dx[a + j] = dh[r * n + j] * (np.${type}(1) - y * y)
for j in range(n):
    dh[r * n + j] = np.${type}(0)""",
    "relu": """\
for j in range(n):
    dx[a + j] = dh[r * n + j] if out[o + j] > 0 else np.${type}(0)
for j in range(n):
    dh[r * n + j] = np.${type}(0)""",
}

_BACKWARD = Template('''"""Gradients through the steps of a recurrent layer, ${kind}: ${type}."""

import math

import numpy as np

from tensorlab.core.intrinsics import ${type}_at, call_at


def loop(routine, steps, backward, batch, n, dx_at, du_at, dh_at, dc_at, g_at, gc_at, out_at, cells_at, kept_at,
         hidden_at, cell_at, w_at, room_at):
    dx = ${type}_at(dx_at)
    du = ${type}_at(du_at)
    dh = ${type}_at(dh_at)
    dc = ${type}_at(dc_at)
    g = ${type}_at(g_at)
    gc = ${type}_at(gc_at)
    out = ${type}_at(out_at)
    cells = ${type}_at(cells_at)
    kept = ${type}_at(kept_at)
    hidden = ${type}_at(hidden_at)
    cell = ${type}_at(cell_at)
    tanh = ${type}_at(room_at)
    wide = ${gates} * n
    for k in range(steps):
        t = k if backward else steps - 1 - k
        last = t + 1 if backward else t - 1
        first = t * batch * n
        for j in range(batch * n):
            dh[j] = dh[j] + g[first + j]
        if gc_at != 0:
            for j in range(batch * n):
                dc[j] = dc[j] + gc[first + j]
        for r in range(batch):
            a = (t * batch + r) * wide
            o = (t * batch + r) * n
            before = (last * batch + r) * n
            ${steps}
        call_at(routine, (np.int32(101), np.int32(111), np.int32(111), batch, n, wide, np.${type}(1),
                          ${source} + t * batch * wide * ${size}, wide, w_at, n, np.${type}(1), dh_at, n))
''')

"""Source text of scans: running results along the middle of (outer, n, inner), which stays.

Along rows (``inner`` is 1), or down columns side by side. All loops take ``(outer, n, inner, out_at, at_at, in_at,
scratch_at)``; ``at`` is where positions go, for scans that keep them; ``scratch`` has room for ``inner``
accumulators of 64 bits. Floats are accumulated in float64, integers in int64.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Template

from tensorlab.core.dtype import DType, float32, float64, int64
from tensorlab.core.loops import LoopText

SIGNATURE = f"void({', '.join(['int64'] * 7)})"


@dataclass(frozen=True, slots=True)
class Scan:
    """A running result: ``step`` changes ``so_far`` at the next element ``x``; ``start`` is what it is before all.

    ``beats``: of a scan that keeps positions, when the element takes the place of the best so far; equals do, and NaN
    does always.
    """

    name: str
    step: str = ""
    start: str = "0"
    beats: str = ""


# Equals, infinities among them, are log(2) apart from their sum; with NaN on one side, NaN is the higher.
_LOG_ADD_EXP = """above = so_far > x or so_far != so_far
high = so_far if above else x
low = x if above else so_far
so_far = high + math.log1p(math.exp(low - high if low != high else np.float64(0)))"""

CUMSUM = Scan("cumsum", "so_far += x")
CUMPROD = Scan("cumprod", "so_far *= x", start="1")
LOGCUMSUMEXP = Scan("logcumsumexp", _LOG_ADD_EXP, start="-np.inf")
CUMMAX = Scan("cummax", beats="x >= best")
CUMMIN = Scan("cummin", beats="x <= best")


def scan_loop(scan: Scan, element: DType, *, columns: bool) -> LoopText:
    """Generate the loop of a scan whose input and result are of one dtype."""
    held = float64 if element.is_floating_point else int64
    if scan.beats:
        template = _BEST_COLUMNS if columns else _BEST_ROWS
    elif scan is CUMSUM and element is float32 and not columns:
        template = _FOUR_AT_A_TIME
    else:
        template = _COLUMNS if columns else _ROWS
    body = template.substitute(
        element=element.name,
        held=held.name,
        step=scan.step.replace("\n", "\n" + " " * (16 if columns else 12)),
        start=scan.start,
        beats=f"{scan.beats} or x != x" if element.is_floating_point else scan.beats,
        over="best != best" if element.is_floating_point else "False",
    )
    pointers = sorted({f"{d.name}_at" for d in (element, held, int64) if f"{d.name}_at(" in body})
    walk = "down the columns" if columns else "along the rows"
    head = (
        f'"""{scan.name} in the middle of (outer, n, inner), {walk}: {element.name}."""\n\n'
        f"import math\n\nimport numpy as np\n\n"
        f"from tensorlab.core.intrinsics import {', '.join(pointers)}\n\n\n"
    )
    head = head if "math." in body else head.replace("import math\n\n", "")
    head += "def loop(outer, n, inner, out_at, at_at, in_at, scratch_at):\n"
    return LoopText(head + body.lstrip("\n"), SIGNATURE, f"{scan.name}_{'columns' if columns else 'rows'}")


_ROWS = Template("""
    out = ${element}_at(out_at)
    a = ${element}_at(in_at)
    for o in range(outer):
        row = o * n
        so_far = np.${held}(${start})
        for i in range(n):
            x = np.${held}(a[row + i])
            ${step}
            out[row + i] = np.${element}(so_far)
""")

# One addition waits for the last; here one of four does. In float64 the other order changes no digit of a float32.
_FOUR_AT_A_TIME = Template("""
    out = ${element}_at(out_at)
    a = ${element}_at(in_at)
    for o in range(outer):
        row = o * n
        acc = np.float64(0)
        whole = n - n % 4
        for i in range(0, whole, 4):
            p = row + i
            x0 = np.float64(a[p])
            x1 = x0 + np.float64(a[p + 1])
            x2 = np.float64(a[p + 2])
            x3 = x2 + np.float64(a[p + 3])
            out[p] = np.float32(acc + x0)
            out[p + 1] = np.float32(acc + x1)
            out[p + 2] = np.float32(acc + (x1 + x2))
            acc += x1 + x3
            out[p + 3] = np.float32(acc)
        for i in range(whole, n):
            acc += np.float64(a[row + i])
            out[row + i] = np.float32(acc)
""")

_COLUMNS = Template("""
    out = ${element}_at(out_at)
    a = ${element}_at(in_at)
    acc = ${held}_at(scratch_at)
    for o in range(outer):
        for j in range(inner):
            acc[j] = np.${held}(${start})
        for i in range(n):
            base = (o * n + i) * inner
            for j in range(inner):
                x = np.${held}(a[base + j])
                so_far = acc[j]
                ${step}
                out[base + j] = np.${element}(so_far)
                acc[j] = so_far
""")

_BEST_ROWS = Template("""
    out = ${element}_at(out_at)
    at = int64_at(at_at)
    a = ${element}_at(in_at)
    for o in range(outer):
        row = o * n
        best = a[row]
        place = 0
        for i in range(n):
            x = a[row + i]
            won = (${beats}) if not (${over}) else x != x
            best = x if won else best
            place = i if won else place
            out[row + i] = best
            at[row + i] = place
""")

_BEST_COLUMNS = Template("""
    out = ${element}_at(out_at)
    at = int64_at(at_at)
    a = ${element}_at(in_at)
    for o in range(outer):
        first = o * n * inner
        for j in range(inner):
            out[first + j] = a[first + j]
            at[first + j] = 0
        for i in range(1, n):
            base = first + i * inner
            for j in range(inner):
                x = a[base + j]
                best = out[base - inner + j]
                won = (${beats}) if not (${over}) else x != x
                out[base + j] = x if won else best
                at[base + j] = i if won else at[base - inner + j]
""")

"""Source text of the loop that takes the few largest or smallest of each row, in order; NaN is above all numbers."""

from __future__ import annotations

from tensorlab.core.dtype import DType
from tensorlab.core.loops import LoopText

_TEXT = '''"""The k $what of each row of n, in order, and where they are: $type. Of equals, the first comes first."""

from tensorlab.core.intrinsics import $imports


def loop(outer, n, k, out_at, places_at, in_at):
    a = $type_at(in_at)
    out = $type_at(out_at)
    places = int64_at(places_at)
    for o in range(outer):
        row = o * n
        first = o * k
        held = 0
        for i in range(n):
            x = a[row + i]
            j = held
            if held == k:
                y = out[first + k - 1]
                if not ($beats):
                    continue
                j = k - 1
            else:
                held += 1
            while j > 0:
                y = out[first + j - 1]
                if not ($beats):
                    break
                out[first + j] = y
                places[first + j] = places[first + j - 1]
                j -= 1
            out[first + j] = x
            places[first + j] = i
'''


def selection_loop(dtype: DType, *, largest: bool) -> LoopText:
    """``(outer, n, k, out_at, places_at, in_at)`` over rows that lie side by side; ``k`` is 1 at least."""
    beats = "x > y or (x != x and y == y)" if largest else "x < y or (y != y and x == x)"
    if not dtype.is_floating_point:
        beats = beats.partition(" or ")[0]
    names = ", ".join(sorted({"int64_at", f"{dtype.name}_at"}))
    text = _TEXT.replace("$beats", beats).replace("$imports", names).replace("$type", dtype.name)
    what = "largest" if largest else "smallest"
    return LoopText(text.replace("$what", what), f"void({', '.join(['int64'] * 6)})", f"topk_{what}")

"""Source text of reduction loops: an input seen as (outer, n, inner), its middle dimension folded away.

Two walks: along rows (``inner`` is 1, one fold after another) and down columns (``inner`` folds side by side, so that
memory is read in order). All loops take ``(outer, n, inner, out_at, at_at, in_at, scratch_at)``; ``at`` is where the
positions go, ``scratch`` has room for `columns_held` accumulators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from string import Template
from typing import Any

from tensorlab.core.dtype import HALVES, Category, DType, float32, float64, int64, uint8
from tensorlab.core.inline import Inliner, cast_name
from tensorlab.core.loops import LoopText, carried, loaded, stored
from tensorlab.errors import CompileError

BLOCK = 512  # additions in the input's own precision before the partial sum goes into the wide accumulator
SEARCHED = 2048  # elements of which the extreme one is found before its position is looked for
SIDE_BY_SIDE = 256  # accumulators down columns, where these are fewer
SIGNATURE = f"void({', '.join(['int64'] * 7)})"


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """The parts of a reduction; each is one expression (see `inline`).

    ``step(acc, x)`` folds one element in; ``finish(acc, n)`` makes the result. ``identity`` starts the fold, or is None
    where the first element does: then no elements are an error. ``wide``: partial folds in the element's own precision
    go into an accumulator of 64 bits, by the operator ``joins``. ``beats(best, x)``: the position of the winner is
    kept, and this says whether a later element wins; ``step`` then gives the better of two.
    """

    name: str
    step: Callable[..., Any]
    finish: Callable[..., Any] | None = None
    identity: int | None = None
    wide: bool = False
    beats: Callable[..., Any] | None = None
    joins: str = "+"


@lru_cache(maxsize=256)
def reduction_loop(fold: Fold, element: DType, result: DType, *, columns: bool) -> LoopText:
    """Generate the loop of a fold over one walk."""
    walk = "down the columns" if columns else "along the rows"
    part, acc = accumulators(fold, element, result)
    expressions = _Expressions(fold, element, result, part, acc)
    if fold.beats is not None:
        template = _INDEX_COLUMNS if columns else _INDEX_ROWS
    elif fold.wide:
        template = _WIDE_COLUMNS if columns else _WIDE_ROWS if part.is_floating_point else _EXACT_ROWS
    else:
        template = _COLUMNS if columns else _ROWS
    body = template.substitute(expressions.texts(columns=columns))
    pointers = {f"{d.name}_at" for d in (element, result, acc, int64)}
    names = pointers | expressions.primitives | {f"{d.name}_{way}" for d in HALVES for way in ("up", "down")}
    imports = [name for name in sorted(names) if f"{name}(" in body]
    head = (
        f'"""{fold.name} over the middle of (outer, n, inner), {walk}: {element.name} -> {result.name}."""\n\n'
        f"import numpy as np\n\nfrom tensorlab.core.intrinsics import {', '.join(imports)}\n\n\n"
        "def loop(outer, n, inner, out_at, at_at, in_at, scratch_at):\n"
    )
    return LoopText(head + body.lstrip("\n"), SIGNATURE, f"{fold.name}_{'columns' if columns else 'rows'}")


def accumulators(fold: Fold, element: DType, result: DType) -> tuple[DType, DType]:
    """What partial folds are held in, and what they go into."""
    if not fold.wide:
        own = uint8 if element.category is Category.BOOL else carried(element)
        return own, own
    if not element.is_floating_point and not result.is_floating_point:
        return int64, int64
    narrow = carried(element) is float32 and result is not float64
    return (float32 if narrow else float64), float64


def columns_held(inner: int) -> int:
    """How many accumulators a wide fold down ``inner`` columns takes."""
    return max(inner, SIDE_BY_SIDE)


class _Expressions:
    """The expressions that fill a template; ``primitives`` are those that they call."""

    def __init__(self, fold: Fold, element: DType, result: DType, part: DType, acc: DType) -> None:
        self.fold, self.element, self.result, self.part, self.acc = fold, element, result, part, acc
        self.primitives: set[str] = set()

    def texts(self, *, columns: bool) -> dict[str, str]:
        """Every name that a template may use."""
        zero = f"{cast_name(self.part.name)}({self.fold.identity or 0})"
        held = "acc[j]" if columns else "acc"
        return {
            "element": self.element.name,
            "result": self.result.name,
            "acc_type": self.acc.name,
            "wide": cast_name(self.acc.name),
            "block": str(BLOCK),
            "searched": str(SEARCHED),
            "zero": zero,
            "joins": self.fold.joins,
            "side_by_side": str(SIDE_BY_SIDE),
            "row_x": self._loaded("a[row + i]"),
            "first_x": self._loaded("a[row]"),
            "column_x": self._loaded("a[base + j]"),
            "step": self._call(self.fold.step, "part", "x", dtype=self.part),
            "wide_step": self._call(self.fold.step, "acc", "x", dtype=self.acc),
            "second_x": self._loaded("a[base + width + j]"),
            "third_x": self._loaded("a[base + 2 * width + j]"),
            "fourth_x": self._loaded("a[base + 3 * width + j]"),
            "column_step": self._call(self.fold.step, "acc[j]", "x", dtype=self.acc),
            "out_x": self._held("out[to + j]"),
            "out_step": self._kept(self._call(self.fold.step, self._held("out[to + j]"), "x", dtype=self.part)),
            "top_step": self._call(self.fold.step, "top", "x", dtype=self.part),
            "beats": self._call(self.fold.beats, "best", "top", dtype=self.part),
            "column_beats": self._call(self.fold.beats, "best", "x", dtype=self.part),
            "finished": self._finished(held),
            "part": self._stored("part"),
            "kept_x": self._kept("x"),
            "kept_best": self._kept("best"),
            "kept_winner": self._kept("x if won else best"),
        }

    def _call(self, fn: Callable[..., Any] | None, *arguments: str, dtype: DType) -> str:
        if fn is None:
            return ""
        inliner = Inliner()
        text = inliner.call(fn, arguments, dtype.name)
        if inliner.statements:
            raise CompileError(f"{fn.__qualname__}: a part of a fold is one return")
        self.primitives |= inliner.primitives
        return text

    def _loaded(self, text: str) -> str:
        """One element in the type of a partial fold."""
        if self.element.category is Category.BOOL and self.part is not uint8:
            text = f"({text} != 0)"
        if self.element.is_half:
            text = loaded(text, self.element)
        return text if carried(self.element) is self.part else f"{cast_name(self.part.name)}({text})"

    def _held(self, text: str) -> str:
        """A partial fold that lies among the results."""
        return loaded(text, self.result) if self.result.is_half else text

    def _kept(self, text: str) -> str:
        """A partial fold on its way there."""
        return stored(text, self.part, self.result) if self.result.is_half else text

    def _finished(self, acc: str) -> str:
        if self.fold.finish is None:
            return self._stored(acc)
        wide = cast_name(self.acc.name)
        return self._stored(self._call(self.fold.finish, f"{wide}({acc})", f"{wide}(n)", dtype=self.acc))

    def _stored(self, text: str) -> str:
        if self.result.is_half:
            return f"{self.result.name}_down(np.float32({text}))"
        is_bool = self.result.category is Category.BOOL
        return f"np.uint8({text} != 0)" if is_bool else f"{cast_name(self.result.name)}({text})"


_WIDE_ROWS = Template("""
    out = ${result}_at(out_at)
    a = ${element}_at(in_at)
    for o in range(outer):
        row = o * n
        acc = ${wide}(${zero})
        for start in range(0, n, ${block}):
            part = ${zero}
            for i in range(start, min(start + ${block}, n)):
                x = ${row_x}
                part = ${step}
            acc ${joins}= ${wide}(part)
        out[o] = ${finished}
""")

_EXACT_ROWS = Template("""
    out = ${result}_at(out_at)
    a = ${element}_at(in_at)
    for o in range(outer):
        row = o * n
        acc = ${zero}
        for i in range(n):
            x = ${row_x}
            acc = ${wide_step}
        out[o] = ${finished}
""")

# Where columns are few, several rows go side by side as one line, whose accumulators are put together at the end. Four
# lines are folded in the element's own precision before they go into the wide accumulators.
_WIDE_COLUMNS = Template("""
    out = ${result}_at(out_at)
    a = ${element}_at(in_at)
    acc = ${acc_type}_at(scratch_at)
    together = max(1, min(${side_by_side} // inner, n))
    width = together * inner
    for o in range(outer):
        first = o * n * inner
        for j in range(width):
            acc[j] = ${zero}
        lines = n // together
        for i in range(0, lines - 3, 4):
            base = first + i * width
            for j in range(width):
                part = ${zero}
                x = ${column_x}
                part = ${step}
                x = ${second_x}
                part = ${step}
                x = ${third_x}
                part = ${step}
                x = ${fourth_x}
                part = ${step}
                acc[j] ${joins}= ${wide}(part)
        for i in range(lines - lines % 4, lines):
            base = first + i * width
            for j in range(width):
                x = ${wide}(${column_x})
                acc[j] = ${column_step}
        base = first + lines * width
        for j in range(n % together * inner):
            x = ${wide}(${column_x})
            acc[j] = ${column_step}
        for i in range(1, together):
            for j in range(inner):
                acc[j] ${joins}= acc[i * inner + j]
        to = o * inner
        for j in range(inner):
            out[to + j] = ${finished}
""")

_ROWS = Template("""
    out = ${result}_at(out_at)
    a = ${element}_at(in_at)
    for o in range(outer):
        row = o * n
        part = ${first_x}
        for i in range(1, n):
            x = ${row_x}
            part = ${step}
        out[o] = ${part}
""")

_COLUMNS = Template("""
    out = ${result}_at(out_at)
    a = ${element}_at(in_at)
    for o in range(outer):
        to = o * inner
        base = to * n
        for j in range(inner):
            x = ${column_x}
            out[to + j] = ${kept_x}
        for i in range(1, n):
            base = (o * n + i) * inner
            for j in range(inner):
                x = ${column_x}
                out[to + j] = ${out_step}
""")

# The best of a block is found by vectors; only in the block that wins is its place looked for.
_INDEX_ROWS = Template("""
    out = ${result}_at(out_at)
    at = int64_at(at_at)
    a = ${element}_at(in_at)
    for o in range(outer):
        row = o * n
        best = ${first_x}
        block = 0
        for start in range(0, n, ${searched}):
            stop = min(start + ${searched}, n)
            i = start
            top = ${row_x}
            for i in range(start, stop):
                x = ${row_x}
                top = ${top_step}
            if ${beats}:
                best = top
                block = start
        place = block
        for i in range(block, n):
            x = ${row_x}
            if x == best or (x != x and best != best):
                place = i
                break
        out[o] = ${kept_best}
        at[o] = place
""")

_INDEX_COLUMNS = Template("""
    out = ${result}_at(out_at)
    at = int64_at(at_at)
    a = ${element}_at(in_at)
    for o in range(outer):
        to = o * inner
        base = to * n
        for j in range(inner):
            x = ${column_x}
            out[to + j] = ${kept_x}
            at[to + j] = 0
        for i in range(1, n):
            base = (o * n + i) * inner
            for j in range(inner):
                x = ${column_x}
                best = ${out_x}
                won = ${column_beats}
                out[to + j] = ${kept_winner}
                at[to + j] = i if won else at[to + j]
""")

"""Source text of loops over rows: reductions along each row, with the pointwise steps before and after them.

A row is gone through a few times while it lies in the cache. Sums go as in `reduction_loops`: by blocks in the
elements' own precision, so that they are vector code, and from block to block in 64 bits. A variance goes as in
`spread_loops`, over differences from the mean.

A loop takes ``meta`` (sizes, then the steps of each operand, outputs first), an address for each operand, the numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tensorlab.core.dtype import HALVES, Category, DType, float32
from tensorlab.core.inline import Inliner, cast_name, literal_text
from tensorlab.core.loops import LoopText, Walk, carried, compute_step, converted, describe, loaded, ref_name, stored
from tensorlab.core.reduction_loops import BLOCK, Fold, accumulators
from tensorlab.core.region import Reduce, Ref, Region, Source, TypedStep
from tensorlab.core.row_form import Form, RowForm
from tensorlab.core.row_schedule import SPREADS, Schedule, schedule_of

_INDENT = "    "


def row_loop(
    region: Region,
    steps: Sequence[TypedStep],
    form: RowForm,
    inputs: Sequence[DType],
    outputs: Sequence[DType],
    params: Sequence[Category],
    walk: Walk,
) -> LoopText:
    """Generate the loop of a region with reductions; the last dimension of the walk is the row."""
    writer = _Writer(region, steps, form, inputs, outputs, params)
    operands = [f"o{i}" for i in range(len(outputs))] + [f"a{i}" for i in range(len(inputs))]
    dtypes = [*outputs, *inputs]
    outer = walk.ndim - 1
    arguments = ["meta", *(f"{o}_at" for o in operands), *(f"p{i}" for i in range(len(params)))]
    lines = [f"def loop({', '.join(arguments)}):"]
    lines += [f"    {o} = {d.name}_at({o}_at)" for o, d in zip(operands, dtypes, strict=True)]
    lines += ["    m = int64_at(meta)", *(f"    n{d} = m[{d}]" for d in range(outer)), f"    n = m[{outer}]"]
    for i, o in enumerate(operands, 1):
        lines += [f"    {o}_s{d} = m[{i * walk.ndim + d}]" for d in range(outer)]
    lines += [f"{_INDENT * (d + 1)}for i{d} in range(n{d}):" for d in range(outer)]
    indent = _INDENT * (outer + 1)
    for o in operands:
        lines.append(f"{indent}{o}_row = {' + '.join(f'i{d} * {o}_s{d}' for d in range(outer))}")
    lines += [indent + line for line in writer.row()]
    head = [f'"""{describe(region)}, along rows.', "", *_told(operands, dtypes, walk), '"""', ""]
    head += ["import math", "", "import numpy as np", "", _imports(lines, dtypes, writer.inliner), "", ""]
    numbers = ["float64" if c is Category.FLOAT else "int64" for c in params]
    signature = f"void({', '.join(['int64'] * (1 + len(operands)) + numbers)})"
    names = [s.op.schema.name for s in region.steps]
    return LoopText("\n".join(head + lines) + "\n", signature, f"rows_{'_'.join(names)}"[:40].rstrip("_"))


def _told(operands: Sequence[str], dtypes: Sequence[DType], walk: Walk) -> list[str]:
    moves = {"u": "a row each", "z": "a number for each row"}
    return [f"{o}: {d.name}, {moves[step]}" for o, d, step in zip(operands, dtypes, walk.inner, strict=True)]


def _imports(lines: Sequence[str], dtypes: Sequence[DType], inliner: Inliner) -> str:
    text = "\n".join(lines)
    names = {"int64_at"} | {f"{d.name}_at" for d in dtypes} | inliner.primitives
    names |= {name for d in HALVES for name in (f"{d.name}_up", f"{d.name}_down") if f"{name}(" in text}
    return f"from tensorlab.core.intrinsics import {', '.join(sorted(names))}"


def _is_spread(step: Reduce) -> bool:
    return step.op.schema.name in SPREADS


def _range(dtype: DType) -> tuple[int, int]:
    """The least and the largest integer of a dtype."""
    found = np.iinfo(dtype.name)
    return int(found.min), int(found.max)


class _Writer:
    """Writes what is done with one row."""

    def __init__(
        self,
        region: Region,
        steps: Sequence[TypedStep],
        form: RowForm,
        inputs: Sequence[DType],
        outputs: Sequence[DType],
        params: Sequence[Category],
    ) -> None:
        self.region, self.steps, self.form = region, steps, form
        self.input_dtypes, self.output_dtypes, self.params = inputs, outputs, params
        self.inliner = Inliner()
        self.schedule: Schedule = schedule_of(region, steps, form, self._weights())
        self.lines: list[str] = []

    def row(self) -> list[str]:
        """The lines for one row, not indented."""
        for i, (dtype, how) in enumerate(zip(self.input_dtypes, self.form.inputs, strict=True)):
            if how is not Form.FULL:
                self.lines.append(f"x{i} = {loaded(f'a{i}[a{i}_row]', dtype)}")
        self._numbers(0)
        for q in range(self.schedule.count):
            self._pass(q)
            self._numbers(q + 1)
        for place, k in enumerate(self.region.outputs):
            if self.form.steps[k] is not Form.FULL:
                self.lines.append(f"o{place}[o{place}_row] = {self._stored(k, place)}")
        return self.lines

    # -- steps

    def _weights(self) -> list[int]:
        """How many statements each step takes."""
        weights: list[int] = []
        for k, step in enumerate(self.region.steps):
            trial = Inliner()
            if not isinstance(step, Reduce):
                compute_step(trial, k, self.region, self.steps, self.input_dtypes, self.params)
            weights.append(len(trial.statements))
        return weights

    def _computed(self, k: int) -> list[str]:
        """The statements of a pointwise step."""
        before = len(self.inliner.statements)
        compute_step(self.inliner, k, self.region, self.steps, self.input_dtypes, self.params)
        return self.inliner.statements[before:]

    def _result(self, k: int) -> DType:
        return self.steps[k].result.dtype or float32

    def _stored(self, k: int, place: int) -> str:
        own, dtype = self._result(k), self.output_dtypes[place]
        return f"h{k}" if dtype.is_half and own is dtype else stored(f"v{k}", own, dtype)

    def _numbers(self, q: int) -> None:
        """What is known of a row from before pass ``q`` on: ends of reductions, and what is made of them."""
        for k, step in enumerate(self.region.steps):
            if self.schedule.at[k] != q or self.form.steps[k] is Form.FULL:
                continue
            self.lines += self._ended(k, step) if isinstance(step, Reduce) else self._computed(k)

    # -- passes

    def _pass(self, q: int) -> None:
        inputs, back, computed = self.schedule.needed(q)
        folding = list(self.schedule.folding(q))
        blocked = [k for k, step, _ in folding if self._is_blocked(step)]
        for k, step, stage in folding:
            self.lines += self._started(k, step, stage)
        indent = _INDENT
        if blocked:
            self.lines.append(f"for start in range(0, n, {BLOCK}):")
            self.lines += [f"{indent}part{k} = {self._identity(k)}" for k in blocked]
            self.lines.append(f"{indent}for i in range(start, min(start + {BLOCK}, n)):")
            indent += _INDENT
        else:
            self.lines.append("for i in range(n):")
        body = [f"x{i} = {loaded(f'a{i}[a{i}_row + i]', self.input_dtypes[i])}" for i in inputs]
        for k in back:
            place = self.schedule.kept[k]
            body.append(f"v{k} = {loaded(f'o{place}[o{place}_row + i]', self.output_dtypes[place])}")
        for k in computed:
            body += self._computed(k)
        for k, step, stage in folding:
            body += self._folded(k, step, stage)
        body += [f"o{place}[o{place}_row + i] = {self._stored(k, place)}" for k, place in self.schedule.stored(q)]
        self.lines += [indent + line for line in body]
        for k in blocked:
            fold = self._fold(k)
            acc = cast_name(self._held(k)[1].name)
            self.lines.append(f"{_INDENT}acc{k} {fold.joins}= {acc}(part{k})")
        self.lines += [f"mean{k} = acc{k} / n" for k, step, stage in folding if _is_spread(step) and stage == 0]

    # -- reductions

    def _fold(self, k: int) -> Fold:
        return self.region.steps[k].op.rules["reduce"]()

    def _held(self, k: int) -> tuple[DType, DType]:
        """What parts of a fold are held in, and what they go into."""
        return accumulators(self._fold(k), self.steps[k].compute, self._result(k))

    def _is_blocked(self, step: Reduce) -> bool:
        """Whether a fold goes by blocks: one in floats of which there are wider ones."""
        if _is_spread(step):
            return False
        fold: Fold = step.op.rules["reduce"]()
        return fold.wide

    def _identity(self, k: int) -> str:
        """What a fold starts from: for extremes, what all elements beat."""
        fold, (part, _) = self._fold(k), self._held(k)
        if fold.identity is not None:
            return f"{cast_name(part.name)}({fold.identity})"
        low, high = (-math.inf, math.inf) if part.is_floating_point else _range(part)
        return literal_text(low if fold.name == "max" else high, part.name)

    def _started(self, k: int, step: Reduce, stage: int) -> list[str]:
        if _is_spread(step):
            return [f"acc{k} = np.float64(0)" if stage == 0 else f"squares{k} = np.float64(0)"]
        if self._is_blocked(step):
            return [f"acc{k} = {cast_name(self._held(k)[1].name)}({self._fold(k).identity or 0})"]
        return [f"part{k} = {self._identity(k)}"]

    def _folded(self, k: int, step: Reduce, stage: int) -> list[str]:
        (ref,) = step.args
        value, have = self._argument(ref)
        if _is_spread(step):
            self.inliner.primitives.add("free_sum")
            if stage == 0:
                return [f"acc{k} = free_sum(acc{k}, np.float64({value}))"]
            return [f"d{k} = np.float64({value}) - mean{k}", f"squares{k} = free_sum(squares{k}, d{k} * d{k})"]
        part, _ = self._held(k)
        if carried(have) is not part:
            value = converted(value, have, part)
        return [f"part{k} = {self._call(self._fold(k).step, [f'part{k}', value], part)}"]

    def _argument(self, ref: Ref) -> tuple[str, DType]:
        if ref.source is Source.INPUT:
            return f"x{ref.index}", self.input_dtypes[ref.index]
        return ref_name(ref), self._result(ref.index)

    def _ended(self, k: int, step: Reduce) -> list[str]:
        """The result of a reduction, as loops carry it."""
        result = self._result(k)
        if _is_spread(step):
            names = [p.name for p in step.op.schema.params]
            correction = step.rest[names.index("correction") - 1]
            freedom = f"np.float64(n) - np.float64({1 if correction is None else correction})"
            text = f"squares{k} / max({freedom}, np.float64(0))"
            return self._given(k, result, f"math.sqrt({text})" if step.op.schema.name == "std" else text, "np.float64")
        fold, (_, acc) = self._fold(k), self._held(k)
        if not fold.wide:
            return self._given(k, result, f"part{k}", cast_name(result.name))
        text, wide = f"acc{k}", cast_name(acc.name)
        if fold.finish is not None:
            text = self._call(fold.finish, [text, f"{wide}(n)"], acc)
        return self._given(k, result, text, wide)

    def _given(self, k: int, result: DType, text: str, have: str) -> list[str]:
        if result.is_half:
            return [f"h{k} = {result.name}_down(np.float32({text}))", f"v{k} = {result.name}_up(h{k})"]
        wanted = cast_name(result.name)
        return [f"v{k} = {text if wanted == have else f'{wanted}({text})'}"]

    def _call(self, rule: Any, arguments: Sequence[str], dtype: DType) -> str:
        """A part of a fold, which is one expression."""
        return self.inliner.call(rule, arguments, dtype.name)

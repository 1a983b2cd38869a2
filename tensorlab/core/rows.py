"""Running regions with reductions: one loop over rows, the plan of which is kept by layouts as for any region.

The loop writes what the region gives, and nothing else: what it needs again lies in a result's own row until that is
computed, or is computed again.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dtype import Category, number_category
from tensorlab.core.layout import Layout
from tensorlab.core.loops import UNIT, ZERO, Walk
from tensorlab.core.native import Entry
from tensorlab.core.parts import WORTH_SECONDS, Extent, in_parts, seconds_of
from tensorlab.core.pointwise import PLAN_LIMIT, Arrangement, Plan, RegionRunner, as_one_by_one
from tensorlab.core.region import Number, Region, type_region
from tensorlab.core.row_form import Form, RowForm, row_form
from tensorlab.core.row_loops import row_loop
from tensorlab.core.shape import Shape, broadcast_strides, coalesce, loop_order
from tensorlab.errors import GraphError


@dataclass(eq=False, slots=True)
class RowRunner(RegionRunner):
    """A region with reductions, and its plans."""

    def plan(
        self,
        inputs: Sequence[Layout],
        params: Sequence[Number],
        into: Sequence[Layout] | None = None,
        *,
        over: int | None = None,
    ) -> Plan:
        """The plan for inputs of these layouts; results are always new, laid out as by the ops one by one.

        Raises: `GraphError` for layouts that one loop over rows does not suit; what the ops raise.
        """
        key = (*inputs, *map(type, params))
        found = self.plans.get(key)
        if found is None:
            found = make_row_plan(self.region, inputs, [number_category(p) for p in params])
            if found is None:
                raise GraphError("no loop over rows: the tensors do not lie so")
            if len(self.plans) >= PLAN_LIMIT:
                self.plans.clear()
            self.plans[key] = found
        return found


def make_row_plan(region: Region, inputs: Sequence[Layout], params: Sequence[Category]) -> Plan | None:
    """Type the region, find the rows, compile the loop; None for layouts that one loop over rows does not suit.

    Raises: `ShapeError` or `DTypeError` as the ops do.
    """
    found = arrange_rows(region, inputs, params)
    if found is None or found.text is None:
        return None
    loop = compile_loop(found.text.source, found.text.signature, label=found.text.label)
    meta = array("q", found.meta)
    itemsizes = [o.dtype.itemsize for o in (*found.results, *inputs)]
    entry = _divided(loop, replace(Extent.of(found.walk, found.meta, itemsizes), whole=1))
    return Plan(loop, meta.buffer_info()[0], meta, found.results, found.steps, found.walk, entry)


def _divided(loop: Loop, extent: Extent) -> Entry:
    """The loop itself, or what divides the rows among threads where that pays."""
    return in_parts(loop.entry, extent) if seconds_of_rows(extent, loop.source) >= WORTH_SECONDS else loop.entry


def seconds_of_rows(extent: Extent, source: str) -> float:
    """What a loop over rows is expected to take on one thread: each pass takes its time."""
    passes = source.count(" in range(n)") + source.count(" in range(start, ")
    return passes * seconds_of(extent, source)


def arrange_rows(region: Region, inputs: Sequence[Layout], params: Sequence[Category]) -> Arrangement | None:
    """Type the region and find the rows; None for layouts that one loop over rows does not suit.

    The last dimension of the walk is the row, and there is always one before it.

    Raises: `ShapeError` or `DTypeError` as the ops do.
    """
    steps = type_region(region, [i.type for i in inputs], params)
    form = row_form(region, [i.type for i in inputs], steps)
    if form is None or 0 in form.shape:
        return None
    results = as_one_by_one(region, steps, inputs)
    operands = _operands(region, form, results, inputs)
    rows = None if operands is None else _rows(form, operands)
    if operands is None or rows is None:
        return None
    n, along = rows
    sizes, moves = _outer(form, operands)
    walk = Walk(len(sizes) + 1, tuple(UNIT if step else ZERO for step in along))
    text = row_loop(region, steps, form, [i.dtype for i in inputs], [r.dtype for r in results], params, walk)
    own = [(*move, step) for move, step in zip(moves, along, strict=True)]
    return Arrangement(text, (*sizes, n, *(s for strides in own for s in strides)), results, steps, walk)


def _operands(
    region: Region, form: RowForm, results: Sequence[Layout], inputs: Sequence[Layout]
) -> list[tuple[Shape, Form]] | None:
    """The strides of each operand over the whole shape, outputs first; None for a result of some other shape."""
    outer, kept = form.outer, (*form.outer, *(1,) * form.folded)
    found: list[tuple[Shape, Form]] = []
    for k, result in zip(region.outputs, results, strict=True):
        wanted = {Form.FULL: form.shape, Form.KEPT: kept, Form.GONE: outer}[form.steps[k]]
        if tuple(result.shape) != wanted and not (result.numel == 1 and set(outer) <= {1}):
            return None
        found.append((_strides(result, form, form.steps[k]), form.steps[k]))
    found += [(_strides(i, form, f), f) for i, f in zip(inputs, form.inputs, strict=True)]
    return found


def _strides(operand: Layout, form: RowForm, how: Form) -> Shape:
    if how is Form.GONE:
        return broadcast_strides(operand.shape, operand.strides, form.outer) + (0,) * form.folded
    whole = broadcast_strides(operand.shape, operand.strides, form.shape)
    return whole if how is Form.FULL else whole[: len(form.outer)] + (0,) * form.folded


def _rows(form: RowForm, operands: Sequence[tuple[Shape, Form]]) -> tuple[int, list[int]] | None:
    """The length of a row, and by how much each operand moves along it; None where one has gaps or turns."""
    first = len(form.outer)
    shape = form.shape[first:]
    full = [strides[first:] for strides, how in operands if how is Form.FULL]
    order = loop_order(shape, full)
    sizes, steps = coalesce([shape[d] for d in order], [[s[d] for d in order] for s in full])
    if len(sizes) > 1 or any(own != (1,) for own in steps if own):
        return None
    return (sizes[0] if sizes else 1), [int(how is Form.FULL) for _, how in operands]


def _outer(form: RowForm, operands: Sequence[tuple[Shape, Form]]) -> tuple[Shape, list[Shape]]:
    """The walk from row to row, in as few dimensions as it takes, at least one."""
    count = len(form.outer)
    sizes, steps = coalesce(form.outer, [strides[:count] for strides, _ in operands])
    return (sizes, steps) if sizes else ((1,), [(0,) for _ in operands])

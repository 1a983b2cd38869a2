"""Pointwise loops in a native function: calls of regions, copies, and what is written over a tensor."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.core.dtype import Category, DType
from tensorlab.core.in_place import InPlacePointwise, check_fits
from tensorlab.core.layout import Layout, layout
from tensorlab.core.parts import WORTH_SECONDS, Extent, seconds_of
from tensorlab.core.pointwise import Arrangement, arrange, dense_like
from tensorlab.core.region import Reduce, Region, Source, pointwise_types
from tensorlab.core.rows import arrange_rows, seconds_of_rows
from tensorlab.core.shape import broadcast_strides, may_overlap
from tensorlab.jit.fused import without_numbers
from tensorlab.jit.ir import Node
from tensorlab.jit.native_text import Writer
from tensorlab.jit.native_values import (
    Fixed,
    Number,
    Place,
    RefusedError,
    Thing,
)
from tensorlab.jit.regions import guarded_steps, loop_call, rows_call
from tensorlab.ops.copying import copy_runner


def write_region(
    w: Writer,
    node: Node,
    region: Region,
    tensors: Sequence[Place],
    numbers: Sequence[Thing],
    into: Sequence[Place] | None = None,
) -> list[Place]:
    """Write a call of a region's loop; its results are new tensors, or those of ``into``."""
    absent = [not isinstance(n, Number) for n in numbers]
    if any(isinstance(n, Fixed) and n.value is None for n in numbers):
        region = without_numbers(region, absent)
    given = [n for n in numbers if isinstance(n, Number)]
    if len(given) != region.params:
        raise RefusedError("takes what is no number", node)
    _check_guards(node, region, given)
    categories = [Category.FLOAT if n.kind == "float" else Category[n.kind.upper()] for n in given]
    forms = [t.form for t in tensors]
    if any(isinstance(step, Reduce) for step in region.steps):
        found = arrange_rows(region, forms, categories)
        if found is None:
            raise _NoRowsError("no loop over rows: the tensors do not lie so", node)
    else:
        found = arrange(region, forms, categories, None if into is None else [p.form for p in into])
    _check_numbers(region, found, forms, given)
    hints = [v.name for v in node.outputs] if len(node.outputs) == len(found.results) else [""] * len(found.results)
    places = [w.fresh(f, hint) for f, hint in zip(found.results, hints, strict=True)] if into is None else list(into)
    if found.text is not None:
        head = str(found.meta[0]) if len(found.meta) == 1 else w.table(found.meta)
        w.run(found.text, head, *places, *tensors, *given)
        _note_seconds(w, region, found, [p.form.dtype.itemsize for p in (*places, *tensors)])
    for p in (*places, *tensors):
        w.touch(p.room)
    return places


def _note_seconds(w: Writer, region: Region, found: Arrangement, itemsizes: Sequence[int]) -> None:
    """Note a loop that a program would divide among threads."""
    if found.text is None:
        return
    has_rows = any(isinstance(step, Reduce) for step in region.steps)
    extent = Extent.of(found.walk, found.meta, itemsizes)
    seconds = (seconds_of_rows if has_rows else seconds_of)(extent, found.text.source)
    if seconds >= WORTH_SECONDS:
        w.dividable = (*w.dividable, (extent.elements, seconds))


def _check_guards(node: Node, region: Region, given: Sequence[Number]) -> None:
    """Refuse an op that looks at its numbers where one is not known; of those that it knows it takes all floats."""
    for step in region.steps:
        if "guard" in step.op.rules:
            taken = [given[r.index] for r in step.args if r.source is Source.PARAM]
            if any(n.kind != "float" and n.value is None for n in taken):
                raise RefusedError(f"{step.op.name} looks at its numbers", node)


def _check_numbers(region: Region, found: Arrangement, forms: Sequence[Layout], given: Sequence[Number]) -> None:
    """Show numbers that are known to the ops that look at them.

    Raises: what the op raises.
    """
    numbers = [0.0 if n.value is None else n.value for n in given]  # every float is taken
    for _, step, args in guarded_steps(region, [f.type for f in forms], found.steps, numbers):
        pointwise_types(step.op, args)


def write_loop_call(w: Writer, node: Node) -> bool:
    """Write a fusion group, or a single pointwise operation, as one loop; False for what is none."""
    call = loop_call(node) or rows_call(node)
    if call is None:
        return False
    count = call.region.inputs
    tensors = [w.place(v, node) for v in call.arguments[:count]]
    try:
        places = write_region(w, node, call.region, tensors, [w.of(v) for v in call.arguments[count:]])
    except _NoRowsError:
        return False
    w.things.update(zip((v.serial for v in node.outputs), places, strict=True))
    return True


class _NoRowsError(RefusedError):
    """One loop over rows does not suit the tensors."""


def copied(w: Writer, node: Node, source: Place, form: Layout) -> Place:
    """A new tensor with the elements of another of the same shape."""
    target = w.fresh(form)
    write_region(w, node, copy_runner().region, [source], (), [target])
    return target


def dense_copy(w: Writer, node: Node, source: Place) -> Place:
    """A copy of the same form, for what a loop hands on."""
    return copied(w, node, source, source.form)


def row_major(w: Writer, node: Node, source: Place, dtype: DType | None = None) -> Place:
    """The tensor itself where it is row-major and of the dtype, else a copy that is."""
    own = source.form
    wanted = dtype or own.dtype
    if own.dtype is wanted and own.is_contiguous:
        return source
    return copied(w, node, source, layout(wanted, tuple(own.shape)))


# Writing over ---------------------------------------------------------------------------------------------------------


def check_written(w: Writer, node: Node, target: Place) -> None:
    """Note what is written over.

    Raises: `RefusedError` for what the caller does not expect to be, or might not be told of.
    """
    outside = {root for root in target.room.roots() if root.outside}
    if any(root.constant for root in outside):
        raise RefusedError("writes over a constant", node)
    if outside and target.room.pointer:
        raise RefusedError("writes over what may be an argument", node)
    w.written |= outside
    if may_overlap(target.form.shape, target.form.strides):
        raise RefusedError("writes to memory that overlaps itself", node)


def apart(w: Writer, node: Node, source: Place, target: Place) -> Place:
    """The source itself where each element is read before it is written, else a copy."""
    if source.at == target.at and source.form is target.form:
        return source
    if not (source.room.roots() & target.room.roots()):
        return source
    return copied(w, node, source, layout(source.form.dtype, tuple(source.form.shape), dense_like(source.form)))


def write_in_place(w: Writer, node: Node) -> bool:
    """Write the in-place form of a pointwise operation; False for any other node."""
    evaluator = node.op.evaluate if node.op is not None else None
    if not isinstance(evaluator, InPlacePointwise):
        return False
    stand_in = Node(node.kind, node.inputs, node.outputs, op=evaluator.functional.op, span=node.span)
    call = loop_call(stand_in)
    if call is None:
        raise RefusedError("looks at elements before it computes", node)
    count = call.region.inputs
    target = w.place(node.inputs[0], node)
    check_written(w, node, target)
    tensors = [w.place(v, node) for v in call.arguments[:count]]
    numbers = [w.of(v) for v in call.arguments[count:]]
    categories = [Category[n.kind.upper()] for n in numbers if isinstance(n, Number)]
    if len(categories) == len(numbers):
        found = arrange(call.region, [t.form for t in tensors], categories, None)
        check_fits(node.kind, found.steps[-1].result, target.form.type)
    write_region(w, node, call.region, [apart(w, node, t, target) for t in tensors], numbers, [target])
    w.things[node.output.serial] = target
    return True


def _copy_(w: Writer, node: Node, args: list[Thing]) -> Thing:
    target, source = args[0], args[1]
    if not isinstance(target, Place) or not isinstance(source, Place):
        raise RefusedError("copies what is no tensor", node)
    check_written(w, node, target)
    if source.at == target.at and source.form is target.form:
        return target
    shape = tuple(target.form.shape)
    strides = broadcast_strides(tuple(source.form.shape), source.form.strides, shape)
    spread = Place(source.room, source.at, source.offset, layout(source.form.dtype, shape, strides))
    write_region(w, node, copy_runner().region, [apart(w, node, spread, target)], (), [target])
    return target


OVER = {"aten::copy_": _copy_}

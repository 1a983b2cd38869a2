"""Reading and writing by tensors of indices, and masks, in a native function.

Indices are checked before anything is written: where one is out of range, the function is left.
"""

from __future__ import annotations

import math

from tensorlab.core.dtype import Category, int64
from tensorlab.core.index_loops import index_loop
from tensorlab.core.index_walk import Walk
from tensorlab.core.layout import Layout, layout
from tensorlab.core.region import Ref, Region, Source, Step
from tensorlab.core.shape import broadcast_strides, coalesce, wrap_dim
from tensorlab.jit.ir import Node
from tensorlab.jit.native_calls import Form, Found, number, scratch, settled, tensor, typed
from tensorlab.jit.native_creation import filled
from tensorlab.jit.native_regions import apart, check_written, copied, dense_copy, row_major, write_region
from tensorlab.jit.native_text import Writer
from tensorlab.jit.native_values import Fixed, Number, Place, RefusedError, Several, Thing, literal
from tensorlab.jit.native_views import stand_in
from tensorlab.ops import along, comparison
from tensorlab.ops.advanced_index import reading, walk_at
from tensorlab.ops.copying import copy_runner
from tensorlab.ops.indexed_places import MASKS, Places, find

_INPUTS = [Ref(Source.INPUT, i) for i in range(3)]
_WHERE = Region(3, 0, (Step(comparison.where, tuple(_INPUTS)),), (0,))
_WHERE_NUMBER = Region(2, 1, (Step(comparison.where_self, (_INPUTS[0], Ref(Source.PARAM, 0), _INPUTS[1])),), (0,))

# Along one dimension --------------------------------------------------------------------------------------------------


def _indices(w: Writer, node: Node, thing: Thing) -> Place:
    """Indices as the loops take them."""
    place = tensor(node, thing)
    return row_major(w, node, place, int64)


def _gather(w: Writer, node: Node, args: list[Thing]) -> Found:
    source, dim, index = tensor(node, args[0]), settled(node, args[1]), _indices(w, node, args[2])
    found = typed(node, source.form.type, dim, tensor(node, args[2]).form.type, *map(_of, args[3:]))
    result = w.fresh(layout(source.form.dtype, found.sizes))
    if result.form.numel:
        at = wrap_dim(dim, len(source.form.shape), op="gather")
        out, of, by = (along.with_one(p.form) for p in (result, source, index))
        w.walk(along.cells_walk("cells_get", "set", out, of, by, at), result, source, index, node)
    return result


def _of(thing: Thing) -> object:
    return thing.value if isinstance(thing, (Fixed, Number)) else None


def _rows(w: Writer, node: Node, source: Place, dim: int, index: Place, form: Layout) -> Place:
    """The parts of a tensor at indices along a dimension."""
    result = w.fresh(form)
    if not form.numel:
        raise RefusedError("indices of nothing, which are checked all the same", node)
    of, n = along.with_one(source.form), index.form.numel
    dense = layout(form.dtype, (*of.shape[:dim], n, *of.shape[dim + 1 :]))
    w.walk(along.rows_walk("rows_get", "set", dense, of, n, dim), result, source, index, node)
    return result


def _index_select(w: Writer, node: Node, args: list[Thing]) -> Found:
    source, dim, index = tensor(node, args[0]), settled(node, args[1]), tensor(node, args[2])
    found = typed(node, source.form.type, dim, index.form.type)
    at = wrap_dim(dim, len(source.form.shape), op="index_select")
    return _rows(w, node, source, at, _indices(w, node, index), layout(source.form.dtype, found.sizes))


def _embedding(w: Writer, node: Node, args: list[Thing]) -> Found:
    weight, index = tensor(node, args[0]), tensor(node, args[1])
    found = typed(node, weight.form.type, index.form.type, *(settled(node, a) for a in args[2:]))
    return _rows(w, node, weight, 0, _indices(w, node, index), layout(weight.form.dtype, found.sizes))


def _embedding_backward(w: Writer, node: Node, args: list[Thing]) -> Found:
    grad, index = tensor(node, args[0]), tensor(node, args[1])
    count, padding, by_frequency = (settled(node, a) for a in args[2:])
    form = layout(grad.form.dtype, typed(node, grad.form.type, index.form.type, count, padding, by_frequency).sizes)
    _check_folds(node, form)
    result, wide = filled(w, node, form, literal(0)), form.shape[1]
    places = _indices(w, node, index)
    rows = row_major(w, node, grad)
    if rows.form.numel:
        flat = layout(form.dtype, (places.form.numel, wide))
        steps = along.rows_walk("rows_put", "add", form, flat, places.form.numel, 0)
        w.walk(steps, result, rows, places, node)
    if 0 <= padding < count:
        row = result.moved(layout(form.dtype, (wide,)), padding * wide * form.dtype.itemsize)
        _fill_over(w, node, row, literal(0))
    return result


def _check_folds(node: Node, form: Layout) -> None:
    if form.dtype.is_half:
        raise RefusedError("sums of 16-bit floats at indices", node)


def _fill_over(w: Writer, node: Node, target: Place, value: Number) -> None:
    """One value over a tensor of the function's own."""
    one = filled(w, node, layout(target.form.dtype, ()), value)
    shape = tuple(target.form.shape)
    spread = Place(one.room, one.at, one.offset, layout(target.form.dtype, shape, (0,) * len(shape)))
    write_region(w, node, copy_runner().region, [spread], (), [target])


def _scatter(fold: str, *, written: bool) -> Form:
    """Elements, or a number, to where indices say, one for each."""

    def form(w: Writer, node: Node, args: list[Thing]) -> Found:
        target, dim, index = tensor(node, args[0]), settled(node, args[1]), tensor(node, args[2])
        source = args[3]
        if len(args) > 4 or fold != "set":
            _check_folds(node, target.form)
        how = settled(node, args[4]) if len(args) > 4 else fold
        if how not in ("set", "add", "multiply"):
            raise RefusedError(f"a scatter that does {how!r}", node)
        given = source.form.type if isinstance(source, Place) else 0
        typed(node, target.form.type, dim, index.form.type, given, *(settled(node, a) for a in args[4:]))
        if isinstance(source, Number):
            source = filled(w, node, layout(target.form.dtype, ()), source)
        elif not isinstance(source, Place):
            raise RefusedError("takes what is no tensor", node)
        target = _target(w, node, target, written=written)
        if not index.form.numel:
            return target
        at, source = wrap_dim(dim, len(target.form.shape), op="scatter"), apart(w, node, source, target)
        places = _indices(w, node, index)
        own = along.with_one(places.form)
        from_ = source.form if source.form.shape else layout(source.form.dtype, tuple(own.shape), (0,) * len(own.shape))
        steps = along.cells_walk("cells_put", how, along.with_one(target.form), from_, own, at)
        w.walk(steps, target, source, places, node)
        return target

    return form


def _target(w: Writer, node: Node, target: Place, *, written: bool, keeps_strides: bool = False) -> Place:
    """What is written to: the tensor itself, or a copy of it."""
    if written:
        check_written(w, node, target)
        return target
    if keeps_strides:
        return dense_copy(w, node, target)
    return copied(w, node, target, layout(target.form.dtype, tuple(target.form.shape)))


def _index_add(*, written: bool) -> Form:
    def form(w: Writer, node: Node, args: list[Thing]) -> Found:
        target, dim, index, source = (
            tensor(node, args[0]),
            settled(node, args[1]),
            *(tensor(node, a) for a in args[2:4]),
        )
        typed(node, target.form.type, dim, index.form.type, source.form.type, settled(node, args[4]))
        _check_folds(node, target.form)
        if settled(node, args[4]) != 1:
            raise RefusedError("parts that are multiplied before they are added", node)
        target = _target(w, node, target, written=written)
        at, source = wrap_dim(dim, len(target.form.shape), op="index_add"), apart(w, node, source, target)
        if not source.form.numel:
            raise RefusedError("indices of nothing, which are checked all the same", node)
        into, of = along.with_one(target.form), along.with_one(source.form)
        steps = along.rows_walk("rows_put", "add", into, of, index.form.numel, at)
        w.walk(steps, target, source, _indices(w, node, index), node)
        return target

    return form


# By tensors in place of dimensions ------------------------------------------------------------------------------------


def _slots(node: Node, thing: Thing) -> list[Place | None]:
    """Indices of integers, or None, one a dimension."""
    if not isinstance(thing, Several):
        raise RefusedError("takes a list that is not known beforehand", node)
    slots = [p if isinstance(p, Place) else None for p in thing.parts]
    if any(p is not None and p.form.dtype in MASKS for p in slots):
        raise RefusedError("how many elements a mask has set is not known beforehand", node)
    return slots


def _places(a: Layout, slots: list[Place | None]) -> Places:
    return find(a, [None if p is None else stand_in(p.form) for p in slots])


def _walked(
    w: Writer, node: Node, steps: Walk, places: Places, slots: list[Place | None], out: Place, a: Place
) -> None:
    """Walk by one tensor of indices, or by several, whose offsets are added up."""
    given = [(slots[at], n, stride) for at, _, n, stride in places.parts]
    if len(given) == 1:
        w.walk(steps, out, a, _indices(w, node, given[0][0] or out), node)
        return
    shape, count = places.shape, math.prod(places.shape)
    room = scratch(w, count * int64.itemsize)
    for k, (item, n, stride) in enumerate(given):
        if item is None or room is None:
            raise RefusedError("indices that are not there", node)
        strides = broadcast_strides(tuple(item.form.shape), item.form.strides, shape)
        spread = Place(item.room, item.at, item.offset, layout(item.form.dtype, shape, strides))
        index = row_major(w, node, spread, int64)
        numbers = count, room, index, -n, n, stride, int(k == 0)
        w.call(index_loop("offsets"), *numbers, node=node, fails="an index out of range")
    if room is not None:
        w.walk(steps, out, a, room, node)


def _index(w: Writer, node: Node, args: list[Thing]) -> Found:
    source, slots = tensor(node, args[0]), _slots(node, args[1])
    typed(node, source.form.type, [None if p is None else p.form.type for p in slots])
    places = _places(source.form, slots)
    form, steps = reading(source.form, places)
    result = w.fresh(form)
    if steps is not None:
        _walked(w, node, steps, places, slots, result, source)
    return result


def _index_put(*, written: bool) -> Form:
    def form(w: Writer, node: Node, args: list[Thing]) -> Found:
        target, values, adds = tensor(node, args[0]), tensor(node, args[2]), settled(node, args[3])
        mask = _mask(args[1], values)
        if mask is not None and not adds:
            return _filled_where(w, node, _target(w, node, target, written=written, keeps_strides=True), mask, values)
        slots = _slots(node, args[1])
        kinds = [None if p is None else p.form.type for p in slots]
        typed(node, target.form.type, kinds, values.form.type, adds)
        if adds:
            _check_folds(node, target.form)
        target = _target(w, node, target, written=written, keeps_strides=True)
        places = _places(target.form, slots)
        if 0 in places.whole:
            return target
        strides = broadcast_strides(tuple(values.form.shape), values.form.strides, places.whole)
        held = Place(values.room, values.at, values.offset, layout(values.form.dtype, places.whole, strides))
        first = len(places.dims.before)
        if len(coalesce(places.shape, [strides[first : first + len(places.shape)]])[0]) > 1:
            held = copied(w, node, held, layout(held.form.dtype, places.whole))
        held = apart(w, node, held, target)
        steps = walk_at("rows_put", "add" if adds else "set", target.form, places, held.form.strides)
        _walked(w, node, steps, places, slots, target, held)
        return target

    return form


# By masks -------------------------------------------------------------------------------------------------------------


def _mask(thing: Thing, values: Place) -> Place | None:
    """A mask as the only index, for one value."""
    if not isinstance(thing, Several) or len(thing.parts) != 1 or values.form.numel != 1:
        return None
    (mask,) = thing.parts
    return mask if isinstance(mask, Place) and mask.form.dtype.category is Category.BOOL else None


def _filled_where(w: Writer, node: Node, target: Place, mask: Place, values: Place) -> Place:
    """One element of a tensor over what a mask of the leading dimensions sets."""
    shape, lead = tuple(target.form.shape), tuple(mask.form.shape)
    if shape[: len(lead)] != lead or values.form.dtype is not target.form.dtype:
        raise RefusedError("a mask or values of another form", node)
    mask, values = apart(w, node, mask, target), apart(w, node, values, target)
    chosen = mask.moved(layout(mask.form.dtype, shape, (*mask.form.strides, *[0] * (len(shape) - len(lead)))), 0)
    spread = values.moved(layout(values.form.dtype, shape, (0,) * len(shape)), 0)
    write_region(w, node, _WHERE, [chosen, spread, target], (), [target])
    return target


def _masked_fill(*, written: bool) -> Form:
    """One number where a mask is set."""

    def form(w: Writer, node: Node, args: list[Thing]) -> Found:
        source, mask, value = tensor(node, args[0]), tensor(node, args[1]), number(node, args[2])
        found = typed(node, source.form.type, mask.form.type, value.value)
        dtype = source.form.dtype
        if dtype.category is Category.FLOAT:
            value = literal(float(value.value)) if value.value is not None else Number(value.as_float(), "float")
        elif value.kind != dtype.category.name.lower():
            raise RefusedError(f"a number that may not fit into {dtype.name}", node)
        if written:
            check_written(w, node, source)
            mask, target = apart(w, node, mask, source), source
        else:
            target = w.fresh(layout(dtype, found.sizes))
        write_region(w, node, _WHERE_NUMBER, [mask, source], [value], [target])
        return target

    return form


INDICES: dict[str, Form] = {
    "aten::gather": _gather,
    "aten::index_select": _index_select,
    "aten::embedding": _embedding,
    "aten::embedding_dense_backward": _embedding_backward,
    "aten::scatter": _scatter("set", written=False),
    "aten::scatter_": _scatter("set", written=True),
    "aten::scatter_add": _scatter("add", written=False),
    "aten::scatter_add_": _scatter("add", written=True),
    "aten::index_add": _index_add(written=False),
    "aten::index_add_": _index_add(written=True),
    "aten::index": _index,
    "aten::index_put": _index_put(written=False),
    "aten::index_put_": _index_put(written=True),
    "aten::masked_fill": _masked_fill(written=False),
    "aten::masked_fill_": _masked_fill(written=True),
}

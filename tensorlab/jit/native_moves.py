"""Copies in another order in a native function: turned round, moved on, repeated, with borders, put back."""

from __future__ import annotations

import itertools

from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op
from tensorlab.core.pointwise import dense_like
from tensorlab.core.shape import wrap_dim
from tensorlab.jit.ir import Node
from tensorlab.jit.native_calls import Form, Found, number, settled, tensor, typed
from tensorlab.jit.native_creation import filled
from tensorlab.jit.native_regions import row_major, write_region
from tensorlab.jit.native_text import Writer
from tensorlab.jit.native_values import Place, RefusedError, Thing, literal
from tensorlab.jit.native_views import stand_in
from tensorlab.ops import movement
from tensorlab.ops.copying import copy_runner, element
from tensorlab.ops.padding import edges_of
from tensorlab.ops.rearranging import repeated


def _copy(w: Writer, node: Node, source: Place, target: Place) -> None:
    """Elements of one tensor over those of another of the same shape."""
    if source.form.numel:
        write_region(w, node, copy_runner().region, [source], (), [target])


def _part(place: Place, dim: int, start: int, count: int) -> Place:
    """So many elements along a dimension."""
    form = place.form
    shape = (*form.shape[:dim], count, *form.shape[dim + 1 :])
    return place.moved(layout(form.dtype, shape, form.strides), start * form.strides[dim] * form.dtype.itemsize)


def _flip(w: Writer, node: Node, args: list[Thing]) -> Found:
    source, dims = tensor(node, args[0]), settled(node, args[1])
    typed(node, source.form.type, dims)
    form = source.form
    turned = {wrap_dim(d, len(form.shape), op="flip") for d in dims} if form.shape else set[int]()
    strides = tuple(-s if d in turned else s for d, s in enumerate(form.strides))
    start = sum((form.shape[d] - 1) * form.strides[d] for d in turned) if form.numel else 0
    result = w.fresh(layout(form.dtype, tuple(form.shape), dense_like(form)))
    backwards = layout(form.dtype, tuple(form.shape), strides)
    _copy(w, node, source.moved(backwards, start * form.dtype.itemsize), result)
    return result


def _roll(w: Writer, node: Node, args: list[Thing]) -> Found:
    source, shifts, dims = tensor(node, args[0]), settled(node, args[1]), settled(node, args[2])
    typed(node, source.form.type, shifts, dims)
    form = source.form
    result = w.fresh(layout(form.dtype, tuple(form.shape)))
    if not form.numel or not form.shape:
        _copy(w, node, source, result)
        return result
    target = result
    if not dims:
        flat: Layout = layout(form.dtype, (form.numel,))
        source, target, dims = row_major(w, node, source).moved(flat, 0), result.moved(flat, 0), (0,)
    steps: dict[int, int] = {}
    for d, s in zip(dims, shifts, strict=True):
        at = wrap_dim(d, len(target.form.shape), op="roll")
        steps[at] = steps.get(at, 0) + s
    pieces: list[list[tuple[int, int, int, int]]] = []  # for each dimension: where from, where to, how many
    for d, s in steps.items():
        n, k = target.form.shape[d], s % target.form.shape[d]
        pieces.append([(d, 0, k, n - k), (d, n - k, 0, k)])
    for chosen in itertools.product(*pieces):
        a, b = source, target
        for d, start, to, count in chosen:
            a, b = _part(a, d, start, count), _part(b, d, to, count)
        _copy(w, node, a, b)
    return result


def _repeat(w: Writer, node: Node, args: list[Thing]) -> Found:
    source, repeats = tensor(node, args[0]), settled(node, args[1])
    form = layout(source.form.dtype, typed(node, source.form.type, repeats).sizes)
    result = w.fresh(form)
    if form.numel:
        shape, own = tuple(source.form.shape), source.form.strides
        pairs, _ = repeated(shape, repeats)
        padded = (*[0] * (len(repeats) - len(shape)), *own)
        strides = tuple(x for s in padded for x in (0, s))
        over = layout(form.dtype, pairs)
        _copy(w, node, source.moved(layout(form.dtype, pairs, strides), 0), result.moved(over, 0))
    return result


def _pad(w: Writer, node: Node, args: list[Thing]) -> Found:
    source, pad, value = tensor(node, args[0]), settled(node, args[1]), number(node, args[2])
    if value.value is None:
        raise RefusedError("fills with a number that is not known beforehand", node)
    dtype = source.form.dtype
    form = layout(dtype, typed(node, source.form.type, pad, value.value).sizes)
    border = element(value.value, dtype, op="constant_pad_nd")
    result = filled(w, node, form, literal(float(border) if dtype.is_floating_point else border))
    target = result
    for d, (before, after) in enumerate(edges_of(len(form.shape), pad, "constant_pad_nd")):
        if before or after:
            n, whole = source.form.shape[d], form.shape[d]
            source = _part(source, d, max(-before, 0), max(n - max(-after, 0) - max(-before, 0), 0))
            target = _part(target, d, max(before, 0), max(whole - max(after, 0) - max(before, 0), 0))
    if tuple(source.form.shape) == tuple(target.form.shape):
        _copy(w, node, source, target)
    return result


def _in_zeros(view: Op) -> Form:
    """Zeros, with a gradient where a view took its elements from."""

    def form(w: Writer, node: Node, args: list[Thing]) -> Found:
        grad, (sizes, *given) = tensor(node, args[0]), [settled(node, a) for a in args[1:]]
        result = filled(w, node, layout(grad.form.dtype, sizes), literal(0))
        whole = stand_in(result.form)
        part = view.run((whole, *given))
        nbytes = (part.offset - whole.offset) * grad.form.dtype.itemsize
        _copy(w, node, grad, result.moved(part.layout, nbytes))
        return result

    return form


MOVES: dict[str, Form] = {
    "aten::flip": _flip,
    "aten::roll": _roll,
    "aten::repeat": _repeat,
    "aten::constant_pad_nd": _pad,
    "aten::select_backward": _in_zeros(movement.select),
    "aten::slice_backward": _in_zeros(movement.slice_),
    "aten::diagonal_backward": _in_zeros(movement.diagonal),
}

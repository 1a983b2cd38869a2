"""Normalisations, softmax backwards, losses over classes and recurrent layers in a native function."""

from __future__ import annotations

import math

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dtype import float32, float64, int64
from tensorlab.core.layout import layout
from tensorlab.core.loss_loops import class_loss_loop
from tensorlab.core.normalisation_loops import normalisation_loop
from tensorlab.core.recurrent_loops import GATES
from tensorlab.core.shape import wrap_dim
from tensorlab.core.softmax_loops import softmax_backward_loop
from tensorlab.jit.ir import Node
from tensorlab.jit.native_calls import Form, Found, maybe, maybe_rows, number, scratch, settled, tensor, typed, wide
from tensorlab.jit.native_creation import filled
from tensorlab.jit.native_folds import folded
from tensorlab.jit.native_products import product
from tensorlab.jit.native_regions import row_major, write_region
from tensorlab.jit.native_text import Writer
from tensorlab.jit.native_values import Place, RefusedError, Thing, literal
from tensorlab.ops import blas, reduce
from tensorlab.ops.class_losses import class_dim
from tensorlab.ops.copying import copy_runner
from tensorlab.ops.operands import as_dtype
from tensorlab.ops.recurrent import steps_loop

# Normalisation --------------------------------------------------------------------------------------------------------


def _batch_norm(w: Writer, node: Node, args: list[Thing]) -> Found:
    x, training, eps = tensor(node, args[0]), settled(node, args[5]), number(node, args[6])
    parts = [maybe(node, a) for a in args[1:5]]
    typed(node, x.form.type, *(None if p is None else p.form.type for p in parts), training, eps.value)
    dtype, shape = x.form.dtype, tuple(x.form.shape)
    sizes = shape[0], shape[1], math.prod(shape[2:])
    weight, bias, mean, spread = (maybe_rows(w, node, p, dtype) for p in parts)
    x = row_major(w, node, x)
    vector = layout(dtype, (shape[1],))
    result, own_mean, invstd = w.fresh(layout(dtype, shape)), w.fresh(vector), w.fresh(vector)
    if training or mean is None or spread is None:
        if not sizes[0] * sizes[2]:
            raise RefusedError("has no values per channel", node)
        w.run(normalisation_loop("statistics", dtype), *sizes, eps, own_mean, invstd, x)
    else:
        w.run(normalisation_loop("running", dtype), sizes[1], eps, own_mean, invstd, mean, spread)
    w.run(normalisation_loop("apply", dtype), *sizes, result, x, own_mean, invstd, weight, bias)
    return result, own_mean, invstd


def _batch_norm_backward(w: Writer, node: Node, args: list[Thing]) -> Found:
    grad, x, mean, invstd = (row_major(w, node, tensor(node, args[i])) for i in (0, 1, 3, 4))
    dtype, shape = x.form.dtype, tuple(x.form.shape)
    weight = maybe_rows(w, node, maybe(node, args[2]), dtype)
    vector = layout(dtype, (shape[1],))
    results = w.fresh(layout(dtype, shape)), w.fresh(vector), w.fresh(vector)
    sizes = shape[0], shape[1], math.prod(shape[2:]), int(settled(node, args[5]))
    w.run(normalisation_loop("channels_backward", dtype), *sizes, *results, grad, x, mean, invstd, weight)
    return results


def _layer_norm(w: Writer, node: Node, args: list[Thing]) -> Found:
    x, shape, eps = tensor(node, args[0]), settled(node, args[1]), number(node, args[4])
    parts = [maybe(node, a) for a in args[2:4]]
    found = typed(node, x.form.type, shape, *(None if p is None else p.form.type for p in parts), eps.value)
    dtype = x.form.dtype
    results = tuple(w.fresh(layout(dtype, t.sizes)) for t in found)
    if x.form.numel:
        taken = [row_major(w, node, x), *(maybe_rows(w, node, p) for p in parts)]
        outer = results[1].form.numel
        w.run(normalisation_loop("rows", dtype), outer, x.form.numel // outer, eps, *results, *taken)
    return results


def _layer_norm_backward(w: Writer, node: Node, args: list[Thing]) -> Found:
    grad, x, mean, rstd = (row_major(w, node, tensor(node, args[i])) for i in (0, 1, 3, 4))
    weight, shape = maybe_rows(w, node, maybe(node, args[5])), settled(node, args[2])
    dtype, n = x.form.dtype, math.prod(shape)
    result = w.fresh(layout(dtype, tuple(x.form.shape)))
    sums = [w.fresh(layout(float64, shape)) for _ in range(2)]
    outer = x.form.numel // n if n else 0
    w.run(normalisation_loop("rows_backward", dtype), outer, n, result, *sums, grad, x, mean, rstd, weight)
    return result, *(row_major(w, node, s, dtype) for s in sums)


def _softmax_backward(w: Writer, node: Node, args: list[Thing]) -> Found:
    grad, output, dim = tensor(node, args[0]), tensor(node, args[1]), settled(node, args[2])
    dtype, shape = output.form.dtype, tuple(grad.form.shape)
    wanted = as_dtype(settled(node, args[3]), op=node.kind) or dtype
    if dtype.is_half:
        dtype = float32
    grad, output = (row_major(w, node, p, dtype) for p in (grad, output))
    at, sizes = wrap_dim(dim, len(shape), op=node.kind), shape or (1,)
    outer, n, inner = math.prod(sizes[:at]), sizes[at], math.prod(sizes[at + 1 :])
    columns = inner > 1
    result = w.fresh(layout(dtype, shape))
    if result.form.numel:
        text = softmax_backward_loop(dtype, columns=columns, log="log" in node.kind)
        room = scratch(w, inner * (dtype.itemsize + float64.itemsize) if columns else 0)
        w.run(text, outer, n, inner, result, grad, output, room)
    return row_major(w, node, result, wanted)


# Losses ---------------------------------------------------------------------------------------------------------------


def _class_loss(w: Writer, node: Node, args: list[Thing]) -> Found:
    x, target, weight = tensor(node, args[0]), tensor(node, args[1]), maybe(node, args[2])
    reduction, ignored = (settled(node, a) for a in args[3:])
    given = x.form.type, target.form.type, None if weight is None else weight.form.type
    results = tuple(w.fresh(layout(x.form.dtype, t.sizes)) for t in typed(node, *given, reduction, 0))
    loop, sizes = _class_loop(x, backward=False)
    sources = row_major(w, node, x), row_major(w, node, target, int64), maybe_rows(w, node, weight, x.form.dtype)
    reason = "a target that is no class"
    w.call(loop, *sizes, reduction, ignored, *results, *sources, node=node, fails=reason)
    return results


def _class_loop(x: Place, *, backward: bool) -> tuple[Loop, tuple[int, int, int]]:
    """The loop, and its sizes: examples, classes, and what is inside of each."""
    shape, text = tuple(x.form.shape), class_loss_loop(x.form.dtype, backward=backward)
    at = class_dim(shape)
    sizes = math.prod(shape[:at]), shape[at], math.prod(shape[at + 1 :])
    return compile_loop(text.source, text.signature, label=text.label), sizes


def _class_loss_backward(w: Writer, node: Node, args: list[Thing]) -> Found:
    grad, x, target = (tensor(node, a) for a in args[:3])
    weight, total = maybe(node, args[3]), tensor(node, args[6])
    reduction, ignored = (settled(node, a) for a in args[4:6])
    dtype = x.form.dtype
    loop, sizes = _class_loop(x, backward=True)
    result = w.fresh(layout(dtype, tuple(x.form.shape)))
    sources = row_major(w, node, grad, dtype), row_major(w, node, target, int64), maybe_rows(w, node, weight, dtype)
    w.call(loop, *sizes, reduction, ignored, result, total, *sources)
    return result


# Recurrent layers -----------------------------------------------------------------------------------------------------


def _routine(w: Writer, node: Node, dtype: object) -> str:
    name = f"{blas.LETTERS[dtype]}gemm"  # pyright: ignore[reportArgumentType]
    if not blas.address(name):
        raise RefusedError("there is no BLAS to call by address", node)
    return w.routine(name)


def _steps(w: Writer, node: Node, args: list[Thing]) -> Found:
    gates, hidden, weight = (tensor(node, args[i]) for i in (0, 1, 3))
    cell, bias = maybe(node, args[2]), maybe(node, args[4])
    kind, backwards = settled(node, args[5]), settled(node, args[6])
    types = [None if p is None else p.form.type for p in (gates, hidden, cell, weight, bias)]
    dtype = gates.form.dtype
    results = tuple(w.fresh(layout(dtype, t.sizes)) for t in typed(node, *types, kind, backwards))
    steps, batch, n = results[0].form.shape
    if not results[0].form.numel:
        return results
    routine, loop = _routine(w, node, dtype), steps_loop("forward", kind, dtype)
    x, h, c, held, b = (maybe_rows(w, node, p) for p in (gates, hidden, cell, weight, bias))
    room = scratch(w, batch * GATES[kind] * n * dtype.itemsize)
    w.call(loop, routine, steps, int(backwards), batch, n, *results, x, h, c, held, b, room)
    return results


def _steps_backward(w: Writer, node: Node, args: list[Thing]) -> Found:
    grad, output, cells, kept, gates, hidden, weight = (tensor(node, args[i]) for i in (0, 2, 3, 4, 5, 6, 8))
    grad_cells, cell = maybe(node, args[1]), maybe(node, args[7])
    kind, backwards = settled(node, args[10]), settled(node, args[11])
    dtype, (steps, batch, n) = gates.form.dtype, output.form.shape
    if not output.form.numel:
        raise RefusedError("a recurrent layer of no steps", node)
    routine, loop, wide_rows = _routine(w, node, dtype), steps_loop("backward", kind, dtype), GATES[kind] * n
    form = layout(dtype, (steps, batch, wide_rows))
    d_gates = w.fresh(form)
    d_hiddens = w.fresh(form) if kind == "gru" else d_gates
    states = [filled(w, node, layout(dtype, (batch, n)), literal(0)) for _ in range(2)]
    g, out, h, held = (row_major(w, node, p) for p in (grad, output, hidden, weight))
    gc, c = maybe_rows(w, node, grad_cells), maybe_rows(w, node, cell)
    places = g, gc, out, row_major(w, node, cells), row_major(w, node, kept), h, c, held
    room = scratch(w, batch * n * dtype.itemsize)
    w.call(loop, routine, steps, int(backwards), batch, n, d_gates, d_hiddens, *states, *places, room)
    before = _before(w, node, out, h, backwards=backwards)
    rows = d_hiddens.moved(layout(dtype, (steps * batch, wide_rows)), 0)
    turned = rows.moved(layout(dtype, (wide_rows, steps * batch), (1, wide_rows)), 0)
    d_weight = product(w, node, turned, before)
    return d_gates, *states, d_weight, folded(w, node, reduce.sum_dim, rows, [0])


def _before(w: Writer, node: Node, output: Place, first: Place, *, backwards: bool) -> Place:
    """The hidden state before each step, as rows."""
    dtype, (steps, batch, n) = output.form.dtype, output.form.shape
    target, one = w.fresh(layout(dtype, (steps * batch, n))), batch * n * dtype.itemsize
    rest = layout(dtype, ((steps - 1) * batch, n))
    pairs = [
        (output.moved(rest, one if backwards else 0), target.moved(rest, 0 if backwards else one)),
        (first, target.moved(layout(dtype, (batch, n)), (steps - 1) * one if backwards else 0)),
    ]
    for source, place in pairs:
        if source.form.numel:
            write_region(w, node, copy_runner().region, [source], (), [place])
    return target


LAYERS: dict[str, Form] = {
    "aten::native_batch_norm": wide(_batch_norm),
    "aten::native_batch_norm_backward": wide(_batch_norm_backward),
    "aten::native_layer_norm": wide(_layer_norm),
    "aten::native_layer_norm_backward": wide(_layer_norm_backward),
    "aten::_softmax_backward_data": _softmax_backward,
    "aten::_log_softmax_backward_data": _softmax_backward,
    "aten::nll_loss_forward": wide(_class_loss),
    "aten::nll_loss_backward": wide(_class_loss_backward),
    "tensorlab::recurrent_steps": wide(_steps),
    "tensorlab::recurrent_steps_backward": wide(_steps_backward),
}

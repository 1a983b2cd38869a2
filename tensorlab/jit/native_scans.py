"""Scans, spreads and questions in a native function: running sums, variances, norms, any and all."""

from __future__ import annotations

import math
from typing import Any

from tensorlab.core.dtype import Category, DType, float32, float64, int64
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op
from tensorlab.core.reduction import find_walk, reduced_dims, reduced_shape
from tensorlab.core.region import Ref, Region, Source, Step
from tensorlab.core.scan_loops import CUMMAX, CUMMIN, CUMPROD, CUMSUM, LOGCUMSUMEXP, Scan, scan_loop
from tensorlab.core.shape import wrap_dim
from tensorlab.core.spread_loops import log_sum_exp_loop, scratch_nbytes, variance_loop
from tensorlab.jit.ir import Node
from tensorlab.jit.native_calls import Form, Found, scratch, settled, tensor, typed, wide
from tensorlab.jit.native_creation import filled
from tensorlab.jit.native_folds import folded
from tensorlab.jit.native_regions import row_major, write_region
from tensorlab.jit.native_text import Writer
from tensorlab.jit.native_values import Place, RefusedError, Thing, literal
from tensorlab.ops import comparison
from tensorlab.ops.extremes import amax, amin
from tensorlab.ops.norms import frobenius_norm
from tensorlab.ops.variance import divisor

# Scans ----------------------------------------------------------------------------------------------------------------


def _scanned(w: Writer, node: Node, scan: Scan, source: Place, dim: int, held: DType) -> tuple[Place, Place | None]:
    """Values of a dtype, and positions if the scan keeps them."""
    source = row_major(w, node, source, held)
    shape = tuple(source.form.shape)
    at, sizes = wrap_dim(dim, len(shape), op=scan.name), shape or (1,)
    outer, n, inner = math.prod(sizes[:at]), sizes[at], math.prod(sizes[at + 1 :])
    columns = inner > 1
    values = w.fresh(layout(held, shape))
    places = w.fresh(layout(int64, shape)) if scan.beats else None
    if values.form.numel:
        room = scratch(w, inner * float64.itemsize if columns else 0)
        w.run(scan_loop(scan, held, columns=columns), outer, n, inner, values, places, source, room)
    return values, places


def _accumulated(scan: Scan) -> Form:
    """A scan whose integers and bools become int64."""

    def form(w: Writer, node: Node, args: list[Thing]) -> Found:
        source, dim, dtype = tensor(node, args[0]), settled(node, args[1]), settled(node, args[2])
        wanted = typed(node, source.form.type, dim, dtype).dtype
        held = float32 if wanted.is_half else wanted if wanted.is_floating_point else int64
        values, _ = _scanned(w, node, scan, row_major(w, node, source, wanted), dim, held)
        return row_major(w, node, values, wanted)

    return form


def _log_scan(w: Writer, node: Node, args: list[Thing]) -> Found:
    source, dim = tensor(node, args[0]), settled(node, args[1])
    typed(node, source.form.type, dim)
    return _scanned(w, node, LOGCUMSUMEXP, source, dim, source.form.dtype)[0]


def _best(scan: Scan) -> Form:
    """A running extreme and where it is."""

    def form(w: Writer, node: Node, args: list[Thing]) -> Found:
        source, dim = tensor(node, args[0]), settled(node, args[1])
        typed(node, source.form.type, dim)
        own = source.form.dtype
        values, places = _scanned(w, node, scan, source, dim, own if own.category is Category.FLOAT else int64)
        if places is None:
            raise RefusedError("a scan that keeps no places", node)
        return row_major(w, node, values, own), places

    return form


# Spreads --------------------------------------------------------------------------------------------------------------


def _walked(w: Writer, node: Node, source: Place, dims: tuple[int, ...]) -> tuple[tuple[int, int, int], Place]:
    """How a loop of two passes goes over a tensor, and the tensor as it reads it."""
    walk = find_walk(source.form, dims, ordered=False)
    if walk.moved is not None:
        source = row_major(w, node, Place(source.room, source.at, source.offset, walk.moved))
    return (walk.outer, walk.n, walk.inner), source


def _result(source: Layout, dims: tuple[int, ...], *, keepdim: bool) -> Layout:
    return layout(source.dtype, reduced_shape(source.shape, dims, keepdim=keepdim))


def _spread(*, root: bool, means: bool) -> Form:
    """Variances or their roots, with the means if asked for."""

    def form(w: Writer, node: Node, args: list[Thing]) -> Found:
        source = tensor(node, args[0])
        dim, correction, keepdim = (settled(node, a) for a in args[1:])
        typed(node, source.form.type, dim, correction, keepdim)
        dims = reduced_dims(dim, len(source.form.shape), op=node.kind)
        results = [w.fresh(_result(source.form, dims, keepdim=keepdim)) for _ in range(1 + means)]
        (outer, n, inner), source = _walked(w, node, source, dims)
        if results[0].form.numel:
            room = scratch(w, scratch_nbytes(inner) if inner > 1 else 0)
            places = results[0], results[1] if means else None, source, room
            text = variance_loop(source.form.dtype, columns=inner > 1)
            w.run(text, outer, n, inner, *places, divisor(n, correction), int(root))
        return (results[0], results[1]) if means else results[0]

    return form


def _log_sum_exp(w: Writer, node: Node, args: list[Thing]) -> Found:
    source, dim, keepdim = tensor(node, args[0]), settled(node, args[1]), settled(node, args[2])
    dtype = typed(node, source.form.type, dim, keepdim).dtype
    if source.form.dtype is not dtype:
        source = row_major(w, node, source, dtype)
    dims = reduced_dims(dim, len(source.form.shape), op="logsumexp")
    result = w.fresh(_result(source.form, dims, keepdim=keepdim))
    (outer, n, inner), source = _walked(w, node, source, dims)
    if result.form.numel:
        room = scratch(w, scratch_nbytes(inner) if inner > 1 else 0)
        w.run(log_sum_exp_loop(source.form.dtype, columns=inner > 1), outer, n, inner, result, source, room)
    return result


def _norm(w: Writer, node: Node, args: list[Thing]) -> Found:
    source = tensor(node, args[0])
    given: list[Any] = [settled(node, a) for a in args[1:]]
    typed(node, source.form.type, *given)
    p, dim, keepdim = given if len(given) == 3 else (given[0], (), False)
    if p not in (None, 2):
        raise RefusedError(f"a norm of order {p}", node)
    dims = reduced_dims(dim, len(source.form.shape), op="norm")
    return folded(w, node, frobenius_norm, source, dims, keepdim=keepdim)


# any, all -------------------------------------------------------------------------------------------------------------

_NOT_ZERO = Region(1, 1, (Step(comparison.ne_number, (Ref(Source.INPUT, 0), Ref(Source.PARAM, 0))),), (0,))


def _asks(extreme: Op, *, of_none: bool) -> Form:
    """The largest or the smallest of bools; ``of_none`` is what no elements give."""

    def form(w: Writer, node: Node, args: list[Thing]) -> Found:
        source = tensor(node, args[0])
        given: list[Any] = [settled(node, a) for a in args[1:]]
        found = typed(node, source.form.type, *given)
        dim, keepdim = (*given, None, False)[:2]
        if dim in ((), []):
            raise RefusedError("asks each element alone", node)
        if not source.form.numel:
            return filled(w, node, layout(found.dtype, found.sizes), literal(of_none))
        if source.form.dtype is not bool_dtype:
            (source,) = write_region(w, node, _NOT_ZERO, [source], [literal(0)])
        dims = reduced_dims(dim, len(source.form.shape), op=node.kind)
        return row_major(w, node, folded(w, node, extreme, source, dims, keepdim=bool(keepdim)), found.dtype)

    return form


SCANS: dict[str, Form] = {
    "aten::cumsum": _accumulated(CUMSUM),
    "aten::cumprod": _accumulated(CUMPROD),
    "aten::logcumsumexp": wide(_log_scan),
    "aten::cummax": wide(_best(CUMMAX)),
    "aten::cummin": wide(_best(CUMMIN)),
    "aten::var": wide(_spread(root=False, means=False)),
    "aten::std": wide(_spread(root=True, means=False)),
    "aten::var_mean": wide(_spread(root=False, means=True)),
    "aten::std_mean": wide(_spread(root=True, means=True)),
    "aten::logsumexp": wide(_log_sum_exp),
    "aten::norm": _norm,
    "aten::any": _asks(amax, of_none=False),
    "aten::all": _asks(amin, of_none=True),
}

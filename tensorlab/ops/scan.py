"""Scans: cumsum, cumprod, cummax, cummin, logcumsumexp; running results along one dimension."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dtype import Category, DType, float64, int64
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op, declare, lookup
from tensorlab.core.scan_loops import CUMMAX, CUMMIN, CUMPROD, CUMSUM, LOGCUMSUMEXP, Scan, scan_loop
from tensorlab.core.shape import wrap_dim
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.core.widened import widened
from tensorlab.errors import DTypeError
from tensorlab.ops.copying import contiguous, copy_, to
from tensorlab.ops.movement import call_evaluator, slice_
from tensorlab.ops.operands import as_dtype
from tensorlab.ops.return_types import CumMax, CumMin
from tensorlab.ops.selecting import put_back

PLAN_LIMIT = 4096


@dataclass(frozen=True, slots=True, eq=False)
class ScanPlan:
    """The loop, (outer, n, inner), and the layouts of values and positions; ``scratch_nbytes`` for accumulators."""

    loop: Loop
    sizes: tuple[int, int, int]
    form: Layout
    places: Layout
    scratch_nbytes: int


def _plan(scan: Scan, form: Layout, dim: int) -> ScanPlan:
    shape = tuple(form.shape) or (1,)
    at = wrap_dim(dim, len(form.shape), op=scan.name)
    sizes = (math.prod(shape[:at]), shape[at], math.prod(shape[at + 1 :])) if form.numel else (0, 0, 0)
    columns = sizes[2] > 1
    text = scan_loop(scan, form.dtype, columns=columns)
    loop = compile_loop(text.source, text.signature, label=text.label)
    places = layout(int64, tuple(form.shape))
    scratch = sizes[2] * float64.itemsize if columns else 0
    return ScanPlan(loop, sizes, layout(form.dtype, tuple(form.shape)), places, scratch)


def _scanned(op: Op, scan: Scan, a: Tensor, dim: int, dtype: DType) -> tuple[Tensor, Tensor | None]:
    """Values, and positions if the scan keeps them; the input as ``dtype``."""
    key = (a.layout, dim, dtype)
    plan: ScanPlan | None = op.plans.get(key)
    if plan is None:
        if len(op.plans) >= PLAN_LIMIT:
            op.plans.clear()
        plan = op.plans[key] = _plan(scan, layout(dtype, tuple(a.shape)), dim)
    form = plan.form
    if a.layout is not form:
        a = contiguous.run((to.run((a, dtype, False, False)),))
    values = Tensor(Storage.empty(form.nbytes), form, 0)
    places = Tensor(Storage.empty(plan.places.nbytes), plan.places, 0) if scan.beats else None
    scratch = Storage.empty(plan.scratch_nbytes) if plan.scratch_nbytes else None
    places_at, scratch_at = 0 if places is None else places.address, 0 if scratch is None else scratch.address
    plan.loop.entry(*plan.sizes, values.address, places_at, a.address, scratch_at)
    return values, places


# cumsum, cumprod ------------------------------------------------------------------------------------------------------

cumsum = declare("cumsum(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor")
cumprod = declare("cumprod(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor")
cumsum_in_place = declare("cumsum_(Tensor(a!) self, int dim, *, ScalarType? dtype=None) -> Tensor(a!)")
cumprod_in_place = declare("cumprod_(Tensor(a!) self, int dim, *, ScalarType? dtype=None) -> Tensor(a!)")


def _accumulates(op: Op, written: Op, scan: Scan) -> None:
    """Rules of a scan whose integers and bools become int64."""

    def accumulated_type(a: TensorType, dim: int, dtype: DType | int | None) -> TensorType:
        wrap_dim(dim, len(a.shape or ()), op=op.name)
        own = a.dtype if a.dtype is not None and a.dtype.is_floating_point else int64
        return TensorType(as_dtype(dtype, op=op.name) or own, a.shape)

    @widened
    def run(a: Tensor, dim: int) -> Tensor:
        return _scanned(op, scan, a, dim, a.dtype if a.dtype.is_floating_point else int64)[0]

    def accumulated(a: Tensor, dim: int, dtype: DType | int | None) -> Tensor:
        wanted = accumulated_type(a.type, dim, dtype).dtype or a.dtype
        return to.run((run(to.run((a, wanted, False, False)), dim), wanted, False, False))

    def written_type(target: TensorType, dim: int, dtype: DType | int | None) -> TensorType:
        accumulated_type(target, dim, dtype)
        return target

    def written_over(target: Tensor, dim: int, dtype: DType | int | None) -> Tensor:
        if target.dtype.name == "bool" and target.ndim:
            raise DTypeError(f"{written.schema.name}: not implemented for bool, which does not hold the results")
        wanted = as_dtype(dtype, op=written.name)
        if wanted is not None and wanted is not target.dtype:
            raise DTypeError(
                f"{written.name}: provided dtype must match the dtype of self tensor: got {wanted}, takes "
                f"{target.dtype}"
            )
        return copy_.run((target, op.run((target, dim, target.dtype)), False))

    op.rule("type")(accumulated_type)
    op.rule("call")(accumulated)
    written.rule("type")(written_type)
    written.rule("call")(written_over)
    call_evaluator(op)
    call_evaluator(written)


_accumulates(cumsum, cumsum_in_place, CUMSUM)
_accumulates(cumprod, cumprod_in_place, CUMPROD)


def flipped(a: Tensor, dim: int) -> Tensor:
    """The elements in reverse order along a dimension."""
    (flip,) = lookup("aten::flip")
    return flip.call((a, (dim,))) if a.ndim else a


def cumulated_back(a: Tensor, dim: int) -> Tensor:
    """Sums of each element and all after it."""
    return flipped(cumsum.call((flipped(a, dim), dim, None)), dim)


def _part(a: Tensor, dim: int, start: int, end: int | None) -> Tensor:
    return slice_.call((a, dim, start, end, 1))


@cumsum.vjp("self")
def cumsum_vjp(g: Tensor, dim: int) -> Tensor:
    return cumulated_back(g, dim)


@cumprod.vjp("self")
def cumprod_vjp(g: Tensor, self: Tensor, result: Tensor, dim: int, dtype: DType | int | None) -> Tensor:
    """Without a 0 among the elements, ``sum over k >= i of g_k result_k / x_i``; with one, products that leave x_i out.

    Cost: quadratic in the length of the dimension where an element is 0.
    """
    x = to.call((self, g.dtype, False, False))
    n = x.shape[dim] if x.ndim else 1
    if not x.numel() or n == 1:
        return g
    if not bool((x.detach() == 0).any()):
        return cumulated_back(g * result, dim) / x
    parts: list[Tensor] = []
    before = _part(x, dim, 0, 1) * 0 + 1
    for k in range(n):
        after = _part(x, dim, k + 1, None)
        others = before
        if k + 1 < n:
            (cat,) = lookup("aten::cat")
            others = cat.call(([before, before * cumprod.call((after, dim, None))], dim))
        parts.append((_part(g, dim, k, None) * others).sum(dim, True))
        before = before * _part(x, dim, k, k + 1)
    (cat,) = lookup("aten::cat")
    return cat.call((parts, dim))


# logcumsumexp ---------------------------------------------------------------------------------------------------------

logcumsumexp = declare("logcumsumexp(Tensor self, int dim) -> Tensor")


@logcumsumexp.rule("type")
def logcumsumexp_type(a: TensorType, dim: int) -> TensorType:
    """Floating point only.

    Raises: `DTypeError`, `DimError`.
    """
    if a.dtype is not None and not a.dtype.is_floating_point:
        raise DTypeError(f"logcumsumexp: takes a floating point dtype, got {a.dtype.name}")
    wrap_dim(dim, len(a.shape or ()), op="logcumsumexp")
    return a


@logcumsumexp.rule("call")
@widened
def logcumsumexp_call(a: Tensor, dim: int) -> Tensor:
    logcumsumexp_type(a.type, dim)
    return _scanned(logcumsumexp, LOGCUMSUMEXP, a, dim, a.dtype)[0]


call_evaluator(logcumsumexp)


@logcumsumexp.vjp("self")
def logcumsumexp_vjp(g: Tensor, self: Tensor, result: Tensor, dim: int) -> Tensor:
    """``sum over k >= i of g_k exp(x_i - result_k)``, in logarithms, positive and negative gradients apart."""
    size, lowest = g.abs().log(), -(2.0**100)  # not infinite, so that a result of -inf can be taken from it
    parts: list[Tensor] = []
    for chosen in (g > 0, g < 0):
        logs = _where(chosen, size, lowest)
        run = flipped(logcumsumexp.call((flipped(logs - result, dim), dim)), dim)
        parts.append((run + self).exp())
    return parts[0] - parts[1]


def _where(condition: Tensor, a: Tensor, other: float) -> Tensor:
    from tensorlab.ops.functions import where

    return where(condition, a, other)


# cummax, cummin -------------------------------------------------------------------------------------------------------

cummax = declare("cummax(Tensor self, int dim) -> (Tensor values, Tensor indices)")
cummin = declare("cummin(Tensor self, int dim) -> (Tensor values, Tensor indices)")


def _keeps_best(op: Op, scan: Scan, give: type[CumMax | CumMin]) -> None:
    """Rules of a running extreme: of equals the last, and NaN from the first one on."""

    def best_type(a: TensorType, dim: int) -> tuple[TensorType, TensorType]:
        wrap_dim(dim, len(a.shape or ()), op=op.name)
        return TensorType(a.dtype, a.shape), TensorType(int64, a.shape)

    @widened
    def found(a: Tensor, dim: int) -> tuple[Tensor, Tensor | None]:
        held = a.dtype if a.dtype.category is Category.FLOAT else int64
        values, places = _scanned(op, scan, a, dim, held)
        return to.run((values, a.dtype, False, False)), places

    def best(a: Tensor, dim: int) -> tuple[Tensor, ...]:
        wrap_dim(dim, a.ndim, op=op.name)
        return give._make(found(a, dim))

    def best_vjp(g_values: Tensor | None, self_type: TensorType, dim: int, indices: Tensor) -> Tensor | None:
        shape: Sequence[int] = self_type.sizes
        return put_back(g_values, dim, indices, shape, keepdim=True)

    op.rule("type")(best_type)
    op.rule("call")(best)
    op.vjp("self")(best_vjp)
    call_evaluator(op)


_keeps_best(cummax, CUMMAX, CumMax)
_keeps_best(cummin, CUMMIN, CumMin)

SCANS: tuple[Op, ...] = (cumsum, cumprod, cumsum_in_place, cumprod_in_place, logcumsumexp, cummax, cummin)

"""var, std, var_mean and std_mean, in one loop of two passes; logsumexp, in another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dtype import Category, DType, category_dtype
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op, declare
from tensorlab.core.reduction import Walk, find_walk, reduced_dims, reduced_shape
from tensorlab.core.spread_loops import log_sum_exp_loop, scratch_nbytes, variance_loop
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.core.widened import widened
from tensorlab.errors import DTypeError
from tensorlab.ops.copying import to
from tensorlab.ops.functions import where
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.reduce import count_of, restored, spread

PLAN_LIMIT = 4096


@dataclass(frozen=True, slots=True, eq=False)
class SpreadPlan:
    """A loop of two passes, the walk that it goes, and the layout of its result."""

    loop: Loop
    walk: Walk
    form: Layout
    scratch_nbytes: int


def _plan(op: Op, form: Layout, dim: Any, keepdim: bool) -> SpreadPlan:  # noqa: FBT001
    """The plan of a layout, kept by it."""
    key = (form, tuple(dim) if isinstance(dim, list) else dim, keepdim)
    plan: SpreadPlan | None = op.plans.get(key)
    if plan is None:
        if len(op.plans) >= PLAN_LIMIT:
            op.plans.clear()
        dims = reduced_dims(dim, len(form.shape), op=op.schema.name)
        walk = find_walk(form, dims, ordered=False)
        result = layout(form.dtype, reduced_shape(form.shape, dims, keepdim=keepdim))
        columns = walk.inner > 1
        text = (log_sum_exp_loop if op is logsumexp else variance_loop)(form.dtype, columns=columns)
        loop = compile_loop(text.source, text.signature, label=text.label)
        plan = op.plans[key] = SpreadPlan(loop, walk, result, scratch_nbytes(walk.inner) if columns else 0)
    return plan


# var, std -------------------------------------------------------------------------------------------------------------

_TAKES = "(Tensor self, int[]? dim=None, *, Scalar? correction=None, bool keepdim=False)"
var = declare(f"var.correction{_TAKES} -> Tensor")
std = declare(f"std.correction{_TAKES} -> Tensor")
var_mean = declare(f"var_mean.correction{_TAKES} -> (Tensor spread, Tensor mean)")
std_mean = declare(f"std_mean.correction{_TAKES} -> (Tensor spread, Tensor mean)")


def _var_type(a: TensorType, dim: Any, keepdim: bool, name: str) -> TensorType:  # noqa: FBT001
    """Floating point only.

    Raises: `DTypeError`, in torch's words.
    """
    if a.dtype is not None and not a.dtype.is_floating_point:
        raise DTypeError(f"{name}: std and var only support floating point and complex dtypes, got {a.dtype.name}")
    shape = a.sizes
    return TensorType(a.dtype, reduced_shape(shape, reduced_dims(dim, len(shape), op=name), keepdim=keepdim))


def divisor(count: int, correction: float | None) -> float:
    """What the squares are divided by."""
    return max(float(count - (1 if correction is None else correction)), 0.0)


@widened
def _spread(
    op: Op,
    a: Tensor,
    dim: Any,
    correction: float | None,
    keepdim: bool,  # noqa: FBT001
    root: bool,  # noqa: FBT001
    means: bool,  # noqa: FBT001
) -> tuple[Tensor, ...]:
    """Variances or their roots and, if asked for, the means.

    Cost: the input is read twice.
    """
    plan = _plan(op, a.layout, dim, keepdim)
    form, walk = plan.form, plan.walk
    results = tuple([Tensor(Storage.empty(form.nbytes), form, 0) for _ in range(1 + means)])
    source = walk.read(a)
    scratch = Storage.empty(plan.scratch_nbytes) if plan.scratch_nbytes else None
    places = (results[0].address, results[1].address if means else 0, source.address)
    freedom = divisor(walk.n, correction)
    if form.numel:
        sizes = (walk.outer, walk.n, walk.inner)
        plan.loop.entry(*sizes, *places, 0 if scratch is None else scratch.address, freedom, int(root))
    return results


def _var_gradient(g: Tensor, a: Tensor, dim: Any, correction: float | None, *, keepdim: bool) -> Tensor:
    """As torch: a whole with no freedom left has the gradient of a pole, a line with less than none one of its own."""
    freedom = count_of(a.shape, dim, op="var") - (1.0 if correction is None else correction)
    if freedom <= 0 and (dim is None or not a.shape):
        return g * where(a == a.mean(), math.nan, math.inf)
    scale = 2 / freedom if freedom else math.inf
    return restored(g, a.shape, dim, keepdim=keepdim, op="var") * scale * (a - a.mean(dim, True))


def _over_root(g: Tensor, root: Tensor) -> Tensor:
    """The gradient of a variance from that of its root; 0 where the root is."""
    return where(root == 0, 0.0, g / (where(root == 0, 1.0, root) * 2))


def _has_spread(op: Op, *, root: bool, means: bool) -> None:
    name = op.schema.name

    def type_rule(a: TensorType, dim: Any, correction: float | None, keepdim: bool) -> Any:  # noqa: FBT001
        found = _var_type(a, dim, keepdim, name)
        return (found, found) if means else found

    def call_rule(a: Tensor, dim: Any, correction: float | None, keepdim: bool) -> Any:  # noqa: FBT001
        _var_type(a.type, dim, keepdim, name)
        found = _spread(op, a, dim, correction, keepdim, root, means)
        return found if means else found[0]

    op.rule("type")(type_rule)
    op.rule("call")(call_rule)
    call_evaluator(op)


_has_spread(var, root=False, means=False)
_has_spread(std, root=True, means=False)
_has_spread(var_mean, root=False, means=True)
_has_spread(std_mean, root=True, means=True)


@var.vjp("self")
def var_vjp(g: Tensor, self: Tensor, dim: Any, correction: float | None, keepdim: bool) -> Tensor:  # noqa: FBT001
    return _var_gradient(g, self, dim, correction, keepdim=keepdim)


@std.vjp("self")
def std_vjp(g: Tensor, self: Tensor, result: Tensor, dim: Any, correction: float | None, keepdim: bool) -> Tensor:  # noqa: FBT001
    return _var_gradient(_over_root(g, result), self, dim, correction, keepdim=keepdim)


@var_mean.vjp("self")
def var_mean_vjp(
    g_spread: Tensor | None,
    g_mean: Tensor | None,
    self: Tensor,
    dim: Any,
    correction: float | None,
    keepdim: bool,  # noqa: FBT001
) -> Tensor | None:
    """The sum of both gradients, where there are both."""
    parts: list[Tensor] = []
    if g_spread is not None:
        parts.append(_var_gradient(g_spread, self, dim, correction, keepdim=keepdim))
    if g_mean is not None:
        count = count_of(self.shape, dim, op="mean")
        parts.append(spread(g_mean / count if count else g_mean, self.shape, dim, keepdim=keepdim, op="mean"))
    return parts[0] + parts[1] if len(parts) == 2 else parts[0] if parts else None


@std_mean.vjp("self")
def std_mean_vjp(
    g_spread: Tensor | None,
    g_mean: Tensor | None,
    self: Tensor,
    spread: Tensor,
    dim: Any,
    correction: float | None,
    keepdim: bool,  # noqa: FBT001
) -> Tensor | None:
    of_var = None if g_spread is None else _over_root(g_spread, spread)
    return var_mean_vjp(of_var, g_mean, self, dim, correction, keepdim)


# logsumexp ------------------------------------------------------------------------------------------------------------

logsumexp = declare("logsumexp(Tensor self, int[] dim, bool keepdim=False) -> Tensor")


@logsumexp.rule("type")
def logsumexp_type(a: TensorType, dim: Any, keepdim: bool) -> TensorType:  # noqa: FBT001
    """Integers give the default float."""
    shape = a.sizes
    own = a.dtype if a.dtype is None or a.dtype.is_floating_point else category_dtype(Category.FLOAT)
    return TensorType(own, reduced_shape(shape, reduced_dims(dim, len(shape), op="logsumexp"), keepdim=keepdim))


@logsumexp.rule("call")
@widened
def logsumexp_call(a: Tensor, dim: Any, keepdim: bool) -> Tensor:  # noqa: FBT001
    dtype: DType = logsumexp_type(a.type, dim, keepdim).dtype or a.dtype
    a = to.run((a, dtype, False, False))
    plan = _plan(logsumexp, a.layout, dim, keepdim)
    walk, form = plan.walk, plan.form
    result = Tensor(Storage.empty(form.nbytes), form, 0)
    source = walk.read(a)
    scratch = Storage.empty(plan.scratch_nbytes) if plan.scratch_nbytes else None
    if form.numel:
        scratch_at = 0 if scratch is None else scratch.address
        plan.loop.entry(walk.outer, walk.n, walk.inner, result.address, source.address, scratch_at)
    return result


call_evaluator(logsumexp)


@logsumexp.vjp("self")
def logsumexp_vjp(g: Tensor, self: Tensor, result: Tensor, dim: Any, keepdim: bool) -> Tensor:  # noqa: FBT001
    """The softmax of the elements; 0 where all of them are infinitely low."""
    whole = restored(result, self.shape, dim, keepdim=keepdim, op="logsumexp")
    share = restored(g, self.shape, dim, keepdim=keepdim, op="logsumexp")
    return share * (self - where(whole == -math.inf, 0.0, whole)).exp()


SPREADS: tuple[Op, ...] = (var, std, var_mean, std_mean, logsumexp)

"""Softmax as one loop: largest element, exponentials, their sum and the quotients, while a row is in the cache."""

from __future__ import annotations

import math
from dataclasses import dataclass
from string import Template
from textwrap import indent
from typing import Any

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dtype import DType, float64
from tensorlab.core.inline import Inliner
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import declare
from tensorlab.core.shape import wrap_dim
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError
from tensorlab.ops.copying import contiguous, to
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.operands import as_dtype

softmax = declare("softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor")


@softmax.rule("type")
def softmax_type(a: TensorType, dim: int, dtype: DType | int | None) -> TensorType:
    """Floating point only, in either dtype.

    Raises: `DTypeError`, `DimError`.
    """
    result = as_dtype(dtype, op="softmax") or a.dtype
    if result is None or not result.is_floating_point:
        raise DTypeError(f"softmax: takes a floating point dtype, got {result.name if result else None}")
    wrap_dim(dim, len(a.shape or ()), op="softmax")
    return TensorType(result, a.shape)


@dataclass(frozen=True, slots=True, eq=False)
class SoftmaxPlan:
    """The loop over (outer, n, inner), the result's layout, and room for a maximum and a sum a column."""

    loop: Loop
    sizes: tuple[int, int, int]
    form: Layout
    scratch_nbytes: int


@softmax.rule("call")
def softmax_call(a: Tensor, dim: int, dtype: DType | int | None) -> Tensor:
    """Normalised exponentials along one dimension.

    Cost:   one loop; a row, or a line of columns, is read from memory once.
    Source: Goodfellow, Bengio, Courville, "Deep Learning", 2016, 4.1 (why the maximum goes first).
    """
    key = (a.layout, dim, dtype)
    plan: SoftmaxPlan | None = softmax.plans.get(key)
    if plan is None:
        if len(softmax.plans) >= 1024:
            softmax.plans.clear()
        plan = softmax.plans[key] = _plan(a.layout, dim, dtype)
    form = plan.form
    if a.layout is not form:
        a = contiguous.run((to.run((a, form.dtype, False, False)),))
    result = Tensor(Storage.empty(form.nbytes), form, 0)
    scratch = Storage.empty(plan.scratch_nbytes) if plan.scratch_nbytes else None
    plan.loop.entry(*plan.sizes, result.address, a.address, 0 if scratch is None else scratch.address)
    return result


call_evaluator(softmax)


def _plan(form: Layout, dim: int, dtype: DType | int | None) -> SoftmaxPlan:
    found = softmax_type(form.type, dim, dtype)
    shape = tuple(form.shape) or (1,)
    at = wrap_dim(dim, len(form.shape), op="softmax")
    sizes = (math.prod(shape[:at]), shape[at], math.prod(shape[at + 1 :]))
    if not form.numel:
        sizes = (0, 0, 0)
    result = layout(found.dtype or form.dtype, tuple(form.shape))
    columns = sizes[2] > 1
    source = softmax_loop(result.dtype, columns=columns)
    loop = compile_loop(source, "void(int64, int64, int64, int64, int64, int64)", label="softmax")
    scratch = sizes[2] * (result.dtype.itemsize + float64.itemsize) if columns else 0
    return SoftmaxPlan(loop, sizes, result, scratch)


def softmax_weight(x: Any, top: Any) -> Any:
    return math.exp(x - top)


def softmax_loop(dtype: DType, *, columns: bool) -> str:
    """The text of the loop: along rows, or down columns side by side."""
    inliner = Inliner()
    weight = inliner.call(softmax_weight, ["x", "top[j]" if columns else "top"], dtype.name)
    statements = indent("\n".join(inliner.statements), " " * (16 if columns else 12)).lstrip()
    return (_COLUMNS if columns else _ROWS).substitute(type=dtype.name, statements=statements, weight=weight)


_ROWS = Template('''"""Softmax along the rows of (outer, n): ${type}."""

import math

import numpy as np

from tensorlab.core.intrinsics import ${type}_at, free_sum, maximum


def loop(outer, n, inner, out_at, in_at, scratch_at):
    out = ${type}_at(out_at)
    a = ${type}_at(in_at)
    for o in range(outer):
        row = o * n
        top = a[row]
        for i in range(n):
            top = maximum(top, a[row + i])
        for i in range(n):
            x = a[row + i]
            ${statements}
            out[row + i] = ${weight}
        total = np.float64(0)
        for start in range(0, n, 512):
            part = np.${type}(0)
            for i in range(start, min(start + 512, n)):
                part = free_sum(part, out[row + i])
            total += np.float64(part)
        whole = np.${type}(total)
        for i in range(n):
            out[row + i] = out[row + i] / whole
''')

_COLUMNS = Template('''"""Softmax down the columns of (outer, n, inner): ${type}."""

import math

import numpy as np

from tensorlab.core.intrinsics import ${type}_at, float64_at, maximum


def loop(outer, n, inner, out_at, in_at, scratch_at):
    out = ${type}_at(out_at)
    a = ${type}_at(in_at)
    total = float64_at(scratch_at)
    top = ${type}_at(scratch_at + 8 * inner)
    for o in range(outer):
        first = o * n * inner
        for j in range(inner):
            top[j] = a[first + j]
            total[j] = np.float64(0)
        for i in range(1, n):
            base = first + i * inner
            for j in range(inner):
                top[j] = maximum(top[j], a[base + j])
        for i in range(n):
            base = first + i * inner
            for j in range(inner):
                x = a[base + j]
                ${statements}
                out[base + j] = ${weight}
        for i in range(n):
            base = first + i * inner
            for j in range(inner):
                total[j] += np.float64(out[base + j])
        for i in range(n):
            base = first + i * inner
            for j in range(inner):
                out[base + j] = out[base + j] / np.${type}(total[j])
''')

"""Softmax and log-softmax, each with its gradient: every one a single loop, while a row is in the cache."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dtype import DType, float32, float64
from tensorlab.core.layout import Layout, layout
from tensorlab.core.loops import LoopText
from tensorlab.core.op import Op, declare
from tensorlab.core.recurring import Run, recurring
from tensorlab.core.shape import wrap_dim
from tensorlab.core.softmax_loops import softmax_backward_loop, softmax_loop
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor, fresh
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError
from tensorlab.ops.copying import contiguous, to
from tensorlab.ops.operands import as_dtype


@dataclass(frozen=True, slots=True, eq=False)
class SoftmaxPlan:
    """The loop over (outer, n, inner), the result's layout, and room for a maximum and a sum a column."""

    loop: Loop
    sizes: tuple[int, int, int]
    form: Layout
    scratch_nbytes: int


def _plan(op: Op, shape: tuple[int, ...], dim: int, dtype: DType, text: Callable[..., LoopText]) -> SoftmaxPlan:
    """The plan for inputs that are row-major and of the result's dtype."""
    at = wrap_dim(dim, len(shape), op=op.schema.name)
    sizes_of = shape or (1,)
    sizes = (math.prod(sizes_of[:at]), sizes_of[at], math.prod(sizes_of[at + 1 :]))
    form = layout(dtype, shape)
    if not form.numel:
        sizes = (0, 0, 0)
    columns = sizes[2] > 1
    made = text(dtype, columns=columns, log="log" in op.name)
    loop = compile_loop(made.source, made.signature, label=made.label)
    return SoftmaxPlan(loop, sizes, form, sizes[2] * (dtype.itemsize + float64.itemsize) if columns else 0)


def _prepared(op: Op, inputs: tuple[Tensor, ...], dim: int, dtype: DType, text: Callable[..., LoopText]) -> Run:
    """What runs the loop over inputs of these layouts, which have one shape."""
    plan = _plan(op, tuple(inputs[0].shape), dim, dtype, text)
    form, scratch_nbytes, entry = plan.form, plan.scratch_nbytes, plan.loop.entry
    outer, n, inner = plan.sizes
    plain = all(a.layout is form for a in inputs)
    several = len(inputs) > 1

    def run(*inputs: Tensor) -> Tensor:
        if not plain:
            inputs = tuple([contiguous.run((to.run((a, dtype, False, False)),)) for a in inputs])
        result = fresh(form)
        scratch = Storage.empty(scratch_nbytes) if scratch_nbytes else None
        room = 0 if scratch is None else scratch.address
        if several:
            entry(outer, n, inner, result.address, inputs[0].address, inputs[1].address, room)
        else:
            entry(outer, n, inner, result.address, inputs[0].address, room)
        return result

    return run


softmax = declare("softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor")
log_softmax = declare("log_softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor")
softmax_backward = declare(
    "_softmax_backward_data(Tensor grad_output, Tensor output, int dim, ScalarType input_dtype) -> Tensor"
)
log_softmax_backward = declare(
    "_log_softmax_backward_data(Tensor grad_output, Tensor output, int dim, ScalarType input_dtype) -> Tensor"
)


def _forward(op: Op, backward: Op) -> None:
    """Rules of softmax or log-softmax.

    Cost:   one loop; a row, or a line of columns, is read from memory once.
    Source: Goodfellow, Bengio, Courville, "Deep Learning", 2016, 4.1 (why the maximum goes first).
    """
    name = op.schema.name

    def softmax_type(a: TensorType, dim: int, dtype: DType | int | None) -> TensorType:
        """Floating point only, in either dtype.

        Raises: `DTypeError`, `DimError`.
        """
        result = as_dtype(dtype, op=name) or a.dtype
        if result is None or not result.is_floating_point:
            raise DTypeError(f"{name}: takes a floating point dtype, got {result.name if result else None}")
        wrap_dim(dim, len(a.shape or ()), op=name)
        return TensorType(result, a.shape)

    @recurring(op)
    def softmax_call(a: Tensor, dim: int, dtype: DType | int | None) -> Run:
        wanted = softmax_type(a.type, dim, dtype).dtype or a.dtype
        if wanted.is_half:
            return lambda a, *_: _narrowed(op.run((to.run((a, float32, False, False)), dim, None)), wanted)
        run = _prepared(op, (a,), dim, wanted, softmax_loop)
        return lambda a, *_: run(a)

    def softmax_vjp(g: Tensor, result: Tensor, dim: int, self_type: TensorType) -> Tensor:
        return backward.call((g, result, dim, self_type.dtype))

    op.rule("type")(softmax_type)
    op.vjp("self")(softmax_vjp)


def _narrowed(a: Tensor, dtype: DType) -> Tensor:
    return to.run((a, dtype, False, False))


def _backward(op: Op) -> None:
    """Rules of the gradient of softmax or log-softmax."""

    def backward_type(g: TensorType, output: TensorType, dim: int, input_dtype: DType | int) -> TensorType:
        return TensorType(as_dtype(input_dtype, op=op.name), g.shape)

    @recurring(op)
    def backward_call(g: Tensor, output: Tensor, dim: int, input_dtype: DType | int) -> Run:
        wanted, own = as_dtype(input_dtype, op=op.name) or output.dtype, output.dtype
        if own.is_half:
            return lambda g, output, *_: _narrowed(
                op.run((_narrowed(g, float32), _narrowed(output, float32), dim, float32)), wanted
            )
        run = _prepared(op, (g, output), dim, own, softmax_backward_loop)
        if own is wanted:
            return lambda g, output, *_: run(g, output)
        return lambda g, output, *_: _narrowed(run(g, output), wanted)

    op.rule("type")(backward_type)


_forward(softmax, softmax_backward)
_forward(log_softmax, log_softmax_backward)
_backward(softmax_backward)
_backward(log_softmax_backward)


@softmax_backward.vjp("grad_output")
def softmax_backward_g_vjp(g: Tensor, output: Tensor, dim: int, grad_output_type: TensorType) -> Tensor:
    return softmax_backward.call((g, output, dim, grad_output_type.dtype))


@softmax_backward.vjp("output")
def softmax_backward_output_vjp(g: Tensor, grad_output: Tensor, output: Tensor, dim: int) -> Tensor:
    inner = (grad_output * output).sum(dim, True)
    return g * (grad_output - inner) - grad_output * (g * output).sum(dim, True)


@log_softmax_backward.vjp("grad_output")
def log_softmax_backward_g_vjp(g: Tensor, output: Tensor, dim: int) -> Tensor:
    return g - (g * output.exp()).sum(dim, True)


@log_softmax_backward.vjp("output")
def log_softmax_backward_output_vjp(g: Tensor, grad_output: Tensor, output: Tensor, dim: int) -> Tensor:
    return -g * output.exp() * grad_output.sum(dim, True)


SOFTMAX: tuple[Op, ...] = (softmax, log_softmax, softmax_backward, log_softmax_backward)

"""Normalisation of channels over a batch: batch_norm, and instance_norm made of it."""

from __future__ import annotations

import math
from typing import Any

from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op, declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.core.recurring import Run, recurring
from tensorlab.core.tensor import Tensor, fresh
from tensorlab.core.types import TensorType
from tensorlab.core.widened import widened
from tensorlab.errors import DTypeError, ShapeError
from tensorlab.ops.copying import to
from tensorlab.ops.in_place import in_place
from tensorlab.ops.normalisation import in_rows, loop_of, place

MaybeTensor = Tensor | None

native_batch_norm = declare(
    "native_batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, "
    "bool training, float eps) -> (Tensor result, Tensor save_mean, Tensor save_invstd)"
)
native_batch_norm_backward = declare(
    "native_batch_norm_backward(Tensor grad_out, Tensor input, Tensor? weight, Tensor save_mean, Tensor save_invstd, "
    "bool train) -> (Tensor grad_input, Tensor grad_weight, Tensor grad_bias)"
)


def _sizes(input: TensorType, *parts: TensorType | None) -> tuple[int, int, int]:
    """Batch, channels and what is left of an input.

    Raises: `ShapeError` for fewer than two dimensions or a vector of another length, `DTypeError` for integers.
    """
    shape = input.sizes
    if len(shape) < 2:
        raise ShapeError(f"batch_norm: takes an input of at least 2 dimensions, got {len(shape)}")
    if input.dtype is None or not input.dtype.is_floating_point:
        raise DTypeError(f"batch_norm: takes a floating point input, got {input.dtype.name if input.dtype else None}")
    for name, part in zip(("weight", "bias", "running_mean", "running_var"), parts, strict=False):
        if part is not None and part.shape != (shape[1],):
            count = math.prod(n or 0 for n in part.shape or ())
            raise ShapeError(f"batch_norm: {name} should contain {shape[1]} elements not {count}")
    return shape[0], shape[1], math.prod(shape[2:])


@native_batch_norm.rule("type")
def batch_norm_type(
    input: TensorType,
    weight: TensorType | None,
    bias: TensorType | None,
    running_mean: TensorType | None,
    running_var: TensorType | None,
    training: bool,  # noqa: FBT001 - the schema's order
    eps: float,
) -> tuple[TensorType, TensorType, TensorType]:
    _, channels, _ = _sizes(input, weight, bias, running_mean, running_var)
    vector = TensorType(input.dtype, (channels,))
    return input, vector, vector


@recurring(native_batch_norm)
def batch_norm_call(
    input: Tensor,
    weight: MaybeTensor,
    bias: MaybeTensor,
    running_mean: MaybeTensor,
    running_var: MaybeTensor,
    training: bool,  # noqa: FBT001
    eps: float,
) -> Run:
    """Channels less their mean, over their deviation: of the batch in training, else the running ones.

    Source: Ioffe, Szegedy, "Batch Normalization", 2015.
    """
    parts = [None if p is None else p.type for p in (weight, bias, running_mean, running_var)]
    sizes = _sizes(input.type, *parts)
    if input.dtype.is_half:
        return widened(lambda *args: native_batch_norm.run(args))
    dtype, channels = input.dtype, sizes[1]
    form, vector = layout(dtype, tuple(input.shape)), layout(dtype, (channels,))
    of_batch = training or running_mean is None or running_var is None
    if of_batch and not sizes[0] * sizes[2]:
        raise ShapeError(f"batch_norm: expected more than 0 values per channel, got input size {list(input.shape)}")
    apply, first = loop_of("apply", dtype).entry, loop_of("statistics" if of_batch else "running", dtype).entry

    def run(x: Tensor, *args: Any) -> tuple[Tensor, Tensor, Tensor]:
        weight, bias, kept, spread = (None if p is None else _vector(p, vector) for p in args[:4])
        x, eps = in_rows(x), args[5]
        mean, invstd = fresh(vector), fresh(vector)
        result = fresh(form)
        if of_batch:
            first(*sizes, eps, mean.address, invstd.address, x.address)
        else:
            first(channels, eps, mean.address, invstd.address, place(kept), place(spread))
        apply(*sizes, result.address, x.address, mean.address, invstd.address, place(weight), place(bias))
        return result, mean, invstd

    return run


def _vector(part: Tensor, form: Layout) -> Tensor:
    """A number a channel, as the loops read it."""
    return part if part.layout is form else in_rows(to.run((part, form.dtype, False, False)))


@native_batch_norm.vjp("input", "weight", "bias")
def batch_norm_vjp(
    g_result: MaybeTensor,
    input: Tensor,
    weight: MaybeTensor,
    save_mean: Tensor,
    save_invstd: Tensor,
    training: bool,  # noqa: FBT001
) -> Any:
    if g_result is None:
        return None, None, None
    return native_batch_norm_backward.call((g_result, input, weight, save_mean, save_invstd, training))


@native_batch_norm_backward.rule("type")
def batch_norm_backward_type(
    grad_out: TensorType,
    input: TensorType,
    weight: TensorType | None,
    save_mean: TensorType,
    save_invstd: TensorType,
    train: bool,  # noqa: FBT001
) -> tuple[TensorType, TensorType, TensorType]:
    return input, save_mean, save_mean


@recurring(native_batch_norm_backward)
def batch_norm_backward_call(
    grad_out: Tensor,
    input: Tensor,
    weight: MaybeTensor,
    save_mean: Tensor,
    save_invstd: Tensor,
    train: bool,  # noqa: FBT001
) -> Run:
    """Gradients of input, weight and bias, channel by channel."""
    sizes = _sizes(input.type)
    if input.dtype.is_half:
        return widened(lambda *args: native_batch_norm_backward.run(args))
    dtype, entry = input.dtype, loop_of("channels_backward", input.dtype).entry
    form, vector = layout(dtype, tuple(input.shape)), layout(dtype, (sizes[1],))

    def run(*args: Any) -> tuple[Tensor, Tensor, Tensor]:
        g, x, mean, invstd = (in_rows(t) for t in (args[0], args[1], args[3], args[4]))
        weight = None if args[2] is None else _vector(args[2], vector)
        result = fresh(form)
        dw, db = fresh(vector), fresh(vector)
        sources = (g.address, x.address, mean.address, invstd.address, place(weight))
        entry(*sizes, int(train), result.address, dw.address, db.address, *sources)
        return result, dw, db

    return run


@native_batch_norm_backward.rule("composite")
def batch_norm_backward_again(
    grad_out: Tensor,
    input: Tensor,
    weight: MaybeTensor,
    save_mean: Tensor,
    save_invstd: Tensor,
    train: bool,  # noqa: FBT001
) -> tuple[Tensor, Tensor, Tensor]:
    """The same in plain operations, for when it is to be differentiated again."""
    dims = tuple(d for d in range(len(input.shape)) if d != 1)
    along = (1, -1, *(1 for _ in input.shape[2:]))
    w = 1 if weight is None else weight.reshape(along)
    if not train:
        scale = save_invstd.detach().reshape(along)
        x = (input - save_mean.detach().reshape(along)) * scale
        return grad_out * w * scale, (grad_out * x).sum(dims), grad_out.sum(dims)
    centred = input - input.mean(dims, True)
    variance = (centred * centred).mean(dims, True)
    eps = (save_invstd.detach().reshape(along) ** -2 - variance.detach()).clamp(min=0)
    scale = (variance + eps) ** -0.5
    x = centred * scale
    grad_input = w * scale * (grad_out - grad_out.mean(dims, True) - x * (grad_out * x).mean(dims, True))
    return grad_input, (grad_out * x).sum(dims), grad_out.sum(dims)


# What is kept for later -----------------------------------------------------------------------------------------------

running_mean_op = declare("_running_mean(Tensor self, Tensor mean, Scalar momentum) -> Tensor")
running_var_op = declare(
    "_running_var(Tensor self, Tensor invstd, Scalar momentum, Scalar eps, Scalar correction) -> Tensor"
)


@running_mean_op.rule("scalar")
def running_mean_scalar(kept: Any, mean: Any, momentum: Any) -> Any:
    return kept * (1 - momentum) + mean * momentum


@running_var_op.rule("scalar")
def running_var_scalar(kept: Any, invstd: Any, momentum: Any, eps: Any, correction: Any) -> Any:
    variance = 1 / (invstd * invstd) - eps
    return kept * (1 - momentum) + (variance if variance > 0 else 0) * correction * momentum


@running_mean_op.vjp("self")
@running_var_op.vjp("self")
def running_self_vjp(g: Tensor, momentum: float) -> Tensor:
    return g * (1 - momentum)


@running_mean_op.vjp("mean")
def running_mean_vjp(g: Tensor, momentum: float) -> Tensor:
    return g * momentum


@running_var_op.vjp("invstd")
def running_var_vjp(g: Tensor, invstd: Tensor, momentum: float, correction: float) -> Tensor:
    return g * invstd**-3 * (-2 * momentum * correction)


finish_pointwise(running_mean_op)
finish_pointwise(running_var_op)
running_mean_written, running_var_written = in_place(running_mean_op), in_place(running_var_op)

BATCH_NORMALISATION: tuple[Op, ...] = (native_batch_norm, native_batch_norm_backward)

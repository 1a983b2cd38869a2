"""Normalisation of channels over a batch: batch_norm, and instance_norm made of it."""

from __future__ import annotations

import math
from typing import Any

from tensorlab.core.op import Op, declare
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.core.widened import widened
from tensorlab.errors import DTypeError, ShapeError
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.normalisation import filled, in_rows, loop_of

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
    shape = tuple(n or 0 for n in input.shape or ())
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


@native_batch_norm.rule("call")
@widened
def batch_norm_call(
    input: Tensor,
    weight: MaybeTensor,
    bias: MaybeTensor,
    running_mean: MaybeTensor,
    running_var: MaybeTensor,
    training: bool,  # noqa: FBT001
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Channels less their mean, over their deviation: of the batch in training, else the running ones.

    Source: Ioffe, Szegedy, "Batch Normalization", 2015.
    """
    parts = [None if p is None else p.type for p in (weight, bias, running_mean, running_var)]
    sizes = _sizes(input.type, *parts)
    dtype, channels = input.dtype, sizes[1]
    x = in_rows(input)
    w = filled(dtype, channels, 1) if weight is None else in_rows(weight)
    b = filled(dtype, channels, 0) if bias is None else in_rows(bias)
    mean, invstd = empty(dtype, (channels,)), empty(dtype, (channels,))
    if training or running_mean is None or running_var is None:
        if not sizes[0] * sizes[2]:
            raise ShapeError(f"batch_norm: expected more than 0 values per channel, got input size {list(input.shape)}")
        loop_of("statistics", dtype).entry(*sizes, eps, mean.address, invstd.address, x.address)
    else:
        mean.detached_numpy()[...] = running_mean.detached_numpy()
        invstd.detached_numpy()[...] = 1 / (running_var.detached_numpy() + eps) ** 0.5
    result = empty(dtype, tuple(input.shape))
    places = (result.address, x.address, mean.address, invstd.address, w.address, b.address)
    loop_of("apply", dtype).entry(*sizes, *places)
    return result, mean, invstd


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


@native_batch_norm_backward.rule("call")
@widened
def batch_norm_backward_call(
    grad_out: Tensor,
    input: Tensor,
    weight: MaybeTensor,
    save_mean: Tensor,
    save_invstd: Tensor,
    train: bool,  # noqa: FBT001
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of input, weight and bias, channel by channel."""
    sizes = _sizes(input.type)
    dtype = input.dtype
    w = filled(dtype, sizes[1], 1) if weight is None else in_rows(weight)
    results = empty(dtype, tuple(input.shape)), empty(dtype, (sizes[1],)), empty(dtype, (sizes[1],))
    sources = [in_rows(t) for t in (grad_out, input, save_mean, save_invstd)]
    places = (*(r.address for r in results), *(s.address for s in sources), w.address)
    loop_of("channels_backward", dtype).entry(*sizes, int(train), *places)
    return results


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


BATCH_NORMALISATION: tuple[Op, ...] = (native_batch_norm, native_batch_norm_backward)

for _op in BATCH_NORMALISATION:
    call_evaluator(_op)

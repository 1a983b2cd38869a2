"""Normalisation over rows: layer_norm; group_norm and rms_norm made of it or of plain operations."""

from __future__ import annotations

import math
from typing import Any

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dtype import DType, float64
from tensorlab.core.layout import layout
from tensorlab.core.normalisation_loops import normalisation_loop
from tensorlab.core.op import Op, declare
from tensorlab.core.recurring import Run, recurring
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor, fresh
from tensorlab.core.types import TensorType
from tensorlab.core.widened import widened
from tensorlab.errors import DTypeError, ShapeError
from tensorlab.ops.copying import contiguous, converted
from tensorlab.ops.movement import call_evaluator

Shape = tuple[int, ...]
MaybeTensor = Tensor | None

_loops: dict[tuple[str, DType], Loop] = {}


def loop_of(name: str, dtype: DType) -> Loop:
    """The compiled loop of that name for a dtype."""
    found = _loops.get((name, dtype))
    if found is None:
        text = normalisation_loop(name, dtype)
        found = _loops[name, dtype] = compile_loop(text.source, text.signature, label=text.label)
    return found


def in_rows(a: Tensor) -> Tensor:
    """The tensor, row-major."""
    return a if a.layout.is_contiguous else contiguous.run((a,))


def place(part: MaybeTensor) -> int:
    """Where a row-major weight or bias is; 0 stands for none."""
    return 0 if part is None else part.address


native_layer_norm = declare(
    "native_layer_norm(Tensor input, int[] normalized_shape, Tensor? weight, Tensor? bias, float eps)"
    " -> (Tensor result, Tensor mean, Tensor rstd)"
)
native_layer_norm_backward = declare(
    "native_layer_norm_backward(Tensor grad_out, Tensor input, int[] normalized_shape, Tensor mean, Tensor rstd, "
    "Tensor? weight, Tensor? bias) -> (Tensor grad_input, Tensor grad_weight, Tensor grad_bias)"
)


def _sizes(input: TensorType, normalized_shape: Shape, *parts: TensorType | None) -> tuple[Shape, int]:
    """The leading sizes, and how many elements a row has.

    Raises: `ShapeError` where the last dimensions, the weight or the bias are of another shape, `DTypeError` where a
            dtype is not floating or differs.
    """
    shape = input.sizes
    wanted = tuple(normalized_shape)
    if not wanted:
        raise ShapeError("layer_norm: takes a normalized_shape of at least one dimension, got an empty one")
    if shape[-len(wanted) :] != wanted or len(shape) < len(wanted):
        raise ShapeError(
            f"layer_norm: given normalized_shape={list(wanted)}, expected input with shape "
            f"[*, {', '.join(map(str, wanted))}], but got input of size {list(shape)}"
        )
    if input.dtype is None or not input.dtype.is_floating_point:
        raise DTypeError(f"layer_norm: takes a floating point input, got {input.dtype.name if input.dtype else None}")
    for name, part in zip(("weight", "bias"), parts, strict=False):
        if part is not None and part.shape != wanted:
            raise ShapeError(
                f"layer_norm: expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{list(part.shape or ())} and normalized_shape = {list(wanted)}"
            )
        if part is not None and part.dtype is not input.dtype:
            raise DTypeError(f"layer_norm: {name} has dtype {part.dtype!r}, the input {input.dtype!r}; takes one dtype")
    return shape[: len(shape) - len(wanted)], math.prod(wanted)


@native_layer_norm.rule("type")
def layer_norm_type(
    input: TensorType, normalized_shape: Shape, weight: TensorType | None, bias: TensorType | None, eps: float
) -> tuple[TensorType, TensorType, TensorType]:
    lead, _ = _sizes(input, normalized_shape, weight, bias)
    row = TensorType(input.dtype, (*lead, *(1 for _ in normalized_shape)))
    return input, row, row


@recurring(native_layer_norm)
def layer_norm_call(input: Tensor, normalized_shape: Shape, weight: MaybeTensor, bias: MaybeTensor, eps: float) -> Run:
    """Rows less their mean, over their standard deviation, times weight, plus bias; the mean and 1 / deviation too.

    Source: Ba, Kiros, Hinton, "Layer Normalization", 2016.
    """
    parts = [None if p is None else p.type for p in (weight, bias)]
    lead, n = _sizes(input.type, normalized_shape, *parts)
    if input.dtype.is_half:
        return widened(lambda *args: native_layer_norm.run(args))
    dtype, outer = input.dtype, math.prod(lead)
    form, row = layout(dtype, tuple(input.shape)), layout(dtype, (*lead, *(1 for _ in normalized_shape)))
    entry = loop_of("rows", dtype).entry if form.numel else None

    def run(x: Tensor, _shape: Shape, weight: MaybeTensor, bias: MaybeTensor, eps: float) -> tuple[Tensor, ...]:
        x = in_rows(x)
        w, b = (None if p is None else in_rows(p) for p in (weight, bias))
        result = fresh(form)
        mean, rstd = fresh(row), fresh(row)
        if entry is not None:
            entry(outer, n, eps, result.address, mean.address, rstd.address, x.address, place(w), place(b))
        return result, mean, rstd

    return run


@native_layer_norm.vjp("input", "weight", "bias")
def layer_norm_vjp(
    g_result: MaybeTensor,
    input: Tensor,
    normalized_shape: Shape,
    mean: Tensor,
    rstd: Tensor,
    weight: MaybeTensor,
    bias: MaybeTensor,
) -> Any:
    if g_result is None:
        return None, None, None
    return native_layer_norm_backward.call((g_result, input, normalized_shape, mean, rstd, weight, bias))


@native_layer_norm_backward.rule("type")
def layer_norm_backward_type(
    grad_out: TensorType,
    input: TensorType,
    normalized_shape: Shape,
    mean: TensorType,
    rstd: TensorType,
    weight: TensorType | None,
    bias: TensorType | None,
) -> tuple[TensorType, TensorType, TensorType]:
    row = TensorType(input.dtype, tuple(normalized_shape))
    return input, row, row


@recurring(native_layer_norm_backward)
def layer_norm_backward_call(
    grad_out: Tensor,
    input: Tensor,
    normalized_shape: Shape,
    mean: Tensor,
    rstd: Tensor,
    weight: MaybeTensor,
    bias: MaybeTensor,
) -> Run:
    """Gradients of input, weight and bias in one walk over the rows; the weight's add up in 64 bits."""
    if input.dtype.is_half:
        return widened(lambda *args: native_layer_norm_backward.run(args))
    dtype, n, shape = input.dtype, math.prod(normalized_shape), tuple(normalized_shape)
    form, outer = layout(dtype, tuple(input.shape)), input.numel() // n if n else 0
    wide, entry = layout(float64, shape), loop_of("rows_backward", dtype).entry

    def run(*args: Any) -> tuple[Tensor, Tensor, Tensor]:
        g, x, mean, rstd = (in_rows(t) for t in (args[0], args[1], args[3], args[4]))
        weight = None if args[5] is None else in_rows(args[5])
        result, sums = fresh(form), Storage.empty(2 * wide.nbytes)
        places = (result.address, sums.address, sums.address + wide.nbytes)
        entry(outer, n, *places, g.address, x.address, mean.address, rstd.address, place(weight))
        return result, converted(Tensor(sums, wide), dtype, None), converted(Tensor(sums, wide, n), dtype, None)

    return run


@native_layer_norm_backward.rule("composite")
def layer_norm_backward_again(
    grad_out: Tensor,
    input: Tensor,
    normalized_shape: Shape,
    mean: Tensor,
    rstd: Tensor,
    weight: MaybeTensor,
    bias: MaybeTensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """The same in plain operations, for when it is to be differentiated again."""
    dims = tuple(range(-len(normalized_shape), 0))
    centred = input - input.mean(dims, True)
    variance = (centred * centred).mean(dims, True)
    eps = (rstd.detach() ** -2 - variance.detach()).clamp(min=0)
    scale = (variance + eps) ** -0.5
    x = centred * scale
    gw = grad_out if weight is None else grad_out * weight
    grad_input = scale * (gw - gw.mean(dims, True) - x * (gw * x).mean(dims, True))
    lead = tuple(range(len(input.shape) - len(normalized_shape)))
    if not lead:
        return grad_input, grad_out * x, grad_out
    return grad_input, (grad_out * x).sum(lead), grad_out.sum(lead)


layer_norm = declare(
    "layer_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, Tensor? bias=None, float eps=1e-05, "
    "bool cudnn_enable=True) -> Tensor"
)


@layer_norm.rule("type")
def layer_norm_only_type(
    input: TensorType,
    normalized_shape: Shape,
    weight: TensorType | None,
    bias: TensorType | None,
    eps: float,
    cudnn_enable: bool,  # noqa: FBT001 - the schema's order
) -> TensorType:
    return layer_norm_type(input, normalized_shape, weight, bias, eps)[0]


@layer_norm.rule("composite")
def layer_norm_composite(
    input: Tensor,
    normalized_shape: Shape,
    weight: MaybeTensor,
    bias: MaybeTensor,
    eps: float,
    cudnn_enable: bool,  # noqa: FBT001
) -> Tensor:
    return native_layer_norm.call((input, tuple(normalized_shape), weight, bias, eps))[0]


group_norm = declare(
    "group_norm(Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float eps=1e-05, "
    "bool cudnn_enabled=True) -> Tensor"
)


@group_norm.rule("type")
def group_norm_type(
    input: TensorType,
    num_groups: int,
    weight: TensorType | None,
    bias: TensorType | None,
    eps: float,
    cudnn_enabled: bool,  # noqa: FBT001
) -> TensorType:
    """``[N, C, ...] -> [N, C, ...]``.

    Raises: `ShapeError` where the channels don't divide into groups, or a weight or bias is not ``[C]``.
    """
    shape = input.sizes
    if len(shape) < 2:
        raise ShapeError(f"group_norm: takes an input of at least 2 dimensions, got {len(shape)}")
    if num_groups <= 0 or shape[1] % num_groups:
        raise ShapeError(
            "group_norm: expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(shape)} and num_groups={num_groups}"
        )
    for name, part in (("weight", weight), ("bias", bias)):
        if part is not None and part.shape != (shape[1],):
            raise ShapeError(
                f"group_norm: expected {name} to be a vector of size equal to the number of channels in input, but got "
                f"{name} of shape {list(part.shape or ())} and input of shape {list(shape)}"
            )
    return input


LIMIT = 1024  # forms of calls that are remembered; beyond it the table starts over
_groups: set[tuple[Any, ...]] = set()


@group_norm.rule("composite")
def group_norm_composite(
    input: Tensor,
    num_groups: int,
    weight: MaybeTensor,
    bias: MaybeTensor,
    eps: float,
    cudnn_enabled: bool,  # noqa: FBT001
) -> Tensor:
    """Each group of channels is a row.

    Source: Wu, He, "Group Normalization", 2018.
    """
    parts = [None if p is None else p.type for p in (weight, bias)]
    form = (input.type, num_groups, *parts)
    if form not in _groups:
        group_norm_type(input.type, num_groups, parts[0], parts[1], eps, cudnn_enabled)
        if len(_groups) >= LIMIT:
            _groups.clear()
        _groups.add(form)
    shape = tuple(input.shape)
    n = math.prod(shape[1:]) // num_groups
    rows = input.reshape(shape[0] * num_groups, n)
    result = native_layer_norm.call((rows, (n,), None, None, eps))[0].reshape(shape)
    of_channels = (shape[1], *(1 for _ in shape[2:]))
    if weight is not None:
        result = result * weight.reshape(of_channels)
    return result if bias is None else result + bias.reshape(of_channels)


NORMALISATION: tuple[Op, ...] = (native_layer_norm, native_layer_norm_backward, layer_norm, group_norm)

call_evaluator(layer_norm)
call_evaluator(group_norm)

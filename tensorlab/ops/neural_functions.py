# ruff: noqa: FBT001 - torch's public names and signatures
"""The functions of neural layers in ``tl.nn.functional``: linear, normalisation, dropout, attention."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.op import lookup
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, RangeError, ShapeError
from tensorlab.ops import attention, batch_normalisation, normalisation
from tensorlab.ops.called import called
from tensorlab.ops.operands import as_ints

MaybeTensor = Tensor | None


def _tensors(op: str, **given: Any) -> None:
    """Each has to be a Tensor; a name with a ``_`` at its end may be None too.

    Raises: `ArgumentError`.
    """
    for name, value in given.items():
        if not isinstance(value, Tensor) and not (name.endswith("_") and value is None):
            raise ArgumentError(f"{op}: argument {name.rstrip('_')!r} takes a Tensor, got {type(value).__name__}")


def linear(input: Tensor, weight: Tensor, bias: MaybeTensor = None) -> Tensor:
    """``input @ weight.T + bias``.

    Shape: ``[..., k], [m, k], [m] -> [..., m]``.
    """
    _tensors("linear", input=input, weight=weight, bias_=bias)
    return attention.linear.call((input, weight, bias))


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: MaybeTensor = None) -> Tensor:
    """``input1 @ weight[k] @ input2`` for each k, plus bias.

    Shape: ``[..., i], [..., j], [k, i, j], [k] -> [..., k]``.
    """
    _tensors("bilinear", input1=input1, input2=input2, weight=weight, bias_=bias)
    left = input1.unsqueeze(-2).unsqueeze(-2).matmul(weight).squeeze(-2)
    result = (left * input2.unsqueeze(-2)).sum(-1)
    return result if bias is None else result + bias


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: MaybeTensor = None,
    bias: MaybeTensor = None,
    eps: float = 1e-5,
) -> Tensor:
    """The last dimensions less their mean, over their standard deviation, times weight, plus bias.

    Raises: `ShapeError` where the last dimensions are not ``normalized_shape``.
    """
    _tensors("layer_norm", input=input, weight_=weight, bias_=bias)
    shape = as_ints(normalized_shape, op="layer_norm", name="normalized_shape")
    return normalisation.layer_norm.call((input, shape, weight, bias, float(eps), True))


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: MaybeTensor = None, eps: float | None = None
) -> Tensor:
    """The last dimensions over their root mean square, times weight.

    Source: Zhang, Sennrich, "Root Mean Square Layer Normalization", 2019.
    """
    _tensors("rms_norm", input=input, weight_=weight)
    shape = as_ints(normalized_shape, op="rms_norm", name="normalized_shape")
    if tuple(input.shape)[-len(shape) :] != shape:
        raise ShapeError(f"rms_norm: given normalized_shape={list(shape)}, got input of size {list(input.shape)}")
    dims = tuple(range(-len(shape), 0))
    least = _epsilon(input) if eps is None else eps
    result = input * ((input * input).mean(dims, True) + least) ** -0.5
    return result if weight is None else result * weight


def _epsilon(x: Tensor) -> float:
    from tensorlab.ops.dtypes import finfo

    return float(finfo(x.dtype).eps)


@called("NativeGroupNormBackward0")
def group_norm(
    input: Tensor, num_groups: int, weight: MaybeTensor = None, bias: MaybeTensor = None, eps: float = 1e-5
) -> Tensor:
    """Groups of channels less their mean, over their standard deviation; weight and bias by channel.

    Shape:  ``[N, C, ...] -> [N, C, ...]``.
    Raises: `ShapeError` where the channels don't divide into groups.
    """
    _tensors("group_norm", input=input, weight_=weight, bias_=bias)
    return normalisation.group_norm.call((input, num_groups, weight, bias, float(eps), True))


def batch_norm(
    input: Tensor,
    running_mean: MaybeTensor,
    running_var: MaybeTensor,
    weight: MaybeTensor = None,
    bias: MaybeTensor = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Channels less their mean, over their deviation: of the batch in training, else the running ones.

    In training, the running mean and (unbiased) variance move towards the batch's by ``momentum``.

    Shape:  ``[N, C, ...] -> [N, C, ...]``.
    Raises: `ShapeError` for one value a channel in training, `ArgumentError` for no running statistics outside it.
    """
    parts = {"running_mean_": running_mean, "running_var_": running_var, "weight_": weight, "bias_": bias}
    _tensors("batch_norm", input=input, **parts)
    if not training and (running_mean is None or running_var is None):
        raise ArgumentError("batch_norm: expected running_mean and running_var to be defined when training=False")
    count = input.numel() // input.shape[1] if len(input.shape) > 1 and input.shape[1] else 0
    if training and count <= 1:
        raise ShapeError(
            f"batch_norm: expected more than 1 value per channel when training, got input size {list(input.shape)}"
        )
    op = batch_normalisation.native_batch_norm
    arguments = (input, weight, bias, running_mean, running_var, training, float(eps))
    result, mean, invstd = op.call(arguments)
    if training and running_mean is not None and running_var is not None:
        if mean.tape is not None:
            mean, invstd = mean.detach(), invstd.detach()
        batch_normalisation.running_mean_written.call((running_mean, mean, momentum))
        batch_normalisation.running_var_written.call((running_var, invstd, momentum, eps, count / (count - 1)))
    return result


def instance_norm(
    input: Tensor,
    running_mean: MaybeTensor = None,
    running_var: MaybeTensor = None,
    weight: MaybeTensor = None,
    bias: MaybeTensor = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """As `batch_norm`, with the statistics of each example's channels alone.

    Shape: ``[N, C, ...] -> [N, C, ...]``.
    """
    _tensors("instance_norm", input=input, running_mean_=running_mean, running_var_=running_var)
    if len(input.shape) < 3:
        raise ShapeError(f"instance_norm: takes an input of at least 3 dimensions, got {len(input.shape)}")
    shape = tuple(input.shape)
    if use_input_stats and math.prod(shape[2:]) <= 1:
        raise ShapeError(
            f"instance_norm: expected more than 1 spatial element when training, got input size {list(shape)}"
        )
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    joined = input.reshape((1, shape[0] * shape[1], *shape[2:]))
    op = batch_normalisation.native_batch_norm
    result, mean, invstd = op.call((joined, None, None, None, None, True, float(eps)))
    if running_mean is not None and running_var is not None:
        count = math.prod(shape[2:])
        means = mean.detach().reshape(shape[:2]).mean(0)
        variances = ((invstd.detach() ** -2 - eps).clamp(min=0) * (count / (count - 1))).reshape(shape[:2]).mean(0)
        running_mean.mul_(1 - momentum).add_(means, alpha=momentum)
        running_var.mul_(1 - momentum).add_(variances, alpha=momentum)
    result = result.reshape(shape)
    of_channels = (shape[1], *(1 for _ in shape[2:]))
    result = result if weight is None else result * weight.reshape(of_channels)
    return result if bias is None else result + bias.reshape(of_channels)


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """Vectors along ``dim`` over their p-norm, which is held at ``eps``."""
    _tensors("normalize", input=input)
    held: Any = input
    return input / held.norm(p, dim, True).clamp(min=eps).expand(tuple(input.shape))


def _probability(p: float, op: str) -> None:
    if not 0.0 <= p <= 1.0:
        raise RangeError(f"{op}: dropout probability has to be between 0 and 1, but got {p}")


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, elements set to 0 with probability ``p``, the others divided by ``1 - p``.

    Raises: `RangeError` for a probability outside [0, 1].
    """
    _tensors("dropout", input=input)
    _probability(p, "dropout")
    if not training or p == 0:
        return input
    result = attention.dropped(input, p)
    return input.copy_(result) if inplace else result


def _channels_dropped(input: Tensor, p: float, training: bool, inplace: bool, op: str, lead: int) -> Tensor:
    _tensors(op, input=input)
    _probability(p, op)
    if not training or p == 0:
        return input
    shape = tuple(n if d < lead else 1 for d, n in enumerate(input.shape))
    result = attention.dropped(input, p, shape)
    return input.copy_(result) if inplace else result


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """As `dropout`, a whole channel of ``[N, C, L]`` or ``[C, L]`` at a time."""
    return _channels_dropped(input, p, training, inplace, "dropout1d", len(input.shape) - 1)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """As `dropout`, a whole channel of ``[N, C, H, W]`` at a time."""
    return _channels_dropped(input, p, training, inplace, "dropout2d", 2)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout to SELU's negative limit, scaled so that mean and variance stay.

    Source: Klambauer et al., "Self-Normalizing Neural Networks", 2017.
    """
    _tensors("alpha_dropout", input=input)
    _probability(p, "alpha_dropout")
    if not training or p == 0:
        return input
    low = -1.7580993408473766
    keep = 1 - p
    a = 0.0 if p == 1 else (keep + low * low * keep * p) ** -0.5
    (rand,) = (op for op in lookup("aten::rand") if not op.schema.overload)
    drawn = rand.call((tuple(input.shape), *(q.default for q in rand.schema.params[1:])))
    kept = (drawn >= p).to(input.dtype)
    result = (input * kept + low * (1 - kept)) * a - a * low * p
    return input.copy_(result) if inplace else result


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: MaybeTensor = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """``softmax(query @ key.T * scale + mask) @ value``.

    A bool mask is True where a place may be looked at; another is added. ``is_causal`` lets each row look back alone.

    Shape:  ``[..., L, E], [..., S, E], [..., S, V] -> [..., L, V]``.
    Raises: `ArgumentError` for a mask together with ``is_causal``, `ShapeError`, `DTypeError`.
    Source: Vaswani et al., "Attention Is All You Need", 2017, 3.2.1.
    """
    _tensors("scaled_dot_product_attention", query=query, key=key, value=value, attn_mask_=attn_mask)
    arguments = (query, key, value, attn_mask, float(dropout_p), is_causal, scale, enable_gqa)
    return attention.attention.call(arguments)


_ALL: tuple[Callable[..., Any], ...] = (
    *(linear, bilinear, layer_norm, rms_norm, group_norm, batch_norm, instance_norm, normalize),
    *(dropout, dropout1d, dropout2d, alpha_dropout, scaled_dot_product_attention),
)
FUNCTIONAL: dict[str, Callable[..., Any]] = {f.__name__: f for f in _ALL}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (bilinear, layer_norm, rms_norm, group_norm, batch_norm, instance_norm, dropout)
}

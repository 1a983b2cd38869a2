# ruff: noqa: FBT001, UP032 - torch's signatures
"""Forms of ``tl.nn.functional``: activations, dropout, normalisation. Scripting reads them; Python never runs them."""

from __future__ import annotations

from typing import Any

from tensorlab.core.dtype import bfloat16, float16, float64
from tensorlab.errors import ArgumentError, RangeError, ShapeError
from tensorlab.jit.scripting.names import OPS as ops

# Activations


def relu(input: Any, inplace: bool = False) -> Any:
    return input.relu_() if inplace else input.relu()


def relu6(input: Any, inplace: bool = False) -> Any:
    return hardtanh(input, 0.0, 6.0, inplace)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    return ops.aten.hardtanh_(input, min_val, max_val) if inplace else ops.aten.hardtanh(input, min_val, max_val)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    return ops.aten.leaky_relu_(input, negative_slope) if inplace else ops.aten.leaky_relu(input, negative_slope)


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Any:
    return ops.aten.threshold_(input, threshold, value) if inplace else ops.aten.threshold(input, threshold, value)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    return ops.aten.elu_(input, alpha) if inplace else ops.aten.elu(input, alpha)


def elu_(input: Any, alpha: float = 1.0) -> Any:
    return ops.aten.elu_(input, alpha)


def selu(input: Any, inplace: bool = False) -> Any:
    return ops.aten.selu_(input) if inplace else ops.aten.selu(input)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    return ops.aten.celu_(input, alpha) if inplace else ops.aten.celu(input, alpha)


def silu(input: Any, inplace: bool = False) -> Any:
    return ops.aten.silu_(input) if inplace else ops.aten.silu(input)


def mish(input: Any, inplace: bool = False) -> Any:
    return ops.aten.mish_(input) if inplace else ops.aten.mish(input)


def hardsigmoid(input: Any, inplace: bool = False) -> Any:
    return ops.aten.hardsigmoid_(input) if inplace else ops.aten.hardsigmoid(input)


def hardswish(input: Any, inplace: bool = False) -> Any:
    return ops.aten.hardswish_(input) if inplace else ops.aten.hardswish(input)


def gelu(input: Any, approximate: str = "none") -> Any:
    return ops.aten.gelu(input, approximate=approximate)


def logsigmoid(input: Any) -> Any:
    return ops.aten.log_sigmoid(input)


def softsign(input: Any) -> Any:
    return input / (input.abs() + 1)


def tanhshrink(input: Any) -> Any:
    return input - input.tanh()


def softmax(input: Any, dim: int, _stacklevel: int = 3, dtype: Any = None) -> Any:
    return ops.aten.softmax(input, dim, dtype)


def log_softmax(input: Any, dim: int, _stacklevel: int = 3, dtype: Any = None) -> Any:
    return ops.aten.log_softmax(input, dim, dtype)


def softmin(input: Any, dim: int, _stacklevel: int = 3, dtype: Any = None) -> Any:
    return ops.aten.softmax(-input, dim, dtype)


# Products


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    left = input1.unsqueeze(-2).unsqueeze(-2).matmul(weight).squeeze(-2)
    result = (left * input2.unsqueeze(-2)).sum(-1)
    return result if bias is None else result + bias


def embedding(
    input: Any,
    weight: Any,
    padding_idx: Any = None,
    max_norm: Any = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    if max_norm is not None:
        raise ArgumentError("embedding: max_norm is not taken; normalise the weight before")
    if padding_idx is None:
        return ops.aten.embedding(weight, input, -1, scale_grad_by_freq, sparse)
    at = padding_idx + weight.size(0) if padding_idx < 0 else padding_idx
    return ops.aten.embedding(weight, input, at, scale_grad_by_freq, sparse)


# Dropout


def _dropped(input: Any, p: float, shape: Any) -> Any:
    if p >= 1:
        return input * 0
    return ops.aten._kept(input, ops.aten.rand(shape), p, 1 / (1 - p))


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    if p < 0 or p > 1:
        raise RangeError("dropout: dropout probability has to be between 0 and 1, but got {}".format(p))
    if not training or p == 0:
        return input
    result = _dropped(input, p, input.shape)
    return input.copy_(result) if inplace else result


def _channels(input: Any, p: float, training: bool, inplace: bool, lead: int) -> Any:
    if not training or p == 0:
        return input
    shape = [n if d < lead else 1 for d, n in enumerate(input.shape)]
    result = _dropped(input, p, shape)
    return input.copy_(result) if inplace else result


def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    return _channels(input, p, training, inplace, input.dim() - 1)


def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    return _channels(input, p, training, inplace, 2)


def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    if not training or p == 0:
        return input
    low, keep = -1.7580993408473766, 1 - p
    a = 0.0 if p == 1 else (keep + low * low * keep * p) ** -0.5
    kept = (ops.aten.rand(input.shape) >= p).to(input.dtype)
    result = (input * kept + low * (1 - kept)) * a - a * low * p
    return input.copy_(result) if inplace else result


# Normalisation


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    count = 0
    if training:
        if input.dim() > 1 and input.size(1) > 0:
            count = input.numel() // input.size(1)
        if count <= 1:
            size = input.shape
            raise ShapeError(f"batch_norm: expected more than 1 value per channel when training, got input size {size}")
    found = ops.aten.native_batch_norm(input, weight, bias, running_mean, running_var, training, eps)
    if training and running_mean is not None and running_var is not None:
        ops.aten._running_mean_(running_mean, found[1].detach(), momentum)
        ops.aten._running_var_(running_var, found[2].detach(), momentum, eps, count / (count - 1))
    return found[0]


def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    shape = input.shape
    count = input.numel() // max(shape[0] * shape[1], 1)
    if count <= 1:
        raise ShapeError(f"instance_norm: expected more than 1 spatial element when training, got input size {shape}")
    joined = input.reshape([1, shape[0] * shape[1]] + shape[2:])
    found = ops.aten.native_batch_norm(joined, None, None, None, None, True, eps)
    if running_mean is not None and running_var is not None:
        means = found[1].detach().reshape(shape[:2]).mean(0)
        spread = ((found[2].detach() ** -2 - eps).clamp(min=0) * (count / (count - 1))).reshape(shape[:2]).mean(0)
        running_mean.mul_(1 - momentum).add_(means, alpha=momentum)
        running_var.mul_(1 - momentum).add_(spread, alpha=momentum)
    result = found[0].reshape(shape)
    of_channels = [n if d == 1 else 1 for d, n in enumerate(shape)][1:]
    scaled = result if weight is None else result * weight.reshape(of_channels)
    return scaled if bias is None else scaled + bias.reshape(of_channels)


def rms_norm(input: Any, normalized_shape: Any, weight: Any = None, eps: Any = None) -> Any:
    dims = list(range(-len(normalized_shape), 0))
    least = _epsilon(input) if eps is None else eps
    result = input * ((input * input).mean(dims, True) + least) ** -0.5
    return result if weight is None else result * weight


def _epsilon(input: Any) -> float:
    if input.dtype == float64:
        return 2.220446049250313e-16
    if input.dtype == float16:
        return 0.0009765625
    return 0.0078125 if input.dtype == bfloat16 else 1.1920928955078125e-07


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    return input / input.norm(p, dim, True).clamp(min=eps).expand(input.shape)


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: Any = None,
    enable_gqa: bool = False,
) -> Any:
    return ops.aten.scaled_dot_product_attention(
        query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa
    )

# ruff: noqa: FBT001 - torch's signatures
"""Forms of the losses of ``tl.nn.functional``. Scripting reads them; Python never runs them."""

from __future__ import annotations

import math
from typing import Any

from tensorlab.errors import RangeError, ShapeError
from tensorlab.jit.scripting.names import OPS as ops


def _code(reduction: str) -> int:
    if reduction == "none":
        return 0
    if reduction == "mean":
        return 1
    if reduction == "sum":
        return 2
    raise RangeError(f"{reduction} is not a valid value for reduction; takes 'none', 'mean' or 'sum'")


def _reduced(values: Any, reduction: str) -> Any:
    code = _code(reduction)
    if code == 0:
        return values
    return values.mean() if code == 1 else values.sum()


def _weighed(values: Any, weight: Any, reduction: str) -> Any:
    if weight is None:
        return _reduced(values, reduction)
    weighed = values * weight
    if reduction == "mean":
        return weighed.sum() / weight.expand(values.shape).sum()
    return _reduced(weighed, reduction)


def _same(input: Any, target: Any) -> None:
    if input.shape != target.shape:
        raise ShapeError(f"target size ({target.shape}) must be the same as input size ({input.shape})")


def mse_loss(input: Any, target: Any, *, reduction: str = "mean", weight: Any = None) -> Any:
    difference = input - target
    return _weighed(difference * difference, weight, reduction)


def l1_loss(input: Any, target: Any, *, reduction: str = "mean") -> Any:
    return _reduced((input - target).abs(), reduction)


def smooth_l1_loss(input: Any, target: Any, *, reduction: str = "mean", beta: float = 1.0) -> Any:
    if beta < 0:
        raise RangeError(f"smooth_l1_loss: takes a beta of at least 0, got {beta}")
    size = (input - target).abs()
    if beta == 0:
        return _reduced(size, reduction)
    return _reduced(ops.aten.where(size < beta, 0.5 * size * size / beta, size - 0.5 * beta), reduction)


def huber_loss(input: Any, target: Any, *, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Any:
    if delta <= 0:
        raise RangeError(f"huber_loss: takes a delta above 0, got {delta}")
    size = (input - target).abs()
    return _weighed(ops.aten.where(size <= delta, 0.5 * size * size, delta * (size - 0.5 * delta)), weight, reduction)


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, *, reduction: str = "mean") -> Any:
    _same(input, target)
    if input.numel() > 0 and not bool(((input >= 0) & (input <= 1)).all()):
        raise RangeError("binary_cross_entropy: all elements of input should be between 0 and 1")
    values = (target - 1) * (-input).log1p().clamp(min=-100) - target * input.log().clamp(min=-100)
    return _reduced(values if weight is None else values * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, *, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    _same(input, target)
    logged = ops.aten.log_sigmoid(input)
    factor = logged if pos_weight is None else ((pos_weight - 1) * target + 1) * logged
    values = (1 - target) * input - factor
    return _reduced(values if weight is None else values * weight, reduction)


def kl_div(input: Any, target: Any, *, reduction: str = "mean", log_target: bool = False) -> Any:
    values = target.exp() * (target - input) if log_target else ops.aten.xlogy(target, target) - target * input
    if reduction != "batchmean":
        return _reduced(values, reduction)
    return values.sum() / input.size(0) if input.dim() > 0 else values.sum()


def nll_loss(input: Any, target: Any, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean") -> Any:
    return ops.aten.nll_loss_nd(input, target, weight, _code(reduction), ignore_index)


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    return ops.aten.cross_entropy_loss(input, target, weight, _code(reduction), ignore_index, label_smoothing)


def poisson_nll_loss(
    input: Any, target: Any, log_input: bool = True, full: bool = False, eps: float = 1e-8, *, reduction: str = "mean"
) -> Any:
    values = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if not full:
        return _reduced(values, reduction)
    stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
    return _reduced(values + ops.aten.where(target > 1, stirling, stirling.detach() * 0).nan_to_num(0.0), reduction)


def _by_sign(target: Any, positive: Any, negative: Any, zero: Any) -> Any:
    return ops.aten.where(target == 1, positive, zero) + ops.aten.where(target == -1, negative, zero)


def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, *, reduction: str = "mean") -> Any:
    zero = input.detach() * 0
    return _reduced(_by_sign(target, input, (margin - input).clamp(min=0), zero), reduction)


def margin_ranking_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0, *, reduction: str = "mean") -> Any:
    return _reduced((-target * (input1 - input2) + margin).clamp(min=0), reduction)


def soft_margin_loss(input: Any, target: Any, *, reduction: str = "mean") -> Any:
    return _reduced((-target * input).exp().log1p(), reduction)


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, *, reduction: str = "mean"
) -> Any:
    if bool((var < 0).any()):
        raise RangeError("gaussian_nll_loss: var has negative entry/entries")
    held = var + (var.detach().clamp(min=eps) - var.detach())
    values = 0.5 * (held.log() + (input - target) ** 2 / held)
    return _reduced(values + 0.5 * math.log(2 * math.pi) if full else values, reduction)


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    return (x1 - x2 + eps).norm(p, -1, keepdim)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Any:
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    least = ops.aten.minimum(far, pairwise_distance(positive, negative, p, eps)) if swap else far
    return _reduced((near - least + margin).clamp(min=0), reduction)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    first = (x1 * x1).sum(dim, True).sqrt().clamp(min=eps)
    second = (x2 * x2).sum(dim, True).sqrt().clamp(min=eps)
    return ((x1 / first) * (x2 / second)).sum(dim)


def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, *, reduction: str = "mean"
) -> Any:
    cosine = cosine_similarity(input1, input2, -1)
    zero = cosine.detach() * 0
    return _reduced(_by_sign(target, 1 - cosine, (cosine - margin).clamp(min=0), zero), reduction)

# ruff: noqa: FBT001 - torch's public names and signatures
"""The losses of ``tl.nn.functional``: each takes ``reduction="mean"``, ``"sum"`` or ``"none"``."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from tensorlab.core.op import lookup
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, RangeError, ShapeError
from tensorlab.ops import losses
from tensorlab.ops.assertions import check_values
from tensorlab.ops.called import called
from tensorlab.ops.losses import MEAN, reduced, reduction_code

MaybeTensor = Tensor | None


class SizeWarning(UserWarning):
    """Two shapes that broadcast, where equal ones are nearly always meant."""


def _pair(op: str, input: Any, target: Any) -> None:
    """Both have to be tensors; shapes that differ are nearly always a mistake.

    Raises: `ArgumentError`.
    """
    for name, value in (("input", input), ("target", target)):
        if not isinstance(value, Tensor):
            raise ArgumentError(f"{op}: argument {name!r} takes a Tensor, got {type(value).__name__}")
    if tuple(input.shape) != tuple(target.shape):
        warnings.warn(
            f"{op}: using a target size ({target.shape!r}) that is different to the input size ({input.shape!r}). This "
            "will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            SizeWarning,
            stacklevel=3,
        )


def _same_shape(op: str, input: Any, target: Any) -> None:
    _pair_types(op, input, target)
    if tuple(input.shape) != tuple(target.shape):
        raise ShapeError(f"{op}: target size ({target.shape!r}) must be the same as input size ({input.shape!r})")


def _pair_types(op: str, input: Any, target: Any) -> None:
    for name, value in (("input", input), ("target", target)):
        if not isinstance(value, Tensor):
            raise ArgumentError(f"{op}: argument {name!r} takes a Tensor, got {type(value).__name__}")


def _weighed(values: Tensor, weight: MaybeTensor) -> Tensor:
    return values if weight is None else values * weight


@called("MseLossBackward0")
def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: MaybeTensor = None) -> Tensor:
    """Squared differences."""
    _pair("mse_loss", input, target)
    code = reduction_code(reduction, "mse_loss")
    difference = input - target
    values = difference * difference
    if weight is None:
        return reduced(values, code)
    values = values * weight
    return values.sum() / weight.expand(tuple(values.shape)).sum() if code == MEAN else reduced(values, code)


def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Absolute differences."""
    _pair("l1_loss", input, target)
    return reduced((input - target).abs(), reduction_code(reduction, "l1_loss"))


@called("SmoothL1LossBackward0")
def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Squares over ``2 * beta`` up to ``beta``, beyond it absolute differences less ``beta / 2``."""
    _pair("smooth_l1_loss", input, target)
    code = reduction_code(reduction, "smooth_l1_loss")
    if beta < 0:
        raise RangeError(f"smooth_l1_loss: takes a beta of at least 0, got {beta}")
    size = (input - target).abs()
    if beta == 0:
        return reduced(size, code)
    return reduced(_where(size < beta, 0.5 * size * size / beta, size - 0.5 * beta), code)


@called("HuberLossBackward0")
def huber_loss(
    input: Tensor, target: Tensor, *, reduction: str = "mean", delta: float = 1.0, weight: MaybeTensor = None
) -> Tensor:
    """Half squares up to ``delta``, beyond it ``delta * (difference - delta / 2)``."""
    _pair("huber_loss", input, target)
    code = reduction_code(reduction, "huber_loss")
    if delta <= 0:
        raise RangeError(f"huber_loss: takes a delta above 0, got {delta}")
    size = (input - target).abs()
    values = _weighed(_where(size <= delta, 0.5 * size * size, delta * (size - 0.5 * delta)), weight)
    if weight is not None and code == MEAN:
        return values.sum() / weight.expand(tuple(values.shape)).sum()
    return reduced(values, code)


def _where(condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
    (where,) = (op for op in lookup("aten::where") if op.schema.overload == "self")
    return where.call((condition, a, b))


@called("BinaryCrossEntropyBackward0")
def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: MaybeTensor = None, *, reduction: str = "mean"
) -> Tensor:
    """``-(t * log(p) + (1 - t) * log(1 - p))``; logarithms are held at -100.

    Raises: `RangeError` for probabilities outside [0, 1], `ShapeError` where the shapes differ.
    """
    _same_shape("binary_cross_entropy", input, target)
    code = reduction_code(reduction, "binary_cross_entropy")
    if input.numel():
        inside = ((input >= 0) & (input <= 1)).all()
        check_values(inside, "binary_cross_entropy: all elements of input should be between 0 and 1")
    values = (target - 1) * (-input).log1p().clamp(min=-100) - target * input.log().clamp(min=-100)
    return reduced(_weighed(values, weight), code)


@called("BinaryCrossEntropyWithLogitsBackward0")
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: MaybeTensor = None,
    *,
    reduction: str = "mean",
    pos_weight: MaybeTensor = None,
) -> Tensor:
    """`binary_cross_entropy` of ``sigmoid(input)``, without the loss of digits; ``pos_weight`` weighs the positives.

    Raises: `ShapeError` where the shapes differ.
    """
    _same_shape("binary_cross_entropy_with_logits", input, target)
    code = reduction_code(reduction, "binary_cross_entropy_with_logits")
    logged = _logsigmoid(input)
    if pos_weight is None:
        values = (1 - target) * input - logged
    else:
        values = (1 - target) * input - ((pos_weight - 1) * target + 1) * logged
    return reduced(_weighed(values, weight), code)


def _logsigmoid(x: Tensor) -> Tensor:
    (op,) = lookup("aten::log_sigmoid")
    return op.call((x,))


def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """``target * (log(target) - input)``, for ``input`` of log-probabilities; 0 where the target is 0.

    ``reduction="batchmean"`` divides the sum by the batch's size.
    """
    _pair_types("kl_div", input, target)
    batched = reduction == "batchmean"
    code = reduction_code("sum" if batched else reduction, "kl_div")
    if log_target:
        values = target.exp() * (target - input)
    else:
        (xlogy,) = (op for op in lookup("aten::xlogy") if op.schema.overload == "Tensor")
        values = xlogy.call((target, target)) - target * input
    result = reduced(values, code)
    return result / input.shape[0] if batched and input.shape else result


def _log_likelihood(input: Tensor, target: Tensor, *args: Any, **options: Any) -> str | None:
    """Torch's name for what cross_entropy and nll_loss give; of class probabilities it is made of several."""
    if input.shape == target.shape:
        return None
    return "NllLossBackward0" if input.ndim <= 2 else "NllLoss2DBackward0"


@called(_log_likelihood)
def nll_loss(
    input: Tensor, target: Tensor, weight: MaybeTensor = None, *, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """Negative log-likelihood of classes, from log-probabilities.

    Shape:  ``[N, C, ...], [N, ...] -> []``, or ``[N, ...]`` without reduction; without N for one example.
    Raises: `RangeError` for a target that is no class, `ShapeError`, `DTypeError`.
    """
    _pair_types("nll_loss", input, target)
    return losses.nll_loss.call((input, target, weight, reduction_code(reduction, "nll_loss"), ignore_index))


@called(_log_likelihood)
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: MaybeTensor = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Cross-entropy of classes, or of class probabilities, from logits.

    Shape:  ``[N, C, ...], [N, ...]`` (or ``[N, C, ...]``) ``-> []``, or ``[N, ...]`` without reduction.
    Raises: as `nll_loss`; `RangeError` for smoothing outside [0, 1].
    """
    _pair_types("cross_entropy", input, target)
    code = reduction_code(reduction, "cross_entropy")
    return losses.cross_entropy.call((input, target, weight, code, ignore_index, label_smoothing))


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    *,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of counts; ``full`` adds Stirling's term."""
    _pair_types("poisson_nll_loss", input, target)
    values = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        values = values + _where(target > 1, stirling, stirling.detach() * 0).nan_to_num(0.0)
    return reduced(values, reduction_code(reduction, "poisson_nll_loss"))


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, *, reduction: str = "mean") -> Tensor:
    """``x`` where the target is 1, ``max(0, margin - x)`` where it is -1."""
    _pair_types("hinge_embedding_loss", input, target)
    zero = input.detach() * 0
    values = _where(target == 1, input, zero) + _where(target == -1, (margin - input).clamp(min=0), zero)
    return reduced(values, reduction_code(reduction, "hinge_embedding_loss"))


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    """``max(0, -target * (input1 - input2) + margin)``."""
    _pair_types("margin_ranking_loss", input1, input2)
    values = (-target * (input1 - input2) + margin).clamp(min=0)
    return reduced(values, reduction_code(reduction, "margin_ranking_loss"))


def soft_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """``log(1 + exp(-target * input))``."""
    _pair_types("soft_margin_loss", input, target)
    return reduced((-target * input).exp().log1p(), reduction_code(reduction, "soft_margin_loss"))


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor, full: bool = False, eps: float = 1e-6, *, reduction: str = "mean"
) -> Tensor:
    """Negative log-likelihood of normal values with variances ``var``, held at ``eps``."""
    _pair_types("gaussian_nll_loss", input, target)
    check_values(~(var < 0).any(), "gaussian_nll_loss: var has negative entry/entries")
    held = var + (var.detach().clamp(min=eps) - var.detach())
    values = 0.5 * (held.log() + (input - target) ** 2 / held)
    if full:
        values = values + 0.5 * math.log(2 * math.pi)
    return reduced(values, reduction_code(reduction, "gaussian_nll_loss"))


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, |a - p| - |a - n| + margin)``; ``swap`` takes the nearer of anchor and positive to the negative."""
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        (minimum,) = lookup("aten::minimum")
        far = minimum.call((far, pairwise_distance(positive, negative, p, eps)))
    return reduced((near - far + margin).clamp(min=0), reduction_code(reduction, "triplet_margin_loss"))


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """Distances along the last dimension, of differences to which ``eps`` is added."""
    difference: Any = x1 - x2 + eps
    return difference.norm(p, -1, keepdim)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Cosines of the angles along a dimension; lengths are held at ``eps``."""
    lengths = [(x * x).sum(dim, True).sqrt().clamp(min=eps) for x in (x1, x2)]
    return ((x1 / lengths[0]) * (x2 / lengths[1])).sum(dim)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    """``1 - cos`` where the target is 1, ``max(0, cos - margin)`` where it is -1."""
    cosine = cosine_similarity(input1, input2, dim=-1)
    zero = cosine.detach() * 0
    values = _where(target == 1, 1 - cosine, zero) + _where(target == -1, (cosine - margin).clamp(min=0), zero)
    return reduced(values, reduction_code(reduction, "cosine_embedding_loss"))


_ALL: tuple[Callable[..., Any], ...] = (
    *(mse_loss, l1_loss, smooth_l1_loss, huber_loss, binary_cross_entropy, binary_cross_entropy_with_logits, kl_div),
    *(nll_loss, cross_entropy, poisson_nll_loss, hinge_embedding_loss, margin_ranking_loss, soft_margin_loss),
    *(gaussian_nll_loss, triplet_margin_loss, pairwise_distance, cosine_similarity, cosine_embedding_loss),
)
FUNCTIONAL: dict[str, Callable[..., Any]] = {f.__name__: f for f in _ALL}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "cosine_similarity": cosine_similarity,
    "pairwise_distance": pairwise_distance,
}

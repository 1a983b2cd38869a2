"""Losses as layers."""

from __future__ import annotations

from typing import Any

from tensorlab.autograd import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.nn import functional as F
from tensorlab.nn.module import Module
from tensorlab.ops.losses import reduction_code


class Loss(Module):
    """A loss: a subclass names the function, its options with their defaults, and its tensors of weights."""

    function = ""
    options: dict[str, Any] = {}  # noqa: RUF012 - read alone
    weights: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        name = type(self).__name__
        names = [*self.weights, *self.options, "reduction"]
        given = dict(zip(names, args, strict=False)) | kwargs
        unknown = [key for key in given if key not in names]
        if unknown or len(args) > len(names):
            what = repr(unknown[0]) if unknown else f"{len(args)} arguments"
            raise ArgumentError(f"{name}: got {what}; takes {', '.join(names)}")
        for key in self.weights:
            self.register_buffer(key, given.get(key))
        for key, default in self.options.items():
            setattr(self, key, given.get(key, default))
        self.reduction = given.get("reduction", "mean")
        if self.reduction != "batchmean":
            reduction_code(self.reduction, name)

    def forward(self, *tensors: Tensor) -> Tensor:
        named = {key: getattr(self, key) for key in (*self.weights, *self.options)}
        return getattr(F, self.function)(*tensors, **named, reduction=self.reduction)


class MSELoss(Loss):
    """Squared differences."""

    function = "mse_loss"


class L1Loss(Loss):
    """Absolute differences."""

    function = "l1_loss"


class SmoothL1Loss(Loss):
    """Squares up to ``beta``, absolute differences beyond."""

    function, options = "smooth_l1_loss", {"beta": 1.0}


class HuberLoss(Loss):
    """Half squares up to ``delta``, straight beyond."""

    function, options = "huber_loss", {"delta": 1.0}


class BCELoss(Loss):
    """Cross-entropy of probabilities."""

    function, weights = "binary_cross_entropy", ("weight",)


class BCEWithLogitsLoss(Loss):
    """Cross-entropy of probabilities given as logits."""

    function, weights = "binary_cross_entropy_with_logits", ("weight", "pos_weight")


class NLLLoss(Loss):
    """Negative log-likelihood of classes."""

    function, options, weights = "nll_loss", {"ignore_index": -100}, ("weight",)


class CrossEntropyLoss(Loss):
    """Cross-entropy of classes from logits."""

    function, options = "cross_entropy", {"ignore_index": -100, "label_smoothing": 0.0}
    weights = ("weight",)


class KLDivLoss(Loss):
    """Divergence of log-probabilities from probabilities."""

    function, options = "kl_div", {"log_target": False}


class PoissonNLLLoss(Loss):
    """Negative log-likelihood of counts."""

    function, options = "poisson_nll_loss", {"log_input": True, "full": False, "eps": 1e-8}


class GaussianNLLLoss(Loss):
    """Negative log-likelihood of normal values."""

    function, options = "gaussian_nll_loss", {"full": False, "eps": 1e-6}


class HingeEmbeddingLoss(Loss):
    """``x`` for targets of 1, ``max(0, margin - x)`` for -1."""

    function, options = "hinge_embedding_loss", {"margin": 1.0}


class MarginRankingLoss(Loss):
    """How far two values are from the order that the target tells."""

    function, options = "margin_ranking_loss", {"margin": 0.0}


class SoftMarginLoss(Loss):
    """``log(1 + exp(-target * x))``."""

    function = "soft_margin_loss"


class CosineEmbeddingLoss(Loss):
    """How far two vectors are from the likeness that the target tells."""

    function, options = "cosine_embedding_loss", {"margin": 0.0}


class TripletMarginLoss(Loss):
    """How much nearer the positive should be than the negative."""

    function, options = "triplet_margin_loss", {"margin": 1.0, "p": 2.0, "eps": 1e-6, "swap": False}


class CosineSimilarity(Module):
    """Cosines of the angles along a dimension."""

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """Distances along the last dimension."""

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:  # noqa: FBT001
        super().__init__()
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)

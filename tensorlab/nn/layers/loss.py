"""Losses as layers."""

from __future__ import annotations

from typing import Any

from tensorlab.autograd import Tensor
from tensorlab.nn import functional as F
from tensorlab.nn.layers.configured import Configured
from tensorlab.nn.module import Module
from tensorlab.ops.losses import reduction_code

# Torch's older words for a reduction, in the places that they have among the arguments.
_OLD = {"size_average": None, "reduce": None}


class Loss(Configured):
    """A loss: the function's options, and among them tensors of weights, which are buffers."""

    weights: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        Module.__init__(self)
        given = self._given(args, kwargs)
        average, reduced = given.pop("size_average", None), given.pop("reduce", None)
        if average is not None or reduced is not None:
            given["reduction"] = "none" if reduced is False else "sum" if average is False else "mean"
        if given["reduction"] != "batchmean":
            reduction_code(given["reduction"], type(self).__name__)
        for name, value in given.items():
            if name in self.weights:
                self.register_buffer(name, value)
            else:
                setattr(self, name, value)

    def forward(self, *tensors: Tensor, **named: Tensor) -> Tensor:
        options = {name: getattr(self, name) for name in self.options if name not in _OLD}
        return getattr(F, self.function)(*tensors, **named, **options)

    def extra_repr(self) -> str:
        return ""


class MSELoss(Loss):
    """Squared differences."""

    function = "mse_loss"
    options = {**_OLD, "reduction": "mean"}  # noqa: RUF012


class L1Loss(Loss):
    """Absolute differences."""

    function = "l1_loss"
    options = {**_OLD, "reduction": "mean"}  # noqa: RUF012


class SmoothL1Loss(Loss):
    """Squares up to ``beta``, absolute differences beyond."""

    function = "smooth_l1_loss"
    options = {**_OLD, "reduction": "mean", "beta": 1.0}  # noqa: RUF012


class HuberLoss(Loss):
    """Half squares up to ``delta``, straight beyond."""

    function = "huber_loss"
    options = {"reduction": "mean", "delta": 1.0}  # noqa: RUF012


class BCELoss(Loss):
    """Cross-entropy of probabilities."""

    function = "binary_cross_entropy"
    weights = ("weight",)
    options = {"weight": None, **_OLD, "reduction": "mean"}  # noqa: RUF012


class BCEWithLogitsLoss(Loss):
    """Cross-entropy of probabilities given as logits."""

    function = "binary_cross_entropy_with_logits"
    weights = ("weight", "pos_weight")
    options = {"weight": None, **_OLD, "reduction": "mean", "pos_weight": None}  # noqa: RUF012


class NLLLoss(Loss):
    """Negative log-likelihood of classes."""

    function = "nll_loss"
    weights = ("weight",)
    options = {"weight": None, "size_average": None, "ignore_index": -100, "reduce": None, "reduction": "mean"}  # noqa: RUF012


class CrossEntropyLoss(Loss):
    """Cross-entropy of classes from logits."""

    function = "cross_entropy"
    weights = ("weight",)
    options = {  # noqa: RUF012
        "weight": None,
        "size_average": None,
        "ignore_index": -100,
        "reduce": None,
        "reduction": "mean",
        "label_smoothing": 0.0,
    }


class KLDivLoss(Loss):
    """Divergence of log-probabilities from probabilities."""

    function = "kl_div"
    options = {**_OLD, "reduction": "mean", "log_target": False}  # noqa: RUF012


class PoissonNLLLoss(Loss):
    """Negative log-likelihood of counts."""

    function = "poisson_nll_loss"
    options = {"log_input": True, "full": False, "size_average": None, "eps": 1e-8, "reduce": None, "reduction": "mean"}  # noqa: RUF012


class GaussianNLLLoss(Loss):
    """Negative log-likelihood of normal values."""

    function = "gaussian_nll_loss"
    options = {"full": False, "eps": 1e-6, "reduction": "mean"}  # noqa: RUF012


class HingeEmbeddingLoss(Loss):
    """``x`` for targets of 1, ``max(0, margin - x)`` for -1."""

    function = "hinge_embedding_loss"
    options = {"margin": 1.0, **_OLD, "reduction": "mean"}  # noqa: RUF012


class MarginRankingLoss(Loss):
    """How far two values are from the order that the target tells."""

    function = "margin_ranking_loss"
    options = {"margin": 0.0, **_OLD, "reduction": "mean"}  # noqa: RUF012


class SoftMarginLoss(Loss):
    """``log(1 + exp(-target * x))``."""

    function = "soft_margin_loss"
    options = {**_OLD, "reduction": "mean"}  # noqa: RUF012


class CosineEmbeddingLoss(Loss):
    """How far two vectors are from the likeness that the target tells."""

    function = "cosine_embedding_loss"
    options = {"margin": 0.0, **_OLD, "reduction": "mean"}  # noqa: RUF012


class TripletMarginLoss(Loss):
    """How much nearer the positive should be than the negative."""

    function = "triplet_margin_loss"
    options = {"margin": 1.0, "p": 2.0, "eps": 1e-6, "swap": False, **_OLD, "reduction": "mean"}  # noqa: RUF012


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

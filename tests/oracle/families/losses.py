"""Losses, in every reduction."""

import numpy as np

from oracle.case import Case, call

REDUCTIONS = ("mean", "sum", "none")


def pair(m):
    for reduction in REDUCTIONS:
        yield call(m(3, 4, distinct=True), m(3, 4), reduction=reduction)
    yield call(m(), m())


def huber(m):
    yield from pair(m)
    yield call(m(3, 4), m(3, 4), delta=0.7)


def smooth(m):
    yield from pair(m)
    yield call(m(3, 4), m(3, 4), beta=0.3)
    yield call(m(3, 4, distinct=True), m(3, 4), beta=0)


def probabilities(m):
    for reduction in REDUCTIONS:
        yield call(m(3, 4, low=0.1, high=0.9), m(3, 4, low=0.1, high=0.9), reduction=reduction)
    yield call(m(3, 4, low=0.1, high=0.9), m(3, 4, low=0.1, high=0.9), m(4, low=0.5, high=2))


def logits(m):
    for reduction in REDUCTIONS:
        yield call(m(3, 4), m(3, 4, low=0, high=1), reduction=reduction)
    yield call(m(3, 4), m(3, 4, low=0, high=1), m(3, 1, low=0.5, high=2), pos_weight=m(4, low=0.5, high=2))


def not_fitting(m):
    yield call(m(3, 4, low=0.1, high=0.9), m(3, low=0.1, high=0.9))


def classes(m):
    for reduction in REDUCTIONS:
        yield call(m(4, 3), np.array([0, 2, 1, 1]), reduction=reduction)
        yield call(m(4, 3), np.array([0, 2, -100, 1]), m(3, low=0.5, high=2), reduction=reduction)
    yield call(m(2, 3, 4), np.array([[0, 2, 1, 1], [2, 2, 0, 1]]))
    yield call(m(3), np.array(1))
    yield call(m(4, 3), np.array([0, 2, 1, 1]), ignore_index=1)


def classes_refused(m):
    yield call(m(4, 3), np.array([0, 3, 1, 1]))
    yield call(m(4, 3), np.array([0, 1, 1]))
    yield call(m(4, 3), np.array([0.0, 1.0, 1.0, 2.0]))
    yield call(m(4, 3), np.array([0, 2, 1, 1]), reduction="all")


def smoothed(m):
    yield from classes(m)
    for reduction in REDUCTIONS:
        yield call(m(4, 3), np.array([0, 2, -100, 1]), reduction=reduction, label_smoothing=0.2)
        yield call(m(4, 3), np.array([0, 2, -100, 1]), m(3, low=0.5, high=2), reduction=reduction, label_smoothing=0.2)
        yield call(m(4, 3), m(4, 3, low=0, high=1), m(3, low=0.5, high=2), reduction=reduction, label_smoothing=0.1)
        yield call(m(2, 3, 4), m(2, 3, 4, low=0, high=1), reduction=reduction)


def divergence(m):
    for reduction in (*REDUCTIONS, "batchmean"):
        yield call(m(3, 4), m(3, 4, low=0.1, high=1), reduction=reduction)
    yield call(m(3, 4), m(3, 4), log_target=True, reduction="sum")


def signs(m, *shape):
    return np.where(m.random.random(shape) < 0.5, -1, 1).astype(m(1).dtype)


def signed(m):
    yield call(m(3, 4), signs(m, 3, 4))


def ranking(m):
    yield call(m(4), m(4), signs(m, 4), margin=0.3)


def counts(m):
    yield call(m(3, 4), m(3, 4, low=0.5, high=4))
    yield call(m(3, 4, low=0.5, high=2), m(3, 4, low=0.5, high=4), log_input=False, full=True)


def gaussian(m):
    yield call(m(3, 4), m(3, 4), m(3, 4, low=0.5, high=2), full=True)


def triplet(m):
    yield call(m(3, 4), m(3, 4), m(3, 4))
    yield call(m(3, 4), m(3, 4), m(3, 4), swap=True, margin=0.5)


def two(m):
    yield call(m(3, 4), m(3, 4))
    yield call(m(4), m(4))


def similarity(m):
    yield call(m(3, 4), m(3, 4))
    yield call(m(2, 3, 4), m(2, 3, 4), dim=-1)


def embedded(m):
    yield call(m(4, 3), m(4, 3), signs(m, 4), margin=0.2)


NEAR = {"rtol": 3e-5, "atol": 3e-6, "strides": False}
F = "nn.functional."
CASES = (
    Case(F + "mse_loss", pair, **NEAR),
    Case(F + "l1_loss", pair, **NEAR),
    Case(F + "smooth_l1_loss", smooth, **NEAR),
    Case(F + "huber_loss", huber, **NEAR),
    Case(F + "binary_cross_entropy", probabilities, constant=(2,), refused=not_fitting, **NEAR),
    Case(F + "binary_cross_entropy_with_logits", logits, constant=(2, "pos_weight"), refused=not_fitting, **NEAR),
    Case(F + "nll_loss", classes, constant=(2,), refused=classes_refused, **NEAR),
    Case(F + "cross_entropy", smoothed, constant=(2,), refused=classes_refused, **NEAR),
    Case(F + "kl_div", divergence, **NEAR),
    Case(F + "hinge_embedding_loss", signed, constant=(1,), **NEAR),
    Case(F + "soft_margin_loss", signed, constant=(1,), **NEAR),
    Case(F + "margin_ranking_loss", ranking, constant=(2,), **NEAR),
    Case(F + "poisson_nll_loss", counts, **NEAR),
    Case(F + "gaussian_nll_loss", gaussian, **NEAR),
    Case(F + "triplet_margin_loss", triplet, **NEAR),
    Case("pairwise_distance", two, **NEAR),
    Case("cosine_similarity", similarity, **NEAR),
    Case(F + "cosine_embedding_loss", embedded, constant=(2,), **NEAR),
)

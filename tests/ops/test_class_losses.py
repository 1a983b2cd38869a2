"""Losses over classes beside the oracle: what is refused, and gradients of weights."""

import pytest

import tensorlab as tl
from tensorlab.autograd.check import gradcheck
from tensorlab.errors import RangeError, ShapeError

F = tl.nn.functional


@pytest.mark.parametrize("target", [[0, 3], [-1, 0], [1, -100, 7]])
def test_a_target_that_is_no_class_is_refused(target):
    logged = tl.zeros(len(target), 3)
    wrong = next(t for t in target if t != -100 and not 0 <= t < 3)
    for _ in range(2):
        with pytest.raises(RangeError) as caught:
            F.nll_loss(logged, tl.tensor(target))
        assert str(caught.value) == f"nll_loss: Target {wrong} is out of bounds; takes classes from 0 to 2"


def test_what_is_ignored_may_be_any_number():
    logged = tl.tensor([[-1.0, -2.0], [-3.0, -4.0]])
    assert F.nll_loss(logged, tl.tensor([1, -7]), ignore_index=-7).item() == 2
    assert F.nll_loss(logged, tl.tensor([1, 0]), ignore_index=0).item() == 2
    assert F.nll_loss(logged, tl.tensor([1, 0]), ignore_index=0, reduction="none").tolist() == [2, 0]


def test_a_shape_is_refused_after_one_that_fits():
    assert F.nll_loss(tl.zeros(2, 3), tl.tensor([0, 1])).item() == 0
    with pytest.raises(ShapeError):
        F.nll_loss(tl.zeros(2, 3), tl.tensor([0, 1, 2]))


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_gradients_of_weights(reduction):
    def loss(a, w):
        return F.nll_loss(a, tl.tensor([2, 0, 1, 2]), w, ignore_index=1, reduction=reduction)

    tl.manual_seed(3)
    a = tl.randn(4, 3, dtype=tl.float64).requires_grad_()
    w = (tl.rand(3, dtype=tl.float64) + 0.5).requires_grad_()
    assert gradcheck(loss, (a, w))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_second_derivatives_with_weights(reduction):
    target = tl.tensor([2, 0, 1, 2])

    def slope(a, w):
        loss = F.nll_loss(a * a, target, w * w, ignore_index=1, reduction=reduction)
        return _slopes(loss, a, w)

    tl.manual_seed(3)
    a = tl.randn(4, 3, dtype=tl.float64).requires_grad_()
    w = (tl.rand(3, dtype=tl.float64) + 0.5).requires_grad_()
    assert gradcheck(slope, (a, w))


def _slopes(loss, a, w):
    of_a, of_w = tl.autograd.grad(loss, (a, w), create_graph=True)
    return (of_a * of_a).sum() + (of_w * of_w).sum()

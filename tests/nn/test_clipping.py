"""Clipping of gradients, and parameters as one vector."""

from __future__ import annotations

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError, GradError, ShapeError
from tensorlab.nn import utils

SHAPES = [(3, 4), (), (5,), (0, 2)]


def _twins(torch, factor=1.0):
    values = [np.random.default_rng(k).standard_normal(s) * factor for k, s in enumerate(SHAPES)]
    own, theirs = [tl.nn.Parameter(tl.tensor(v)) for v in values], [torch.nn.Parameter(torch.tensor(v)) for v in values]
    for p, q, v in zip(own, theirs, values, strict=True):
        p.grad, q.grad = tl.tensor(v * 2), torch.tensor(v * 2)
    return [*own, tl.nn.Parameter(tl.ones(2))], [*theirs, torch.nn.Parameter(torch.ones(2))]


def _check_gradients(own, theirs):
    for p, q in zip(own, theirs, strict=True):
        assert (p.grad is None) == (q.grad is None)
        if p.grad is not None:
            np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-12)


@pytest.mark.torch
@pytest.mark.parametrize("factor", [0.001, 1.0, 100.0])
@pytest.mark.parametrize("norm_type", [2.0, 1, 3.5, "inf"])
def test_norm(norm_type, factor) -> None:
    torch = pytest.importorskip("torch")
    own, theirs = _twins(torch, factor)
    if norm_type == "inf":  # which has none for no elements
        own, theirs = own[:3], theirs[:3]
    mine = utils.clip_grad_norm_(iter(own), 1.5, norm_type)
    other = torch.nn.utils.clip_grad_norm_(theirs, 1.5, float(norm_type))
    np.testing.assert_allclose(mine.item(), other.item(), rtol=1e-12)
    assert (mine.dtype.name, tuple(mine.shape)) == ("float64", ())
    _check_gradients(own, theirs)
    total = utils.get_total_norm([p.grad for p in own if p.grad is not None], norm_type)
    assert total.item() == pytest.approx(min(other.item(), 1.5), rel=1e-5)


@pytest.mark.torch
def test_value() -> None:
    torch = pytest.importorskip("torch")
    own, theirs = _twins(torch)
    utils.clip_grad_value_(own, 0.5)
    torch.nn.utils.clip_grad_value_(theirs, 0.5)
    _check_gradients(own, theirs)
    utils.clip_grad_value_(own[0], 0.25)
    assert own[0].grad.abs().max().item() == 0.25


def test_norms_that_are_no_numbers() -> None:
    p = tl.nn.Parameter(tl.ones(2))
    p.grad = tl.tensor([1.0, float("inf")])
    with pytest.raises(GradError) as caught:
        utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)
    assert str(caught.value) == (
        "The total norm of order 2.0 for gradients from `parameters` is non-finite, so it cannot be clipped. To "
        "disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
    )
    assert p.grad.tolist() == [1.0, float("inf")]
    assert utils.clip_grad_norm_(p, 1.0).item() == float("inf")


def test_nothing_to_clip() -> None:
    p = tl.nn.Parameter(tl.ones(2))
    assert utils.clip_grad_norm_([p], 1.0).item() == 0.0
    with pytest.warns(UserWarning, match="is an empty generator, no gradient clipping will occur"):
        utils.clip_grad_norm_((q for q in ()), 1.0)


def test_one_vector() -> None:
    model = tl.nn.Linear(3, 2)
    vector = utils.parameters_to_vector(model.parameters())
    assert vector.requires_grad
    assert vector.tolist() == [*model.weight.flatten().tolist(), *model.bias.tolist()]
    ramp = tl.arange(8.0)
    utils.vector_to_parameters(ramp, model.parameters())
    assert model.weight.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert model.bias.tolist() == [6.0, 7.0]
    ramp[0] = 9.0
    assert model.weight[0, 0].item() == 9.0
    with pytest.raises(ShapeError) as caught:
        utils.vector_to_parameters(tl.ones(7), model.parameters())
    assert str(caught.value) == "vector_to_parameters: the parameters have 8 elements, the vector 7"
    with pytest.raises(ArgumentError) as caught_too:
        utils.vector_to_parameters([1.0], model.parameters())
    assert str(caught_too.value) == "vector_to_parameters: takes a Tensor, got list"

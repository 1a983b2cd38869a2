"""Compiled functions on the tape: they are differentiable, by the same operations one by one."""

import numpy as np
import pytest

import tensorlab as tl


def chain(x, w):
    y = (x * w).tanh() + x
    return (y[:1].sum(0) * 2).exp()


@pytest.fixture
def tensors():
    x = tl.tensor(np.linspace(-1, 1, 6).reshape(2, 3), requires_grad=True)
    return x, tl.tensor([0.5, -1.0, 2.0], dtype=tl.float64, requires_grad=True)


def expected(x, w):
    return tl.autograd.grad(chain(x, w).sum(), [x, w])


@pytest.mark.parametrize("compile_", ["trace", "script"])
def test_gradients_flow_through_compiled_functions(compile_, tensors):
    x, w = tensors
    if compile_ == "trace":
        f = tl.jit.trace(chain, (x.detach(), w.detach()))
    else:
        f = tl.jit.script(chain)
    assert not f(x.detach(), w.detach()).requires_grad
    result = f(x, w)
    assert result.requires_grad
    for mine, reference in zip(tl.autograd.grad(result.sum(), [x, w]), expected(x, w), strict=True):
        np.testing.assert_allclose(mine.numpy(), reference.numpy())
    with tl.no_grad():
        assert not f(x, w).requires_grad
        np.testing.assert_allclose(f(x, w).numpy(), result.detach().numpy())


def test_parameters_that_a_trace_captured_get_gradients():
    layer = tl.nn.Linear(3, 2)
    x = tl.ones(4, 3)
    f = tl.jit.trace(lambda x: layer(x).relu(), (x,), check_trace=False)
    f(x).sum().backward()
    found = layer.weight.grad.clone()
    layer.zero_grad()
    layer(x).relu().sum().backward()
    np.testing.assert_allclose(found.numpy(), layer.weight.grad.numpy())
    with tl.no_grad():
        np.testing.assert_allclose(f(x).numpy(), layer(x).relu().numpy(), rtol=1e-6)


def test_control_flow_is_differentiated_as_it_ran():
    @tl.jit.script
    def powers(x: tl.Tensor, n: int):
        y = x
        for _ in range(n):
            if bool(y.sum() > 0):
                y = y * x
        return y

    x = tl.tensor([2.0], dtype=tl.float64, requires_grad=True)
    powers(x, 3).backward()
    assert x.grad.tolist() == [32.0]

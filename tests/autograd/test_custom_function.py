"""Functions with a derivative of their own, and checkpoints."""

import pytest

import tensorlab as tl
from tensorlab.autograd.checkpoint import checkpoint


class Scale(tl.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        ctx.save_for_backward(x)
        return x * factor

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        assert ctx.needs_input_grad == (True, False)
        return g * ctx.factor + 0 * x, None


class SplitInTwo(tl.autograd.Function):
    @staticmethod
    def forward(x):
        return x * 2, x.clone()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.mark_non_differentiable(output[1])

    @staticmethod
    def backward(ctx, first, second):
        assert second is None or second.tolist() == [0.0]
        return first * 2


class Twice(tl.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        x.mul_(2)
        return x

    @staticmethod
    def backward(ctx, g):
        return g * 2


class Cube(tl.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x**2


def leaf(*values):
    return tl.tensor(list(values), dtype=tl.float64, requires_grad=True)


def test_forward_and_backward_of_ones_own():
    x = leaf(1.0, 2.0)
    y = Scale.apply(x, 3)
    assert repr(y.grad_fn).startswith("<ScaleBackward object")
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
    assert not Scale.apply(tl.ones(2), 3).requires_grad


def test_setup_context_and_results_without_gradient():
    x = leaf(1.0)
    a, b = SplitInTwo.apply(x)
    assert (a.requires_grad, b.requires_grad) == (True, False)
    a.backward()
    assert x.grad.tolist() == [2.0]


def test_dirty_arguments_get_the_history():
    x = leaf(1.0)
    y = x * 3
    z = Twice.apply(y)
    assert z is y
    y.backward()
    assert x.grad.tolist() == [6.0]
    with pytest.raises(tl.TensorlabError, match="a leaf Variable that requires grad is being used in an in-place"):
        Twice.apply(x)


def test_second_derivatives_go_through_backward():
    x = leaf(2.0)
    (first,) = tl.autograd.grad(Cube.apply(x), x, create_graph=True)
    (second,) = tl.autograd.grad(first, x)
    assert (first.tolist(), second.tolist()) == ([12.0], [12.0])
    assert tl.autograd.gradcheck(Cube.apply, [x])
    assert tl.autograd.gradgradcheck(Cube.apply, [x])


def test_gradcheck_finds_a_wrong_derivative():
    class Wrong(Cube):
        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 2 * x**2

    with pytest.raises(
        tl.TensorlabError, match=r"^gradcheck: the gradient of input 0 at \[0\] is 9\.09569, differences say 13\.6435"
    ):
        tl.autograd.gradcheck(Wrong.apply, [tl.tensor([2.0], dtype=tl.float64, requires_grad=True)], atol=0, rtol=1e-3)


def test_saved_tensors_are_freed_and_watched():
    x = leaf(2.0)
    y = Cube.apply(x)
    y.backward()
    with pytest.raises(tl.TensorlabError, match="a second time"):
        y.backward()
    y = Cube.apply(x)
    with tl.no_grad():
        x.add_(1)
    with pytest.raises(tl.TensorlabError, match="modified by an inplace operation"):
        y.backward()


def test_a_wrong_number_of_gradients_is_told():
    class Short(Scale):
        @staticmethod
        def backward(ctx, g):
            return g

    with pytest.raises(tl.TensorlabError, match=r"^Short\.backward: got 1 gradients; takes one for each of the 2"):
        Short.apply(leaf(1.0), 2).backward()


def test_a_function_without_forward_says_so():
    class Empty(tl.autograd.Function):
        pass

    with pytest.raises(tl.TensorlabError, match=r"^Function: forward is missing"):
        Empty.apply(leaf(1.0))


def test_a_checkpoint_gives_the_same_and_saves_less():
    weight = leaf(0.5, -0.5)

    def layers(x):
        for _ in range(4):
            x = (x * weight).tanh()
        return x

    x = leaf(1.0, 2.0)
    layers(x).sum().backward()
    expected = x.grad.tolist(), weight.grad.tolist()
    x.grad = weight.grad = None
    y = checkpoint(layers, x)
    assert len(tl.autograd.graph.nodes(y)) == 2  # its own node, and x
    y.sum().backward()
    assert (x.grad.tolist(), weight.grad.tolist()) == expected


def test_a_checkpoint_takes_what_can_be_called():
    with pytest.raises(tl.TensorlabError, match=r"^checkpoint: argument 'function' takes what can be called, got int$"):
        checkpoint(3, leaf(1.0))

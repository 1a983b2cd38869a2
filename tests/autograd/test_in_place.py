"""Writes on the tape: histories that are rebased, saved tensors that were written over, and what is refused."""

import numpy as np
import pytest

import tensorlab as tl

torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")

START = np.arange(1.0, 7.0).reshape(2, 3)


def base_then_view(t, x):
    y = x * 2
    v = y[0]
    y.mul_(3)
    return (v * v).sum() + y.sum()


def view_then_base(t, x):
    y = x * 2
    y[0].mul_(5)
    return (y * y).sum()


def slice_of_slice(t, x):
    y = x * 1
    y[:, 1:][1].exp_()
    return (y * y).sum()


def two_views(t, x):
    y = x * 1
    a, b = y[0], y[:, 1]
    a.mul_(x[1])
    b.add_(x[:, 0])
    return (y * y).sum() + (a * b[0]).sum() + b.sum()


def into_zeros(t, x):
    out = t.zeros(2, 3, dtype=t.float64)
    other = out[1]
    out[0] = x[0] * 2
    out[1, 1:] = x[1, :2]
    return (out * out).sum() + (other * 3).sum()


def transposed(t, x):
    y = x * 1
    y.t().mul_(t.arange(3.0, dtype=t.float64)[:, None])
    return (y * y).sum()


def filled(t, x):
    y = x * 2
    y[0].fill_(7)
    y[1, 0].zero_()
    return (y * y).sum()


def copied(t, x):
    y = t.zeros(2, 3, dtype=t.float64)
    y.copy_(x)
    y.mul_(x)
    return y.sum()


def augmented(t, x):
    y = x * 1
    y[0] += x[1]
    y *= x
    return y.sum()


def needs_old_value(t, x):
    y = x * 1
    y.mul_(x)
    y.pow_(2)
    y.div_(x)
    return y.sum()


def masked(t, x):
    y = x * 1
    y[y > 2] = 0.5
    y[[0, 1], [0, 2]] += x[0, :2]
    return (y * y * x).sum()


def reshaped(t, x):
    y = x * 1
    y.view(-1)[2:4].mul_(10)
    y.reshape(3, 2)[0].add_(x[0, :2])
    return (y * x).sum()


def expanded_source(t, x):
    y = x * 1
    y.mul_(x[0].expand(2, 3))
    y.add_(x[:, :1])
    return (y * y).sum()


def expanded(t, x):
    y = x * 1
    v = y[:, :1].expand(2, 4)
    y.mul_(x)
    return (v**3 * t.arange(8, dtype=t.float64).reshape(2, 4)).sum()


def overlapping(t, x):
    y = x * 2
    v, w = y.unfold(1, 2, 1), y.as_strided((3, 3), (1, 1))
    y.mul_(x)
    return (v**2).sum() + (w * w * t.arange(9, dtype=t.float64).reshape(3, 3)).sum()


PROGRAMS = [
    *(base_then_view, view_then_base, slice_of_slice, two_views, into_zeros, transposed, filled, copied, augmented),
    *(needs_old_value, masked, reshaped, expanded_source, expanded, overlapping),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_writes_have_the_gradients_of_torch(program):
    x, y = tl.tensor(START, requires_grad=True), torch.tensor(START, requires_grad=True)
    mine, theirs = program(tl, x), program(torch, y)
    assert float(mine.detach()) == pytest.approx(float(theirs.detach()))
    mine.backward()
    theirs.backward()
    np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy())


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_writes_have_second_derivatives(program):
    x, y = tl.tensor(START, requires_grad=True), torch.tensor(START, requires_grad=True)
    found = []
    for t, leaf in ((tl, x), (torch, y)):
        (first,) = t.autograd.grad(program(t, leaf), leaf, create_graph=True)
        found.append(t.autograd.grad((first * first).sum(), leaf)[0].numpy() if first.requires_grad else None)
    if found[1] is not None:
        np.testing.assert_allclose(found[0], found[1])


def refused(t):
    """Each gives the error of one library."""
    x = t.ones(3, requires_grad=True)

    def leaf():
        x.mul_(2)

    def view_of_leaf():
        x[0].mul_(2)

    def several():
        a, _ = (x * 2).split([1, 2])
        a.mul_(2)

    def unbound():
        (x * 2).unbind(0)[1].add_(1)

    def made_in_no_grad():
        y = x * 2
        with t.no_grad():
            v = y[0]
        v.mul_(2)

    def copy_into_view_of_leaf():
        x[:2].copy_(x[1:] * 2)

    return leaf, view_of_leaf, several, unbound, made_in_no_grad, copy_into_view_of_leaf


@pytest.mark.parametrize("k", range(6))
def test_what_torch_refuses_is_refused_in_its_words(k):
    with pytest.raises(RuntimeError) as theirs:
        refused(torch)[k]()
    with pytest.raises(tl.TensorlabError) as mine:
        refused(tl)[k]()
    words = str(mine.value).partition(": ")[2]
    assert words.split(" of ")[0] == str(theirs.value).split(" of ")[0]
    assert words.split(". ")[-1] == str(theirs.value).split(". ")[-1]


def test_a_saved_tensor_that_is_written_over_is_told_of_with_both_lines():
    x = tl.ones(3, requires_grad=True)
    y = x * 2
    z = y * y
    y.add_(1)
    with pytest.raises(tl.TensorlabError) as caught:
        z.sum().backward()
    text = str(caught.value)
    assert text.startswith(
        "backward: one of the variables needed for gradient computation has been modified by an inplace operation: "
        "[tensorlab.FloatTensor [3]], which is output 0 of MulBackward0, is at version 1; expected version 0 instead."
    )
    saved, line, changed, other = text.splitlines()[1:5]
    assert saved.startswith("  MulBackward0 saved it: ")
    assert line.strip() == "z = y * y"
    assert changed.startswith("  it was changed first: ")
    assert other.strip() == "y.add_(1)"


def test_a_leaf_changed_under_no_grad_is_noticed_too():
    x = tl.ones(3, requires_grad=True)
    y = (x * x).sum()
    with tl.no_grad():
        x.add_(1)
    with pytest.raises(tl.TensorlabError, match="is at version 1; expected version 0 instead"):
        y.backward()


def test_a_write_that_nobody_saved_is_fine():
    x = tl.ones(3, requires_grad=True)
    y = x * 2
    z = y + 1
    y.add_(1)
    (z.sum() + y.sum()).backward()
    assert x.grad.tolist() == [4.0, 4.0, 4.0]


def test_writes_under_no_grad_leave_history_alone():
    x = tl.ones(3, requires_grad=True)
    with tl.no_grad():
        x.mul_(3)
        x[0] = 7
    assert x.tolist() == [7.0, 3.0, 3.0]
    assert x.is_leaf
    assert x._version == 2


def test_other_views_of_a_base_that_gets_a_history_have_one():
    x = tl.ones(2, requires_grad=True)
    base = tl.zeros(4)
    other = base[1:3]
    assert not other.requires_grad
    base[:2].copy_(x)
    assert base.requires_grad
    assert other.requires_grad
    other.sum().backward()
    assert x.grad.tolist() == [0.0, 1.0]


def test_versions_are_shared_by_views():
    x = tl.zeros(4)
    v = x[1:]
    v.add_(1)
    x.mul_(2)
    assert (x._version, v._version, x.detach()._version) == (2, 2, 2)

"""The second call with the same layouts goes by a short cut, and leaves the same tape behind as the first."""

import gc
import inspect
import weakref

import pytest

import tensorlab as tl


def leaf(*values):
    return tl.tensor(list(values), dtype=tl.float64, requires_grad=True)


PROGRAMS = {
    "both": lambda x, y: x * y,
    "first": lambda x, y: x * y.detach(),
    "second": lambda x, y: x.detach() / y,
    "number": lambda x, y: (x**3.0) * 2 - y,
    "option": lambda x, y: tl.add(x, y, alpha=3),
    "result": lambda x, y: tl.exp(x) * y.sigmoid(),
    "chosen": lambda x, y: tl.maximum(x, y),
    "views": lambda x, y: (x * 1)[1:] * y[:-1],
    "broadcast": lambda x, y: x[:, None] + y,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_gradients_and_names_are_those_of_the_first_call(program):
    found = []
    for _ in range(3):
        x, y = leaf(1.0, 2.0, 3.0), leaf(0.5, 4.0, -1.0)
        z = program(x, y)
        z.sum().backward()
        grads = [None if t.grad is None else t.grad.tolist() for t in (x, y)]
        found.append((z.tolist(), grads, [n.name for n in tl.autograd.graph.nodes(z)]))
    assert found[0] == found[1] == found[2]


def test_the_node_knows_the_users_line():
    x = leaf(1.0)
    for _ in range(2):
        y = x + x
        line = inspect.currentframe().f_lineno - 1
        assert str(y.grad_fn.place) == f"{__file__}, line {line}"
        z = tl.nn.functional.softsign(x)  # made of operations, inside the package
        line = inspect.currentframe().f_lineno - 1
        assert str(z.grad_fn.place) == f"{__file__}, line {line}"


def test_nothing_is_left_where_nothing_flows():
    x, y = leaf(1.0), tl.tensor([2.0], dtype=tl.float64)
    for _ in range(2):
        assert (x < y).grad_fn is None
        assert (x.detach() + y).grad_fn is None
        with tl.no_grad():
            assert not (x + y).requires_grad
            assert not (-x).requires_grad
        assert (x + y).grad_fn.name == "AddBackward0"
        x.requires_grad_(False)
        assert (x + y).grad_fn is None
        x.requires_grad_()


def test_parameters_take_the_short_cut_as_tensors_do():
    p = tl.nn.Parameter(tl.ones(2))
    for _ in range(2):
        y = p * p + 1.0
        assert type(y) is tl.Tensor
        p.grad = None
        y.sum().backward()
        assert p.grad.tolist() == [2.0, 2.0]


def test_a_write_after_a_short_cut_is_seen():
    for _ in range(2):
        x = leaf(1.0, 2.0)
        y = x * 1
        z = y * y
        y.add_(1)
        with pytest.raises(tl.TensorlabError, match="modified by an inplace operation"):
            z.sum().backward()


def test_a_leaf_that_left_the_tape_gets_nothing():
    x = leaf(1.0)
    y = x * 2
    x.detach_()
    y.backward()
    assert x.grad is None


def test_gradients_are_accumulated_by_one_node_a_leaf():
    x = leaf(3.0)
    y = x * x + x
    (mul, _), (last, _) = y.grad_fn.next_functions
    assert mul.next_functions[0][0] is mul.next_functions[1][0] is last
    calls = []
    x.register_post_accumulate_grad_hook(lambda t: calls.append(t.grad.tolist()))
    y.backward()
    assert calls == [[7.0]]


def test_nodes_die_with_their_tensors():
    gc.disable()
    try:
        x = leaf(1.0)
        for _ in range(2):
            y = tl.exp(x + x)
            dead = [weakref.ref(n) for n in tl.autograd.graph.nodes(y)]
            del y
            assert [d() for d in dead] == [None] * 3
    finally:
        gc.enable()


@pytest.mark.parametrize("again", [False, True], ids=["first", "again"])
def test_views_know_how_they_were_made(again):
    base = tl.ones(2, 3, requires_grad=True) * 1
    base.mul_(2)
    if again:
        base.t()
    view = base.t()
    assert (view.grad_fn.name, view._base is base) == ("TBackward0", True)
    assert view.grad_fn.place.code.co_name == "test_views_know_how_they_were_made"
    base.mul_(3)
    assert view.grad_fn.name == "AsStridedBackward0"
    with tl.no_grad():
        unseen = base.t()
    assert not unseen.requires_grad
    with pytest.raises(tl.TensorlabError, match="A view was created in no_grad mode and is being modified inplace"):
        unseen.mul_(2)


def test_views_of_views_that_nobody_saw_made_have_no_history():
    with tl.no_grad():
        view = (tl.ones(2, 3, requires_grad=True) * 1).t()
    for _ in range(2):
        assert view.t().grad_fn is None

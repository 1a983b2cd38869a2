"""Calls of compiled functions as nodes of the tape: what is saved, hooks, second order, errors, threads."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from gradient_cases import PROGRAMS, compiled, gradients, leaves, weighted

import tensorlab as tl
from tensorlab.errors import GradError, RunError


def test_a_call_is_let_go_without_a_collection():
    fused = compiled(lambda a: (a * a).tanh().sum(), (3,))
    y = fused(*leaves((3,)))
    node = weakref.ref(y.grad_fn)
    gc.disable()
    try:
        y.backward()
        del y
        assert node() is None
    finally:
        gc.enable()


def test_threads_share_a_function():
    fused = compiled(lambda a, b: (a * b).tanh(), (3,), (3,))
    expected = gradients(lambda a, b: (a * b).tanh(), leaves((3,), (3,)))

    def work(_):
        return [gradients(fused, leaves((3,), (3,))) for _ in range(20)]

    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(work, range(4)):
            for each in found:
                np.testing.assert_allclose(each, expected)


def test_results_without_gradients_give_none_to_what_they_alone_depend_on():
    fused = compiled(lambda a, b: (a * 2, b * b, a + b), (3,), (3,))
    a, b = leaves((3,), (3,))
    fused(a, b)[0].sum().backward()
    assert b.grad is None
    np.testing.assert_array_equal(a.grad.numpy(), [2, 2, 2])
    fused(a, b)[1].sum().backward()
    np.testing.assert_array_equal(b.grad.numpy(), (2 * b).detach().numpy())
    np.testing.assert_array_equal(a.grad.numpy(), [2, 2, 2])
    found = fused.gradient_program(a, b).backwards
    assert sorted(found) == [(False, True, False), (True, False, False), (True, True, True)]


def test_results_that_are_no_floats_have_no_history():
    fused = compiled(lambda a: (a * 2, (a > 1).to(tl.int64)), (3,))
    y, n = fused(*leaves((3,)))
    assert y.requires_grad and not n.requires_grad and n.dtype is tl.int64


def test_gradients_add_up_over_calls():
    fused = compiled(lambda a: (a * a).sum(), (3,))
    (a,) = leaves((3,))
    fused(a).backward()
    fused(a).backward()
    np.testing.assert_allclose(a.grad.numpy(), 4 * a.detach().numpy())


def test_one_tensor_as_two_inputs():
    fused = compiled(lambda a, b: a * b.exp(), (3,), (3,))
    (a,) = leaves((3,))
    found = gradients(lambda a: fused(a, a), [a])
    np.testing.assert_allclose(found, gradients(lambda a: a * a.exp(), [a]))


def test_retain_graph_and_the_second_time_without():
    fused = compiled(lambda a: (a.tanh() * a).sum(), (3,))
    (a,) = leaves((3,))
    y = fused(a)
    y.backward(retain_graph=True)
    once = a.grad.clone()
    y.backward()
    np.testing.assert_allclose(a.grad.numpy(), 2 * once.numpy())
    with pytest.raises(GradError) as error:
        y.backward()
    start, place = str(error.value).rsplit("\n", 1)
    assert start == (
        "backward: Trying to backward through the graph a second time (or directly access saved tensors after they "
        "have already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
        "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if you "
        "need to access saved tensors after calling backward."
    )
    assert place.startswith(f"  tracedBackward was made at {__file__}, line ")


@pytest.mark.parametrize("what", ["input", "result"])
def test_a_saved_tensor_that_was_written_to_is_told_with_both_lines(what):
    fused = compiled(lambda a, b: (a * b).tanh(), (3,), (3,))
    a, b = leaves((3,), (3,), needs=(True, False))
    y = fused(a, b)
    if what == "input":
        b += 1
    else:
        with tl.no_grad():
            y += 1
    with pytest.raises(GradError) as error:
        y.sum().backward()
    lines = str(error.value).splitlines()
    came = "" if what == "input" else ", which is output 0 of tracedBackward,"
    assert lines[0] == (
        "backward: one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[tensorlab.DoubleTensor [3]]{came} is at version 1; expected version 0 instead."
    )
    assert lines[1].startswith(f"  tracedBackward saved it: {__file__}, line ")
    assert lines[2] == "      y = fused(a, b)"
    assert lines[3].startswith(f"  it was changed first: {__file__}, line ")
    assert lines[4] == ("      b += 1" if what == "input" else "      y += 1")


def test_a_write_to_what_backwards_does_not_take_is_allowed():
    fused = compiled(lambda a, b: (a + b).tanh(), (3,), (3,))
    a, b = leaves((3,), (3,), needs=(True, False))
    y = fused(a, b)
    b += 1
    y.sum().backward()
    np.testing.assert_allclose(a.grad.numpy(), 1 - y.detach().numpy() ** 2)


def test_results_may_be_written_to():
    fused = compiled(lambda a: a * 2, (3,))
    (a,) = leaves((3,))
    y = fused(a)
    y.mul_(a)
    y.sum().backward()
    np.testing.assert_allclose(a.grad.numpy(), 4 * a.detach().numpy())


def test_without_gradients_nothing_is_written_down():
    fused = compiled(lambda a: a.exp(), (3,))
    (a,) = leaves((3,))
    with tl.no_grad():
        assert not fused(a).requires_grad
    assert not fused(a.detach()).requires_grad
    assert fused(a).requires_grad


@pytest.mark.parametrize("name", ["pointwise", "broadcast", "softmax", "matmul", "mlp", "several"])
def test_second_order_is_that_of_eager_mode(name):
    function, shapes = PROGRAMS[name]

    def penalty(f, inputs):
        found = tl.autograd.grad(weighted(f(*inputs)), inputs, create_graph=True)
        return tl.autograd.grad(sum((g.sin() * g).sum() for g in found), inputs, allow_unused=True)

    fused = compiled(function, *shapes)
    expected = penalty(function, leaves(*shapes))
    for mine, reference in zip(penalty(fused, leaves(*shapes)), expected, strict=True):
        assert (mine is None) == (reference is None)
        if mine is not None:
            np.testing.assert_allclose(mine.numpy(), reference.numpy(), rtol=1e-9, atol=1e-12)


def test_second_order_where_one_input_came_from_another():
    fused = compiled(lambda a, b: (a * b * b).exp(), (3,), (3,))

    def twice(f):
        (a,) = leaves((3,))
        (g,) = tl.autograd.grad(f(a, a.sin()).sum(), a, create_graph=True)
        return tl.autograd.grad((g * g).sum(), a)[0].numpy()

    np.testing.assert_allclose(twice(fused), twice(lambda a, b: (a * b * b).exp()), rtol=1e-10)


def test_hooks_see_what_flows_through():
    fused = compiled(lambda a, b: a * b, (3,), (3,))
    a, b = leaves((3,), (3,))
    seen = {}
    inner = a * 1
    inner.register_hook(lambda g: seen.update(input=g.numpy().copy()))
    y = fused(inner, b)
    y.register_hook(lambda g: g * 3)
    y.retain_grad()
    b.register_hook(lambda g: g + 1)
    handle = y.grad_fn.register_hook(lambda inputs, outputs: seen.update(node=len(inputs)))
    y.sum().backward()
    handle.remove()
    np.testing.assert_allclose(seen["input"], 3 * b.detach().numpy())
    np.testing.assert_allclose(b.grad.numpy(), 3 * a.detach().numpy() + 1)
    assert seen["node"] == 2


def test_an_error_of_a_run_shows_the_users_line():
    def rows(table, places):
        return table[places].exp()

    table, places = leaves((3, 2))[0], tl.tensor([0, 2])
    wrong = tl.tensor([0, 3])
    for first in (wrong, places):
        fused = tl.jit.trace(rows, (table.detach(), places))
        for given in (first, places, wrong):
            if given is places:
                fused(table, given).sum().backward()
                continue
            with pytest.raises(RunError) as error:
                fused(table, given)
            assert "return table[places].exp()" in str(error.value)
        assert [p.refused for p in fused.gradient_programs] == [""]


def test_tables_of_the_tape_show_the_call_as_one_node():
    fused = compiled(lambda a, b: (a * b).tanh(), (3,), (3,))
    node = fused(*leaves((3,), (3,))).grad_fn
    assert node.name == "tracedBackward"
    assert [n.name for n, _ in node.next_functions] == ["AccumulateGrad", "AccumulateGrad"]

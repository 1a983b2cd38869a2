"""The backward pass: what accumulates, what is freed, what is captured, how long a chain may be."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import tensorlab as tl


def leaf(*values, dtype=None):
    return tl.tensor(list(values), dtype=dtype or tl.float64, requires_grad=True)


def test_gradients_add_up_over_passes_and_paths():
    x = leaf(1.0, 2.0)
    y = x * x + x * 3
    y.sum().backward(retain_graph=True)
    assert x.grad.tolist() == [5.0, 7.0]
    y.sum().backward()
    assert x.grad.tolist() == [10.0, 14.0]


def test_a_gradient_is_the_leafs_own():
    x = leaf(1.0, 2.0)
    g = tl.tensor([1.0, 1.0], dtype=tl.float64)
    (x + 0).backward(g)
    x.grad.add_(5)
    assert g.tolist() == [1.0, 1.0]
    a, b = leaf(1.0), leaf(2.0)
    (a + b).backward()
    a.grad.add_(1)
    assert b.grad.tolist() == [1.0]
    (a + b).backward()
    assert (a.grad.tolist(), b.grad.tolist()) == ([3.0], [2.0])


def test_a_chain_of_ten_thousand_operations_does_not_recurse():
    x = leaf(1.0)
    y = x
    for _ in range(10_000):
        y = y + 0
    y.backward()
    assert x.grad.tolist() == [1.0]
    del y  # nor does letting it go


def test_saved_tensors_go_as_the_pass_goes():
    x = leaf(*range(100))
    a = x.exp()
    b = a.exp()
    held = [weakref.ref(t.storage()) for t in (a, b)]
    seen = []
    a.register_hook(lambda g: seen.append([r() is not None for r in held]))
    total = b.sum()
    del a, b
    total.backward()
    gc.collect()
    assert seen == [[True, False]]  # b's node has run and let its result go; a's has not
    assert [r() for r in held] == [None, None]


def test_a_second_pass_needs_retain_graph():
    x = leaf(3.0)
    y = x * x
    y.backward()
    with pytest.raises(tl.TensorlabError, match="backward through the graph a second time") as caught:
        y.backward()
    assert "MulBackward0 was made at" in str(caught.value)
    assert "test_engine.py, line" in str(caught.value)
    z = x * 2  # saves no tensor
    z.backward()
    z.backward()


def test_backward_of_what_has_no_history_is_refused():
    with pytest.raises(tl.TensorlabError, match=r"^backward: element 0 of tensors does not require grad"):
        tl.ones(1).backward()
    x = leaf(1.0, 2.0)
    with pytest.raises(tl.TensorlabError, match="grad can be implicitly created only for scalar outputs"):
        (x * 2).backward()
    with pytest.raises(tl.TensorlabError, match="Mismatch in shape"):
        (x * 2).backward(tl.ones(3))


def test_grad_leaves_grads_alone_and_knows_what_is_unused():
    x, y = leaf(2.0), leaf(3.0)
    (found,) = tl.autograd.grad(x**3, x)
    assert found.tolist() == [12.0]
    assert x.grad is None
    with pytest.raises(tl.TensorlabError, match="index 1 appears to not have been used"):
        tl.autograd.grad(x * 2, [x, y])
    assert tl.autograd.grad(x * 2, [x, y], allow_unused=True)[1] is None
    assert tl.autograd.grad(x * 2, [x, y], materialize_grads=True)[1].tolist() == [0.0]
    with pytest.raises(tl.TensorlabError, match="does not require grad"):
        tl.autograd.grad(x * 2, tl.ones(1))


def test_grad_of_what_is_no_leaf_stops_there():
    x = leaf(2.0)
    y = x * 3
    z = y * y
    assert tl.autograd.grad(z, y, retain_graph=True)[0].tolist() == [12.0]
    assert tl.autograd.grad(z, [x, y])[0].tolist() == [36.0]


def test_second_and_third_derivatives():
    x = leaf(2.0)
    y = x**4
    for expected in (32.0, 48.0, 48.0):
        (y,) = tl.autograd.grad(y, x, create_graph=True)
        assert y.tolist() == [pytest.approx(expected)]


def test_backward_with_inputs_leaves_other_leaves_alone():
    x, y = leaf(2.0), leaf(3.0)
    (x * y).backward(inputs=[x])
    assert x.grad.tolist() == [3.0]
    assert y.grad is None


def test_hooks_see_and_replace_gradients():
    x = leaf(1.0, 2.0)
    y = x * 2
    seen = []
    handle = y.register_hook(lambda g: seen.append(g.tolist()))
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    y.sum().backward(retain_graph=True)
    assert seen == [[1.0, 1.0]]
    assert x.grad.tolist() == [21.0, 21.0]
    handle.remove()
    y.sum().backward()
    assert len(seen) == 1
    with pytest.raises(tl.TensorlabError, match="doesn't require gradient"):
        tl.ones(1).register_hook(print)


def test_hooks_of_a_leaf_live_with_the_leaf():
    x = leaf(1.0)
    calls = []
    x.register_hook(lambda g: calls.append("before"))
    x.register_post_accumulate_grad_hook(lambda t: calls.append(t.grad.tolist()))
    gc.collect()
    (x * 2).backward()
    assert calls == ["before", [2.0]]


def test_hooks_of_a_node():
    x = leaf(1.0)
    y = x * 3
    y.grad_fn.register_prehook(lambda grads: (grads[0] * 2,))
    y.grad_fn.register_hook(lambda into, out: (into[0] + out[0], *into[1:]))
    y.backward()
    assert x.grad.tolist() == [8.0]


def test_retain_grad():
    x = leaf(1.0)
    y = x * 2
    y.retain_grad()
    assert y.retains_grad
    (y * 3).backward()
    assert y.grad.tolist() == [3.0]
    assert not y.is_leaf


def test_results_that_nothing_flows_back_through():
    x = leaf(3.0, 1.0, 2.0)
    values, indices = x.sort()
    assert values.requires_grad
    assert not indices.requires_grad
    values[0].backward()
    assert x.grad.tolist() == [0.0, 1.0, 0.0]


def test_broadcasting_is_summed_back_and_dtypes_are_kept():
    x = tl.ones(3, 1, requires_grad=True)
    y = tl.ones(4, dtype=tl.float64, requires_grad=True)
    (x * y).sum().backward()
    assert (x.grad.dtype, x.grad.tolist()) == (tl.float32, [[4.0]] * 3)
    assert (y.grad.dtype, y.grad.tolist()) == (tl.float64, [3.0] * 4)


def test_threads_run_backward_side_by_side():
    shared = tl.zeros(1000, dtype=tl.float64, requires_grad=True)

    def work(_):
        for _ in range(20):
            ((shared * 2).exp() * 1).sum().backward()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))  # an error in one is raised here
    np.testing.assert_array_equal(shared.grad.numpy(), np.full(1000, 160.0))


def test_histories_are_freed_without_the_garbage_collector():
    gc.collect()
    gc.disable()
    try:
        x = leaf(1.0, 2.0)
        y = (x.exp() * x).sum()
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_what_is_printed():
    x = tl.ones(2, requires_grad=True)
    assert repr(x) == "tensor([1., 1.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 2.], grad_fn=<MulBackward0>)"
    assert repr((x * 2).detach()) == "tensor([2., 2.])"
    assert repr(x.sum().grad_fn).startswith("<SumBackward0 object at 0x")


def test_the_graph_can_be_walked():
    x = leaf(1.0)
    y = (x * 2).exp()
    names = [n.name for n in tl.autograd.graph.nodes(y)]
    assert names == ["ExpBackward0", "MulBackward0", "AccumulateGrad"]
    ((mul, index), *_) = y.grad_fn.next_functions
    assert (mul.name, index) == ("MulBackward0", 0)
    assert mul.next_functions[0][0].variable is x
    assert y.grad_fn.saved["result"].tolist() == y.tolist()
    assert y.grad_fn.saved_nbytes == 8


def test_a_gradient_of_another_dtype_is_rounded_first():
    x = tl.ones(2, requires_grad=True)
    (x * 3).backward(tl.tensor([0.1, 0.2], dtype=tl.float64))
    assert x.grad.dtype is tl.float32
    assert x.grad.tolist() == (tl.tensor([0.1, 0.2]) * 3).tolist()

"""Hooks of modules see and change what torch's do."""

import numpy as np
import pytest
from torch_twin import torch

import tensorlab as tl

LIBRARIES = pytest.mark.parametrize("lib", [tl, torch], ids=["tensorlab", "torch"])
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore:Full backward hook is firing")]


def doubled(lib):
    class Doubled(lib.nn.Module):
        def forward(self, x, factor=2.0):
            return x * factor

    return Doubled()


def two(lib):
    class Two(lib.nn.Module):
        def forward(self, x, y, n=None):
            return x * y, x + 2 * y

    return Two()


@LIBRARIES
def test_forward_hooks(lib):
    m, seen = doubled(lib), []
    first = m.register_forward_pre_hook(lambda module, args: seen.append(("pre", module is m, len(args))))
    m.register_forward_hook(lambda module, args, result: seen.append(("post", result.tolist())))
    assert m(lib.ones(1)).tolist() == [2.0]
    assert seen == [("pre", True, 1), ("post", [2.0])]
    first.remove()
    first.remove()
    seen.clear()
    m(lib.ones(1))
    assert seen == [("post", [2.0])]


@LIBRARIES
def test_forward_hooks_replace(lib):
    m = doubled(lib)
    with m.register_forward_pre_hook(lambda module, args: args[0] + 1):
        assert m(lib.ones(1)).tolist() == [4.0]
    with m.register_forward_pre_hook(lambda module, args: (args[0], 5.0)):
        assert m(lib.ones(1)).tolist() == [5.0]
    with m.register_forward_hook(lambda module, args, result: -result):
        assert m(lib.ones(1)).tolist() == [-2.0]
    assert m(lib.ones(1)).tolist() == [2.0]


@LIBRARIES
def test_forward_hooks_with_kwargs(lib):
    m, seen = doubled(lib), []
    m.register_forward_pre_hook(lambda module, args, kwargs: (args, {"factor": kwargs["factor"] + 1}), with_kwargs=True)
    m.register_forward_hook(lambda module, args, kwargs, result: seen.append(kwargs), with_kwargs=True)
    assert m(lib.ones(1), factor=2.0).tolist() == [3.0]
    assert seen == [{"factor": 3.0}]
    bad = doubled(lib)
    bad.register_forward_pre_hook(lambda module, args, kwargs: args, with_kwargs=True)
    with pytest.raises((TypeError, RuntimeError), match="forward pre-hook must return None or a tuple of"):
        bad(lib.ones(1), factor=1.0)


@LIBRARIES
def test_order_of_hooks(lib):
    m, seen = doubled(lib), []
    m.register_forward_hook(lambda *_: seen.append("b"))
    m.register_forward_hook(lambda *_: seen.append("c"))
    m.register_forward_hook(lambda *_: seen.append("a"), prepend=True)
    m.register_forward_pre_hook(lambda *_: seen.append("2"))
    m.register_forward_pre_hook(lambda *_: seen.append("1"), prepend=True)
    m(lib.ones(1))
    assert seen == ["1", "2", "a", "b", "c"]


@LIBRARIES
def test_a_backward_hook_sees_what_flows(lib):
    m, seen = lib.nn.Linear(2, 2, bias=False), []
    with lib.no_grad():
        m.weight.copy_(lib.tensor([[1.0, 2.0], [3.0, 4.0]]))
    m.register_full_backward_hook(lambda module, into, out: seen.append((into[0].tolist(), out[0].tolist())))
    x = lib.ones(1, 2, requires_grad=True)
    (m(x) * lib.tensor([[1.0, 10.0]])).sum().backward()
    assert seen == [([[31.0, 42.0]], [[1.0, 10.0]])]
    assert x.grad.tolist() == [[31.0, 42.0]]


@LIBRARIES
def test_backward_hooks_replace(lib):
    m = doubled(lib)
    m.register_full_backward_pre_hook(lambda module, out: (out[0] * 10,))
    m.register_full_backward_hook(lambda module, into, out: (into[0] + out[0],))
    x = lib.ones(1, requires_grad=True)
    m(x).backward()
    assert x.grad.tolist() == [30.0]


@LIBRARIES
def test_backward_hooks_of_several_arguments(lib):
    m, seen = two(lib), []

    def look(module, into, out):
        seen.append([None if g is None else g.tolist() for g in (*into, *out)])

    handle = m.register_full_backward_hook(look)
    x, y = lib.tensor([2.0], requires_grad=True), lib.tensor([3.0])
    a, b = m(x, y, 7)
    (a + 10 * b).backward()
    assert seen == [[[13.0], [0.0], None, [1.0], [10.0]]]
    a, _ = m(x, y, 7)  # nothing flows into the second result
    a.backward()
    assert seen[1] == [[3.0], [0.0], None, [1.0], None]
    handle.remove()
    m(x, y)[0].backward()
    assert len(seen) == 2


@LIBRARIES
def test_a_backward_hook_of_a_module_that_is_called_twice(lib):
    m, seen = doubled(lib), []
    m.register_full_backward_hook(lambda module, into, out: seen.append((into[0].tolist(), out[0].tolist())))
    x, y = lib.ones(1, requires_grad=True), lib.ones(1, requires_grad=True)
    (m(x) * 3 + m(y) * 5).backward()
    assert sorted(seen) == [([6.0], [3.0]), ([10.0], [5.0])]


@LIBRARIES
def test_a_backward_hook_without_gradients_of_arguments(lib):
    m, seen = lib.nn.Linear(2, 1), []
    m.register_full_backward_hook(lambda module, into, out: seen.append((into, out[0].tolist())))
    m(lib.ones(1, 2)).sum().backward()
    assert seen == [((None,), [[1.0]])]
    with lib.no_grad():
        m(lib.ones(1, 2))
    assert len(seen) == 1


@LIBRARIES
def test_wrong_numbers_of_gradients(lib):
    m = doubled(lib)
    m.register_full_backward_hook(lambda module, into, out: (into[0], into[0]))
    with pytest.raises(RuntimeError, match="invalid number of grad_input, got 2, but expected 1"):
        m(lib.ones(1, requires_grad=True)).backward()
    m = doubled(lib)
    m.register_full_backward_pre_hook(lambda module, out: ())
    with pytest.raises(RuntimeError, match="invalid number of grad_output, got 0, but expected 1"):
        m(lib.ones(1, requires_grad=True)).backward()


@LIBRARIES
def test_hooks_go_along_into_copies(lib):
    import copy

    m = lib.nn.Linear(1, 1)
    m.register_forward_hook(lambda module, args, result: result * 0 + 4)
    assert copy.deepcopy(m)(lib.ones(1)).tolist() == [4.0]


def test_hooks_leave_gradients_as_they_are():
    x = np.random.default_rng(0).standard_normal((3, 4))
    grads = []
    for watched in (False, True):
        tl.manual_seed(0)
        net = tl.nn.Sequential(tl.nn.Linear(4, 5), tl.nn.ReLU(), tl.nn.LayerNorm(5), tl.nn.Linear(5, 2)).double()
        if watched:
            for part in net.modules():
                part.register_full_backward_hook(lambda *_: None)
        leaf = tl.from_numpy(x).requires_grad_()
        (net(leaf) ** 2).sum().backward()
        grads.append([leaf.grad.numpy(), *(p.grad.numpy() for p in net.parameters())])
    for a, b in zip(*grads, strict=True):
        np.testing.assert_array_equal(a, b)

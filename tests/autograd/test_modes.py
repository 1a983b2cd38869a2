"""Switching the tape off and on."""

import copy
import threading

import numpy as np
import pytest

import tensorlab as tl

X = tl.ones(2, requires_grad=True)


def test_no_grad_in_a_block_and_on_a_function():
    with tl.no_grad():
        assert not tl.is_grad_enabled()
        assert not (X * 2).requires_grad
        with tl.enable_grad():
            assert (X * 2).requires_grad
        assert not (X * 2).requires_grad
    assert (X * 2).requires_grad

    @tl.no_grad()
    def called():
        return X * 2

    @tl.no_grad
    def plain():
        return X * 2

    assert not called().requires_grad
    assert not plain().requires_grad
    assert called.__name__ == "called"


def test_no_grad_is_undone_by_an_error():
    with pytest.raises(ZeroDivisionError), tl.no_grad():
        raise ZeroDivisionError
    assert tl.is_grad_enabled()


def test_a_generator_switches_only_while_it_runs():
    @tl.no_grad()
    def values():
        yield tl.is_grad_enabled()
        yield (X * 2).requires_grad

    running = values()
    assert next(running) is False
    assert tl.is_grad_enabled()
    assert next(running) is False


def test_set_grad_enabled_at_once_or_in_a_block():
    tl.set_grad_enabled(False)
    try:
        assert not tl.is_grad_enabled()
    finally:
        tl.set_grad_enabled(True)
    with tl.set_grad_enabled(False):
        assert not (X * 2).requires_grad
    assert tl.is_grad_enabled()


def test_inference_mode():
    from tensorlab.autograd.modes import is_inference_mode_enabled

    with tl.inference_mode():
        assert is_inference_mode_enabled()
        y = X * 2
    assert not y.requires_grad
    assert not is_inference_mode_enabled()

    @tl.inference_mode()
    def called():
        return X * 2

    assert not called().requires_grad
    with tl.inference_mode(mode=False):
        assert (X * 2).requires_grad


def test_each_thread_has_its_own_setting():
    seen = []
    with tl.no_grad():
        thread = threading.Thread(target=lambda: seen.append(tl.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_requires_grad_can_be_set_on_leaves_of_floats():
    x = tl.ones(2)
    x.requires_grad = True
    assert x.requires_grad
    assert x.is_leaf
    x.requires_grad_(False)
    assert not x.requires_grad
    with pytest.raises(
        tl.TensorlabError, match="only Tensors of floating point dtype can require gradients, got int64"
    ):
        tl.ones(2, dtype=tl.int64).requires_grad_()
    y = X * 2
    with pytest.raises(tl.TensorlabError, match="you can only change requires_grad flags of leaf variables"):
        y.requires_grad_(False)


def test_detach_shares_memory_and_version_but_no_history():
    y = X * 2
    d = y.detach()
    assert not d.requires_grad
    assert d.is_leaf
    assert d._base is None
    assert d.data_ptr() == y.data_ptr()
    d.add_(1)
    assert y._version == 1
    y.detach_()
    assert y.is_leaf
    view = (X * 2)[0]
    with pytest.raises(tl.TensorlabError, match="Can't detach views in-place"):
        view.detach_()


def test_numpy_of_what_requires_grad_is_refused():
    with pytest.raises(tl.TensorlabError, match=r"Use tensor\.detach\(\)\.numpy\(\)"):
        X.numpy()
    assert X.detach().numpy().tolist() == [1.0, 1.0]
    assert X.tolist() == [1.0, 1.0]


def test_grad_takes_a_fitting_tensor():
    x = tl.ones(2, requires_grad=True)
    x.grad = tl.zeros(2)
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
    x.grad = None
    assert x.grad is None
    with pytest.raises(tl.TensorlabError, match=r"^grad: takes a Tensor of shape \(2,\) and dtype float32, got \(3,\)"):
        x.grad = tl.zeros(3)


def test_data_is_the_memory_without_history():
    x = tl.ones(2, requires_grad=True)
    y = x.exp()
    x.data.mul_(5)
    assert x.tolist() == [5.0, 5.0]
    assert (x._version, x.data._version, x.data.add_(1)._version) == (0, 0, 1)
    assert x.data.is_set_to(x)
    assert x.data._base is None
    y.sum().backward()  # nothing tells of the write, as in torch
    assert x.grad.tolist() == pytest.approx([2.7182817, 2.7182817])


def test_data_holds_the_memory():
    x = tl.arange(1000.0)
    data = x.data.data
    del x
    others = [tl.zeros(1000) for _ in range(4)]
    assert data.sum().item() == 499500.0
    assert all(o.data_ptr() != data.data_ptr() for o in others)


def test_data_is_the_same_storage_to_whoever_asks_for_sharing():
    from tensorlab.core.sharing import describe

    x, array = tl.ones(3), np.ones(3)
    imported = tl.from_numpy(array)
    names = {"x": x, "data": x.data, "array": array, "imported": imported.data}
    storages = describe(names).storages
    assert [[n.name for n in s.names] for s in storages] == [["x", "data"], ["array", "imported"]]
    assert [s.origin for s in storages] == ["caching allocator", "NumPy array"]
    assert describe({"data": imported.data}).storages[0].origin == "NumPy array"
    one, other = copy.deepcopy([x, x.data])
    assert one.is_set_to(other)
    assert not one.is_set_to(x)


def test_data_grows_with_its_tensor():
    x = tl.arange(3.0)
    data = x.data
    data.resize_(1000)
    assert data.data_ptr() == x.data_ptr()
    assert (x.tolist(), data[:3].tolist()) == ([0.0, 1.0, 2.0], [0.0, 1.0, 2.0])
    with pytest.raises(tl.TensorlabError, match="would leave 2 of the tensors over it without their elements"):
        x.untyped_storage().resize_(0)


def test_data_is_set():
    x = tl.ones(2, requires_grad=True).add(0)
    x.mul_(2)
    x.data = new = tl.zeros(3)
    assert (x.shape, x.requires_grad, x._version) == ((3,), True, 1)
    new.add_(1)
    assert (x.tolist(), x._version, new._version) == ([1.0, 1.0, 1.0], 1, 1)
    for _ in range(3):
        x.data -= 1
    assert (x.tolist(), x._version) == ([-2.0, -2.0, -2.0], 1)


def test_data_takes_a_tensor_of_floats_for_what_asks_for_a_gradient():
    x = tl.ones(2, requires_grad=True)
    with pytest.raises(tl.TensorlabError) as error:
        x.data = tl.zeros(2, dtype=tl.int64)
    assert str(error.value) == (
        "data: data set to a tensor that requires gradients must be floating point or complex dtype, got int64"
    )
    with pytest.raises(tl.TensorlabError, match=r"^data: takes a Tensor, got int$"):
        x.data = 3
    assert (x.dtype, x.tolist()) == (tl.float32, [1.0, 1.0])

"""Programs written for torch run unchanged with tensorlab in its place, and give the same."""

import re
import sys

import numpy as np
import pytest
from network_texts import PROGRAMS
from torch_twin import ours_of, ours_state, torch

import tensorlab as tl


def run(text, library, monkeypatch):
    """What a program defines, with ``torch`` being one of the two libraries."""
    with monkeypatch.context() as patched:
        for name, part in (
            ("torch", library),
            ("torch.nn", library.nn),
            ("torch.nn.functional", library.nn.functional),
        ):
            patched.setitem(sys.modules, name, part)
        defined = {"torch": library, "np": np, "__name__": "program"}
        exec(compile(text, "<program>", "exec"), defined)
        return defined


def step(defined, net, arrays, rate):
    """One step of gradient descent by hand; gives the loss and the gradients."""
    net.zero_grad()
    loss = defined["loss"](net, *arrays)
    loss.backward()
    grads = {name: p.grad.detach().numpy().copy() for name, p in net.named_parameters()}
    with defined["torch"].no_grad():
        for p in net.parameters():
            p -= rate * p.grad
    return loss.item(), grads


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_trains_as_with_torch(name, dtype, monkeypatch):
    mine, yours = (run(PROGRAMS[name], library, monkeypatch) for library in (tl, torch))
    torch.manual_seed(0)
    theirs = yours["model"]().to(getattr(torch, dtype))
    ours = mine["model"]().to(getattr(tl, dtype))
    assert repr(ours) == repr(theirs)
    ours.load_state_dict(ours_state(theirs))
    for (_, a), (_, b) in zip(ours.named_buffers(), theirs.named_buffers(), strict=True):
        a.copy_(ours_of(b))  # those that are no part of the state were worked out by each library
    room = {"float32": 2e-3, "float64": 1e-8}[dtype]
    for k in range(3):
        arrays = [a.astype(dtype) if a.dtype.kind == "f" else a for a in yours["batch"](k)]
        mine_loss, mine_grads = step(mine, ours, arrays, 0.05)
        your_loss, your_grads = step(yours, theirs, arrays, 0.05)
        assert mine_loss == pytest.approx(your_loss, rel=room)
        assert list(mine_grads) == list(your_grads)
        for key, grad in your_grads.items():
            np.testing.assert_allclose(mine_grads[key], grad, rtol=room, atol=room * 0.1, err_msg=key)
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key].numpy(), value.numpy(), rtol=room, atol=room * 0.1)
    ours.eval()
    theirs.eval()
    arrays = [a.astype(dtype) if a.dtype.kind == "f" else a for a in yours["batch"](9)]
    with tl.no_grad(), torch.no_grad():
        a, b = mine["loss"](ours, *arrays), yours["loss"](theirs, *arrays)
    assert a.item() == pytest.approx(b.item(), rel=room)
    assert not a.requires_grad


@pytest.mark.torch
def test_functional_tells_what_it_has():
    functional = tl.nn.functional
    names = dir(functional)
    assert names == sorted(names)
    assert {"relu", "conv2d", "cross_entropy", "layer_norm", "scaled_dot_product_attention"} <= set(names)
    for name in names:
        assert callable(getattr(functional, name)), name
        assert hasattr(torch.nn.functional, name), name
    with pytest.raises(AttributeError) as caught:
        functional.no_such_function  # noqa: B018
    assert str(caught.value) == "module 'tensorlab.nn.functional' has no attribute 'no_such_function'"


@pytest.mark.torch
def test_public_layers_are_torchs():
    names = [n for n, v in vars(tl.nn).items() if isinstance(v, type) and issubclass(v, tl.nn.Module)]
    assert len(names) > 85
    for name in names:
        assert re.match(r"[A-Z]", name)
        assert issubclass(getattr(torch.nn, name), torch.nn.Module)

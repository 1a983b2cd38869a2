"""A module of ours and torch's of the same name, with the same state and the same inputs: do they give the same?"""

from dataclasses import dataclass

import numpy as np
import pytest

import tensorlab as tl

torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")

ROOM = {"float64": 1e-10, "float32": 2e-4}


@dataclass(frozen=True)
class Whole:
    """An input of whole numbers below ``high``."""

    high: int
    shape: tuple


@dataclass(frozen=True)
class Fixed:
    """An input of these values that asks for no gradient."""

    values: np.ndarray


def ours_of(tensor):
    """A tensor of torch's as one of ours, with bytes of its own."""
    return tl.from_numpy(tensor.detach().numpy().copy())


def theirs_of(tensor):
    return torch.from_numpy(tensor.detach().numpy().copy())


def ours_state(module):
    """The state of a module of torch's, in tensors of ours."""
    return {name: ours_of(value) for name, value in module.state_dict().items()}


def pair(build, dtype="float32", *, train=True):
    """What ``build(nn)`` gives for both libraries, with torch's state in both."""
    torch.manual_seed(7)
    theirs = build(torch.nn).to(getattr(torch, dtype)).train(train)
    with torch.no_grad():
        for value in theirs.parameters():  # ones and zeros would hide what is forgotten or swapped
            value.add_(torch.randn_like(value) * 0.1)
    ours = build(tl.nn).to(getattr(tl, dtype)).train(train)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert str(ours.load_state_dict(ours_state(theirs))) == "<All keys matched successfully>"
    return ours, theirs


def draw(kinds, dtype, seed=3):
    """NumPy arrays for inputs: a shape of normal numbers, `Whole`, an array as it is, or a tuple of these, or None."""
    rng = np.random.default_rng(seed)

    def one(kind):
        if kind is None:
            return None
        if isinstance(kind, Whole):
            return rng.integers(0, kind.high, kind.shape)
        if isinstance(kind, Fixed):
            return Fixed(kind.values.astype(dtype))
        if isinstance(kind, np.ndarray):
            return kind.astype(dtype) if kind.dtype.kind == "f" else kind
        if kind and not isinstance(kind[0], int):
            return tuple(one(k) for k in kind)
        return np.asarray(rng.standard_normal(kind), dtype)

    return [one(kind) for kind in kinds]


def leaves(arrays, make):
    """Tensors of a library, those of floats asking for a gradient; and the list of these."""
    asking = []

    def one(array):
        if array is None:
            return None
        if isinstance(array, tuple):
            return tuple(one(a) for a in array)
        if isinstance(array, Fixed):
            return make(array.values.copy())
        tensor = make(array.copy())
        if array.dtype.kind == "f":
            asking.append(tensor.requires_grad_())
        return tensor

    return [one(a) for a in arrays], asking


def flat(result):
    """The tensors of a result, in order."""
    if isinstance(result, (tuple, list)):
        return [t for part in result for t in flat(part)]
    return [] if result is None else [result]


def near(ours, theirs, room, what=""):
    assert (ours is None) == (theirs is None), what
    if ours is None:
        return
    assert f"torch.{ours.dtype.name}" == str(theirs.dtype), what
    assert tuple(ours.shape) == tuple(theirs.shape), what
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=room, atol=room, err_msg=what)


def same_run(ours, theirs, kinds, dtype, options=None):
    """Compare results, gradients of all inputs and parameters, and buffers afterwards."""
    room = ROOM[dtype]
    arrays = draw(kinds, dtype)
    mine, my_leaves = leaves(arrays, tl.from_numpy)
    yours, your_leaves = leaves(arrays, torch.from_numpy)
    my_options = {k: tl.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in (options or {}).items()}
    your_options = {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in (options or {}).items()}
    my_results, your_results = flat(ours(*mine, **my_options)), flat(theirs(*yours, **your_options))
    assert len(my_results) == len(your_results)
    for i, (a, b) in enumerate(zip(my_results, your_results, strict=True)):
        near(a, b, room, f"result {i}")
        assert a.requires_grad == b.requires_grad
    rng = np.random.default_rng(5)
    my_total, your_total = 0, 0
    for a, b in zip(my_results, your_results, strict=True):
        if b.requires_grad:
            weight = np.asarray(rng.standard_normal(tuple(b.shape)), dtype)
            my_total = my_total + (a * tl.from_numpy(weight)).sum()
            your_total = your_total + (b * torch.from_numpy(weight)).sum()
    if isinstance(your_total, int):
        return
    my_total.backward()
    your_total.backward()
    for i, (a, b) in enumerate(zip(my_leaves, your_leaves, strict=True)):
        near(a.grad, b.grad, room * 10, f"gradient of input {i}")
    yours = dict(theirs.named_parameters())
    assert [n for n, _ in ours.named_parameters()] == list(yours)
    for name, value in ours.named_parameters():
        near(value.grad, yours[name].grad, room * 10, f"gradient of {name}")
    for (name, a), (_, b) in zip(ours.named_buffers(), theirs.named_buffers(), strict=True):
        near(a, b, room, f"buffer {name}")


def said(call, kinds=(Exception,)):
    """The error that a call raises: whether, its class and its words, torch's name written as ours."""
    try:
        call()
    except kinds as error:
        words = error.args[0] if isinstance(error, KeyError) and error.args else str(error)
        return error, str(words).replace("torch.nn.modules.", "tensorlab.nn.").replace("torch.", "tensorlab.").replace(
            "(torch ", "(tensorlab "
        )
    raise AssertionError("nothing was raised")

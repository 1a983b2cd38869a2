"""Optimisers: each step as torch's, parameter groups, states, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import AliasError, ArgumentError, RangeError, ShapeError
from tensorlab.nn import optim

SHAPES = [(), (1,), (7,), (3, 5), (2, 3, 4), (33, 17), (0, 4)]
STEPS = 20

CASES = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01, "maximize": True}),
    ("SGD", {"weight_decay": 0.5}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05, "amsgrad": True, "maximize": True}),
    ("Adam", {"lr": 0.05, "weight_decay": 0.1, "amsgrad": True, "decoupled_weight_decay": True}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.2, "amsgrad": True}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.0, "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.05, "alpha": 0.8, "weight_decay": 0.1, "centered": True}),
    ("RMSprop", {"lr": 0.05, "momentum": 0.9, "maximize": True}),
    ("RMSprop", {"lr": 0.05, "momentum": 0.5, "centered": True, "weight_decay": 0.01}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5}),
    ("Adagrad", {"lr": 0.1, "maximize": True}),
]


def _values(shape, dtype, seed):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def _twins(torch, name, options, dtype, shapes=SHAPES):
    start = [_values(s, dtype, k) for k, s in enumerate(shapes)]
    own = [tl.nn.Parameter(tl.tensor(v)) for v in start]
    theirs = [torch.nn.Parameter(torch.tensor(v)) for v in start]
    return own, theirs, getattr(optim, name)(own, **options), getattr(torch.optim, name)(theirs, **options)


def _give_gradients(torch, own, theirs, dtype, step):
    for k, (p, q) in enumerate(zip(own, theirs, strict=True)):
        g = _values(tuple(p.shape), dtype, 1000 * step + k)
        p.grad, q.grad = tl.tensor(g), torch.tensor(g)


def _check_equal(own, theirs, dtype):
    rtol = 1e-12 if dtype == "float64" else 2e-5
    for p, q in zip(own, theirs, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=rtol, atol=rtol)


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda v: str(v))
def test_steps_are_torchs(name, options, dtype) -> None:
    """Parameters and all states, after each of 20 steps."""
    torch = pytest.importorskip("torch")
    own, theirs, optimizer, reference = _twins(torch, name, options, dtype)
    for step in range(STEPS):
        _give_gradients(torch, own, theirs, dtype, step)
        optimizer.step()
        reference.step()
        _check_equal(own, theirs, dtype)
        for p, q in zip(own, theirs, strict=True):
            assert optimizer.state[p].keys() == reference.state[q].keys()
            for key, value in optimizer.state[p].items():
                other = reference.state[q][key].numpy()
                np.testing.assert_allclose(value.numpy(), other, rtol=1e-12 if dtype == "float64" else 2e-5, atol=1e-5)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_options_and_text_are_torchs(name) -> None:
    torch = pytest.importorskip("torch")
    _, _, optimizer, reference = _twins(torch, name, {}, "float32")
    assert repr(optimizer) == repr(reference)
    assert optimizer.defaults == reference.defaults
    own, other = optimizer.state_dict(), reference.state_dict()
    assert own["param_groups"] == other["param_groups"]
    assert own["state"].keys() == other["state"].keys()


@pytest.mark.torch
def test_state_of_torch_goes_on_here() -> None:
    """A state that torch made, as arrays, and the rest of the steps."""
    torch = pytest.importorskip("torch")
    own, theirs, optimizer, reference = _twins(torch, "Adam", {"lr": 0.05, "amsgrad": True}, "float64")
    for step in range(3):
        _give_gradients(torch, own, theirs, "float64", step)
        reference.step()
    state = reference.state_dict()
    held = {n: {k: tl.tensor(v.numpy()) for k, v in own.items()} for n, own in state["state"].items()}
    optimizer.load_state_dict({**state, "state": held})
    with tl.no_grad():
        for p, q in zip(own, theirs, strict=True):
            p.copy_(tl.tensor(q.detach().numpy()))
    for step in range(3, 6):
        _give_gradients(torch, own, theirs, "float64", step)
        optimizer.step()
        reference.step()
    _check_equal(own, theirs, "float64")
    assert optimizer.state[own[3]]["step"].item() == 6.0


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_floats_of_16_bits_are_computed_in_float32(dtype) -> None:
    torch = pytest.importorskip("torch")
    start, g = _values((65,), "float32", 0), _values((65,), "float32", 1)
    p = tl.nn.Parameter(tl.tensor(start).to(getattr(tl, dtype)))
    q = torch.nn.Parameter(torch.tensor(start).to(getattr(torch, dtype)))
    optimizer, reference = optim.Adam([p], lr=0.125), torch.optim.Adam([q], lr=0.125, fused=True)
    for k in range(5):
        p.grad, q.grad = tl.tensor(g + k).to(p.dtype), torch.tensor(g + k).to(q.dtype)
        optimizer.step()
        reference.step()
    mine, other = p.detach().float().numpy(), q.detach().float().numpy()
    np.testing.assert_allclose(mine, other, rtol=0.01, atol=0.01)
    assert optimizer.state[p]["exp_avg"].dtype is p.dtype


@pytest.mark.torch
def test_groups_have_their_own_options() -> None:
    torch = pytest.importorskip("torch")
    start = [_values((4, 3), "float64", k) for k in range(3)]
    own = [tl.nn.Parameter(tl.tensor(v)) for v in start]
    theirs = [torch.nn.Parameter(torch.tensor(v)) for v in start]

    def groups(ps):
        return [{"params": [ps[0]], "lr": 0.5}, {"params": ps[1], "weight_decay": 0.1, "momentum": 0.0}]

    optimizer = optim.SGD(groups(own), lr=0.1, momentum=0.9)
    reference = torch.optim.SGD(groups(theirs), lr=0.1, momentum=0.9)
    for o, ps in ((optimizer, own), (reference, theirs)):
        o.add_param_group({"params": ps[2:], "nesterov": True})
    for step in range(4):
        _give_gradients(torch, own, theirs, "float64", step)
        optimizer.step()
        reference.step()
    _check_equal(own, theirs, "float64")
    assert repr(optimizer) == repr(reference)
    assert optimizer.state_dict()["param_groups"] == reference.state_dict()["param_groups"]


def test_other_layouts_are_updated_where_they_lie() -> None:
    """Transposed, stepped over, and gradients in another order; what lies between is let be."""
    base = tl.arange(24.0).reshape(4, 6)
    every = tl.nn.Parameter(base[:, ::2])
    turned = tl.nn.Parameter(tl.ones(3, 4).t())
    every.grad, turned.grad = tl.ones(3, 4).t(), tl.arange(12.0).reshape(4, 3)
    optimizer = optim.SGD([every, turned], lr=1.0, momentum=0.5)
    for _ in range(2):
        optimizer.step()
    expected = np.arange(24.0).reshape(4, 6)
    np.testing.assert_array_equal(base.numpy()[:, 1::2], expected[:, 1::2])
    np.testing.assert_array_equal(base.numpy()[:, ::2], expected[:, ::2] - 2.5)
    np.testing.assert_array_equal(turned.detach().numpy(), 1 - 2.5 * np.arange(12.0).reshape(4, 3))


def test_no_gradient_no_update() -> None:
    still, moved = tl.nn.Parameter(tl.ones(2)), tl.nn.Parameter(tl.ones(2))
    moved.grad = tl.ones(2)
    optimizer = optim.Adam([still, moved], lr=0.5)
    optimizer.step()
    assert still.detach().tolist() == [1.0, 1.0]
    assert list(optimizer.state) == [moved]
    np.testing.assert_allclose(moved.detach().numpy(), [0.5, 0.5], rtol=1e-6)


def test_zero_grad() -> None:
    p = tl.nn.Parameter(tl.ones(2))
    optimizer = optim.SGD([p])
    p.grad = tl.ones(2)
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert p.grad is None


def test_closure_runs_with_gradients_on() -> None:
    p = tl.nn.Parameter(tl.tensor([2.0]))
    optimizer = optim.SGD([p], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with tl.no_grad():
        loss = optimizer.step(closure)
    assert loss.item() == 4.0
    assert p.detach().tolist() == [1.0]


def test_update_raises_the_version() -> None:
    """What was saved before the step cannot be differentiated after it."""
    p = tl.nn.Parameter(tl.ones(2))
    loss = (p * p).sum()
    p.grad = tl.ones(2)
    optimizer = optim.SGD([p], lr=0.1)
    before = p._version
    optimizer.step()
    assert p._version == before + 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_state_comes_back() -> None:
    """The same steps from a loaded state, which is a copy; the dtype is the parameter's."""
    p = tl.nn.Parameter(tl.ones(3))
    p.grad = tl.tensor([1.0, 2.0, 3.0])
    optimizer = optim.Adam([p], lr=0.1)
    optimizer.step()
    state = optimizer.state_dict()
    q = tl.nn.Parameter(p.detach().double())
    q.grad = p.grad.double()
    other = optim.Adam([q], lr=0.7)
    other.load_state_dict(state)
    assert other.param_groups[0]["lr"] == 0.1
    assert other.state[q]["exp_avg"].dtype is tl.float64
    assert other.state[q]["step"].item() == 1.0
    other.step()
    assert optimizer.state[p]["step"].item() == 1.0
    optimizer.step()
    np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-6)


def test_parameters_with_names() -> None:
    model = tl.nn.Linear(2, 3)
    optimizer = optim.SGD(model.named_parameters())
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]
    with pytest.raises(RangeError) as caught:
        optimizer.add_param_group({"params": [tl.nn.Parameter(tl.ones(1))]})
    assert str(caught.value) == "all optimizer param groups should be with/without names"


def test_hooks_stand_around_a_step() -> None:
    p = tl.nn.Parameter(tl.ones(1))
    optimizer = optim.SGD([p])
    seen: list[str] = []
    first = optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append("before"))
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append("after"))
    optimizer.step()
    first.remove()
    optimizer.step()
    assert seen == ["before", "after", "after"]


def test_optimizers_of_ones_own() -> None:
    """As torch's documentation writes one: `step` as a whole."""

    class Signs(optim.Optimizer):
        def __init__(self, params, lr=optim.required):
            super().__init__(params, {"lr": lr})

        @tl.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.sub_(p.grad.sign(), alpha=group["lr"])

    p = tl.nn.Parameter(tl.tensor([1.0, -1.0]))
    p.grad = tl.tensor([3.0, -3.0])
    seen: list[str] = []
    optimizer = Signs([p], lr=0.5)
    optimizer.register_step_post_hook(lambda *_: seen.append("after"))
    optimizer.step()
    assert p.detach().tolist() == [0.5, -0.5]
    assert seen == ["after"]
    with pytest.raises(RangeError) as caught:
        Signs([p])
    assert str(caught.value) == "parameter group didn't specify a value of required optimization parameter lr"


def _parameter():
    return tl.nn.Parameter(tl.ones(2))


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: optim.SGD([], lr=0.1), RangeError, "optimizer got an empty parameter list"),
        (lambda: optim.SGD([_parameter()], lr=-1.0), RangeError, "SGD: Invalid learning rate: -1.0"),
        (
            lambda: optim.SGD([_parameter()], nesterov=True),
            RangeError,
            "SGD: Nesterov momentum requires a momentum and zero dampening",
        ),
        (
            lambda: optim.Adam([_parameter()], betas=(0.9, 1.0)),
            RangeError,
            "Adam: Invalid beta parameter at index 1: 1.0",
        ),
        (lambda: optim.Adam([_parameter()], eps=float("nan")), RangeError, "Adam: Invalid epsilon value: nan"),
        (lambda: optim.AdamW([_parameter()], weight_decay=-1), RangeError, "AdamW: Invalid weight_decay value: -1"),
        (
            lambda: optim.Adam([_parameter()], differentiable=True),
            ArgumentError,
            "Adam: takes differentiable=False: updates are not written down",
        ),
        (
            lambda: optim.SGD(_parameter()),
            ArgumentError,
            "params argument given to the optimizer should be an iterable of Tensors or dicts, but got Tensor",
        ),
        (
            lambda: optim.SGD([1.0]),
            ArgumentError,
            "optimizer can only optimize Tensors, but one of the params is builtins.float",
        ),
        (lambda: optim.SGD([_parameter() * 2]), RangeError, "can't optimize a non-leaf Tensor"),
        (
            lambda: optim.SGD({_parameter()}),
            ArgumentError,
            "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
            "will change between runs. Please use a list instead.",
        ),
        (
            lambda: optim.SGD([("a", _parameter()), _parameter()]),
            RangeError,
            "all optimizer params should be with/without names. Some param names are missing",
        ),
    ],
)
def test_refusals(make, kind, message) -> None:
    with pytest.raises(kind) as caught:
        make()
    assert str(caught.value) == message


def test_refused_states_and_groups() -> None:
    p = _parameter()
    optimizer = optim.SGD([p], lr=0.1, momentum=0.9)
    with pytest.raises(RangeError) as caught:
        optimizer.add_param_group({"params": [p]})
    assert str(caught.value) == "some parameters appear in more than one parameter group"
    with pytest.raises(RangeError) as caught:
        optimizer.load_state_dict({"state": {}, "param_groups": []})
    assert str(caught.value) == "loaded state dict has a different number of parameter groups"
    with pytest.raises(RangeError) as caught:
        optimizer.load_state_dict({"state": {}, "param_groups": [{"params": [0, 1]}]})
    assert str(caught.value) == (
        "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
    )
    p.grad = tl.ones(2)
    optimizer.state[p]["momentum_buffer"] = tl.ones(3)
    with pytest.raises(ShapeError) as caught:
        optimizer.step()
    assert str(caught.value) == (
        "SGD.step: state 'momentum_buffer' takes a Tensor of the parameter's shape (2,), got (3,)"
    )


def test_read_only_parameters_stop_the_step_before_any_write() -> None:
    array = np.ones(2, np.float32)
    array.flags.writeable = False
    first, frozen = _parameter(), tl.nn.Parameter(tl.from_numpy(array))
    first.grad, frozen.grad = tl.ones(2), tl.ones(2)
    with pytest.raises(AliasError):
        optim.SGD([first, frozen], lr=0.5).step()
    assert first.detach().tolist() == [1.0, 1.0]

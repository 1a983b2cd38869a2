"""Models compiled: a perceptron forward, resnet18 forward, and one training step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from bench_training import _resnet_twin as resnet_twin
from compiled_by_others import QUIET, Array, call_of, compare, jax_waiting, torch_compiled
from readme_table import NOT_INSTALLED
from side_by_side import Statement

import tensorlab as tl

pytestmark = QUIET

RATE = 0.01
SIZES = [(1, 64, 64), (64, 784, 256), (256, 1024, 1024)]
CASES = [*((*size, 1) for size in SIZES), (64, 784, 256, 2)]


@pytest.fixture
def threads(request: pytest.FixtureRequest, torch: Any) -> Iterator[int]:
    """As many threads for tensorlab and for torch; one again afterwards."""
    libraries = [lib for lib in (tl, torch) if lib is not None]
    for lib in libraries:
        lib.set_num_threads(request.param)
    yield request.param
    for lib in libraries:
        lib.set_num_threads(1)


def perceptron(x: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
    h = (x @ w1 + b1).clip(0.0)
    h = (h @ w2 + b2).clip(0.0)
    return h @ w3 + b3


def loss(y: Any, x: Any, *weights: Any) -> Any:
    return ((perceptron(x, *weights) - y) ** 2).mean()


def _arrays(batch: int, width: int, hidden: int) -> list[Array]:
    random = np.random.default_rng(0)
    shapes = [(batch, width), (width, hidden), (hidden,), (hidden, hidden), (hidden,), (hidden, 10), (10,)]
    return [random.standard_normal(shape, dtype=np.float32) * np.float32(0.1) for shape in shapes]


@pytest.mark.parametrize(("batch", "width", "hidden", "threads"), CASES, indirect=["threads"])
def bench_perceptron(batch: int, width: int, hidden: int, threads: int, torch, jax, record) -> None:
    """Three layers; the last one gives ten numbers."""
    arrays = _arrays(batch, width, hidden)
    own = [tl.from_numpy(a) for a in arrays]
    entrants: dict[str, Statement | str] = {
        "tensorlab": call_of(tl.jit.trace(perceptron, tuple(own), check_trace=False), own),
        **dict.fromkeys(("torch", "torch.jit", "torch.compile", "JAX"), NOT_INSTALLED),
    }
    if torch is not None:
        args = [torch.from_numpy(a) for a in arrays]
        entrants["torch"] = call_of(perceptron, args)
        entrants["torch.jit"] = call_of(torch.jit.trace(perceptron, tuple(args), check_trace=False), args)
        compiled = torch_compiled(torch, perceptron, dynamic=True)
        entrants["torch.compile"] = compiled if isinstance(compiled, str) else call_of(compiled, args)
    if threads > 1:
        entrants["JAX"] = "on one thread only here"
    elif jax is not None:
        entrants["JAX"] = call_of(jax_waiting(jax, perceptron), [jax.numpy.asarray(a) for a in arrays])
    what = f"a perceptron {width}-{hidden}-{hidden}-10 traced, batch {batch}"
    what = what if threads == 1 else f"{what}; {threads} threads each"
    record(*compare(what, entrants, rounds=11 if hidden > 256 else 51))


def bench_resnet18_compiled(torch, record) -> None:
    """Traced and frozen, so that batch norms are in the weights; torch eager, traced, frozen and for inference."""
    tl.manual_seed(0)
    model = tl.nn.models.resnet18().eval()
    images = np.random.default_rng(3).standard_normal((1, 3, 224, 224), dtype=np.float32)
    x = tl.tensor(images)
    code = "with no_grad(): f(x)"
    with tl.no_grad():
        frozen = tl.jit.freeze(tl.jit.trace(model, (x,), check_trace=False))
        mine = frozen(x).numpy()
    names = ("torch", "torch.jit.trace", "torch.jit.freeze", "torch.jit.optimize_for_inference", "torch.compile")
    entrants: dict[str, Statement | str] = {
        "tensorlab": Statement(code, {"no_grad": tl.no_grad, "f": frozen, "x": x}),
        **dict.fromkeys(names, NOT_INSTALLED),
        "JAX": "has no such model",
    }
    if torch is not None:
        twin, t = resnet_twin(torch, model), torch.tensor(images)
        with torch.no_grad():
            traced = torch.jit.trace(twin, (t,), check_trace=False)
            still = torch.jit.freeze(traced)
            forms = (twin, traced, still, torch.jit.optimize_for_inference(still), torch_compiled(torch, twin))
            for name, form in zip(names, forms, strict=True):
                if isinstance(form, str):
                    entrants[name] = form
                    continue
                entrants[name] = Statement(code, {"no_grad": torch.no_grad, "f": form, "x": t})
                theirs = form(t).numpy()
                np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-4 * float(np.abs(theirs).max()), err_msg=name)
    row = compare("`resnet18(x)` traced and frozen, 1 × 3 × 224 × 224", entrants, rounds=7, tolerance=None)
    record(*row)


def _step(lib: Any, function: Any, arrays: list[Array], y: Array) -> dict[str, Any]:
    """A function that goes there and back and then down the gradient, and its weights."""
    x, target = lib.tensor(arrays[0]), lib.tensor(y)
    weights = [lib.nn.Parameter(lib.tensor(a)) for a in arrays[1:]]
    optimizer = lib.optim.SGD(weights, lr=RATE)

    def step() -> Any:
        optimizer.zero_grad()
        value = function(target, x, *weights)
        value.backward()
        optimizer.step()
        return value.detach()

    return {"step": step}


def _jax_step(jax: Any, arrays: list[Array], y: Array) -> dict[str, Any]:
    """The same as one compiled function of the weights, which gives new ones."""
    x, target, *weights = (jax.numpy.asarray(a) for a in (arrays[0], y, *arrays[1:]))

    def update(*weights: Any) -> Any:
        value, grads = jax.value_and_grad(lambda held: loss(target, x, *held))(weights)
        return value, tuple(w - RATE * g for w, g in zip(weights, grads, strict=True))

    compiled, held = jax.jit(update), [tuple(weights)]

    def step() -> Any:
        value, held[0] = jax.block_until_ready(compiled(*held[0]))
        return value

    return {"step": step}


def bench_compiled_training_step(torch, jax, record) -> None:
    """The loss compiled forwards and backwards, and SGD after it."""
    arrays = _arrays(64, 784, 256)
    y = np.random.default_rng(1).standard_normal((64, 10), dtype=np.float32)
    examples = tuple(tl.tensor(a) for a in (y, *arrays))
    traced = tl.jit.trace(loss, examples, check_trace=False)
    entrants: dict[str, Statement | str] = {
        "tensorlab": Statement("step()", _step(tl, traced, arrays, y)),
        **dict.fromkeys(("torch", "torch.jit", "torch.compile", "JAX"), NOT_INSTALLED),
    }
    if torch is not None:
        theirs = tuple(torch.tensor(a) for a in (y, *arrays))
        entrants["torch"] = Statement("step()", _step(torch, loss, arrays, y))
        by_jit = torch.jit.trace(loss, theirs, check_trace=False)
        entrants["torch.jit"] = Statement("step()", _step(torch, by_jit, arrays, y))
        compiled = torch_compiled(torch, loss, dynamic=False)
        if isinstance(compiled, str):
            entrants["torch.compile"] = compiled
        else:
            entrants["torch.compile"] = Statement("step()", _step(torch, compiled, arrays, y))
    if jax is not None:
        entrants["JAX"] = Statement("step()", _jax_step(jax, arrays, y))
    what = "a training step of a perceptron 784-256-256-10, batch 64, SGD"
    record(*compare(what, entrants, rounds=21))

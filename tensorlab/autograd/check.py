"""The numeric check that every derivative passes: what the tape says against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tensorlab.autograd.api import grad
from tensorlab.core.interop import from_numpy
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, GradError

Array = np.ndarray[Any, Any]


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Tensor],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
) -> bool:
    """Compare the gradients of ``func(*inputs)`` with central differences, along random directions.

    Each result is weighed by a fixed random cotangent, and each input that requires a gradient, float64 and of its own
    memory, is moved by ``eps`` element by element. A function of the inputs' memory alone may ignore its arguments.

    Cost: two calls of the function for each element.
    Raises: `GradError` with the first element that differs by more than ``atol + rtol * |value|``; `ArgumentError`
            where there is nothing to check.

    >>> import tensorlab as tl
    >>> gradcheck(tl.tanh, tl.tensor([0.5, -1.0], dtype=tl.float64, requires_grad=True))
    True
    """
    listed = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    checked = [i for i in listed if isinstance(i, Tensor) and i.requires_grad]
    if not checked:
        raise ArgumentError("gradcheck: takes at least one input that requires grad")
    results = _results(func, listed)
    random = np.random.default_rng(0)
    weights = [random.uniform(0.5, 1.5, tuple(r.shape)) for r in results]
    analytic = grad(results, checked, [_tensor(w, r) for w, r in zip(weights, results, strict=True)], allow_unused=True)
    for k, (tensor, found) in enumerate(zip(checked, analytic, strict=True)):
        numeric = _differences(func, listed, tensor, weights, eps)
        value = np.zeros(tuple(tensor.shape)) if found is None else found.detach().numpy().astype(np.float64)
        far = ~(np.abs(value - numeric) <= atol + rtol * np.abs(numeric))
        if far.any():
            at = tuple(int(i) for i in np.argwhere(far)[0])
            raise GradError(
                f"gradcheck: the gradient of input {k} at {list(at)} is {value[at]:.6g}, differences say "
                f"{numeric[at]:.6g}"
            )
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Tensor],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
) -> bool:
    """`gradcheck` of the gradients themselves: second derivatives, in the inputs and in what flows back.

    Raises: as `gradcheck`.
    """
    listed = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    checked = [i for i in listed if isinstance(i, Tensor) and i.requires_grad]
    random = np.random.default_rng(1)
    flows = [_tensor(random.uniform(0.5, 1.5, tuple(r.shape)), r).requires_grad_() for r in _results(func, listed)]

    def gradients(*_: Any) -> tuple[Tensor, ...]:
        found = grad(_results(func, listed), checked, flows, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None and g.requires_grad)

    if not gradients():
        return True  # linear: the gradients depend on nothing
    return gradcheck(gradients, [*checked, *flows], eps=eps, atol=atol, rtol=rtol)


def _results(func: Callable[..., Any], inputs: Sequence[Tensor]) -> list[Tensor]:
    found = func(*inputs)
    listed = list(found) if isinstance(found, (tuple, list)) else [found]
    results = [r for r in listed if isinstance(r, Tensor) and r.layout.dtype.is_floating_point]
    return [r for r in results if r.requires_grad] or results


def _differences(
    func: Callable[..., Any], inputs: Sequence[Tensor], tensor: Tensor, weights: list[Array], eps: float
) -> Array:
    """Central differences of the weighed results, element by element."""
    values = tensor.detached_numpy()
    numeric = np.zeros(tuple(tensor.shape))

    def weighed() -> float:
        results = _results(func, inputs)
        pairs = zip(results, weights, strict=True)
        return float(sum((r.detach().numpy().astype(np.float64) * w).sum() for r, w in pairs))

    for at in np.ndindex(*tensor.shape):  # on the tape, which second derivatives need
        before = values[at]
        values[at] = before + eps
        above = weighed()
        values[at] = before - eps
        numeric[at] = (above - weighed()) / (2 * eps)
        values[at] = before
    return numeric


def _tensor(values: Array, like: Tensor) -> Tensor:
    return from_numpy(np.array(values, order="C")).to(like.dtype)

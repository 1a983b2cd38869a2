"""What is done to all parameters at once, under torch's name: clipping gradients, going through a vector."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from types import GeneratorType

from tensorlab.autograd import Tensor, no_grad
from tensorlab.core.dtype import default_float
from tensorlab.core.tensor import empty
from tensorlab.errors import ArgumentError, GradError, ShapeError
from tensorlab.ops.joining_functions import cat, stack
from tensorlab.ops.norm_functions import vector_norm

Tensors = Tensor | Iterable[Tensor]


def get_total_norm(
    tensors: Tensors,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,  # noqa: FBT001 - torch's signature
    foreach: bool | None = None,  # noqa: FBT001
) -> Tensor:
    """The norm of all elements of all tensors together.

    Raises: `GradError` for a norm that is infinite or no number, if asked to.
    """
    listed = _listed(tensors)
    order = float(norm_type)
    if not listed:
        return empty(default_float(), ()).zero_()
    with no_grad():
        norms = [vector_norm(t, order) for t in listed]
        total = norms[0] if len(norms) == 1 else vector_norm(stack(norms), order)
    if error_if_nonfinite and not total.isfinite().item():
        raise GradError(
            f"The total norm of order {order} for gradients from `parameters` is non-finite, so it cannot be clipped. "
            "To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(
    parameters: Tensors,
    max_norm: float,
    total_norm: Tensor,
    foreach: bool | None = None,  # noqa: FBT001
) -> None:
    """Scale the gradients by ``max_norm / total_norm``, where that makes them smaller."""
    with no_grad():
        scale = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
        for gradient in _gradients(parameters):
            gradient.mul_(scale)


def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,  # noqa: FBT001 - torch's signature
    foreach: bool | None = None,  # noqa: FBT001
) -> Tensor:
    """Scale the gradients so that all of them together have a norm of ``max_norm`` at most; gives what it was before.

    Raises: `GradError` for a norm that is infinite or no number, if asked to.
    Source: Pascanu, Mikolov, Bengio, "On the difficulty of training Recurrent Neural Networks", 2013, 3.2.
    """
    listed = _listed(parameters)
    if not listed and isinstance(parameters, GeneratorType):
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2)
    total = get_total_norm(_gradients(listed), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(listed, max_norm, total)
    return total


def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:  # noqa: FBT001
    """Clamp each element of the gradients to between ``-clip_value`` and ``clip_value``."""
    bound = float(clip_value)
    with no_grad():
        for gradient in _gradients(parameters):
            gradient.clamp_(-bound, bound)


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements one after the other."""
    return cat([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Let the parameters be views of a vector, piece by piece, as torch does.

    Raises: `ArgumentError` for what is no Tensor, `ShapeError` for a vector that is too short.
    """
    if not isinstance(vec, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
        raise ArgumentError(f"vector_to_parameters: takes a Tensor, got {type(vec).__name__}")
    listed = list(parameters)
    needed = sum(p.numel() for p in listed)
    if vec.numel() < needed:
        raise ShapeError(f"vector_to_parameters: the parameters have {needed} elements, the vector {vec.numel()}")
    start = 0
    for p in listed:
        p.data = vec.detach()[start : start + p.numel()].view(tuple(p.shape))
        start += p.numel()


def _listed(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: Tensors) -> list[Tensor]:
    return [g for g in (p.grad for p in _listed(parameters)) if g is not None]

"""Checkpoints: what a function saves is let go, and worked out again on the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.autograd.api import backward
from tensorlab.autograd.function import Function
from tensorlab.autograd.modes import ENABLED
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError


class _Checkpoint(Function):
    @staticmethod
    def forward(ctx: Any, function: Callable[..., Any], kwargs: dict[str, Any], *args: Any) -> Any:
        ctx.function, ctx.kwargs, ctx.args = function, kwargs, [None if isinstance(a, Tensor) else a for a in args]
        ctx.places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        ctx.save_for_backward(*[args[i] for i in ctx.places])
        return function(*args, **kwargs)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        args = list(ctx.args)
        for i, saved in zip(ctx.places, ctx.saved_tensors, strict=True):
            args[i] = saved.detach().requires_grad_(ctx.needs_input_grad[i + 2])
        token = ENABLED.set(True)
        try:
            again = ctx.function(*args, **ctx.kwargs)
        finally:
            ENABLED.reset(token)
        results = list(again) if isinstance(again, (tuple, list)) else [again]
        pairs = [(r, g) for r, g in zip(results, grads, strict=True) if isinstance(r, Tensor) and r.requires_grad]
        if pairs:
            backward([r for r, _ in pairs], [g for _, g in pairs])
        return (None, None, *(a.grad if isinstance(a, Tensor) else None for a in args))


def checkpoint(function: Callable[..., Any], *args: Any, use_reentrant: bool = True, **kwargs: Any) -> Any:
    """Call ``function`` without keeping what it saves; backward calls it again to work that out.

    Cost: one more forward pass for the memory of what it would have saved. A function that draws random numbers draws
    others the second time.
    Raises: `ArgumentError` for what cannot be called.
    Source: Chen, Xu, Zhang, Guestrin, "Training Deep Nets with Sublinear Memory Cost", 2016.
    """
    if not callable(function):
        raise ArgumentError(f"checkpoint: argument 'function' takes what can be called, got {type(function).__name__}")
    return _Checkpoint.apply(function, kwargs, *args)

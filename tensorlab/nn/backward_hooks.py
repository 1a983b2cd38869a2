"""Hooks of a module that see gradients: what flows into it, and what flows out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tensorlab.autograd import Function, Tensor
from tensorlab.autograd.node import RemovableHandle, add_hook

if TYPE_CHECKING:
    from tensorlab.nn.module import Module

Hook = Callable[..., Any]


class _Gate(Function):
    """Lets several tensors through unchanged, so that their gradients arrive together."""

    @staticmethod
    def forward(ctx: Any, arrive: Callable[..., Any], *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.arrive = arrive
        return tuple(t.detach() for t in tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        return (None, *ctx.arrive(grads))


class BackwardHooks:
    """The hooks of one module, and what flowed into it in the pass that runs."""

    def __init__(self) -> None:
        self.hooks: dict[int, Hook] = {}
        self._into: tuple[Any, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hooks)

    def add(self, hook: Hook) -> RemovableHandle:
        """Register a hook."""
        return add_hook(self.hooks, hook)

    def watch_inputs(self, module: Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Arguments behind a gate: once all their gradients are there, the hooks are called."""
        places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        if not self.hooks or not places:
            return args

        def arrive(grads: tuple[Any, ...]) -> tuple[Any, ...]:
            flows: list[Any] = [None] * len(args)
            for i, g in zip(places, grads, strict=True):
                flows[i] = g
            given = tuple(flows)
            for hook in list(self.hooks.values()):
                changed = hook(module, given, self._into)
                if changed is not None:
                    given = changed if isinstance(changed, tuple) else (changed,)
            return tuple(given[i] for i in places)

        gated = _Gate.apply(arrive, *[args[i] for i in places])
        replaced = list(args)
        for i, tensor in zip(places, gated, strict=True):
            replaced[i] = tensor
        return tuple(replaced)

    def watch_results(self, module: Module, result: Any) -> Any:
        """Results behind a gate that notes what flows into the module."""
        listed = list(result) if isinstance(result, (tuple, list)) else [result]
        places = [i for i, r in enumerate(listed) if isinstance(r, Tensor)]
        if not self.hooks or not places:
            return result

        def arrive(grads: tuple[Any, ...]) -> tuple[Any, ...]:
            self._into = grads
            return grads

        gated = _Gate.apply(arrive, *[listed[i] for i in places])
        for i, tensor in zip(places, gated, strict=True):
            listed[i] = tensor
        return type(result)(listed) if isinstance(result, (tuple, list)) else listed[0]

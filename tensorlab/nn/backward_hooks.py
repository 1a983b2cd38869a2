"""Hooks of a module that see gradients: what flows into it, and what flows out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from tensorlab.autograd import Function, Tensor, is_grad_enabled
from tensorlab.autograd.node import zeros_of
from tensorlab.core.types import TensorType
from tensorlab.errors import GradError

if TYPE_CHECKING:
    from tensorlab.nn.module import Module

Hook = Callable[..., Any]
Flows = tuple[Any, ...]


class _Gate(Function):
    """Lets several tensors through unchanged, so that their gradients arrive together."""

    @staticmethod
    def forward(ctx: Any, arrive: Callable[[Flows], Flows], *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.arrive = arrive
        passed = tuple(t.detach() for t in tensors)
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*[p for p, t in zip(passed, tensors, strict=True) if not t.requires_grad])
        return passed

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Any, ...]:
        arrived = zip(ctx.arrive(grads), ctx.needs_input_grad[1:], strict=True)
        return (None, *[g if needed else None for g, needed in arrived])


class BackwardWatch:
    """One call of a module with backward hooks: a gate before it and one behind it.

    The gate behind notes what flows in and asks the ``before`` hooks; the gate before, once the gradients of all
    arguments are there, asks the hooks.
    """

    def __init__(self, module: Module, before: Iterable[Hook], hooks: Iterable[Hook]) -> None:
        self._module = module
        self._before = list(before)
        self._hooks = list(hooks)
        self._into: Flows | None = None
        self._places: list[int] | None = None  # of the tensors among the arguments, if a gate stands before them
        self._count = 0
        self._types: list[TensorType] = []  # of these tensors

    def arguments(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, behind a gate if one of them requires a gradient."""
        self._count = len(args)
        self._places = _watched(args)
        if self._places is None:
            return args
        self._types = [args[i].type for i in self._places]
        return _gated(args, self._places, self._leave)

    def results(self, result: Any) -> Any:
        """The result, behind a gate if a gradient may flow into it."""
        listed = result if isinstance(result, tuple) else (result,)
        places = _watched(listed)
        if places is None:
            return result
        count = len(listed)
        passed = _gated(listed, places, lambda grads: self._enter(grads, places, count))
        if not isinstance(result, tuple):
            return passed[0]
        return passed if type(result) is tuple else type(result)(*passed)

    def _enter(self, grads: Flows, places: list[int], count: int) -> Flows:
        into = _spread(grads, places, count)
        for hook in self._before:
            changed = hook(self._module, into)
            if changed is not None:
                into = _checked(changed, count, "pre hook", "grad_output")
        self._into = into
        if self._places is None:  # nothing before the module asks for a gradient
            for hook in self._hooks:
                changed = hook(self._module, (None,) * self._count, into)
                if isinstance(changed, Tensor) or any(c is not None for c in changed or ()):
                    raise GradError(
                        "Backward hook for Modules where no input requires gradient should always return None or None "
                        "for all gradients."
                    )
            self._into = None
        return tuple(into[i] for i in places)

    def _leave(self, grads: Flows) -> Flows:
        places = self._places or []
        if self._into is None:  # the gradient did not come through the module's result
            return grads
        filled = tuple(zeros_of(t) if g is None else g for g, t in zip(grads, self._types, strict=True))
        flows = _spread(filled, places, self._count)
        for hook in self._hooks:
            changed = hook(self._module, flows, self._into)
            if changed is not None:
                flows = _checked(changed, self._count, "hook", "grad_input")
        self._into = None
        return tuple(flows[i] for i in places)


def _watched(values: tuple[Any, ...]) -> list[int] | None:
    """Places of the tensors, if one requires a gradient that is written down."""
    places = [i for i, v in enumerate(values) if isinstance(v, Tensor)]
    return places if is_grad_enabled() and any(values[i].requires_grad for i in places) else None


def _gated(values: tuple[Any, ...], places: list[int], arrive: Callable[[Flows], Flows]) -> tuple[Any, ...]:
    through = dict(zip(places, _Gate.apply(arrive, *[values[i] for i in places]), strict=True))
    return tuple(through.get(i, v) for i, v in enumerate(values))


def _spread(grads: Flows, places: list[int], count: int) -> Flows:
    at = dict(zip(places, grads, strict=True))
    return tuple(at.get(i) for i in range(count))


def _checked(changed: Any, count: int, hook: str, what: str) -> Flows:
    given = (changed,) if isinstance(changed, Tensor) else tuple(changed)
    if len(given) != count:
        raise GradError(f"Backward {hook} returned an invalid number of {what}, got {len(given)}, but expected {count}")
    return given

"""Public functions that look for a short cut first.

A function in front of an op asks ``op.plans`` (see `core.short_cut`) before anything else; under a mode, or where
nothing is found, it goes on to what it decorates, which checks and explains.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from tensorlab.core.dispatch import MODES
from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])


def quick_unary(op: Op) -> Callable[[F], F]:
    """Decorate the function of an op on one tensor; a call with options goes on."""
    plans, modes = op.plans, MODES.get

    def decorate(checked: F) -> F:
        @wraps(checked)
        def function(input: Any, *rest: Any, **options: Any) -> Any:
            if type(input) is Tensor and not rest and not options:
                run = plans.get(input.layout)
                if run is not None and input.tape is None and not modes():
                    return run(input)
            return checked(input, *rest, **options)

        return function  # pyright: ignore[reportReturnType] - the same parameters, by `wraps`

    return decorate


def quick_binary(tensor_op: Op, number_op: Op) -> Callable[[F], F]:
    """Decorate the function of two ops, on two tensors and on a tensor and a number."""
    tensor_plans, number_plans, modes = tensor_op.plans, number_op.plans, MODES.get

    def decorate(checked: F) -> F:
        @wraps(checked)
        def function(input: Any, other: Any, **options: Any) -> Any:
            if type(input) is Tensor and not options:
                kind = type(other)
                if kind is Tensor:
                    run = tensor_plans.get((input.layout, other.layout)) if other.tape is None else None
                else:
                    run = number_plans.get((input.layout, kind))
                if run is not None and input.tape is None and not modes():
                    return run(input, other)
            return checked(input, other, **options)

        return function  # pyright: ignore[reportReturnType] - the same parameters, by `wraps`

    return decorate

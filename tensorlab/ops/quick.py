"""Public functions that look for a short cut first.

A function in front of an op asks ``op.plans`` (see `core.short_cut`) before anything else; under a mode, or where
nothing is found, it goes on to what it decorates, which checks and explains.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from tensorlab.core.dispatch import MODES, recorders
from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])


def quick_unary(op: Op) -> Callable[[F], F]:
    """Decorate the function of an op on one tensor; a call with options goes on."""
    plans, modes, writes = op.plans, MODES.get, bool(op.schema.writes)

    def decorate(checked: F) -> F:
        @wraps(checked)
        def function(input: Any, *rest: Any, **options: Any) -> Any:
            if isinstance(input, Tensor) and not rest and not options:
                run = plans.get(input.layout)
                if run is not None and not modes():
                    if input.tape is None:
                        return run(input)
                    if not writes:
                        return recorders[0].one(op, run, input)
            return checked(input, *rest, **options)

        return function  # pyright: ignore[reportReturnType] - the same parameters, by `wraps`

    return decorate


def quick_view(op: Op) -> Callable[[F], F]:
    """Decorate the function of a view op that takes integers: the place was worked out when they were met first."""
    plans, modes = op.plans, MODES.get

    def decorate(checked: F) -> F:
        @wraps(checked)
        def function(input: Any, *numbers: Any, **options: Any) -> Any:
            if type(input) is Tensor and not options and input.tape is None and not modes():
                for n in numbers:
                    if type(n) is not int:  # 1.0 and True are other keys to people, but not to a dict
                        break
                else:
                    place = plans.get((input.layout, *numbers))
                    if place is not None:
                        return input.as_view(place[0], input.offset + place[1])
            return checked(input, *numbers, **options)

        return function  # pyright: ignore[reportReturnType] - the same parameters, by `wraps`

    return decorate


def quick_sizes(op: Op) -> Callable[[F], F]:
    """As `quick_view`, for a method that takes a list of integers one by one: ``x.permute(1, 0)``."""
    plans, modes = op.plans, MODES.get

    def decorate(checked: F) -> F:
        @wraps(checked)
        def function(input: Any, *sizes: Any, **options: Any) -> Any:
            if not options and input.tape is None and not modes():
                for n in sizes:
                    if type(n) is not int:
                        break
                else:
                    place = plans.get((input.layout, sizes))
                    if place is not None and place[1] is not True:  # a place whose elements have to be copied first
                        return input.as_view(place[0], input.offset + place[1])
            return checked(input, *sizes, **options)

        return function  # pyright: ignore[reportReturnType] - the same parameters, by `wraps`

    return decorate


def quick_operator(tensor_op: Op, number_op: Op) -> Callable[[F], F]:
    """As `quick_binary`, for an operator, which takes no options and is only asked where a tensor comes first."""
    tensor_plans, number_plans, modes = tensor_op.plans, number_op.plans, MODES.get

    def decorate(checked: F) -> F:
        @wraps(checked)
        def operator(self: Any, other: Any) -> Any:
            if isinstance(other, Tensor):
                run = tensor_plans.get((self.layout, other.layout))
                if run is not None and not modes():
                    if self.tape is None and other.tape is None:
                        return run(self, other)
                    return recorders[0].two(tensor_op, run, self, other)
            else:
                run = number_plans.get((self.layout, type(other)))
                if run is not None and not modes():
                    if self.tape is None:
                        return run(self, other)
                    return recorders[0].two(number_op, run, self, other)
            return checked(self, other)

        return operator  # pyright: ignore[reportReturnType] - the same parameters, by `wraps`

    return decorate


def quick_binary(tensor_op: Op, number_op: Op) -> Callable[[F], F]:
    """Decorate the function of two ops, on two tensors and on a tensor and a number."""
    tensor_plans, number_plans, modes = tensor_op.plans, number_op.plans, MODES.get
    writes = bool(tensor_op.schema.writes)  # what a write has to look at first, `checked` does

    def decorate(checked: F) -> F:
        @wraps(checked)
        def function(input: Any, other: Any, **options: Any) -> Any:
            if isinstance(input, Tensor) and not options:
                if isinstance(other, Tensor):
                    run = tensor_plans.get((input.layout, other.layout))
                    if run is not None and not modes():
                        if input.tape is None and other.tape is None:
                            return run(input, other)
                        if not writes:
                            return recorders[0].two(tensor_op, run, input, other)
                else:
                    run = number_plans.get((input.layout, type(other)))
                    if run is not None and not modes():
                        if input.tape is None:
                            return run(input, other)
                        if not writes:
                            return recorders[0].two(number_op, run, input, other)
            return checked(input, other, **options)

        return function  # pyright: ignore[reportReturnType] - the same parameters, by `wraps`

    return decorate

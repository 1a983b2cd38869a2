"""Ops that write random numbers over a tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tensorlab.core.dtype import Category, DType, limits
from tensorlab.core.interop import borrowed
from tensorlab.core.op import declare
from tensorlab.core.tensor import Tensor
from tensorlab.core.tensor import empty as empty_tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError, RangeError, ShapeError
from tensorlab.ops.copying import copy_call
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.random import check_range, fill_normal_numbers, fill_uniform, generator_at_hand

Array = np.ndarray[Any, Any]

uniform_ = declare("uniform_(Tensor(a!) self, float from=0.0, float to=1.0) -> Tensor(a!)", random=True)
normal_ = declare("normal_(Tensor(a!) self, float mean=0.0, float std=1.0) -> Tensor(a!)", random=True)
bernoulli_ = declare("bernoulli_.float(Tensor(a!) self, float p=0.5) -> Tensor(a!)", random=True)
bernoulli_tensor = declare("bernoulli_.Tensor(Tensor(a!) self, Tensor p) -> Tensor(a!)", random=True)
random_ = declare("random_.from(Tensor(a!) self, int from, int? to) -> Tensor(a!)", random=True)
random_whole = declare("random_(Tensor(a!) self) -> Tensor(a!)", random=True)
exponential_ = declare("exponential_(Tensor(a!) self, float lambd=1.0) -> Tensor(a!)", random=True)


@uniform_.rule("type")
@normal_.rule("type")
@bernoulli_.rule("type")
@bernoulli_tensor.rule("type")
@random_.rule("type")
@random_whole.rule("type")
@exponential_.rule("type")
def written_type(target: TensorType, *_: object) -> TensorType:
    return target


def _check_floating(target: Tensor, op: str) -> None:
    if not target.dtype.is_floating_point:
        raise DTypeError(f"{op}: takes a floating point tensor, got {target.dtype.name}")


def _over(target: Tensor, op: str, fill: Callable[[Tensor], None]) -> Tensor:
    """Fill a tensor: a row-major one where it lies, another through a copy."""
    target.check_writable(op)
    if target.layout.is_contiguous:
        fill(target)
        target.written()
        return target
    drawn = empty_tensor(target.dtype, tuple(target.shape))
    fill(drawn)
    return copy_call(target, drawn, False)


def _over_with(target: Tensor, op: str, values: Callable[[np.random.Generator], Array]) -> Tensor:
    def fill(place: Tensor) -> None:
        with generator_at_hand().drawing() as draws:
            np.copyto(borrowed(place), values(draws), casting="unsafe")

    return _over(target, op, fill)


@uniform_.rule("call")
def uniform_call(target: Tensor, low: float, high: float) -> Tensor:
    _check_floating(target, "uniform_")
    if not low <= high:
        raise RangeError(f"uniform_: expects to return a [from, to) range, but found from={low} > to={high}")

    def fill(place: Tensor) -> None:
        fill_uniform(place)
        if (low, high) != (0, 1):
            own = borrowed(place)
            own *= own.dtype.type(high - low)
            own += own.dtype.type(low)

    return _over(target, "uniform_", fill)


@normal_.rule("call")
def normal_in_place_call(target: Tensor, mean: float, std: float) -> Tensor:
    _check_floating(target, "normal_")
    _check_deviation(std, "normal_")

    def fill(place: Tensor) -> None:
        fill_normal_numbers(place)
        if (mean, std) != (0, 1):
            own = borrowed(place)
            own *= own.dtype.type(std)
            own += own.dtype.type(mean)

    return _over(target, "normal_", fill)


def _check_deviation(std: float, op: str) -> None:
    if not std >= 0:
        raise RangeError(f"{op}: expects std >= 0.0, but found std {std}")


@bernoulli_.rule("call")
def bernoulli_in_place_call(target: Tensor, p: float) -> Tensor:
    if not 0 <= p <= 1:
        raise RangeError(f"bernoulli_: expects p to be in [0, 1], but got p={p}")
    return _over_with(target, "bernoulli_", lambda draws: draws.random(tuple(target.shape)) < p)


@bernoulli_tensor.rule("call")
def bernoulli_tensor_call(target: Tensor, p: Tensor) -> Tensor:
    chances = borrowed(p)
    if not ((chances >= 0) & (chances <= 1)).all():
        raise RangeError("bernoulli_: expected all probabilities to be in [0, 1]")
    if np.broadcast_shapes(chances.shape, tuple(target.shape)) != tuple(target.shape):
        raise ShapeError(f"bernoulli_: probabilities of shape {chances.shape} do not fit {tuple(target.shape)}")
    return _over_with(target, "bernoulli_", lambda draws: draws.random(tuple(target.shape)) < chances)


@random_.rule("call")
def random_call(target: Tensor, low: int, high: int | None) -> Tensor:
    """Integers from ``low`` up to, not with, ``high``; without it, as far as the dtype counts without a gap."""
    last = _largest(target.dtype) + 1 if high is None else high
    check_range(low, last, target.dtype, "random_")
    return _over_with(target, "random_", lambda draws: draws.integers(low, last, tuple(target.shape)))


@random_whole.rule("call")
def random_whole_call(target: Tensor) -> Tensor:
    return random_call(target, 0, None)


def _largest(dtype: DType) -> int:
    if dtype.is_floating_point:
        return 1 << {"float16": 11, "bfloat16": 8, "float32": 24}.get(dtype.name, 53)
    return 1 if dtype.category is Category.BOOL else limits(dtype)[1]


@exponential_.rule("call")
def exponential_call(target: Tensor, lambd: float) -> Tensor:
    _check_floating(target, "exponential_")
    if not lambd > 0:
        raise RangeError(f"exponential_: expects lambda > 0.0, but found lambda={lambd}")
    return _over_with(target, "exponential_", lambda draws: draws.standard_exponential(tuple(target.shape)) / lambd)


# Nothing flows back through a random number.


@uniform_.vjp("self")
@normal_.vjp("self")
@bernoulli_.vjp("self")
@random_.vjp("self")
@random_whole.vjp("self")
@exponential_.vjp("self")
def no_gradient(g: Tensor) -> None:
    return None


@bernoulli_tensor.vjp("self", "p")
def no_gradients(g: Tensor) -> tuple[None, None]:
    return None, None


for _op in (uniform_, normal_, bernoulli_, bernoulli_tensor, random_, random_whole, exponential_):
    call_evaluator(_op)

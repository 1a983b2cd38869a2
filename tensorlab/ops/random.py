"""Ops that draw random numbers from the generator at hand: the default one, or the one that `drawn_from` names."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import numpy as np

from tensorlab.core.dispatch import MODES
from tensorlab.core.dtype import Category, DType, default_float, float32, float64, int64, limits
from tensorlab.core.interop import borrowed
from tensorlab.core.op import Op, declare
from tensorlab.core.tensor import Tensor
from tensorlab.core.tensor import empty as empty_tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError, RangeError, ShapeError
from tensorlab.ops.create import sized
from tensorlab.ops.generator import Generator, default_generator
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.normals import fill_normal
from tensorlab.ops.operands import as_dtype

_GIVEN: ContextVar[Generator | None] = ContextVar("tensorlab_generator", default=None)
_DIRECT = {float32: np.float32, float64: np.float64}  # what NumPy draws straight into memory

Array = np.ndarray[Any, Any]


def drawn_from(generator: Generator | None, op: Op, args: tuple[Any, ...]) -> Any:
    """Call an op that draws from this generator; a mode that has ``other_stream`` hears of it first, and may refuse.

    A trace does: what it wrote down would draw from the default one.
    """
    if generator is None:
        return op.call(args)
    for mode in reversed(MODES.get()):
        other_stream = getattr(mode, "other_stream", None)
        if other_stream is not None:
            other_stream(op)
            break
    token = _GIVEN.set(generator)
    try:
        return op.call(args)
    finally:
        _GIVEN.reset(token)


def generator_at_hand() -> Generator:
    return _GIVEN.get() or default_generator


def _floating(size: tuple[int, ...], dtype: DType | int | None, op: str) -> TensorType:
    wanted = as_dtype(dtype, op=op) or default_float()
    if not wanted.is_floating_point:
        raise DTypeError(f"{op}: takes a floating point dtype, got {wanted.name}")
    return TensorType(wanted, sized(size, op))


def _new(type_: TensorType) -> Tensor:
    return empty_tensor(type_.dtype or default_float(), type_.sizes)


def _stored(values: Any, type_: TensorType) -> Tensor:
    """NumPy's numbers as a new tensor."""
    result = _new(type_)
    np.copyto(borrowed(result), values, casting="unsafe")
    return result


def fill_uniform(target: Tensor) -> None:
    """Uniform numbers in [0, 1) over a row-major tensor."""
    with generator_at_hand().drawing() as draws:
        if target.dtype in _DIRECT:
            draws.random(out=borrowed(target), dtype=_DIRECT[target.dtype])
            return
        steps = 1 << (11 if target.dtype.name == "float16" else 8)  # as many as the half tells apart below 1
        borrowed(target)[...] = draws.integers(0, steps, tuple(target.shape)) / steps


def fill_normal_numbers(target: Tensor) -> None:
    """Normal numbers over a row-major tensor."""
    with generator_at_hand().drawing() as draws:
        if target.dtype is float32:
            fill_normal(draws, target)
        elif target.dtype is float64:
            draws.standard_normal(out=borrowed(target))
        else:
            borrowed(target)[...] = draws.standard_normal(tuple(target.shape), dtype=np.float32)


# New tensors ----------------------------------------------------------------------------------------------------------

rand_op = declare("rand(int[] size, *, ScalarType? dtype=None) -> Tensor", random=True)
randn_op = declare("randn(int[] size, *, ScalarType? dtype=None) -> Tensor", random=True)
randint_op = declare("randint.low(int low, int high, int[] size, *, ScalarType? dtype=None) -> Tensor", random=True)
randperm_op = declare("randperm(int n, *, ScalarType? dtype=None) -> Tensor", random=True)


@rand_op.rule("type")
def rand_type(size: tuple[int, ...], dtype: DType | int | None) -> TensorType:
    return _floating(size, dtype, "rand")


@rand_op.rule("call")
def rand_call(size: tuple[int, ...], dtype: DType | int | None) -> Tensor:
    result = _new(rand_type(size, dtype))
    fill_uniform(result)
    return result


@randn_op.rule("type")
def randn_type(size: tuple[int, ...], dtype: DType | int | None) -> TensorType:
    return _floating(size, dtype, "randn")


@randn_op.rule("call")
def randn_call(size: tuple[int, ...], dtype: DType | int | None) -> Tensor:
    result = _new(randn_type(size, dtype))
    fill_normal_numbers(result)
    return result


@randint_op.rule("type")
def randint_type(low: int, high: int, size: tuple[int, ...], dtype: DType | int | None) -> TensorType:
    return TensorType(as_dtype(dtype, op="randint") or int64, sized(size, "randint"))


@randint_op.rule("call")
def randint_call(low: int, high: int, size: tuple[int, ...], dtype: DType | int | None) -> Tensor:
    found = randint_type(low, high, size, dtype)
    check_range(low, high, found.dtype or int64, "randint")
    with generator_at_hand().drawing() as draws:
        return _stored(draws.integers(low, high, found.sizes), found)


def check_range(low: int, high: int, dtype: DType, op: str) -> None:
    """Refuse an empty range, and one with numbers that the dtype does not hold."""
    if low >= high:
        raise RangeError(f"{op}: expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if dtype.is_floating_point:
        return
    least, most = (0, 1) if dtype.category is Category.BOOL else limits(dtype)
    for name, value in (("from", low), ("to - 1", high - 1)):
        if not least <= value <= most:
            raise RangeError(f"{op}: {name} is out of bounds for {dtype.name}: got {value}")


@randperm_op.rule("type")
def randperm_type(n: int, dtype: DType | int | None) -> TensorType:
    if n < 0:
        raise RangeError(f"randperm: n must be non-negative, got {n}")
    return TensorType(as_dtype(dtype, op="randperm") or int64, (n,))


@randperm_op.rule("call")
def randperm_call(n: int, dtype: DType | int | None) -> Tensor:
    found = randperm_type(n, dtype)
    with generator_at_hand().drawing() as draws:
        return _stored(draws.permutation(n), found)


# Drawn from probabilities and rates -----------------------------------------------------------------------------------

bernoulli_op = declare("bernoulli(Tensor self) -> Tensor", random=True)
bernoulli_p = declare("bernoulli.p(Tensor self, float p) -> Tensor", random=True)
poisson_op = declare("poisson(Tensor self) -> Tensor", random=True)
multinomial_op = declare("multinomial(Tensor self, int num_samples, bool replacement=False) -> Tensor", random=True)
normal_op = declare("normal.Tensor_Tensor(Tensor mean, Tensor std) -> Tensor", random=True)


@bernoulli_op.rule("type")
@poisson_op.rule("type")
def same_type(a: TensorType) -> TensorType:
    if a.dtype is not None and not a.dtype.is_floating_point:
        raise DTypeError(f"bernoulli or poisson: takes a floating point tensor, got {a.dtype.name}")
    return a


@bernoulli_op.rule("call")
def bernoulli_call(a: Tensor) -> Tensor:
    same_type(a.type)
    p = borrowed(a)
    if not ((p >= 0) & (p <= 1)).all():
        raise RangeError("bernoulli: expected all probabilities to be in [0, 1]")
    with generator_at_hand().drawing() as draws:
        return _stored(draws.random(p.shape) < p, a.type)


@bernoulli_p.rule("type")
def bernoulli_p_type(a: TensorType, p: float) -> TensorType:
    return a


@bernoulli_p.rule("call")
def bernoulli_p_call(a: Tensor, p: float) -> Tensor:
    if not 0 <= p <= 1:
        raise RangeError(f"bernoulli: expects p to be in [0, 1], but got p={p}")
    with generator_at_hand().drawing() as draws:
        return _stored(draws.random(tuple(a.shape)) < p, a.type)


@poisson_op.rule("call")
def poisson_call(a: Tensor) -> Tensor:
    same_type(a.type)
    rate = borrowed(a)
    if not (rate >= 0).all():
        raise RangeError("poisson: invalid Poisson rate, expected rate to be non-negative")
    with generator_at_hand().drawing() as draws:
        return _stored(draws.poisson(rate.astype(np.float64)), a.type)


@multinomial_op.rule("type")
def multinomial_type(a: TensorType, num_samples: int, replacement: bool) -> TensorType:  # noqa: FBT001
    """Indices into the last dimension, for a vector of weights or for each row of a matrix."""
    shape = a.sizes
    if len(shape) not in (1, 2):
        raise ShapeError(f"multinomial: prob_dist must be 1 or 2 dim, got {len(shape)}")
    if a.dtype is not None and not a.dtype.is_floating_point:
        raise DTypeError(f"multinomial: takes a floating point tensor, got {a.dtype.name}")
    if num_samples <= 0:
        raise RangeError(f"multinomial: cannot sample n_sample <= 0 samples, got {num_samples}")
    if not replacement and num_samples > shape[-1]:
        raise RangeError("multinomial: cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    return TensorType(int64, (*shape[:-1], num_samples))


@multinomial_op.rule("call")
def multinomial_call(a: Tensor, num_samples: int, replacement: bool) -> Tensor:  # noqa: FBT001
    """With replacement by the inverse of the distribution function, without by a race of exponential clocks.

    Source: Efraimidis, Spirakis, "Weighted random sampling with a reservoir", 2006 (the race).
    """
    found = multinomial_type(a.type, num_samples, replacement)
    weights = borrowed(a).astype(np.float64)
    if not ((weights >= 0) & np.isfinite(weights)).all():
        raise RangeError("multinomial: probability tensor contains either `inf`, `nan` or element < 0")
    if not (weights.sum(-1) > 0).all():
        raise RangeError("multinomial: invalid multinomial distribution (sum of probabilities <= 0)")
    with generator_at_hand().drawing() as draws:
        if not replacement:
            with np.errstate(divide="ignore"):
                arrivals = draws.standard_exponential(weights.shape) / weights
            return _stored(np.argsort(arrivals, axis=-1)[..., :num_samples], found)
        reached = np.cumsum(weights, -1).reshape(-1, weights.shape[-1])
        points = draws.random((len(reached), num_samples)) * reached[:, -1:]
    rows = [np.searchsorted(r, p, side="right") for r, p in zip(reached, points, strict=True)]
    return _stored(np.reshape(rows, found.sizes), found)


@normal_op.rule("type")
def normal_type(mean: TensorType, std: TensorType) -> TensorType:
    shape = np.broadcast_shapes(mean.sizes, std.sizes)
    return TensorType(mean.dtype, tuple(shape))


@normal_op.rule("call")
def normal_call(mean: Tensor, std: Tensor) -> Tensor:
    found = normal_type(mean.type, std.type)
    deviations = borrowed(std)
    if not (deviations >= 0).all():
        raise RangeError("normal: expects all elements of std >= 0.0")
    result = _new(found)
    fill_normal_numbers(result)
    own = borrowed(result)
    np.copyto(own, own * deviations + borrowed(mean), casting="unsafe")
    return result


# Nothing flows back through a random number.


@bernoulli_op.vjp("self")
@bernoulli_p.vjp("self")
@poisson_op.vjp("self")
def no_gradient(g: Tensor) -> None:
    return None


@normal_op.vjp("mean", "std")
def no_gradients(g: Tensor) -> tuple[None, None]:
    return None, None


for _op in (
    *(rand_op, randn_op, randint_op, randperm_op),
    *(bernoulli_op, bernoulli_p, poisson_op, multinomial_op, normal_op),
):
    call_evaluator(_op)

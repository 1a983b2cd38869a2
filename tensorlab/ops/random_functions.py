"""The public functions that draw random numbers; ``generator=`` names another stream than the default one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.ops import random, random_in_place
from tensorlab.ops.create import full_op
from tensorlab.ops.factories import empty_like, finished, sizes
from tensorlab.ops.generator import Generator, generator_argument
from tensorlab.ops.operands import as_int, as_ints, as_number, as_tensor_argument
from tensorlab.ops.out import takes_out


def _stream(generator: object, op: str) -> Generator | None:
    return None if generator is None else generator_argument(generator, op)


@takes_out
def rand(
    *size: Any,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: object = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform numbers in [0, 1)."""
    args = (sizes(size, "rand"), dtype)
    return finished(random.drawn_from(_stream(generator, "rand"), random.rand_op, args), device, requires_grad)


@takes_out
def randn(
    *size: Any,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: object = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal numbers, mean 0, variance 1."""
    args = (sizes(size, "randn"), dtype)
    return finished(random.drawn_from(_stream(generator, "randn"), random.randn_op, args), device, requires_grad)


@takes_out
def randint(
    *bounds_and_size: Any,
    low: int = 0,
    high: int | None = None,
    size: Sequence[int] | None = None,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: object = None,
    requires_grad: bool = False,
) -> Tensor:
    """Integers from ``low`` up to, not with, ``high``: ``randint(high, size)`` or ``randint(low, high, size)``.

    Raises: `RangeError` for an empty range, or one that the dtype does not hold.
    """
    given = list(bounds_and_size)
    if size is None and given:
        size = given.pop()
    if len(given) == 2:
        low, high = given
    elif len(given) == 1 and high is None:
        (high,) = given
    elif given:
        (low,) = given
    if high is None or not isinstance(size, (tuple, list)):
        raise ArgumentError("randint: takes (high, size) or (low, high, size), the size as a list of integers")
    bounds = as_ints((low, high), op="randint", name="low or high")
    args = (*bounds, as_ints(size, op="randint", name="size"), dtype)
    found = random.drawn_from(_stream(generator, "randint"), random.randint_op, args)
    return finished(found, device, requires_grad)


@takes_out
def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: object = None,
    requires_grad: bool = False,
) -> Tensor:
    """The integers below ``n`` in random order."""
    args = (as_int(n, op="randperm", name="n"), dtype)
    found = random.drawn_from(_stream(generator, "randperm"), random.randperm_op, args)
    return finished(found, device, requires_grad)


def rand_like(
    input: Tensor, *, dtype: DType | None = None, device: object = None, requires_grad: bool = False
) -> Tensor:
    """Uniform numbers in another tensor's shape and dtype."""
    made = empty_like(input, dtype=dtype, device=device)
    return finished(random_in_place.uniform_.call((made, 0.0, 1.0)), None, requires_grad)


def randn_like(
    input: Tensor, *, dtype: DType | None = None, device: object = None, requires_grad: bool = False
) -> Tensor:
    """Normal numbers in another tensor's shape and dtype."""
    made = empty_like(input, dtype=dtype, device=device)
    return finished(random_in_place.normal_.call((made, 0.0, 1.0)), None, requires_grad)


def randint_like(
    input: Tensor,
    low: int,
    high: int | None = None,
    *,
    dtype: DType | None = None,
    device: object = None,
    requires_grad: bool = False,
) -> Tensor:
    """Integers in another tensor's shape and dtype: ``randint_like(x, high)`` or ``randint_like(x, low, high)``."""
    bounds = as_ints((0, low) if high is None else (low, high), op="randint_like", name="low or high")
    made = random_in_place.random_.call((empty_like(input, dtype=dtype, device=device), *bounds))
    return finished(made, None, requires_grad)


@takes_out
def normal(
    mean: Tensor | float,
    std: Tensor | float = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: object = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal numbers of these means and standard deviations: each a tensor or a number; with ``size``, two numbers.

    Raises: `RangeError` for a negative deviation, `ArgumentError` for numbers without a size.
    """
    stream = _stream(generator, "normal")
    if not isinstance(std, Tensor) and not as_number(std, op="normal", name="std") >= 0:
        raise RangeError(f"normal: expects std >= 0.0, but found std {std}")
    if isinstance(mean, Tensor) or isinstance(std, Tensor):
        if size is not None:
            raise ArgumentError("normal: argument 'size' goes with two numbers, not with a tensor")
        own = next(v for v in (mean, std) if isinstance(v, Tensor))
        pair = [
            v if isinstance(v, Tensor) else full_op.call(((), as_number(v, op="normal", name=n), own.dtype))
            for v, n in ((mean, "mean"), (std, "std"))
        ]
        return finished(random.drawn_from(stream, random.normal_op, tuple(pair)), device, requires_grad)
    if size is None:
        raise ArgumentError("normal: argument 'size' is missing; two numbers take one")
    made = random.drawn_from(stream, random.randn_op, (as_ints(size, op="normal", name="size"), dtype))
    return finished(made.mul_(float(std)).add_(float(mean)), device, requires_grad)


def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """Ones with the probabilities that the input holds, or with ``p``; zeros else."""
    stream, source = _stream(generator, "bernoulli"), as_tensor_argument(random.bernoulli_op, input)
    if p is None:
        return random.drawn_from(stream, random.bernoulli_op, (source,))
    return random.drawn_from(stream, random.bernoulli_p, (source, float(as_number(p, op="bernoulli", name="p"))))


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Counts of events whose rates the input holds."""
    source = as_tensor_argument(random.poisson_op, input)
    return random.drawn_from(_stream(generator, "poisson"), random.poisson_op, (source,))


def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,  # noqa: FBT001 - torch's signature
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Indices drawn by the weights in the last dimension, each once unless with ``replacement``."""
    source = as_tensor_argument(random.multinomial_op, input)
    args = (source, as_int(num_samples, op="multinomial", name="num_samples"), bool(replacement))
    return random.drawn_from(_stream(generator, "multinomial"), random.multinomial_op, args)


# Methods --------------------------------------------------------------------------------------------------------------


def uniform_(self: Tensor, low: float = 0.0, high: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Uniform numbers from ``low`` up to, not with, ``high`` over all elements."""
    bounds = (float(as_number(low, op="uniform_", name="from")), float(as_number(high, op="uniform_", name="to")))
    return random.drawn_from(_stream(generator, "uniform_"), random_in_place.uniform_, (self, *bounds))


def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Normal numbers over all elements."""
    both = (float(as_number(mean, op="normal_", name="mean")), float(as_number(std, op="normal_", name="std")))
    return random.drawn_from(_stream(generator, "normal_"), random_in_place.normal_, (self, *both))


def bernoulli_(self: Tensor, p: Tensor | float = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Ones with probability ``p``, zeros else, over all elements."""
    stream = _stream(generator, "bernoulli_")
    if isinstance(p, Tensor):
        return random.drawn_from(stream, random_in_place.bernoulli_tensor, (self, p))
    return random.drawn_from(stream, random_in_place.bernoulli_, (self, float(as_number(p, op="bernoulli_", name="p"))))


def random_(self: Tensor, *bounds: int, generator: Generator | None = None) -> Tensor:
    """Integers over all elements: ``random_()``, ``random_(to)`` or ``random_(from, to)``; ``to`` is not among them.

    Raises: `ArgumentError` for more than two bounds, `RangeError` for an empty range or one that the dtype cannot hold.
    """
    stream = _stream(generator, "random_")
    if len(bounds) > 2:
        raise ArgumentError(f"random_: takes at most two bounds, got {len(bounds)}")
    if not bounds:
        return random.drawn_from(stream, random_in_place.random_whole, (self,))
    low, high = (0, bounds[0]) if len(bounds) == 1 else bounds
    last = None if high is None else as_int(high, op="random_", name="to")  # pyright: ignore[reportUnnecessaryComparison]
    return random.drawn_from(stream, random_in_place.random_, (self, as_int(low, op="random_", name="from"), last))


def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Waiting times of mean ``1 / lambd`` over all elements."""
    rate = float(as_number(lambd, op="exponential_", name="lambd"))
    return random.drawn_from(_stream(generator, "exponential_"), random_in_place.exponential_, (self, rate))


FUNCTIONS: dict[str, Any] = {
    "bernoulli": bernoulli,
    "multinomial": multinomial,
    "normal": normal,
    "poisson": poisson,
    "rand": rand,
    "rand_like": rand_like,
    "randint": randint,
    "randint_like": randint_like,
    "randn": randn,
    "randn_like": randn_like,
    "randperm": randperm,
}

METHODS: dict[str, Any] = {
    "bernoulli": bernoulli,
    "bernoulli_": bernoulli_,
    "exponential_": exponential_,
    "multinomial": multinomial,
    "normal_": normal_,
    "random_": random_,
    "uniform_": uniform_,
}

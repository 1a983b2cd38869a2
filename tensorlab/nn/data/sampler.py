"""Samplers: the indices of a dataset in the order in which it is to be gone through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import islice
from typing import Any, Generic, TypeVar

from tensorlab.autograd import Tensor
from tensorlab.core.dtype import float64, int64
from tensorlab.errors import RangeError
from tensorlab.ops.data import as_tensor
from tensorlab.ops.generator import Generator
from tensorlab.ops.random_functions import multinomial, randint, randperm

T = TypeVar("T", covariant=True)
_DRAWN_AT_ONCE = 1024  # indices with replacement: few enough to lie in the cache, enough to be worth the call


class Sampler(Generic[T]):
    """Indices, or lists of them: a subclass defines ``__iter__``, and ``__len__`` where it has one."""

    def __iter__(self) -> Iterator[T]:
        return iter(())


class SequentialSampler(Sampler[int]):
    """All indices in order."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """All indices in random order, or ``num_samples`` of them; with ``replacement``, each drawn from all.

    Raises: `RangeError` for a number of samples that is not positive.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,  # noqa: FBT001 - torch's signature
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self._num_samples = num_samples
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise RangeError(f"num_samples should be a positive integer value, but got num_samples={self.num_samples}")

    @property
    def num_samples(self) -> int:
        """How many indices one round has."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        count, left = len(self.data_source), self.num_samples
        while left > 0:
            if self.replacement:
                drawn = randint(0, count, (min(left, _DRAWN_AT_ONCE),), generator=self.generator, dtype=int64)
            else:
                drawn = randperm(count, generator=self.generator)[:left]
            yield from drawn.tolist()
            left -= len(drawn)

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """These indices in random order."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        for k in randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[k]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn with these weights, each as often as its weight says, or each once at most.

    Raises: `RangeError` for weights that are no list, or a number of samples that is not positive.
    """

    def __init__(
        self,
        weights: Sequence[float] | Tensor,
        num_samples: int,
        replacement: bool = True,  # noqa: FBT001
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise RangeError(f"num_samples should be a positive integer value, but got num_samples={num_samples}")
        self.weights = as_tensor(weights, float64)
        if len(self.weights.shape) != 1:
            raise RangeError(f"weights should be a 1d sequence but given weights have shape {self.weights.shape!r}")
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self) -> Iterator[int]:
        drawn = multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator)
        return iter(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of ``batch_size`` indices of another sampler; the last may be shorter, unless it is dropped.

    Raises: `RangeError` for a size that is not positive.
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:  # noqa: FBT001
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise RangeError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        count = len(self.sampler)  # pyright: ignore[reportArgumentType] - a sampler without a length has none here
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

"""Datasets: samples by index, or one after the other, and datasets made of others."""

from __future__ import annotations

import math
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any, Generic, TypeVar

from tensorlab.autograd import Tensor
from tensorlab.errors import ArgumentError, DimError, RangeError, ShapeError
from tensorlab.ops.generator import Generator
from tensorlab.ops.random_functions import randperm

T = TypeVar("T", covariant=True)


class Dataset(Generic[T]):
    """Samples by index: a subclass defines ``__getitem__`` and ``__len__``.

    One with ``__getitems__``, which takes a list of indices and gives a list of samples, is asked for batches at once.
    """

    def __getitem__(self, index: Any) -> T:
        raise ArgumentError(f"{type(self).__name__} does not define __getitem__")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T]):
    """Samples one after the other: a subclass defines ``__iter__``."""

    def __iter__(self) -> Iterator[T]:
        raise ArgumentError(f"{type(self).__name__} does not define __iter__")


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Samples are rows of several tensors with the same first size.

    Raises: `ShapeError` for tensors of different first sizes.
    """

    def __init__(self, *tensors: Tensor) -> None:
        if not tensors or any(not t.shape or t.shape[0] != tensors[0].shape[0] for t in tensors):
            raise ShapeError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(t[index] for t in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].shape[0]


class StackDataset(Dataset[Any]):
    """Samples are tuples, or dicts, of the samples of several datasets of one length.

    Raises: `ShapeError` for datasets of different lengths, `ArgumentError` for none, or for both kinds.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) == bool(kwargs):
            raise ArgumentError("StackDataset: takes datasets either by position (for tuples) or by name (for dicts)")
        self.datasets: Any = args or kwargs
        parts = list(args) or list(kwargs.values())
        self._length = len(parts[0])
        if any(len(p) != self._length for p in parts):
            raise ShapeError("Size mismatch between datasets")

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: part[index] for name, part in self.datasets.items()}
        return tuple(part[index] for part in self.datasets)

    def __len__(self) -> int:
        return self._length


class Subset(Dataset[T]):
    """The samples of a dataset at these indices."""

    def __init__(self, dataset: Dataset[T], indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> T:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[int]) -> list[T]:
        """Several samples at once."""
        wanted = [self.indices[i] for i in indices]
        several = getattr(self.dataset, "__getitems__", None)
        return [self.dataset[i] for i in wanted] if several is None else several(wanted)

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset[Any]):
    """The samples of several datasets, one after the other.

    Raises: `RangeError` for none, `ArgumentError` for an iterable one, which has no indices.
    """

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets: list[Any] = list(datasets)
        if not self.datasets:
            raise RangeError("ConcatDataset: datasets should not be an empty iterable")
        if any(isinstance(d, IterableDataset) for d in self.datasets):
            raise ArgumentError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = list(accumulate(len(d) for d in self.datasets))

    def __getitem__(self, index: int) -> Any:
        length = len(self)
        if not -length <= index < length:
            raise DimError(f"ConcatDataset: got index {index}; takes indices from {-length} to {length - 1}")
        index %= length
        at = bisect_right(self.cumulative_sizes, index)
        return self.datasets[at][index - (self.cumulative_sizes[at - 1] if at else 0)]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


def random_split(
    dataset: Dataset[T], lengths: Sequence[int | float], generator: Generator | None = None
) -> list[Subset[T]]:
    """Divide a dataset at random into parts of these lengths, or of these shares if they add up to 1.

    Raises: `RangeError` for lengths that don't add up to the dataset's, or a share outside 0 to 1.
    """
    count = len(dataset)  # pyright: ignore[reportArgumentType] - Dataset leaves it to the subclass
    sizes: list[int] = [int(n) for n in lengths]
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        sizes = _shared_out(count, lengths)
    if sum(sizes) != count or (sizes != list(lengths) and sum(lengths) > 1):
        raise RangeError("Sum of input lengths does not equal the length of the input dataset!")
    order: list[int] = randperm(count, generator=generator).tolist()
    return [Subset(dataset, order[start:end]) for start, end in pairwise([0, *accumulate(sizes)])]


def _shared_out(count: int, shares: Sequence[float]) -> list[int]:
    for k, share in enumerate(shares):
        if not 0 <= share <= 1:
            raise RangeError(f"Fraction at index {k} is not between 0 and 1")
    sizes = [math.floor(count * share) for share in shares]
    for k in range(count - sum(sizes)):
        sizes[k % len(sizes)] += 1
    for k, size in enumerate(sizes):
        if size == 0:
            warnings.warn(
                f"Length of split at index {k} is 0. This might result in an empty dataset.", UserWarning, stacklevel=3
            )
    return sizes

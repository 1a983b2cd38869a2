"""The loader: a dataset in batches, in order or at random, one after the other or some ahead of time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any

from tensorlab.core.dtype import int64
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.nn.data.collate import default_collate, default_convert
from tensorlab.nn.data.dataset import Dataset, IterableDataset, TensorDataset
from tensorlab.nn.data.sampler import BatchSampler, RandomSampler, SequentialSampler
from tensorlab.ops.data import tensor
from tensorlab.ops.generator import Generator

Collate = Callable[[Any], Any]


class DataLoader:
    """Batches of a dataset, each time it is iterated over.

    ``num_workers`` are threads of this process: they fetch ``prefetch_factor`` batches each ahead of time, and batches
    come in the same order as without them. What the dataset does in Python takes turns; loops and reading files don't.
    ``pin_memory`` and ``persistent_workers`` are taken and change nothing.

    Raises: `RangeError` for options that exclude one another or lie outside their range; `ArgumentError` for workers
            that are to share an iterable dataset, which has no indices to share out.

    >>> import tensorlab as tl
    >>> [x.tolist() for (x,) in DataLoader(TensorDataset(tl.arange(5)), batch_size=2)]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        dataset: Dataset[Any],
        batch_size: int | None = 1,
        shuffle: bool | None = None,  # noqa: FBT001 - torch's signature
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Collate | None = None,
        pin_memory: bool = False,  # noqa: FBT001
        drop_last: bool = False,  # noqa: FBT001
        *,
        generator: Generator | None = None,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
    ) -> None:
        iterable = isinstance(dataset, IterableDataset)
        _check_workers(num_workers, prefetch_factor, persistent=persistent_workers, iterable=iterable)
        if iterable:
            for name, value in (("shuffle", shuffle), ("sampler", sampler), ("batch_sampler", batch_sampler)):
                if value is not None and value is not False:
                    raise RangeError(
                        f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                    )
        if sampler is not None and shuffle:
            raise RangeError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise RangeError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise RangeError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if sampler is None and not iterable:
            source: Any = dataset
            sampler = RandomSampler(source, generator=generator) if shuffle else SequentialSampler(source)
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(() if sampler is None else sampler, batch_size, drop_last)
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.sampler, self.batch_sampler, self.generator = sampler, batch_sampler, generator
        self.num_workers, self.prefetch_factor = num_workers, (prefetch_factor or 2) if num_workers else None
        self.pin_memory, self.persistent_workers = pin_memory, persistent_workers
        in_batches = batch_sampler is not None
        self.collate_fn: Collate = collate_fn or (default_collate if in_batches else default_convert)

    def __iter__(self) -> Iterator[Any]:
        if isinstance(self.dataset, IterableDataset):
            return self._iterated(self.dataset)
        places = iter(self.sampler or ()) if self.batch_sampler is None else iter(self.batch_sampler)
        return self._ahead(places) if self.num_workers else map(self._fetched, places)

    def __len__(self) -> int:
        if not isinstance(self.dataset, IterableDataset):
            counted: Any = self.sampler if self.batch_sampler is None else self.batch_sampler
            return len(counted)
        count = len(self.dataset)  # pyright: ignore[reportArgumentType] - a dataset without a length has none here
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def _fetched(self, place: Any) -> Any:
        """The batch at a list of indices, or the sample at one index."""
        dataset: Any = self.dataset
        if self.batch_sampler is None:
            return self.collate_fn(dataset[place])
        if self.collate_fn is default_collate and type(dataset) is TensorDataset:
            rows = tensor(place, int64)  # what stacking row by row gives, in one loop a tensor
            return [t.index_select(0, rows) for t in dataset.tensors]
        several = getattr(dataset, "__getitems__", None)
        return self.collate_fn([dataset[i] for i in place] if several is None else several(place))

    def _iterated(self, dataset: Iterable[Any]) -> Iterator[Any]:
        if self.batch_size is None:
            yield from map(self.collate_fn, dataset)
            return
        samples = iter(dataset)
        while batch := list(islice(samples, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield self.collate_fn(batch)

    def _ahead(self, places: Iterator[Any]) -> Iterator[Any]:
        """Batches in order, from threads that work some ahead; what one of them raises comes in its place."""
        waiting: deque[Future[Any]] = deque()
        pool = ThreadPoolExecutor(self.num_workers, thread_name_prefix="tensorlab-loader")
        try:
            for place in islice(places, self.num_workers * (self.prefetch_factor or 2)):
                waiting.append(pool.submit(self._fetched, place))
            while waiting:
                done = waiting.popleft()
                for place in islice(places, 1):
                    waiting.append(pool.submit(self._fetched, place))
                yield done.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _check_workers(num_workers: int, prefetch_factor: int | None, *, persistent: bool, iterable: bool) -> None:
    if num_workers < 0:
        raise RangeError("num_workers option should be non-negative; use num_workers=0 to disable workers.")
    if prefetch_factor is not None and (num_workers == 0 or prefetch_factor < 1):
        raise RangeError("prefetch_factor option should be positive, and takes num_workers > 0")
    if persistent and num_workers == 0:
        raise RangeError("persistent_workers option needs num_workers > 0")
    if iterable and num_workers:
        raise ArgumentError(
            "DataLoader with IterableDataset: takes num_workers=0: threads cannot share what has no indices"
        )

"""Datasets, samplers, batches and the loader."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError, DimError, RangeError, ShapeError
from tensorlab.nn import data

Pair = namedtuple("Pair", "image label")


class Squares(data.Dataset):
    def __init__(self, count: int) -> None:
        self.count = count
        self.threads: set[str] = set()

    def __getitem__(self, index):
        if index == 100:
            raise KeyError("no such square")
        self.threads.add(threading.current_thread().name)
        return index * index

    def __len__(self) -> int:
        return self.count


class Counting(data.IterableDataset):
    def __iter__(self):
        return iter(range(7))

    def __len__(self) -> int:
        return 7


def _nested(value):
    """Tensors as lists, within whatever holds them."""
    if isinstance(value, dict):
        return {k: _nested(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_nested(v) for v in value]
    return (str(value.dtype).split(".")[-1], value.tolist()) if hasattr(value, "tolist") else value


SAMPLES = [
    ("numbers", lambda lib: [1, 2, 3]),
    ("floats", lambda lib: [1.5, 2.0]),
    ("bools", lambda lib: [True, False]),
    ("words", lambda lib: ["a", "b"]),
    ("tensors", lambda lib: [lib.ones(2, 3), lib.zeros(2, 3)]),
    ("arrays", lambda lib: [np.arange(3), np.arange(3)]),
    ("NumPy's numbers", lambda lib: [np.float32(1), np.float32(2)]),
    ("NumPy's doubles", lambda lib: [np.float64(1), np.float64(2)]),
    ("tuples", lambda lib: [(lib.ones(2), 1, "x"), (lib.zeros(2), 2, "y")]),
    ("lists", lambda lib: [[1, 2.0], [3, 4.0]]),
    ("dicts", lambda lib: [{"a": 1, "b": [1, 2]}, {"a": 2, "b": [3, 4]}]),
    ("named tuples", lambda lib: [Pair(lib.ones(1), 0), Pair(lib.zeros(1), 1)]),
]


@pytest.mark.torch
@pytest.mark.parametrize(("name", "make"), SAMPLES, ids=[name for name, _ in SAMPLES])
def test_batches_are_torchs(name, make) -> None:
    torch = pytest.importorskip("torch")
    own, other = data.default_collate(make(tl)), torch.utils.data.default_collate(make(torch))
    assert _nested(own) == _nested(other)
    assert type(own).__name__ == type(other).__name__


def test_what_holds_the_samples_is_kept() -> None:
    assert isinstance(data.default_collate([Pair(1, 2), Pair(3, 4)]), Pair)
    assert type(data.default_collate([OrderedDict(a=1), OrderedDict(a=2)])) is OrderedDict
    counts = data.default_collate([defaultdict(int, a=1), defaultdict(int, a=2)])
    assert type(counts) is defaultdict
    assert counts["b"] == 0
    assert _nested(data.default_collate([range(2), range(2)])) == [("int64", [0, 0]), ("int64", [1, 1])]


def test_batches_refused() -> None:
    with pytest.raises(ArgumentError) as caught:
        data.default_collate([object()])
    assert str(caught.value) == (
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found <class 'object'>"
    )
    with pytest.raises(ArgumentError, match="found <U1"):
        data.default_collate([np.array(["a"])])
    with pytest.raises(ShapeError) as caught_too:
        data.default_collate([[1], [1, 2]])
    assert str(caught_too.value) == "each element in list of batch should be of equal size"


def test_conversion_leaves_the_rest_alone() -> None:
    found = data.default_convert({"a": np.arange(2), "b": [np.float32(1), "x"], "c": Pair(np.ones(1), None), "d": (1,)})
    assert _nested(found) == {
        "a": ("int64", [0, 1]),
        "b": [("float32", 1.0), "x"],
        "c": [("float64", [1.0]), None],
        "d": [1],
    }
    assert isinstance(found["c"], Pair)


def test_tensor_dataset() -> None:
    whole = data.TensorDataset(tl.arange(6).reshape(3, 2), tl.arange(3))
    assert len(whole) == 3
    assert [t.tolist() for t in whole[1]] == [[2, 3], 1]
    assert [t.tolist() for t in whole[:2]] == [[[0, 1], [2, 3]], [0, 1]]
    for wrong in ((), (tl.ones(2), tl.ones(3)), (tl.tensor(1.0),)):
        with pytest.raises(ShapeError) as caught:
            data.TensorDataset(*wrong)
        assert str(caught.value) == "Size mismatch between tensors"


def test_datasets_of_datasets() -> None:
    squares = Squares(4)
    both = squares + data.Subset(squares, [3, 1])
    assert [both[k] for k in range(-6, 6)] == [0, 1, 4, 9, 9, 1] * 2
    with pytest.raises(DimError) as caught:
        both[6]
    assert str(caught.value) == "ConcatDataset: got index 6; takes indices from -6 to 5"
    assert data.Subset(both, [4, 0]).__getitems__([0, 1]) == [9, 0]
    assert data.StackDataset(squares, squares)[2] == (4, 4)
    assert data.StackDataset(a=squares)[3] == {"a": 9}
    with pytest.raises(ShapeError):
        data.StackDataset(squares, Squares(3))
    with pytest.raises(RangeError):
        data.ConcatDataset([])
    with pytest.raises(ArgumentError):
        data.ConcatDataset([Counting()])


def test_random_split() -> None:
    squares = Squares(10)
    parts = data.random_split(squares, [7, 3], generator=tl.Generator().manual_seed(0))
    assert [len(p) for p in parts] == [7, 3]
    assert sorted([*parts[0], *parts[1]]) == [k * k for k in range(10)]
    again = data.random_split(squares, [0.65, 0.35], generator=tl.Generator().manual_seed(0))
    assert [list(p) for p in again] == [list(p) for p in parts]
    for lengths, message in [
        ([5, 4], "Sum of input lengths does not equal the length of the input dataset!"),
        ([5.5, 5.5], "Sum of input lengths does not equal the length of the input dataset!"),
        ([1.5, -0.5], "Fraction at index 0 is not between 0 and 1"),
    ]:
        with pytest.raises(RangeError) as caught:
            data.random_split(squares, lengths)
        assert str(caught.value) == message
    with pytest.warns(UserWarning, match="Length of split at index 2 is 0"):
        data.random_split(Squares(2), [0.5, 0.5, 0.0])


def test_samplers() -> None:
    generator = tl.Generator().manual_seed(1)
    squares = Squares(9)
    assert list(data.SequentialSampler(squares)) == list(range(9))
    shuffled = data.RandomSampler(squares, generator=generator)
    first, second = list(shuffled), list(shuffled)
    assert sorted(first) == sorted(second) == list(range(9))
    assert first != second
    assert list(data.RandomSampler(squares, generator=tl.Generator().manual_seed(1))) == first
    more = list(data.RandomSampler(squares, num_samples=20, generator=generator))
    assert len(more) == 20
    assert sorted(more[:9]) == sorted(more[9:18]) == list(range(9))
    drawn = list(data.RandomSampler(squares, replacement=True, num_samples=3000, generator=generator))
    assert len(drawn) == 3000
    assert set(drawn) == set(range(9))
    assert sorted(data.SubsetRandomSampler([5, 7, 8], generator)) == [5, 7, 8]
    counts = Counter(data.WeightedRandomSampler([0.0, 1.0, 3.0], 4000, generator=generator))
    assert counts[0] == 0
    assert 2 < counts[2] / counts[1] < 4
    assert sorted(data.WeightedRandomSampler([1, 1, 1], 3, False, generator)) == [0, 1, 2]
    batches = data.BatchSampler(data.SequentialSampler(squares), 4, False)
    assert list(batches) == [[0, 1, 2, 3], [4, 5, 6, 7], [8]]
    assert len(batches) == 3
    whole = data.BatchSampler(range(9), 4, True)
    assert list(whole) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert len(whole) == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: data.RandomSampler(Squares(0)),
            "num_samples should be a positive integer value, but got num_samples=0",
        ),
        (
            lambda: data.WeightedRandomSampler([1.0], 0),
            "num_samples should be a positive integer value, but got num_samples=0",
        ),
        (
            lambda: data.WeightedRandomSampler([[1.0]], 1),
            "weights should be a 1d sequence but given weights have shape tensorlab.Size([1, 1])",
        ),
        (
            lambda: data.BatchSampler(range(3), 0, False),
            "batch_size should be a positive integer value, but got batch_size=0",
        ),
        (
            lambda: data.DataLoader(Squares(3), sampler=range(3), shuffle=True),
            "sampler option is mutually exclusive with shuffle",
        ),
        (
            lambda: data.DataLoader(Squares(3), 2, batch_sampler=[[0]]),
            "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last",
        ),
        (
            lambda: data.DataLoader(Squares(3), None, drop_last=True),
            "batch_size=None option disables auto-batching and is mutually exclusive with drop_last",
        ),
        (
            lambda: data.DataLoader(Squares(3), num_workers=-1),
            "num_workers option should be non-negative; use num_workers=0 to disable workers.",
        ),
        (
            lambda: data.DataLoader(Squares(3), prefetch_factor=2),
            "prefetch_factor option should be positive, and takes num_workers > 0",
        ),
        (
            lambda: data.DataLoader(Squares(3), persistent_workers=True),
            "persistent_workers option needs num_workers > 0",
        ),
        (
            lambda: data.DataLoader(Counting(), shuffle=True),
            "DataLoader with IterableDataset: expected unspecified shuffle option, but got shuffle=True",
        ),
    ],
)
def test_refusals(make, message) -> None:
    with pytest.raises(RangeError) as caught:
        make()
    assert str(caught.value) == message


def test_loader_in_order_and_at_random() -> None:
    loader = data.DataLoader(Squares(5), batch_size=2)
    assert [b.tolist() for b in loader] == [[0, 1], [4, 9], [16]]
    assert len(loader) == 3
    assert len(data.DataLoader(Squares(5), batch_size=2, drop_last=True)) == 2
    shuffled = data.DataLoader(Squares(5), shuffle=True, generator=tl.Generator().manual_seed(0))
    rounds = [[b.item() for b in shuffled] for _ in range(3)]
    assert all(sorted(r) == [0, 1, 4, 9, 16] for r in rounds)
    assert rounds[0] != rounds[1] or rounds[1] != rounds[2]
    assert list(data.DataLoader(Squares(3), batch_size=None)) == [0, 1, 4]
    own = data.DataLoader(Squares(5), batch_sampler=[[4, 0], [1]], collate_fn=tuple)
    assert list(own) == [(16, 0), (1,)]


def test_loader_of_tensors_gives_what_stacking_gives() -> None:
    """Rows are taken all at once there, and one by one through a subset of the same dataset."""
    whole = data.TensorDataset(tl.randn(7, 2, 3).transpose(1, 2), tl.arange(7), tl.rand(7) > 0.5)
    at_once = data.DataLoader(whole, batch_size=3, sampler=[6, 0, 3, 2, 2])
    one_by_one = data.DataLoader(data.Subset(whole, range(7)), batch_size=3, sampler=[6, 0, 3, 2, 2])
    for own, other in zip(at_once, one_by_one, strict=True):
        assert type(own) is type(other) is list
        for a, b in zip(own, other, strict=True):
            assert a.dtype is b.dtype
            assert a.tolist() == b.tolist()


def test_loader_of_an_iterable() -> None:
    assert [b.tolist() for b in data.DataLoader(Counting(), batch_size=3)] == [[0, 1, 2], [3, 4, 5], [6]]
    dropped = data.DataLoader(Counting(), batch_size=3, drop_last=True)
    assert [b.tolist() for b in dropped] == [[0, 1, 2], [3, 4, 5]]
    assert len(dropped) == 2
    assert list(data.DataLoader(Counting(), batch_size=None)) == list(range(7))
    with pytest.raises(ArgumentError) as caught:
        data.DataLoader(Counting(), num_workers=1)
    assert str(caught.value) == (
        "DataLoader with IterableDataset: takes num_workers=0: threads cannot share what has no indices"
    )


def test_threads_fetch_in_order() -> None:
    squares = Squares(50)
    loader = data.DataLoader(squares, batch_size=4, num_workers=2, prefetch_factor=3)
    assert [b.tolist() for b in loader] == [b.tolist() for b in data.DataLoader(Squares(50), batch_size=4)]
    assert threading.current_thread().name not in squares.threads
    for batch in loader:
        assert batch.tolist() == [0, 1, 4, 9]
        break
    assert not [t for t in threading.enumerate() if t.name.startswith("tensorlab-loader")]


def test_threads_pass_errors_on() -> None:
    loader = data.DataLoader(Squares(200), batch_size=30, num_workers=2)
    seen = []
    with pytest.raises(KeyError, match="no such square"):
        for batch in loader:
            seen.append(len(batch))
    assert seen == [30, 30, 30]


def test_public_places() -> None:
    assert tl.utils.data.DataLoader is data.DataLoader
    assert tl.optim.SGD is tl.nn.optim.SGD
    x = tl.ones(2, requires_grad=True)
    tl.utils.checkpoint.checkpoint(lambda t: t * 3, x).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]

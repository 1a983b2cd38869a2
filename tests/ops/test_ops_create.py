"""New tensors against torch: of data of every kind, filled, counted; random ones repeat."""

import numpy as np
import pytest
from sides import agree, same_refusal, torch

import tensorlab as tl

pytestmark = pytest.mark.torch

NAN = float("nan")


@pytest.mark.parametrize(
    "data",
    [
        *(1, 1.5, True, [], [[]], [[], []], [1, 2], [1, 2.5], [True, 2], [True, 2.5], [True, False], ((1, 2), (3, 4))),
        *([[[1.0]]], range(3), [range(2), range(2)], [2**53 + 1, -(2**63)], [1e300, -1e-50, NAN], 2**63 - 1),
        *(np.float64(1.5), np.float32(1), np.int32(3), np.bool_(True), [np.float64(1)], [np.float32(1), 2.5]),
        *(
            [np.int32(1)],
            [np.uint8(1), 1],
            [np.ones(2, np.float32), np.zeros(2, np.float32)],
            np.arange(3, dtype=np.int32),
        ),
        *(np.array(2.5), np.ones((2, 0), bool), np.arange(6, dtype=np.uint8).reshape(2, 3).T),
        *(
            [[1, 2], [3]],
            [1, [2]],
            [[1], 2],
            [[1, 2], [3, [4]]],
            "a",
            ["a"],
            [1, "a"],
            None,
            [None],
            [1, None],
            {1},
            object(),
        ),
        *(2**63, [2**70], [-(2**63) - 1], b"ab", [[1], "a"]),
    ],
    ids=lambda d: type(d).__name__ + ("" if type(d) is object else f" {d!r}"[:34]),
)
@pytest.mark.filterwarnings("ignore:Creating a tensor from a list of numpy.ndarrays")
def test_data(data):
    if not same_refusal(lambda: tl.tensor(data), lambda: torch.tensor(data)):
        agree(tl.tensor(data), torch.tensor(data))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float32", "float64"])
@pytest.mark.parametrize(
    "data", [[1.7, -1.7], [0, 255], [300], [-1], [NAN], [2**40], [0.0, 2], True, [2.0**70]], ids=str
)
def test_data_in_a_dtype(data, dtype):
    ours, theirs = getattr(tl, dtype), getattr(torch, dtype)
    if not same_refusal(lambda: tl.tensor(data, dtype=ours), lambda: torch.tensor(data, dtype=theirs)):
        agree(tl.tensor(data, dtype=ours), torch.tensor(data, dtype=theirs))


def test_lists_of_tensors():
    for data in ([1, 2.5], [2.5, 1], [1, True]):
        ours, theirs = ([library.tensor(x) for x in data] for library in (tl, torch))
        agree(tl.tensor(ours), torch.tensor(theirs))
        agree(tl.tensor([ours, [3, 4]]), torch.tensor([theirs, [3, 4]]))
    agree(tl.tensor([tl.tensor(1.5, dtype=tl.float64), 2]), torch.tensor([torch.tensor(1.5, dtype=torch.float64), 2]))
    assert tl.tensor([tl.tensor([1, 2]), tl.tensor([3, 4])]).tolist() == [[1, 2], [3, 4]]


def test_tensor_copies():
    array = np.zeros(2)
    for source in (array, tl.from_numpy(array), tl.from_numpy(array[::-1])):
        copy = tl.tensor(source)
        copy.add_(1)
        assert array.tolist() == [0, 0]


def test_as_tensor_shares_what_it_can():
    array = np.zeros(2, np.float32)
    assert tl.as_tensor(array).data_ptr() == array.ctypes.data
    t = tl.zeros(2)
    assert tl.as_tensor(t) is t
    assert tl.as_tensor(t, dtype=tl.int64).dtype is tl.int64
    assert tl.as_tensor([1, 2]).tolist() == [1, 2]


@pytest.mark.parametrize(
    "size", [(), ((),), (2,), (2, 3), ([2, 3],), (0,), (-1,), (1.5,), ("a",), ((1.5,),), (2, -3)], ids=str
)
@pytest.mark.parametrize("name", ["zeros", "ones", "empty", "rand", "randn"])
def test_sizes(name, size):
    ours, theirs = getattr(tl, name), getattr(torch, name)
    if same_refusal(lambda: ours(*size), lambda: theirs(*size)):
        return
    assert tuple(ours(*size).shape) == tuple(theirs(*size).shape)
    assert ours(*size).stride() == theirs(*size).stride()
    assert ours(*size).dtype is tl.float32


@pytest.mark.parametrize("dtype", [None, "bool", "uint8", "int32", "int64", "float32", "float64"])
@pytest.mark.parametrize("value", [0, 1, 3, -1, 2.5, True, 300, NAN, -0.0], ids=str)
def test_full(value, dtype):
    ours, theirs = (None if dtype is None else getattr(library, dtype) for library in (tl, torch))
    if not same_refusal(lambda: tl.full((2, 2), value, dtype=ours), lambda: torch.full((2, 2), value, dtype=theirs)):
        agree(tl.full((2, 2), value, dtype=ours), torch.full((2, 2), value, dtype=theirs))


def test_zeros_and_ones_in_a_dtype_and_like_another():
    for name in ("zeros", "ones"):
        for dtype in ("bool", "uint8", "int64", "float64"):
            ours = getattr(tl, name)(2, dtype=getattr(tl, dtype))
            agree(ours, getattr(torch, name)(2, dtype=getattr(torch, dtype)))
            agree(getattr(tl, f"{name}_like")(ours), getattr(torch, name)(2, dtype=getattr(torch, dtype)))
    assert tl.zeros_like(tl.ones(2), dtype=tl.int64).dtype is tl.int64


@pytest.mark.parametrize(
    "bounds",
    [
        *(
            (5,),
            (2, 5),
            (5, 2),
            (5, 2, -1),
            (0, 5, 2),
            (0, 6, 2),
            (0, 5, 0),
            (0, 1, 0.25),
            (0, 1, 0.1),
            (1.5,),
            (0, 5.0),
        ),
        *(
            (True,),
            (-3,),
            (3, 3),
            (0, 10, 3),
            (10, 0, -3),
            (NAN,),
            (0, float("inf")),
            (2**24, 2**24 + 4.0),
            (-1, 1, 0.5),
        ),
        (2**62, 2**62 + 3),
    ],
    ids=str,
)
def test_arange(bounds):
    if not same_refusal(lambda: tl.arange(*bounds), lambda: torch.arange(*bounds)):
        agree(tl.arange(*bounds), torch.arange(*bounds))


def test_arange_in_a_dtype():
    for dtype in ("uint8", "int32", "float64"):
        agree(tl.arange(4, dtype=getattr(tl, dtype)), torch.arange(4, dtype=getattr(torch, dtype)))


def test_random_numbers_repeat_from_a_seed():
    tl.manual_seed(4)
    first = [tl.rand(3), tl.randn(2, 2), tl.rand(2, dtype=tl.float64)]
    tl.manual_seed(4)
    again = [tl.rand(3), tl.randn(2, 2), tl.rand(2, dtype=tl.float64)]
    assert [x.tolist() for x in first] == [x.tolist() for x in again]
    many = tl.rand(10_000)
    assert 0 <= many.min().item() < 0.01
    assert 0.99 < many.max().item() < 1
    assert abs(tl.randn(10_000).mean().item()) < 0.05
    with pytest.raises(tl.TensorlabError, match=r"^rand: takes a floating point dtype, got int64$"):
        tl.rand(2, dtype=tl.int64)

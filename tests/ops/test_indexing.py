"""Every kind of index, read and written, against torch and NumPy; what is a copy, what a view; error texts."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tensorlab as tl
from tensorlab.errors import AliasError, DimError, DTypeError, ShapeError

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:Using a non-tuple sequence"),
    pytest.mark.filterwarnings("ignore:indexing with dtype torch.uint8"),
    pytest.mark.filterwarnings("ignore:Use of index_put_ on expanded tensors"),
]
TORCH_ERRORS = (IndexError, RuntimeError, TypeError, ValueError)
INTS = ("int64", "int32", "int16", "uint8")


def ints(n):
    return st.integers(-n - (n == 0), max(n - 1, 0) + (n == 0))


@st.composite
def index_arrays(draw, n):
    """An integer array whose elements are nearly always inside a dimension of size n."""
    shape = draw(st.sampled_from([(2,), (1,), (3,), (2, 2), (3, 1), (1, 2), (0,), (2, 1, 2)]))
    values = draw(st.lists(ints(n), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    if values and draw(st.integers(0, 19)) == 0:
        values[0] = n + 1
    return np.array(values, np.int64).reshape(shape)


@st.composite
def masks(draw, shape):
    bits = draw(st.lists(st.booleans(), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    return np.array(bits, bool).reshape(shape)


@st.composite
def indices(draw, shape):
    """A tuple of items of every kind; arrays stand for tensors or for themselves."""
    items, d = [], 0
    while d < len(shape) and draw(st.integers(0, 4)):
        n = shape[d]
        kind = draw(st.sampled_from(["int", "slice", "none", "array", "array", "list", "mask", "bool", "ellipsis"]))
        if kind == "int":
            items.append(draw(ints(n)))
        elif kind == "slice":
            bound = st.none() | st.integers(-n - 1, n + 1)
            items.append(slice(draw(bound), draw(bound), draw(st.sampled_from([None, 1, 2, 3]))))
        elif kind == "array":
            items.append(("tensor", draw(index_arrays(n)), draw(st.sampled_from(["int64", "int32"]))))
        elif kind == "list":
            items.append(draw(index_arrays(n)).tolist())
        elif kind == "mask":
            rank = draw(st.integers(1, len(shape) - d))
            items.append(("tensor", draw(masks(shape[d : d + rank])), "bool"))
            d += rank - 1
        elif kind == "none":
            items.append(None)
            continue
        elif kind == "bool":
            items.append(draw(st.booleans()))
            continue
        elif Ellipsis not in [i for i in items if not isinstance(i, tuple)]:
            items.append(Ellipsis)
            continue
        d += 1
    return tuple(items)


def side(item, make):
    if isinstance(item, tuple) and len(item) == 3 and item[0] == "tensor":
        return make(item[1].astype(item[2]))
    return item


def to_side(items, make):
    return tuple(side(i, make) for i in items)


def made(shape, form):
    """The same values for both libraries, in memory of one form."""
    values = np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)
    if form == "permuted":
        values = np.ascontiguousarray(values.T).T
    if form == "strided" and values.ndim:
        held = np.zeros((*shape[:-1], shape[-1] * 2), np.float32)
        held[..., ::2] = values
        values = held[..., ::2]
    return values


def outcome(function, errors):
    try:
        return function(), None
    except errors as error:
        return None, error


SHAPES = st.sampled_from([(3,), (2, 3), (2, 3, 4), (4, 1, 2), (0, 3), (2, 0), (2, 3, 2, 2), ()])
SETTINGS = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@SETTINGS
@given(data=st.data())
def test_reading_is_as_in_torch_and_numpy(data):
    shape = data.draw(SHAPES)
    items = data.draw(indices(shape))
    values = made(shape, data.draw(st.sampled_from(["plain", "permuted", "strided"])))
    ours, theirs = tl.from_numpy(values), torch.from_numpy(values)
    wanted, error = outcome(lambda: theirs[to_side(items, torch.from_numpy)], TORCH_ERRORS)
    if error is not None:
        with pytest.raises(tl.TensorlabError):
            ours[to_side(items, tl.from_numpy)]
        return
    result = ours[to_side(items, tl.from_numpy)]
    assert tuple(result.shape) == tuple(wanted.shape)
    np.testing.assert_array_equal(result.numpy(), wanted.numpy())
    shared = result.untyped_storage().data_ptr() == ours.untyped_storage().data_ptr()
    if result.numel():
        assert shared == (wanted.untyped_storage().data_ptr() == theirs.untyped_storage().data_ptr())
        assert [s for s, n in zip(result.stride(), result.shape, strict=True) if n > 1] == [
            s for s, n in zip(wanted.stride(), wanted.shape, strict=True) if n > 1
        ]
    by_numpy, refused = outcome(lambda: values[to_side(items, np.asarray)], IndexError)
    if refused is None and by_numpy.shape == tuple(result.shape):  # bools and integers go elsewhere in NumPy
        np.testing.assert_array_equal(result.numpy(), by_numpy)


@SETTINGS
@given(data=st.data())
def test_writing_is_as_in_torch(data):
    shape = data.draw(SHAPES)
    items = data.draw(indices(shape))
    values = made(shape, data.draw(st.sampled_from(["plain", "permuted", "strided"])))
    ours, theirs = tl.from_numpy(values.copy(order="K")), torch.from_numpy(values.copy(order="K"))
    place, error = outcome(lambda: theirs[to_side(items, torch.from_numpy)], TORCH_ERRORS)
    if error is not None:
        with pytest.raises(tl.TensorlabError):
            ours[to_side(items, tl.from_numpy)] = 1
        return
    size = tuple(place.shape)
    choices = [size, size[1:], (), (1, 1, *size), (7,), tuple(1 for _ in size)]
    value = np.full(data.draw(st.sampled_from(choices)), 50, np.float32)  # equal: duplicates are undefined in torch
    number = data.draw(st.booleans())
    given = (50, 50) if number else (tl.from_numpy(value), torch.from_numpy(value))

    def write(target, make, v):
        target[to_side(items, make)] = v

    _, refused = outcome(lambda: write(theirs, torch.from_numpy, given[1]), TORCH_ERRORS)
    _, own = outcome(lambda: write(ours, tl.from_numpy, given[0]), tl.TensorlabError)
    assert (own is None) == (refused is None), (own, refused)
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
ODD = [
    [0, slice(0, 1)],
    [[0, 1], [0, 1]],
    [0, None],
    [True, False],
    [1.5],
    [],
    [[]],
    range(2),
    np.array([0, 1], np.int16),
    np.array([0, 1], np.uint16),
    np.array([True, False]),
    np.array([1, 0], np.uint8),
    np.array(1),
    np.int64(1),
    [0, 1, True],
    [np.int64(0), 1],
    (None,) * 3,
    ([0, 1], slice(None), [1, 2]),
    (slice(None), [1, 2], [0, 1]),
    (0, slice(None), [0, 1]),
    (True, [0, 1]),
    True,
    False,
    (),
    "a",
    1.0,
    {},
    object(),
    np.True_,
    slice(None, None, -1),
    (0, 0, 0, 0),
    ([0, 1], [0, 1, 2]),
    [5],
    [-3],
]


@pytest.mark.parametrize("index", ODD, ids=lambda i: repr(i) if type(i) is not object else "object")
def test_indices_of_odd_kinds(index):
    wanted, error = outcome(lambda: torch.from_numpy(X)[index], TORCH_ERRORS)
    if error is not None:
        with pytest.raises(tl.TensorlabError):
            tl.from_numpy(X)[index]
        return
    np.testing.assert_array_equal(tl.from_numpy(X)[index].numpy(), wanted.numpy())


@pytest.mark.parametrize(
    "item", [("int8", 1), ("uint8", 1), ("uint8", 0), ("bool", True), ("bool", False), ("int32", -1)], ids=str
)
def test_tensors_without_dimensions_as_indices(item):
    dtype, value = item
    ours = tl.from_numpy(X)[tl.tensor(value, dtype=getattr(tl, dtype))]
    theirs = torch.from_numpy(X)[torch.tensor(value, dtype=getattr(torch, dtype))]
    assert tuple(ours.shape) == tuple(theirs.shape)
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float64"]
)
def test_elements_of_every_dtype_are_moved(dtype):
    ours, theirs = tl.from_numpy(X), torch.from_numpy(X)
    a, b = ours.to(getattr(tl, dtype)), theirs.to(getattr(torch, dtype))
    at, bt = tl.tensor([2, -1, 0]), torch.tensor([2, -1, 0])
    np.testing.assert_array_equal(a[:, at].to(tl.float64).numpy(), b[:, bt].double().numpy())
    a[:, at[:2], 1] = a[:, at[:2], 2]
    b[:, bt[:2], 1] = b[:, bt[:2], 2]
    np.testing.assert_array_equal(a.to(tl.float64).numpy(), b.double().numpy())


def test_masks_may_be_added_to_in_place():
    x = tl.from_numpy(X.copy())
    mask = x > 10
    x[mask] += 1
    np.testing.assert_array_equal(x.numpy(), np.where(X > 10, X + 1, X))
    assert x._version == 1


def test_the_last_of_several_writes_to_one_place_stays():
    x = tl.zeros(3)
    x[[1, 1, 1]] = tl.tensor([1.0, 2.0, 3.0])
    assert x.tolist() == [0, 3, 0]


def test_a_value_may_be_part_of_what_is_written_to():
    x = tl.arange(5)
    x[[1, 2, 3, 4]] = x[:4]
    assert x.tolist() == [0, 0, 1, 2, 3]


def test_nothing_is_written_where_an_index_is_refused():
    x = tl.zeros(3)
    with pytest.raises(DimError):
        x[[0, 1, 5]] = 1
    assert x.tolist() == [0, 0, 0]
    assert x._version == 0


MESSAGES = {
    "range": (lambda x: x[:, [0, 3]], DimError, "index: index 3 is out of bounds for dimension 1 with size 3"),
    "below": (lambda x: x[[-3]], DimError, "index: index -3 is out of bounds for dimension 0 with size 2"),
    "mask": (
        lambda x: x[tl.tensor([True, False, True])],
        DimError,
        "index: the shape of the mask [3] at index 0 does not match the shape of the indexed tensor [2, 3, 4] at index "
        "0",
    ),
    "together": (
        lambda x: x[[0, 1], [0, 1, 2]],
        DimError,
        "index: shape mismatch: indexing tensors could not be broadcast together with shapes [2], [3]",
    ),
    "too many": (lambda x: x[x > 0, 0], DimError, "index: too many indices for tensor of dimension 3"),
    "int8": (
        lambda x: x[tl.tensor([1], dtype=tl.int8)],
        DimError,
        "index: tensors used as indices must be long, int, byte or bool tensors, got int8",
    ),
    "empty": (
        lambda x: x[:, :0][:, [0]],
        DimError,
        "index: index is out of bounds for dimension with size 0",
    ),
    "value": (
        lambda x: x.__setitem__([0, 1], tl.zeros(3)),
        ShapeError,
        "index_put: shape mismatch: value tensor of shape [3] cannot be broadcast to indexing result of shape "
        "[2, 3, 4]",
    ),
    "dtype": (
        lambda x: x.__setitem__([0, 1], tl.zeros(4, dtype=tl.float64)),
        DTypeError,
        "index_put: Index put requires the source and destination dtypes match, got Float for the destination and "
        "Double for the source.",
    ),
    "overlap": (
        lambda x: x[0, 0, :1].expand(3).__setitem__([0], 1),
        AliasError,
        "index_put_: unsupported operation: more than one element of the written-to tensor refers to a single memory "
        "location: shape (3,), strides (0,). Please clone() the tensor first.",
    ),
}


@pytest.mark.parametrize(("call", "kind", "text"), MESSAGES.values(), ids=MESSAGES)
def test_message(call, kind, text):
    with pytest.raises(kind) as caught:
        call(tl.from_numpy(X.copy()))
    assert str(caught.value) == text

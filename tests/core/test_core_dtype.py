"""Element types, and promotion against torch: every pair of tensors, with and without dimensions, and every number."""

import copy
import itertools

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.core.dtype import (
    ALIASES,
    BY_CODE,
    DTYPES,
    Category,
    fits,
    from_numpy_dtype,
    number_category,
    result_type,
)
from tensorlab.errors import DTypeError

NUMBERS = {Category.BOOL: True, Category.INT: 1, Category.FLOAT: 1.5}


def name_of(dtype):
    return dtype.name


@pytest.mark.parametrize("first", DTYPES, ids=name_of)
@pytest.mark.parametrize("second", DTYPES, ids=name_of)
@pytest.mark.torch
def test_two_tensors_promote_as_in_torch(first, second):
    torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")
    for shapes in itertools.product([(1,), ()], repeat=2):
        kinds = [torch.zeros(s, dtype=getattr(torch, d.name)) for s, d in zip(shapes, (first, second), strict=True)]
        dims = [d for s, d in zip(shapes, (first, second), strict=True) if s]
        zero_dims = [d for s, d in zip(shapes, (first, second), strict=True) if not s]
        assert f"torch.{result_type(dims, zero_dims).name}" == str(torch.result_type(*kinds))


@pytest.mark.parametrize("dtype", DTYPES, ids=name_of)
@pytest.mark.parametrize("category", NUMBERS, ids=lambda c: c.name)
@pytest.mark.torch
def test_a_tensor_and_a_number_promote_as_in_torch(dtype, category):
    torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")
    for shape in ((1,), ()):
        expected = torch.result_type(torch.zeros(shape, dtype=getattr(torch, dtype.name)), NUMBERS[category])
        found = result_type([dtype] if shape else [], [] if shape else [dtype], [category])
        assert f"torch.{found.name}" == str(expected)


@pytest.mark.parametrize("dtype", DTYPES, ids=name_of)
@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_what_a_dtype_says_of_itself_is_what_torch_says(dtype):
    torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")
    twin = getattr(torch, dtype.name)
    for name in ("itemsize", "is_floating_point", "is_signed", "is_complex"):
        assert getattr(dtype, name) == getattr(twin, name)
    traced = torch.jit.trace(lambda x: x.to(twin).clone(), torch.zeros(2)).graph
    assert f"{dtype.ir_name}(2" in str(traced).replace("%x,", "%x.1,")
    assert f"aten::to(%x.1, %{_constant(traced, dtype.code)}," in str(traced).replace("%x,", "%x.1,")


def _constant(graph, value):
    """The name of a graph's constant."""
    return next(node.output().debugName() for node in graph.nodes() if f"[value={value}]" in str(node))


@pytest.mark.parametrize(("name", "dtype"), sorted(ALIASES.items()))
@pytest.mark.torch
def test_second_names_are_torchs(name, dtype):
    torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")
    assert getattr(tl, name) is dtype
    assert str(getattr(torch, name)) == f"torch.{dtype.name}"
    assert name in dir(tl)
    assert name not in tl.__all__


def test_a_dtype_is_of_the_class_that_has_torchs_name():
    assert isinstance(tl.float16, tl.dtype)


def test_promotion_knows_no_order_of_operands():
    for group in itertools.permutations((tl.uint8, tl.float32, tl.int64)):
        assert result_type(group) is tl.float32
        assert result_type((), group) is tl.float32


def test_nothing_promotes_to_nothing():
    with pytest.raises(DTypeError, match=r"^result_type: got no operands; takes at least one$"):
        result_type([])


@pytest.mark.parametrize("dtype", DTYPES, ids=name_of)
def test_a_dtype_is_one_object_however_it_travels(dtype):
    assert copy.deepcopy(dtype) is dtype
    assert BY_CODE[dtype.code] is dtype
    assert from_numpy_dtype(np.dtype(dtype.name), "test") is dtype
    assert repr(dtype) == f"tensorlab.{dtype.name}"
    assert dtype.itemsize == dtype.numpy.itemsize
    assert dtype.is_floating_point == ("float" in dtype.name)


@pytest.mark.parametrize("name", ["<U3", "O", ">f4", ">i2", "uint16", "complex64", "M8[D]"])
def test_other_dtypes_are_refused_by_name(name):
    dtype = np.dtype(name)
    with pytest.raises(DTypeError) as caught:
        from_numpy_dtype(dtype, "somewhere")
    assert str(caught.value) == (
        f"somewhere: got an array of dtype {dtype.str} ({dtype}); "
        "takes native bool, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64"
    )


def test_numbers_have_a_category():
    numbers = [True, np.bool_(False), 3, np.int8(3), 2.5, np.float32(2.5), float("nan")]
    assert [number_category(n).name for n in numbers] == ["BOOL", "BOOL", "INT", "INT", "FLOAT", "FLOAT", "FLOAT"]


@pytest.mark.parametrize(
    ("value", "held"),
    [
        (0, 10),
        (1, 10),
        (2, 9),
        (127, 9),
        (128, 8),
        (255, 8),
        (256, 7),
        (-1, 8),
        (-128, 8),
        (-129, 7),
        (2**15, 6),
        (2**31 - 1, 6),
        (2**31, 5),
        (-(2**31), 6),
        (2**63 - 1, 5),
        (2**63, 4),
    ],
)
def test_which_dtypes_hold_an_integer(value, held):
    assert sum(fits(value, dtype) for dtype in DTYPES) == held

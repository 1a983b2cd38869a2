"""Ops on numbers: Python's meaning, and the overload that the types choose."""

import math
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorlab.core.op import all_ops, resolve
from tensorlab.core.types import BOOL, FLOAT, INT, NONE, STR, TENSOR, ListType, OptionalType
from tensorlab.core.value_types import value_type
from tensorlab.errors import ArgumentError, DimError, RangeError
from tensorlab.ops import number

NUMBERS = st.one_of(st.integers(-50, 50), st.floats(-50, 50, allow_nan=False))
BINARY = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "floordiv": operator.floordiv,
    "remainder": operator.mod,
    "min": min,
    "max": max,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
}


class Fake:
    """What the ops read of a tensor."""

    dtype = "float32"
    device = "cpu"

    def __init__(self, *shape, element=0.0):
        self.shape = shape
        self.element = element

    def item(self):
        return self.element


def run(kind, *args, types=None):
    op = resolve(kind, types or [value_type(a) for a in args])
    result = op.run(args)
    declared = op.schema.results[0].type
    return result, declared


@pytest.mark.parametrize("name", BINARY)
@given(a=NUMBERS, b=NUMBERS)
def test_two_numbers_as_python_does(name, a, b):
    try:
        expected = BINARY[name](a, b)
    except ZeroDivisionError:
        with pytest.raises(ZeroDivisionError):
            run(f"aten::{name}", a, b)
        return
    result, declared = run(f"aten::{name}", a, b)
    assert result == expected
    assert value_type(result) == declared
    if name not in ("min", "max"):
        assert type(result) is type(expected)


@given(a=st.integers(-6, 6), b=st.integers(0, 6))
def test_an_integer_power_stays_an_integer(a, b):
    assert run("aten::pow", a, b) == (a**b, INT)


@given(a=st.floats(0.1, 6), b=st.floats(-3, 3))
def test_a_float_power(a, b):
    assert run("aten::pow", a, b) == (a**b, FLOAT)


def test_powers_of_another_type_are_refused():
    with pytest.raises(RangeError) as caught:
        run("aten::pow", 2, -1)
    assert str(caught.value) == "pow: got 2 ** -1, an integer to a negative power; takes float(2) ** -1"
    with pytest.raises(RangeError) as caught:
        run("aten::pow", -2.0, 0.5)
    assert str(caught.value) == (
        "pow: got -2.0 ** 0.5, which is a complex number; takes a base of at least 0 for such a power"
    )


@pytest.mark.parametrize(
    ("kind", "args", "expected"),
    [
        ("aten::neg", (3,), (-3, INT)),
        ("aten::neg", (3.5,), (-3.5, FLOAT)),
        ("aten::abs", (-3,), (3, INT)),
        ("aten::sqrt", (9,), (3.0, FLOAT)),
        ("aten::exp", (0.5,), (math.exp(0.5), FLOAT)),
        ("aten::floor", (-1.5,), (-2, INT)),
        ("aten::ceil", (-1.5,), (-1, INT)),
        ("aten::round", (2.5,), (2, INT)),
        ("aten::__and__", (True, False), (False, BOOL)),
        ("aten::__or__", (True, False), (True, BOOL)),
        ("aten::__xor__", (6, 3), (5, INT)),
        ("aten::__lshift__", (1, 4), (16, INT)),
        ("aten::__rshift__", (-9, 1), (-5, INT)),
        ("aten::__not__", (True,), (False, BOOL)),
        ("aten::bitwise_not", (5,), (-6, INT)),
        ("aten::Int", (-1.9,), (-1, INT)),
        ("aten::Int", (True,), (1, INT)),
        ("aten::Int", ("12",), (12, INT)),
        ("aten::Float", (2,), (2.0, FLOAT)),
        ("aten::Float", ("inf",), (math.inf, FLOAT)),
        ("aten::Bool", (0,), (False, BOOL)),
        ("aten::Bool", (0.5,), (True, BOOL)),
        ("aten::eq", ("a", "a"), (True, BOOL)),
        ("aten::eq", (True, False), (False, BOOL)),
        ("aten::ne", ([1, 2], [1, 2]), (False, BOOL)),
        ("aten::len", ([1, 2, 3],), (3, INT)),
        ("aten::len", ([1.0],), (1, INT)),
        ("aten::__getitem__", ([4, 5, 6], -1), (6, INT)),
        ("aten::__getitem__", (["a"], 0), ("a", STR)),
        ("aten::__range_length", (10, 0, -3), (4, INT)),
        ("aten::__derive_index", (2, 10, -3), (4, INT)),
    ],
)
def test_each_op(kind, args, expected):
    result, declared = run(kind, *args)
    assert (result, declared) == expected
    assert value_type(result) == declared


@pytest.mark.parametrize(
    ("kind", "tensor", "args", "expected"),
    [
        ("prim::Bool", Fake(element=0.5), (), (True, BOOL)),
        ("aten::Int", Fake(element=2.7), (), (2, INT)),
        ("aten::Float", Fake(element=3), (), (3.0, FLOAT)),
        ("aten::size", Fake(2, 3), (), ([2, 3], ListType(INT))),
        ("aten::size", Fake(2, 3), (-1,), (3, INT)),
        ("aten::dim", Fake(2, 3), (), (2, INT)),
        ("aten::numel", Fake(2, 3), (), (6, INT)),
        ("aten::len", Fake(2, 3), (), (2, INT)),
    ],
)
def test_from_a_tensor_to_a_number(kind, tensor, args, expected):
    assert run(kind, tensor, *args, types=[TENSOR, *map(value_type, args)]) == expected


def test_dtype_and_device_of_a_tensor():
    assert run("prim::dtype", Fake(), types=[TENSOR])[0] == "float32"
    assert run("prim::device", Fake(), types=[TENSOR])[0] == "cpu"


@pytest.mark.parametrize("value", [None, 5])
def test_optionals(value):
    types = [OptionalType(INT), NONE]
    assert run("aten::__is__", value, None, types=types) == (value is None, BOOL)
    assert run("aten::__isnot__", value, None, types=types) == (value is not None, BOOL)
    assert run("prim::unchecked_unwrap_optional", value, types=types[:1]) == (value, INT)


def test_dims_and_indices_out_of_range():
    with pytest.raises(DimError) as caught:
        run("aten::size", Fake(2, 3), 2, types=[TENSOR, INT])
    assert str(caught.value) == "size: got dim 2; takes -2 to 1"
    with pytest.raises(DimError) as caught:
        run("aten::size", Fake(), 0, types=[TENSOR, INT])
    assert str(caught.value) == "size: got dim 0; the tensor has no dimensions"
    with pytest.raises(DimError) as caught:
        run("aten::len", Fake(), types=[TENSOR])
    assert str(caught.value) == "len: got a tensor without dimensions; takes one with at least one"
    with pytest.raises(DimError) as caught:
        run("aten::__getitem__", [1, 2], 2)
    assert str(caught.value) == "__getitem__: got index 2 into a list of 2"
    with pytest.raises(RangeError) as caught:
        run("aten::__range_length", 0, 5, 0)
    assert str(caught.value) == "range: got step 0; takes a step that is not 0"


def test_every_op_has_its_one_meaning():
    declared = [op for op in all_ops() if op.rules.get("call") in vars(number).values()]
    assert len(declared) > 40
    for op in declared:
        assert op.evaluate is not None
        assert op.rules["call"].__doc__


def test_a_number_does_not_fit_a_string():
    with pytest.raises(ArgumentError, match="aten::lt: arguments \\(int, str\\) are not valid; candidates:"):
        resolve("aten::lt", [INT, STR])

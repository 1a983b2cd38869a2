"""What arithmetic refuses, in which words, and where it goes its own way."""

import math

import pytest

import tensorlab as tl
from tensorlab.core import primitives
from tensorlab.errors import ArgumentError, DivisionError, DTypeError, RangeError

I = tl.tensor([7, -7])  # noqa: E741 - an integer tensor
X = tl.tensor([1.5, -2.5])
B = tl.tensor([True, False])

REFUSED = {
    "floor_divide": (lambda: I // 0, DivisionError, "floor_divide: ZeroDivisionError: got integers to divide by 0"),
    "remainder": (
        lambda: 5 % tl.tensor([0]),
        DivisionError,
        "remainder: ZeroDivisionError: got integers to divide by 0",
    ),
    "mode": (
        lambda: tl.div(X, X, rounding_mode="up"),
        ArgumentError,
        "div: expected rounding_mode to be one of None, 'trunc', or 'floor' but found 'up'",
    ),
    "maximum": (lambda: tl.maximum(X, 1), ArgumentError, "maximum: argument 'other' takes a Tensor, got int"),
    "bounds": (
        lambda: X.clamp(X, 1),
        ArgumentError,
        "clamp: arguments 'min' and 'max' take two numbers or two Tensors, got one of each",
    ),
    "clamp_min": (
        lambda: tl.tensor([1], dtype=tl.uint8).clamp_min(300),
        RangeError,
        "clamp_min: argument 'min' takes what uint8 can hold, got 300",
    ),
    "bits": (lambda: X & X, DTypeError, "bitwise_and: takes integers and bools, got float32"),
    "shift": (lambda: X << 1, DTypeError, "bitwise_left_shift: takes integers, got float32"),
    "gcd": (lambda: tl.gcd(B, B), DTypeError, "gcd: takes integers, got bool"),
    "floor": (lambda: tl.floor(B), DTypeError, "floor: takes no bool tensor"),
    "frac": (lambda: tl.frac(I), DTypeError, "frac: takes a floating point dtype, got int64"),
    "decimals": (
        lambda: tl.round(I, decimals=1),
        DTypeError,
        "round: with decimals takes a floating point dtype, got int64",
    ),
    "positive": (lambda: +B, DTypeError, "positive: the `+` operator, on a bool tensor is not supported."),
    "lerp": (
        lambda: tl.lerp(X, X.double(), 0.5),
        DTypeError,
        "lerp: expected dtype float32 for `end` but got dtype float64",
    ),
    "addcmul": (lambda: tl.addcmul(X, X, 2), ArgumentError, "addcmul: argument 'tensor2' takes a Tensor, got int"),
    "heaviside": (
        lambda: tl.heaviside(X, I),
        DTypeError,
        "heaviside: heaviside is not yet implemented for tensors with different dtypes.",
    ),
    "isclose": (lambda: tl.isclose(X, X.double()), DTypeError, "isclose: Float did not match Double"),
    "rtol": (
        lambda: tl.isclose(X, X, rtol=-1),
        RangeError,
        "isclose: rtol must be greater than or equal to zero, but got -1.0",
    ),
    "float_power_": (
        lambda: X.clone().float_power_(2),
        DTypeError,
        "float_power_: the base given has dtype Float but the operation's result requires dtype Double",
    ),
    "in place": (
        lambda: tl.tensor([1, 2]).bitwise_and_(tl.tensor([[1, 2], [3, 4]])),
        ValueError,
        "bitwise_and_: output with shape [2] doesn't match the broadcast shape [2, 2]",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_message(case):
    call, error, message = REFUSED[case]
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message


def test_integers_are_looked_at_in_every_call():
    assert (I // tl.tensor([2, 2])).tolist() == [3, -4]
    with pytest.raises(DivisionError):
        I // tl.tensor([2, 0])
    with pytest.raises(DivisionError):
        I.clone().remainder_(tl.tensor([0, 1]))


def test_the_lowest_integer_by_minus_one_wraps_around():
    low = tl.tensor([-(2**63)])
    assert (low // -1).tolist() == [-(2**63)]
    assert (low % -1).tolist() == [0]


def test_operators_with_a_number_or_an_array_on_the_left():
    assert (7 // tl.tensor([2, -2])).tolist() == [3, -4]
    assert (7 % tl.tensor([4, -4])).tolist() == [3, -1]
    assert (1 << tl.tensor([0, 3])).tolist() == [1, 8]
    assert (6 & tl.tensor([3])).tolist() == [2]
    assert (5.0 - tl.tensor([2])).tolist() == [3.0]


def test_augmented_operators_write_in_place():
    x = tl.tensor([13])
    same = x
    x //= 2
    x <<= 2
    x |= 1
    x ^= 8
    x %= 10
    assert x is same
    assert x.tolist() == [(((13 // 2) << 2 | 1) ^ 8) % 10]


def test_a_subclass_of_tensor_gives_plain_tensors():
    class Named(tl.Tensor):
        pass

    named = Named(tl.ones(2).storage(), tl.ones(2).layout)
    assert type(named + named) is tl.Tensor
    assert type(1 - named) is tl.Tensor
    assert type(tl.maximum(named, tl.ones(2))) is tl.Tensor


@pytest.mark.parametrize("b", [2, -3, 0, 7])
@pytest.mark.parametrize("a", [7, -7, 0, 6])
def test_primitives_in_plain_python_are_what_loops_do(a, b):
    x, y = tl.tensor([float(a)]), tl.tensor([float(b)])
    for primitive, found in (
        (primitives.floor_quotient, tl.floor_divide(x, y)),
        (primitives.trunc_quotient, tl.div(x, y, rounding_mode="trunc")),
        (primitives.floor_remainder, tl.remainder(x, y)),
        (primitives.trunc_remainder, tl.fmod(x, y)),
    ):
        wanted = primitive(float(a), float(b))
        assert math.isnan(found.item()) if math.isnan(wanted) else found.item() == wanted

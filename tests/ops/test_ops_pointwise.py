"""Every pointwise op against torch: values, dtypes, strides, and which operands are refused."""

import numpy as np
import pytest
from sides import DTYPES, FLOATS, agree, same_refusal, samples, sides, torch

import tensorlab as tl

pytestmark = pytest.mark.torch

# The bounds of core.scalar_math, and room for torch's own error.
UNARY = {"neg": 0, "abs": 0, "reciprocal": 0, "sqrt": 1, "relu": 0, "exp": 3, "log": 3, "tanh": 5, "sigmoid": 5}
PAIRS = (
    *(("float32", "float32"), ("float64", "float32"), ("int64", "float32"), ("bool", "float32"), ("uint8", "int32")),
    *(("uint8", "uint8"), ("int32", "int64"), ("bool", "bool")),
)
NUMBERS = (("int64", 2.5), ("int64", 3), ("float32", 2), ("uint8", 3), ("bool", True))
ARITHMETIC = ("add", "sub", "mul", "div", "pow")
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
# pow and div are a library call here and a vector function there.
ULP = {"pow": 2, "div": 1}


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", [d for d in DTYPES if d != "int32"])
def test_unary(name, dtype):
    a, t = sides(samples(dtype, (40,)))
    if same_refusal(lambda: getattr(tl, name)(a), lambda: getattr(torch, name)(t)):
        return
    agree(getattr(tl, name)(a), getattr(torch, name)(t), ulp=UNARY[name])


@pytest.mark.parametrize("name", ARITHMETIC)
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_arithmetic_of_two_tensors(name, pair):
    (a, t), (b, u) = (sides(samples(d, (60,), seed)) for seed, d in enumerate(pair))
    if name == "pow" and "float" not in "".join(pair):
        b, u = b.clamp(0, 5) if pair[1] != "bool" else b, u.clamp(0, 5) if pair[1] != "bool" else u
    if same_refusal(lambda: getattr(tl, name)(a, b), lambda: getattr(torch, name)(t, u)):
        return
    agree(getattr(tl, name)(a, b), getattr(torch, name)(t, u), ulp=ULP.get(name, 0))


@pytest.mark.parametrize("name", ARITHMETIC)
@pytest.mark.parametrize(("dtype", "number"), NUMBERS)
def test_arithmetic_with_a_number(name, dtype, number):
    a, t = sides(samples(dtype, (40,)))
    if same_refusal(lambda: getattr(tl, name)(a, number), lambda: getattr(torch, name)(t, number)):
        return
    agree(getattr(tl, name)(a, number), getattr(torch, name)(t, number), ulp=ULP.get(name, 0))


LEFT = {
    "+": (lambda number, x: number + x, 0),
    "*": (lambda number, x: number * x, 0),
    "-": (lambda number, x: number - x, 0),
    "/": (lambda number, x: number / x, 1),
    "**": (lambda number, x: number ** abs(x), 2),
    "<": (lambda number, x: number < x, 0),
}


@pytest.mark.parametrize("operator", LEFT)
@pytest.mark.parametrize(("dtype", "number"), [("int64", 2.5), ("float32", 2), ("uint8", 3), ("bool", 2)])
def test_number_on_the_left(dtype, number, operator):
    (a, t), (apply, ulp) = sides(samples(dtype, (40,))), LEFT[operator]
    if not same_refusal(lambda: apply(number, a), lambda: apply(number, t)):
        agree(apply(number, a), apply(number, t), ulp=ulp)


@pytest.mark.parametrize("name", COMPARISONS)
@pytest.mark.parametrize("pair", [PAIRS[0], PAIRS[2], PAIRS[4], PAIRS[7]], ids="-".join)
def test_comparisons_of_two_tensors(name, pair):
    (a, t), (b, u) = (sides(samples(d, (60,), seed)) for seed, d in enumerate(pair))
    agree(getattr(tl, name)(a, b), getattr(torch, name)(t, u))


@pytest.mark.parametrize("name", COMPARISONS)
@pytest.mark.parametrize(("dtype", "number"), [("int64", 1.5), ("float32", 1), ("uint8", 300)])
def test_comparisons_with_a_number(name, dtype, number):
    a, t = sides(samples(dtype, (40,)))
    agree(getattr(tl, name)(a, number), getattr(torch, name)(t, number))


def test_integers_are_compared_with_a_float_as_floats():
    values = np.array([2**24, 2**24 + 1, 1])
    a, t = sides(values)
    agree(a > 2**24 + 0.5, t > 2**24 + 0.5)
    agree(a > 1.5, t > 1.5)


@pytest.mark.parametrize("exponent", [0, 2, -2.0, 0.5, 3.0, -1])
@pytest.mark.parametrize("dtype", ["int64", "float32"])
def test_powers_that_are_part_of_the_loop(dtype, exponent):
    values = samples(dtype, (30,))
    if exponent == 0.5:
        values = values[values != -np.inf]  # C and NumPy say inf, torch takes a square root and says NaN
    a, t = sides(values)
    if not same_refusal(lambda: a**exponent, lambda: t**exponent):
        agree(a**exponent, t**exponent, ulp=2)


def test_integer_powers_wrap_around_and_negative_ones_in_a_tensor_give_zero():
    base, exponent = np.array([3, -1, -1, 1, 2, 0, 7, -3]), np.array([70000, -3, -2, -5, -1, 0, 63, 3])
    a, t = sides(base)
    b, u = sides(exponent)
    agree(a**b, t**u)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32"])
@pytest.mark.parametrize("bounds", [(1, 5), (5, 1), (None, 2), (0.5, None), (0, 2.5), (float("nan"), 1.0)], ids=str)
def test_clamp(dtype, bounds):
    a, t = sides(samples(dtype, (40,)))
    agree(a.clamp(*bounds), t.clamp(*bounds))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("float32", "float32"),
        ("int64", "float32"),
        ("int64", 1.5),
        (2, "uint8"),
        (1, 2.5),
        (True, False),
        (1.5, "int64"),
    ],
)
def test_where(first, second):
    condition, their_condition = sides(samples("bool", (40,)))
    (a, t), (b, u) = (
        sides(samples(x, (40,), seed)) if isinstance(x, str) else (x, x) for seed, x in enumerate((first, second))
    )
    agree(tl.where(condition, a, b), torch.where(their_condition, t, u))


@pytest.mark.parametrize("name", ["add", "sub"])
@pytest.mark.parametrize(
    ("dtype", "alpha"), [("float32", 2), ("float32", 0.5), ("int64", 3), ("int64", 2.0), ("bool", 2)]
)
def test_alpha(name, dtype, alpha):
    a, t = sides(samples(dtype, (20,)))
    ours, theirs = lambda: getattr(tl, name)(a, a, alpha=alpha), lambda: getattr(torch, name)(t, t, alpha=alpha)
    if not same_refusal(ours, theirs):
        agree(ours(), theirs())


@pytest.mark.parametrize("alpha", [True, 1, 1.5])
@pytest.mark.parametrize("other", [1, 1.5, True])
@pytest.mark.parametrize("dtype", ["bool", "int64", "float32"])
def test_which_alphas_are_refused(dtype, other, alpha):
    a, t = sides(samples(dtype, (3,)))
    same_refusal(lambda: tl.add(a, other, alpha=alpha), lambda: torch.add(t, other, alpha=alpha))


@pytest.mark.parametrize(
    ("first", "second"),
    [("float32", "float64"), ("int64", "float64"), ("uint8", "int64"), ("int64", "float32"), ("bool", "uint8")],
)
def test_tensors_without_dimensions_give_way(first, second):
    a, t = sides(samples(first, (5,)))
    b, u = sides(np.array(2, dtype=second))
    agree(a + b, t + u)
    agree(b * a, u * t)
    agree(b + b, u + u)
    agree(b + 1.5, u + 1.5)
    agree(tl.where(a == a, a, b), torch.where(t == t, t, u))


@pytest.mark.parametrize("dtype", FLOATS)
def test_division_by_zero_gives_infinities_and_nan(dtype):
    a, t = sides(np.array([1, -1, 0], dtype=dtype))
    agree(a / 0, t / 0)
    agree(a / (a * 0), t / (t * 0))
    assert tl.tensor([1, -1]).div(0).tolist() == [np.inf, -np.inf]

"""Arithmetic, comparison, truth, bits, rounding, bounds and interpolation."""

from oracle.case import ALL, FLOATS, FORMS, Case, binary_samples, call, tl_dtype, unary_samples

PAIR = ("float32", "int64")
UNREVERSED = tuple(form for form in FORMS if form != "reversed")  # torch's side would be a copy
MIXED = ("float32", "float64", "int64", "uint8", "bool")
WHOLE = ("int64", "int32", "uint8")


def whole(m):
    return not tl_dtype(m.dtype).is_floating_point


def positive_divisors(m):
    """As `binary_samples`, with nothing near 0 on the right."""
    yield call(m(4, 5), m(4, 5, low=1))
    yield call(m(4, 5), m(5, low=1))
    yield call(m(3, 1), m(1, 4, low=1))
    yield call(m(4), m(low=1))
    yield call(m(), m(low=1))
    yield call(m(0, 3), m(3, low=1))
    yield call(m(4), 2)
    yield call(m(4, low=1), m(4, dtype="int32", low=1))
    if not whole(m):
        yield call(m(4), -1.5)


def number_first(m):
    yield call(7, m(4, low=1))
    yield call(2.5, m(2, 3, low=1))


def with_alpha(m):
    yield from binary_samples(m)
    yield call(m(4), m(4), alpha=2)
    yield call(m(4), 3, alpha=2)
    yield call(m(4, 5), m(5, dtype="int32"))
    yield call(m(4), m(dtype="float64"))
    yield call(3, m(4))


def wrong_alpha(m):
    yield call(m(2), m(3))
    yield call(m(2, dtype="int64"), m(2, dtype="int64"), alpha=0.5)
    yield call(m(2), "a")


def modes(m):
    for mode in ("floor", "trunc", None):
        yield call(m(4, 5), m(5, low=1), rounding_mode=mode)
        yield call(m(4), 2, rounding_mode=mode)


def wrong_mode(m):
    yield call(m(2), m(2), rounding_mode="up")
    yield call(m(2, dtype="int64"), 0, rounding_mode="floor")


def by_zero(m):
    yield call(m(2, dtype="int64"), 0)
    yield call(m(2, dtype="uint8"), m(2, dtype="uint8", low=0, high=0))
    yield call(m(2, dtype="bool"), m(2, dtype="bool"))


def powers(m):
    yield call(m(4, 5, low=0.5), m(5))
    yield call(m(4, low=0.5), m(4, low=0))
    yield call(m(0, 3), m(3))
    for exponent in (0, 1, 2, 3, 5):
        yield call(m(3, 2), exponent)
    if not whole(m):
        for exponent in (0.5, -1, -2.5):
            yield call(m(4, low=0.5), exponent)
        yield call(2, m(4))


def powers_of_zero(m):
    yield call(0, m(4, low=0.5))
    yield call(0.0, m(2, 2, low=1))


def two(m):
    """Two tensors of one dtype."""
    yield call(m(4, 5), m(4, 5))
    yield call(m(3, 1), m(1, 4))
    yield call(m(4), m())
    yield call(m(), m())
    yield call(m(0, 3), m(3))


def two_of_any(m):
    yield from two(m)
    yield call(m(4), m(4, dtype="int32"))


def not_two(m):
    yield call(m(3), 2)
    yield call(m(2), m(3))


def floats_alone(m):
    yield call(m(3, dtype="int64"), m(3, dtype="int64"))
    yield call(m(2), m(3))


def one_not_bool(m):
    yield call(m(3, dtype="bool"))
    yield call(1)


def rounded(m):
    yield from unary_samples(m)
    if not whole(m):
        for decimals in (1, -1, 3):
            yield call(m(7, low=-30, high=30), decimals=decimals)


def tests_of_order(m):
    yield call(m(4, 5), m(4, 5))
    yield call(m(4, 5), m(5, dtype="int32"))
    yield call(m(), m(3))
    yield call(m(4), 1)
    yield call(m(4), 1.5)


def not_ordered(m):
    yield call(m(2), m(3))
    yield call(m(2), "a")
    yield call(1, m(2))


def clamped(m):
    yield call(m(4, 5), -1, 2)
    yield call(m(4), min=1)
    yield call(m(4), max=1)
    yield call(m(4), 2, 1)
    yield call(m(4, 5), m(5), m(4, 5))
    yield call(m(4, 5), m(4, 1), None)
    yield call(m(0, 3), max=m(3))
    yield call(m(3), min=m(3, dtype="float64"))
    if not whole(m):
        yield call(m(17), -0.5, 1.5)


def not_clamped(m):
    yield call(m(3))
    yield call(m(3), m(3), 2)
    yield call(m(3, dtype="bool"), False, True)


def one_bound(m):
    yield call(m(4, 5), 1)
    yield call(m(4, 5), m(5))
    yield call(m(4), m(4, dtype="float64"))


def signed(m):
    yield from two(m)
    yield call(m(5), -1)
    yield call(m(5), 0.0)


def bits(m):
    yield from two(m)
    if tl_dtype(m.dtype).name != "bool":
        yield call(m(5), 3)
        yield call(m(5, dtype="uint8"), m(5))


def no_bits(m):
    yield call(m(3, dtype="float32"), m(3, dtype="float32"))
    yield call(m(3), 1.5)


def shifts(m):
    yield call(m(4, 5), m(5, low=0, high=70))
    yield call(m(4), m(4))
    yield call(m(5), 3)
    yield call(2, m(5, low=0))


def no_shifts(m):
    yield call(m(3, dtype="bool"), m(3, dtype="bool"))
    yield call(m(3, dtype="float32"), 1)


def between(m):
    yield call(m(4, 5), m(4, 5), 0.3)
    yield call(m(4, 5), m(5), 0.8)
    yield call(m(4, 5), m(5), m(4, 5, low=-1, high=2))
    yield call(m(4), m(4), m())
    yield call(m(0, 3), m(3), 1)


def not_between(m):
    yield call(m(3), m(3, dtype="float64"), 0.5)
    yield call(m(3, dtype="int64"), m(3, dtype="int64"), 0.5)
    yield call(m(3), 2, 0.5)


def products(m):
    yield call(m(4, 5), m(4, 5), m(4, 5, low=1))
    yield call(m(4, 5), m(5), m(4, 1, low=1), value=2)
    yield call(m(3), m(3, 1), m(low=1))
    if not whole(m):
        yield call(m(4), m(4), m(4, low=1), value=-0.5)


def not_products(m):
    yield call(m(3), m(3), 2)
    yield call(m(3, dtype="bool"), m(3, dtype="bool"), m(3, dtype="bool"))


def replaced(m):
    yield from unary_samples(m)
    yield call(m(20), nan=1.5)
    yield call(m(20), 1, posinf=2, neginf=-3.5)


def near(m):
    yield call(m(3, 4), m(4))
    yield call(m(20), m(20), rtol=0.5)
    yield call(m(20), m(20), 0, 0)
    yield call(m(20), m(20), atol=1.0, equal_nan=True)


def not_near(m):
    yield call(m(3), m(3, dtype="float64"))
    yield call(m(3), m(3), rtol=-1.0)


def chosen(m):
    condition = m.random.random((4, 5)) < 0.5
    yield call(condition, m(4, 5), m(5))
    yield call(condition, m(), m(4, 1))
    yield call(condition, m(4, 5), 2)
    yield call(condition, 2.5, m(5))
    yield call(condition[0], 1, 2)
    yield call(condition, m(4, 5), m(4, 5, dtype="int32"))
    yield call(condition[:0], m(5), m(5))


def not_chosen(m):
    yield call(m(3, dtype="int64"), m(3), m(3))
    yield call(m(2, dtype="bool"), m(3), m(3))


HALF = ("bfloat16",)
ONE_INT = ("float32", "float64", "int64")

CASES = (
    Case("add", with_alpha, dtypes=(*ALL, *HALF), inplace=True, out=True, refused=wrong_alpha, ulp=1),
    Case("sub", with_alpha, dtypes=(*ONE_INT, *HALF), inplace=True, out=True, refused=wrong_alpha, ulp=1),
    Case("rsub", binary_samples, dtypes=PAIR, strides=False),  # torch asks the second tensor first
    Case("mul", binary_samples, dtypes=(*ALL, *HALF), inplace=True, out=True),
    Case("multiply", number_first, dtypes=PAIR),
    Case("div", positive_divisors, dtypes=(*MIXED, *HALF), inplace=True, out=True, special=True),
    Case("div", modes, dtypes=ONE_INT, inplace=True, out=True, refused=wrong_mode, id="div rounded", gradgrad=False),
    Case("divide", number_first, dtypes=PAIR),
    Case(
        "floor_divide", positive_divisors, dtypes=(*FLOATS, *WHOLE), inplace=True, out=True, grad=False, refused=by_zero
    ),
    Case("floor_divide", number_first, dtypes=PAIR, grad=False, id="floor_divide of a number"),
    Case("remainder", positive_divisors, dtypes=(*FLOATS, *WHOLE), inplace=True, out=True, refused=by_zero),
    Case("remainder", number_first, dtypes=PAIR, grad=False, id="remainder of a number"),
    Case("fmod", positive_divisors, dtypes=(*FLOATS, *WHOLE), inplace=True, out=True, refused=by_zero),
    Case("pow", powers, dtypes=ONE_INT, inplace=True, out=True, ulp=2),
    Case("pow", powers_of_zero, gradgrad=False, forms=("plain",), id="pow of 0"),  # torch's second derivative is NaN
    Case("float_power", powers, dtypes=PAIR, out=True, ulp=2),
    Case("square", unary_samples, dtypes=("float32", "int64", "bool"), inplace=True, out=True),
    Case("ldexp", two, dtypes=FLOATS, inplace=True, out=True, ulp=1, strides=False),
    Case(
        "ldexp", two_of_any, dtypes=PAIR, grad=False, ulp=1, strides=False, id="ldexp by integers"
    ),  # torch's derivative rounds
    Case("neg", unary_samples, dtypes=("float32", "int64", "uint8"), inplace=True, out=True, refused=one_not_bool),
    Case("abs", unary_samples, dtypes=("float32", "int64", *HALF), inplace=True, out=True, refused=one_not_bool),
    Case("positive", unary_samples, dtypes=PAIR, refused=one_not_bool, gradgrad=False, view=True, forms=UNREVERSED),
    Case("reciprocal", lambda m: (call(m(*s, low=0.5)) for s in ((4, 5), ())), inplace=True, out=True),
    Case("sign", unary_samples, dtypes=MIXED, inplace=True, out=True, gradgrad=False, special=True),
    Case("sgn", unary_samples, dtypes=PAIR, inplace=True, out=True, gradgrad=False),
    Case("signbit", unary_samples, dtypes=("float32", "int64", "bool"), out=True, grad=False, special=True),
    Case("copysign", signed, dtypes=("float32", "int64"), inplace=True, out=True, special=True),
    Case("heaviside", two, dtypes=("float32", "int64", "bool"), inplace=True, out=True, grad=False, special=True),
    Case("hypot", two, inplace=True, out=True, refused=floats_alone, ulp=2, special=True),
    Case(
        "nextafter",
        two,
        dtypes=("float32", "float64", "bfloat16"),
        out=True,
        grad=False,
        refused=floats_alone,
        special=True,
        strides=False,
    ),
    Case("maximum", two_of_any, dtypes=(*MIXED, *HALF), out=True, refused=not_two, special=True),
    Case("minimum", two_of_any, dtypes=MIXED, out=True, refused=not_two, special=True),
    Case("fmax", two_of_any, dtypes=MIXED, out=True, refused=not_two, special=True),
    Case("fmin", two_of_any, dtypes=PAIR, out=True, refused=not_two, special=True),
    Case("clamp", clamped, dtypes=ONE_INT, inplace=True, out=True, refused=not_clamped, special=True),
    Case("clip", clamped, dtypes=("float32",), inplace=True, grad=False),
    Case("clamp_min", one_bound, dtypes=PAIR, inplace=True, out=True),
    Case("clamp_max", one_bound, dtypes=PAIR, inplace=True, out=True),
    Case(
        "floor", unary_samples, dtypes=(*ONE_INT, *HALF), inplace=True, out=True, gradgrad=False, refused=one_not_bool
    ),
    Case("ceil", unary_samples, dtypes=ONE_INT, inplace=True, out=True, gradgrad=False, refused=one_not_bool),
    Case("trunc", unary_samples, dtypes=ONE_INT, inplace=True, out=True, gradgrad=False, special=True),
    Case("fix", unary_samples, dtypes=PAIR, inplace=True, out=True, gradgrad=False),
    Case("round", rounded, dtypes=ONE_INT, inplace=True, out=True, gradgrad=False, refused=one_not_bool),
    Case("frac", unary_samples, inplace=True, out=True, gradgrad=False),
    Case("lerp", between, inplace=True, out=True, refused=not_between, rtol=1e-5, atol=1e-6),
    Case("addcmul", products, dtypes=ONE_INT, inplace=True, out=True, refused=not_products, rtol=1e-6, atol=1e-6),
    Case("addcdiv", products, inplace=True, out=True, refused=not_products, rtol=1e-6, atol=1e-6),
    Case("nan_to_num", replaced, dtypes=(*PAIR, *HALF), inplace=True, out=True, special=True),
    Case("where", chosen, dtypes=(*MIXED, *HALF), out=True, refused=not_chosen),
    *(
        Case(name, tests_of_order, dtypes=("float32", "int64"), inplace=True, out=True, grad=False, refused=not_ordered)
        for name in ("eq", "ne", "lt", "le", "gt", "ge")
    ),
    *(
        Case(name, two_of_any, dtypes=("float32", "bool"), inplace=True, out=True, grad=False, refused=not_two)
        for name in ("logical_and", "logical_or", "logical_xor")
    ),
    Case("logical_not", unary_samples, dtypes=("float32", "int64", "bool"), inplace=True, out=True, grad=False),
    *(
        Case(name, bits, dtypes=("int64", "uint8", "bool"), inplace=True, out=True, grad=False, refused=no_bits)
        for name in ("bitwise_and", "bitwise_or", "bitwise_xor")
    ),
    Case("bitwise_not", unary_samples, dtypes=("int64", "uint8", "bool"), inplace=True, out=True, grad=False),
    *(
        Case(name, shifts, dtypes=("int64", "int16"), inplace=True, out=True, grad=False, refused=no_shifts)
        for name in ("bitwise_left_shift", "bitwise_right_shift")
    ),
    *(
        Case(name, two, dtypes=("int64", "uint8"), inplace=True, out=True, grad=False, refused=no_shifts)
        for name in ("gcd", "lcm")
    ),
    *(
        Case(name, unary_samples, dtypes=("float32", "int64"), grad=False, special=True)
        for name in ("isnan", "isinf", "isfinite", "isposinf", "isneginf")
    ),
    Case("isclose", near, dtypes=PAIR, grad=False, special=True, refused=not_near),
    Case("allclose", near, dtypes=PAIR, grad=False, special=True, refused=not_near),
    Case("equal", two, dtypes=PAIR, grad=False),
)

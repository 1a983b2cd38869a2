"""Functions of one element, and of two, that are neither arithmetic nor activations."""

from collections.abc import Iterator
from functools import partial

from oracle.case import Call, Case, Maker, Samples, call, tl_dtype

DTYPES = ("float32", "float64", "int64")


def between(low: float, high: float) -> Samples:
    """One tensor with values in a range: with dimensions, without, empty."""

    def samples(m: Maker) -> Iterator[Call]:
        yield call(m(4, 5, low=low, high=high))
        yield call(m(17, low=low, high=high))
        yield call(m(low=low, high=high))
        yield call(m(0, 3, low=low, high=high))

    return samples


def one(name: str, low: float = -3, high: float = 3, *, ulp: float, atol: float = 0, alias: str = "") -> Iterator[Case]:
    """Rows of a function of one tensor, under both of its names."""
    make = partial(Case, samples=between(low, high), ulp=ulp, atol=atol, special=True, inplace=True, out=True)
    yield make(name, dtypes=(*DTYPES, "bool", "bfloat16") if name in ("exp2", "sin", "erf", "lgamma") else DTYPES)
    if alias:
        yield make(alias, dtypes=("float32",))


def everywhere(m: Maker) -> Iterator[Call]:
    """Values far outside a function's domain, and its edges."""
    for bound in (1e-30, 1e-3, 1, 1.5, 30, 200, 1e6, 1e30):
        yield call(m(40, low=-bound, high=bound * 1.001))
    yield call(m(4, 6))


def pairs(m: Maker) -> Iterator[Call]:
    """Two tensors of one shape, broadcast, without dimensions, empty."""
    yield call(m(4, 5), m(4, 5))
    yield call(m(3, 1), m(1, 4))
    yield call(m(4), m())
    yield call(m(), m())
    yield call(m(0, 3), m(3))


def of_positive(m: Maker) -> Iterator[Call]:
    """A second argument with a logarithm."""
    yield call(m(4, 5), m(4, 5, low=0.1, high=4))
    yield call(m(3, 1), m(1, 4, low=0.1, high=4))
    yield call(m(), m(low=0.1, high=4))
    yield call(m(0, 3), m(3, low=0.1, high=4))
    yield call(m(4), 2)
    yield call(m(4), 0.5)


def with_number(m: Maker) -> Iterator[Call]:
    yield call(2, m(4, low=0.1, high=4))
    yield call(1.5, m(2, 3, low=0.1, high=4))


def corners(m: Maker) -> Iterator[Call]:
    """0 log 0, infinities and NaN in both places."""
    if tl_dtype(m.dtype).is_floating_point:
        yield call(m(16), m(4, 4).reshape(-1)[::-1].copy())
        yield call(m(16).reshape(16, 1), m(16))
        yield call(m(16), 0.0)


def mixed(m: Maker) -> Iterator[Call]:
    yield call(m(4), m(4, dtype="int64"))
    yield call(m(4, dtype="int32"), m(4))


def odds(m: Maker) -> Iterator[Call]:
    """With and without the bound."""
    yield call(m(4, 5, low=0.01, high=0.99))
    yield call(m(3, low=0.01, high=0.99), 0.1)
    yield call(m(3, low=0.01, high=0.99), eps=1e-6)
    yield call(m(low=0.01, high=0.99), None)


def odds_outside(m: Maker) -> Iterator[Call]:
    yield call(m(14, low=-0.5, high=1.5))
    yield call(m(14, low=-0.5, high=1.5), 0.1)
    yield call(m(14))


def orders(m: Maker) -> Iterator[Call]:
    for n in (0, 1, 2, 3):
        yield call(n, m(5, low=0.2, high=12))
    if tl_dtype(m.dtype).is_floating_point:
        yield call(1, m(3, low=-3.6, high=-3.4))


def no_order(m: Maker) -> Iterator[Call]:
    yield call(-1, m(3))


def no_tensor(m: Maker) -> Iterator[Call]:
    yield call(1.0)
    yield call(None)


def no_second(m: Maker) -> Iterator[Call]:
    yield call(m(3), None)
    yield call(m(3), m(4))


CASES = (
    *one("exp", ulp=3),
    *one("exp2", ulp=3),
    *one("expm1", ulp=4),
    *one("log", 0.1, 4, ulp=3),
    *one("log2", 0.1, 4, ulp=4),
    *one("log10", 0.1, 4, ulp=4),
    *one("log1p", -0.9, 4, ulp=4),
    *one("sqrt", 0.1, 4, ulp=1),
    *one("rsqrt", 0.1, 4, ulp=3),
    *one("tanh", ulp=5),
    *one("sigmoid", ulp=5),
    *one("sin", ulp=4),
    *one("cos", ulp=4),
    *one("tan", -1.4, 1.4, ulp=4),
    *one("sinc", ulp=8, atol=2e-7),
    *one("asin", -0.95, 0.95, ulp=4, alias="arcsin"),
    *one("acos", -0.95, 0.95, ulp=4, alias="arccos"),
    *one("atan", ulp=4, alias="arctan"),
    *one("sinh", ulp=4),
    *one("cosh", ulp=4),
    *one("asinh", ulp=4, alias="arcsinh"),
    *one("acosh", 1.1, 4, ulp=4, alias="arccosh"),
    *one("atanh", -0.95, 0.95, ulp=4, alias="arctanh"),
    *one("deg2rad", ulp=2),
    *one("rad2deg", ulp=2),
    *one("erf", ulp=4),
    *one("erfc", ulp=10),
    *one("erfinv", -0.95, 0.95, ulp=16),
    *one("lgamma", 0.1, 9, ulp=8, atol=2e-7),
    *one("digamma", 0.1, 9, ulp=16, atol=1e-6),
    Case("logit", odds, dtypes=("float32", "float64"), ulp=8, atol=2e-7, inplace=True, out=True),
    Case("logit", odds_outside, dtypes=("float32",), ulp=8, atol=2e-7, grad=False, special=True, id="logit outside"),
    Case("polygamma", orders, dtypes=("float32", "float64", "int64"), refused=no_order, rtol=1e-6, atol=1e-6, out=True),
    Case("atan2", pairs, dtypes=DTYPES, refused=no_second, ulp=4, inplace=True, out=True, special=True),
    Case("arctan2", pairs, dtypes=("float32", "int64"), ulp=4, inplace=True, out=True),
    Case("atan2", mixed, dtypes=("float64", "bool"), ulp=4, inplace=True, id="atan2 mixed"),
    Case("logaddexp", pairs, dtypes=("float32", "float64", "int64"), refused=no_second, ulp=4, atol=2e-7, out=True),
    Case("logaddexp2", pairs, dtypes=("float32", "float64", "int64"), refused=no_second, ulp=4, atol=2e-7, out=True),
    Case("logaddexp", corners, dtypes=("float32",), ulp=4, atol=2e-7, grad=False, special=True, id="logaddexp corners"),
    Case(
        "logaddexp2", corners, dtypes=("float32",), ulp=4, atol=2e-7, grad=False, special=True, id="logaddexp2 corners"
    ),
    Case("xlogy", of_positive, dtypes=DTYPES, ulp=4, inplace=True, out=True),
    Case("xlogy", with_number, dtypes=("float32", "int64"), ulp=4, out=True, id="xlogy number"),
    Case("xlogy", corners, dtypes=("float32",), ulp=4, grad=False, special=True, id="xlogy corners"),
    *(
        Case(
            name,
            everywhere,
            dtypes=("float32", "float64"),
            ulp=ulp,
            atol=atol,
            grad=False,
            special=True,
            id=f"{name} far",
        )
        for name, ulp, atol in (
            *(("exp2", 3, 0), ("expm1", 4, 0), ("log2", 4, 0), ("log10", 4, 0), ("log1p", 4, 0), ("rsqrt", 3, 0)),
            *(("sin", 4, 0), ("cos", 4, 0), ("tan", 4, 0), ("asin", 4, 0), ("acos", 4, 0), ("atan", 4, 0)),
            *(("sinh", 4, 0), ("cosh", 4, 0), ("asinh", 4, 0), ("acosh", 4, 0), ("atanh", 4, 0)),
            *(("erf", 4, 0), ("erfc", 10, 0), ("erfinv", 64, 0)),
        )
    ),
    Case("sin", lambda m: iter([call(m(3))]), grad=False, refused=no_tensor, ulp=4, id="sin of no tensor"),
)

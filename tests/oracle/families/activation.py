"""Activations: bends, steps, gates."""

from collections.abc import Iterator

from oracle.case import Call, Case, Maker, Samples, call

DTYPES = ("float32", "float64", "int64", "bfloat16")
F = "nn.functional."


def options(*given: dict[str, object]) -> Samples:
    """One tensor, with each of the options in turn."""

    def samples(m: Maker) -> Iterator[Call]:
        yield call(m(4, 5, distinct=True), **given[0])
        yield call(m(distinct=True), **given[0])
        yield call(m(0, 3), **given[0])
        for each in given:
            yield call(m(13, distinct=True), **each)

    return samples


def corner_samples(*given: dict[str, object]) -> Samples:
    """Where pieces meet, infinities, NaN, far away."""

    def samples(m: Maker) -> Iterator[Call]:
        for each in given:
            yield call(m(5, 6), **each)
            yield call(m(14, low=-200, high=200), **each)
            yield call(m(7, dtype="int64", low=-3, high=3).astype(m.dtype), **each)

    return samples


def rows(name: str, *given: dict[str, object], ulp: float = 0, atol: float = 0) -> Iterator[Case]:
    given = given or ({},)
    plain = [each for each in given if "inplace" not in each]
    # torch rounds the bound of softshrink to the dtype, and takes it from what was not.
    dtypes = DTYPES[:-1] if name == "softshrink" else DTYPES
    strides = name != "logsigmoid"  # which torch lays out anew
    # torch has no second derivative of hardsigmoid, and of its sixth the float32.
    hard = {"gradgrad": False, "grad_bound": 1e-7} if name == "hardsigmoid" else {}
    yield Case(F + name, options(*plain), dtypes=dtypes, ulp=ulp, atol=atol, strides=strides, **hard)
    yield Case(
        F + name,
        corner_samples(*given),
        dtypes=("float32", "float64"),
        ulp=ulp,
        atol=atol,
        strides=strides,
        grad=False,
        special=True,
        id=f"{name} corners",
    )


def with_inplace(*given: dict[str, object]) -> tuple[dict[str, object], ...]:
    return (*given, {**given[0], "inplace": True})


def prelu_samples(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3, 4, distinct=True), m(3))
    yield call(m(2, 3, distinct=True), m(1))
    yield call(m(5, distinct=True), m(1))
    yield call(m(4, distinct=True), m())
    yield call(m(distinct=True), m(1))
    yield call(m(0, 3), m(3))


def prelu_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), m(2))
    yield call(m(2, 3), m(3, 1))
    yield call(m(5), m(5))
    yield call(m(), m(2))
    yield call(m(2, 3), m(3, dtype="float64"))
    yield call(m(2, 3), 0.5)


def glu_samples(m: Maker) -> Iterator[Call]:
    yield call(m(4, 6))
    yield call(m(4, 6), 0)
    yield call(m(2, 4, 3), dim=-2)
    yield call(m(2, 0))


def glu_refused(m: Maker) -> Iterator[Call]:
    yield call(m(4, 5))
    yield call(m())
    yield call(m(4, 4), 2)


def gelu_refused(m: Maker) -> Iterator[Call]:
    yield call(m(4), approximate="fast")


def shrink_refused(m: Maker) -> Iterator[Call]:
    yield call(m(4), -1.0)


def celu_refused(m: Maker) -> Iterator[Call]:
    yield call(m(4), 0.0)


def hardtanh_refused(m: Maker) -> Iterator[Call]:
    yield call(m(4), 1.0, -1.0)
    yield call(m(4) > 0)


def whole(m: Maker) -> Iterator[Call]:
    """Integers, where torch takes them."""
    yield call(m(4, 5))


CASES = (
    *rows("relu", *with_inplace({})),
    *rows("relu6", *with_inplace({})),
    *rows(
        "leaky_relu", *with_inplace({}, {"negative_slope": 0.3}, {"negative_slope": -0.5}, {"negative_slope": 2}), ulp=1
    ),
    *rows("hardtanh", *with_inplace({}, {"min_val": -0.5, "max_val": 2.0}, {"min_val": 0, "max_val": 1})),
    *rows("threshold", *with_inplace({"threshold": 0.1, "value": 20.0}, {"threshold": -1, "value": 0})),
    *rows("hardshrink", {}, {"lambd": 1.1}, {"lambd": 0}),
    *rows("softshrink", {}, {"lambd": 1.1}, {"lambd": 0}, ulp=1),
    *rows("hardsigmoid", *with_inplace({}), ulp=2),
    *rows("hardswish", *with_inplace({}), ulp=2),
    *rows("softsign", ulp=2),
    *rows("tanhshrink", ulp=4, atol=2e-7),
    *rows("elu", *with_inplace({}, {"alpha": 0.5}, {"alpha": 2}), ulp=4),
    *rows("selu", *with_inplace({}), ulp=4),
    *rows("celu", *with_inplace({}, {"alpha": 0.5}, {"alpha": 2}), ulp=4),
    *rows("gelu", {}, {"approximate": "tanh"}, ulp=8, atol=2e-7),
    *rows("silu", *with_inplace({}), ulp=6),
    *rows("mish", *with_inplace({}), ulp=8),
    *rows("softplus", {}, {"beta": 2.0}, {"beta": 0.5, "threshold": 1}, ulp=6),
    *rows("logsigmoid", ulp=6),
    Case("relu", options({}), dtypes=("float32", "int64", "bool"), inplace=True),
    Case("selu", options({}), dtypes=("float32", "float64"), inplace=False, ulp=4),
    Case("celu", options({}, {"alpha": 2.0}), dtypes=("float32", "float64"), ulp=4),
    Case("hardshrink", options({}, {"lambd": 1.0}), dtypes=("float32", "float64"), out=True),
    Case("threshold", options({"threshold": 0.5, "value": 1.0}), dtypes=("float32", "float64")),
    Case(F + "prelu", prelu_samples, dtypes=DTYPES, refused=prelu_refused),
    Case(F + "glu", glu_samples, dtypes=DTYPES, refused=glu_refused, ulp=8),
    Case(F + "gelu", whole, refused=gelu_refused, ulp=8, atol=2e-7, id="gelu refused"),
    Case(F + "softshrink", whole, refused=shrink_refused, ulp=1, id="softshrink refused"),
    Case(F + "celu", whole, refused=celu_refused, ulp=4, id="celu refused"),
    Case(F + "hardtanh", whole, refused=hardtanh_refused, dtypes=("int64", "uint8"), grad=False, id="hardtanh refused"),
)

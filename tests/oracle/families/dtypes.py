"""Conversions and copies, and arithmetic on the dtypes that the other tables leave out."""

import tensorlab as tl
from oracle.case import BOOL, FLOATS, FORMS, HALVES, Case, binary_samples, call, unary_samples

SMALL = ("int8", "int16")


def converted(dtype):
    def samples(m):
        for found in unary_samples(m):
            yield call(*found.args, dtype)
        yield call(m(2, 3), dtype=dtype, copy=True)
        yield call(m(2, 3), "cpu", dtype)
        yield call(m(2, 3), None, dtype, False, True)
        yield call(m(2, 3), dtype, non_blocking=True)

    return samples


def moved(m):
    yield call(m(2, 3))
    yield call(m(2, 3), "cpu")
    yield call(m(2, 3), None)
    yield call(m(2, 3), copy=True)
    yield call(m(2, 3), m(4, dtype="float64"))
    yield call(m(2, 3), "cpu", None, False, True)


def moved_refused(m):
    yield call(m(2, 3), "cpu", "cpu")
    yield call(m(2, 3), tl.float64, "cpu")
    yield call(m(2, 3), m(2), tl.float64)
    yield call(m(2, 3), dtype="half")
    yield call(m(2, 3), tl.float64, speed=3)
    yield call(m(2, 3), "nowhere")


def like_another(m):
    for dtype in ("bfloat16", "float64", "uint8"):
        yield call(m(2, 3), m(1, dtype=dtype, special=False))


def copied(m):
    yield call(m(2, 3), m(2, 3))
    yield call(m(2, 3), m(3))
    yield call(m(2, 3), m())
    yield call(m(2, 3), m(2, 3, dtype="float64"))
    yield call(m(2, 3), m(2, 3, dtype="bfloat16"))
    yield call(m(0, 3), m(3))


def copied_refused(m):
    yield call(m(2, 3), m(2))
    yield call(m(3), m(2, 3))


def mixed(m):
    """Two dtypes at once, where they are not a number's."""
    for other in ("bool", "uint8", "bfloat16", "float32"):
        yield call(m(4, 5), m(4, 5, dtype=other))
        yield call(m(4), m(dtype=other))
        yield call(m(), m(4, dtype=other))


def reduced(m):
    yield call(m(4, 5))
    yield call(m(4, 5), 0)
    yield call(m(4, 5), 1, True)
    yield call(m(3, 4, 5), -2)


CONVERSIONS = ("float", "double", "half", "bfloat16", "int", "long", "short", "char", "byte", "bool")
SOME = ("float32", "int64", "bfloat16")
# What may give the tensor itself: torch has no negative strides to compare with.
FORWARD = tuple(form for form in FORMS if form != "reversed")

CASES = (
    *(
        Case("Tensor.to", converted(dtype), dtypes=SOME, view=True, forms=FORWARD, grad=False, id=f"to {dtype.name}")
        for dtype in (tl.float16, tl.bfloat16, tl.int8, tl.int16, tl.uint8, tl.bool)
    ),
    Case("Tensor.to", converted(tl.float64), view=True, forms=FORWARD, id="to float64"),
    Case(
        "Tensor.to",
        moved,
        dtypes=("float32", "float64", "int16"),
        view=True,
        forms=FORWARD,
        refused=moved_refused,
    ),
    *(Case(f"Tensor.{name}", unary_samples, dtypes=SOME, view=True, forms=FORWARD, grad=False) for name in CONVERSIONS),
    Case("Tensor.type_as", like_another, dtypes=("float32", "int64", "float16"), grad=False),
    Case("Tensor.cpu", unary_samples, dtypes=("float32", "bfloat16"), view=True, forms=FORWARD),
    Case("clone", unary_samples, dtypes=(*BOOL, *SMALL, *HALVES, *FLOATS), special=True),
    Case(
        "Tensor.contiguous", unary_samples, dtypes=(*FLOATS, "int8", *HALVES), view=True, special=True, forms=FORMS[:-1]
    ),
    Case("Tensor.copy_", copied, dtypes=("float32", "int8", "bfloat16"), refused=copied_refused, grad=False),
    *(
        Case(
            name, binary_samples, dtypes=(*HALVES, *SMALL), inplace=True, special=True, grad=False, id=f"{name} narrow"
        )
        for name in ("add", "mul")
    ),
    *(
        Case(name, mixed, dtypes=("float16", "int8"), grad=False, id=f"{name} mixed")
        for name in ("sub", "mul", "div", "lt")
    ),
    *(
        Case(name, reduced, dtypes=("bfloat16", "int8"), grad=False, id=f"{name} narrow")
        for name in ("sum", "amax", "argmin", "min")
    ),
)

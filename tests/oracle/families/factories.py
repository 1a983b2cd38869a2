"""New tensors."""

from collections.abc import Iterator

import tensorlab as tl
from oracle.case import Call, Case, Maker, call


def filled(m: Maker) -> Iterator[Call]:
    dtype = getattr(tl, m.dtype)
    yield call(2, 3, dtype=dtype)
    yield call((2, 0), dtype=dtype)
    yield call([3], dtype=dtype, device="cpu")
    yield call((), dtype=dtype)
    yield call(2)


def filled_refused(m: Maker) -> Iterator[Call]:
    yield call(-1)
    yield call(1.5)
    yield call("a")
    yield call(2, device="nowhere")


def full(m: Maker) -> Iterator[Call]:
    dtype = getattr(tl, m.dtype)
    yield call((2, 3), 1, dtype=dtype)
    yield call((), True)
    yield call([2], 1.5)
    yield call((2,), 7)


def counted(m: Maker) -> Iterator[Call]:
    dtype = getattr(tl, m.dtype)
    yield call(5, dtype=dtype)
    yield call(1, 8, 3, dtype=dtype)
    yield call(0, 1, 0.25)
    yield call(3, -2, -2)


def counted_refused(m: Maker) -> Iterator[Call]:
    yield call(0, 5, 0)
    yield call(5, 0)


def spaced(m: Maker) -> Iterator[Call]:
    dtype = getattr(tl, m.dtype)
    yield call(0, 1, 5, dtype=dtype)
    yield call(0 if m.dtype == "uint8" else -3, 3, 7, dtype=dtype)
    yield call(10, 0, 11, dtype=dtype)
    yield call(2.5, 9, 1)
    yield call(2.5, 9, 0)
    yield call(0.1, 0.7, 13)


def spaced_refused(m: Maker) -> Iterator[Call]:
    yield call(0, 1, -1)


def powers(m: Maker) -> Iterator[Call]:
    dtype = getattr(tl, m.dtype)
    yield call(0, 3, 4, dtype=dtype)
    yield call(-1, 1, 5)
    yield call(0, 4, 5, 2.0, dtype=dtype)
    yield call(1, 2, 1)


def identity(m: Maker) -> Iterator[Call]:
    dtype = getattr(tl, m.dtype)
    yield call(3, dtype=dtype)
    yield call(2, 4, dtype=dtype)
    yield call(3, 0)


def identity_refused(m: Maker) -> Iterator[Call]:
    yield call(-1)
    yield call(2, -1)


def alike(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3))
    yield call(m(2, 3, 2), dtype=tl.int64)
    yield call(m())
    yield call(m(0, 2))


def alike_full(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), 1)
    yield call(m(2, 3), 2.5, dtype=tl.float64)


def new_filled(m: Maker) -> Iterator[Call]:
    yield call(m(2), 2, 3)
    yield call(m(2), (3,), dtype=tl.int32)
    yield call(m(2), [])


def new_full(m: Maker) -> Iterator[Call]:
    yield call(m(2), (2, 3), 1)
    yield call(m(2), [3], 2.5, dtype=tl.float64)


def new_data(m: Maker) -> Iterator[Call]:
    yield call(m(2), [[1, 0], [0, 1]])
    yield call(m(2), 1, dtype=tl.float64)


def scalars(m: Maker) -> Iterator[Call]:
    yield call(2.5)
    yield call(3, dtype=getattr(tl, m.dtype))


DTYPES = ("float32", "float64", "int64", "bool", "bfloat16")
NUMBERS = ("float32", "float64", "int64", "uint8")

CASES = (
    Case("zeros", filled, DTYPES, filled_refused, grad=False, out=True),
    Case("ones", filled, DTYPES, filled_refused, grad=False, out=True),
    Case("full", full, DTYPES, grad=False),
    Case("arange", counted, NUMBERS, counted_refused, grad=False),
    Case("linspace", spaced, NUMBERS, spaced_refused, grad=False, ulp=2, atol=1e-7),
    Case("logspace", powers, NUMBERS, grad=False, rtol=1e-6),
    Case("eye", identity, DTYPES, identity_refused, grad=False, out=True),
    Case("zeros_like", alike, DTYPES, grad=False),
    Case("ones_like", alike, DTYPES, grad=False),
    Case("full_like", alike_full, ("float32", "float64", "int64"), grad=False),
    Case("Tensor.new_zeros", new_filled, DTYPES, grad=False),
    Case("Tensor.new_ones", new_filled, DTYPES, grad=False),
    Case("Tensor.new_full", new_full, ("float32", "int64"), grad=False),
    Case("Tensor.new_tensor", new_data, DTYPES, grad=False),
    Case("scalar_tensor", scalars, ("float32", "int64"), grad=False),
)

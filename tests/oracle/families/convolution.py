"""Convolutions, with every option, batched and not; sums of many products, so that float32 is held to its own bound."""

from oracle.case import Case, call

BOUND = {"rtol": 1e-6, "atol": 2e-6, "strides": False}  # torch keeps channels last where they come last
DTYPES = ("float32", "float64", "int64", "bfloat16")


def conv1d(m):
    yield call(m(2, 3, 11), m(4, 3, 3))
    yield call(m(3, 11), m(4, 3, 3), m(4), 2, 1)
    yield call(m(1, 4, 9), m(4, 2, 2), None, 1, 2, 2, 2)
    yield call(m(2, 2, 7), m(2, 2, 4), m(2), padding="same")
    yield call(m(2, 2, 7), m(2, 2, 3), m(2), padding="valid", dilation=2)
    yield call(m(0, 2, 7), m(2, 2, 3))


def conv1d_refused(m):
    yield call(m(2, 3, 11), m(4, 2, 3))
    yield call(m(2, 3), m(4, 3, 3, 1))
    yield call(m(11), m(4, 3, 3))
    yield call(m(2, 3, 2), m(4, 3, 3))
    yield call(m(2, 3, 11), m(4, 3, 3), m(3))
    yield call(m(2, 3, 11), m(4, 3, 3), None, 2, "same")
    yield call(m(2, 3, 11), m(4, 3, 3), None, 1, "full")


def conv2d(m):
    yield call(m(2, 3, 6, 7), m(4, 3, 3, 3), m(4))
    yield call(m(3, 6, 7), m(4, 3, 2, 3), m(4), (2, 1), (1, 2))
    yield call(m(1, 4, 7, 9), m(6, 2, 3, 3), None, (2, 3), 2, (1, 2), 2)
    yield call(m(2, 3, 5, 5), m(3, 1, 3, 3), m(3), 1, 1, 1, 3)
    yield call(m(2, 3, 5, 6), m(2, 3, 1, 1), m(2))
    yield call(m(2, 3, 5, 6), m(2, 3, 1, 1), m(2), 2)
    yield call(m(1, 2, 5, 6), m(2, 2, 2, 4), m(2), padding="same", dilation=(2, 1))
    yield call(m(1, 2, 3, 3), m(5, 2, 3, 3), None, [1], [0])


def conv2d_refused(m):
    yield call(m(2, 3, 6, 7), m(4, 2, 3, 3))
    yield call(m(2, 3, 6, 7), m(4, 3, 3, 3), m(5))
    yield call(m(2, 3, 6, 7), m(4, 3, 3))
    yield call(m(6, 7), m(4, 3, 3, 3))
    yield call(m(2, 3, 2, 2), m(4, 3, 3, 3))
    yield call(m(2, 3, 6, 7), m(4, 3, 3, 3), None, 0)
    yield call(m(2, 3, 6, 7), m(4, 3, 3, 3), None, 1, -1)
    yield call(m(2, 3, 6, 7), m(4, 3, 3, 3), None, 1, 0, 0)
    yield call(m(2, 3, 6, 7), m(4, 3, 3, 3), None, 1, 0, 1, 2)
    yield call(m(2, 3, 6, 7), m(4, 3, 3, 3), None, (1, 1, 1))
    yield call(m(2, 3, 6, 7), m(4, 3, 3, 3, dtype="float64"))
    yield call(m(2, 3, 6, 7), 3)


def conv_transpose1d(m):
    yield call(m(2, 3, 5), m(3, 4, 3), m(4))
    yield call(m(4, 5), m(4, 2, 3), None, 2, 1, 1, 2)
    yield call(m(1, 2, 5), m(2, 2, 2), m(2), 3, 0, 1, 1, 2)


def conv_transpose2d(m):
    yield call(m(2, 3, 4, 5), m(3, 2, 3, 3), m(2))
    yield call(m(3, 4, 5), m(3, 2, 2, 3), m(2), (2, 3), (1, 0), (1, 2))
    yield call(m(1, 4, 3, 4), m(4, 1, 2, 2), None, 2, 0, 0, 2)
    yield call(m(1, 2, 3, 4), m(2, 3, 3, 2), m(3), (1, 2), 1, (1, 1), 1, (2, 3))


def conv_transpose2d_refused(m):
    yield call(m(2, 3, 4, 5), m(2, 3, 3, 3))
    yield call(m(2, 3, 4, 5), m(3, 2, 3, 3), m(3))
    yield call(m(2, 3, 4, 5), m(3, 2, 3, 3), None, 1, 0, 1)
    yield call(m(2, 3, 1, 1), m(3, 2, 1, 1), None, 1, 2)


def convolution(m):
    yield call(m(2, 3, 6, 7), m(4, 3, 3, 3), m(4), [1, 2], [1, 0], [1, 1], False, [0, 0], 1)
    yield call(m(2, 3, 6), m(3, 4, 3), m(4), [2], [1], [1], True, [1], 1)


CASES = (
    Case("conv1d", conv1d, DTYPES, conv1d_refused, **BOUND),
    Case("conv2d", conv2d, DTYPES, conv2d_refused, **BOUND),
    Case("conv_transpose1d", conv_transpose1d, ("float32", "float64"), **BOUND),
    Case("conv_transpose2d", conv_transpose2d, ("float32", "float64"), conv_transpose2d_refused, **BOUND),
    Case("convolution", convolution, ("float32",), **BOUND),
)

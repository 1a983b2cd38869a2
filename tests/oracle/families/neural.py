"""Linear layers, normalisation, attention."""

import numpy as np

from oracle.case import FLOATS, FORMS, Case, call

HALVES = (*FLOATS, "bfloat16")
SPREAD = tuple(form for form in FORMS if form != "broadcast")


def linear(m):
    yield call(m(3, 4), m(5, 4), m(5))
    yield call(m(2, 3, 4), m(5, 4))
    yield call(m(4), m(5, 4), m(5))
    yield call(m(3, 4), m(4))
    yield call(m(0, 4), m(5, 4), m(5))


def linear_refused(m):
    yield call(m(3, 4), m(5, 3))
    yield call(m(3, 4), m(5, 4), m(4))
    yield call(m(3, 4), m(4), m())


def bilinear(m):
    yield call(m(2, 3), m(2, 4), m(5, 3, 4), m(5))
    yield call(m(3), m(4), m(1, 3, 4))


def layer_norm(m):
    yield call(m(4, 6), [6], m(6), m(6))
    yield call(m(2, 3, 4), [3, 4], m(3, 4), m(3, 4), 1e-3)
    yield call(m(2, 3, 4), (4,))
    yield call(m(3, 4), [4], m(4))
    yield call(m(0, 4), [4], m(4), m(4))


def layer_norm_refused(m):
    yield call(m(4, 6), [4])
    yield call(m(4, 6), [6], m(5))
    yield call(m(4, 6), [])


def rms_norm(m):
    yield call(m(4, 6), [6], m(6))
    yield call(m(2, 3, 4), [3, 4], None, 1e-3)


def group_norm(m):
    yield call(m(2, 4, 3), 2, m(4), m(4))
    yield call(m(2, 6), 3)
    yield call(m(2, 4, 2, 2), 4, m(4), m(4), 1e-3)


def group_norm_refused(m):
    yield call(m(2, 4, 3), 3)
    yield call(m(4), 2)
    yield call(m(2, 4, 3), 2, m(3))


def positive(m, n):
    return m(n, low=0.5, high=2)


def batch_norm(m):
    yield call(m(4, 3), np.zeros(3, m(1).dtype), np.ones(3, m(1).dtype), m(3), m(3), True)
    yield call(m(2, 3, 4, 2), None, None, m(3), m(3), True, 0.3, 1e-3)
    yield call(m(2, 3, 4), m(3), positive(m, 3), m(3), m(3), False)
    yield call(m(2, 3, 4), m(3), positive(m, 3), None, None, False)


def batch_norm_refused(m):
    yield call(m(1, 3), None, None, None, None, True)
    yield call(m(4, 3), m(2), positive(m, 2))
    yield call(m(4, 3), None, None)


def instance_norm(m):
    yield call(m(2, 3, 5), None, None, m(3), m(3))
    yield call(m(2, 3, 5), np.zeros(3, m(1).dtype), np.ones(3, m(1).dtype), None, None, True, 0.2)


def normalize(m):
    yield call(m(3, 4))
    yield call(m(3, 4, 2), 1.0, -1)


def attention(m):
    yield call(m(2, 3, 4), m(2, 5, 4), m(2, 5, 6))
    yield call(m(2, 2, 4, 4), m(2, 2, 4, 4), m(2, 2, 4, 4), None, 0.0, True)
    yield call(m(2, 3, 4), m(2, 5, 4), m(2, 5, 6), m(3, 5))
    yield call(m(2, 3, 4), m(2, 5, 4), m(2, 5, 6), np.arange(15).reshape(3, 5) % 4 > 0, scale=0.5)
    yield call(m(1, 4, 3, 4), m(1, 2, 5, 4), m(1, 2, 5, 6), enable_gqa=True)


def attention_refused(m):
    yield call(m(2, 3, 4), m(2, 5, 3), m(2, 5, 6))
    yield call(m(4), m(4), m(4))


NEAR = {"rtol": 2e-5, "atol": 2e-6}
F = "nn.functional."
CASES = (
    Case(F + "linear", linear, dtypes=FLOATS, refused=linear_refused, strides=False, **NEAR),
    Case(F + "bilinear", bilinear, strides=False, **NEAR),
    Case(F + "layer_norm", layer_norm, dtypes=FLOATS, refused=layer_norm_refused, strides=False, **NEAR),
    Case(F + "rms_norm", rms_norm, strides=False, **NEAR),
    Case(F + "group_norm", group_norm, refused=group_norm_refused, strides=False, **NEAR),
    Case(F + "batch_norm", batch_norm, constant=(1, 2), refused=batch_norm_refused, strides=False, **NEAR),
    # What is the same all along a line has no variance: what is left is the rounding of its mean, made large.
    Case(F + "instance_norm", instance_norm, constant=(1, 2), strides=False, forms=SPREAD, **NEAR),
    Case(F + "normalize", normalize, strides=False, **NEAR),
    Case(
        F + "scaled_dot_product_attention", attention, refused=attention_refused, strides=False, gradgrad=False, **NEAR
    ),
)

"""Interpolation of every kind, windows taken out and put back."""

from oracle.case import FLOATS, Case, call

DTYPES = (*FLOATS, "bfloat16")  # where nothing is added: torch rounds halves after each addition, tensorlab once


def nearest(m):
    yield call(m(2, 3, 5), 8)
    yield call(m(1, 2, 5, 7), (3, 9))
    yield call(m(1, 2, 5, 7), scale_factor=(1.6, 0.7), mode="nearest")
    yield call(m(1, 2, 4, 3), 7, mode="nearest-exact")
    yield call(m(1, 2, 9), scale_factor=0.45, mode="nearest-exact")
    yield call(m(1, 2, 4, 3), scale_factor=1.7, recompute_scale_factor=True)


def interpolating(m):
    for corners in (None, True):
        yield call(m(2, 3, 5), 8, mode="linear", align_corners=corners)
        yield call(m(1, 2, 4, 5), (7, 3), mode="bilinear", align_corners=corners)
        yield call(m(1, 1, 4, 5), (7, 3), mode="bicubic", align_corners=corners)
    yield call(m(1, 2, 4, 5), scale_factor=(1.7, 2), mode="bilinear")
    yield call(m(1, 2, 3), scale_factor=2.3, mode="linear", recompute_scale_factor=True)
    yield call(m(1, 1, 4, 3), scale_factor=1.3, mode="bicubic")
    yield call(m(1, 1, 4, 3), (1, 5), mode="bilinear", align_corners=True)
    yield call(m(1, 2, 6, 5), (4, 3), mode="area")
    yield call(m(1, 2, 6), scale_factor=1.5, mode="area")


def refused(m):
    yield call(m(1, 2, 5), 4, 2.0)
    yield call(m(1, 2, 5))
    yield call(m(1, 2, 5), 4, mode="bilinear")
    yield call(m(1, 2, 5, 5), 4, mode="linear")
    yield call(m(1, 2, 5, 5), 4, mode="lanczos")
    yield call(m(1, 2, 5, 5), (4,))
    yield call(m(1, 2, 5, 5), 0)
    yield call(m(1, 2, 5, 5), 4, align_corners=True)
    yield call(m(1, 2, 5, 5), 4, mode="area", align_corners=False)
    yield call(m(1, 2, 5, 5), 4, recompute_scale_factor=True)
    yield call(m(1, 2, 5, 5, dtype="int64"), 4)
    yield call(m(5, 5), 4)


def unfold(m):
    yield call(m(2, 3, 5, 6), 2)
    yield call(m(3, 5, 6), (3, 2), 1, 1, 2)
    yield call(m(1, 2, 7, 6), (2, 3), (2, 1), (0, 2), (1, 3))


def unfold_refused(m):
    yield call(m(5, 6), 2)
    yield call(m(1, 5, 6), 7)
    yield call(m(1, 5, 6), 2, 0)
    yield call(m(1, 5, 6), 2, 1, 0, 0)


def fold(m):
    yield call(m(2, 12, 20), (5, 6), 2)
    yield call(m(12, 12), (5, 7), 2, 1, 1, 2)
    yield call(m(6, 15), (6, 3), (3, 1), 1, (1, 1), (2, 1))
    yield call(m(6, 9), 5, 1, 1, 0, 2)


def fold_refused(m):
    yield call(m(2, 12, 19), (5, 6), 2)
    yield call(m(2, 13, 20), (5, 6), 2)
    yield call(m(20), (5, 6), 2)
    yield call(m(2, 12, 20), (5, 6), 2, 1, 0, 0)


NEAR = {"rtol": 2e-6, "atol": 2e-6, "strides": False}

CASES = (
    Case("nn.functional.interpolate", nearest, (*DTYPES, "uint8"), refused, strides=False, id="interpolate nearest"),
    Case("nn.functional.interpolate", interpolating, FLOATS, id="interpolate linear", **NEAR),
    Case("nn.functional.unfold", unfold, DTYPES, unfold_refused, strides=False),
    Case("nn.functional.fold", fold, FLOATS, fold_refused, **NEAR),
)

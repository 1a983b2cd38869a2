"""log1p, log2 and log10 of a float32; `core.scalar_math` says what form they keep and why.

All take ``x = 2**e (1 + f)`` with ``1 + f`` around 1, as `log_f32` does, with polynomials as there.
"""

from __future__ import annotations

import numpy as np

from tensorlab.core.scalar_math32 import (
    FRACTION_MASK,
    HALF,
    INFINITY_BITS,
    LARGEST,
    LN2_HIGH,
    LN2_LOW,
    LOG_2,
    LOG_3,
    LOG_4,
    LOG_5,
    LOG_6,
    LOG_7,
    LOG_8,
    LOG_9,
    LOG_10,
    LOG_RAISE,
    LOG_RAISED,
    NAN_BITS,
    ONE,
    SMALLEST_NORMAL,
    SQRT_HALF_BITS,
    ZERO,
)

BIAS = np.int32(127)
LOST = np.float32(16777216.0)  # adding 1 to a larger number does not change it


def log1p_f32(x: np.float32) -> np.float32:
    """``log(1 + x)`` to 1.5 ulp, relative to the result also near 0; ``-inf`` at -1, NaN below; keeps the sign of zero.

    What rounding takes from ``u = 1 + x`` is given back to ``f``: below 1 the sum is ``x`` itself, without an error.
    """
    u = ONE + x
    of_one = ONE - (u - x)
    of_x = x - (u - ONE)
    left = of_one if x > ONE else of_x
    bits = np.int32(np.float32(u).view(np.int32) - SQRT_HALF_BITS)
    whole = np.int32(bits >> 23)
    e = np.float32(whole)
    m = np.int32((bits & FRACTION_MASK) + SQRT_HALF_BITS).view(np.float32)
    scale = np.int32(np.int32(BIAS - whole) << 23).view(np.float32)
    back = left * scale
    kept = ZERO if x > LOST else back
    f = (m - ONE) + kept
    q6 = (((LOG_10 * f + LOG_9) * f + LOG_8) * f + LOG_7) * f + LOG_6
    q = (((q6 * f + LOG_5) * f + LOG_4) * f + LOG_3) * f + LOG_2
    y = e * LN2_HIGH + ((f * f * q + e * LN2_LOW) + f)
    infinity = np.int32(INFINITY_BITS).view(np.float32)
    nan = np.int32(NAN_BITS).view(np.float32)
    pole = -infinity
    edge = pole if u == ZERO else nan
    positive = y if u <= LARGEST else u
    found = edge if u <= ZERO else positive
    return x if x == ZERO else found


# 1 / ln 2 less 1: the product with f, which is exact, is added to f itself.
LOG2_REST = np.float32(0.44269505)
# (log2(1 + f) - f / ln 2) / f**2 for sqrt(1/2) <= 1 + f <= sqrt(2), to 2**-27.8.
LOG2_2 = np.float32(-0.72134733)
LOG2_3 = np.float32(0.48089823)
LOG2_4 = np.float32(-0.36069667)
LOG2_5 = np.float32(0.28856787)
LOG2_6 = np.float32(-0.23961686)
LOG2_7 = np.float32(0.20459378)
LOG2_8 = np.float32(-0.19106153)
LOG2_9 = np.float32(0.1862103)
LOG2_10 = np.float32(-0.10999015)


def log2_f32(x: np.float32) -> np.float32:
    """``log2(x)`` to 1.2 ulp, powers of 2 exact, subnormal arguments included; ``-inf`` at both zeros, NaN below."""
    raised = x * LOG_RAISE
    normal = raised if x < SMALLEST_NORMAL else x
    bias = LOG_RAISED if x < SMALLEST_NORMAL else ZERO
    bits = np.int32(np.float32(normal).view(np.int32) - SQRT_HALF_BITS)
    e = np.float32(np.int32(bits >> 23)) + bias
    m = np.int32((bits & FRACTION_MASK) + SQRT_HALF_BITS).view(np.float32)
    f = m - ONE
    q6 = (((LOG2_10 * f + LOG2_9) * f + LOG2_8) * f + LOG2_7) * f + LOG2_6
    q = (((q6 * f + LOG2_5) * f + LOG2_4) * f + LOG2_3) * f + LOG2_2
    y = e + (f + (f * LOG2_REST + f * f * q))
    infinity = np.int32(INFINITY_BITS).view(np.float32)
    nan = np.int32(NAN_BITS).view(np.float32)
    pole = -infinity
    edge = pole if x == ZERO else nan
    positive = y if x <= LARGEST else x
    return edge if x <= ZERO else positive


# log10(2) in two parts, so that the product of the high one with an exponent is exact; 1 / ln 10 less 1/2.
LOG10_2_HIGH = np.float32(0.3010254)
LOG10_2_LOW = np.float32(4.605039e-06)
LOG10_REST = np.float32(-0.065705515)
# (log10(1 + f) - f / ln 10) / f**2 for sqrt(1/2) <= 1 + f <= sqrt(2), to 2**-27.8.
LOG10_2 = np.float32(-0.21714719)
LOG10_3 = np.float32(0.1447648)
LOG10_4 = np.float32(-0.10858052)
LOG10_5 = np.float32(0.086867586)
LOG10_6 = np.float32(-0.07213183)
LOG10_7 = np.float32(0.06158866)
LOG10_8 = np.float32(-0.057515424)
LOG10_9 = np.float32(0.05605645)
LOG10_10 = np.float32(-0.033111762)


def log10_f32(x: np.float32) -> np.float32:
    """``log10(x)`` to 1.2 ulp, subnormal arguments included; ``-inf`` at both zeros, NaN below."""
    raised = x * LOG_RAISE
    normal = raised if x < SMALLEST_NORMAL else x
    bias = LOG_RAISED if x < SMALLEST_NORMAL else ZERO
    bits = np.int32(np.float32(normal).view(np.int32) - SQRT_HALF_BITS)
    e = np.float32(np.int32(bits >> 23)) + bias
    m = np.int32((bits & FRACTION_MASK) + SQRT_HALF_BITS).view(np.float32)
    f = m - ONE
    q6 = (((LOG10_10 * f + LOG10_9) * f + LOG10_8) * f + LOG10_7) * f + LOG10_6
    q = (((q6 * f + LOG10_5) * f + LOG10_4) * f + LOG10_3) * f + LOG10_2
    y = e * LOG10_2_HIGH + (HALF * f + ((f * LOG10_REST + f * f * q) + e * LOG10_2_LOW))
    infinity = np.int32(INFINITY_BITS).view(np.float32)
    nan = np.int32(NAN_BITS).view(np.float32)
    pole = -infinity
    edge = pole if x == ZERO else nan
    positive = y if x <= LARGEST else x
    return edge if x <= ZERO else positive

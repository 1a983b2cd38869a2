"""log1p, log2 and log10 of a float64; `core.scalar_math` says what form they keep and why.

All take ``x = 2**e (1 + f)`` with ``1 + f`` around 1, as `log_f64` does and with its polynomial.
"""

from __future__ import annotations

import numpy as np

from tensorlab.core.scalar_math64 import (
    EXPONENT_MASK,
    FRACTION_MASK,
    HALF,
    INFINITY_BITS,
    LARGEST,
    LN2_HIGH,
    LN2_LOW,
    LOG_3,
    LOG_5,
    LOG_7,
    LOG_9,
    LOG_11,
    LOG_13,
    LOG_15,
    LOG_RAISE,
    LOG_RAISED,
    NAN_BITS,
    ONE,
    ONE_ABOVE_SQRT_HALF,
    SMALLEST_NORMAL,
    SQRT_HALF_BITS,
    TWO,
    TWO_52_AND_BIAS,
    TWO_52_BITS,
    ZERO,
)

TWICE_BIAS = np.int64(2046)
LOST = np.float64(9007199254740992.0)  # adding 1 to a larger number does not change it


def log1p_f64(x: np.float64) -> np.float64:
    """``log(1 + x)`` to 1.5 ulp, relative to the result also near 0; ``-inf`` at -1, NaN below; keeps the sign of zero.

    What rounding takes from ``u = 1 + x`` is given back to ``f``: below 1 the sum is ``x`` itself, without an error.
    """
    u = ONE + x
    of_one = ONE - (u - x)
    of_x = x - (u - ONE)
    left = of_one if x > ONE else of_x
    bits = np.int64(np.float64(u).view(np.int64) + ONE_ABOVE_SQRT_HALF)
    exponent = np.int64((bits >> 52) & EXPONENT_MASK)
    e = np.int64(exponent | TWO_52_BITS).view(np.float64) - TWO_52_AND_BIAS
    m = np.int64((bits & FRACTION_MASK) + SQRT_HALF_BITS).view(np.float64)
    scale = np.int64(np.int64(TWICE_BIAS - exponent) << 52).view(np.float64)
    back = left * scale
    kept = ZERO if x > LOST else back
    f = (m - ONE) + kept
    s = f / (TWO + f)
    z = s * s
    t = (((LOG_15 * z + LOG_13) * z + LOG_11) * z + LOG_9) * z + LOG_7
    tail = z * ((t * z + LOG_5) * z + LOG_3)
    h = HALF * f * f
    y = e * LN2_HIGH + (f - (h - (s * (h + tail) + e * LN2_LOW)))
    infinity = np.int64(INFINITY_BITS).view(np.float64)
    nan = np.int64(NAN_BITS).view(np.float64)
    pole = -infinity
    edge = pole if u == ZERO else nan
    positive = y if u <= LARGEST else u
    found = edge if u <= ZERO else positive
    return x if x == ZERO else found


# 1 / ln 2 less 1: the product with f, which is exact, is added to f itself.
LOG2_REST = np.float64(0.4426950408889634)
LOG2_E = np.float64(1.4426950408889634)


def log2_f64(x: np.float64) -> np.float64:
    """``log2(x)`` to 1.2 ulp, powers of 2 exact, subnormal arguments included; ``-inf`` at both zeros, NaN below."""
    raised = x * LOG_RAISE
    normal = raised if x < SMALLEST_NORMAL else x
    bias = LOG_RAISED if x < SMALLEST_NORMAL else ZERO
    bits = np.int64(np.float64(normal).view(np.int64) + ONE_ABOVE_SQRT_HALF)
    exponent = np.int64((bits >> 52) & EXPONENT_MASK)
    e = np.int64(exponent | TWO_52_BITS).view(np.float64) - TWO_52_AND_BIAS + bias
    m = np.int64((bits & FRACTION_MASK) + SQRT_HALF_BITS).view(np.float64)
    f = m - ONE
    s = f / (TWO + f)
    z = s * s
    t = (((LOG_15 * z + LOG_13) * z + LOG_11) * z + LOG_9) * z + LOG_7
    tail = z * ((t * z + LOG_5) * z + LOG_3)
    h = HALF * f * f
    bent = h - s * (h + tail)
    y = e + (f + (f * LOG2_REST - bent * LOG2_E))
    infinity = np.int64(INFINITY_BITS).view(np.float64)
    nan = np.int64(NAN_BITS).view(np.float64)
    pole = -infinity
    edge = pole if x == ZERO else nan
    positive = y if x <= LARGEST else x
    return edge if x <= ZERO else positive


# log10(2) in two parts, so that the product of the high one with an exponent is exact; 1 / ln 10 less 1/2.
LOG10_2_HIGH = np.float64(0.3010299956640665)
LOG10_2_LOW = np.float64(-8.532344317057107e-14)
LOG10_REST = np.float64(-0.06570551809674817)
LOG10_E = np.float64(0.4342944819032518)


def log10_f64(x: np.float64) -> np.float64:
    """``log10(x)`` to 1.2 ulp, subnormal arguments included; ``-inf`` at both zeros, NaN below."""
    raised = x * LOG_RAISE
    normal = raised if x < SMALLEST_NORMAL else x
    bias = LOG_RAISED if x < SMALLEST_NORMAL else ZERO
    bits = np.int64(np.float64(normal).view(np.int64) + ONE_ABOVE_SQRT_HALF)
    exponent = np.int64((bits >> 52) & EXPONENT_MASK)
    e = np.int64(exponent | TWO_52_BITS).view(np.float64) - TWO_52_AND_BIAS + bias
    m = np.int64((bits & FRACTION_MASK) + SQRT_HALF_BITS).view(np.float64)
    f = m - ONE
    s = f / (TWO + f)
    z = s * s
    t = (((LOG_15 * z + LOG_13) * z + LOG_11) * z + LOG_9) * z + LOG_7
    tail = z * ((t * z + LOG_5) * z + LOG_3)
    h = HALF * f * f
    bent = h - s * (h + tail)
    y = e * LOG10_2_HIGH + (HALF * f + ((f * LOG10_REST - bent * LOG10_E) + e * LOG10_2_LOW))
    infinity = np.int64(INFINITY_BITS).view(np.float64)
    nan = np.int64(NAN_BITS).view(np.float64)
    pole = -infinity
    edge = pole if x == ZERO else nan
    positive = y if x <= LARGEST else x
    return edge if x <= ZERO else positive

"""exp, log, tanh and sigmoid of a float64; `core.scalar_math` says what form they keep and why.

The polynomials are minimax fits: the Remez exchange in 60 digits, coefficients rounded to float64 afterwards. The
error given with each is relative to the function, before any arithmetic. AVX2 has no conversion between int64 and
float64 and no arithmetic shift of an int64: exponents go through bits only.
"""

from __future__ import annotations

import math

import numpy as np

ZERO = np.float64(0.0)
HALF = np.float64(0.5)
ONE = np.float64(1.0)
TWO = np.float64(2.0)
SMALLEST_NORMAL = np.float64(2.2250738585072014e-308)
LARGEST = np.float64(1.7976931348623157e308)
INFINITY_BITS = np.int64(0x7FF0000000000000)
NAN_BITS = np.int64(0x7FF8000000000000)

# ln 2 in two parts. The high one has 41 bits, so that its product with an exponent is exact without an FMA.
LN2_HIGH = np.float64(0.6931471805601177)
LN2_LOW = np.float64(-1.7239444525614835e-13)

# e**710 is beyond float64, e**-746 is below half of its smallest number.
EXP_HIGHEST = np.float64(710.0)
EXP_LOWEST = np.float64(-746.0)
LOG2_E = np.float64(1.4426950408889634)
# Adding 1.5 * 2**52 rounds to an integer and leaves it in the low bits; 2046 is twice the bias of the exponent.
EXP_ROUND = np.float64(6755399441055744.0 + 2046.0)
# (e**r - 1 - r) / r**2 for |r| <= ln(2) / 2, to 2**-56.
EXP_2 = np.float64(0.5000000000000011)
EXP_3 = np.float64(0.16666666666666413)
EXP_4 = np.float64(0.04166666666653)
EXP_5 = np.float64(0.008333333333494649)
EXP_6 = np.float64(0.0013888888943677613)
EXP_7 = np.float64(0.00019841269506280874)
EXP_8 = np.float64(2.4801493044347027e-05)
EXP_9 = np.float64(2.755758654016248e-06)
EXP_10 = np.float64(2.763026951242493e-07)
EXP_11 = np.float64(2.5000041452775472e-08)


def exp_f64(x: np.float64) -> np.float64:
    """``e**x`` to 1.2 ulp; results below the normal range are rounded once, above it they are infinite.

    ``x = n ln 2 + r`` with n an integer; a polynomial gives ``e**r``. ``2**n`` is applied as two factors, which are
    both normal numbers where ``2**n`` is not.
    """
    below = EXP_HIGHEST if x > EXP_HIGHEST else x
    within = EXP_LOWEST if below < EXP_LOWEST else below
    shifted = within * LOG2_E + EXP_ROUND
    n = shifted - EXP_ROUND
    r = within - n * LN2_HIGH - n * LN2_LOW
    q7 = (((EXP_11 * r + EXP_10) * r + EXP_9) * r + EXP_8) * r + EXP_7
    q = ((((q7 * r + EXP_6) * r + EXP_5) * r + EXP_4) * r + EXP_3) * r + EXP_2
    p = (r * r * q + r) + ONE
    bits = np.float64(shifted).view(np.int64)
    half = np.int64(bits >> 1)
    rest = np.int64(bits - half)
    first = np.int64(half << 52).view(np.float64)
    second = np.int64(rest << 52).view(np.float64)
    return p * first * second


# Bits of sqrt(1/2), the lower end of the interval of the reduced argument, and what takes 1 to it.
SQRT_HALF_BITS = np.int64(0x3FE6A09E667F3BCD)
ONE_ABOVE_SQRT_HALF = np.int64(0x3FF0000000000000 - 0x3FE6A09E667F3BCD)
FRACTION_MASK = np.int64(0x000FFFFFFFFFFFFF)
EXPONENT_MASK = np.int64(0x7FF)
# An integer below 2**52 put under these bits is 2**52 and itself as a float64.
TWO_52_BITS = np.int64(0x4330000000000000)
TWO_52_AND_BIAS = np.float64(4503599627370496.0 + 1023.0)
LOG_RAISE = np.float64(18014398509481984.0)
LOG_RAISED = np.float64(-54.0)
# (2 atanh(s) - 2 s) / s**3 as a polynomial in s**2, for log(1 + f) = 2 atanh(f / (2 + f)), to 2**-58.
LOG_3 = np.float64(0.6666666666666734)
LOG_5 = np.float64(0.3999999999941464)
LOG_7 = np.float64(0.28571428742394894)
LOG_9 = np.float64(0.22222198572511564)
LOG_11 = np.float64(0.1818356435844822)
LOG_13 = np.float64(0.15314049773469576)
LOG_15 = np.float64(0.14795957145639588)


def log_f64(x: np.float64) -> np.float64:
    """``log(x)`` to 1 ulp, subnormal arguments included; ``-inf`` at both zeros, NaN below.

    ``x = 2**e (1 + f)`` with ``1 + f`` around 1, and ``log(1 + f) = f - h + s (h + R)``, where ``h = f**2 / 2`` and
    ``s = f / (2 + f)``: f, which is exact, carries most of the sum.
    Source: the identity is the one that Sun's fdlibm states in the comment at the head of e_log.c.
    """
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
    y = e * LN2_HIGH + (f - (h - (s * (h + tail) + e * LN2_LOW)))
    infinity = np.int64(INFINITY_BITS).view(np.float64)
    nan = np.int64(NAN_BITS).view(np.float64)
    pole = -infinity
    edge = pole if x == ZERO else nan
    positive = y if x <= LARGEST else x
    return edge if x <= ZERO else positive


# tanh is 1 in float64 from 19.07 on.
TANH_ONE = np.float64(20.0)
TWO_LOG2_E = np.float64(2.8853900817779268)
TANH_ROUND = np.float64(6755399441055744.0 + 1023.0)
HALF_LN2_HIGH = np.float64(0.3465735902799736)
HALF_LN2_LOW = np.float64(-9.320943368621517e-16)
# (e**(2r) - 1 - 2r) / r**2 for |r| <= ln(2) / 4, to 2**-54.7 of e**(2r) - 1.
TANH_2 = np.float64(2.000000000000002)
TANH_3 = np.float64(1.333333333333327)
TANH_4 = np.float64(0.6666666666652264)
TANH_5 = np.float64(0.26666666666846844)
TANH_6 = np.float64(0.08888888916225081)
TANH_7 = np.float64(0.025396825240131357)
TANH_8 = np.float64(0.006349185337950468)
TANH_9 = np.float64(0.0014109392709895432)
TANH_10 = np.float64(0.0002828908319611199)
TANH_11 = np.float64(5.131010531289126e-05)


def tanh_f64(x: np.float64) -> np.float64:
    """``tanh(x)`` to 2.8 ulp, relative to the result also near 0; keeps the sign of zero.

    ``tanh(a) = d / (d + 2)`` with ``d = e**(2a) - 1``. ``d`` is formed as ``2**n p + (2**n - 1)``, where p stands for
    ``e**(2r) - 1`` and not for ``e**(2r)``: a small argument keeps all its digits.
    """
    size = abs(x)
    within = TANH_ONE if size > TANH_ONE else size
    shifted = within * TWO_LOG2_E + TANH_ROUND
    n = shifted - TANH_ROUND
    r = within - n * HALF_LN2_HIGH - n * HALF_LN2_LOW
    q7 = (((TANH_11 * r + TANH_10) * r + TANH_9) * r + TANH_8) * r + TANH_7
    q = ((((q7 * r + TANH_6) * r + TANH_5) * r + TANH_4) * r + TANH_3) * r + TANH_2
    p = r * r * q + (r + r)
    power = np.int64(np.float64(shifted).view(np.int64) << 52).view(np.float64)
    d = power * p + (power - ONE)
    return np.float64(math.copysign(d / (d + TWO), x))


def sigmoid_f64(x: np.float64) -> np.float64:
    """``1 / (1 + e**-x)`` to 2.6 ulp; far below 0 it goes through the subnormal numbers to 0.

    The exponential is of ``-|x|``, so that it cannot overflow before the quotient is 0.
    """
    e = exp_f64(-abs(x))
    top = e if x < ZERO else ONE
    return top / (ONE + e)

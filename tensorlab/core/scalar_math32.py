"""exp, log, tanh and sigmoid of a float32; `core.scalar_math` says what form they keep and why.

The polynomials are minimax fits: the Remez exchange in 60 digits, coefficients rounded to float32 afterwards. The
error given with each is relative to the function, before any arithmetic.
"""

from __future__ import annotations

import numpy as np

ZERO = np.float32(0.0)
HALF = np.float32(0.5)
ONE = np.float32(1.0)
TWO = np.float32(2.0)
SMALLEST_NORMAL = np.float32(1.1754943508222875e-38)
LARGEST = np.float32(3.4028234663852886e38)
INFINITY_BITS = np.int32(0x7F800000)
NAN_BITS = np.int32(0x7FC00000)

# ln 2 in two parts. The high one has 15 bits, so that its product with an exponent is exact without an FMA.
LN2_HIGH = np.float32(0.693145751953125)
LN2_LOW = np.float32(1.4286068e-06)

# e**89 is beyond float32, e**-105 is below half of its smallest number.
EXP_HIGHEST = np.float32(89.0)
EXP_LOWEST = np.float32(-105.0)
LOG2_E = np.float32(1.442695)
# Adding 1.5 * 2**23 rounds to an integer and leaves it in the low bits; 254 is twice the bias of the exponent.
EXP_ROUND = np.float32(12582912.0 + 254.0)
# (e**r - 1 - r) / r**2 for |r| <= ln(2) / 2, to 2**-28.
EXP_2 = np.float32(0.49999994)
EXP_3 = np.float32(0.16666521)
EXP_4 = np.float32(0.04166839)
EXP_5 = np.float32(0.008368727)
EXP_6 = np.float32(0.0013814586)


def exp_f32(x: np.float32) -> np.float32:
    """``e**x`` to 1.1 ulp; results below the normal range are rounded once, above it they are infinite.

    ``x = n ln 2 + r`` with n an integer; a polynomial gives ``e**r``. ``2**n`` is applied as two factors, which are
    both normal numbers where ``2**n`` is not.
    """
    below = EXP_HIGHEST if x > EXP_HIGHEST else x
    within = EXP_LOWEST if below < EXP_LOWEST else below
    shifted = within * LOG2_E + EXP_ROUND
    n = shifted - EXP_ROUND
    r = within - n * LN2_HIGH - n * LN2_LOW
    q = (((EXP_6 * r + EXP_5) * r + EXP_4) * r + EXP_3) * r + EXP_2
    p = (r * r * q + r) + ONE
    bits = np.float32(shifted).view(np.int32)
    half = np.int32(bits >> 1)
    rest = np.int32(bits - half)
    first = np.int32(half << 23).view(np.float32)
    second = np.int32(rest << 23).view(np.float32)
    return p * first * second


# Bits of sqrt(1/2): the lower end of the interval of the reduced argument, and the fraction's mask.
SQRT_HALF_BITS = np.int32(0x3F3504F3)
FRACTION_MASK = np.int32(0x007FFFFF)
LOG_RAISE = np.float32(8388608.0)
LOG_RAISED = np.float32(-23.0)
# (log(1 + f) - f) / f**2 for sqrt(1/2) <= 1 + f <= sqrt(2), to 2**-27.5.
LOG_2 = np.float32(-0.49999988)
LOG_3 = np.float32(0.33333325)
LOG_4 = np.float32(-0.25001583)
LOG_5 = np.float32(0.20001973)
LOG_6 = np.float32(-0.16609082)
LOG_7 = np.float32(0.14181827)
LOG_8 = np.float32(-0.13243)
LOG_9 = np.float32(0.12904426)
LOG_10 = np.float32(-0.07621739)


def log_f32(x: np.float32) -> np.float32:
    """``log(x)`` to 1 ulp, subnormal arguments included; ``-inf`` at both zeros, NaN below.

    ``x = 2**e (1 + f)`` with ``1 + f`` around 1, so that nothing cancels where the logarithm is near 0.
    """
    raised = x * LOG_RAISE
    normal = raised if x < SMALLEST_NORMAL else x
    bias = LOG_RAISED if x < SMALLEST_NORMAL else ZERO
    bits = np.int32(np.float32(normal).view(np.int32) - SQRT_HALF_BITS)
    e = np.float32(np.int32(bits >> 23)) + bias
    m = np.int32((bits & FRACTION_MASK) + SQRT_HALF_BITS).view(np.float32)
    f = m - ONE
    q4 = (((LOG_10 * f + LOG_9) * f + LOG_8) * f + LOG_7) * f + LOG_6
    q = (((q4 * f + LOG_5) * f + LOG_4) * f + LOG_3) * f + LOG_2
    y = e * LN2_HIGH + ((f * f * q + e * LN2_LOW) + f)
    infinity = np.int32(INFINITY_BITS).view(np.float32)
    nan = np.int32(NAN_BITS).view(np.float32)
    pole = -infinity
    edge = pole if x == ZERO else nan
    positive = y if x <= LARGEST else x
    return edge if x <= ZERO else positive


# tanh is 1 in float32 from 9.02 on.
TANH_ONE = np.float32(9.5)
# As the one of exp, with the bias of the exponent once.
TANH_ROUND = np.float32(12582912.0 + 127.0)
# An exponent of at most 28 needs no second part: what is left of a large one counts little, as tanh is near 1 there.
LN2 = np.float32(0.6931472)
SIGN_BIT = np.int32(-2147483648)


def tanh_f32(x: np.float32) -> np.float32:
    """``tanh(x)`` to 2.7 ulp, relative to the result also near 0; keeps the sign of zero.

    ``tanh(a) = d / (d + 2)`` with ``d = e**(2a) - 1``. ``d`` is formed as ``2**n p + (2**n - 1)``, where p stands for
    ``e**r - 1`` and not for ``e**r``: a small argument keeps all its digits.
    """
    size = abs(x)
    below = TANH_ONE if size > TANH_ONE else size
    within = below + below
    shifted = within * LOG2_E + TANH_ROUND
    n = shifted - TANH_ROUND
    r = within - n * LN2
    q = (((EXP_6 * r + EXP_5) * r + EXP_4) * r + EXP_3) * r + EXP_2
    p = r * r * q + r
    power = np.int32(np.float32(shifted).view(np.int32) << 23).view(np.float32)
    d = power * p + (power - ONE)
    value = np.int32(np.float32(d / (d + TWO)).view(np.int32))
    sign = np.int32(np.float32(x).view(np.int32) & SIGN_BIT)
    return np.int32(value | sign).view(np.float32)


# sigmoid is 1 in float32 from 17.4 on, and below -104 it is below half of the smallest number.
SIGMOID_ONE = np.float32(40.0)
SIGMOID_ZERO = np.float32(-105.0)
SIGMOID_UNIT = np.float32(5.421010862427522e-20)
# As the one of exp, with the bias of the exponent less the 64 of the unit.
SIGMOID_ROUND = np.float32(12582912.0 + 63.0)
MINUS_LOG2_E = np.float32(-1.442695)


def sigmoid_f32(x: np.float32) -> np.float32:
    """``1 / (1 + e**-x)`` to 2.5 ulp; far below 0 it goes through the subnormal numbers to 0.

    Both terms are scaled by a unit of ``2**-64``: so the exponential is a normal number wherever it counts, and
    ``2**n`` is one factor.
    """
    below = SIGMOID_ONE if x > SIGMOID_ONE else x
    within = SIGMOID_ZERO if below < SIGMOID_ZERO else below
    shifted = within * MINUS_LOG2_E + SIGMOID_ROUND
    n = shifted - SIGMOID_ROUND
    r = n * -LN2_HIGH - within - n * LN2_LOW
    q = (((EXP_6 * r + EXP_5) * r + EXP_4) * r + EXP_3) * r + EXP_2
    p = (r * q + ONE) * r + ONE
    power = np.int32(np.float32(shifted).view(np.int32) << 23).view(np.float32)
    return SIGMOID_UNIT / (power * p + SIGMOID_UNIT)

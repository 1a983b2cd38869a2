"""exp2 and expm1 of a float32; `core.scalar_math` says what form they keep and why.

The polynomials are minimax fits: the Remez exchange in 50 digits, coefficients rounded to float32 afterwards. The error
given with each is relative to the function, before any arithmetic.
"""

from __future__ import annotations

import math

import numpy as np

from tensorlab.core.scalar_math32 import EXP_ROUND, HALF, LN2_HIGH, LN2_LOW, LOG2_E, ONE, ZERO

# 2**129 is beyond float32, 2**-151 is below half of its smallest number.
EXP2_HIGHEST = np.float32(129.0)
EXP2_LOWEST = np.float32(-151.0)
# (2**r - 1) / r for |r| <= 1/2, to 2**-27.
EXP2_1 = np.float32(0.6931472)
EXP2_2 = np.float32(0.2402265)
EXP2_3 = np.float32(0.05550357)
EXP2_4 = np.float32(0.009618031)
EXP2_5 = np.float32(0.0013390871)
EXP2_6 = np.float32(0.00015469732)


def exp2_f32(x: np.float32) -> np.float32:
    """``2**x`` to 1.2 ulp, whole powers exact; results below the normal range are rounded once.

    ``x = n + r`` with n an integer. ``2**n`` is applied as two factors, which are both normal numbers where ``2**n`` is
    not.
    """
    below = EXP2_HIGHEST if x > EXP2_HIGHEST else x
    within = EXP2_LOWEST if below < EXP2_LOWEST else below
    shifted = within + EXP_ROUND
    r = within - (shifted - EXP_ROUND)
    q2 = (((EXP2_6 * r + EXP2_5) * r + EXP2_4) * r + EXP2_3) * r + EXP2_2
    q = q2 * r + EXP2_1
    p = r * q + ONE
    bits = np.float32(shifted).view(np.int32)
    half = np.int32(bits >> 1)
    rest = np.int32(bits - half)
    first = np.int32(half << 23).view(np.float32)
    second = np.int32(rest << 23).view(np.float32)
    return p * first * second


# e**x - 1 is -1 in float32 from -17.4 downwards, and beyond it from 88.8 on.
EXPM1_HIGHEST = np.float32(89.0)
EXPM1_LOWEST = np.float32(-20.0)
# One less than the exponent's bias: what comes out is half of 2**n, which is a normal number for every n here.
EXPM1_ROUND = np.float32(12582912.0 + 126.0)
# (e**r - 1 - r) / r**2 for |r| <= ln(2) / 2, to 2**-32 of e**r - 1.
EXPM1_2 = np.float32(0.5)
EXPM1_3 = np.float32(0.16666667)
EXPM1_4 = np.float32(0.04166635)
EXPM1_5 = np.float32(0.008333272)
EXPM1_6 = np.float32(0.0013941154)
EXPM1_7 = np.float32(0.00019914495)


def expm1_f32(x: np.float32) -> np.float32:
    """``e**x - 1`` to 2 ulp, relative to the result also near 0; keeps the sign of zero.

    Formed as ``2**n p + (2**n - 1)``, where p stands for ``e**r - 1`` and not for ``e**r``: a small argument keeps all
    its digits. Both terms are halved, so that they do not overflow before the result does.
    """
    below = EXPM1_HIGHEST if x > EXPM1_HIGHEST else x
    within = EXPM1_LOWEST if below < EXPM1_LOWEST else below
    shifted = within * LOG2_E + EXPM1_ROUND
    n = shifted - EXPM1_ROUND
    r = within - n * LN2_HIGH - n * LN2_LOW
    q3 = (((EXPM1_7 * r + EXPM1_6) * r + EXPM1_5) * r + EXPM1_4) * r + EXPM1_3
    q = q3 * r + EXPM1_2
    p = r * r * q + r
    power = np.int32(np.float32(shifted).view(np.int32) << 23).view(np.float32)
    d = power * p + (power - HALF)
    away = d + d
    found = p if n == ZERO else away
    return np.float32(math.copysign(found, x))

"""exp2 and expm1 of a float64; `core.scalar_math` says what form they keep and why.

The polynomials are minimax fits: the Remez exchange in 50 digits, coefficients rounded to float64 afterwards. The error
given with each is relative to the function, before any arithmetic.
"""

from __future__ import annotations

import math

import numpy as np

from tensorlab.core.scalar_math64 import EXP_ROUND, HALF, LN2_HIGH, LN2_LOW, LOG2_E, ONE, ZERO

# 2**1025 is beyond float64, 2**-1076 is below half of its smallest number.
EXP2_HIGHEST = np.float64(1025.0)
EXP2_LOWEST = np.float64(-1076.0)
# (2**r - 1) / r for |r| <= 1/2, to 2**-56.
EXP2_1 = np.float64(0.6931471805599453)
EXP2_2 = np.float64(0.24022650695910097)
EXP2_3 = np.float64(0.05550410866482166)
EXP2_4 = np.float64(0.009618129107606885)
EXP2_5 = np.float64(0.0013333558146396004)
EXP2_6 = np.float64(0.00015403530441741647)
EXP2_7 = np.float64(1.5252733853280778e-05)
EXP2_8 = np.float64(1.3215442584937203e-06)
EXP2_9 = np.float64(1.0178051728089911e-07)
EXP2_10 = np.float64(7.07258647985202e-09)
EXP2_11 = np.float64(4.456675463639861e-10)


def exp2_f64(x: np.float64) -> np.float64:
    """``2**x`` to 1.2 ulp, whole powers exact; results below the normal range are rounded once.

    ``x = n + r`` with n an integer. ``2**n`` is applied as two factors, which are both normal numbers where ``2**n`` is
    not.
    """
    below = EXP2_HIGHEST if x > EXP2_HIGHEST else x
    within = EXP2_LOWEST if below < EXP2_LOWEST else below
    shifted = within + EXP_ROUND
    r = within - (shifted - EXP_ROUND)
    q7 = (((EXP2_11 * r + EXP2_10) * r + EXP2_9) * r + EXP2_8) * r + EXP2_7
    q3 = (((q7 * r + EXP2_6) * r + EXP2_5) * r + EXP2_4) * r + EXP2_3
    q = (q3 * r + EXP2_2) * r + EXP2_1
    p = r * q + ONE
    bits = np.float64(shifted).view(np.int64)
    half = np.int64(bits >> 1)
    rest = np.int64(bits - half)
    first = np.int64(half << 52).view(np.float64)
    second = np.int64(rest << 52).view(np.float64)
    return p * first * second


# e**x - 1 is -1 in float64 from -37.5 downwards, and beyond it from 709.8 on.
EXPM1_HIGHEST = np.float64(710.0)
EXPM1_LOWEST = np.float64(-40.0)
# One less than the exponent's bias: what comes out is half of 2**n, which is a normal number for every n here.
EXPM1_ROUND = np.float64(6755399441055744.0 + 1022.0)
# (e**r - 1 - r) / r**2 for |r| <= ln(2) / 2, to 2**-61 of e**r - 1.
EXPM1_2 = np.float64(0.5)
EXPM1_3 = np.float64(0.16666666666666677)
EXPM1_4 = np.float64(0.0416666666666667)
EXPM1_5 = np.float64(0.00833333333332149)
EXPM1_6 = np.float64(0.001388888888886667)
EXPM1_7 = np.float64(0.00019841269886520507)
EXPM1_8 = np.float64(2.4801587360917314e-05)
EXPM1_9 = np.float64(2.7557243778652263e-06)
EXPM1_10 = np.float64(2.7557242428121047e-07)
EXPM1_11 = np.float64(2.5109197803034297e-08)
EXPM1_12 = np.float64(2.0924551803542356e-09)


def expm1_f64(x: np.float64) -> np.float64:
    """``e**x - 1`` to 2 ulp, relative to the result also near 0; keeps the sign of zero.

    Formed as ``2**n p + (2**n - 1)``, where p stands for ``e**r - 1`` and not for ``e**r``: a small argument keeps all
    its digits. Both terms are halved, so that they do not overflow before the result does.
    """
    below = EXPM1_HIGHEST if x > EXPM1_HIGHEST else x
    within = EXPM1_LOWEST if below < EXPM1_LOWEST else below
    shifted = within * LOG2_E + EXPM1_ROUND
    n = shifted - EXPM1_ROUND
    r = within - n * LN2_HIGH - n * LN2_LOW
    q8 = (((EXPM1_12 * r + EXPM1_11) * r + EXPM1_10) * r + EXPM1_9) * r + EXPM1_8
    q4 = (((q8 * r + EXPM1_7) * r + EXPM1_6) * r + EXPM1_5) * r + EXPM1_4
    q = (q4 * r + EXPM1_3) * r + EXPM1_2
    p = r * r * q + r
    power = np.int64(np.float64(shifted).view(np.int64) << 52).view(np.float64)
    d = power * p + (power - HALF)
    away = d + d
    found = p if n == ZERO else away
    return np.float64(math.copysign(found, x))

"""erf and erfc of a float32; `core.scalar_math` says what form they keep and why.

The polynomials are minimax fits: the Remez exchange in 50 digits, coefficients rounded to float32 afterwards. The error
given with each is before any arithmetic.
"""

from __future__ import annotations

import math

import numpy as np

from tensorlab.core.scalar_math32 import HALF, ONE, TWO, ZERO, exp_f32

# (erf(x) / x - 1) in x**2 for |x| <= 0.93, to 2**-31.
ERF_1 = np.float32(0.12837917)
ERF_2 = np.float32(-0.37612635)
ERF_3 = np.float32(0.11283694)
ERF_4 = np.float32(-0.02685927)
ERF_5 = np.float32(0.0052006347)
ERF_6 = np.float32(-0.00081374403)
ERF_7 = np.float32(8.345225e-05)
ERF_BEND = np.float32(0.925)
# erf is 1 in float32 from 3.92 on.
ERF_ONE = np.float32(3.93)
# -log(erfc(x)) between the two, to 2**-34 of erf.
ERFTAIL_0 = np.float32(-0.00017589353)
ERFTAIL_1 = np.float32(1.1295209)
ERFTAIL_2 = np.float32(0.6333344)
ERFTAIL_3 = np.float32(0.10829423)
ERFTAIL_4 = np.float32(-0.025128832)
ERFTAIL_5 = np.float32(0.0041747307)
ERFTAIL_6 = np.float32(-0.00043523888)
ERFTAIL_7 = np.float32(2.1163805e-05)


def erf_f32(x: np.float32) -> np.float32:
    """``erf(x)`` to 1.4 ulp, relative to the result also near 0; keeps the sign of zero.

    An odd polynomial around 0, and ``1 - e**-p(|x|)`` away from it.
    """
    square = x * x
    q3 = (((ERF_7 * square + ERF_6) * square + ERF_5) * square + ERF_4) * square + ERF_3
    ratio = (q3 * square + ERF_2) * square + ERF_1
    near = x * ratio + x
    size = abs(x)
    within = ERF_ONE if size > ERF_ONE else size
    t3 = (((ERFTAIL_7 * within + ERFTAIL_6) * within + ERFTAIL_5) * within + ERFTAIL_4) * within + ERFTAIL_3
    p = ((t3 * within + ERFTAIL_2) * within + ERFTAIL_1) * within + ERFTAIL_0
    far = ONE - exp_f32(-p)
    signed = np.float32(math.copysign(far, x))
    return near if size < ERF_BEND else signed


# erfc is 0 in float32 from 10.06 on.
ERFC_ZERO = np.float32(10.2)
ERFC_MIDDLE = np.float32(2.0)
SIXTH = np.float32(0.16666667)
TWENTY_FOURTH = np.float32(0.041666668)
# The upper half of the fraction: the square of what it keeps is exact.
UPPER_BITS = np.int32(-4096)
# (1 + 2 x) e**(x**2) erfc(x) in (x - 2) / (x + 2) for 0 <= x <= 10.2, to 2**-25.
ERFC_0 = np.float32(1.2769784)
ERFC_1 = np.float32(-0.09276398)
ERFC_2 = np.float32(-0.16603142)
ERFC_3 = np.float32(0.16405533)
ERFC_4 = np.float32(-0.05420418)
ERFC_5 = np.float32(-0.008059807)
ERFC_6 = np.float32(0.008630957)
ERFC_7 = np.float32(0.0013130694)
ERFC_8 = np.float32(-0.0012288557)
ERFC_9 = np.float32(-0.00039971372)


def erfc_f32(x: np.float32) -> np.float32:
    """``1 - erf(x)`` to 6 ulp, relative to the result down to where it vanishes.

    ``e**-x**2`` times a function without steep parts. ``x**2`` is taken as ``h**2 + low``, of which the first is exact.
    Source: the scaling by ``1 + 2 x`` and the argument of the polynomial are those of M. M. Shepherd and J. G.
    Laframboise, "Chebyshev approximation of (1 + 2x) exp(x**2) erfc x in 0 <= x < inf", Math. Comp. 36, 1981.
    """
    size = abs(x)
    within = ERFC_ZERO if size > ERFC_ZERO else size
    z = (within - ERFC_MIDDLE) / (within + ERFC_MIDDLE)
    q5 = (((ERFC_9 * z + ERFC_8) * z + ERFC_7) * z + ERFC_6) * z + ERFC_5
    q1 = (((q5 * z + ERFC_4) * z + ERFC_3) * z + ERFC_2) * z + ERFC_1
    p = q1 * z + ERFC_0
    scaled = p / (ONE + TWO * within)
    h = np.int32(np.float32(within).view(np.int32) & UPPER_BITS).view(np.float32)
    low = (within - h) * (within + h)
    power = exp_f32(-(h * h))
    rest = ONE - low * (ONE - low * (HALF - low * (SIXTH - low * TWENTY_FOURTH)))
    right = power * (rest * scaled)
    left = TWO - right
    return left if x < ZERO else right

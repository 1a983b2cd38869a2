"""erf and erfc of a float64; `core.scalar_math` says what form they keep and why.

The polynomials are minimax fits: the Remez exchange in 50 digits, coefficients rounded to float64 afterwards. The error
given with each is before any arithmetic.
"""

from __future__ import annotations

import math

import numpy as np

from tensorlab.core.scalar_math64 import HALF, ONE, TWO, ZERO, exp_f64

# (erf(x) / x - 1) in x**2 for |x| <= 1, to 2**-57.
ERF_1 = np.float64(0.12837916709551256)
ERF_2 = np.float64(-0.3761263890318355)
ERF_3 = np.float64(0.11283791670945253)
ERF_4 = np.float64(-0.02686617064327622)
ERF_5 = np.float64(0.005223977607423468)
ERF_6 = np.float64(-0.0008548325989696758)
ERF_7 = np.float64(0.00012055295320494294)
ERF_8 = np.float64(-1.4924744663335489e-05)
ERF_9 = np.float64(1.6447517677871873e-06)
ERF_10 = np.float64(-1.6209175911748696e-07)
ERF_11 = np.float64(1.3722976265924504e-08)
ERF_12 = np.float64(-7.801188874097751e-10)
ERF_BEND = np.float64(1.0)
# erf is 1 in float64 from 5.93 on.
ERF_ONE = np.float64(5.95)
# -log(erfc(x)) between the two, to 2**-57 of erf.
ERFTAIL_0 = np.float64(4.802187622707002e-07)
ERFTAIL_1 = np.float64(1.1283742991631425)
ERFTAIL_2 = np.float64(0.6366427258013869)
ERFTAIL_3 = np.float64(0.10270583379508877)
ERFTAIL_4 = np.float64(-0.018994566159469407)
ERFTAIL_5 = np.float64(-0.0004047374667554519)
ERFTAIL_6 = np.float64(0.0019099439491316644)
ERFTAIL_7 = np.float64(-0.00076590922412824)
ERFTAIL_8 = np.float64(0.00013212075358605115)
ERFTAIL_9 = np.float64(2.1696529973284476e-05)
ERFTAIL_10 = np.float64(-2.337287481277895e-05)
ERFTAIL_11 = np.float64(8.833273946009067e-06)
ERFTAIL_12 = np.float64(-2.1745055385742804e-06)
ERFTAIL_13 = np.float64(3.8018452759206985e-07)
ERFTAIL_14 = np.float64(-4.731595617891219e-08)
ERFTAIL_15 = np.float64(4.0142306236254184e-09)
ERFTAIL_16 = np.float64(-2.0890828061118666e-10)
ERFTAIL_17 = np.float64(5.041545999915897e-12)


def erf_f64(x: np.float64) -> np.float64:
    """``erf(x)`` to 1.4 ulp, relative to the result also near 0; keeps the sign of zero.

    An odd polynomial around 0, and ``1 - e**-p(|x|)`` away from it.
    """
    square = x * x
    q8 = (((ERF_12 * square + ERF_11) * square + ERF_10) * square + ERF_9) * square + ERF_8
    q4 = (((q8 * square + ERF_7) * square + ERF_6) * square + ERF_5) * square + ERF_4
    ratio = ((q4 * square + ERF_3) * square + ERF_2) * square + ERF_1
    near = x * ratio + x
    size = abs(x)
    within = ERF_ONE if size > ERF_ONE else size
    t13 = (((ERFTAIL_17 * within + ERFTAIL_16) * within + ERFTAIL_15) * within + ERFTAIL_14) * within + ERFTAIL_13
    t9 = (((t13 * within + ERFTAIL_12) * within + ERFTAIL_11) * within + ERFTAIL_10) * within + ERFTAIL_9
    t5 = (((t9 * within + ERFTAIL_8) * within + ERFTAIL_7) * within + ERFTAIL_6) * within + ERFTAIL_5
    t1 = (((t5 * within + ERFTAIL_4) * within + ERFTAIL_3) * within + ERFTAIL_2) * within + ERFTAIL_1
    p = t1 * within + ERFTAIL_0
    far = ONE - exp_f64(-p)
    signed = np.float64(math.copysign(far, x))
    return near if size < ERF_BEND else signed


# erfc is 0 in float64 from 27.23 on.
ERFC_ZERO = np.float64(27.4)
ERFC_MIDDLE = np.float64(4.0)
SIXTH = np.float64(0.16666666666666666)
# The upper half of the fraction: the square of what it keeps is exact.
UPPER_BITS = np.int64(-134217728)
# (1 + 2 x) e**(x**2) erfc(x) in (x - 4) / (x + 4) for 0 <= x <= 27.4, to 2**-59.
ERFC_0 = np.float64(1.2329951186255526)
ERFC_1 = np.float64(-0.13962111684056253)
ERFC_2 = np.float64(0.01537965210261968)
ERFC_3 = np.float64(0.0680970542546954)
ERFC_4 = np.float64(-0.10103906603630113)
ERFC_5 = np.float64(0.09373283499825269)
ERFC_6 = np.float64(-0.06633036581228505)
ERFC_7 = np.float64(0.037167515539062716)
ERFC_8 = np.float64(-0.01619773405703671)
ERFC_9 = np.float64(0.005031969963819669)
ERFC_10 = np.float64(-0.0007577732941075666)
ERFC_11 = np.float64(-0.0001992566178810753)
ERFC_12 = np.float64(0.0001506217049862877)
ERFC_13 = np.float64(-2.4399475315091338e-05)
ERFC_14 = np.float64(-1.1222146111091359e-05)
ERFC_15 = np.float64(5.710284012974503e-06)
ERFC_16 = np.float64(2.9413176925160305e-07)
ERFC_17 = np.float64(-8.261021653897986e-07)
ERFC_18 = np.float64(7.408403986877847e-08)
ERFC_19 = np.float64(1.1044371136239389e-07)
ERFC_20 = np.float64(-1.7409793431653577e-08)
ERFC_21 = np.float64(-1.4100690858726603e-08)
ERFC_22 = np.float64(1.6441284492596702e-09)
ERFC_23 = np.float64(1.1905212247988794e-09)


def erfc_f64(x: np.float64) -> np.float64:
    """``1 - erf(x)`` to 6 ulp, relative to the result down to where it vanishes.

    ``e**-x**2`` times a function without steep parts. ``x**2`` is taken as ``h**2 + low``, of which the first is exact.
    Source: the scaling by ``1 + 2 x`` and the argument of the polynomial are those of M. M. Shepherd and J. G.
    Laframboise, "Chebyshev approximation of (1 + 2x) exp(x**2) erfc x in 0 <= x < inf", Math. Comp. 36, 1981.
    """
    size = abs(x)
    within = ERFC_ZERO if size > ERFC_ZERO else size
    z = (within - ERFC_MIDDLE) / (within + ERFC_MIDDLE)
    q19 = (((ERFC_23 * z + ERFC_22) * z + ERFC_21) * z + ERFC_20) * z + ERFC_19
    q15 = (((q19 * z + ERFC_18) * z + ERFC_17) * z + ERFC_16) * z + ERFC_15
    q11 = (((q15 * z + ERFC_14) * z + ERFC_13) * z + ERFC_12) * z + ERFC_11
    q7 = (((q11 * z + ERFC_10) * z + ERFC_9) * z + ERFC_8) * z + ERFC_7
    q3 = (((q7 * z + ERFC_6) * z + ERFC_5) * z + ERFC_4) * z + ERFC_3
    p = ((q3 * z + ERFC_2) * z + ERFC_1) * z + ERFC_0
    scaled = p / (ONE + TWO * within)
    h = np.int64(np.float64(within).view(np.int64) & UPPER_BITS).view(np.float64)
    low = (within - h) * (within + h)
    power = exp_f64(-(h * h))
    rest = ONE - low * (ONE - low * (HALF - low * SIXTH))
    right = power * (rest * scaled)
    left = TWO - right
    return left if x < ZERO else right

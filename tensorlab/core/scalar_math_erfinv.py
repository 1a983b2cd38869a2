"""The inverse of erf: straight-line, for either precision.

Numbers in the text take the dtype that the loop computes in.
"""

from __future__ import annotations

import math
from typing import Any

INFINITY = math.inf
TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)

# erfinv(x) / x, in w - 2.5 for w = -log(1 - x**2) up to 5, to 2**-23.
NEAR_0 = 1.5014094220614187
NEAR_1 = 0.24664072688860245
NEAR_2 = -0.004177707066358514
NEAR_3 = -0.0012537081128125196
NEAR_4 = 0.00021860113742685813
NEAR_5 = -4.3966351369866375e-06
NEAR_6 = -3.5285317574070024e-06
NEAR_7 = 3.4371518789963154e-07
NEAR_8 = 2.8506192230599488e-08
# The same in the root of w above, to 2**-19 up to the largest number below 1.
FAR_0 = 2.8084806197786
FAR_1 = -4.302095375247287
FAR_2 = 4.143680036271568
FAR_3 = -1.854507172921699
FAR_4 = 0.5187084124049351
FAR_5 = -0.09259642945427841
FAR_6 = 0.010285231091639487
FAR_7 = -0.0006492767696868687
FAR_8 = 1.7823716659297013e-05


def erfinv_of(x: Any) -> Any:
    """A polynomial, made exact by one step of Halley's method; infinite at 1 and -1, NaN beyond; keeps a zero.

    The step compares with `erf` where ``x`` is small and with `erfc` where ``1 - x`` is, so that neither is rounded.
    Source: the variable of the polynomials is that of M. Giles, "Approximating the erfinv function", GPU Computing
    Gems Jade Edition, 2011.
    """
    size = abs(x)
    w = -math.log((1 - size) * (1 + size))
    t = w - 2.5
    near4 = (((NEAR_8 * t + NEAR_7) * t + NEAR_6) * t + NEAR_5) * t + NEAR_4
    near = (((near4 * t + NEAR_3) * t + NEAR_2) * t + NEAR_1) * t + NEAR_0
    s = math.sqrt(w)
    far4 = (((FAR_8 * s + FAR_7) * s + FAR_6) * s + FAR_5) * s + FAR_4
    far = (((far4 * s + FAR_3) * s + FAR_2) * s + FAR_1) * s + FAR_0
    y = size * (near if w < 5 else far)
    slope = TWO_OVER_ROOT_PI * math.exp(-y * y)
    off = math.erf(y) - size
    left = (1 - size) - math.erfc(y)
    u = (off if size < 0.5 else left) / slope
    exact = y - u / (1 + y * u)
    found = INFINITY if size == 1 else exact
    return x if x == 0 else math.copysign(found, x)

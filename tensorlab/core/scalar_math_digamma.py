"""The derivative of ``log(gamma)``: straight-line, for either precision.

Numbers in the text take the dtype that the loop computes in.
"""

from __future__ import annotations

import math
from typing import Any

from tensorlab.core.primitives import trunc_remainder

PI = math.pi
NAN = math.nan
INFINITY = math.inf


def digamma_of(x: Any) -> Any:
    """The recurrence up to 10, then the asymptotic series; below 0 the reflection. NaN at -1, -2, ..., as in torch.

    Error: a few units of the last place of the largest term; near the root at 1.4616 that is an absolute error.
    Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 1964, 6.3.5, 6.3.7, 6.3.18.
    """
    t = 1 - x if x <= 0 else x
    near = 1 / t + 1 / (t + 1) + 1 / (t + 2) + 1 / (t + 3) + 1 / (t + 4)
    far = 1 / (t + 5) + 1 / (t + 6) + 1 / (t + 7) + 1 / (t + 8) + 1 / (t + 9)
    missing = near + far if t < 10 else 0
    u = t + 10 if t < 10 else t
    z = 1 / (u * u)
    tail = 1 / 12 - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z * (1 / 132 - z * (691 / 32760)))))
    above = math.log(u) - 1 / (2 * u) - z * tail - missing
    part = trunc_remainder(x, 1)
    below = above - PI / math.tan(PI * part)
    pole = math.copysign(INFINITY, -x) if x == 0 else NAN
    mirrored = pole if part == 0 else below
    finite = mirrored if x <= 0 else above
    return x if x == INFINITY else finite

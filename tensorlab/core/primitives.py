"""What loops call that is more than one operator: what each gives, in plain Python.

A rule that calls one of these by name calls in the generated loop its native twin in `intrinsics`.
"""

from __future__ import annotations

import math
import sys
from typing import Any


def maximum(a: Any, b: Any) -> Any:
    """The larger of two numbers; NaN if one of them is. LLVM makes vector code of a fold with it."""
    return a if a > b or a != a else b  # noqa: PLR0124 - NaN alone differs from itself


def minimum(a: Any, b: Any) -> Any:
    """The smaller of two numbers; NaN if one of them is. LLVM makes vector code of a fold with it."""
    return a if a < b or a != a else b  # noqa: PLR0124


def free_sum(a: Any, b: Any) -> Any:
    """``a + b``, where LLVM may choose in which order a loop adds, and so add in vectors."""
    return a + b


def free_product(a: Any, b: Any) -> Any:
    """``a * b``, where LLVM may choose in which order a loop multiplies."""
    return a * b


def power(a: Any, b: Any) -> Any:
    """``a ** b``; integers wrap around, and a negative power of one is 0 unless the base is 1 or -1, as in torch."""
    if isinstance(a, int) and isinstance(b, int) and b < 0:
        return {1: 1, -1: 1 - 2 * (b % 2)}.get(a, 0)
    return a**b


# Division, with torch's answers where Python raises: integers by 0 give 0 in a loop; eager ops refuse them before.


def floor_quotient(a: Any, b: Any) -> Any:
    """``a // b``, rounded down."""
    if b == 0:
        return 0 if isinstance(a, int) else _by_zero(a, b)
    return a // b


def _by_zero(a: float, b: float) -> float:
    return math.copysign(math.inf, a) * math.copysign(1, b) if a and a == a else math.nan  # noqa: PLR0124


def trunc_quotient(a: Any, b: Any) -> Any:
    """``a / b``, rounded towards 0."""
    if b == 0:
        return 0 if isinstance(a, int) else _by_zero(a, b)
    whole = abs(a) // abs(b)
    return whole if (a < 0) == (b < 0) else -whole


def floor_remainder(a: Any, b: Any) -> Any:
    """What `floor_quotient` leaves: it has the sign of ``b``."""
    if b == 0:
        return 0 if isinstance(a, int) else math.nan
    return a % b


def trunc_remainder(a: Any, b: Any) -> Any:
    """What `trunc_quotient` leaves: it has the sign of ``a``."""
    if b == 0:
        return 0 if isinstance(a, int) else math.nan
    return math.copysign(1, a) * (abs(a) % abs(b)) if isinstance(a, float) else a - b * trunc_quotient(a, b)


def common_divisor(a: Any, b: Any) -> Any:
    """The greatest common divisor of two integers."""
    return math.gcd(a, b)


def common_multiple(a: Any, b: Any) -> Any:
    """The least common multiple of two integers."""
    return math.lcm(a, b)


# Bits and signs -------------------------------------------------------------------------------------------------------


def shifted_left(a: Any, b: Any) -> Any:
    """``a << b`` for integers; in a loop 0 where no bit of the type is left, or ``b`` is negative."""
    return a << b if b >= 0 else 0


def shifted_right(a: Any, b: Any) -> Any:
    """``a >> b`` for integers; in a loop the sign alone where no bit of the type is left, or ``b`` is negative."""
    return a >> b if b >= 0 else -1 if a < 0 else 0


def is_negative(a: Any) -> Any:
    """Whether the sign is set; zeros and NaN have one too."""
    return math.copysign(1, a) < 0


# Rounding: integers stay as they are ----------------------------------------------------------------------------------


def rounded_down(a: Any) -> Any:
    """The largest whole number not above."""
    return math.floor(a)


def rounded_up(a: Any) -> Any:
    """The smallest whole number not below."""
    return math.ceil(a)


def rounded_to_zero(a: Any) -> Any:
    """The whole part."""
    return math.trunc(a)


def rounded_to_even(a: Any) -> Any:
    """The nearest whole number; of two, the even one."""
    return round(a)


def largest_finite(a: Any) -> Any:
    """The largest number of the type of ``a``."""
    return sys.float_info.max if isinstance(a, float) else 2**63 - 1


def zeta(s: Any, q: Any) -> Any:
    """Hurwitz's zeta function, the sum of ``(q + k) ** -s`` over ``k = 0, 1, ...``; for ``s > 1``.

    Terms are added up to ``q + k = 10``; the rest is their integral with the Euler-Maclaurin correction.
    Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 1964, 23.1.30 and 23.2.
    """
    if q <= 0 and not q // 1 < q:  # a whole number, which meets 0 on its way up
        return math.inf
    total, a = 0.0 * s, q
    while a < 10:
        total += a**-s
        a += 1
    factor = a**-s
    total += a * factor / (s - 1) + factor / 2
    for k in range(6):
        factor *= (s + 2 * k) / a
        total += factor * ZETA_WEIGHTS[k]
        factor *= (s + 2 * k + 1) / a
    return total


# The Bernoulli numbers B(2), B(4), ... over 2!, 4!, ...
ZETA_WEIGHTS = (1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000)

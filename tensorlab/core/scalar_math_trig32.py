"""sin, cos and tan of a float32, for arguments of any size; `core.scalar_math` says what form they keep and why.

They compute in float64, in half as many elements at a time: so the result is rounded once, and a reduction of the
argument that holds for every float32 is a few multiplications.
"""

from __future__ import annotations

import numpy as np

# 2 / pi in three parts: 29 bits, 29 bits, the rest. The product of a float32 with one of 29 bits is exact in float64.
# For an argument of 2**50 and above, a multiple of 2**27, the bits that make whole turns of it are left out; and so on.
RANGE_50 = np.float64(2.0**50)
RANGE_76 = np.float64(2.0**76)
RANGE_102 = np.float64(2.0**102)
TURN_1 = np.float64(0.636619770899415)
TURN_50_1 = np.float64(2.5682553250749862e-08)
TURN_76_1 = np.float64(2.937095537534198e-16)
TURN_102_1 = np.float64(6.074026479468182e-24)
TURN_2 = np.float64(1.4681663246252086e-09)
TURN_50_2 = np.float64(1.6153797803925804e-17)
TURN_76_2 = np.float64(2.83762200841452e-25)
TURN_102_2 = np.float64(1.0181664371599596e-32)
TURN_3 = np.float64(2.276010073078396e-18)
TURN_50_3 = np.float64(7.696704864039572e-26)
TURN_76_3 = np.float64(9.372006544409767e-34)
TURN_102_3 = np.float64(1.590011303568902e-41)
HALF_PI = np.float64(1.5707963267948966)
# Adding 1.5 * 2**52 rounds to an integer and leaves it in the low bits.
WHOLE = np.float64(6755399441055744.0)
ALL_BUT_TWO_BITS = np.int64(-4)


def rest_f64(x: np.float32) -> np.float64:
    """What is left of an angle after whole quarters of a turn, with their number modulo 4 in its two lowest bits.

    Error: 2**-50 of what is left, for the float32 that is nearest to a quarter as well, which leaves 2**-29.
    Source: the choice of the bits of 2 / pi is M. Payne and R. Hanek's, "Radian reduction for trigonometric functions",
    SIGNUM Newsletter 18, 1983.
    """
    wide = np.float64(x)
    size = abs(wide)
    low_1 = TURN_50_1 if size >= RANGE_50 else TURN_1
    low_2 = TURN_50_2 if size >= RANGE_50 else TURN_2
    low_3 = TURN_50_3 if size >= RANGE_50 else TURN_3
    high_1 = TURN_102_1 if size >= RANGE_102 else TURN_76_1
    high_2 = TURN_102_2 if size >= RANGE_102 else TURN_76_2
    high_3 = TURN_102_3 if size >= RANGE_102 else TURN_76_3
    turn_1 = high_1 if size >= RANGE_76 else low_1
    turn_2 = high_2 if size >= RANGE_76 else low_2
    turn_3 = high_3 if size >= RANGE_76 else low_3
    p1 = wide * turn_1
    p2 = wide * turn_2
    shifted1 = p1 + WHOLE
    shifted2 = p2 + WHOLE
    t1 = p1 - (shifted1 - WHOLE)
    t2 = p2 - (shifted2 - WHOLE)
    shifted3 = (t1 + t2) + WHOLE
    rest = ((t1 - (shifted3 - WHOLE)) + t2) + wide * turn_3
    n1 = np.int64(np.float64(shifted1).view(np.int64) & 3)
    n2 = np.int64(np.float64(shifted2).view(np.int64) & 3)
    n3 = np.int64(np.float64(shifted3).view(np.int64) & 3)
    quarters = np.int64((n1 + n2 + n3) & 3)
    bits = np.int64(np.float64(rest * HALF_PI).view(np.int64) & ALL_BUT_TWO_BITS)
    return np.int64(bits | quarters).view(np.float64)


# (sin(r) - r) / r**3 and (cos(r) - 1) / r**2 in r**2 for |r| <= pi / 4, to 2**-37 and 2**-34.
SIN_1 = np.float64(-0.16666666641619263)
SIN_2 = np.float64(0.008333329384125855)
SIN_3 = np.float64(-0.0001983933406778751)
SIN_4 = np.float64(2.7183029552900365e-06)
COS_1 = np.float64(-0.49999999725021926)
COS_2 = np.float64(0.041666623304297226)
COS_3 = np.float64(-0.0013886762930262729)
COS_4 = np.float64(2.439035506803025e-05)
ONE = np.float64(1.0)
ODD = np.int64(1)
UPPER_HALF = np.int64(2)


def sin_f32(x: np.float32) -> np.float32:
    """``sin(x)`` to 0.51 ulp for every float32; keeps the sign of zero, NaN of infinities."""
    r = rest_f64(x)
    bits = np.float64(r).view(np.int64)
    z = r * r
    sine = r * (z * (((SIN_4 * z + SIN_3) * z + SIN_2) * z + SIN_1) + ONE)
    cosine = z * (((COS_4 * z + COS_3) * z + COS_2) * z + COS_1) + ONE
    odd = np.int64(bits & ODD)
    value = sine if odd != ODD else cosine
    sign = np.int64(np.int64(bits & UPPER_HALF) << 62)
    return np.float32(np.int64(np.float64(value).view(np.int64) ^ sign).view(np.float64))


def cos_f32(x: np.float32) -> np.float32:
    """``cos(x)`` to 0.51 ulp for every float32; NaN of infinities."""
    r = rest_f64(x)
    bits = np.int64(np.float64(r).view(np.int64) + ODD)
    z = r * r
    sine = r * (z * (((SIN_4 * z + SIN_3) * z + SIN_2) * z + SIN_1) + ONE)
    cosine = z * (((COS_4 * z + COS_3) * z + COS_2) * z + COS_1) + ONE
    odd = np.int64(bits & ODD)
    value = cosine if odd == ODD else sine
    sign = np.int64(np.int64(bits & UPPER_HALF) << 62)
    return np.float32(np.int64(np.float64(value).view(np.int64) ^ sign).view(np.float64))


def tan_f32(x: np.float32) -> np.float32:
    """``tan(x)`` to 0.51 ulp for every float32; keeps the sign of zero, NaN of infinities."""
    r = rest_f64(x)
    bits = np.float64(r).view(np.int64)
    z = r * r
    sine = r * (z * (((SIN_4 * z + SIN_3) * z + SIN_2) * z + SIN_1) + ONE)
    cosine = z * (((COS_4 * z + COS_3) * z + COS_2) * z + COS_1) + ONE
    odd = np.int64(bits & ODD)
    top = sine if odd != ODD else cosine
    base = cosine if odd != ODD else sine
    sign = np.int64(odd << 63)
    return np.float32(np.int64(np.float64(top / base).view(np.int64) ^ sign).view(np.float64))

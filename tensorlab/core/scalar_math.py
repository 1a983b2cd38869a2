"""Elementary functions of one number that LLVM turns into vector code, and how far each is from the exact value.

Without SVML (which llvmlite's wheels lack) LLVM knows no vector form of ``math.exp``, and a loop that calls it stays
scalar. These are made of what it does know: arithmetic, selects, shifts and bit casts, so that a loop over them
becomes a loop over whole registers.

They are plain Python, and each has one form, so that its text can be put inside a generated loop: a docstring,
assignments of one name once, one ``return``. No branch and no loop, only ``a if c else b`` between names or
constants that are already there. They call NumPy's scalar types, ``abs``, ``math.copysign`` and each other;
module-level names that they read are finite NumPy numbers. A bit cast is ``np.float32(x).view(np.int32)``: Numba
takes ``view`` only on what is visibly a NumPy scalar.

They hold in every rounding step, which asks two things of who compiles them:

* ``fastmath`` may have ``"contract"`` and nothing else. ``"reassoc"`` folds ``(x + c) - c``, which here rounds to
  an integer, back into ``x``, and the results are then wrong in every digit; ``"nnan"``, ``"ninf"`` and ``"nsz"``
  lose NaN, infinities and the sign of zero. A reduction that wants its sum reordered gives that freedom to the sum's
  own addition alone.
* A float32 function stays in float32: no Python float stands in one.

With or without fused multiply-add, the bounds in `ULP` hold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.scalar_math32 import exp_f32, log_f32, sigmoid_f32, tanh_f32
from tensorlab.core.scalar_math64 import exp_f64, log_f64, sigmoid_f64, tanh_f64
from tensorlab.core.scalar_math_erf32 import erf_f32, erfc_f32
from tensorlab.core.scalar_math_erf64 import erf_f64, erfc_f64
from tensorlab.core.scalar_math_exp32 import exp2_f32, expm1_f32
from tensorlab.core.scalar_math_exp64 import exp2_f64, expm1_f64
from tensorlab.core.scalar_math_log32 import log1p_f32, log2_f32, log10_f32
from tensorlab.core.scalar_math_log64 import log1p_f64, log2_f64, log10_f64
from tensorlab.core.scalar_math_trig32 import cos_f32, sin_f32, tan_f32

# What is not in it is a call of the C library: sin, cos and tan of a float64 among others, whose arguments of any size
# take a table of 1,100 bits of 2 / pi to reduce, and a branch.
TABLE: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("cos", "float32"): cos_f32,
    ("erf", "float32"): erf_f32,
    ("erf", "float64"): erf_f64,
    ("erfc", "float32"): erfc_f32,
    ("erfc", "float64"): erfc_f64,
    ("exp", "float32"): exp_f32,
    ("exp", "float64"): exp_f64,
    ("exp2", "float32"): exp2_f32,
    ("exp2", "float64"): exp2_f64,
    ("expm1", "float32"): expm1_f32,
    ("expm1", "float64"): expm1_f64,
    ("log", "float32"): log_f32,
    ("log", "float64"): log_f64,
    ("log10", "float32"): log10_f32,
    ("log10", "float64"): log10_f64,
    ("log1p", "float32"): log1p_f32,
    ("log1p", "float64"): log1p_f64,
    ("log2", "float32"): log2_f32,
    ("log2", "float64"): log2_f64,
    ("sigmoid", "float32"): sigmoid_f32,
    ("sigmoid", "float64"): sigmoid_f64,
    ("sin", "float32"): sin_f32,
    ("tan", "float32"): tan_f32,
    ("tanh", "float32"): tanh_f32,
    ("tanh", "float64"): tanh_f64,
}

# Largest distance from the exact value, in units of the last place of the exact value rounded to the dtype. Over every
# float32 where the functions bend, exp comes to 1.01, log to 0.90, sigmoid to 2.41, tanh to 2.61; a sample of float64
# comes to 1.03, 0.83, 2.37, 2.57.
ULP: dict[tuple[str, str], float] = {
    ("cos", "float32"): 0.51,
    ("erf", "float32"): 1.4,
    ("erf", "float64"): 1.4,
    ("erfc", "float32"): 6.0,
    ("erfc", "float64"): 6.0,
    ("exp", "float32"): 1.1,
    ("exp", "float64"): 1.2,
    ("exp2", "float32"): 1.2,
    ("exp2", "float64"): 1.2,
    ("expm1", "float32"): 2.0,
    ("expm1", "float64"): 2.0,
    ("log", "float32"): 1.0,
    ("log", "float64"): 1.0,
    ("log10", "float32"): 1.2,
    ("log10", "float64"): 1.2,
    ("log1p", "float32"): 1.5,
    ("log1p", "float64"): 1.5,
    ("log2", "float32"): 1.2,
    ("log2", "float64"): 1.2,
    ("sigmoid", "float32"): 2.5,
    ("sigmoid", "float64"): 2.6,
    ("sin", "float32"): 0.51,
    ("tan", "float32"): 0.51,
    ("tanh", "float32"): 2.7,
    ("tanh", "float64"): 2.8,
}

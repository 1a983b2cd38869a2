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

__all__ = [
    "TABLE",
    "ULP",
    "exp_f32",
    "exp_f64",
    "log_f32",
    "log_f64",
    "sigmoid_f32",
    "sigmoid_f64",
    "tanh_f32",
    "tanh_f64",
]

TABLE: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("exp", "float32"): exp_f32,
    ("exp", "float64"): exp_f64,
    ("log", "float32"): log_f32,
    ("log", "float64"): log_f64,
    ("sigmoid", "float32"): sigmoid_f32,
    ("sigmoid", "float64"): sigmoid_f64,
    ("tanh", "float32"): tanh_f32,
    ("tanh", "float64"): tanh_f64,
}

# Largest distance from the exact value, in units of the last place of the exact value rounded to the dtype. Over every
# float32 where the functions bend, exp comes to 1.01, log to 0.90, sigmoid to 2.41, tanh to 2.61; a sample of float64
# comes to 1.03, 0.83, 2.37, 2.57.
ULP: dict[tuple[str, str], float] = {
    ("exp", "float32"): 1.1,
    ("exp", "float64"): 1.2,
    ("log", "float32"): 1.0,
    ("log", "float64"): 1.0,
    ("sigmoid", "float32"): 2.5,
    ("sigmoid", "float64"): 2.6,
    ("tanh", "float32"): 2.7,
    ("tanh", "float64"): 2.8,
}

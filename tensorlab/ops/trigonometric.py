"""Trigonometric and hyperbolic functions, their inverses, and angles in degrees.

`core.scalar_math` says which of them the loops compute in vectors; the others call the C library.
"""

from __future__ import annotations

import math
from typing import Any

from tensorlab.core.op import Op, Promotion, declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.core.tensor import Tensor

PI = math.pi

# Angle -> ratio -------------------------------------------------------------------------------------------------------

sin = declare("sin(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)
cos = declare("cos(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)
tan = declare("tan(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@sin.rule("scalar")
def sin_scalar(a: Any) -> Any:
    return math.sin(a)


@sin.vjp("self")
def sin_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g * cos.call((self,))


@cos.rule("scalar")
def cos_scalar(a: Any) -> Any:
    return math.cos(a)


@cos.vjp("self")
def cos_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g * -sin.call((self,))


@tan.rule("scalar")
def tan_scalar(a: Any) -> Any:
    return math.tan(a)


@tan.vjp("self")
def tan_vjp(g: Tensor, result: Tensor) -> Tensor:
    return g * (1 + result * result)


sinc = declare("sinc(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@sinc.rule("scalar")
def sinc_scalar(a: Any) -> Any:
    turned = a * PI
    ratio = math.sin(turned) / turned
    return 1 if a == 0 else ratio


@sinc.vjp("self")
def sinc_vjp(g: Tensor, self: Tensor) -> Tensor:
    """``(cos(pi x) - sinc(x)) / x``, and 0 at 0."""
    from tensorlab.ops.comparison import eq_number, where_self

    turned = self * PI
    squared = self * turned
    slope = g * ((turned * cos.call((turned,)) - sin.call((turned,))) / squared)
    return where_self.call((eq_number.call((squared, 0)), 0.0, slope))


# Ratio -> angle -------------------------------------------------------------------------------------------------------

asin = declare("asin(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@asin.rule("scalar")
def asin_scalar(a: Any) -> Any:
    return math.asin(a)


@asin.vjp("self")
def asin_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g * (1 - self * self).rsqrt()


acos = declare("acos(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@acos.rule("scalar")
def acos_scalar(a: Any) -> Any:
    return math.acos(a)


@acos.vjp("self")
def acos_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g * -((1 - self * self).rsqrt())


atan = declare("atan(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@atan.rule("scalar")
def atan_scalar(a: Any) -> Any:
    return math.atan(a)


@atan.vjp("self")
def atan_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g / (self * self + 1)


atan2 = declare("atan2(Tensor self, Tensor other) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@atan2.rule("scalar")
def atan2_scalar(a: Any, b: Any) -> Any:
    return math.atan2(a, b)


@atan2.vjp("self", "other")
def atan2_vjp(g: Tensor, self: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    scaled = g / (self * self + other * other)
    return scaled * other, scaled * -self


# Hyperbolic -----------------------------------------------------------------------------------------------------------

sinh = declare("sinh(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)
cosh = declare("cosh(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@sinh.rule("scalar")
def sinh_scalar(a: Any) -> Any:
    return math.sinh(a)


@sinh.vjp("self")
def sinh_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g * cosh.call((self,))


@cosh.rule("scalar")
def cosh_scalar(a: Any) -> Any:
    return math.cosh(a)


@cosh.vjp("self")
def cosh_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g * sinh.call((self,))


asinh = declare("asinh(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@asinh.rule("scalar")
def asinh_scalar(a: Any) -> Any:
    return math.asinh(a)


@asinh.vjp("self")
def asinh_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g * (self * self + 1).rsqrt()


acosh = declare("acosh(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@acosh.rule("scalar")
def acosh_scalar(a: Any) -> Any:
    return math.acosh(a)


@acosh.vjp("self")
def acosh_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g * (self * self - 1).rsqrt()


atanh = declare("atanh(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@atanh.rule("scalar")
def atanh_scalar(a: Any) -> Any:
    return math.atanh(a)


@atanh.vjp("self")
def atanh_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g / (1 - self * self)


# Degrees --------------------------------------------------------------------------------------------------------------

RADIANS = math.pi / 180.0
DEGREES = 180.0 / math.pi

deg2rad = declare("deg2rad(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@deg2rad.rule("scalar")
def deg2rad_scalar(a: Any) -> Any:
    return a * RADIANS


@deg2rad.vjp("self")
def deg2rad_vjp(g: Tensor) -> Tensor:
    return deg2rad.call((g,))


rad2deg = declare("rad2deg(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@rad2deg.rule("scalar")
def rad2deg_scalar(a: Any) -> Any:
    return a * DEGREES


@rad2deg.vjp("self")
def rad2deg_vjp(g: Tensor) -> Tensor:
    return rad2deg.call((g,))


TRIGONOMETRIC: tuple[Op, ...] = (
    *(sin, cos, tan, sinc, asin, acos, atan, atan2, sinh, cosh, asinh, acosh, atanh, deg2rad, rad2deg),
)

for _op in TRIGONOMETRIC:
    finish_pointwise(_op)

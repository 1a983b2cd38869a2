"""Error functions, the gamma family, and logarithms of sums, products and odds."""

from __future__ import annotations

import math
from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.op import Op, Promotion, declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.core.primitives import zeta
from tensorlab.core.scalar_math_digamma import digamma_of
from tensorlab.core.scalar_math_erfinv import erfinv_of
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import RangeError
from tensorlab.ops.comparison import eq_number, le_number, where_numbers, where_self
from tensorlab.ops.elementary import exp, exp2, log
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.refusals import floats_only

TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)
HALF_ROOT_PI = 0.5 * math.sqrt(math.pi)

# Error functions ------------------------------------------------------------------------------------------------------

erf = declare("erf(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)
erfc = declare("erfc(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)
erfinv = declare("erfinv(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@erf.rule("scalar")
def erf_scalar(a: Any) -> Any:
    return math.erf(a)


@erf.vjp("self")
def erf_vjp(g: Tensor, self: Tensor) -> Tensor:
    return exp.call((-(self * self),)) * TWO_OVER_ROOT_PI * g


@erfc.rule("scalar")
def erfc_scalar(a: Any) -> Any:
    return math.erfc(a)


@erfc.vjp("self")
def erfc_vjp(g: Tensor, self: Tensor) -> Tensor:
    return exp.call((-(self * self),)) * -TWO_OVER_ROOT_PI * g


@erfinv.rule("scalar")
def erfinv_scalar(a: Any) -> Any:
    return erfinv_of(a)


@erfinv.vjp("self")
def erfinv_vjp(g: Tensor, result: Tensor) -> Tensor:
    return exp.call((result * result,)) * HALF_ROOT_PI * g


# Gamma ----------------------------------------------------------------------------------------------------------------

lgamma = declare("lgamma(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)
digamma = declare("digamma(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)
polygamma = declare("polygamma(int n, Tensor self) -> Tensor")
special_zeta = declare(
    "special_zeta.self_scalar(Scalar self, Tensor other) -> Tensor", promotion=Promotion.INT_TO_FLOAT
)


@lgamma.rule("scalar")
def lgamma_scalar(a: Any) -> Any:
    return math.lgamma(a)


@lgamma.vjp("self")
def lgamma_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g * digamma.call((self,))


@digamma.rule("scalar")
def digamma_scalar(a: Any) -> Any:
    return digamma_of(a)


@digamma.vjp("self")
def digamma_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g * polygamma.call((1, self))


@polygamma.rule("type")
def polygamma_type(n: int, a: TensorType) -> TensorType:
    """As the logarithmic derivative's.

    Raises: `RangeError` for an order below 0.
    """
    if n < 0:
        raise RangeError(f"polygamma: polygamma(n, x) does not support negative n, got {n}")
    return digamma.rules["type"](a)


@polygamma.rule("composite")
def polygamma_composite(n: int, a: Tensor) -> Tensor:
    """The n-th derivative of `digamma`, as a multiple of Hurwitz's zeta function."""
    polygamma_type(n, a.type)
    if n == 0:
        return digamma.call((a,))
    return special_zeta.call((float(n + 1), a)) * (math.factorial(n) * (1.0 if n % 2 else -1.0))


@special_zeta.rule("scalar")
def special_zeta_scalar(a: Any, b: Any) -> Any:
    return zeta(a, b)


@special_zeta.vjp("other")
def special_zeta_vjp(g: Tensor, self: float, other: Tensor) -> Tensor:
    return g * special_zeta.call((self + 1, other)) * -self


# Logarithms -----------------------------------------------------------------------------------------------------------

logit = declare("logit(Tensor self, float? eps=None) -> Tensor", promotion=Promotion.INT_TO_FLOAT)
logit_backward = declare("logit_backward(Tensor grad_output, Tensor self, float? eps=None) -> Tensor")


@logit.rule("scalar")
def logit_scalar(a: Any, eps: Any) -> Any:
    raised = a if eps is None else (eps if a < eps else a)
    within = raised if eps is None else (1 - eps if raised > 1 - eps else raised)
    return math.log(within / (1 - within))


@logit.vjp("self")
def logit_vjp(g: Tensor, self: Tensor, eps: float | None) -> Tensor:
    return logit_backward.call((g, self, eps))


@logit_backward.rule("scalar")
def logit_backward_scalar(g: Any, a: Any, eps: Any) -> Any:
    """0 outside the bounds; without bounds, NaN outside ``[0, 1]``."""
    slope = g / (a * (1 - a))
    inside = (NAN if a < 0 or a > 1 else slope) if eps is None else (0 if a < eps or a > 1 - eps else slope)
    return inside


NAN = math.nan


@logit_backward.vjp("grad_output")
def logit_backward_vjp_grad(g: Tensor, self: Tensor, eps: float | None) -> Tensor:
    return logit_backward.call((g, self, eps))


@logit_backward.vjp("self")
def logit_backward_vjp_self(g: Tensor, grad_output: Tensor, self: Tensor, eps: float | None) -> Tensor:
    slope = logit_backward.call((g * grad_output, self, eps))
    return slope * (2 * self - 1) / (self * (1 - self))


xlogy = declare("xlogy.Tensor(Tensor self, Tensor other) -> Tensor", promotion=Promotion.INT_TO_FLOAT)
xlogy_number = declare("xlogy.Scalar_Other(Tensor self, Scalar other) -> Tensor", promotion=Promotion.INT_TO_FLOAT)
xlogy_base = declare("xlogy.Scalar_Self(Scalar self, Tensor other) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@xlogy_base.rule("scalar")
@xlogy_number.rule("scalar")
@xlogy.rule("scalar")
def xlogy_scalar(a: Any, b: Any) -> Any:
    """0 where ``a`` is, unless ``b`` is NaN."""
    product = a * math.log(b)
    return b if b != b else (0 if a == 0 else product)  # noqa: PLR0124 - NaN alone differs from itself


@xlogy.vjp("self")
def xlogy_vjp_self(g: Tensor, self: Tensor, other: Tensor) -> Tensor:
    """``log(other)``; 0 in the corner where that is infinite or NaN."""
    corner = eq_number.call((self, 0)) * le_number.call((other, 0))
    return where_self.call((corner, 0.0, g * log.call((other,))))


@xlogy.vjp("other")
def xlogy_vjp_other(g: Tensor, self: Tensor, other: Tensor) -> Tensor:
    return g * self / other


@xlogy_number.vjp("self")
def xlogy_number_vjp(g: Tensor, self: Tensor, other: float) -> Tensor:
    if other > 0:
        return g * math.log(other)
    corner = eq_number.call((self, 0))
    return g * where_numbers.call((corner, 0.0, -math.inf if other == 0 else math.nan))


@xlogy_base.vjp("other")
def xlogy_base_vjp(g: Tensor, self: float, other: Tensor) -> Tensor:
    return g * self / other


logaddexp = declare("logaddexp(Tensor self, Tensor other) -> Tensor")
logaddexp2 = declare("logaddexp2(Tensor self, Tensor other) -> Tensor")


@logaddexp.rule("scalar")
def logaddexp_scalar(a: Any, b: Any) -> Any:
    """The larger one, and the logarithm of what is left over ``1``; equal infinities have no difference."""
    top = a if a > b else b
    most = top + math.log1p(math.exp(-abs(a - b)))
    return a if a == b and abs(a) > LARGEST else most


@logaddexp2.rule("scalar")
def logaddexp2_scalar(a: Any, b: Any) -> Any:
    top = a if a > b else b
    most = top + math.log1p(math.exp2(-abs(a - b))) * ONE_OVER_LN2
    return a if a == b and abs(a) > LARGEST else most


ONE_OVER_LN2 = 1.0 / math.log(2.0)
LARGEST = 3.0e38  # what is above it is equal to its own sum with log 2 anyway, as float64 too


@logaddexp.rule("check")
@logaddexp2.rule("check")
def logaddexp_check(common: DType, *args: object) -> None:
    floats_only(common, "logaddexp")


@logaddexp.vjp("self", "other")
def logaddexp_vjp(g: Tensor, self: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    return g / (1 + exp.call((other - self,))), g / (1 + exp.call((self - other,)))


@logaddexp2.vjp("self", "other")
def logaddexp2_vjp(g: Tensor, self: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    return g / (1 + exp2.call((other - self,))), g / (1 + exp2.call((self - other,)))


SPECIAL: tuple[Op, ...] = (
    *(erf, erfc, erfinv, lgamma, digamma, special_zeta, logit, logit_backward),
    *(xlogy, xlogy_number, xlogy_base, logaddexp, logaddexp2),
)

for _op in SPECIAL:
    finish_pointwise(_op)

call_evaluator(polygamma)

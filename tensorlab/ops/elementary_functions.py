"""The public functions of one element, and of two, that are neither arithmetic nor activations, under torch's names.

Integers and bools are computed with in the default float. `tensorlab.core.scalar_math.ULP` says how exact they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import elementary, special, trigonometric
from tensorlab.ops.called import called
from tensorlab.ops.in_place import in_place
from tensorlab.ops.operands import Operand, as_int, as_number, as_operand, as_tensor_argument, unary
from tensorlab.ops.out import takes_out, takes_pointwise_out
from tensorlab.ops.quick import quick_unary
from tensorlab.ops.written import named

Function = Callable[..., Any]


@quick_unary(elementary.exp2)
@takes_pointwise_out
def exp2(input: Tensor) -> Tensor:
    """``2 ** input``."""
    return unary(elementary.exp2, input)


@quick_unary(elementary.expm1)
@takes_pointwise_out
def expm1(input: Tensor) -> Tensor:
    """``e ** input - 1``, exact also near 0."""
    return unary(elementary.expm1, input)


@quick_unary(elementary.log2)
@takes_pointwise_out
def log2(input: Tensor) -> Tensor:
    """Logarithms to base 2."""
    return unary(elementary.log2, input)


@quick_unary(elementary.log10)
@takes_pointwise_out
def log10(input: Tensor) -> Tensor:
    """Logarithms to base 10."""
    return unary(elementary.log10, input)


@quick_unary(elementary.log1p)
@takes_pointwise_out
def log1p(input: Tensor) -> Tensor:
    """``log(1 + input)``, exact also near 0."""
    return unary(elementary.log1p, input)


@quick_unary(elementary.rsqrt)
@takes_pointwise_out
def rsqrt(input: Tensor) -> Tensor:
    """``1 / sqrt(input)``."""
    return unary(elementary.rsqrt, input)


@quick_unary(trigonometric.sin)
@takes_pointwise_out
def sin(input: Tensor) -> Tensor:
    """Sines of angles in radians."""
    return unary(trigonometric.sin, input)


@quick_unary(trigonometric.cos)
@takes_pointwise_out
def cos(input: Tensor) -> Tensor:
    """Cosines of angles in radians."""
    return unary(trigonometric.cos, input)


@quick_unary(trigonometric.tan)
@takes_pointwise_out
def tan(input: Tensor) -> Tensor:
    """Tangents of angles in radians."""
    return unary(trigonometric.tan, input)


@quick_unary(trigonometric.sinc)
@takes_pointwise_out
def sinc(input: Tensor) -> Tensor:
    """``sin(pi * input) / (pi * input)``, and 1 at 0."""
    return unary(trigonometric.sinc, input)


@quick_unary(trigonometric.asin)
@takes_pointwise_out
def asin(input: Tensor) -> Tensor:
    """Angles in ``[-pi/2, pi/2]`` by their sines."""
    return unary(trigonometric.asin, input)


@quick_unary(trigonometric.acos)
@takes_pointwise_out
def acos(input: Tensor) -> Tensor:
    """Angles in ``[0, pi]`` by their cosines."""
    return unary(trigonometric.acos, input)


@quick_unary(trigonometric.atan)
@takes_pointwise_out
def atan(input: Tensor) -> Tensor:
    """Angles in ``[-pi/2, pi/2]`` by their tangents."""
    return unary(trigonometric.atan, input)


@quick_unary(trigonometric.sinh)
@takes_pointwise_out
def sinh(input: Tensor) -> Tensor:
    """Hyperbolic sines."""
    return unary(trigonometric.sinh, input)


@quick_unary(trigonometric.cosh)
@takes_pointwise_out
def cosh(input: Tensor) -> Tensor:
    """Hyperbolic cosines."""
    return unary(trigonometric.cosh, input)


@quick_unary(trigonometric.asinh)
@takes_pointwise_out
def asinh(input: Tensor) -> Tensor:
    """Inverse hyperbolic sines."""
    return unary(trigonometric.asinh, input)


@quick_unary(trigonometric.acosh)
@takes_pointwise_out
def acosh(input: Tensor) -> Tensor:
    """Inverse hyperbolic cosines."""
    return unary(trigonometric.acosh, input)


@quick_unary(trigonometric.atanh)
@takes_pointwise_out
def atanh(input: Tensor) -> Tensor:
    """Inverse hyperbolic tangents."""
    return unary(trigonometric.atanh, input)


@quick_unary(trigonometric.deg2rad)
@takes_pointwise_out
def deg2rad(input: Tensor) -> Tensor:
    """Angles in degrees as radians."""
    return unary(trigonometric.deg2rad, input)


@quick_unary(trigonometric.rad2deg)
@takes_pointwise_out
def rad2deg(input: Tensor) -> Tensor:
    """Angles in radians as degrees."""
    return unary(trigonometric.rad2deg, input)


@quick_unary(special.erf)
@takes_pointwise_out
def erf(input: Tensor) -> Tensor:
    """The error function."""
    return unary(special.erf, input)


@quick_unary(special.erfc)
@takes_pointwise_out
def erfc(input: Tensor) -> Tensor:
    """``1 - erf(input)``, exact also where it is small."""
    return unary(special.erfc, input)


@quick_unary(special.erfinv)
@takes_pointwise_out
def erfinv(input: Tensor) -> Tensor:
    """The inverse of `erf`: infinite at 1 and -1, NaN beyond."""
    return unary(special.erfinv, input)


@quick_unary(special.lgamma)
@takes_pointwise_out
def lgamma(input: Tensor) -> Tensor:
    """``log(abs(gamma(input)))``."""
    return unary(special.lgamma, input)


@quick_unary(special.digamma)
@takes_pointwise_out
def digamma(input: Tensor) -> Tensor:
    """The derivative of `lgamma`."""
    return unary(special.digamma, input)


# With an option, or a second argument ---------------------------------------------------------------------------------


@takes_pointwise_out
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """``log(input / (1 - input))``; with ``eps``, of values held between it and ``1 - eps``."""
    return unary(special.logit, input, _eps(eps))


def _eps(eps: object) -> float | None:
    return None if eps is None else float(as_number(eps, op="logit", name="eps"))


@called("PolygammaBackward0")
@takes_out
def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of `digamma`.

    Raises: `RangeError` for an order below 0.
    """
    return special.polygamma.call((as_int(n, op="polygamma", name="n"), as_tensor_argument(special.polygamma, input)))


@takes_pointwise_out
def atan2(input: Tensor, other: Tensor) -> Tensor:
    """Angles of the points ``(other, input)``, in ``[-pi, pi]``."""
    return _of_two(trigonometric.atan2, input, other)


@takes_pointwise_out
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """``log(e ** input + e ** other)``."""
    return _of_two(special.logaddexp, input, other)


@takes_pointwise_out
def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """``log2(2 ** input + 2 ** other)``."""
    return _of_two(special.logaddexp2, input, other)


def _of_two(op: Op, input: object, other: object) -> Tensor:
    """Two tensors.

    Raises: `ArgumentError` for anything else.
    """
    second = as_operand(other, op=op.schema.name)
    if not isinstance(second, Tensor):
        raise ArgumentError(f"{op.schema.name}: argument 'other' takes a Tensor, got {type(other).__name__}")
    return unary(op, input, second)


@takes_pointwise_out
def xlogy(input: Operand, other: Operand) -> Tensor:
    """``input * log(other)``, and 0 where ``input`` is; one of them may be a number."""
    first, second = as_operand(input, op="xlogy", name="self"), as_operand(other, op="xlogy")
    if isinstance(second, Tensor):
        return (special.xlogy if isinstance(first, Tensor) else special.xlogy_base).call((first, second))
    return unary(special.xlogy_number, first, second)


# Written over the first argument --------------------------------------------------------------------------------------


def _written(functional: Op) -> Function:
    """The in-place method of an op on one tensor."""
    op = in_place(functional)

    @quick_unary(op)
    def method(self: Tensor) -> Tensor:
        return unary(op, self)

    return named(method, op)


def _written_two(functional: Op) -> Function:
    """The in-place method of an op on two tensors."""
    op = in_place(functional)

    def method(self: Tensor, other: Tensor) -> Tensor:
        return _of_two(op, self, other)

    return named(method, op)


_XLOGY = in_place(special.xlogy)
_XLOGY_NUMBER = in_place(special.xlogy_number)
_LOGIT = in_place(special.logit)


def xlogy_(self: Tensor, other: Operand) -> Tensor:
    """`xlogy` written over this tensor; raises its version."""
    second = as_operand(other, op="xlogy_")
    return unary(_XLOGY if isinstance(second, Tensor) else _XLOGY_NUMBER, self, second)


def logit_(self: Tensor, eps: float | None = None) -> Tensor:
    """`logit` written over this tensor; raises its version."""
    return unary(_LOGIT, self, _eps(eps))


def _polygamma_method(self: Tensor, n: int) -> Tensor:
    """The n-th derivative of `digamma`."""
    return polygamma(n, self)


_ON_ONE: tuple[Op, ...] = (
    *(
        elementary.exp2,
        elementary.expm1,
        elementary.log2,
        elementary.log10,
        elementary.log1p,
        elementary.rsqrt,
        trigonometric.sin,
        trigonometric.cos,
        trigonometric.tan,
        trigonometric.sinc,
        trigonometric.asin,
        trigonometric.acos,
        trigonometric.atan,
        trigonometric.sinh,
        trigonometric.cosh,
        trigonometric.asinh,
        trigonometric.acosh,
        trigonometric.atanh,
        trigonometric.deg2rad,
        trigonometric.rad2deg,
        special.erf,
        special.erfc,
        special.erfinv,
        special.lgamma,
        special.digamma,
    ),
)
_WRITTEN: dict[str, Function] = {
    **{f"{op.schema.name}_": _written(op) for op in _ON_ONE},
    "atan2_": _written_two(trigonometric.atan2),
    "logit_": logit_,
    "xlogy_": xlogy_,
}

FUNCTIONS: dict[str, Function] = {
    "acos": acos,
    "acosh": acosh,
    "arccos": acos,
    "arccosh": acosh,
    "arcsin": asin,
    "arcsinh": asinh,
    "arctan": atan,
    "arctan2": atan2,
    "arctanh": atanh,
    "asin": asin,
    "asinh": asinh,
    "atan": atan,
    "atan2": atan2,
    "atanh": atanh,
    "cos": cos,
    "cosh": cosh,
    "deg2rad": deg2rad,
    "digamma": digamma,
    "erf": erf,
    "erfc": erfc,
    "erfinv": erfinv,
    "exp2": exp2,
    "expm1": expm1,
    "lgamma": lgamma,
    "log10": log10,
    "log1p": log1p,
    "log2": log2,
    "logaddexp": logaddexp,
    "logaddexp2": logaddexp2,
    "logit": logit,
    "polygamma": polygamma,
    "rad2deg": rad2deg,
    "rsqrt": rsqrt,
    "sin": sin,
    "sinc": sinc,
    "sinh": sinh,
    "tan": tan,
    "xlogy": xlogy,
}

METHODS: dict[str, Function] = {
    **FUNCTIONS,
    "polygamma": _polygamma_method,
    **_WRITTEN,
    "arccos_": _WRITTEN["acos_"],
    "arccosh_": _WRITTEN["acosh_"],
    "arcsin_": _WRITTEN["asin_"],
    "arcsinh_": _WRITTEN["asinh_"],
    "arctan_": _WRITTEN["atan_"],
    "arctan2_": _WRITTEN["atan2_"],
    "arctanh_": _WRITTEN["atanh_"],
}

"""Functions of one or two elements at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.array_api.array import Array, converted, given, made, pair
from tensorlab.array_api.array import remainder as remainder_of
from tensorlab.core.dtype import Category
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import comparison_functions as order
from tensorlab.ops import create, neighbours
from tensorlab.ops import elementary_functions as elementary
from tensorlab.ops import functions as sums
from tensorlab.ops import index_functions as choices
from tensorlab.ops import number_functions as numbers

Operand = Array | float
Unary = Callable[[Array], Array]
Binary = Callable[[Operand, Operand], Array]


def _unary(name: str, function: Callable[[Any], Tensor], what: str) -> Unary:
    def elementwise(x: Array, /) -> Array:
        return made(function(given(x, name)))

    elementwise.__name__ = elementwise.__qualname__ = name
    elementwise.__doc__ = what
    return elementwise


def _binary(name: str, function: Callable[[Any, Any], Tensor], what: str) -> Binary:
    def elementwise(x1: Operand, x2: Operand, /) -> Array:
        return made(function(*pair(x1, x2, name)))

    elementwise.__name__ = elementwise.__qualname__ = name
    elementwise.__doc__ = what
    return elementwise


def _same(x: Array) -> Array:
    """Real numbers are their own real part and conjugate."""
    return x


def _zeros(x: Array) -> Tensor:
    return create.zeros_like_op.call((x, None))


def _sign(x: Array) -> Tensor:
    """Torch's, but for NaN, which torch makes 0."""
    found = numbers.sign(x)
    return choices.where(order.isnan(x), x, found) if x.dtype.is_floating_point else found


abs = _unary("abs", sums.abs, "Magnitudes.")  # noqa: A001 - the standard's name
acos = _unary("acos", elementary.acos, "Inverse cosines.")
acosh = _unary("acosh", elementary.acosh, "Inverse hyperbolic cosines.")
add = _binary("add", sums.add, "Sums.")
asin = _unary("asin", elementary.asin, "Inverse sines.")
asinh = _unary("asinh", elementary.asinh, "Inverse hyperbolic sines.")
atan = _unary("atan", elementary.atan, "Inverse tangents.")
atan2 = _binary("atan2", elementary.atan2, "Angles of points, the first operand being the height.")
atanh = _unary("atanh", elementary.atanh, "Inverse hyperbolic tangents.")
bitwise_and = _binary("bitwise_and", numbers.bitwise_and, "Bits that both have.")
bitwise_left_shift = _binary("bitwise_left_shift", numbers.bitwise_left_shift, "Bits moved to the left.")
bitwise_invert = _unary("bitwise_invert", numbers.bitwise_not, "Every bit turned.")
bitwise_or = _binary("bitwise_or", numbers.bitwise_or, "Bits that either has.")
bitwise_right_shift = _binary("bitwise_right_shift", numbers.bitwise_right_shift, "Bits moved to the right.")
bitwise_xor = _binary("bitwise_xor", numbers.bitwise_xor, "Bits that one of the two has.")
ceil = _unary("ceil", numbers.ceil, "The nearest integers that are not below.")
conj = _unary("conj", _same, "Conjugates: real numbers are their own.")
copysign = _binary("copysign", numbers.copysign, "The first operand's magnitude with the second one's sign.")
cos = _unary("cos", elementary.cos, "Cosines.")
cosh = _unary("cosh", elementary.cosh, "Hyperbolic cosines.")
divide = _binary("divide", sums.div, "Quotients.")
equal = _binary("equal", order.eq, "Whether both are equal.")
exp = _unary("exp", sums.exp, "Powers of e.")
expm1 = _unary("expm1", elementary.expm1, "``exp(x) - 1``, exact near 0.")
floor = _unary("floor", numbers.floor, "The nearest integers that are not above.")
floor_divide = _binary("floor_divide", sums.floor_divide, "Quotients rounded down.")
greater = _binary("greater", order.gt, "Whether the first is greater.")
greater_equal = _binary("greater_equal", order.ge, "Whether the first is greater, or both are equal.")
hypot = _binary("hypot", numbers.hypot, "Square roots of sums of squares, without overflow between.")
imag = _unary("imag", _zeros, "Imaginary parts: zeros.")
isfinite = _unary("isfinite", order.isfinite, "Whether neither infinite nor NaN.")
isinf = _unary("isinf", order.isinf, "Whether infinite.")
isnan = _unary("isnan", order.isnan, "Whether NaN.")
less = _binary("less", order.lt, "Whether the first is less.")
less_equal = _binary("less_equal", order.le, "Whether the first is less, or both are equal.")
log = _unary("log", sums.log, "Natural logarithms.")
log1p = _unary("log1p", elementary.log1p, "``log(1 + x)``, exact near 0.")
log2 = _unary("log2", elementary.log2, "Logarithms to base 2.")
log10 = _unary("log10", elementary.log10, "Logarithms to base 10.")
logaddexp = _binary("logaddexp", elementary.logaddexp, "``log(exp(x1) + exp(x2))``, without overflow between.")
logical_and = _binary("logical_and", order.logical_and, "Whether both are true.")
logical_not = _unary("logical_not", order.logical_not, "Whether false.")
logical_or = _binary("logical_or", order.logical_or, "Whether either is true.")
logical_xor = _binary("logical_xor", order.logical_xor, "Whether one of the two is true.")
maximum = _binary("maximum", numbers.maximum, "The greater of two; NaN if either is.")
minimum = _binary("minimum", numbers.minimum, "The lesser of two; NaN if either is.")
multiply = _binary("multiply", sums.mul, "Products.")
negative = _unary("negative", sums.neg, "The other sign.")
nextafter = _binary("nextafter", neighbours.nextafter, "The next number in the direction of the second operand.")
not_equal = _binary("not_equal", order.ne, "Whether both differ.")
positive = _unary("positive", sums.positive, "The elements as they are.")
pow = _binary("pow", sums.pow, "Powers.")  # noqa: A001
real = _unary("real", _same, "Real parts: the elements as they are.")
reciprocal = _unary("reciprocal", sums.reciprocal, "One divided by each.")
remainder = _binary("remainder", remainder_of, "What `floor_divide` leaves; it has the divisor's sign.")
round = _unary("round", numbers.round, "The nearest integers; of two, the even one.")  # noqa: A001
sign = _unary("sign", _sign, "1, 0 or -1; NaN for NaN.")
signbit = _unary("signbit", numbers.signbit, "Whether the sign bit is set: also that of -0.0 and of NaN.")
sin = _unary("sin", elementary.sin, "Sines.")
sinh = _unary("sinh", elementary.sinh, "Hyperbolic sines.")
square = _unary("square", sums.square, "Squares.")
sqrt = _unary("sqrt", sums.sqrt, "Square roots.")
subtract = _binary("subtract", sums.sub, "Differences.")
tan = _unary("tan", elementary.tan, "Tangents.")
tanh = _unary("tanh", sums.tanh, "Hyperbolic tangents.")
trunc = _unary("trunc", numbers.trunc, "The nearest integers towards 0.")


def clip(
    x: Array,
    /,
    min: Operand | None = None,
    max: Operand | None = None,
) -> Array:
    """Elements brought between two bounds, which broadcast against them; the result keeps the array's dtype.

    Raises: `ArgumentError` for a bound that is neither array nor number, or a fraction beside integers.
    """
    array = given(x, "clip")
    result = array
    for bound, choose in ((min, numbers.maximum), (max, numbers.minimum)):
        if bound is None:
            continue
        first, second = pair(result, bound, "clip")
        if second.dtype.category is Category.FLOAT and not array.dtype.is_floating_point:
            raise ArgumentError(
                f"clip: takes bounds of the array's kind, got {second.dtype.name} for {array.dtype.name}"
            )
        result = converted(made(choose(first, second)), array.dtype)
    return made(sums.positive(array)) if result is array else result

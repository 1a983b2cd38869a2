"""Random statements of a program over tensors, made to fit the tensors that are there.

A maker gives the text of a statement, or of an expression whose value gets a name; it looks at torch's variables to
choose arguments that fit, and now and then (`Scene.dim`, `Scene.position`) some that don't.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from programs.choices import Choices, chance, pick

FLOATS = ("float32", "float64")
DTYPES = ("float32", "float32", "float32", "float64", "int64", "int64", "int32", "bool", "uint8", "int8", "int16")
HALVES = ("float16", "bfloat16")


class Scene:
    """The variables that a statement may name, and what to choose by."""

    def __init__(self, choices: Choices, tensors: dict[str, Any]) -> None:
        self.choices = choices
        self.tensors = tensors

    def integer(self, low: int, high: int) -> int:
        return self.choices.integer(low, high)

    def pick(self, values: Any) -> Any:
        return pick(self.choices, values)

    def chance(self, percent: int) -> bool:
        return chance(self.choices, percent)

    def any(self, accept: Callable[[Any], bool] = lambda t: True) -> str:
        """A variable's name that is accepted.

        Raises: `Unfit` where there is none.
        """
        names = [n for n, t in self.tensors.items() if accept(t)]
        if not names:
            raise Unfit
        return self.pick(names)

    def floating(self, accept: Callable[[Any], bool] = lambda t: True) -> str:
        return self.any(lambda t: t.is_floating_point() and accept(t))

    def of(self, name: str) -> Any:
        return self.tensors[name]

    def dim(self, name: str) -> int:
        n = self.of(name).dim()
        if self.chance(2):
            return n + 1
        return self.integer(-n, n - 1) if n else self.pick((0, -1))

    def size(self, name: str, dim: int) -> int:
        t = self.of(name)
        return t.shape[dim] if -t.dim() <= dim < t.dim() else 1

    def position(self, size: int) -> int:
        return size if self.chance(2) else self.integer(-size, max(size - 1, 0))

    def shape(self, most: int = 3) -> tuple[int, ...]:
        sizes = (3, 2, 4, 1, 5, 0) if self.chance(6) else (3, 2, 4, 1)
        return tuple(self.pick(sizes) for _ in range(self.integer(0, most)))

    def number(self, *, floating: bool = True) -> str:
        return self.pick(("2", "1", "-1", "3", "0", "True") + (("0.5", "1.5", "-0.25", "2.0") if floating else ()))

    def operand(self, name: str) -> str:
        """A tensor that mostly broadcasts with the named one, or a number."""
        if self.chance(25):
            return self.number()
        shape = self.of(name).shape
        if self.chance(93):
            return self.any(lambda t: _broadcast(t.shape, shape))
        return self.any()

    def values(self, count: int, dtype: str) -> list[Any]:
        if dtype == "bool":
            return [bool(self.integer(0, 1)) for _ in range(count)]
        if dtype in FLOATS + HALVES:
            return [self.integer(-12, 12) / 4 for _ in range(count)]
        return [self.integer(0 if dtype == "uint8" else -5, 9) for _ in range(count)]


class Unfit(Exception):
    """No variable is of the kind that a statement needs."""


def _broadcast(a: Any, b: Any) -> bool:
    return all(x == y or 1 in (x, y) for x, y in zip(a[::-1], b[::-1], strict=False))


def nested(values: list[Any], shape: tuple[int, ...]) -> Any:
    """A flat list as nested lists of a shape."""
    if not shape:
        return values[0]
    step = 1
    for n in shape[1:]:
        step *= n
    return [nested(values[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])]


def literal(s: Scene, shape: tuple[int, ...], dtype: str, **options: Any) -> str:
    """``torch.tensor`` of numbers, written out."""
    count = 1
    for n in shape:
        count *= n
    if 0 in shape:
        text = f"torch.zeros({shape}, dtype=torch.{dtype}"
    else:
        text = f"torch.tensor({nested(s.values(count, dtype), shape)}, dtype=torch.{dtype}"
    return text + "".join(f", {k}={v}" for k, v in options.items()) + ")"


# Tensors out of nothing -----------------------------------------------------------------------------------------------


def create(s: Scene) -> str:
    kind = s.integer(0, 9)
    dtype = s.pick(HALVES) if s.chance(5) else s.pick(DTYPES)
    if kind < 5:
        options = {"requires_grad": True} if dtype in FLOATS and s.chance(50) else {}
        return literal(s, s.shape(), dtype, **options)
    shape = s.shape()
    return s.pick(
        (
            f"torch.arange({s.integer(1, 12)})",
            f"torch.arange({s.integer(-3, 3)}, {s.integer(4, 9)}, {s.pick((1, 2, 0.5))})",
            f"torch.arange({s.integer(1, 6)}, dtype=torch.{s.pick(FLOATS)}, requires_grad=True)",
            f"torch.linspace({s.integer(-3, 0)}, {s.integer(1, 3)}, {s.integer(1, 7)})",
            f"torch.zeros({shape}, dtype=torch.{dtype})",
            f"torch.ones({shape}, dtype=torch.{dtype})",
            f"torch.full({shape}, {s.number()})",
            f"torch.eye({s.integer(1, 4)})",
            f"torch.eye({s.integer(1, 4)}, {s.integer(1, 4)}, dtype=torch.{dtype})",
            f"torch.scalar_tensor({s.number()})",
            f"torch.as_tensor({s.number()})",
            f"torch.tril_indices({s.integer(1, 4)}, {s.integer(1, 4)}, {s.integer(-1, 1)})",
            "torch.empty(0)",
        )
    )


def like(s: Scene) -> str:
    a = s.any()
    shape, dtype = s.shape(), s.pick(DTYPES)
    return s.pick(
        (
            f"torch.zeros_like({a})",
            f"torch.ones_like({a}, dtype=torch.{dtype})",
            f"torch.full_like({a}, {s.number(floating=False)})",
            f"{a}.new_zeros({shape})",
            f"{a}.new_ones({shape}, dtype=torch.{dtype})",
            f"{a}.new_full({shape}, {s.number(floating=False)})",
            f"{a}.new_tensor({s.values(3, 'float32')})",
            f"torch.empty_like({a}).fill_({s.number(floating=False)})",
        )
    )


# Element by element ---------------------------------------------------------------------------------------------------

UNARY = (
    *("abs", "neg", "sign", "exp", "log", "sqrt", "square", "sin", "cos", "tanh", "sigmoid", "relu", "floor", "ceil"),
    *(
        "round",
        "trunc",
        "frac",
        "reciprocal",
        "rsqrt",
        "exp2",
        "expm1",
        "log1p",
        "log2",
        "log10",
        "atan",
        "sinh",
        "cosh",
    ),
    *(
        "asin",
        "acos",
        "tan",
        "asinh",
        "acosh",
        "atanh",
        "erf",
        "erfc",
        "lgamma",
        "digamma",
        "sinc",
        "deg2rad",
        "rad2deg",
    ),
    *("isnan", "isinf", "isfinite", "signbit", "logical_not", "bitwise_not", "positive", "sgn", "nan_to_num", "logit"),
    *("isposinf", "isneginf", "erfinv"),
)
BINARY = (
    *("add", "sub", "mul", "div", "maximum", "minimum", "fmax", "fmin", "pow", "remainder", "fmod", "floor_divide"),
    *("atan2", "hypot", "eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor", "bitwise_and"),
    *("bitwise_or", "bitwise_xor", "copysign", "heaviside", "xlogy", "logaddexp", "true_divide", "isclose", "gcd"),
    *("float_power", "bitwise_left_shift", "ldexp"),
)
OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "&", "|", "^")
ACTIVATIONS = (
    "F.relu({})", "F.gelu({})", "F.gelu({}, approximate='tanh')", "F.silu({})", "F.elu({}, alpha=0.5)", "F.selu({})",
    "F.celu({})", "F.softplus({}, beta=2)", "F.leaky_relu({}, 0.1)", "F.hardtanh({})", "F.relu6({})", "F.mish({})",
    "F.hardswish({})", "F.hardsigmoid({})", "F.logsigmoid({}).contiguous()", "F.softsign({})", "F.tanhshrink({})",
    "F.hardshrink({}, 0.3)", "F.softshrink({}, 0.3)", "F.threshold({}, 0.2, 7.0)", "F.normalize({}, dim=0)",
)  # fmt: skip


def unary(s: Scene) -> str:
    op = s.pick(UNARY)
    a = s.floating() if s.chance(75) else s.any()
    return f"torch.{op}({a})" if s.chance(50) else f"{a}.{op}()"


def binary(s: Scene) -> str:
    a = s.any()
    b = s.operand(a)
    if s.chance(60):
        op = s.pick(OPERATORS)
        left, right = (b, a) if s.chance(25) and op != "**" else (a, b)
        return f"{left} {op} {right}"
    op = s.pick(BINARY)
    if op in ("add", "sub") and s.chance(30):
        return f"torch.{op}({a}, {b}, alpha={s.pick((2, -1, 0.5))})"
    if op == "div" and s.chance(40):
        return f"torch.div({a}, {b}, rounding_mode={s.pick(('floor', 'trunc', None))!r})"
    return f"torch.{op}({a}, {b})" if s.chance(50) else f"{a}.{op}({b})"


def ternary(s: Scene) -> str:
    a = s.any()
    b, c = s.operand(a), s.operand(a)
    masks = s.operand(a)
    return s.pick(
        (
            f"torch.where({a} > 0, {a}, {b})",
            f"torch.where({a} > 0.5, {b}, {c})",
            f"torch.where({masks} == {a}, {b}, {c})",
            f"torch.clamp({a}, {s.pick(('-1', 'min=0', 'max=1', '0, 2', 'min=-0.5, max=0.75'))})",
            f"torch.clamp({a}, min={b})",
            f"{a}.lerp({b}, {s.pick((0.5, 0.25))})",
            f"torch.addcmul({a}, {b}, {c}, value={s.pick((1, 2, 0.5))})",
            f"torch.addcdiv({a}, {b}, {c})",
            f"{a}.masked_fill({a} > 0, {s.number()})",
            f"torch.nan_to_num({a}, nan=1.0, posinf=2.0, neginf=-2.0)",
        )
    )


def activation(s: Scene) -> str:
    return s.pick(ACTIVATIONS).format(s.floating())


def convert(s: Scene) -> str:
    def whole(t: Any) -> bool:
        return not t.is_floating_point() or not t.numel() or bool((t.detach().isfinite() & (t >= 0) & (t < 100)).all())

    dtype = s.pick(HALVES) if s.chance(10) else s.pick(DTYPES)
    a = s.any() if dtype in FLOATS + HALVES else s.any(whole)
    return s.pick(
        (
            f"{a}.to(torch.{dtype})",
            f"{a}.to({s.any(whole)})" if s.chance(50) and whole(s.of(a)) else f"{a}.double()",
            f"{a}.to(torch.{dtype}, copy=True)",
            f"{a}.float()",
            f"{a}.clone()",
            f"{a}.contiguous()",
            f"{a}.detach()",
            f"{a}.bool()",
            f"{a}.long()" if whole(s.of(a)) else f"{a}.detach()",
            f"{a}.type_as({s.floating()})",
        )
    )


# Reductions -----------------------------------------------------------------------------------------------------------

REDUCE = (
    *("sum", "mean", "prod", "amax", "amin", "any", "all", "nansum", "nanmean", "argmax", "argmin", "logsumexp", "std"),
    *("var", "max", "min", "median", "count_nonzero", "norm", "cumsum", "cumprod", "cummax", "logcumsumexp", "softmax"),
    *("log_softmax", "var_mean", "aminmax", "nanmedian", "cummin"),
)
ALONG = ("logsumexp", "cumsum", "cumprod", "cummax", "cummin", "logcumsumexp", "softmax", "log_softmax")
NAMED = {"max": ".values", "min": ".values", "median": "[0]", "nanmedian": "[0]", "cummax": ".values", "cummin": "[0]"}


def reduce(s: Scene) -> str:
    op = s.pick(REDUCE)
    a = s.floating() if op in ("mean", "std", "var", "softmax", "var_mean", "norm") and s.chance(90) else s.any()
    if op == "aminmax":
        return f"{a}.aminmax().{s.pick(('min', 'max'))}"
    if op == "var_mean":
        return f"torch.var_mean({a}, {s.dim(a)})[{s.integer(0, 1)}]"
    if op not in ALONG and s.chance(35):
        return f"{a}.{op}()" if s.chance(50) else f"torch.{op}({a})"
    dim: Any = s.dim(a)
    several = op in ("sum", "mean", "amax", "amin", "std", "var", "nansum", "logsumexp", "any", "all", "norm")
    if several and s.of(a).dim() > 1 and s.chance(30):
        dim = (0, -1)
    keep = "" if op in ALONG[1:] or op == "count_nonzero" else s.pick(("", ", keepdim=True"))
    if op == "norm":
        return f"torch.norm({a}, p={s.pick((2, 1, 'torch.inf', 3))}, dim={dim}{keep})"
    if op in ("std", "var") and s.chance(30):
        keep += f", correction={s.integer(0, 2)}"
    if op in ("sum", "prod", "cumsum", "mean") and s.chance(15):
        keep += f", dtype=torch.{s.pick(FLOATS)}"
    tail = NAMED.get(op, "")
    return f"{a}.{op}(dim={dim}{keep}){tail}" if s.chance(50) else f"torch.{op}({a}, dim={dim}{keep}){tail}"

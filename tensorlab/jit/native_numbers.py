"""Numbers in a native function: Python's arithmetic over ints of 64 bits, floats and bools.

Where Python would raise, or where an int would need more than 64 bits, the function is left, and the program says what
comes out.
"""

from __future__ import annotations

from collections.abc import Callable

from tensorlab.jit.ir import Node
from tensorlab.jit.native_text import Writer
from tensorlab.jit.native_values import Number, Place, RefusedError, Thing, kind_of, literal

Rule = Callable[[Writer, Node, list[Number]], str]

_LOWEST = "(-9223372036854775807 - 1)"
_EXACT = 2**53  # the integers that a float holds without a gap
_BY_ZERO = "a division by zero"
_TOO_LONG = "an integer of more than 64 bits"
_CHECKS = {"add": ("sum_overflows", "+"), "sub": ("difference_overflows", "-"), "mul": ("product_overflows", "*")}
_COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}


def _is_float(args: list[Number]) -> bool:
    return any(a.kind == "float" for a in args)


def _arithmetic(name: str) -> Rule:
    check, sign = _CHECKS[name]

    def rule(w: Writer, node: Node, args: list[Number]) -> str:
        a, b = args
        if _is_float(args):
            return f"{a.as_float()} {sign} {b.as_float()}"
        w.leave(f"{check}({a.text}, {b.text})", node, _TOO_LONG)
        return f"{a.text} {sign} {b.text}"

    return rule


def _not_zero(w: Writer, node: Node, b: Number) -> None:
    if not b.value:
        w.leave(f"{b.text} == 0", node, _BY_ZERO)


def _floordiv(w: Writer, node: Node, args: list[Number]) -> str:
    a, b = args
    _not_zero(w, node, b)
    if _is_float(args):
        return f"floor_quotient({a.as_float()}, {b.as_float()})"
    if b.value in (None, -1):
        w.leave(f"{b.text} == -1 and {a.text} == {_LOWEST}", node, _TOO_LONG)
    return f"floor_quotient({a.text}, {b.text})"


def _remainder(w: Writer, node: Node, args: list[Number]) -> str:
    a, b = args
    _not_zero(w, node, b)
    if not _is_float(args):
        return f"floor_remainder({a.text}, {b.text})"
    rest = w.number("", "float", f"floor_remainder({a.as_float()}, {b.as_float()})").text
    return f"math.copysign(0.0, {b.as_float()}) if {rest} == 0 else {rest}"  # Python's zero has the divisor's sign


def _div(w: Writer, node: Node, args: list[Number]) -> str:
    a, b = args
    _not_zero(w, node, b)
    _exact(w, node, args)
    return f"{a.as_float()} / {b.as_float()}"


def _exact(w: Writer, node: Node, args: list[Number]) -> None:
    """Where an int meets a float as if it were one, it has to be one."""
    for a in args:
        if a.kind == "int" and (a.value is None or abs(a.value) > _EXACT):
            w.leave(f"{a.text} > {_EXACT} or {a.text} < -{_EXACT}", node, "an integer that no float is equal to")


def _pow(w: Writer, node: Node, args: list[Number]) -> str:
    a, b = args
    if not _is_float(args):
        if b.value != 2:
            raise RefusedError("a power of integers with another exponent than 2", node)
        w.leave(f"product_overflows({a.text}, {a.text})", node, _TOO_LONG)
        return f"{a.text} * {a.text}"
    found = w.number("", "float", f"math.pow({a.as_float()}, {b.as_float()})")
    w.leave(f"not abs({found.text}) < math.inf", node, "a power that is no finite number")
    return found.text


def _extreme(sign: str) -> Rule:
    def rule(w: Writer, node: Node, args: list[Number]) -> str:
        if len({a.kind for a in args}) > 1:
            _exact(w, node, args)
        a, b = (x.as_float() if _is_float(args) else x.text for x in args)
        return f"{b} if {b} {sign} {a} else {a}"  # the first of two that are equal, as Python's

    return rule


def _compare(sign: str) -> Rule:
    def rule(w: Writer, node: Node, args: list[Number]) -> str:
        a, b = args
        if _is_float(args) and a.kind != b.kind:
            _exact(w, node, args)
            return f"{a.as_float()} {sign} {b.as_float()}"
        return f"{a.text} {sign} {b.text}"

    return rule


def _neg(w: Writer, node: Node, args: list[Number]) -> str:
    (a,) = args
    if a.kind != "float":
        w.leave(f"{a.text} == {_LOWEST}", node, _TOO_LONG)
    return f"-{a.text}"


def _abs(w: Writer, node: Node, args: list[Number]) -> str:
    (a,) = args
    if a.kind != "float":
        w.leave(f"{a.text} == {_LOWEST}", node, _TOO_LONG)
    return f"abs({a.text})"


def _function(name: str, refused: str) -> Rule:
    """A function of `math` that raises where ``refused`` holds of the argument ``x`` and the result ``y``."""

    def rule(w: Writer, node: Node, args: list[Number]) -> str:
        x = args[0] if args[0].kind == "float" else w.number("", "float", args[0].as_float())
        y = w.number("", "float", f"math.{name}({x.text})")
        if refused:
            w.leave(refused.format(x=x.text, y=y.text), node, f"{name} of a number that has none")
        return y.text

    return rule


def _whole(text: str) -> Rule:
    def rule(w: Writer, node: Node, args: list[Number]) -> str:
        (a,) = args
        if a.kind != "float":
            return f"int({a.text})" if a.kind == "bool" else a.text
        w.leave(f"not abs({a.text}) < 9223372036854775807.0", node, "a float with no integer of 64 bits")
        return text.format(a.text)

    return rule


def _bitwise(sign: str, of_bools: str) -> Rule:
    def rule(_w: Writer, _node: Node, args: list[Number]) -> str:
        a, b = args
        return f"{a.text} {of_bools if a.kind == 'bool' else sign} {b.text}"

    return rule


def _lshift(w: Writer, node: Node, args: list[Number]) -> str:
    a, b = (x.text for x in args)
    w.leave(f"{b} < 0 or {b} > 62", node, _TOO_LONG)
    found = w.number("", "int", f"shifted_left({a}, {b})").text
    w.leave(f"shifted_right({found}, {b}) != {a}", node, _TOO_LONG)
    return found


def _rshift(w: Writer, node: Node, args: list[Number]) -> str:
    a, b = (x.text for x in args)
    w.leave(f"{b} < 0", node, "a shift by less than nothing")
    return f"shifted_right({a}, {b})"


def _range_length(w: Writer, node: Node, args: list[Number]) -> str:
    low, high, step = (a.text for a in args)
    if not args[2].value:
        w.leave(f"{step} == 0", node, "a step of 0")
    w.leave(f"difference_overflows({high}, {low})", node, _TOO_LONG)
    return f"max(0, floor_quotient({high} - {low} + ({step} - 1 if {step} > 0 else {step} + 1), {step}))"


def _derive_index(_w: Writer, _node: Node, args: list[Number]) -> str:
    turn, start, step = (a.text for a in args)
    return f"{start} + {turn} * {step}"


RULES: dict[str, Rule] = {
    **{f"aten::{name}": _arithmetic(name) for name in _CHECKS},
    **{f"aten::{name}": _compare(sign) for name, sign in _COMPARISONS.items()},
    "aten::floordiv": _floordiv,
    "aten::remainder": _remainder,
    "aten::div": _div,
    "aten::pow": _pow,
    "aten::min": _extreme("<"),
    "aten::max": _extreme(">"),
    "aten::neg": _neg,
    "aten::abs": _abs,
    "aten::sqrt": _function("sqrt", "{x} < 0"),
    "aten::exp": _function("exp", "{y} == math.inf and {x} != math.inf"),
    "aten::log": _function("log", "{x} <= 0"),
    "aten::sin": _function("sin", "abs({x}) == math.inf"),
    "aten::cos": _function("cos", "abs({x}) == math.inf"),
    "aten::tan": _function("tan", "abs({x}) == math.inf"),
    "aten::tanh": _function("tanh", ""),
    "aten::log2": _function("log2", "{x} <= 0"),
    "aten::isnan": lambda _w, _n, args: f"{args[0].text} != {args[0].text}",
    "aten::isinf": lambda _w, _n, args: f"abs({args[0].as_float()}) == math.inf",
    "aten::floor": _whole("int(math.floor({}))"),
    "aten::ceil": _whole("int(math.ceil({}))"),
    "aten::round": _whole("int(rounded_to_even({}))"),
    "aten::Int": _whole("int({})"),
    "aten::Float": lambda _w, _n, args: args[0].as_float(),
    "aten::Bool": lambda _w, _n, args: f"{args[0].text} != 0",
    "prim::Bool": lambda _w, _n, args: f"{args[0].text} != 0",
    "aten::__and__": _bitwise("&", "and"),
    "aten::__or__": _bitwise("|", "or"),
    "aten::__xor__": _bitwise("^", "!="),
    "aten::__lshift__": _lshift,
    "aten::__rshift__": _rshift,
    "aten::__not__": lambda _w, _n, args: f"not {args[0].text}",
    "aten::bitwise_not": lambda _w, _n, args: f"-1 - {args[0].text}",
    "aten::__range_length": _range_length,
    "aten::__derive_index": _derive_index,
}

_ELEMENTS = {"aten::Int", "aten::Float", "prim::Bool", "aten::item"}  # what reads a tensor's one element


def write_number(w: Writer, node: Node, args: list[Thing]) -> bool:
    """Write a node over numbers, or one that reads a tensor's one element; False for any other."""
    if node.kind in _ELEMENTS and isinstance(args[0], Place):
        args = [_element(w, node, args[0])]
        if node.kind == "aten::item":
            w.things[node.output.serial] = args[0]
            return True
    rule = RULES.get(node.kind)
    numbers = [a for a in args if isinstance(a, Number)]
    if rule is None or len(numbers) < len(args) or not args:
        return False
    kind = kind_of(node.output.type, node)
    w.things[node.output.serial] = w.number(node.output.name, kind, rule(w, node, numbers))
    return True


def _element(w: Writer, node: Node, place: Place) -> Number:
    if place.form.numel != 1:
        raise RefusedError(f"takes the one element of a tensor of {place.form.numel}", node)
    w.touch(place.room)
    dtype = place.form.dtype
    kind = "float" if dtype.is_floating_point else "bool" if dtype.name == "bool" else "int"
    text = f"{dtype.name}_at({place.at})[0]"
    if dtype.is_half:
        text = f"{dtype.name}_up({text})"
    # Numba's float() leaves a float32 what it is, which is not what a loop takes by its address.
    wide = {"float": f"np.float64({text})", "bool": f"{text} != 0", "int": f"np.int64({text})"}[kind]
    return w.number("", kind, wide)


def index_text(w: Writer, node: Node, index: Number, n: int) -> str:
    """A number as an index into ``n``; outside, the function is left."""
    if index.value is not None:
        at = int(index.value)
        if not -n <= at < n:
            raise RefusedError(f"an index of {at} into {n}", node)
        return literal(at % n).text
    w.leave(f"{index.text} < -{n} or {index.text} >= {n}", node, "an index out of range")
    return w.number("", "int", f"{index.text} + {n} if {index.text} < 0 else {index.text}").text
